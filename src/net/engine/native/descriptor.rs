//! Which socket a descriptor refers to.

use std::os::fd::{AsFd, BorrowedFd};

use rustix::net::{AddressFamily, getsockname, sockopt};

use crate::net::values::SocketType;

/// Returns true if the descriptor is known to refer to a socket that listens.
#[cfg(not(target_vendor = "apple"))]
pub(in crate::net) fn listens(descriptor: impl AsFd) -> bool {
    sockopt::socket_acceptconn(descriptor) == Ok(true)
}

/// Returns false: the system does not report which sockets listen.
#[cfg(target_vendor = "apple")]
pub(in crate::net) fn listens(_: impl AsFd) -> bool {
    false
}

/// Returns true if the descriptor refers to a socket that listens or, where the system does not
/// report this, to one that has an address and no peer.
#[cfg(not(target_vendor = "apple"))]
pub(in crate::net) fn may_listen(descriptor: impl AsFd) -> bool {
    listens(descriptor)
}

/// Returns true if the descriptor refers to a socket that has an address and no peer: the system
/// does not report which sockets listen.
#[cfg(target_vendor = "apple")]
pub(in crate::net) fn may_listen(descriptor: impl AsFd) -> bool {
    use std::net::SocketAddr;
    let descriptor = descriptor.as_fd();
    let own = getsockname(descriptor).ok().and_then(|own| SocketAddr::try_from(own).ok());
    let has_peer = rustix::net::getpeername(descriptor) != Err(rustix::io::Errno::NOTCONN);
    own.is_some_and(|own| own.port() != 0) && !has_peer
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
    use rustix::net::ipproto;
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
