//! Connections: the list of a signal's connections, its emissions under way, and walking the list
//! for each emission.
//!
//! Nothing here knows the world, which is a `W` with a queue and a stack. A connection calls its
//! slot by a [`Link`]; `world/connection_kinds.rs` has the kinds of links.

mod any_core;
mod connection;
mod connection_list;
mod dependent;
mod emissions;
mod emitter;
mod entries;
mod entry;
mod link;
mod sibling;
mod tally;

pub use connection::{Connection, ConnectionType, ScopedConnection};

pub(crate) use any_core::AnyCore;
pub(in crate::object) use connection::{AwaitedConnection, Deferred, MadeConnection};
pub(crate) use dependent::Dependent;
pub(in crate::object) use emissions::{Core, Walker};
pub(in crate::object) use emitter::Emitter;
pub(in crate::object) use entries::growth;
pub(crate) use link::AnyLink;
pub(in crate::object) use link::Link;
pub(in crate::object) use sibling::Siblings;
