//! The server, and how connections come out of the kernel.
//!
//! `tcp_server.rs` is what users call, `accept.rs` what the loop does for it, `accepting.rs` how far
//! that has come, and `incoming.rs` what a class of one's own gets of a connection. What a connection
//! is once it has a socket is in `socket/`.

mod accept;
mod accepting;
mod incoming;
mod tcp_server;

pub(in crate::net) use accept::forget_destroyed;
pub use incoming::Incoming;
pub use tcp_server::QTcpServer;
