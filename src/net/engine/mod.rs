//! Engines: what moves the bytes below the socket's state machine.
//!
//! The state machine knows these traits and no more; which network it is on is decided by the
//! [`Network`] in the runtime's facilities. An engine never blocks, never emits, and never decides
//! about states: it does what it is asked and says how it went. `native/` has the kernel's sockets;
//! those of a simulated network are in `sim/`, a floor above.

mod native;
mod network;
mod socket_engine;

pub(in crate::net) use native::{NativeNetwork, listens};
pub(in crate::net) use network::open;
pub(crate) use network::{Awaited, Network};
pub(crate) use socket_engine::{Accepted, Membership, Progress, Received, SocketEngine};
