//! The [`Network`] of one simulated runtime.

use std::any::Any;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use super::engine::SimSocket;
use super::kernel::{SimHost, WatcherKey};
use super::network::SimNetwork;
use crate::event_loop::{LoopParts, Reactor};
use crate::net::{
    Awaited, HostName, Lookup, Network, OnResolved, Resolver, SocketEngine, SocketType,
    took_too_long,
};
use crate::readiness::Readiness;

/// The network for one runtime on a host.
pub(super) struct HostNetwork {
    network: SimNetwork,
    host: SimHost,
    reactor: Rc<Reactor>,
    watcher: WatcherKey,
    resolver: Resolver,
}

impl HostNetwork {
    pub(super) fn new(
        network: SimNetwork,
        host: SimHost,
        parts: &LoopParts,
        watcher: WatcherKey,
    ) -> Self {
        let names = network.clone();
        let ask = move |name: &HostName, on_resolved: OnResolved| {
            let question = names.wire().ask(watcher, name, on_resolved);
            let names = names.clone();
            Lookup::new(move || {
                let asker = names.wire().take_asker(question);
                drop(asker);
            })
        };
        let resolver = Resolver::new(ask, parts.timers.clock().clone());
        Self { network, host, reactor: parts.reactor.clone(), watcher, resolver }
    }
}

impl Network for HostNetwork {
    fn open(&self, kind: SocketType, towards: SocketAddr) -> io::Result<Box<dyn SocketEngine>> {
        kind.check_supported()?;
        let mut wire = self.network.wire();
        let key = wire.open(self.host, kind, towards.is_ipv6())?;
        if let Err(error) = wire.host_mut(self.host).take_descriptor() {
            wire.forget(key);
            return Err(error.into());
        }
        wire.sockets[key].has_descriptor = true;
        Ok(Box::new(SimSocket::new(self.network.clone(), key, self.reactor.clone(), self.watcher)))
    }

    fn adopt(&self, _: SocketType, _: OwnedFd) -> io::Result<Box<dyn SocketEngine>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn resolve(&self, name: &str, on_resolved: OnResolved) -> Lookup {
        self.resolver.resolve(name, on_resolved)
    }

    fn resolve_now(&self, name: &str, timeout: Option<Duration>) -> io::Result<Vec<SocketAddr>> {
        let limit = timeout.map(|timeout| self.network.elapsed().saturating_add(timeout));
        let (send, receive) = mpsc::channel();
        let _lookup = self.resolver.resolve(
            name,
            Box::new(move |answer| {
                // Fails if the receiver is gone.
                let _ = send.send(answer);
            }),
        );
        loop {
            if let Ok(answer) = receive.try_recv() {
                return answer;
            }
            if !self.network.step_moment(limit.unwrap_or(Duration::MAX)) {
                if let Some(limit) = limit {
                    self.network.wire().agenda.pass_to(limit);
                }
                return Err(took_too_long(name));
            }
        }
    }

    fn forget_host(&self, name: &str) {
        self.resolver.forget(name);
    }

    fn interface_index(&self, name: &str) -> Option<u32> {
        let interfaces = self.network.interfaces(self.host);
        let named = interfaces.iter().find(|interface| interface.name() == name)?;
        Some(named.index())
    }

    fn clear_host_cache(&self) {
        self.resolver.clear_cache();
    }

    fn wait(
        &self,
        sockets: &[Awaited<'_>],
        timeout: Option<Duration>,
    ) -> io::Result<Vec<Readiness>> {
        let limit = timeout.map(|timeout| self.network.elapsed().saturating_add(timeout));
        loop {
            let ready: Vec<Readiness> = sockets.iter().map(readiness).collect();
            if ready.iter().any(|ready| *ready != Readiness::default()) {
                return Ok(ready);
            }
            if !self.network.step_moment(limit.unwrap_or(Duration::MAX)) {
                return match limit {
                    Some(limit) => {
                        self.network.wire().agenda.pass_to(limit);
                        Ok(ready)
                    }
                    None => Err(io::Error::other("no event is left on the simulated network")),
                };
            }
        }
    }
}

/// Returns the part of a socket's readiness that the wait is for.
fn readiness(awaited: &Awaited<'_>) -> Readiness {
    let engine: &dyn Any = awaited.engine;
    let Some(socket) = engine.downcast_ref::<SimSocket>() else { return Readiness::default() };
    let now = socket.readiness();
    // A broken socket is always reported.
    let is_broken = socket.is_broken();
    Readiness {
        readable: now.readable && (awaited.interest.to_read || is_broken),
        read_closed: now.read_closed && (awaited.interest.to_read || is_broken),
        writable: now.writable && (awaited.interest.to_write || is_broken),
        priority: false,
    }
}
