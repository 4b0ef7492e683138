//! The native engine: the kernel's sockets.

mod message;
mod multicast;
mod option;
mod socket;

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, getsockname, ipproto, sockopt};

use self::socket::NativeSocket;
use super::{Awaited, Network, SocketEngine};
use crate::event_loop::{LoopParts, Reactor};
use crate::net::host_name::HostName;
use crate::net::lookup::{Lookup, OnResolved};
use crate::net::resolver::{self, Resolver};
use crate::net::resolver_pool::ResolverPool;
use crate::net::socket_type::SocketType;
use crate::net::system_interfaces;
use crate::readiness::Readiness;

/// The kernel's network.
pub(crate) struct NativeNetwork {
    reactor: Rc<Reactor>,
    resolver: Resolver,
}

impl NativeNetwork {
    pub(crate) fn new(parts: &LoopParts) -> Self {
        let pool = ResolverPool::of_process();
        let ask = move |name: &HostName, on_resolved: OnResolved| pool.resolve(name, on_resolved);
        let resolver = Resolver::new(ask, parts.timers.clock().clone());
        Self { reactor: parts.reactor.clone(), resolver }
    }
}

impl Network for NativeNetwork {
    fn open(&self, kind: SocketType, towards: SocketAddr) -> io::Result<Box<dyn SocketEngine>> {
        Ok(Box::new(NativeSocket::open(&self.reactor, kind, towards)?))
    }

    fn adopt(&self, kind: SocketType, descriptor: OwnedFd) -> io::Result<Box<dyn SocketEngine>> {
        Ok(Box::new(NativeSocket::adopt(&self.reactor, kind, descriptor)?))
    }

    fn resolve(&self, name: &str, on_resolved: OnResolved) -> Lookup {
        self.resolver.resolve(name, on_resolved)
    }

    fn resolve_now(&self, name: &str, timeout: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        resolver::wait_for(name, timeout, |on_resolved| self.resolver.resolve(name, on_resolved))
    }

    fn forget_host(&self, name: &str) {
        self.resolver.forget(name);
    }

    fn interface_index(&self, name: &str) -> Option<u32> {
        // If the system cannot tell, the name is taken for unknown.
        system_interfaces::index_of(name).ok().flatten()
    }

    fn clear_host_cache(&self) {
        self.resolver.clear_cache();
    }

    fn wait(
        &self,
        sockets: &[Awaited<'_>],
        timeout: Option<Duration>,
    ) -> io::Result<Vec<Readiness>> {
        let mut waiting: Vec<PollFd<'_>> = sockets
            .iter()
            .filter_map(|awaited| {
                let mut flags = PollFlags::empty();
                flags.set(PollFlags::IN | PollFlags::RDHUP, awaited.to_read);
                flags.set(PollFlags::OUT, awaited.to_write);
                Some(PollFd::from_borrowed_fd(awaited.engine.descriptor()?, flags))
            })
            .collect();
        // One that is too long for the kernel's type is as good as for ever.
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        match poll(&mut waiting, timeout.as_ref()) {
            // A signal came: who waits looks at the time and waits on.
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(waiting.iter().map(|fd| readiness(fd.revents())).collect())
    }
}

/// Errors and hang-ups count as readable and writable: trying tells what happened.
fn readiness(events: PollFlags) -> Readiness {
    let broken = events.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL);
    let read_closed = broken || events.contains(PollFlags::RDHUP);
    Readiness {
        readable: read_closed || events.contains(PollFlags::IN),
        read_closed,
        writable: broken || events.contains(PollFlags::OUT),
        priority: events.contains(PollFlags::PRI),
    }
}

/// Returns true if there is a socket behind the descriptor that takes connections.
pub(crate) fn listens(descriptor: impl AsFd) -> bool {
    sockopt::socket_acceptconn(descriptor) == Ok(true)
}

/// Returns the family of a socket of this kind, IPv4 or IPv6; `None` if the descriptor is of something
/// else.
fn family_of(kind: SocketType, descriptor: impl AsFd) -> Option<AddressFamily> {
    let descriptor = descriptor.as_fd();
    let form = match kind {
        SocketType::Tcp => rustix::net::SocketType::STREAM,
        SocketType::Udp => rustix::net::SocketType::DGRAM,
    };
    let is_of_kind = sockopt::socket_type(descriptor) == Ok(form) && speaks(kind, descriptor);
    let family = getsockname(descriptor).ok()?.address_family();
    let is_internet = matches!(family, AddressFamily::INET | AddressFamily::INET6);
    (is_of_kind && is_internet).then_some(family)
}

/// Returns true if the protocol of a socket is the one of its kind.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn speaks(kind: SocketType, descriptor: BorrowedFd<'_>) -> bool {
    let Ok(Some(protocol)) = sockopt::socket_protocol(descriptor) else { return false };
    match kind {
        // Multipath TCP is TCP to whoever reads and writes (RFC 8684).
        #[cfg(not(target_os = "freebsd"))]
        SocketType::Tcp => protocol == ipproto::TCP || protocol == ipproto::MPTCP,
        #[cfg(target_os = "freebsd")]
        SocketType::Tcp => protocol == ipproto::TCP,
        SocketType::Udp => protocol == ipproto::UDP,
    }
}

/// Returns true: the system does not tell the protocol of a socket.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn speaks(_: SocketType, _: BorrowedFd<'_>) -> bool {
    true
}
