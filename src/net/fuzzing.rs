//! What the fuzzers in `fuzz/` have to reach, and users have not: the readers of what the system
//! says.

use std::net::IpAddr;

use super::interface::NetworkAddressEntry;
use super::names::{self, HostInfo, HostName};
use super::proxy;
pub use super::proxy::{Answers, Asked};
#[cfg(feature = "tls")]
pub use super::tls::{TlsDeed, tls_conversation};

/// The domain that the contents of a `resolv.conf` name.
pub fn configured_domain(configuration: &[u8]) -> Option<String> {
    names::configured_domain(configuration)
}

/// What is known of a host's name without asking anybody, on a host without interfaces, if anything
/// is.
pub fn known_at_once(name: &str) -> Option<HostInfo> {
    HostInfo::at_once(name, &|_| None)
}

/// The name that the system is asked for when this one is looked up, if it can be a name.
pub fn name_to_ask(name: &str) -> Option<String> {
    Some(HostName::parse(name).ok()?.as_str().to_owned())
}

/// An address of an interface, as the system tells of it.
pub fn address_entry(ip: IpAddr, netmask: Option<IpAddr>) -> NetworkAddressEntry {
    NetworkAddressEntry::new(ip, 0, netmask, None)
}

/// The steps of a conversation with a SOCKS5 proxy that is asked for this and says that, and what
/// follows them. Nothing follows if the connection is given up.
pub fn socks5_conversation(asked: Asked, answers: Answers<'_>) -> (Vec<String>, Vec<u8>) {
    proxy::socks5_conversation(asked, answers)
}

/// The same with an HTTP proxy, which is asked for a connection.
#[cfg(feature = "http-proxy")]
pub fn http_conversation(answers: Answers<'_>) -> (Vec<String>, Vec<u8>) {
    proxy::http_conversation(answers)
}
