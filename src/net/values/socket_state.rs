//! The states of a socket.

/// The state of a socket.
#[doc(alias = "QAbstractSocket::SocketState")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SocketState {
    /// The socket is not connected.
    #[doc(alias = "UnconnectedState")]
    #[default]
    Unconnected,
    /// The peer's name is being looked up.
    #[doc(alias = "HostLookupState")]
    HostLookup,
    /// A connection is being established.
    #[doc(alias = "ConnectingState")]
    Connecting,
    /// A connection is established.
    #[doc(alias = "ConnectedState")]
    Connected,
    /// The socket is bound to an address and a port.
    #[doc(alias = "BoundState")]
    Bound,
    /// For internal use only, as in Qt: no socket gets into this state. A server is not a
    /// `QAbstractSocket`; [`QTcpServer::is_listening`](crate::QTcpServer::is_listening) returns its
    /// state.
    #[doc(alias = "ListeningState")]
    Listening,
    /// The socket is closing, and may still send written bytes.
    #[doc(alias = "ClosingState")]
    Closing,
}
