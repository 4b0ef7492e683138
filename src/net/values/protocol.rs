//! The address families.

use std::net::SocketAddr;

/// The address family that a socket uses.
#[doc(alias = "QAbstractSocket::NetworkLayerProtocol")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NetworkLayerProtocol {
    /// IPv4 or IPv6.
    #[doc(alias = "AnyIPProtocol")]
    #[doc(alias = "UnknownNetworkLayerProtocol")]
    #[default]
    Any,
    /// IPv4 alone.
    #[doc(alias = "IPv4Protocol")]
    Ipv4,
    /// IPv6 alone.
    #[doc(alias = "IPv6Protocol")]
    Ipv6,
}

impl NetworkLayerProtocol {
    /// Returns true if the address is of this family.
    pub fn includes(self, address: SocketAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Ipv4 => address.is_ipv4(),
            Self::Ipv6 => address.is_ipv6(),
        }
    }
}
