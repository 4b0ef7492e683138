//! `Target`: the peer, in the form that a proxy takes.

use std::net::SocketAddr;

use crate::net::engine::Address;
use crate::net::names::HostName;
use crate::net::values::{EngineFailure, SocketError};

/// The peer, in the form that a proxy takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Address(SocketAddr),
    /// A name in ASCII, of 1 to 255 bytes without control characters and without an interface; the
    /// proxy looks it up.
    Name(String, u16),
}

impl Target {
    /// Parses the name or the address of a host. Fails if no proxy could be told of it.
    pub(super) fn parse(host: &str, port: u16) -> Result<Self, EngineFailure> {
        let refused = |reason: String| EngineFailure::new(SocketError::HostNotFound, reason);
        // The indices of interfaces mean nothing to another host.
        if let Some(mut address) = HostName::literal_of(host, &|_| None) {
            address.set_port(port);
            return Ok(Self::Address(address));
        }
        let name = HostName::parse(host).map_err(|failure| refused(failure.to_string()))?;
        let name = name.as_str();
        // After a percent sign is an interface, which means nothing to another host.
        if name.bytes().any(|byte| byte <= b' ' || matches!(byte, b'%' | 0x7f..)) {
            return Err(refused(format!("no proxy can be told of the host name {host:?}")));
        }
        Ok(Self::Name(name.to_owned(), port))
    }

    /// Returns the address that the socket has for its peer.
    pub(super) fn peer(&self) -> Address {
        match self {
            Self::Address(address) => Address::Internet(*address),
            Self::Name(_, port) => Address::Named(*port),
        }
    }
}
