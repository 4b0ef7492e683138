//! `Address`: the address of either end of a connection, or of a datagram.

use std::net::SocketAddr;

/// The address of a socket, on any network.
///
/// Engines use this type for every address, so an engine with another family of addresses adds a
/// variant here and changes no signature. [`internet`](Self::internet) returns the internet
/// address, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// An IP address and a port, with the scope id if the address needs one.
    Internet(SocketAddr),
    /// The port of a host of which only the name is known here, because a proxy looks the name up.
    /// The socket that connects to the host has the name.
    Named(u16),
}

impl Address {
    /// Returns the IP address and the port, if this is an internet address.
    #[inline]
    pub fn internet(self) -> Option<SocketAddr> {
        match self {
            Self::Internet(address) => Some(address),
            Self::Named(_) => None,
        }
    }
}

impl From<SocketAddr> for Address {
    #[inline]
    fn from(address: SocketAddr) -> Self {
        Self::Internet(address)
    }
}
