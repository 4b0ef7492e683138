//! Addresses as SOCKS5 writes them (RFC 1928, section 5): a kind, an IP address or a name, and a
//! port.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::net::engine::Address;
use crate::net::proxy::target::Target;

const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Appends the address of a target.
pub(super) fn push_target(bytes: &mut Vec<u8>, target: &Target) {
    match target {
        Target::Address(address) => push_address(bytes, *address),
        Target::Name(name, port) => {
            bytes.push(NAME);
            push_counted(bytes, name);
            bytes.extend(port.to_be_bytes());
        }
    }
}

/// Appends an internet address.
pub(super) fn push_address(bytes: &mut Vec<u8>, address: SocketAddr) {
    match address.ip() {
        IpAddr::V4(ip) => {
            bytes.push(IPV4);
            bytes.extend(ip.octets());
        }
        IpAddr::V6(ip) => {
            bytes.push(IPV6);
            bytes.extend(ip.octets());
        }
    }
    bytes.extend(address.port().to_be_bytes());
}

/// Appends a text of up to 255 bytes, after its length in one byte.
pub(super) fn push_counted(bytes: &mut Vec<u8>, text: &str) {
    let length = u8::try_from(text.len()).expect("longer texts were refused before");
    bytes.push(length);
    bytes.extend(text.as_bytes());
}

/// What the first bytes of a message are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// An address, and how many bytes it takes. Of a name, only the port is kept.
    Address(Address, usize),
    /// The beginning of an address.
    Incomplete,
    /// An address of a kind that SOCKS5 does not have.
    Unknown,
}

/// Parses the address at the start of `bytes`.
pub(super) fn parse_address(bytes: &[u8]) -> Parsed {
    let Some((&kind, rest)) = bytes.split_first() else { return Parsed::Incomplete };
    let (start, length) = match (kind, rest.first()) {
        (IPV4, _) => (1, 4),
        (IPV6, _) => (1, 16),
        (NAME, Some(&length)) => (2, usize::from(length)),
        (NAME, None) => return Parsed::Incomplete,
        _ => return Parsed::Unknown,
    };
    let end = start + length;
    let (Some(host), Some(&[high, low])) =
        (bytes.get(start..end), bytes.get(end..).and_then(<[u8]>::first_chunk))
    else {
        return Parsed::Incomplete;
    };
    let port = u16::from_be_bytes([high, low]);
    let ip = match kind {
        IPV4 => <[u8; 4]>::try_from(host).ok().map(|octets| Ipv4Addr::from(octets).into()),
        IPV6 => <[u8; 16]>::try_from(host).ok().map(|octets| Ipv6Addr::from(octets).into()),
        _ => None::<IpAddr>,
    };
    let address = match ip {
        Some(ip) => Address::Internet(SocketAddr::new(ip, port)),
        None => Address::Named(port),
    };
    Parsed::Address(address, end + 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a target is after it was written and read.
    fn written_and_read(target: &Target, rest: &[u8]) -> (Parsed, usize) {
        let mut bytes = Vec::new();
        push_target(&mut bytes, target);
        let length = bytes.len();
        for cut in 0..length {
            assert_eq!(parse_address(&bytes[..cut]), Parsed::Incomplete, "cut at {cut}");
        }
        bytes.extend(rest);
        (parse_address(&bytes), length)
    }

    proptest! {
        #[test]
        fn an_address_is_read_as_it_was_written(address: SocketAddr, rest: Vec<u8>) {
            let address = SocketAddr::new(address.ip(), address.port());
            let (parsed, length) = written_and_read(&Target::Address(address), &rest);
            prop_assert_eq!(parsed, Parsed::Address(Address::Internet(address), length));
        }

        #[test]
        fn of_a_name_the_port_is_kept(name in "[a-z.]{1,255}", port: u16, rest: Vec<u8>) {
            let (parsed, length) = written_and_read(&Target::Name(name, port), &rest);
            prop_assert_eq!(parsed, Parsed::Address(Address::Named(port), length));
        }
    }

    #[test]
    fn an_address_of_another_kind_is_unknown() {
        for kind in [0, 2, 5, 0xff] {
            assert_eq!(parse_address(&[kind, 1, 2, 3, 4, 5, 6]), Parsed::Unknown);
        }
    }
}
