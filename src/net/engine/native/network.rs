//! `NativeNetwork`: the kernel's network, as the sockets of one runtime see it.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::socket::NativeSocket;
use super::system::PEER_IS_DONE;
use crate::event_loop::{LoopParts, Reactor};
use crate::net::engine::{Awaited, Network, SocketEngine};
use crate::net::interface;
use crate::net::names::{self, HostName, Lookup, OnResolved, Resolver, ResolverPool};
use crate::net::values::SocketType;
use crate::readiness::Readiness;

/// The kernel's network.
pub(in crate::net) struct NativeNetwork {
    reactor: Rc<Reactor>,
    resolver: Resolver,
}

impl NativeNetwork {
    pub(in crate::net) fn new(parts: &LoopParts) -> Self {
        let pool = ResolverPool::of_process();
        let ask = move |name: &HostName, on_resolved: OnResolved| pool.resolve(name, on_resolved);
        let resolver = Resolver::new(ask, parts.timers.clock().clone());
        Self { reactor: parts.reactor.clone(), resolver }
    }
}

impl Network for NativeNetwork {
    fn open(&self, kind: SocketType, towards: SocketAddr) -> io::Result<Box<dyn SocketEngine>> {
        kind.check_supported()?;
        Ok(Box::new(NativeSocket::open(&self.reactor, kind, towards)?))
    }

    fn adopt(&self, kind: SocketType, descriptor: OwnedFd) -> io::Result<Box<dyn SocketEngine>> {
        kind.check_supported()?;
        Ok(Box::new(NativeSocket::adopt(&self.reactor, kind, descriptor)?))
    }

    fn resolve(&self, name: &str, on_resolved: OnResolved) -> Lookup {
        self.resolver.resolve(name, on_resolved)
    }

    fn resolve_now(&self, name: &str, timeout: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        names::wait_for(name, timeout, |on_resolved| self.resolver.resolve(name, on_resolved))
    }

    fn forget_host(&self, name: &str) {
        self.resolver.forget(name);
    }

    fn interface_index(&self, name: &str) -> Option<u32> {
        // If the system call fails, the name counts as unknown.
        interface::index_of(name).ok().flatten()
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
                flags.set(PollFlags::IN | PEER_IS_DONE, awaited.interest.to_read);
                flags.set(PollFlags::OUT, awaited.interest.to_write);
                Some(PollFd::from_borrowed_fd(awaited.engine.descriptor()?, flags))
            })
            .collect();
        // A time-out that is too long for the kernel's type counts as none.
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        match poll(&mut waiting, timeout.as_ref()) {
            // A signal of the system came: the caller checks the time and waits again.
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(waiting.iter().map(|fd| readiness(fd.revents())).collect())
    }
}

/// Errors and hang-ups count as readable and writable: the next read or write reports what
/// happened.
fn readiness(events: PollFlags) -> Readiness {
    let broken = events.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL);
    let read_closed = broken || events.intersects(PEER_IS_DONE);
    Readiness {
        readable: read_closed || events.contains(PollFlags::IN),
        read_closed,
        writable: broken || events.contains(PollFlags::OUT),
        priority: events.contains(PollFlags::PRI),
    }
}
