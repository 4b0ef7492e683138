//! `Exceptions`: the peers that are reached without a proxy, as `NO_PROXY` lists them.

use std::net::IpAddr;

use super::proxy_url::{may_be_in_a_name, split_port};
use crate::net::names::HostName;

/// The peers that are reached without a proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Exceptions(Vec<Exception>);

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Exception {
    hosts: Hosts,
    /// `None` means every port.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    All,
    /// The host of this name, and all below it. In lower case, without dots at its ends.
    Domain(String),
    /// The addresses that begin with so many bits of this one.
    Network(IpAddr, u32),
}

/// A peer, in the forms in which entries name it.
enum Peer {
    /// In lower case, without a dot at its end.
    Name(String),
    Address(IpAddr),
}

impl Exceptions {
    /// Parses a list, whose entries have commas or spaces between them. Fails with the first entry
    /// that is not valid.
    pub(super) fn parse(list: &str) -> Result<Self, &str> {
        let entries = list.split(|letter: char| letter == ',' || letter.is_ascii_whitespace());
        let entries = entries.filter(|entry| !entry.is_empty());
        entries
            .map(|entry| Exception::parse(entry).ok_or(entry))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Returns true if a peer is reached without a proxy. The host is a name or an address.
    pub(super) fn has(&self, host: &str, port: u16) -> bool {
        let peer = Peer::of(host);
        self.0
            .iter()
            .any(|entry| entry.port.is_none_or(|only| only == port) && entry.hosts.has(&peer))
    }
}

impl Exception {
    fn parse(entry: &str) -> Option<Self> {
        if entry == "*" {
            return Some(Self { hosts: Hosts::All, port: None });
        }
        if let Some((address, bits)) = entry.split_once('/') {
            return Some(Self { hosts: network(address, bits)?, port: None });
        }
        // An address of IPv6 without a port may have no brackets.
        let (host, port) = match entry.parse::<IpAddr>() {
            Ok(_) => (entry, None),
            Err(_) => split_port(entry).ok()?,
        };
        let hosts = match in_brackets(host).parse::<IpAddr>() {
            Ok(address) => Hosts::Network(address.to_canonical(), bits_of(address.to_canonical())),
            Err(_) => Hosts::Domain(domain(host)?),
        };
        Some(Self { hosts, port })
    }
}

impl Hosts {
    fn has(&self, peer: &Peer) -> bool {
        match (self, peer) {
            (Self::All, _) => true,
            (Self::Domain(domain), Peer::Name(name)) => {
                let below = name.strip_suffix(domain.as_str());
                below.is_some_and(|labels| labels.is_empty() || labels.ends_with('.'))
            }
            (Self::Network(network, bits), Peer::Address(address)) => {
                is_in_network(*address, *network, *bits)
            }
            _ => false,
        }
    }
}

impl Peer {
    fn of(host: &str) -> Self {
        // The interface of a link-local address does not matter here.
        let host = host.split('%').next().unwrap_or_default();
        if let Some(address) = HostName::literal_of(host, &|_| None) {
            return Self::Address(address.ip().to_canonical());
        }
        let name = HostName::parse(host).map(|name| name.as_str().to_ascii_lowercase());
        let mut name = name.unwrap_or_default();
        if name.ends_with('.') {
            name.pop();
        }
        Self::Name(name)
    }
}

/// Parses a block of addresses.
fn network(address: &str, bits: &str) -> Option<Hosts> {
    let address = in_brackets(address).parse::<IpAddr>().ok()?;
    let is_number = bits.bytes().all(|byte| byte.is_ascii_digit());
    let bits = bits.parse().ok().filter(|&bits| is_number && bits <= bits_of(address))?;
    Some(match (address, address.to_canonical()) {
        // A block of IPv4 addresses in the form of IPv6.
        (IpAddr::V6(_), mapped @ IpAddr::V4(_)) if bits >= 96 => Hosts::Network(mapped, bits - 96),
        _ => Hosts::Network(address, bits),
    })
}

/// Parses a name for which a list may have `.example.com` or `*.example.com` too.
fn domain(text: &str) -> Option<String> {
    let text = text.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(text);
    let text = text.strip_prefix('.').unwrap_or(text);
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_empty() || !text.chars().all(may_be_in_a_name) {
        return None;
    }
    Some(HostName::parse(text).ok()?.as_str().to_ascii_lowercase())
}

fn in_brackets(text: &str) -> &str {
    text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text)
}

fn bits_of(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn is_in_network(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let differ = |one: u128, other: u128, size: u32| {
        (one ^ other).checked_shr(size - bits).is_some_and(|rest| rest != 0)
    };
    match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            !differ(one.to_bits().into(), other.to_bits().into(), 32)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => !differ(one.to_bits(), other.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(list: &str, within: &[&str], beyond: &[&str]) {
        let list = Exceptions::parse(list).unwrap();
        for (peers, expected) in [(within, true), (beyond, false)] {
            for &peer in peers {
                let (host, port) = peer.rsplit_once(' ').unwrap_or((peer, "80"));
                assert_eq!(list.has(host, port.parse().unwrap()), expected, "{peer}");
            }
        }
    }

    #[test]
    fn a_name_means_the_host_and_all_below_it() {
        for list in
            ["example.com", ".example.com", "*.example.com", "EXAMPLE.com.", "a,example.com"]
        {
            check(
                list,
                &["example.com", "www.example.com", "A.B.Example.COM."],
                &["notexample.com", "example.com.org", "com", "", "10.0.0.1"],
            );
        }
        check("intranet", &["intranet", "x.intranet"], &["intranets"]);
    }

    #[test]
    #[cfg(feature = "idn")]
    fn all_spellings_of_a_name_are_one() {
        check("bücher.test", &["xn--bcher-kva.test", "www.BÜCHER.test"], &["bucher.test"]);
    }

    #[test]
    fn an_asterisk_means_every_peer() {
        for list in ["*", "example.com,*", " * "] {
            check(list, &["example.org", "10.0.0.1", "::1", ""], &[]);
        }
        check("", &[], &["example.org", "10.0.0.1", ""]);
        check(" , ,", &[], &["example.org", ""]);
    }

    #[test]
    fn an_address_means_itself_and_a_block_all_that_begin_so() {
        check("10.1.2.3", &["10.1.2.3", "::ffff:10.1.2.3"], &["10.1.2.33", "110.1.2.3", "x"]);
        check("10.16.0.0/12", &["10.16.0.1", "10.31.255.255"], &["10.32.0.0", "10.15.255.255"]);
        check("10.9.9.9/8 ::1", &["10.0.0.0", "::1"], &["11.0.0.0", "::2"]);
        check("0.0.0.0/0", &["1.2.3.4"], &["::1", "name"]);
        check("::/0", &["2001:db8::1"], &["1.2.3.4", "name"]);
        check("2001:db8::/33", &["2001:db8:7fff::1"], &["2001:db8:8000::1", "::1"]);
        check("[fe80::1]", &["fe80::1", "fe80::1%eth0"], &["fe80::2"]);
        check("::ffff:10.0.0.0/104", &["10.1.1.1"], &["11.1.1.1"]);
        check("10.0.0.1/32", &["10.0.0.1"], &["10.0.0.0"]);
    }

    #[test]
    fn a_port_limits_an_entry() {
        check("example.com:8080", &["example.com 8080", "a.example.com 8080"], &["example.com 80"]);
        check("10.0.0.1:443", &["10.0.0.1 443"], &["10.0.0.1 80"]);
        check("[::1]:443", &["::1 443"], &["::1 80"]);
    }

    #[test]
    fn an_entry_that_is_not_valid_is_returned() {
        for entry in [
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "name/8",
            "192.168.*",
            "*x",
            "**",
            "a:0",
            "a:b",
            "a:99999",
            "http://h",
            "[::1",
            ".",
            "..",
            "a_b@c",
            "<local>",
        ] {
            let list = format!("ok.example, {entry},10.0.0.1");
            assert_eq!(Exceptions::parse(&list), Err(entry));
        }
    }
}
