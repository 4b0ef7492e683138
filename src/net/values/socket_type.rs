//! The kinds of sockets.

/// What a socket carries.
#[doc(alias = "QAbstractSocket::SocketType")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SocketType {
    /// A stream of bytes.
    #[doc(alias = "TcpSocket")]
    Tcp,
    /// Datagrams.
    #[doc(alias = "UdpSocket")]
    Udp,
}
