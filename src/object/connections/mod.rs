//! Connections: the list that a signal has of them, its emissions under way, and walking the one with
//! the other.
//!
//! Nothing here knows the world, which is a `W` with a queue and a stack. What a connection leads to
//! is a [`Link`]; the kinds of links are in `world/connection_kinds.rs`.

mod any_core;
mod connection;
mod dependent;
mod emitter;
mod entry;
mod link;
mod sibling;
mod signal_core;
mod tally;

pub use connection::{Connection, ConnectionType, ScopedConnection};

pub(crate) use any_core::AnyCore;
pub(in crate::object) use connection::{AwaitedConnection, Deferred, MadeConnection};
pub(crate) use dependent::Dependent;
pub(in crate::object) use emitter::Emitter;
pub(in crate::object) use entry::growth;
pub(crate) use link::AnyLink;
pub(in crate::object) use link::Link;
pub(in crate::object) use sibling::Siblings;
pub(in crate::object) use signal_core::{Core, Walker};
