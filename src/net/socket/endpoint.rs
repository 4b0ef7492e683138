//! `Endpoint`: the address and the port of one end of a connection.

use std::net::{IpAddr, SocketAddr};

use crate::net::engine::{Address, SocketEngine};
use crate::net::values::{BindAddress, at_interface, canonical, scope_id};

/// An address and a port, each of which may be unknown: a class may set one of them alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) address: Option<IpAddr>,
    /// The scope id of the address; 0 if it has none.
    pub(super) scope_id: u32,
    pub(super) port: Option<u16>,
    /// The address is the unspecified IPv6 address, and includes all IPv4 addresses.
    pub(super) is_of_both_families: bool,
}

impl Endpoint {
    /// Asks an engine for the endpoint of this end.
    pub(super) fn local_of(engine: &dyn SocketEngine) -> Self {
        // The system reports port 0 for a socket that has no address.
        let local = engine.local_addr().ok().and_then(Address::internet);
        let Some(local) = local.filter(|local| local.port() != 0) else {
            return Self::default();
        };
        let is_dual_stack = || engine.is_dual_stack().unwrap_or(false);
        let is_of_both_families = local.ip().is_unspecified() && is_dual_stack();
        Self { is_of_both_families, ..local.into() }
    }

    /// Returns the address and the port with their scope, if both are known.
    pub(super) fn addr(&self) -> Option<SocketAddr> {
        Some(at_interface(self.address?, self.port?, self.scope_id))
    }

    /// Returns the address in Qt's sense, if it is known.
    pub(super) fn bound_address(&self) -> Option<BindAddress> {
        let address = at_interface(self.address?, 0, self.scope_id);
        Some(BindAddress::of_socket(address, self.is_of_both_families))
    }

    /// Returns this endpoint with another address, which has no scope.
    pub(super) fn with_address(self, address: Option<IpAddr>) -> Self {
        Self { address, scope_id: 0, is_of_both_families: false, ..self }
    }
}

/// An IPv4 address is shown as an IPv4 address, even on a dual-stack IPv6 socket.
impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        let address = canonical(address);
        Self {
            address: Some(address.ip()),
            scope_id: scope_id(address),
            port: Some(address.port()),
            is_of_both_families: false,
        }
    }
}

impl From<Address> for Endpoint {
    fn from(address: Address) -> Self {
        match address {
            Address::Internet(address) => address.into(),
            Address::Named(port) => Self { port: Some(port), ..Self::default() },
        }
    }
}
