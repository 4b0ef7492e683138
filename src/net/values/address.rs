//! Socket addresses: their text, and which of them need a scope.
//!
//! A link-local IPv6 address (`fe80::1`) is one address on each link. The scope id of a
//! `SocketAddrV6`, which is the index of an interface, names the link. An `IpAddr` has no scope id,
//! so the library hands addresses on as `SocketAddr`.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use rustix::io::Errno;

/// Returns true if the address is valid on one link or interface only: a link-local address, or a
/// group of that scope (RFC 4291, sections 2.5.6 and 2.7).
#[inline]
pub(crate) fn needs_scope(ip: Ipv6Addr) -> bool {
    match ip.segments()[0] {
        // Multicast: the scope is in the last four bits.
        first @ 0xff00.. => matches!(first & 0xf, 1 | 2),
        _ => ip.is_unicast_link_local(),
    }
}

/// Returns `ip` and `port` as a socket address, with the index `interface` as the scope id if `ip`
/// needs a scope. An IPv4-mapped IPv6 address becomes the IPv4 address.
#[inline]
pub(crate) fn at_interface(ip: IpAddr, port: u16, interface: u32) -> SocketAddr {
    match ip {
        IpAddr::V6(v6) if is_mapped(v6) => SocketAddr::new(v6.to_canonical(), port),
        IpAddr::V6(v6) if interface != 0 && needs_scope(v6) => {
            SocketAddrV6::new(v6, port, 0, interface).into()
        }
        ip => SocketAddr::new(ip, port),
    }
}

/// Returns the address as users see it: an IPv4-mapped IPv6 address becomes the IPv4 address, and
/// only an address that needs a scope keeps one.
#[inline]
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    at_interface(address.ip(), address.port(), scope_id(address))
}

/// Returns true if the address is an IPv4-mapped IPv6 address. Each datagram needs this, and
/// [`Ipv6Addr::to_ipv4_mapped`] is slower: it compares single bytes.
#[inline]
fn is_mapped(ip: Ipv6Addr) -> bool {
    ip.to_bits() >> 32 == 0xffff
}

/// Returns the scope id of the address; 0 if it has none.
#[inline]
pub(crate) fn scope_id(address: SocketAddr) -> u32 {
    match address {
        SocketAddr::V4(_) => 0,
        SocketAddr::V6(v6) => v6.scope_id(),
    }
}

/// Returns true if the address needs a scope and has none.
#[inline]
pub(in crate::net) fn lacks_scope(address: SocketAddr) -> bool {
    matches!(&address, SocketAddr::V6(v6) if v6.scope_id() == 0 && needs_scope(*v6.ip()))
}

/// Returns the text of the address for an error message, which says so if the address lacks a
/// scope.
pub(in crate::net) fn described(address: SocketAddr) -> String {
    match lacks_scope(address) {
        true => {
            format!("the link-local address {address} without a scope id (an interface's index)")
        }
        false => address.to_string(),
    }
}

/// The system's refusal to connect to a link-local address without a scope.
#[derive(Debug, thiserror::Error)]
#[error("cannot connect to {}: {error}", described(*.address))]
struct ScopeMissing {
    address: SocketAddr,
    error: io::Error,
}

/// Returns the error of an attempt to connect to the address. If the attempt failed because the
/// address lacks a scope, the error says so.
pub(in crate::net) fn explained(error: io::Error, address: SocketAddr) -> io::Error {
    let is_refusal = Errno::from_io_error(&error) == Some(Errno::INVAL);
    match is_refusal && lacks_scope(address) {
        true => io::Error::new(error.kind(), ScopeMissing { address, error }),
        false => error,
    }
}

/// Returns the text of the address without its port: `fe80::1%3`. [`parse_address`] reads this
/// text.
#[inline]
pub(in crate::net) fn host_text(address: SocketAddr) -> String {
    match address {
        SocketAddr::V6(v6) if v6.scope_id() != 0 => format!("{}%{}", v6.ip(), v6.scope_id()),
        _ => address.ip().to_string(),
    }
}

/// Parses an IP address; the port of the result is 0. The text is `192.0.2.1`, `fe80::1`, or has a
/// scope as in RFC 4007: `fe80::1%3` or `fe80::1%eth0`.
///
/// `index_of` finds the index of an interface by its name. As in getaddrinfo(3), only an address
/// that needs a scope may name an interface, and a number is dropped if the address needs no scope.
pub(in crate::net) fn parse_address(
    text: &str,
    index_of: &dyn Fn(&str) -> Option<u32>,
) -> Option<SocketAddr> {
    let Some((ip, scope)) = text.split_once('%') else {
        return Some(at_interface(text.parse().ok()?, 0, 0));
    };
    let ip = ip.parse::<Ipv6Addr>().ok()?;
    let by_name = || if needs_scope(ip) { index_of(scope) } else { None };
    let is_number = scope.bytes().all(|byte| byte.is_ascii_digit());
    let by_number = || if is_number { scope.parse().ok() } else { None };
    Some(at_interface(ip.into(), 0, by_name().or_else(by_number)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_of_one_link_need_a_scope_and_no_others() {
        let needs = |text: &str| needs_scope(text.parse().unwrap());
        for link_local in ["fe80::1", "febf::1", "ff01::1", "ff02::1", "ff12::2115", "ff32::1"] {
            assert!(needs(link_local), "{link_local}");
        }
        for wider in ["::", "::1", "fd00::1", "fec0::1", "2001:db8::1", "ff05::1", "ff0e::1"] {
            assert!(!needs(wider), "{wider}");
        }
    }

    #[test]
    fn only_an_address_that_needs_a_scope_keeps_one() {
        assert_eq!(canonical(at("[fe80::1%3]:7")), at("[fe80::1%3]:7"));
        assert_eq!(canonical(at("[ff02::1%3]:7")), at("[ff02::1%3]:7"));
        assert_eq!(canonical(at("[fd00::1%3]:7")), at("[fd00::1]:7"));
        assert_eq!(canonical(at("[::%3]:7")), at("[::]:7"));
        assert_eq!(canonical(at("[::ffff:192.0.2.1%3]:7")), at("192.0.2.1:7"));
        assert_eq!(at_interface(ip("fe80::1"), 7, 3), at("[fe80::1%3]:7"));
        assert_eq!(at_interface(ip("fd00::1"), 7, 3), at("[fd00::1]:7"));
        assert_eq!(at_interface(ip("192.0.2.1"), 7, 3), at("192.0.2.1:7"));
    }

    #[test]
    fn the_flow_label_of_one_packet_is_no_part_of_an_address() {
        let labelled = SocketAddrV6::new("fe80::1".parse().unwrap(), 7, 42, 3);
        assert_eq!(canonical(labelled.into()), at("[fe80::1%3]:7"));
    }

    #[test]
    fn an_error_says_what_an_address_without_scope_lacks() {
        assert_eq!(described(at("[fe80::1%3]:80")), "[fe80::1%3]:80");
        assert_eq!(described(at("[fd00::1]:80")), "[fd00::1]:80");
        assert_eq!(
            described(at("[fe80::1]:80")),
            "the link-local address [fe80::1]:80 without a scope id (an interface's index)"
        );
        let refused = explained(Errno::INVAL.into(), at("[fe80::1]:80"));
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
        let reason = format!("(an interface's index): {}", io::Error::from(Errno::INVAL));
        assert!(refused.to_string().ends_with(&reason), "{refused}");
        for (errno, to) in [(Errno::INVAL, "[fe80::1%3]:80"), (Errno::NETUNREACH, "[fe80::1]:80")] {
            let other = explained(errno.into(), at(to));
            assert_eq!(Errno::from_io_error(&other), Some(errno));
        }
    }

    #[test]
    fn a_literal_address_may_have_a_scope() {
        let known = |name: &str| (name == "eth0").then_some(2);
        let parsed = |text: &str| parse_address(text, &known).map(|address| address.to_string());
        for (text, address) in [
            ("192.0.2.1", Some("192.0.2.1:0")),
            ("::1", Some("[::1]:0")),
            ("::ffff:192.0.2.1", Some("192.0.2.1:0")),
            ("fe80::1", Some("[fe80::1]:0")),
            ("fe80::1%3", Some("[fe80::1%3]:0")),
            ("fe80::1%eth0", Some("[fe80::1%2]:0")),
            ("ff02::1%eth0", Some("[ff02::1%2]:0")),
            ("fe80::1%0", Some("[fe80::1]:0")),
            // As in getaddrinfo(3): a number is dropped here, and a name is refused.
            ("fd00::1%3", Some("[fd00::1]:0")),
            ("fd00::1%eth0", None),
            ("fe80::1%nosuch", None),
            ("fe80::1%", None),
            ("fe80::1%+3", None),
            ("fe80::1%4294967296", None),
            ("fe80::1%eth0%3", None),
            ("[fe80::1%3]", None),
            ("192.0.2.1%eth0", None),
            ("localhost", None),
            ("localhost%eth0", None),
            ("", None),
        ] {
            assert_eq!(parsed(text).as_deref(), address, "{text:?}");
        }
    }

    #[test]
    fn an_interface_may_be_called_by_digits() {
        let known = |name: &str| (name == "3").then_some(9);
        assert_eq!(parse_address("fe80::1%3", &known), Some(at("[fe80::1%9]:0")));
        assert_eq!(parse_address("fe80::1%4", &known), Some(at("[fe80::1%4]:0")));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for address in ["[fe80::1%3]:0", "[fd00::1]:0", "192.0.2.1:0"] {
            assert_eq!(parse_address(&host_text(at(address)), &|_| None), Some(at(address)));
        }
    }
}
