//! `Attempt`: a connection that is being made.
//!
//! Keeps one promise: at each moment an attempt does one thing. It looks a name up, or its addresses
//! race, or its layers shake hands; its deadline includes all of them.
//!
//! A route may lead to another host first. Then that host's name is looked up in place of the
//! peer's, and the layers of the route shake hands once that host is reached.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use super::alarm::Alarm;
use super::handshaking::{Handshaking, Stage};
use super::host_question::HostQuestion;
use super::opener::Opener;
use super::race::{Race, Racer, Standing};
use super::terms::Terms;
use crate::net::engine::{
    Address, Awaited, Hop, Interest, Layer, Link, Question, Route, Settled, SocketEngine,
};
use crate::net::names::HostName;
use crate::net::proxy::{Chosen, NetworkProxy};
use crate::net::socket::endpoint::Endpoint;
use crate::net::socket::fault::Fault;
use crate::net::socket::kept_options::KeptOptions;
use crate::net::values::{
    EngineFailure, NetworkLayerProtocol, SocketError, SocketOption, SocketType, lacks_scope,
};
use crate::readiness::{Readiness, SourceId};

/// A connection that is being made.
#[derive(Default)]
pub(in crate::net) struct Attempt {
    port: u16,
    protocol: NetworkLayerProtocol,
    aim: Aim,
    /// The host to which the first connection leads, if that is not the peer.
    hop: Option<Hop>,
    /// True if that host is a proxy: if it cannot be reached, the socket reports the error of a proxy.
    is_by_proxy: bool,
    /// The layers that shake hands once the first connection is established, from the lowest.
    layers: Vec<Layer>,
    race: Race,
    /// The engine of a bound socket of datagrams, for a link from that address.
    link: Option<Box<dyn SocketEngine>>,
    work: Work,
    /// The options that were set during the attempt, for engines that are opened later.
    options: KeptOptions,
    /// Why the last address did not work, or the layers.
    failure: Option<Fault>,
    /// When the whole attempt is given up.
    deadline: Option<Instant>,
    alarm: Option<Alarm>,
    /// The socket closes the connection as soon as it is established.
    closes: bool,
}

/// What an attempt is made for.
#[derive(Default)]
enum Aim {
    #[default]
    Peer,
    /// To bind the socket by this way, which was chosen before.
    Binding(Option<Chosen>),
}

/// What an attempt does.
#[derive(Default)]
enum Work {
    /// Waits to begin, or tries addresses.
    #[default]
    Racing,
    LookingUp(HostQuestion),
    ShakingHands(Handshaking),
}

/// What came of a step of an attempt.
pub(in crate::net) enum Outcome {
    /// The attempt goes on when one of its engines is ready, or its time has come.
    Pending,
    /// A layer asks the program a question. The attempt goes on when it is answered.
    Asks(Question),
    Connected(Connection),
    /// The socket is bound, by a host on the way.
    Bound(Connection),
    /// The attempt has failed: for its last failure, or for this reason if it has none.
    Failed(SocketError),
}

/// A connection that was made.
pub(in crate::net) struct Connection {
    pub(in crate::net) engine: Box<dyn SocketEngine>,
    /// The address of this end, if it is not the engine's.
    pub(in crate::net::socket) local: Option<Endpoint>,
    /// The peer's address, if it is known more exactly than the engine knows it.
    pub(in crate::net::socket) peer: Option<Endpoint>,
    /// What the layers have read beyond their handshakes.
    pub(in crate::net::socket) early: Vec<u8>,
}

impl Attempt {
    /// Creates an attempt to connect to a host, or to one address. `own` is the engine of a socket
    /// that was bound before.
    pub(in crate::net::socket) fn new(
        address: Option<SocketAddr>,
        port: u16,
        protocol: NetworkLayerProtocol,
        own: Option<Box<dyn SocketEngine>>,
    ) -> Self {
        Self { port, protocol, race: Race::of(address, own), ..Self::default() }
    }

    /// Puts a layer above those of the route.
    pub(in crate::net::socket) fn set_top_layer(&mut self, layer: Option<Layer>) {
        self.layers.extend(layer);
    }

    /// Creates an attempt to be bound by this way. `own` is the engine of a socket of datagrams,
    /// which is bound to an address of this host.
    pub(in crate::net) fn to_bind(chosen: Chosen, own: Option<Box<dyn SocketEngine>>) -> Self {
        Self { aim: Aim::Binding(Some(chosen)), race: Race::of(None, own), ..Self::default() }
    }

    /// Creates the attempt of an engine that was connecting before the socket took it over.
    pub(in crate::net::socket) fn begun_elsewhere(engine: Box<dyn SocketEngine>) -> Self {
        Self { race: Race::begun_elsewhere(engine), ..Self::default() }
    }

    /// Chooses the way to the peer, and looks the first host on it up. Returns the proxy that was
    /// chosen, and true if the socket need not wait for the addresses of its peer.
    pub(in crate::net) fn begin(&mut self, terms: &Terms<'_>) -> (Option<Rc<NetworkProxy>>, bool) {
        let chosen = match &mut self.aim {
            Aim::Binding(chosen) => chosen.take(),
            Aim::Peer => None,
        };
        let Chosen { route, proxy } = chosen
            .unwrap_or_else(|| terms.home.choose(terms.proxy(), &terms.destination(self.port)));
        let is_resolved = self.set_out(route, proxy.is_some(), terms);
        (proxy, is_resolved)
    }

    /// Looks the first host on a route up. Returns true if the socket need not wait for the addresses
    /// of its peer.
    fn set_out(&mut self, route: Route, is_by_proxy: bool, terms: &Terms<'_>) -> bool {
        let Route { hop, layers, refusal } = route;
        let refusal = refusal.or_else(|| {
            let reason = "a TCP socket that is bound cannot connect through a proxy";
            let kind = SocketError::UnsupportedSocketOperation;
            let is_refused = is_by_proxy && terms.kind == SocketType::Tcp && self.race.is_bound();
            is_refused.then(|| EngineFailure::new(kind, reason))
        });
        if let Some(failure) = refusal {
            self.failure = Some(Fault::of_connecting(failure.into()));
            self.race.forget_addresses();
            return true;
        }
        if let Some(hop) = &hop {
            self.race.forget_addresses();
            let asked = HostName::literal_of(terms.peer, &|_| None);
            if asked.is_some_and(|address| !self.protocol.includes(address)) {
                // As without a hop, no address of the peer's is left to be tried.
                return true;
            }
            self.port = hop.port;
            // The family that was asked for is the peer's.
            self.protocol = NetworkLayerProtocol::Any;
            // A host on the way is reached by TCP, and the engine of a bound socket of datagrams is
            // for a link that a layer may ask for.
            if terms.kind == SocketType::Udp {
                self.link = self.race.unbind();
            }
        }
        (self.hop, self.is_by_proxy) = (hop, is_by_proxy);
        // A layer of the socket is the highest, and there is one at most.
        self.layers.splice(..0, layers);
        if self.race.is_empty() {
            self.race.add(literal(terms, self.name_to_look_up(terms.peer)), self.port);
        }
        self.set_deadline(terms);
        if !self.race.is_empty() {
            return true;
        }
        let question = HostQuestion::ask(terms.home, self.name_to_look_up(terms.peer));
        self.work = Work::LookingUp(question);
        self.set_alarm(terms);
        // What the socket is to reach is looked up elsewhere, if at all.
        self.hop.is_some()
    }

    /// Goes on where somebody else has begun: watches the engine, and sets the deadline.
    pub(in crate::net::socket) fn go_on(&mut self, terms: &Terms<'_>) -> io::Result<()> {
        self.set_deadline(terms);
        let key = terms.home.key();
        self.try_each_engine(|engine| engine.watch(key))?;
        self.set_alarm(terms);
        Ok(())
    }

    /// Requests to close the connection as soon as it is established.
    pub(in crate::net::socket) fn close_when_connected(&mut self) {
        self.closes = true;
    }

    /// Returns true if the socket closes the connection as soon as it is established.
    pub(in crate::net::socket) fn closes(&self) -> bool {
        self.closes
    }

    /// Returns true if the attempt is made to bind the socket.
    pub(in crate::net::socket) fn binds(&self) -> bool {
        matches!(self.aim, Aim::Binding(_))
    }

    /// Returns the name whose addresses are to be tried: the hop's, or `peer` without a hop.
    pub(in crate::net) fn name_to_look_up<'a>(&'a self, peer: &'a str) -> &'a str {
        self.hop.as_ref().map_or(peer, |hop| &hop.host)
    }

    /// Returns true if layers will stand on the connection, or shake hands on it.
    #[cfg(feature = "tls")]
    pub(in crate::net::socket) fn has_layers(&self) -> bool {
        !self.layers.is_empty() || self.shakes_hands()
    }

    /// Returns true if layers shake hands.
    pub(in crate::net::socket) fn shakes_hands(&self) -> bool {
        matches!(self.work, Work::ShakingHands(_))
    }

    /// Returns true if the addresses of the first host are being looked up.
    pub(in crate::net) fn looks_up(&self) -> bool {
        matches!(self.work, Work::LookingUp(_))
    }

    /// Returns true if the socket has found its peer: the peer's name was looked up here, or is an
    /// address.
    pub(in crate::net::socket) fn has_found_peer(&self, terms: &Terms<'_>) -> bool {
        // The interfaces of this host mean nothing to a host on the way.
        self.hop.is_none() || HostName::literal_of(terms.peer, &|_| None).is_some()
    }

    /// Takes the answer of the lookup, if it has come.
    pub(in crate::net) fn take_answer(&self) -> Option<io::Result<Vec<SocketAddr>>> {
        match &self.work {
            Work::LookingUp(question) => question.take_answer(),
            _ => None,
        }
    }

    /// Takes the addresses of the name, or the error, and ends the lookup.
    pub(in crate::net) fn answer(&mut self, found: io::Result<Vec<SocketAddr>>) {
        self.work = Work::Racing;
        match found {
            Ok(addresses) => self.race.add(addresses, self.port),
            Err(error) => {
                let kind = SocketError::HostNotFound;
                self.failure = Some(Fault { kind, source: Some(error) });
            }
        }
    }

    /// Puts the addresses in order. Returns false if there are none.
    pub(in crate::net::socket) fn line_up(&mut self, terms: &Terms<'_>) -> bool {
        self.race.line_up(self.protocol, terms.settings.happy_eyeballs);
        !self.race.is_empty()
    }

    /// Tries the first address, if there is one.
    pub(in crate::net) fn begin_to_try(&mut self, terms: &Terms<'_>) -> Outcome {
        match self.line_up(terms) {
            true => self.try_next(terms),
            false => Outcome::Failed(SocketError::HostNotFound),
        }
    }

    /// Tries the next address, beside those that are being tried.
    pub(in crate::net::socket) fn try_next(&mut self, terms: &Terms<'_>) -> Outcome {
        if self.looks_up() {
            return Outcome::Pending;
        }
        let kind = self.first_kind(terms);
        let opener = Opener::new(terms, &self.options);
        let standing = self.race.try_next(kind, &opener, &mut self.failure);
        self.after_lap(standing, terms)
    }

    /// Called when a source of an engine is ready.
    pub(in crate::net) fn on_ready(
        &mut self,
        source: Option<SourceId>,
        readiness: Readiness,
        terms: &Terms<'_>,
    ) -> Outcome {
        if let Some(mut handshaking) = self.take_handshaking() {
            handshaking.on_ready(source, readiness);
            return self.shake_hands(handshaking, terms);
        }
        let kind = self.first_kind(terms);
        let opener = Opener::new(terms, &self.options);
        let standing = self.race.check(kind, &opener, &mut self.failure);
        self.after_lap(standing, terms)
    }

    /// Called when the timer is due: tries the next address, or gives up.
    pub(in crate::net) fn on_timeout(&mut self, terms: &Terms<'_>) -> Outcome {
        let now = terms.home.timers.now();
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.failure = None;
            return Outcome::Failed(SocketError::SocketTimeout);
        }
        if self.race.next_try().is_none_or(|next| next > now) {
            self.set_alarm(terms);
            return Outcome::Pending;
        }
        if !terms.settings.happy_eyeballs {
            self.failure = Some(self.race.pass_on());
        }
        self.try_next(terms)
    }

    /// Called when the slots that could answer a layer's question have run.
    pub(in crate::net) fn on_question_answered(&mut self, terms: &Terms<'_>) -> Outcome {
        let Some(mut handshaking) = self.take_handshaking() else { return Outcome::Pending };
        handshaking.on_question_answered();
        self.shake_hands(handshaking, terms)
    }

    /// Returns the time at which [`on_timeout`](Self::on_timeout) must be called, at the latest.
    pub(in crate::net) fn next_timeout(&self) -> Option<Instant> {
        self.deadline.into_iter().chain(self.race.next_try()).min()
    }

    /// Ends the attempt because it has failed, and returns its last failure, or `otherwise` if it has
    /// none. If an address was tried, the name may have other addresses by now, so the next attempt looks it up anew.
    pub(in crate::net) fn end(self, otherwise: SocketError, terms: &Terms<'_>) -> Fault {
        if self.race.has_tried() {
            terms.home.network.forget_host(self.name_to_look_up(terms.peer));
        }
        let fault = self.failure.unwrap_or(Fault { kind: otherwise, source: None });
        if self.is_by_proxy { fault.of_proxy() } else { fault }
    }

    /// Returns the engine of a bound socket, while it tries no address.
    pub(in crate::net::socket) fn own_engine(&self) -> Option<&dyn SocketEngine> {
        self.race.own_engine()
    }

    /// Returns the engines that try an address or shake hands.
    pub(in crate::net::socket) fn racing(&self) -> impl Iterator<Item = &dyn SocketEngine> {
        let shaking = match &self.work {
            Work::ShakingHands(handshaking) => Some(handshaking),
            _ => None,
        };
        self.race.racing().chain(shaking.into_iter().flat_map(Handshaking::engines))
    }

    /// Sets an option on each engine, and on those that are opened later. `kind` is the socket's.
    pub(in crate::net::socket) fn set_option(
        &mut self,
        option: SocketOption,
        kind: SocketType,
    ) -> io::Result<()> {
        let set = self.try_each_engine(|engine| engine.set_option(option));
        // A UDP socket reaches a host on the way by TCP, which has no options of datagrams.
        if kind == SocketType::Tcp || self.hop.is_none() {
            set?;
        }
        self.options.put(option);
        Ok(())
    }

    /// Adds the sockets of the network to wait for until the attempt can go on. Layers that shake
    /// hands choose these themselves.
    pub(in crate::net) fn add_awaited<'a>(
        &'a self,
        interest: Interest,
        sockets: &mut Vec<Awaited<'a>>,
    ) {
        if let Work::ShakingHands(handshaking) = &self.work {
            return handshaking.add_awaited(sockets);
        }
        for engine in self.race.own_engine().into_iter().chain(self.race.racing()) {
            Awaited::collect(engine, interest, sockets);
        }
    }

    /// Goes on as the race stands.
    fn after_lap(&mut self, standing: Standing, terms: &Terms<'_>) -> Outcome {
        match standing {
            Standing::Unchanged => Outcome::Pending,
            Standing::Open => {
                let races = terms.settings.happy_eyeballs;
                self.race.schedule(terms.home.timers.now(), self.deadline, races);
                self.set_alarm(terms);
                Outcome::Pending
            }
            Standing::Won(winner) => self.reach(winner, terms),
            Standing::Lost => Outcome::Failed(SocketError::HostNotFound),
        }
    }

    /// Called when an address has answered. If the route has layers, they begin to shake hands;
    /// otherwise the connection is established.
    fn reach(&mut self, Racer { address, engine }: Racer, terms: &Terms<'_>) -> Outcome {
        let layers = std::mem::take(&mut self.layers);
        if layers.is_empty() {
            // A socket that is bound to an interface may have connected to a link-local address
            // without a scope id: then the engine is asked for the peer's address.
            let peer = address.filter(|&address| !lacks_scope(address)).map(Endpoint::from);
            let (local, early) = (None, Vec::new());
            return Outcome::Connected(Connection { engine, local, peer, early });
        }
        self.race.end();
        self.set_alarm(terms);
        self.shake_hands(Handshaking::begin(engine, layers, address), terms)
    }

    /// Takes the layers that shake hands out. If one of them panics, nothing is left of them.
    fn take_handshaking(&mut self) -> Option<Handshaking> {
        match std::mem::take(&mut self.work) {
            Work::ShakingHands(handshaking) => Some(handshaking),
            other => {
                self.work = other;
                None
            }
        }
    }

    /// Goes on with the handshakes as far as is possible now.
    fn shake_hands(&mut self, mut handshaking: Handshaking, terms: &Terms<'_>) -> Outcome {
        loop {
            let (next, outcome) = match handshaking.go_on() {
                Ok(Stage::Waits(next)) => (next, Outcome::Pending),
                Ok(Stage::Asks(next, question)) => (next, Outcome::Asks(question)),
                Ok(Stage::NeedsLink(mut next, link)) => {
                    match self.open_link(next.hop(), link, terms) {
                        Ok(engine) => next.add_link(engine),
                        Err(fault) => return self.fail(fault),
                    }
                    handshaking = next;
                    continue;
                }
                Ok(Stage::Done(Settled { engine, early, ends })) => {
                    let local = ends.and_then(|ends| ends.local).map(Endpoint::from);
                    let peer = ends.map(|ends| ends.peer.into());
                    let connection = Connection { engine, local, peer, early };
                    return match self.aim {
                        Aim::Peer => Outcome::Connected(connection),
                        Aim::Binding(_) => Outcome::Bound(connection),
                    };
                }
                Err(error) => return self.fail(Fault::of_connecting(error)),
            };
            self.work = Work::ShakingHands(next);
            return outcome;
        }
    }

    /// Begins to connect a link that a layer has asked for. A link without an address leads to the
    /// same host as the first connection.
    fn open_link(
        &mut self,
        hop: Option<SocketAddr>,
        link: Link,
        terms: &Terms<'_>,
    ) -> Result<Box<dyn SocketEngine>, Fault> {
        let to = link.to.map_or(hop, Address::internet);
        let to = to.ok_or_else(|| Fault::of_connecting(io::ErrorKind::Unsupported.into()))?;
        let own = if link.kind == SocketType::Udp { self.link.take() } else { None };
        let opener = Opener::new(terms, &self.options);
        let mut engine = match own {
            Some(mut bound) => {
                // While it waited, no option was set on it.
                opener.prepare(&mut *bound)?;
                bound
            }
            None => opener.open(link.kind, to)?,
        };
        opener.start(&mut *engine, to)?;
        Ok(engine)
    }

    /// Fails because of the layers.
    fn fail(&mut self, fault: Fault) -> Outcome {
        self.failure = Some(fault);
        Outcome::Failed(SocketError::Network)
    }

    /// Returns the kind of the first connection: a host on the way is reached by TCP, even for a
    /// UDP socket.
    fn first_kind(&self, terms: &Terms<'_>) -> SocketType {
        if self.hop.is_some() { SocketType::Tcp } else { terms.kind }
    }

    fn set_deadline(&mut self, terms: &Terms<'_>) {
        let timeout = terms.settings.connect_timeout;
        self.deadline = timeout.map(|timeout| terms.home.timers.after(timeout));
    }

    fn set_alarm(&mut self, terms: &Terms<'_>) {
        // The timer before is disarmed first, so that its slot is free.
        self.alarm = None;
        self.alarm = self.next_timeout().map(|due| Alarm::at(due, terms.home));
    }

    /// Calls `f` with each engine of the attempt, until it fails.
    fn try_each_engine<E>(
        &mut self,
        mut f: impl FnMut(&mut dyn SocketEngine) -> Result<(), E>,
    ) -> Result<(), E> {
        let shaking = match &mut self.work {
            Work::ShakingHands(handshaking) => Some(handshaking),
            _ => None,
        };
        let shaking = shaking.into_iter().flat_map(Handshaking::engines_mut);
        self.race.engines_mut().chain(shaking).try_for_each(|engine| f(&mut **engine))
    }
}

/// Returns the address, if the name is a literal address. The names of interfaces are known only in
/// a runtime.
fn literal(terms: &Terms<'_>, name: &str) -> Option<SocketAddr> {
    let index_of = |name: &str| terms.home.network.interface_index(name);
    HostName::literal_of(name, &index_of)
}
