//! `Address`: an end of a connection, or of a datagram's way, as engines name it.

use std::net::SocketAddr;

/// The address of a socket, on whatever network an engine is.
///
/// An engine names every end by this type, so that an engine of another family of addresses adds a
/// variant here and changes no signature. Who needs an internet address asks
/// [`internet`](Self::internet) for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// An IP address and a port, with the scope id if the address needs one.
    Internet(SocketAddr),
    /// The port of a host of which only the name is known on this side: a proxy looks the name up.
    /// The socket that connects to the host has the name.
    Named(u16),
}

impl Address {
    /// Returns the IP address and the port, if this is such an address.
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
