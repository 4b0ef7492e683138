//! Which socket a descriptor refers to.

use std::os::fd::{AsFd, BorrowedFd};

use rustix::net::{AddressFamily, getsockname, ipproto, sockopt};

use crate::net::values::SocketType;

/// Returns true if the descriptor refers to a socket that listens.
pub(in crate::net) fn listens(descriptor: impl AsFd) -> bool {
    sockopt::socket_acceptconn(descriptor) == Ok(true)
}

/// Returns the family, IPv4 or IPv6, if the descriptor refers to a socket of this kind.
pub(super) fn family_of(kind: SocketType, descriptor: impl AsFd) -> Option<AddressFamily> {
    let descriptor = descriptor.as_fd();
    let form = match kind {
        SocketType::Udp => rustix::net::SocketType::DGRAM,
        _ => rustix::net::SocketType::STREAM,
    };
    let is_of_kind = sockopt::socket_type(descriptor) == Ok(form) && speaks(kind, descriptor);
    let family = getsockname(descriptor).ok()?.address_family();
    let is_internet = matches!(family, AddressFamily::INET | AddressFamily::INET6);
    (is_of_kind && is_internet).then_some(family)
}

/// Returns true if the socket has a protocol of this kind.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn speaks(kind: SocketType, descriptor: BorrowedFd<'_>) -> bool {
    let Ok(Some(protocol)) = sockopt::socket_protocol(descriptor) else { return false };
    match kind {
        SocketType::Udp => protocol == ipproto::UDP,
        // Multipath TCP is read and written as TCP is (RFC 8684).
        #[cfg(not(target_os = "freebsd"))]
        _ => protocol == ipproto::TCP || protocol == ipproto::MPTCP,
        #[cfg(target_os = "freebsd")]
        _ => protocol == ipproto::TCP,
    }
}

/// Returns true: the system does not report the protocol of a socket.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn speaks(_: SocketType, _: BorrowedFd<'_>) -> bool {
    true
}
