//! An end of a connection, as far as it is known.

use std::net::{IpAddr, SocketAddr};

use crate::net::address::{at_interface, canonical, scope_id};

/// An address and a port, each of which may be unknown: a class may set one of them alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::net) struct Endpoint {
    pub(in crate::net) address: Option<IpAddr>,
    /// That of the address; 0 if it has none.
    pub(in crate::net) scope_id: u32,
    pub(in crate::net) port: Option<u16>,
}

impl Endpoint {
    /// Returns the address and the port with their scope, if both are known.
    pub(in crate::net) fn addr(&self) -> Option<SocketAddr> {
        Some(at_interface(self.address?, self.port?, self.scope_id))
    }

    /// Returns the same end with this address, which has no scope.
    pub(in crate::net) fn with_address(self, address: Option<IpAddr>) -> Self {
        Self { address, scope_id: 0, ..self }
    }
}

/// An IPv4 address is shown as one, even if the socket is an IPv6 socket that can do both.
impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        let address = canonical(address);
        Self {
            address: Some(address.ip()),
            scope_id: scope_id(address),
            port: Some(address.port()),
        }
    }
}
