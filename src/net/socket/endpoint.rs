//! An end of a connection, as far as it is known.

use std::net::{IpAddr, SocketAddr};

/// An address and a port, each of which may be unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::net) struct Endpoint {
    pub(in crate::net) address: Option<IpAddr>,
    pub(in crate::net) port: Option<u16>,
}

/// An IPv4 address is shown as one, even if the socket is an IPv6 socket that can do both.
impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self { address: Some(address.ip().to_canonical()), port: Some(address.port()) }
    }
}
