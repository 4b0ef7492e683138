//! Hosts: the machines of a simulated network.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustix::io::Errno;

use crate::net::{
    InterfaceFlags, InterfaceType, NetworkAddressEntry, NetworkInterface, needs_scope,
};

/// Identifies a host of a simulated network. Valid for this network alone: another network panics,
/// or uses its own host with the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimHost(pub(in crate::sim) u16);

/// The index of each host's loopback interface.
pub(super) const LOOPBACK_INDEX: u32 = 1;

/// The index of each host's interface to the other hosts.
pub(in crate::sim) const ETHERNET_INDEX: u32 = 2;

/// A broadcast address to all hosts, besides 255.255.255.255.
pub(super) const BROADCAST: Ipv4Addr = Ipv4Addr::new(10, 0, 255, 255);

/// A broadcast address to the host's own sockets.
pub(super) const LOOPBACK_BROADCAST: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 255);

/// The ports from which the host chooses if a program binds to port 0, as on Linux.
const ANY_PORT: std::ops::RangeInclusive<u16> = 32_768..=60_999;

/// A host of the network.
#[derive(Debug)]
pub(in crate::sim) struct Host {
    pub(in crate::sim) name: String,
    /// The addresses of `eth0`, with a link-local one among them.
    pub(in crate::sim) addresses: Vec<IpAddr>,
    pub(in crate::sim) is_up: bool,
    /// How often the host went down.
    pub(in crate::sim) crashes: u32,
    /// The ports whose packets are dropped.
    pub(in crate::sim) black_holes: BTreeSet<u16>,
    /// How many descriptors the host's programs may have open.
    pub(in crate::sim) descriptor_limit: Option<usize>,
    pub(in crate::sim) descriptors: usize,
    next_port: u16,
}

impl Host {
    /// Creates the host with this number. The first has the addresses 10.0.0.1, fd00::1 and
    /// fe80::1.
    pub(in crate::sim) fn new(number: u16, name: &str) -> Self {
        let v4 = Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 1).to_bits() + u32::from(number));
        let v6 = |prefix| {
            let first = Ipv6Addr::new(prefix, 0, 0, 0, 0, 0, 0, 1).to_bits();
            Ipv6Addr::from_bits(first + u128::from(number))
        };
        Self {
            name: name.to_owned(),
            addresses: vec![v4.into(), v6(0xfd00).into(), v6(0xfe80).into()],
            is_up: true,
            crashes: 0,
            black_holes: BTreeSet::new(),
            descriptor_limit: None,
            descriptors: 0,
            next_port: *ANY_PORT.start(),
        }
    }

    /// Returns true if the address is one of the host's.
    pub(super) fn has(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.addresses.contains(&address)
    }

    /// Returns the address from which packets to `destination` are sent. Fails if there is no
    /// route.
    pub(super) fn source_towards(&self, destination: IpAddr) -> Result<IpAddr, Errno> {
        match destination {
            IpAddr::V4(to) if to.is_loopback() => return Ok(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(to) if to.is_loopback() => return Ok(Ipv6Addr::LOCALHOST.into()),
            own if self.addresses.contains(&own) => return Ok(own),
            _ => {}
        }
        let own = self.addresses.iter().filter(|own| own.is_ipv4() == destination.is_ipv4());
        // An address of the same scope is preferred (RFC 6724, section 5, rule 2).
        let own = own.min_by_key(|own| is_link_local(**own) != is_link_local(destination));
        own.copied().ok_or(Errno::NETUNREACH)
    }

    /// Returns the addresses without the link-local ones.
    pub(in crate::sim) fn global_addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.addresses.iter().copied().filter(|own| !is_link_local(*own))
    }

    /// Returns the first link-local address.
    pub(in crate::sim) fn link_local_address(&self) -> Option<IpAddr> {
        self.addresses.iter().copied().find(|own| is_link_local(*own))
    }

    /// Returns the next port that the host may choose.
    pub(super) fn next_port(&mut self) -> u16 {
        let port = self.next_port;
        self.next_port = if port == *ANY_PORT.end() { *ANY_PORT.start() } else { port + 1 };
        port
    }

    /// Returns how many ports the host may choose from.
    pub(super) fn any_ports() -> usize {
        ANY_PORT.len()
    }

    /// Takes a descriptor for a program of the host. Fails at the limit.
    pub(in crate::sim) fn take_descriptor(&mut self) -> Result<(), Errno> {
        if self.descriptor_limit.is_some_and(|limit| self.descriptors >= limit) {
            return Err(Errno::MFILE);
        }
        self.descriptors += 1;
        Ok(())
    }

    /// Returns the host's interfaces: `lo` and `eth0`.
    pub(in crate::sim) fn interfaces(&self) -> Vec<NetworkInterface> {
        let running = InterfaceFlags::UP | InterfaceFlags::RUNNING;
        let v4 = [255, 0, 0, 0].into();
        let loopback = [
            NetworkAddressEntry::new(Ipv4Addr::LOCALHOST.into(), 0, Some(v4), None),
            NetworkAddressEntry::new(Ipv6Addr::LOCALHOST.into(), 0, Some([255; 16].into()), None),
        ];
        let ethernet = self.addresses.iter().map(|&own| match own {
            IpAddr::V4(_) => {
                let (mask, broadcast) = ([255, 255, 0, 0].into(), BROADCAST.into());
                NetworkAddressEntry::new(own, 0, Some(mask), Some(broadcast))
            }
            IpAddr::V6(_) => {
                let mask = Ipv6Addr::from_bits(u128::MAX << 64);
                let scope_id = if is_link_local(own) { ETHERNET_INDEX } else { 0 };
                NetworkAddressEntry::new(own, scope_id, Some(mask.into()), None)
            }
        });
        vec![
            NetworkInterface {
                index: LOOPBACK_INDEX,
                name: "lo".to_owned(),
                flags: running | InterfaceFlags::LOOPBACK,
                kind: InterfaceType::Loopback,
                hardware_address: None,
                mtu: Some(65_536),
                entries: loopback.to_vec(),
            },
            NetworkInterface {
                index: ETHERNET_INDEX,
                name: "eth0".to_owned(),
                flags: running | InterfaceFlags::BROADCAST | InterfaceFlags::MULTICAST,
                kind: InterfaceType::Ethernet,
                hardware_address: None,
                mtu: Some(1500),
                entries: ethernet.collect(),
            },
        ]
    }
}

/// Returns true if the address is valid on one link only.
pub(super) fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if needs_scope(address))
}

/// Returns true if each host has an interface with this index.
pub(super) fn is_interface(index: u32) -> bool {
    matches!(index, LOOPBACK_INDEX | ETHERNET_INDEX)
}

/// Returns the interface by which a host reaches an address. As on Linux, this is `eth0` also for
/// the host's own addresses of `eth0`.
pub(super) fn interface_towards(address: IpAddr) -> u32 {
    if address.is_loopback() { LOOPBACK_INDEX } else { ETHERNET_INDEX }
}
