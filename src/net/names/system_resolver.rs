//! The system's resolver, the machine's name and domain, and the limit of descriptors.

use std::fs;
use std::io;
use std::net::SocketAddr;

use dns_lookup::{AddrInfoHints, LookupErrorKind, SockType};
use rustix::process::{Resource, getrlimit};

use super::host_name::HostName;
use super::lookup::LookupFailure;

/// Looks up a name with the system's resolver, and blocks until the answer has come. Returns each
/// address once, with port 0.
pub(super) fn look_up(name: &HostName) -> Result<Vec<SocketAddr>, LookupFailure> {
    let name = name.as_str();
    // With one kind of socket. Otherwise each address comes once for each kind.
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    let found = dns_lookup::getaddrinfo(Some(name), None, Some(hints)).map_err(|error| {
        let kind = match error.kind() {
            LookupErrorKind::NoName | LookupErrorKind::NoData | LookupErrorKind::Fail => {
                io::ErrorKind::NotFound
            }
            _ => io::ErrorKind::Other,
        };
        failure(name, kind, &error)
    })?;
    let mut addresses: Vec<SocketAddr> = Vec::new();
    // Addresses of a family that std does not have are left out.
    for mut address in found.flatten().map(|info| info.sockaddr) {
        let canonical = address.ip().to_canonical();
        if canonical != address.ip() {
            address = SocketAddr::new(canonical, 0);
        }
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    match addresses.is_empty() {
        true => Err(failure(name, io::ErrorKind::NotFound, &"it has no address")),
        false => Ok(addresses),
    }
}

fn failure(name: &str, kind: io::ErrorKind, reason: &dyn std::fmt::Display) -> LookupFailure {
    LookupFailure { kind, reason: format!("cannot look up {name:?}: {reason}").into() }
}

/// Returns how many descriptors this process may open.
pub(super) fn most_descriptors() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Returns the name of this machine; empty if the system fails.
pub(super) fn host_name() -> String {
    dns_lookup::get_hostname().unwrap_or_default()
}

/// Returns the domain of this machine; empty if it has none.
pub(super) fn domain_name() -> String {
    let configured = fs::read("/etc/resolv.conf").unwrap_or_default();
    configured_domain(&configured)
        .or_else(|| Some(host_name().split_once('.')?.1.to_owned()))
        .unwrap_or_default()
}

/// Returns the domain in a `resolv.conf`: the last line with `domain` or `search` counts
/// (resolv.conf(5)). Comments may be in any encoding.
pub(in crate::net) fn configured_domain(configuration: &[u8]) -> Option<String> {
    let domain = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        match words.next()? {
            "domain" | "search" => words.next().map(str::to_owned),
            _ => None,
        }
    };
    String::from_utf8_lossy(configuration).lines().filter_map(domain).next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_domain_or_search_line_names_the_domain() {
        let domain = |configuration: &str| configured_domain(configuration.as_bytes());
        assert_eq!(domain("nameserver 192.0.2.1\n"), None);
        assert_eq!(domain("domain example.org\n").as_deref(), Some("example.org"));
        assert_eq!(domain("search a.test b.test\n").as_deref(), Some("a.test"));
        assert_eq!(domain("domain a.test\n\tsearch b.test c.test").as_deref(), Some("b.test"));
        assert_eq!(domain("# domain a.test\nsearch\n"), None);
    }

    #[test]
    fn a_comment_that_is_not_utf_8_hides_no_domain() {
        let configuration = b"# K\xf6ln\nsearch example.org\n";
        assert_eq!(configured_domain(configuration).as_deref(), Some("example.org"));
    }
}
