//! The replies of a SOCKS5 proxy (RFC 1928, section 6).

use std::net::SocketAddr;

use super::address::{Parsed, parse_address};
use crate::net::engine::Address;
use crate::net::values::{EngineFailure, SocketError};

/// The version of the protocol.
pub(super) const VERSION: u8 = 5;

/// What a proxy replies to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aim {
    /// What the proxy does, as the rest of a sentence.
    pub(super) described: &'static str,
    /// The request had the peer's name, which the proxy looks up.
    pub(super) is_named: bool,
}

/// Parses a reply. Returns the address in it and the length of the reply; `None` if more must come.
/// Fails if the proxy has refused.
pub(super) fn parse_reply(
    bytes: &[u8],
    aim: Aim,
) -> Result<Option<(Address, usize)>, EngineFailure> {
    const HEAD: usize = 3;
    match bytes {
        [version, ..] if *version != VERSION => {
            return Err(wrong("the proxy does not speak SOCKS5"));
        }
        [_, code, ..] if *code != 0 => return Err(refused(*code, aim)),
        [_, _, reserved, ..] if *reserved != 0 => {
            return Err(wrong("the proxy's reply has a value in a reserved place"));
        }
        _ if bytes.len() < HEAD => return Ok(None),
        _ => {}
    }
    match parse_address(&bytes[HEAD..]) {
        Parsed::Address(address, length) => Ok(Some((address, HEAD + length))),
        Parsed::Incomplete => Ok(None),
        Parsed::Unknown => Err(wrong("the proxy's reply has an address of an unknown kind")),
    }
}

/// Returns true if a reply tells this address. Many proxies do not tell an IP address, and reply with
/// 0.0.0.0 in its place.
pub(in crate::net::proxy) fn tells_ip(address: SocketAddr) -> bool {
    !address.ip().to_canonical().is_unspecified()
}

/// Returns the failure that a code in the proxy's reply means.
fn refused(code: u8, Aim { described, is_named }: Aim) -> EngineFailure {
    let unsupported = SocketError::UnsupportedSocketOperation;
    let (kind, reason) = match code {
        1 => (SocketError::Network, format!("the proxy failed to {described}")),
        2 => {
            let reason = format!("the proxy does not allow this host to {described}");
            (SocketError::SocketAccess, reason)
        }
        3 => (SocketError::Network, "the proxy found no route to the peer's network".to_owned()),
        4 => (SocketError::HostNotFound, "the proxy found no route to the peer".to_owned()),
        5 => {
            let reason = "the peer refused the proxy's connection".to_owned();
            (SocketError::ConnectionRefused, reason)
        }
        6 => {
            let reason = "the proxy's connection to the peer took too many hops".to_owned();
            (SocketError::Network, reason)
        }
        7 => (unsupported, format!("the proxy does not know the command to {described}")),
        8 => (unsupported, "the proxy does not know this kind of address".to_owned()),
        _ => (SocketError::Unknown, format!("the proxy refused to {described}")),
    };
    // As in Qt: a proxy that looks names up has no code for a name without an address.
    let kind = if is_named && matches!(code, 1 | 2) { SocketError::HostNotFound } else { kind };
    EngineFailure::new(kind, format!("{reason} (SOCKS5 reply {code})"))
}

/// Returns the failure that an answer which is not SOCKS5 means.
pub(super) fn wrong(reason: &str) -> EngineFailure {
    EngineFailure::new(SocketError::ProxyProtocol, reason)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a reply means: the address, what belongs to the reply, or the text of the failure.
    fn meaning(bytes: &[u8]) -> Result<Option<(Address, usize)>, String> {
        let aim = Aim { described: "listen", is_named: false };
        parse_reply(bytes, aim).map_err(|failure| failure.to_string())
    }

    proptest! {
        #[test]
        fn a_reply_means_the_same_as_soon_as_enough_has_come(
            head in prop::sample::select(vec![
                vec![5, 0, 0, 1], vec![5, 0, 0, 3], vec![5, 0, 0, 4], vec![5, 2], vec![5, 0, 1],
                vec![4], vec![],
            ]),
            rest in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let bytes = [head, rest].concat();
            let mut meanings = (0..=bytes.len()).map(|cut| meaning(&bytes[..cut]));
            let first = meanings.find(|it| *it != Ok(None));
            prop_assert_eq!(first.unwrap_or(Ok(None)), meaning(&bytes));
            // The longest reply has a name of 255 bytes.
            prop_assert!(bytes.len() < 262 || meaning(&bytes) != Ok(None));
        }
    }
}
