//! Connecting: from a name to an established connection.
//!
//! The addresses of a name race (RFC 8305): each gets a head start of 250 ms over the next, and
//! the first that answers wins. Without racing, the addresses are tried one after the other and
//! share the time until the deadline. A bound socket has only one engine, so it tries the addresses
//! one after the other too, each until it fails.
//!
//! A route may lead to another host first. Then that host's name is looked up in place of the
//! peer's, and the layers of the route shake hands once that host is reached: see `handshaking.rs`.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::address_order::alternating;
use super::core::{Fault, SocketCore};
use super::endpoint::Endpoint;
use super::handshaking::Handshaking;
use super::host_question::HostQuestion;
use super::kept_options::KeptOptions;
use super::news::News;
use super::phase::Phase;
use super::step::Step;
use crate::event_loop::TimerKey;
use crate::io::OpenMode;
use crate::net::engine::{Destination, Hop, Layer, Network, Progress, Route, SocketEngine};
use crate::net::names::HostName;
use crate::net::shared::Home;
use crate::net::values::{NetworkLayerProtocol, SocketError, SocketState, SocketType, lacks_scope};

/// The head start of an address over the next, as RFC 8305 recommends.
const HEAD_START: Duration = Duration::from_millis(250);

/// How many addresses of a name are tried. Each may take a descriptor meanwhile.
const MOST_ADDRESSES: usize = 32;

/// A connection that is being made.
#[derive(Default)]
pub(super) struct Attempt {
    /// The pending lookup.
    question: Option<HostQuestion>,
    port: u16,
    protocol: NetworkLayerProtocol,
    /// The host to which the first connection leads, if that is not the peer.
    hop: Option<Hop>,
    /// The layers that shake hands once the first connection is established, from the lowest.
    layers: Vec<Layer>,
    pub(super) handshake: Option<Handshaking>,
    /// The addresses that were not tried yet.
    addresses: VecDeque<SocketAddr>,
    /// The addresses that are being tried.
    racers: Vec<Racer>,
    /// The network was asked for a connection to at least one of the addresses.
    has_tried: bool,
    /// The options that were set during the attempt, for engines that join the race later.
    pub(super) options: KeptOptions,
    /// The socket was bound before: its only engine tries the addresses one after the other.
    is_bound: bool,
    /// The engine of a bound socket, while it tries no address.
    own: Option<Box<dyn SocketEngine>>,
    /// Why the last address did not work.
    pub(super) failure: Option<Fault>,
    /// When the whole attempt is given up.
    deadline: Option<Instant>,
    /// When the next address is tried, even if the current one has not failed.
    next_try: Option<Instant>,
    timer: Option<TimerKey>,
    /// `disconnect_from_host` was called: the connection is closed as soon as it is established.
    pub(super) close_when_connected: bool,
}

impl Attempt {
    /// Returns the name whose addresses are to be tried: the hop's, or `peer` without a hop.
    fn name_to_look_up<'a>(&'a self, peer: &'a str) -> &'a str {
        self.hop.as_ref().map_or(peer, |hop| &hop.host)
    }

    /// Returns the engine of a bound socket, while it tries no address.
    pub(super) fn own_engine(&self) -> Option<&dyn SocketEngine> {
        self.own.as_deref()
    }

    pub(super) fn into_own_engine(self) -> Option<Box<dyn SocketEngine>> {
        self.own
    }

    /// Returns the engines that try an address or shake hands.
    pub(super) fn racing(&self) -> impl Iterator<Item = &dyn SocketEngine> {
        let racing = self.racers.iter().map(|racer| &*racer.engine);
        racing.chain(self.handshake.iter().flat_map(Handshaking::engines))
    }

    /// Calls `f` with each engine of the attempt, until it fails.
    pub(super) fn try_each_engine<E>(
        &mut self,
        mut f: impl FnMut(&mut dyn SocketEngine) -> Result<(), E>,
    ) -> Result<(), E> {
        let racing = self.racers.iter_mut().map(|racer| &mut racer.engine);
        let shaking = self.handshake.iter_mut().flat_map(Handshaking::engines_mut);
        let mut all = self.own.iter_mut().chain(racing).chain(shaking);
        all.try_for_each(|engine| f(&mut **engine))
    }
}

impl SocketCore {
    /// Opens the device, and begins to connect to a host, or to one address.
    pub(super) fn begin_to_reach(
        &mut self,
        name: String,
        address: Option<SocketAddr>,
        port: u16,
        mode: OpenMode,
        protocol: NetworkLayerProtocol,
    ) {
        let unbuffered = match self.kind {
            SocketType::Udp => OpenMode::UNBUFFERED,
            _ => OpenMode::NOT_OPEN,
        };
        self.device.open(mode | unbuffered);
        self.begin_anew();
        // A wait from now on is for the new connection.
        self.news.deliver();
        self.set_error(None);
        self.extra_mut().peer_name = name;
        let own = self.phase.take_engine();
        self.begin_attempt(Attempt {
            port,
            protocol,
            addresses: address.into_iter().collect(),
            is_bound: own.is_some(),
            own,
            ..Attempt::default()
        });
    }

    /// Returns the phase of a socket whose engine was connecting already when the socket took it
    /// over.
    pub(super) fn begun_elsewhere(&mut self, engine: Box<dyn SocketEngine>) -> Phase {
        // Kept here, because the phase does not count a racing engine as the socket's own.
        self.set_local(Endpoint::local_of(&*engine).unwrap_or_default());
        Phase::Connecting(Box::new(Attempt {
            racers: vec![Racer { address: None, engine }],
            ..Attempt::default()
        }))
    }

    /// Goes on with an attempt that was begun before the socket took the engine over.
    pub(super) fn go_on_connecting(&mut self) {
        let timeout = self.settings().connect_timeout;
        let (Some(attempt), Some(home)) = (self.phase.attempt_mut(), &self.home) else { return };
        attempt.deadline = timeout.map(|timeout| home.timers.after(timeout));
        let key = home.key();
        if let Err(error) = attempt.try_each_engine(|engine| engine.watch(key)) {
            self.change_state(SocketState::Unconnected);
            return self.fail(SocketError::SocketResource, Some(error));
        }
        self.set_timer();
    }

    /// Begins to connect to the peer whose name is set. Without a runtime, only notes the wish.
    pub(super) fn begin_attempt(&mut self, mut attempt: Attempt) {
        let Some(home) = &self.home else {
            self.phase = Phase::Wish(Box::new(attempt));
            return;
        };
        let Route { hop, layers } = home.route(&Destination {
            kind: self.kind,
            host: self.peer_name(),
            port: attempt.port,
            protocol_tag: &self.settings().protocol_tag,
        });
        if let Some(hop) = &hop {
            attempt.addresses = VecDeque::new();
            attempt.port = hop.port;
            // A host on the way is reached by TCP, which the engine of a bound socket may not be.
            if self.kind == SocketType::Udp {
                (attempt.own, attempt.is_bound) = (None, false);
            }
        }
        (attempt.hop, attempt.layers) = (hop, layers);
        if attempt.addresses.is_empty() {
            let name = attempt.name_to_look_up(self.peer_name());
            attempt.addresses.extend(literal(home, name, attempt.port));
        }
        let is_literal = !attempt.addresses.is_empty();
        let timeout = self.settings().connect_timeout;
        attempt.deadline = timeout.map(|timeout| home.timers.after(timeout));
        if !is_literal {
            let name = attempt.name_to_look_up(self.peer_name());
            attempt.question = Some(HostQuestion::ask(home, name));
        }
        self.phase = Phase::HostLookup(Box::new(attempt));
        self.announce_state(SocketState::HostLookup);
        if is_literal {
            self.record(Step::Resolved);
        } else {
            self.set_timer();
        }
    }

    /// Returns the name whose addresses the socket connects to first: the peer's name, or the name
    /// of a host on the way to the peer.
    pub(in crate::net) fn name_to_look_up(&self) -> &str {
        let peer = self.peer_name();
        self.phase.attempt().map_or(peer, |attempt| attempt.name_to_look_up(peer))
    }

    /// Called when a lookup has been answered. Does nothing if the lookup was aborted meanwhile.
    pub(super) fn on_answer(&mut self) {
        let question = self.phase.attempt().and_then(|attempt| attempt.question.as_ref());
        if let Some(found) = question.and_then(HostQuestion::take_answer) {
            self.on_resolved(found);
        }
    }

    /// Takes the addresses of the peer's name, or the error, from the lookup or from a call that
    /// waits without a loop. The latter aborts the lookup.
    pub(in crate::net) fn on_resolved(&mut self, found: io::Result<Vec<SocketAddr>>) {
        let Some(attempt) = self.phase.attempt_mut() else { return };
        attempt.question = None;
        match found {
            Ok(addresses) => {
                let port = attempt.port;
                let some = addresses.into_iter().take(MOST_ADDRESSES);
                attempt.addresses.extend(some.map(|mut address| {
                    address.set_port(port);
                    address
                }));
            }
            Err(error) => {
                attempt.failure =
                    Some(Fault { kind: SocketError::HostNotFound, source: Some(error) });
            }
        }
        self.begin_to_connect();
    }

    /// Called when the lookup has ended: begins to try the addresses, or gives up if there are
    /// none.
    pub(super) fn begin_to_connect(&mut self) {
        let races = self.settings().happy_eyeballs;
        let Some(attempt) = self.phase.attempt_mut() else { return };
        let protocol = attempt.protocol;
        attempt.addresses.retain(|&address| protocol.includes(address));
        if attempt.addresses.is_empty() {
            return self.give_up(SocketError::HostNotFound);
        }
        if races && !attempt.is_bound {
            attempt.addresses = alternating(&attempt.addresses);
        }
        self.change_state(SocketState::Connecting);
        self.needed_extra().host_found.emit(());
        self.record(Step::TryNext);
    }

    /// Tries the next address, beside those that are being tried. Gives up if no address is left.
    pub(super) fn try_next(&mut self) {
        // Kept now: while the engine of a bound socket races, it cannot be asked for its address.
        self.local();
        let (Some(attempt), Some(home)) = (self.phase.attempt_mut(), &self.home) else { return };
        let kept = self.extra.get().and_then(|extra| extra.settings.options.as_deref());
        while let Some(address) = attempt.addresses.pop_front() {
            let opened = match attempt.own.take() {
                // A bound engine has all options already.
                Some(bound) => Ok(bound),
                None => {
                    let network = &*home.network;
                    // A host on the way is reached by TCP, even for a UDP socket.
                    let kind = if attempt.hop.is_some() { SocketType::Tcp } else { self.kind };
                    open_prepared(network, kind, address, [kept, Some(&attempt.options)])
                }
            };
            let mut engine = match opened {
                Ok(engine) => engine,
                Err(fault) => {
                    attempt.failure = Some(fault);
                    continue;
                }
            };
            attempt.has_tried = true;
            match start(home, &mut *engine, address) {
                Ok(progress) => {
                    attempt.racers.push(Racer { address: Some(address), engine });
                    let place = attempt.racers.len() - 1;
                    return match progress {
                        Progress::Connected => self.reach(place),
                        Progress::Pending => self.set_next_try(),
                    };
                }
                Err(error) => {
                    attempt.failure = Some(Fault::of_connecting_to(address, error));
                    if attempt.is_bound {
                        attempt.own = Some(engine);
                    }
                }
            }
        }
        if attempt.racers.is_empty() {
            self.give_up(SocketError::HostNotFound);
        } else {
            self.set_next_try();
        }
    }

    /// Checks whether one of the addresses that are being tried has answered.
    pub(super) fn check_attempt(&mut self) {
        let Some(attempt) = self.phase.attempt_mut() else { return };
        let mut has_failed = false;
        for place in (0..attempt.racers.len()).rev() {
            match attempt.racers[place].engine.progress() {
                Ok(Progress::Pending) => {}
                Ok(Progress::Connected) => return self.reach(place),
                Err(error) => {
                    let racer = attempt.racers.remove(place);
                    attempt.failure = Some(Fault::of_connecting(error));
                    if attempt.is_bound {
                        attempt.own = Some(racer.engine);
                    }
                    has_failed = true;
                }
            }
        }
        if has_failed {
            self.try_next();
        }
    }

    /// Called when the timer is due: tries the next address, or gives the attempt up.
    pub(in crate::net) fn on_timeout(&mut self) {
        let races = self.settings().happy_eyeballs;
        let (Some(attempt), Some(home)) = (self.phase.attempt_mut(), &self.home) else { return };
        let now = home.timers.now();
        if attempt.deadline.is_some_and(|deadline| deadline <= now) {
            attempt.failure = None;
            self.give_up(SocketError::SocketTimeout);
        } else if attempt.next_try.is_some_and(|next| next <= now) {
            if !races {
                attempt.racers.clear();
                attempt.failure = Some(Fault { kind: SocketError::SocketTimeout, source: None });
            }
            self.try_next();
        } else {
            self.set_timer();
        }
    }

    /// Returns the time at which [`on_timeout`](Self::on_timeout) must be called, at the latest.
    pub(in crate::net) fn next_timeout(&self) -> Option<Instant> {
        let attempt = self.phase.attempt()?;
        attempt.deadline.into_iter().chain(attempt.next_try).min()
    }

    /// Returns the engines that may be ready: the socket's own, and those that race to become it.
    pub(in crate::net) fn engines(&self) -> impl Iterator<Item = &dyn SocketEngine> {
        self.phase.engines()
    }

    /// Called when one of the addresses that are being tried has answered. Drops the others. If the
    /// route has layers, they begin to shake hands; otherwise the connection is established.
    fn reach(&mut self, place: usize) {
        let Some(attempt) = self.phase.attempt_mut() else { return };
        let Racer { address, engine } = attempt.racers.swap_remove(place);
        let layers = std::mem::take(&mut attempt.layers);
        if layers.is_empty() {
            // A socket that is bound to an interface may have connected to a link-local address
            // without a scope id: then the engine is asked for the peer's address.
            let known = address.filter(|&address| !lacks_scope(address)).map(Endpoint::from);
            return self.establish(engine, known);
        }
        attempt.racers.clear();
        attempt.addresses.clear();
        attempt.next_try = None;
        // If a layer panics, nothing is left of the attempt.
        let Some(mut attempt) = self.phase.take_attempt() else { return };
        attempt.handshake = Some(Handshaking::begin(engine, layers, address));
        self.phase = Phase::Connecting(attempt);
        self.set_timer();
        self.shake_hands();
    }

    /// Called when `engine` is connected to the peer. `peer` is the peer's address, if it is known
    /// more exactly than the engine knows it.
    pub(super) fn establish(&mut self, engine: Box<dyn SocketEngine>, peer: Option<Endpoint>) {
        self.stop_timer();
        let Some(attempt) = self.phase.take_attempt() else { return };
        let peer = peer.or_else(|| engine.peer_addr().ok().map(Endpoint::from));
        self.peer = peer.unwrap_or_default();
        self.forget_local();
        self.phase = Phase::Connected(engine);
        // Bytes may come together with the connection: they are read after the slots of
        // `connected`.
        self.announcement.set_has_more(true);
        self.announce_state(SocketState::Connected);
        self.needed_extra().connected.emit(());
        self.note(News::CONNECTED);
        self.record(Step::Begin { to_close: attempt.close_when_connected });
    }

    /// Ends the attempt and emits its last fault, or `otherwise` if it has none.
    pub(super) fn give_up(&mut self, otherwise: SocketError) {
        let Fault { kind, source } = self.end_attempt(otherwise);
        self.fail(kind, source);
    }

    /// Makes the socket unconnected and returns the attempt's last fault, or `otherwise` if it has
    /// none. If an address was tried, the name may have other addresses by now, so the next attempt
    /// looks it up anew.
    pub(in crate::net) fn end_attempt(&mut self, otherwise: SocketError) -> Fault {
        self.stop_timer();
        let attempt = self.phase.take_attempt();
        if let (Some(home), Some(attempt @ Attempt { has_tried: true, .. })) =
            (&self.home, attempt.as_deref())
        {
            home.network.forget_host(attempt.name_to_look_up(self.peer_name()));
        }
        self.phase = Phase::Unconnected;
        self.forget_ends();
        self.device.drop_outgoing();
        self.announce_state(SocketState::Unconnected);
        attempt
            .and_then(|attempt| attempt.failure)
            .unwrap_or(Fault { kind: otherwise, source: None })
    }

    /// Sets the time at which the next address is tried, if no address has answered by then.
    fn set_next_try(&mut self) {
        let races = self.settings().happy_eyeballs;
        let (Some(attempt), Some(home)) = (self.phase.attempt_mut(), &self.home) else { return };
        let timers = &home.timers;
        attempt.next_try = match (attempt.addresses.len(), attempt.deadline) {
            (0, _) => None,
            // Its only engine is trying an address.
            _ if attempt.is_bound => None,
            _ if races => Some(timers.after(HEAD_START)),
            (_, None) => None,
            (left, Some(deadline)) => {
                let share = u32::try_from(left + 1).unwrap_or(u32::MAX);
                let now = timers.now();
                Some(timers.after(deadline.saturating_duration_since(now) / share))
            }
        };
        self.set_timer();
    }

    fn set_timer(&mut self) {
        self.stop_timer();
        let due = self.next_timeout();
        let (Some(attempt), Some(home), Some(due)) = (self.phase.attempt_mut(), &self.home, due)
        else {
            return;
        };
        attempt.timer = Some(home.timers.arm(due, home.key()));
    }

    pub(super) fn stop_timer(&mut self) {
        let timer = self.phase.attempt_mut().and_then(|attempt| attempt.timer.take());
        if let (Some(timer), Some(home)) = (timer, &self.home) {
            home.timers.disarm(timer);
        }
    }
}

/// An address that is being tried.
struct Racer {
    /// `None` if the connecting began before the socket took the engine over: the engine is asked
    /// for the address once it is connected.
    address: Option<SocketAddr>,
    engine: Box<dyn SocketEngine>,
}

/// Returns the address with this port, if the name is a literal address. The names of interfaces
/// are known only in a runtime.
fn literal(home: &Home, name: &str, port: u16) -> Option<SocketAddr> {
    let index_of = |name: &str| home.network.interface_index(name);
    let mut address = HostName::literal_of(name, &index_of)?;
    address.set_port(port);
    Some(address)
}

/// Opens a socket that can connect to an address, and gives it these options.
pub(super) fn open_prepared(
    network: &dyn Network,
    kind: SocketType,
    towards: SocketAddr,
    options: [Option<&KeptOptions>; 2],
) -> Result<Box<dyn SocketEngine>, Fault> {
    let mut engine = network.open(kind, towards).map_err(Fault::of_connecting)?;
    options.into_iter().flatten().try_for_each(|options| options.apply(&mut *engine))?;
    Ok(engine)
}

/// Begins to connect to one address.
pub(super) fn start(
    home: &Home,
    engine: &mut dyn SocketEngine,
    address: SocketAddr,
) -> io::Result<Progress> {
    let progress = engine.connect(address.into())?;
    engine.watch(home.key())?;
    Ok(progress)
}
