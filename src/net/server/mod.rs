//! The server, which accepts connections.
//!
//! `tcp_server.rs` has the methods for users, `accept.rs` those for the loop, `accept_state.rs` the
//! state of accepting, and `incoming.rs` the connection that a class of your own receives. Sockets
//! are in `socket/`.

mod accept;
mod accept_state;
mod incoming;
mod tcp_server;

pub(in crate::net) use accept::forget_destroyed;
pub use incoming::{EmbedsServer, Incoming};
pub use tcp_server::QTcpServer;
