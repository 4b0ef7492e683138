//! Options of sockets, with their values.

use std::time::Duration;

/// An option of a socket, with its value.
///
/// [`set_socket_option`](crate::QAbstractSocket::set_socket_option) sets an option of the system's
/// socket, or keeps the option while there is no such socket.
/// [`socket_option`](crate::QAbstractSocket::socket_option) returns the value by its
/// [`OptionName`].
#[doc(alias = "QAbstractSocket::SocketOption")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SocketOption {
    /// Whether small pieces are sent at once (`TCP_NODELAY`). The default is `false`.
    #[doc(alias = "LowDelayOption")]
    LowDelay(bool),
    /// Whether an idle connection is probed (`SO_KEEPALIVE`). The default is `false`.
    #[doc(alias = "KeepAliveOption")]
    KeepAlive(bool),
    /// How many routers a multicast datagram may pass (`IP_MULTICAST_TTL`, `IPV6_MULTICAST_HOPS`).
    /// The default is 1: the datagram stays in the local network.
    #[doc(alias = "MulticastTtlOption")]
    MulticastTtl(u8),
    /// Whether this host receives its own multicast datagrams (`IP_MULTICAST_LOOP`). The default is
    /// `true`.
    #[doc(alias = "MulticastLoopbackOption")]
    MulticastLoopback(bool),
    /// The type of service in the IP header (`IP_TOS`, `IPV6_TCLASS`). The classes in use are 32,
    /// 64, 96, 128, 160, 192 and 224.
    #[doc(alias = "TypeOfServiceOption")]
    TypeOfService(u8),
    /// The size of the system's buffer for sending, in bytes (`SO_SNDBUF`). Linux doubles the size,
    /// and returns the doubled size.
    #[doc(alias = "SendBufferSizeSocketOption")]
    SendBufferSize(usize),
    /// The size of the system's buffer for receiving, in bytes (`SO_RCVBUF`). Linux doubles the
    /// size, and returns the doubled size. For TCP, set a size of more than 64 KiB before the
    /// socket connects: the scale of the window is fixed at that time (tcp(7)).
    #[doc(alias = "ReceiveBufferSizeSocketOption")]
    ReceiveBufferSize(usize),
    /// The largest packet that reaches the peer in one piece, in bytes (`IP_MTU`). Cannot be set,
    /// and exists on a connected socket only. Linux and Android only.
    #[doc(alias = "PathMtuSocketOption")]
    PathMtu(u32),
    /// How long a connection is idle before the first probe, in whole seconds (`TCP_KEEPIDLE`).
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
