//! Ports: which socket has which port, and which sockets may share one.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use rustix::io::Errno;
use smallvec::SmallVec;

use super::host::{BROADCAST, ETHERNET_INDEX, Host, SimHost, is_interface, is_link_local};
use super::socket::{Role, Socket, SocketKey};
use super::wire::Wire;
use crate::net::{SocketType, scope_id};

/// The sockets of all hosts, by port.
#[derive(Debug, Default)]
pub(super) struct Ports {
    taken: BTreeMap<(SimHost, bool, u16), Vec<SocketKey>>,
}

impl Ports {
    /// Returns the sockets that have a port, in the order in which they were bound.
    pub(super) fn holders(&self, host: SimHost, kind: SocketType, port: u16) -> &[SocketKey] {
        self.taken.get(&(host, is_tcp(kind), port)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn take(&mut self, key: SocketKey, socket: &Socket) {
        if let Some(local) = socket.local {
            let place = (socket.host, is_tcp(socket.kind), local.port());
            self.taken.entry(place).or_default().push(key);
        }
    }

    pub(super) fn give_back(&mut self, key: SocketKey, socket: &Socket) {
        let Some(local) = socket.local else { return };
        let place = (socket.host, is_tcp(socket.kind), local.port());
        if let Some(holders) = self.taken.get_mut(&place) {
            holders.retain(|&holder| holder != key);
            if holders.is_empty() {
                self.taken.remove(&place);
            }
        }
    }
}

fn is_tcp(kind: SocketType) -> bool {
    kind == SocketType::Tcp
}

impl Wire {
    /// Binds a socket to an address and a port. For port 0 the host chooses the port.
    pub(in crate::sim) fn bind(&mut self, key: SocketKey, at: SocketAddr) -> Result<(), Errno> {
        let socket = &self.sockets[key];
        let (host, kind) = (socket.host, socket.kind);
        if socket.local.is_some() || !matches!(socket.role, Role::Idle | Role::Datagrams(_)) {
            return Err(Errno::INVAL);
        }
        if at.is_ipv6() && !socket.is_v6 {
            return Err(Errno::AFNOSUPPORT);
        }
        if kind == SocketType::Tcp && at.is_ipv6() && at.ip().is_multicast() {
            return Err(Errno::INVAL);
        }
        let interface = interface_of(at)?;
        let at = SocketAddr::new(at.ip().to_canonical(), at.port());
        if !may_be_bound(self.host(host), kind, at.ip(), interface) {
            return Err(Errno::ADDRNOTAVAIL);
        }
        let port = match at.port() {
            0 => self.any_port(host, kind).ok_or(Errno::ADDRINUSE)?,
            port => port,
        };
        let at = SocketAddr::new(at.ip(), port);
        if self.is_in_use(key, at, interface) {
            return Err(Errno::ADDRINUSE);
        }
        self.sockets[key].interface = interface;
        self.settle(key, at);
        Ok(())
    }

    /// Sets the address of a socket.
    pub(super) fn settle(&mut self, key: SocketKey, at: SocketAddr) {
        let socket = &mut self.sockets[key];
        self.ports.give_back(key, socket);
        socket.local = Some(at);
        self.ports.take(key, socket);
    }

    /// Returns a port that no socket of the host has.
    pub(super) fn any_port(&mut self, host: SimHost, kind: SocketType) -> Option<u16> {
        (0..Host::any_ports()).find_map(|_| {
            let port = self.host_mut(host).next_port();
            self.ports.holders(host, kind, port).is_empty().then_some(port)
        })
    }

    /// Returns true if another socket has the address and does not share it with this socket.
    fn is_in_use(&self, key: SocketKey, at: SocketAddr, interface: Option<u32>) -> bool {
        let socket = &self.sockets[key];
        let holders = self.ports.holders(socket.host, socket.kind, at.port());
        holders.iter().filter(|&&holder| holder != key).any(|&holder| {
            let other = &self.sockets[holder];
            let listens = matches!(other.role, Role::Listener(_));
            overlap(socket, at.ip(), interface, other)
                && !(socket.shares && other.shares && !listens)
                && !(socket.spreads && other.spreads)
        })
    }

    /// Returns the socket that gets what comes from an address, of those that fit. Of equal fits it
    /// is the one that was bound last, or, if the sockets spread what arrives among them, always the
    /// same one for the same sender.
    pub(super) fn best_of(
        &self,
        fitting: impl Iterator<Item = (u8, SocketKey)>,
        from: Option<SocketAddr>,
    ) -> Option<SocketKey> {
        let fitting: SmallVec<[_; 8]> = fitting.collect();
        let best = fitting.iter().map(|&(fit, _)| fit).max()?;
        let equal = fitting.iter().filter(|(fit, _)| *fit == best).map(|&(_, key)| key);
        let last = equal.clone().next_back()?;
        let mut spread = equal.filter(|&key| self.sockets[key].spreads);
        match from {
            Some(from) if self.sockets[last].spreads => {
                let count = spread.clone().count();
                spread.nth(number_of(from) % count)
            }
            _ => Some(last),
        }
    }

    /// Returns true if another socket listens on the address of this one.
    pub(super) fn has_listener_beside(&self, key: SocketKey) -> bool {
        let socket = &self.sockets[key];
        let Some(local) = socket.local else { return false };
        let holders = self.ports.holders(socket.host, socket.kind, local.port());
        holders.iter().filter(|&&holder| holder != key).any(|&holder| {
            let other = &self.sockets[holder];
            matches!(other.role, Role::Listener(_))
                && !(socket.spreads && other.spreads)
                && overlap(socket, local.ip(), socket.interface, other)
        })
    }
}

/// Returns a number that is the same for the same address and port, and any other for another.
fn number_of(from: SocketAddr) -> usize {
    let address = match from.ip().to_canonical() {
        IpAddr::V4(v4) => u64::from(v4.to_bits()),
        IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64 ^ v6.to_bits() as u64,
    };
    // Multiplying carries each bit to higher ones.
    let mixed = (address << 16 ^ u64::from(from.port())).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 48) as usize
}

/// Returns true if `socket`, bound to the address `at` and the interface, would get packets that
/// `other` gets too.
fn overlap(socket: &Socket, at: IpAddr, interface: Option<u32>, other: &Socket) -> bool {
    if let (Some(own), Some(others)) = (interface, other.interface)
        && own != others
    {
        return false;
    }
    let Some(held) = other.local.map(|local| local.ip()) else { return false };
    match (at.is_unspecified(), held.is_unspecified()) {
        (false, false) => at == held,
        (true, false) => socket.speaks(held),
        (false, true) => other.speaks(at),
        (true, true) => {
            let both_speak = |address: IpAddr| socket.speaks(address) && other.speaks(address);
            both_speak(IpAddr::from([0; 4])) || both_speak(IpAddr::from([0; 16]))
        }
    }
}

/// Returns the interface that binding to an address also binds to: that of the scope of a
/// link-local address.
fn interface_of(at: SocketAddr) -> Result<Option<u32>, Errno> {
    match scope_id(at) {
        _ if !is_link_local(at.ip()) => Ok(None),
        0 => Err(Errno::INVAL),
        index if is_interface(index) => Ok(Some(index)),
        _ => Err(Errno::NODEV),
    }
}

/// Returns true if a socket can be bound to the address: one of the host's, at its interface if it
/// is link-local, or for a UDP socket a group's or a broadcast address.
fn may_be_bound(host: &Host, kind: SocketType, address: IpAddr, interface: Option<u32>) -> bool {
    let is_elsewhere = interface.is_some_and(|index| index != ETHERNET_INDEX);
    if is_elsewhere && !address.is_multicast() {
        return false;
    }
    let is_shared =
        address.is_multicast() || address == BROADCAST || address == Ipv4Addr::BROADCAST;
    address.is_unspecified() || host.has(address) || (kind == SocketType::Udp && is_shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_bound_once_and_not_after_it_has_begun_to_connect() {
        let mut wire = Wire::new(1);
        let host = SimHost(0);
        wire.hosts.push(Host::new(0, "host"));
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        for kind in [SocketType::Tcp, SocketType::Udp] {
            let socket = wire.open(host, kind, false).unwrap();
            assert_eq!(wire.bind(socket, at(7)), Ok(()));
            assert_eq!(wire.bind(socket, at(8)), Err(Errno::INVAL));
        }
        let calling = wire.open(host, SocketType::Tcp, false).unwrap();
        wire.connect_stream(calling, at(7)).unwrap();
        assert_eq!(wire.bind(calling, at(8)), Err(Errno::INVAL));
    }
}
