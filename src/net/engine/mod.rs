//! Engines move the bytes below the socket's state machine.
//!
//! The state machine knows only these traits. The [`Network`] in the runtime's facilities makes the
//! engines, and the [`Router`] there chooses the layers above them. An engine never blocks, never
//! emits, and never decides about states: it does what it is asked and returns the result.
//! `native/` has the kernel's sockets; the sockets of a simulated network are in `sim/`, a floor
//! above.

mod address;
mod handshake;
mod interest;
mod native;
mod network;
mod route;
mod socket_engine;

pub use address::Address;
pub use handshake::{Handshake, Link, Question};
pub use interest::Interest;
pub(in crate::net) use native::{NativeNetwork, listens, may_listen};
pub(in crate::net) use network::open;
pub(crate) use network::{Awaited, Network};
pub use route::{Destination, Route, Router};
pub(in crate::net) use route::{Hop, Layer};
pub use socket_engine::{Accepted, Ends, Membership, Progress, Received, Settled, SocketEngine};
