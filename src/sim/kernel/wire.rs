//! The wire: hosts, their sockets, and what is on its way between them.
//!
//! All that happens is an [`Event`] on the agenda, and what is by chance comes from one generator:
//! so one seed is one run. What an event does to sockets is in `call.rs`,
//! `parcel.rs` and `datagram.rs`.

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

/// What happens.
pub(in crate::sim) enum Event {
    /// Somebody wants to connect.
    Call(Call),
    /// A part of a connection's traffic arrives.
    Parcel(Parcel),
    /// A part of a connection's traffic that was lost is sent again.
    Again(Parcel),
    /// A call that was lost is made again.
    CallAgain(Call),
    /// A call has come to nothing: nobody has that address.
    NobodyThere(SocketKey),
    /// A connection on which nothing came for a while is looked after.
    KeepAlive(SocketKey, u32),
    Datagram(Box<Datagram>),
    /// A datagram to this address was refused where it came.
    Refused(SocketKey, SocketAddr),
    /// A name server answers.
    Answer(Question),
    /// Readiness that was put off is told.
    Tell(SocketKey),
    /// Something that was scheduled with the network is to be done, which has it under this number.
    Scheduled(u64),
}

impl Event {
    /// Says whether it is to be done where the network may be used.
    fn is_outside(&self) -> bool {
        matches!(self, Self::Answer(_) | Self::Scheduled(_))
    }
}

/// What an event leaves to be done outside, where the network may be used.
pub(in crate::sim) enum Outside {
    Nothing,
    Answer(Question),
    Scheduled(u64),
}

/// What it means that there is no host of a number.
const STRANGER: &str = "the host is not of this network";

/// The state of a network.
pub(in crate::sim) struct Wire {
    pub(in crate::sim) agenda: Agenda<Event>,
    pub(super) rng: Rng,
    pub(in crate::sim) hosts: Vec<Host>,
    /// Whose an address is.
    pub(in crate::sim) owners: BTreeMap<IpAddr, SimHost>,
    pub(in crate::sim) sockets: SlotMap<SocketKey, Socket>,
    pub(super) ports: Ports,
    pub(super) time_waits: TimeWaits,
    pub(in crate::sim) watchers: SlotMap<WatcherKey, Watcher>,
    pub(in crate::sim) names: Names,
    pub(in crate::sim) unrest: Unrest,
    /// The link between those that have none of their own, and that of hosts to themselves.
    pub(in crate::sim) links: [Link; 2],
    /// The links of pairs of hosts, by direction.
    pub(in crate::sim) own_links: BTreeMap<(SimHost, SimHost), Link>,
    /// What is not open, by direction.
    pub(in crate::sim) routes: BTreeMap<(SimHost, SimHost), Route>,
    /// When a link with a bandwidth has sent what it was given.
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

    /// Opens a socket on a host. Fails if that is down: then there is nobody to ask for one.
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

    /// Lets what happens next happen, if that is no later than `limit`.
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

    /// Lets happen what is due by now, up to what is to be done outside. Whoever looks at a socket
    /// finds it as it is at this moment, also if nobody has waited since the last one.
    pub(in crate::sim) fn catch_up(&mut self) {
        let now = self.agenda.now();
        while self.agenda.due_now().is_some_and(|event| !event.is_outside()) {
            self.step(now);
        }
    }

    /// The link by which a host sends to another.
    pub(super) fn link(&self, from: SimHost, to: SimHost) -> &Link {
        self.own_links.get(&(from, to)).unwrap_or(&self.links[usize::from(from == to)])
    }

    /// The route from a host to another.
    pub(super) fn route(&self, from: SimHost, to: SimHost) -> Route {
        self.routes.get(&(from, to)).copied().unwrap_or_default()
    }

    /// Says how long a packet of so many bytes takes to another host; `None` if it is lost.
    pub(super) fn convey(&mut self, from: SimHost, to: SimHost, bytes: usize) -> Option<Duration> {
        if self.route(from, to) != Route::Open {
            return None;
        }
        let link = self.link(from, to).clone();
        if link.loss() > 0.0 && self.rng.f64() < link.loss() {
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

    /// The host that has an address, as another sees it.
    pub(super) fn owner(&self, seen_from: SimHost, address: IpAddr) -> Option<SimHost> {
        match address.is_loopback() {
            true => Some(seen_from),
            false => self.owners.get(&address).copied(),
        }
    }

    /// The host goes down: what it knew of its sockets is gone, and nobody is told.
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

    /// A socket is no more.
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
