//! Datagrams between simulated hosts: they may be lost, duplicated or reordered, but each arrives
//! whole or not at all.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use rustix::io::Errno;

use super::host::{
    BROADCAST, ETHERNET_INDEX, LOOPBACK_BROADCAST, LOOPBACK_INDEX, SimHost, interface_towards,
    is_interface, is_link_local,
};
use super::link::Route;
use super::socket::{Role, Socket, SocketKey};
use super::tcp::check_way;
use super::wire::{Event, Wire, happens};
use crate::net::{Membership, Received, SocketType, at_interface, scope_id};

/// The headers of IP and UDP, in bytes.
const HEADERS: usize = 28;

/// The largest size of a datagram in bytes, by IPv4 and by IPv6.
const MOST: [usize; 2] = [65_507, 65_527];

/// How many bytes of the receive buffer a datagram takes besides its own.
const OVERHEAD: usize = 256;

/// The default hop limit of a unicast datagram.
const HOPS: u8 = 64;

/// The state of a UDP socket.
#[derive(Debug, Default)]
pub(in crate::sim) struct Datagrams {
    /// The datagrams that wait to be received.
    pub(in crate::sim) waiting: VecDeque<Arrived>,
    /// How many bytes of the receive buffer the waiting datagrams take.
    taken: usize,
    /// The peer, if the socket is connected.
    pub(in crate::sim) remote: Option<SocketAddr>,
    /// The groups that the socket has joined, each with the interface.
    groups: Vec<(IpAddr, u32)>,
    /// The interface by which the socket sends to groups, if it was set.
    pub(in crate::sim) interface: Option<u32>,
}

/// A datagram that waits to be received.
#[derive(Debug)]
pub(in crate::sim) struct Arrived {
    bytes: Rc<[u8]>,
    sender: SocketAddr,
    destination: IpAddr,
    interface: u32,
    hops: u8,
}

impl Arrived {
    pub(in crate::sim) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// A datagram on its way.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Datagram {
    from: SocketKey,
    from_host: SimHost,
    to_host: SimHost,
    sender: SocketAddr,
    destination: SocketAddr,
    interface: u32,
    hops: u8,
    bytes: Rc<[u8]>,
}

/// What the sending program has set for a datagram: the source address, the interface and the hop
/// limit.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::sim) struct Way {
    pub(in crate::sim) source: Option<IpAddr>,
    pub(in crate::sim) interface: Option<u32>,
    pub(in crate::sim) hops: Option<u8>,
}

/// Calls of programs.
impl Wire {
    /// Connects the socket to one peer.
    pub(in crate::sim) fn connect_datagrams(
        &mut self,
        key: SocketKey,
        to: SocketAddr,
    ) -> Result<(), Errno> {
        let to = self.connectable(key, to)?;
        self.settle_to_send(key, to)?;
        if let Some(datagrams) = self.sockets[key].datagrams() {
            datagrams.remote = Some(to);
        }
        Ok(())
    }

    /// Sends a datagram, to the peer if `to` is `None`.
    pub(in crate::sim) fn send_datagram(
        &mut self,
        key: SocketKey,
        bytes: &[u8],
        to: Option<SocketAddr>,
        way: Way,
    ) -> Result<usize, Errno> {
        let socket = &mut self.sockets[key];
        if let Some(error) = socket.error.take() {
            return Err(error);
        }
        let host = socket.host;
        let remote = socket.datagrams().ok_or(Errno::INVAL)?.remote;
        let given = to.or(remote).ok_or(Errno::DESTADDRREQ)?;
        let to = self.reachable(key, given)?;
        if to.port() == 0 {
            return Err(Errno::INVAL);
        }
        let way = self.sockets[key].way_towards(given, way)?;
        if bytes.len() > MOST[usize::from(to.is_ipv6())] {
            return Err(Errno::MSGSIZE);
        }
        let sender = self.sender_of(key, to, way)?;
        let (interface, receivers) = self.receivers(key, to, way)?;
        let options = &self.sockets[key].options;
        let hops = way.hops.unwrap_or(match to.ip().is_multicast() {
            true => options.multicast_ttl,
            false => HOPS,
        });
        let datagram = Datagram {
            from: key,
            from_host: host,
            to_host: host,
            sender,
            destination: to,
            interface,
            hops,
            bytes: bytes.into(),
        };
        for to_host in receivers {
            self.dispatch(Datagram { to_host, ..datagram.clone() });
        }
        Ok(bytes.len())
    }

    /// Returns the address from which a datagram is sent. Binds the socket to a port if it has
    /// none.
    fn sender_of(&mut self, key: SocketKey, to: SocketAddr, way: Way) -> Result<SocketAddr, Errno> {
        let socket = &self.sockets[key];
        let (host, kind) = (socket.host, socket.kind);
        let local = match socket.local {
            Some(local) => local,
            None => {
                let port = self.any_port(host, kind).ok_or(Errno::ADDRNOTAVAIL)?;
                let any = SocketAddr::new(self.sockets[key].unspecified(), port);
                self.settle(key, any);
                any
            }
        };
        let source = way.source.map(|source| source.to_canonical());
        let address = match source.filter(|source| !source.is_unspecified()) {
            Some(source) if source.is_ipv4() != to.is_ipv4() => return Err(Errno::ADDRNOTAVAIL),
            Some(source) if !self.host(host).has(source) => return Err(Errno::INVAL),
            Some(source) if is_link_local(source) && way.interface != Some(ETHERNET_INDEX) => {
                return Err(Errno::INVAL);
            }
            Some(source) => source,
            None if !local.ip().is_unspecified() => local.ip(),
            None => self.host(host).source_towards(to.ip())?,
        };
        Ok(SocketAddr::new(address, local.port()))
    }

    /// Returns the interface by which a datagram is sent, and the hosts that receive it.
    fn receivers(
        &self,
        key: SocketKey,
        to: SocketAddr,
        way: Way,
    ) -> Result<(u32, Vec<SimHost>), Errno> {
        let socket = &self.sockets[key];
        let all = || (0..self.hosts.len()).map(|number| SimHost(number as u16));
        if to.ip() == LOOPBACK_BROADCAST {
            return Ok((LOOPBACK_INDEX, vec![socket.host]));
        }
        if is_broadcast(to.ip()) {
            return Ok((ETHERNET_INDEX, all().collect()));
        }
        if to.ip().is_multicast() {
            let interface = way.interface.or(socket.interface_for_groups());
            check_way(to.ip(), interface)?;
            let interface = interface.unwrap_or(ETHERNET_INDEX);
            let leaves =
                interface != LOOPBACK_INDEX && way.hops.unwrap_or(socket.options.multicast_ttl) > 0;
            let returns = socket.options.multicast_loopback;
            let hosts = all().filter(|&host| match host == socket.host {
                true => returns,
                false => leaves,
            });
            return Ok((interface, hosts.collect()));
        }
        check_way(to.ip(), way.interface)?;
        let Some(receiver) = self.owner(socket.host, to.ip()) else {
            // The datagram is sent, and no host receives it.
            return Ok((ETHERNET_INDEX, Vec::new()));
        };
        match self.route(socket.host, receiver) {
            Route::Unreachable => Err(Errno::NETUNREACH),
            Route::Prohibited => Err(Errno::ACCESS),
            Route::Open | Route::Cut => Ok((interface_towards(to.ip()), vec![receiver])),
        }
    }

    /// Sends a datagram to one host: once, twice or, if it is lost, not at all.
    fn dispatch(&mut self, datagram: Datagram) {
        let (from, to, size) = (datagram.from_host, datagram.to_host, datagram.bytes.len());
        let (duplication, loss, mtu) = {
            let link = self.link(from, to);
            (link.duplication(), link.loss(), link.mtu())
        };
        let copies = 1 + usize::from(happens(&mut self.rng, duplication));
        let more_fragments = (size + HEADERS).div_ceil(mtu) - 1;
        for _ in 0..copies {
            let is_whole = (0..more_fragments).all(|_| !happens(&mut self.rng, loss));
            let delay = self.convey(from, to, size + HEADERS).filter(|_| is_whole);
            if let Some(delay) = delay {
                self.agenda.write(delay, Event::Datagram(Box::new(datagram.clone())));
            }
        }
    }

    /// Takes the next datagram. Bytes that do not fit into `buffer` are lost.
    pub(in crate::sim) fn receive_datagram(
        &mut self,
        key: SocketKey,
        buffer: &mut [u8],
    ) -> Result<Received, Errno> {
        let socket = &mut self.sockets[key];
        if let Some(error) = socket.error.take() {
            return Err(error);
        }
        let datagrams = socket.datagrams().ok_or(Errno::INVAL)?;
        let arrived = datagrams.waiting.pop_front().ok_or(Errno::AGAIN)?;
        datagrams.taken -= arrived.len() + OVERHEAD;
        if datagrams.waiting.is_empty() {
            datagrams.waiting = VecDeque::new();
        }
        let count = arrived.len().min(buffer.len());
        buffer[..count].copy_from_slice(&arrived.bytes[..count]);
        let (sender, to) = (arrived.sender, arrived.destination);
        let reply_from = match to.is_multicast() || is_broadcast(to) {
            true if to.is_ipv6() => None,
            true => self.host(self.sockets[key].host).source_towards(sender.ip()).ok(),
            false => Some(to),
        };
        Ok(Received {
            count,
            is_truncated: count < arrived.len(),
            sender: at_interface(sender.ip(), sender.port(), arrived.interface).into(),
            destination: Some(to),
            reply_from,
            interface_index: Some(arrived.interface),
            hop_limit: Some(arrived.hops),
        })
    }

    /// Copies the next datagram without taking it.
    pub(in crate::sim) fn peek_datagram(
        &mut self,
        key: SocketKey,
        buffer: &mut [u8],
    ) -> Result<usize, Errno> {
        let socket = &mut self.sockets[key];
        if let Some(error) = socket.error.take() {
            return Err(error);
        }
        let datagrams = socket.datagrams().ok_or(Errno::INVAL)?;
        let next = datagrams.waiting.front().ok_or(Errno::AGAIN)?;
        let count = next.len().min(buffer.len());
        buffer[..count].copy_from_slice(&next.bytes[..count]);
        Ok(count)
    }

    /// Joins or leaves a group.
    pub(in crate::sim) fn set_member(
        &mut self,
        key: SocketKey,
        group: IpAddr,
        interface: Option<u32>,
        membership: Membership,
    ) -> io::Result<()> {
        let socket = &mut self.sockets[key];
        if group.is_ipv6() != socket.is_v6 {
            let reason = "the group is not of the socket's family";
            return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
        }
        if !group.is_multicast() {
            return Err(Errno::INVAL.into());
        }
        let datagrams = socket.datagrams().ok_or(Errno::INVAL)?;
        let member = (group, interface.unwrap_or(ETHERNET_INDEX));
        match (datagrams.groups.iter().position(|&joined| joined == member), membership) {
            (Some(_), Membership::Join) => return Err(Errno::ADDRINUSE.into()),
            (None, Membership::Join) => datagrams.groups.push(member),
            (Some(place), Membership::Leave) => drop(datagrams.groups.remove(place)),
            (None, Membership::Leave) => return Err(Errno::ADDRNOTAVAIL.into()),
        }
        Ok(())
    }
}

/// Datagrams that arrive.
impl Wire {
    pub(super) fn on_datagram(&mut self, datagram: Datagram) {
        let (host, to) = (datagram.to_host, datagram.destination);
        if !self.host(host).is_up || self.host(host).black_holes.contains(&to.port()) {
            return;
        }
        let holders = self.ports.holders(host, SocketType::Udp, to.port()).to_vec();
        if is_broadcast(to.ip()) || to.ip().is_multicast() {
            let is_wanted = is_broadcast(to.ip()) || self.is_member(host, &datagram);
            for key in holders.into_iter().filter(|_| is_wanted) {
                if self.sockets[key].takes_shared(&datagram) {
                    self.deliver(key, &datagram);
                }
            }
            return;
        }
        let fitting = holders.into_iter().filter_map(|key| {
            let fit = self.sockets[key].takes(&datagram)?;
            Some((fit, key))
        });
        match self.best_of(fitting, Some(datagram.sender)) {
            Some(key) => self.deliver(key, &datagram),
            None => self.refuse(&datagram),
        }
    }

    /// Returns true if a socket of the host is a member of the datagram's group.
    fn is_member(&self, host: SimHost, datagram: &Datagram) -> bool {
        let group = (datagram.destination.ip(), datagram.interface);
        self.sockets.values().any(|socket| {
            let Role::Datagrams(datagrams) = &socket.role else { return false };
            socket.host == host && datagrams.groups.contains(&group)
        })
    }

    fn deliver(&mut self, key: SocketKey, datagram: &Datagram) {
        let socket = &mut self.sockets[key];
        let room = socket.options.receive_buffer;
        let Some(datagrams) = socket.datagrams() else { return };
        let size = datagram.bytes.len() + OVERHEAD;
        // An empty buffer takes a datagram of any size.
        if datagrams.taken > 0 && datagrams.taken + size > room {
            return;
        }
        datagrams.taken += size;
        datagrams.waiting.push_back(Arrived {
            bytes: datagram.bytes.clone(),
            sender: datagram.sender,
            destination: datagram.destination.ip(),
            interface: datagram.interface,
            hops: datagram.hops,
        });
        self.stir(key);
    }

    /// Reports to the sender that no socket has the port.
    fn refuse(&mut self, datagram: &Datagram) {
        if let Some(delay) = self.convey(datagram.to_host, datagram.from_host, HEADERS) {
            self.agenda.write(delay, Event::Refused(datagram.from, datagram.destination));
        }
    }

    /// Handles a refused datagram. Only a socket that is connected to the refusing address gets the
    /// error.
    pub(super) fn on_refused(&mut self, key: SocketKey, by: SocketAddr) {
        let Some(socket) = self.sockets.get_mut(key) else { return };
        if socket.datagrams().is_some_and(|datagrams| datagrams.remote == Some(by)) {
            socket.error = Some(Errno::CONNREFUSED);
            self.stir(key);
        }
    }
}

impl Socket {
    /// Returns how well a datagram to this host fits the socket; `None` if it does not.
    fn takes(&self, datagram: &Datagram) -> Option<u8> {
        let Role::Datagrams(datagrams) = &self.role else { return None };
        let fit = self.fits(datagram.destination.ip(), datagram.interface)?;
        match datagrams.remote {
            None => Some(fit),
            Some(remote) => (remote == datagram.sender).then_some(fit + 2),
        }
    }

    /// Returns true if the socket receives a multicast or broadcast datagram.
    fn takes_shared(&self, datagram: &Datagram) -> bool {
        let Role::Datagrams(datagrams) = &self.role else { return false };
        let from_others = datagrams.remote.is_some_and(|remote| remote != datagram.sender);
        !from_others && self.fits(datagram.destination.ip(), datagram.interface).is_some()
    }

    /// Returns the interface by which the socket sends to groups, if it was set.
    pub(in crate::sim) fn interface_for_groups(&self) -> Option<u32> {
        match &self.role {
            Role::Datagrams(datagrams) => datagrams.interface,
            _ => None,
        }
    }

    /// Adds the interface that the scope of `to` or the socket determines to the sender's settings.
    /// Fails if they do not agree.
    fn way_towards(&self, to: SocketAddr, way: Way) -> Result<Way, Errno> {
        if !to.ip().to_canonical().is_ipv6() {
            return Ok(way);
        }
        let scope = Some(scope_id(to)).filter(|&scope| scope != 0 && is_link_local(to.ip()));
        match (scope.or(self.interface), way.interface) {
            (Some(one), Some(other)) if one != other => Err(Errno::INVAL),
            (_, Some(index)) if !is_interface(index) => Err(Errno::NODEV),
            (known, said) => Ok(Way { interface: said.or(known), ..way }),
        }
    }
}

fn is_broadcast(address: IpAddr) -> bool {
    [BROADCAST, LOOPBACK_BROADCAST, Ipv4Addr::BROADCAST].iter().any(|all| address == *all)
}
