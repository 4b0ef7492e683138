//! Binding: the address, and whether sockets share it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use bitflags::bitflags;

use super::address::{at_interface, canonical, described};

/// The address that a socket is bound to.
///
/// Converts from an IP address, from a link-local address with its scope id (the index of an
/// interface), and from an entry of a [`NetworkInterface`](crate::NetworkInterface).
///
/// ```
/// use std::net::{Ipv4Addr, Ipv6Addr};
/// use slotwire::BindAddress;
///
/// assert_eq!(BindAddress::from(Ipv4Addr::UNSPECIFIED), BindAddress::AnyIpv4);
///
/// let link_local = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
/// assert_eq!(BindAddress::from((link_local, 3)).to_string(), "fe80::1%3");
/// ```
#[doc(alias = "QHostAddress")]
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
    /// One address of this host. With the unspecified IPv6 address this variant binds as
    /// [`AnyIpv6`](Self::AnyIpv6), while `from` converts that address to [`Any`](Self::Any).
    Address(IpAddr),
    /// A link-local address of this host. The scope id is the
    /// [index](crate::NetworkInterface::index) of the interface that leads to the link.
    ///
    /// The conversions return this variant for addresses that need a scope id: link-local
    /// addresses, and groups of one link or interface. They drop the scope id of all other
    /// addresses.
    LinkLocal {
        /// The address.
        address: Ipv6Addr,
        /// The index of the interface. Binding fails if it is 0, which is no interface.
        scope_id: u32,
    },
}

impl BindAddress {
    /// Returns the address for the system.
    pub(crate) fn with_port(self, port: u16) -> SocketAddr {
        match self {
            Self::Any | Self::AnyIpv6 => (Ipv6Addr::UNSPECIFIED, port).into(),
            Self::AnyIpv4 => (Ipv4Addr::UNSPECIFIED, port).into(),
            Self::Address(address) => at_interface(address, port, 0),
            Self::LinkLocal { address, scope_id } => at_interface(address.into(), port, scope_id),
        }
    }

    /// Returns the text of the address and the port for an error message.
    pub(in crate::net) fn described(self, port: u16) -> String {
        described(self.with_port(port))
    }

    /// Returns the bind address of a socket whose local address is `local`. A dual-stack socket
    /// takes IPv4 as well as IPv6.
    pub(in crate::net) fn of_socket(local: SocketAddr, is_dual_stack: bool) -> Self {
        match Self::from(local) {
            Self::Any if !is_dual_stack => Self::AnyIpv6,
            other => other,
        }
    }
}

/// Shows the address: `192.0.2.1`, `fd00::1`, `fe80::1%3`. [`Any`](BindAddress::Any) is `*`,
/// [`AnyIpv4`](BindAddress::AnyIpv4) `0.0.0.0` and [`AnyIpv6`](BindAddress::AnyIpv6) `::`.
impl fmt::Display for BindAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Any => f.pad("*"),
            Self::AnyIpv4 => Ipv4Addr::UNSPECIFIED.fmt(f),
            Self::AnyIpv6 => Ipv6Addr::UNSPECIFIED.fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::LinkLocal { address, scope_id } => f.pad(&format!("{address}%{scope_id}")),
        }
    }
}

/// The unspecified IPv4 address is [`AnyIpv4`](BindAddress::AnyIpv4), the unspecified IPv6 address
/// is [`Any`](BindAddress::Any). An IPv4-mapped IPv6 address is the IPv4 address.
impl From<IpAddr> for BindAddress {
    fn from(address: IpAddr) -> Self {
        SocketAddr::new(address, 0).into()
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

/// Keeps the scope id if the address needs one.
impl From<(Ipv6Addr, u32)> for BindAddress {
    fn from((address, scope_id): (Ipv6Addr, u32)) -> Self {
        SocketAddr::from(SocketAddrV6::new(address, 0, 0, scope_id)).into()
    }
}

/// Keeps the scope id if the address needs one, and drops the port.
impl From<SocketAddr> for BindAddress {
    fn from(address: SocketAddr) -> Self {
        match canonical(address) {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => {
                Self::LinkLocal { address: *v6.ip(), scope_id: v6.scope_id() }
            }
            other => match other.ip() {
                IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Self::AnyIpv4,
                IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Self::Any,
                one => Self::Address(one),
            },
        }
    }
}

bitflags! {
    /// With which other sockets a bound socket shares its address and port.
    ///
    /// | | Linux | other Unixes | Windows |
    /// |---|---|---|---|
    /// | `DEFAULT` | no socket | no socket | a socket that asks for it |
    /// | `SHARE_ADDRESS` | `SO_REUSEADDR` | UDP: `SO_REUSEPORT`, TCP: `SO_REUSEADDR` | `SO_REUSEADDR` |
    /// | `DONT_SHARE_ADDRESS` | no socket | no socket | `SO_EXCLUSIVEADDRUSE` |
    /// | `REUSE_ADDRESS_HINT` | as `SHARE_ADDRESS` | as `SHARE_ADDRESS` | `SO_REUSEADDR` |
    /// | `REUSE_PORT` | `SO_REUSEPORT` | `SO_REUSEPORT`, where the system has it | none: binding fails |
    ///
    /// Two UDP sockets share a port only if both ask for it, by the same flag. A unicast datagram
    /// then goes to one of them, a multicast or broadcast datagram to both.
    ///
    /// Two listening TCP sockets share a port only if both ask for it by `REUSE_PORT`. The other
    /// flags let a server listen at a port that connections of an earlier server still have.
    ///
    /// See Qt's `QAbstractSocket::BindFlag`, which has all of these flags but `REUSE_PORT`, and
    /// socket(7).
    #[doc(alias = "QAbstractSocket::BindFlag")]
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct BindMode: u8 {
        /// The default of the system.
        #[doc(alias = "DefaultForPlatform")]
        const DEFAULT = 0;
        /// Other sockets may bind to the same address and port.
        #[doc(alias = "ShareAddress")]
        const SHARE_ADDRESS = 1;
        /// No other socket may bind to the same address and port.
        #[doc(alias = "DontShareAddress")]
        const DONT_SHARE_ADDRESS = 2;
        /// Asks the system to bind even if the address and port are bound already.
        #[doc(alias = "ReuseAddressHint")]
        const REUSE_ADDRESS_HINT = 4;
        /// Shares the address and port with all other sockets of the same user that have this flag
        /// too, and the system spreads among them what arrives: connections among servers, for
        /// example with one server for each thread, and datagrams among UDP sockets.
        ///
        /// On Linux and Android, all that comes from one address and port of a peer goes to the same
        /// socket, while the number of sockets stays the same. Other systems may prefer one of the
        /// sockets.
        const REUSE_PORT = 8;
    }
}

impl BindMode {
    /// Returns true if the address is shared with others that are bound in this way.
    pub(crate) fn shares(self) -> bool {
        self.intersects(Self::SHARE_ADDRESS | Self::REUSE_ADDRESS_HINT)
    }

    /// Returns true if the system spreads what arrives among the sockets of this address.
    pub(crate) fn spreads(self) -> bool {
        self.contains(Self::REUSE_PORT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn ip6(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    #[test]
    fn no_address_in_particular_is_one_of_the_anys() {
        assert_eq!(BindAddress::from(Ipv4Addr::UNSPECIFIED), BindAddress::AnyIpv4);
        assert_eq!(BindAddress::from(Ipv6Addr::UNSPECIFIED), BindAddress::Any);
        assert_eq!(BindAddress::from((Ipv6Addr::UNSPECIFIED, 3)), BindAddress::Any);
        assert_eq!(BindAddress::from(at("[::%3]:80")), BindAddress::Any);
        assert_eq!(BindAddress::from(at("0.0.0.0:80")), BindAddress::AnyIpv4);
        assert_eq!(BindAddress::from(ip6("::ffff:0.0.0.0")), BindAddress::AnyIpv4);
        assert_eq!(BindAddress::default(), BindAddress::Any);
    }

    #[test]
    fn a_link_local_address_keeps_its_scope() {
        let expected = BindAddress::LinkLocal { address: ip6("fe80::1"), scope_id: 3 };
        assert_eq!(BindAddress::from((ip6("fe80::1"), 3)), expected);
        assert_eq!(BindAddress::from(at("[fe80::1%3]:80")), expected);
        assert_eq!(expected.with_port(80), at("[fe80::1%3]:80"));
        assert_ne!(BindAddress::from((ip6("fe80::1"), 4)), expected);
        let group = BindAddress::from((ip6("ff02::7"), 3));
        assert_eq!(group.with_port(80), at("[ff02::7%3]:80"));
    }

    #[test]
    fn a_scope_that_means_nothing_is_dropped() {
        let global = BindAddress::Address(ip6("fd00::1").into());
        assert_eq!(BindAddress::from((ip6("fd00::1"), 3)), global);
        assert_eq!(BindAddress::from(at("[fd00::1%3]:80")), global);
        let literal = BindAddress::LinkLocal { address: ip6("fd00::1"), scope_id: 3 };
        assert_eq!(literal.with_port(80), at("[fd00::1]:80"));
        let none = BindAddress::Address(ip6("fe80::1").into());
        assert_eq!(BindAddress::from((ip6("fe80::1"), 0)), none);
        assert_eq!(BindAddress::from(ip6("fe80::1")), none);
    }

    #[test]
    fn an_ipv4_mapped_address_is_the_ipv4_address() {
        let four = BindAddress::Address([192, 0, 2, 1].into());
        assert_eq!(BindAddress::from(ip6("::ffff:192.0.2.1")), four);
        assert_eq!(BindAddress::from(at("[::ffff:192.0.2.1]:80")), four);
        let mapped = BindAddress::Address(ip6("::ffff:192.0.2.1").into());
        assert_eq!(mapped.with_port(80), at("192.0.2.1:80"));
    }

    #[test]
    fn every_address_is_shown_as_no_other() {
        let shown = [
            BindAddress::Any,
            BindAddress::AnyIpv4,
            BindAddress::AnyIpv6,
            Ipv4Addr::LOCALHOST.into(),
            Ipv6Addr::LOCALHOST.into(),
            (ip6("fe80::1"), 3).into(),
        ];
        let shown = shown.map(|address| address.to_string());
        assert_eq!(shown, ["*", "0.0.0.0", "::", "127.0.0.1", "::1", "fe80::1%3"]);
        assert_eq!(format!("{:>10}", BindAddress::from((ip6("fe80::1"), 3))), " fe80::1%3");
    }

    #[test]
    fn what_a_socket_is_bound_to_tells_the_two_families_from_one() {
        assert_eq!(BindAddress::of_socket(at("[::]:80"), true), BindAddress::Any);
        assert_eq!(BindAddress::of_socket(at("[::]:80"), false), BindAddress::AnyIpv6);
        assert_eq!(BindAddress::of_socket(at("0.0.0.0:80"), false), BindAddress::AnyIpv4);
        let link_local = BindAddress::of_socket(at("[fe80::1%3]:80"), false);
        assert_eq!(link_local, (ip6("fe80::1"), 3).into());
    }

    #[test]
    fn an_error_names_the_address_and_what_it_lacks() {
        assert_eq!(BindAddress::from((ip6("fe80::1"), 3)).described(80), "[fe80::1%3]:80");
        let lacking = BindAddress::from(ip6("fe80::1")).described(80);
        assert!(lacking.contains("[fe80::1]:80 without a scope id"), "{lacking}");
    }
}
