//! `QTcpSocket`: a TCP connection.

use std::rc::Rc;

use slotwire_macros::QObject;

use super::endpoint::Endpoint;
use super::stream_socket::StreamSocket;
use crate::net::engine::Accepted;
use crate::net::shared::Home;

/// A TCP socket.
///
/// Its traits define its signals: [`QIODevice`](crate::QIODevice) has `ready_read` and
/// `bytes_written`, [`QAbstractSocket`](crate::QAbstractSocket) has `connected`, `disconnected`,
/// `state_changed` and `error_occurred`.
///
/// ```
/// use slotwire::prelude::*;
/// use std::io::Write;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut rt = Runtime::new()?;
///
/// let server = rt.add(QTcpServer::new());
/// rt[server].listen(([127, 0, 0, 1], 0))?;
/// rt.connect_fn(server, QTcpServer::new_connection, move |world, _| {
///     while let Some(peer) = world[server].next_pending_connection() {
///         world[peer].write_all(b"hello\n")?;
///         world[peer].disconnect_from_host();
///     }
///     Ok::<_, std::io::Error>(())
/// });
///
/// let port = rt[server].server_port().unwrap();
/// let socket = rt.add(QTcpSocket::new());
/// rt[socket].connect_to_host("127.0.0.1", port);
/// rt.connect_fn(socket, QTcpSocket::disconnected, |world, _| world.quit());
/// rt.exec()?;
/// assert_eq!(rt[socket].read_line_string().as_deref(), Some("hello"));
/// # Ok(())
/// # }
/// ```
#[derive(QObject, Debug)]
pub struct QTcpSocket {
    #[qobject(socket)]
    pub(super) socket: StreamSocket,
}

impl QTcpSocket {
    /// Creates an unconnected socket.
    pub fn new() -> Self {
        Self { socket: StreamSocket::new() }
    }

    /// Creates a socket for a connection that a server accepted; `local` is the address of this
    /// end, if known; `home` the place for which the socket is made, if it is made there.
    pub(in crate::net) fn accepted(
        accepted: Accepted,
        local: Option<Rc<Endpoint>>,
        home: Option<Home>,
    ) -> Self {
        Self { socket: StreamSocket::accepted(accepted, local, home) }
    }
}

impl Default for QTcpSocket {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::QTcpSocket;

    #[test]
    fn a_socket_is_small() {
        assert!(size_of::<QTcpSocket>() <= 176, "{} bytes", size_of::<QTcpSocket>());
    }
}
