//! Engines: what moves the bytes below the socket's state machine.
//!
//! The state machine knows these traits and no more; which network it is on is decided by the
//! [`Network`] in the runtime's facilities. An engine never blocks, never emits, and never decides
//! about states: it does what it is asked and says how it went.

mod native;
mod network;
mod socket_engine;

pub(crate) use native::{NativeNetwork, listens};
pub(crate) use network::{Awaited, Network, open};
pub(crate) use socket_engine::{Accepted, Membership, Progress, Received, SocketEngine};
