//! `Endpoint`: the address and the port of one end of a socket.
//!
//! Keeps one promise: an address keeps the scope and the families that belong to it. Another
//! address replaces all of them.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::net::engine::{Address, SocketEngine};
use crate::net::values::{BindAddress, at_interface, canonical, scope_id};

/// An address and a port, each of which may be unknown: a class may set one of them alone.
///
/// Small, because every socket has room for its peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::net) struct Endpoint {
    /// The scope id of the address; 0 if it has none.
    scope_id: u32,
    /// Means nothing unless `has_port` is true.
    port: u16,
    has_port: bool,
    host: Host,
}

/// The address of an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Host {
    #[default]
    Unknown,
    Ip(IpAddr),
    /// The unspecified IPv6 address, which includes all IPv4 addresses.
    BothFamilies,
}

impl Endpoint {
    /// Asks an engine for the endpoint of this end.
    pub(in crate::net) fn local_of(engine: &dyn SocketEngine) -> io::Result<Self> {
        // The system reports port 0 for a socket that has no address.
        let local = engine.local_addr()?.internet().filter(|local| local.port() != 0);
        let endpoint = local.map(Self::from).unwrap_or_default();
        if local.is_some_and(|local| local.ip().is_unspecified()) && engine.is_dual_stack()? {
            return Ok(Self { host: Host::BothFamilies, ..endpoint });
        }
        Ok(endpoint)
    }

    /// Returns the address and the port with their scope, if both are known.
    #[inline]
    pub(in crate::net) fn addr(&self) -> Option<SocketAddr> {
        Some(at_interface(self.address()?, self.port()?, self.scope_id))
    }

    #[inline]
    pub(super) fn address(&self) -> Option<IpAddr> {
        match self.host {
            Host::Unknown => None,
            Host::Ip(address) => Some(address),
            Host::BothFamilies => Some(Ipv6Addr::UNSPECIFIED.into()),
        }
    }

    /// Returns the address in Qt's sense, if it is known.
    pub(in crate::net) fn bound_address(&self) -> Option<BindAddress> {
        let address = at_interface(self.address()?, 0, self.scope_id);
        Some(BindAddress::of_socket(address, self.host == Host::BothFamilies))
    }

    /// Returns true if the address is known, and does not stand for all addresses of the host.
    pub(in crate::net) fn is_one_address(&self) -> bool {
        self.address().is_some_and(|address| !address.is_unspecified())
    }

    #[inline]
    pub(in crate::net) fn port(&self) -> Option<u16> {
        self.has_port.then_some(self.port)
    }

    /// Returns true if the address has a scope id.
    pub(super) fn has_scope(&self) -> bool {
        self.scope_id != 0
    }

    /// Returns this endpoint with another address, which has no scope.
    pub(super) fn with_address(self, address: Option<IpAddr>) -> Self {
        Self { host: address.map_or(Host::Unknown, Host::Ip), scope_id: 0, ..self }
    }

    /// Returns this endpoint with another port.
    pub(super) fn with_port(self, port: Option<u16>) -> Self {
        Self { port: port.unwrap_or(0), has_port: port.is_some(), ..self }
    }
}

/// An IPv4 address is shown as an IPv4 address, even on a dual-stack IPv6 socket.
impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        let address = canonical(address);
        Self {
            scope_id: scope_id(address),
            port: address.port(),
            has_port: true,
            host: Host::Ip(address.ip()),
        }
    }
}

impl From<Address> for Endpoint {
    fn from(address: Address) -> Self {
        match address {
            Address::Internet(address) => address.into(),
            Address::Named(port) => Self::default().with_port(Some(port)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn an_endpoint_is_small() {
        assert!(size_of::<Endpoint>() <= 24, "{} bytes", size_of::<Endpoint>());
    }
}
