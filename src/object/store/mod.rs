//! The store: objects by their keys, each in its place, and who is whose parent.
//!
//! Nothing here knows what an object is.

mod arena;
mod key;
mod tree;

pub(in crate::object) use arena::{Arena, Keyring, Lent, Life, Place};
pub use key::ObjectKey;
pub(crate) use key::{Number, RuntimeTag, TaskKey};
pub(in crate::object) use tree::Tree;
