//! Binding: to which address, and whom to share it with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bitflags::bitflags;

/// The address that a socket is bound to.
///
/// ```
/// use std::net::Ipv4Addr;
/// use slotwire::BindAddress;
///
/// assert_eq!(BindAddress::from(Ipv4Addr::UNSPECIFIED), BindAddress::AnyIpv4);
/// ```
#[doc(alias = "QHostAddress::SpecialAddress")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BindAddress {
    /// All addresses of this host, IPv6 and IPv4 in one socket.
    #[default]
    Any,
    /// All IPv4 addresses of this host.
    #[doc(alias = "AnyIPv4")]
    AnyIpv4,
    /// All IPv6 addresses of this host, and no IPv4.
    #[doc(alias = "AnyIPv6")]
    AnyIpv6,
    /// One address of this host.
    Address(IpAddr),
}

impl BindAddress {
    /// The address as the system takes it.
    pub(crate) fn with_port(self, port: u16) -> SocketAddr {
        let address = match self {
            Self::Any | Self::AnyIpv6 => Ipv6Addr::UNSPECIFIED.into(),
            Self::AnyIpv4 => Ipv4Addr::UNSPECIFIED.into(),
            Self::Address(address) => address,
        };
        SocketAddr::new(address, port)
    }
}

/// The unspecified IPv4 address is [`AnyIpv4`](BindAddress::AnyIpv4), the unspecified IPv6 address
/// is [`Any`](BindAddress::Any).
impl From<IpAddr> for BindAddress {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Self::AnyIpv4,
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Self::Any,
            other => Self::Address(other),
        }
    }
}

impl From<Ipv4Addr> for BindAddress {
    fn from(address: Ipv4Addr) -> Self {
        IpAddr::V4(address).into()
    }
}

impl From<Ipv6Addr> for BindAddress {
    fn from(address: Ipv6Addr) -> Self {
        IpAddr::V6(address).into()
    }
}

bitflags! {
    /// Whom a bound socket shares its address and port with.
    ///
    /// | | Linux | other Unixes | Windows |
    /// |---|---|---|---|
    /// | `DEFAULT` | nobody | nobody | whoever asks for it |
    /// | `SHARE_ADDRESS` | `SO_REUSEADDR` | UDP: `SO_REUSEPORT`, TCP: `SO_REUSEADDR` | `SO_REUSEADDR` |
    /// | `DONT_SHARE_ADDRESS` | nobody | nobody | `SO_EXCLUSIVEADDRUSE` |
    /// | `REUSE_ADDRESS_HINT` | as `SHARE_ADDRESS` | as `SHARE_ADDRESS` | `SO_REUSEADDR` |
    ///
    /// Two UDP sockets share a port only if both ask for it. Of unicast datagrams each then goes
    /// to one of them, of multicast and broadcast to all. Two listening TCP sockets never share.
    ///
    /// See Qt's `QAbstractSocket::BindFlag` and socket(7).
    #[doc(alias = "QAbstractSocket::BindFlag")]
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct BindMode: u8 {
        /// What the system does by itself.
        #[doc(alias = "DefaultForPlatform")]
        const DEFAULT = 0;
        /// Others may bind to the same address and port.
        #[doc(alias = "ShareAddress")]
        const SHARE_ADDRESS = 1;
        /// Nobody else may bind to the same address and port.
        #[doc(alias = "DontShareAddress")]
        const DONT_SHARE_ADDRESS = 2;
        /// The system is asked to try even if the address and port are bound already.
        #[doc(alias = "ReuseAddressHint")]
        const REUSE_ADDRESS_HINT = 4;
    }
}

impl BindMode {
    /// Says whether the address is shared.
    pub(crate) fn shares(self) -> bool {
        self.intersects(Self::SHARE_ADDRESS | Self::REUSE_ADDRESS_HINT)
    }
}
