//! The server, which accepts connections.
//!
//! `tcp_server.rs` has the methods for users, `accept.rs` those for the loop, `accept_state.rs` the
//! state of accepting, and `incoming.rs` the connection that a class of your own receives.
//! `listen_phase.rs` knows how far a server is with listening, and `proxied_listen.rs` asks a proxy
//! to listen. `ssl_server.rs` encrypts connections, and `preparation.rs` counts those that are not
//! encrypted yet. Sockets are in `socket/`.

mod accept;
mod accept_state;
mod incoming;
mod listen_phase;
mod preparation;
mod proxied_listen;
#[cfg(feature = "tls")]
mod ssl_server;
mod tcp_server;

pub(in crate::net) use accept::forget_destroyed;
pub use incoming::{EmbedsServer, Incoming};
#[cfg(feature = "tls")]
pub use ssl_server::QSslServer;
pub use tcp_server::QTcpServer;
