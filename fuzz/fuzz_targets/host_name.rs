//! What is known of a host's name before anybody is asked.
//!
//! A literal address is its own answer, an IPv4 address in IPv6's clothes the IPv4 address that it
//! is, and a link-local address keeps its scope, which only such an address has; what cannot be a
//! name is refused, and says why; all others are left to the resolver. A name in ASCII is asked for
//! as it is, unless it means `localhost`, and one beyond ASCII in its ASCII form.

#![no_main]

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use libfuzzer_sys::fuzz_target;
use slotwire::HostInfoError;
use slotwire::net::fuzzing::{known_at_once, name_to_ask};

/// The longest name that the domain name system knows.
const MAX_NAME: usize = 255;

fuzz_target!(|name: &str| {
    let to_ask = name_to_ask(name);
    if let Some(to_ask) = &to_ask {
        assert!(!to_ask.is_empty() && to_ask.len() <= MAX_NAME && !to_ask.contains('\0'));
        assert!(to_ask.is_ascii() || name.contains('%'), "{to_ask:?}");
        assert_eq!(name_to_ask(to_ask).as_ref(), Some(to_ask));
    }
    if name.is_ascii() {
        let can_be = !name.is_empty() && name.len() <= MAX_NAME && !name.contains('\0');
        let is_local = name.trim_end_matches('.').to_ascii_lowercase().ends_with("localhost");
        match to_ask.as_deref() {
            Some("localhost") => assert!(can_be && is_local),
            to_ask => assert_eq!(to_ask, can_be.then_some(name)),
        }
    }
    let literal = to_ask.as_deref().and_then(literal);
    let Some(info) = known_at_once(name) else {
        assert!(to_ask.is_some() && literal.is_none());
        return;
    };
    assert_eq!(info.host_name(), name);
    assert_eq!(info.lookup_id(), None);
    match literal {
        Some((address, scope_id)) => {
            assert_eq!(info.addresses(), [address.to_canonical()]);
            let scopes = info.socket_addrs(80).map(|address| match address {
                SocketAddr::V4(_) => 0,
                SocketAddr::V6(v6) => v6.scope_id(),
            });
            let is_link_local = matches!(address, IpAddr::V6(v6) if needs_scope(v6));
            assert_eq!(scopes.collect::<Vec<_>>(), [if is_link_local { scope_id } else { 0 }]);
            assert_eq!((info.error(), info.error_string()), (None, ""));
        }
        None => {
            assert!(to_ask.is_none() && info.addresses().is_empty());
            assert_eq!(info.error(), Some(HostInfoError::HostNotFound));
            assert!(info.error_string().len() < 100, "it does not repeat the name");
        }
    }
});

/// The address that a text is, and its scope id, as the standard library reads it.
fn literal(text: &str) -> Option<(IpAddr, u32)> {
    let without_scope = || Some((text.parse().ok()?, 0));
    let with_scope = || format!("[{text}]:0").parse::<SocketAddrV6>().ok();
    without_scope().or_else(|| with_scope().map(|v6| ((*v6.ip()).into(), v6.scope_id())))
}

/// Link-local addresses, and groups of one interface or link.
fn needs_scope(ip: Ipv6Addr) -> bool {
    ip.is_unicast_link_local() || ip.is_multicast() && matches!(ip.octets()[1] & 0xf, 1 | 2)
}
