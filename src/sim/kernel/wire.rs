//! The wire: hosts, their sockets, and the packets between them.
//!
//! Every change is an [`Event`] on the agenda, and all random numbers come from one generator, so
//! one seed is one run. The effects of events on sockets are in `call.rs`, `parcel.rs` and
//! `datagram.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use fastrand::Rng;
use rustix::io::Errno;
use slotmap::SlotMap;

use super::agenda::Agenda;
use super::call::Call;
use super::datagram::Datagram;
use super::host::{Host, SimHost};
use super::link::{Link, Route};
use super::names::{Names, Question};
use super::parcel::Parcel;
use super::ports::Ports;
use super::socket::{Role, Socket, SocketKey};
use super::time_wait::TimeWaits;
use super::watcher::{Unrest, Watcher, WatcherKey};
use crate::net::SocketType;

/// An event on the agenda.
pub(in crate::sim) enum Event {
    /// A call arrives.
    Call(Call),
    /// A packet of a connection arrives.
    Parcel(Parcel),
    /// A lost packet of a connection is sent again.
    Again(Parcel),
    /// A lost call is repeated.
    CallAgain(Call),
    /// A call fails because no host has the address.
    NobodyThere(SocketKey),
    /// A keep-alive check of a connection is due.
    KeepAlive(SocketKey, u32),
    Datagram(Box<Datagram>),
    /// The report that a datagram to this address was refused arrives.
    Refused(SocketKey, SocketAddr),
    /// The name server answers.
    Answer(Question),
    /// A delayed report of readiness becomes available.
    Tell(SocketKey),
    /// The network's scheduled call with this number is due.
    Scheduled(u64),
}

impl Event {
    /// Returns true if the event calls a closure of a program, which may use the network.
    fn is_outside(&self) -> bool {
        matches!(self, Self::Answer(_) | Self::Scheduled(_))
    }
}

/// What the caller must do after an event, since a closure may use the network.
pub(in crate::sim) enum Outside {
    Nothing,
    Answer(Question),
    Scheduled(u64),
}

/// Returns true with this probability. What is impossible takes no random number.
pub(super) fn happens(rng: &mut Rng, probability: f64) -> bool {
    probability > 0.0 && rng.f64() < probability
}

/// The panic for a host number that the network does not have.
const STRANGER: &str = "the host is not of this network";

/// The state of a network.
pub(in crate::sim) struct Wire {
    pub(in crate::sim) agenda: Agenda<Event>,
    pub(super) rng: Rng,
    pub(in crate::sim) hosts: Vec<Host>,
    /// The host that has an address.
    pub(in crate::sim) owners: BTreeMap<IpAddr, SimHost>,
    pub(in crate::sim) sockets: SlotMap<SocketKey, Socket>,
    pub(super) ports: Ports,
    pub(super) time_waits: TimeWaits,
    pub(in crate::sim) watchers: SlotMap<WatcherKey, Watcher>,
    pub(in crate::sim) names: Names,
    pub(in crate::sim) unrest: Unrest,
    /// The default link between hosts, and the link from each host to itself.
    pub(in crate::sim) links: [Link; 2],
    /// The links that were set for pairs of hosts, by direction.
    pub(in crate::sim) own_links: BTreeMap<(SimHost, SimHost), Link>,
    /// The routes that were set, by direction.
    pub(in crate::sim) routes: BTreeMap<(SimHost, SimHost), Route>,
    /// Until when a link with a bandwidth is busy.
    busy: BTreeMap<(SimHost, SimHost), Duration>,
}

impl Wire {
    pub(in crate::sim) fn new(seed: u64) -> Self {
        Self {
            agenda: Agenda::new(),
            rng: Rng::with_seed(seed),
            hosts: Vec::new(),
            owners: BTreeMap::new(),
            sockets: SlotMap::with_key(),
            ports: Ports::default(),
            time_waits: TimeWaits::default(),
            watchers: SlotMap::with_key(),
            names: Names::default(),
            unrest: Unrest::default(),
            links: [Link::new(), Link::loopback()],
            own_links: BTreeMap::new(),
            routes: BTreeMap::new(),
            busy: BTreeMap::new(),
        }
    }

    pub(in crate::sim) fn host(&self, host: SimHost) -> &Host {
        self.hosts.get(usize::from(host.0)).expect(STRANGER)
    }

    pub(in crate::sim) fn host_mut(&mut self, host: SimHost) -> &mut Host {
        self.hosts.get_mut(usize::from(host.0)).expect(STRANGER)
    }

    /// Opens a socket on a host. Fails if the host is down.
    pub(in crate::sim) fn open(
        &mut self,
        host: SimHost,
        kind: SocketType,
        is_v6: bool,
    ) -> Result<SocketKey, Errno> {
        if !self.host(host).is_up {
            return Err(Errno::NETDOWN);
        }
        Ok(self.sockets.insert(Socket::new(host, kind, is_v6)))
    }

    /// Carries out the next event, if it is due no later than `limit`.
    pub(in crate::sim) fn step(&mut self, limit: Duration) -> Option<Outside> {
        match self.agenda.take(limit)? {
            Event::Call(call) => self.on_call(call),
            Event::CallAgain(call) => self.place_call(call),
            Event::NobodyThere(socket) => self.nobody_there(socket),
            Event::Parcel(parcel) => self.on_parcel(parcel),
            Event::Again(parcel) => self.send_again(parcel),
            Event::KeepAlive(socket, round) => self.keep_alive(socket, round),
            Event::Datagram(datagram) => self.on_datagram(*datagram),
            Event::Refused(socket, by) => self.on_refused(socket, by),
            Event::Tell(socket) => self.tell(socket),
            Event::Answer(question) => return Some(Outside::Answer(question)),
            Event::Scheduled(number) => return Some(Outside::Scheduled(number)),
        }
        Some(Outside::Nothing)
    }

    /// Carries out the events that are due now, up to one that calls a closure. A call on a socket
    /// then finds the socket's state at the current time, even if no runtime has polled since.
    pub(in crate::sim) fn catch_up(&mut self) {
        let now = self.agenda.now();
        while self.agenda.due_now().is_some_and(|event| !event.is_outside()) {
            self.step(now);
        }
    }

    /// Returns the link from one host to another.
    pub(super) fn link(&self, from: SimHost, to: SimHost) -> &Link {
        self.own_links.get(&(from, to)).unwrap_or(&self.links[usize::from(from == to)])
    }

    /// Returns the route from one host to another.
    pub(super) fn route(&self, from: SimHost, to: SimHost) -> Route {
        self.routes.get(&(from, to)).copied().unwrap_or_default()
    }

    /// Returns how long a packet of so many bytes takes to another host; `None` if the packet is
    /// lost.
    pub(super) fn convey(&mut self, from: SimHost, to: SimHost, bytes: usize) -> Option<Duration> {
        if self.route(from, to) != Route::Open {
            return None;
        }
        let link = self.link(from, to).clone();
        if happens(&mut self.rng, link.loss()) {
            return None;
        }
        let mut delay = link.latency();
        if !link.jitter().is_zero() {
            let most = u64::try_from(link.jitter().as_nanos()).unwrap_or(u64::MAX);
            delay = delay.saturating_add(Duration::from_nanos(self.rng.u64(0..=most)));
        }
        if link.bandwidth().is_some() {
            let now = self.agenda.now();
            let busy = self.busy.entry((from, to)).or_default();
            *busy = (*busy).max(now).saturating_add(link.time_for(bytes));
            delay = delay.saturating_add(*busy - now);
        }
        Some(delay)
    }

    /// Returns the host that has an address; a loopback address is that of `seen_from`.
    pub(super) fn owner(&self, seen_from: SimHost, address: IpAddr) -> Option<SimHost> {
        match address.is_loopback() {
            true => Some(seen_from),
            false => self.owners.get(&address).copied(),
        }
    }

    /// Takes a host down: its kernel forgets its sockets and sends nothing.
    pub(in crate::sim) fn crash(&mut self, host: SimHost) {
        let down = self.host_mut(host);
        down.is_up = false;
        down.crashes += 1;
        down.descriptors = 0;
        let gone: BTreeSet<SocketKey> =
            self.sockets.iter().filter(|(_, s)| s.host == host).map(|(key, _)| key).collect();
        for key in gone {
            self.forget(key);
        }
        self.time_waits.forget_host(host);
    }

    /// Removes a socket.
    pub(in crate::sim) fn forget(&mut self, key: SocketKey) {
        let Some(socket) = self.sockets.remove(key) else { return };
        self.ports.give_back(key, &socket);
        if socket.has_descriptor {
            let host = self.host_mut(socket.host);
            host.descriptors = host.descriptors.saturating_sub(1);
        }
        if let Role::Stream(stream) = &socket.role
            && let Some(peer) = stream.peer
        {
            self.is_left_alone(peer);
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("now", &self.agenda.now())
            .field("hosts", &self.hosts)
            .field("sockets", &self.sockets.len())
            .finish_non_exhaustive()
    }
}
