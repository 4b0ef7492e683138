//! The kinds of sockets.

/// The kind of a socket.
#[doc(alias = "QAbstractSocket::SocketType")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SocketType {
    /// A socket for a stream of bytes.
    #[doc(alias = "TcpSocket")]
    Tcp,
    /// A socket for datagrams.
    #[doc(alias = "UdpSocket")]
    Udp,
}
