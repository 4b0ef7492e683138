//! Options of sockets, with their values.

use std::time::Duration;

/// An option of a socket, with its value.
///
/// Set by [`set_socket_option`](crate::QAbstractSocket::set_socket_option), asked for by
/// [`OptionName`]. Options are those of the system's sockets. One that is set earlier is kept, and every
/// socket that is opened has it before it is bound or connects.
#[doc(alias = "QAbstractSocket::SocketOption")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SocketOption {
    /// Small pieces are sent at once (`TCP_NODELAY`). The default is `false`.
    #[doc(alias = "LowDelayOption")]
    LowDelay(bool),
    /// Idle connections are probed (`SO_KEEPALIVE`). The default is `false`.
    #[doc(alias = "KeepAliveOption")]
    KeepAlive(bool),
    /// How many routers a multicast datagram may pass (`IP_MULTICAST_TTL`,
    /// `IPV6_MULTICAST_HOPS`). The default is 1: it stays in the local network.
    #[doc(alias = "MulticastTtlOption")]
    MulticastTtl(u8),
    /// Multicast datagrams come back to this host (`IP_MULTICAST_LOOP`). The default is `true`.
    #[doc(alias = "MulticastLoopbackOption")]
    MulticastLoopback(bool),
    /// The field of that name in the IP header (`IP_TOS`, `IPV6_TCLASS`); 32, 64, 96, 128, 160, 192
    /// and 224 are the classes that are in use.
    #[doc(alias = "TypeOfServiceOption")]
    TypeOfService(u8),
    /// The size of the system's buffer for sending, in bytes (`SO_SNDBUF`). Linux gives twice as
    /// much as it is asked for, and says so.
    #[doc(alias = "SendBufferSizeSocketOption")]
    SendBufferSize(usize),
    /// The size of the system's buffer for receiving, in bytes (`SO_RCVBUF`). Linux gives twice as
    /// much as it is asked for, and says so. For TCP, one of more than 64 KiB is of full use only if it
    /// is set before the connection is made, which is when the window is scaled (tcp(7)).
    #[doc(alias = "ReceiveBufferSizeSocketOption")]
    ReceiveBufferSize(usize),
    /// The largest packet that reaches the peer whole, in bytes (`IP_MTU`). Can only be asked for,
    /// and only of a connected socket.
    #[doc(alias = "PathMtuSocketOption")]
    PathMtu(u32),
    /// How long a connection is idle before it is probed, in whole seconds (`TCP_KEEPIDLE`).
    #[doc(alias = "KeepAliveIdleOption")]
    KeepAliveIdle(Duration),
    /// How long one probe waits for its answer, in whole seconds (`TCP_KEEPINTVL`).
    #[doc(alias = "KeepAliveIntervalOption")]
    KeepAliveInterval(Duration),
    /// How many probes without an answer end the connection (`TCP_KEEPCNT`).
    #[doc(alias = "KeepAliveCountOption")]
    KeepAliveCount(u32),
}

impl SocketOption {
    /// Returns the option's name.
    pub fn name(self) -> OptionName {
        match self {
            Self::LowDelay(_) => OptionName::LowDelay,
            Self::KeepAlive(_) => OptionName::KeepAlive,
            Self::MulticastTtl(_) => OptionName::MulticastTtl,
            Self::MulticastLoopback(_) => OptionName::MulticastLoopback,
            Self::TypeOfService(_) => OptionName::TypeOfService,
            Self::SendBufferSize(_) => OptionName::SendBufferSize,
            Self::ReceiveBufferSize(_) => OptionName::ReceiveBufferSize,
            Self::PathMtu(_) => OptionName::PathMtu,
            Self::KeepAliveIdle(_) => OptionName::KeepAliveIdle,
            Self::KeepAliveInterval(_) => OptionName::KeepAliveInterval,
            Self::KeepAliveCount(_) => OptionName::KeepAliveCount,
        }
    }
}

/// The name of a [`SocketOption`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OptionName {
    /// [`SocketOption::LowDelay`]
    LowDelay,
    /// [`SocketOption::KeepAlive`]
    KeepAlive,
    /// [`SocketOption::MulticastTtl`]
    MulticastTtl,
    /// [`SocketOption::MulticastLoopback`]
    MulticastLoopback,
    /// [`SocketOption::TypeOfService`]
    TypeOfService,
    /// [`SocketOption::SendBufferSize`]
    SendBufferSize,
    /// [`SocketOption::ReceiveBufferSize`]
    ReceiveBufferSize,
    /// [`SocketOption::PathMtu`]
    PathMtu,
    /// [`SocketOption::KeepAliveIdle`]
    KeepAliveIdle,
    /// [`SocketOption::KeepAliveInterval`]
    KeepAliveInterval,
    /// [`SocketOption::KeepAliveCount`]
    KeepAliveCount,
}
