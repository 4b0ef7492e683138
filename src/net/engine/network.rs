//! `Network`: makes engines, looks up names and waits for sockets.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use super::interest::Interest;
use super::socket_engine::SocketEngine;
use crate::net::names::{Lookup, OnResolved};
use crate::net::values::{BindAddress, SocketType};
use crate::readiness::Readiness;

/// A network: makes engines, looks up names and waits for sockets.
pub(crate) trait Network {
    /// Opens a socket that can connect to `towards`, or be bound to it.
    fn open(&self, kind: SocketType, towards: SocketAddr) -> io::Result<Box<dyn SocketEngine>>;

    /// Takes over a descriptor. Fails with `Unsupported` if the descriptor is not a socket of this
    /// kind.
    fn adopt(&self, kind: SocketType, descriptor: OwnedFd) -> io::Result<Box<dyn SocketEngine>>;

    /// Looks up the addresses of a name that is not a literal address. Fails with `NotFound` if the
    /// name does not exist.
    ///
    /// Any thread may call `on_resolved`. If the answer is known already, this method calls it.
    fn resolve(&self, name: &str, on_resolved: OnResolved) -> Lookup;

    /// Looks up the addresses of a name and blocks until they are known. Fails with `TimedOut`
    /// after `timeout`. Otherwise as [`resolve`](Self::resolve).
    fn resolve_now(&self, name: &str, timeout: Option<Duration>) -> io::Result<Vec<SocketAddr>>;

    /// Forgets the addresses of one name: the next lookup asks the system again.
    fn forget_host(&self, name: &str);

    /// Returns the index of this host's interface with this name, if there is one.
    fn interface_index(&self, name: &str) -> Option<u32>;

    /// Forgets the addresses of all names.
    fn clear_host_cache(&self);

    /// Blocks until one of the sockets is ready or the time has passed. Returns what each socket is
    /// ready for.
    fn wait(
        &self,
        sockets: &[Awaited<'_>],
        timeout: Option<Duration>,
    ) -> io::Result<Vec<Readiness>>;
}

/// A socket of a network, and what a wait without a loop waits for.
#[derive(Debug)]
pub(crate) struct Awaited<'a> {
    pub(crate) engine: &'a dyn SocketEngine,
    pub(crate) interest: Interest,
}

impl<'a> Awaited<'a> {
    /// Adds the sockets to wait for until `engine` is ready: itself, or the engines below it.
    pub(in crate::net) fn collect(
        engine: &'a dyn SocketEngine,
        interest: Interest,
        sockets: &mut Vec<Self>,
    ) {
        let below = engine.waits_for(interest);
        if below.is_empty() {
            sockets.push(Self { engine, interest });
        }
        for (engine, interest) in below {
            Self::collect(engine, interest, sockets);
        }
    }
}

/// Opens a socket that can be bound to an address. Returns the address to bind it to.
pub(in crate::net) fn open(
    network: &dyn Network,
    kind: SocketType,
    address: BindAddress,
    port: u16,
) -> io::Result<(Box<dyn SocketEngine>, BindAddress)> {
    match network.open(kind, address.with_port(port)) {
        // On a system without IPv6, all addresses are IPv4 addresses.
        Err(_) if address == BindAddress::Any => {
            let all = BindAddress::AnyIpv4;
            Ok((network.open(kind, all.with_port(port))?, all))
        }
        opened => Ok((opened?, address)),
    }
}
