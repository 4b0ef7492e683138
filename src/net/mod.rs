//! Sockets: a state machine over an engine.

mod abstract_socket;
mod engine;
mod error;
mod facilities;
mod resolver;
mod socket;
mod socket_state;
mod tcp_server;
mod tcp_socket;

pub use abstract_socket::QAbstractSocket;
pub use error::{NetError, SocketError};
#[doc(hidden)]
pub use socket::SocketCore;
pub use socket_state::SocketState;
pub use tcp_server::QTcpServer;
pub use tcp_socket::QTcpSocket;
