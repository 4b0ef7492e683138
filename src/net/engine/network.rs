//! `Network`: where engines come from, and what else a network knows.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use super::interest::Interest;
use super::socket_engine::SocketEngine;
use crate::net::names::{Lookup, OnResolved};
use crate::net::values::{BindAddress, SocketType};
use crate::readiness::Readiness;

/// A network: where engines come from.
pub(crate) trait Network {
    /// Opens a socket that can reach `towards`, or be bound to it.
    fn open(&self, kind: SocketType, towards: SocketAddr) -> io::Result<Box<dyn SocketEngine>>;

    /// Takes over a descriptor. Fails with `Unsupported` if it is no socket of this kind.
    fn adopt(&self, kind: SocketType, descriptor: OwnedFd) -> io::Result<Box<dyn SocketEngine>>;

    /// Looks up the addresses of a name, which is no literal address. Fails with `NotFound` if
    /// there is no such name.
    ///
    /// `on_resolved` is called from any thread, and from here if the answer is known already.
    fn resolve(&self, name: &str, on_resolved: OnResolved) -> Lookup;

    /// Looks up the addresses of a name and blocks until they are known, up to `timeout`: then it
    /// fails with `TimedOut`. Otherwise as [`resolve`](Self::resolve).
    fn resolve_now(&self, name: &str, timeout: Option<Duration>) -> io::Result<Vec<SocketAddr>>;

    /// Forgets what one name was found to mean: the next lookup asks again.
    fn forget_host(&self, name: &str);

    /// The index of this host's interface of this name, if there is one.
    fn interface_index(&self, name: &str) -> Option<u32>;

    /// Forgets what names were found to mean.
    fn clear_host_cache(&self);

    /// Blocks until one of the sockets is ready or the time has passed; says what each of them is
    /// ready for.
    fn wait(
        &self,
        sockets: &[Awaited<'_>],
        timeout: Option<Duration>,
    ) -> io::Result<Vec<Readiness>>;
}

/// A socket of a network that somebody waits for without a loop.
#[derive(Debug)]
pub(crate) struct Awaited<'a> {
    pub(crate) engine: &'a dyn SocketEngine,
    pub(crate) interest: Interest,
}

impl<'a> Awaited<'a> {
    /// Adds the sockets to wait for until `engine` is ready: itself, or those on which it stands.
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

/// Opens a socket that can be bound to an address; says to which one then.
pub(in crate::net) fn open(
    network: &dyn Network,
    kind: SocketType,
    address: BindAddress,
    port: u16,
) -> io::Result<(Box<dyn SocketEngine>, BindAddress)> {
    match network.open(kind, address.with_port(port)) {
        // A system without IPv6 has all its addresses in IPv4.
        Err(_) if address == BindAddress::Any => {
            let all = BindAddress::AnyIpv4;
            Ok((network.open(kind, all.with_port(port))?, all))
        }
        opened => Ok((opened?, address)),
    }
}
