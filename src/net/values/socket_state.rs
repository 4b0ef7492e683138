//! The states of a socket.

/// How far a socket has come.
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
    /// The socket listens for connections. For the servers' own use.
    #[doc(alias = "ListeningState")]
    Listening,
    /// The socket is about to close; written bytes may still have to go out.
    #[doc(alias = "ClosingState")]
    Closing,
}
