//! Connecting: carries out what comes of the steps of an attempt.
//!
//! Each step that goes on with an attempt takes it out of the phase, and puts it back only if the
//! attempt is not over. So a step that panics leaves the socket unconnected.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use super::core::SocketCore;
use crate::io::{ByteQueue, OpenMode};
use crate::net::engine::{Awaited, Interest, Question};
use crate::net::proxy::{Chosen, ProxyAuthentication};
use crate::net::socket::attempt::{Attempt, Connection, Outcome, Terms};
use crate::net::socket::endpoint::Endpoint;
use crate::net::socket::fault::Fault;
use crate::net::socket::news::News;
use crate::net::socket::phase::Phase;
use crate::net::socket::step::Step;
use crate::net::values::{BindAddress, NetworkLayerProtocol, SocketError, SocketState, SocketType};
use crate::readiness::{Readiness, SourceId};

impl SocketCore {
    /// Opens the device, and begins to connect to a host, or to one address.
    pub(in crate::net::socket) fn begin_to_reach(
        &mut self,
        name: String,
        address: Option<SocketAddr>,
        port: u16,
        mode: OpenMode,
        protocol: NetworkLayerProtocol,
    ) {
        let unbuffered = match self.kind() {
            SocketType::Udp => OpenMode::UNBUFFERED,
            _ => OpenMode::NOT_OPEN,
        };
        self.device.open(mode | unbuffered);
        self.begin_anew();
        self.set_error(None);
        self.extra_mut().peer_name = name;
        // A layer that bound the socket leads to no peer: it is closed.
        let own = self.phase.take_engine().filter(|engine| engine.below().is_none());
        let mut attempt = Attempt::new(address, port, protocol, own);
        attempt.set_top_layer(self.extra_mut().next_layer.take());
        self.begin_attempt(attempt);
    }

    /// Begins to connect to the peer whose name is set. Without a runtime, only notes the wish.
    pub(super) fn begin_attempt(&mut self, mut attempt: Attempt) {
        let Some(terms) = self.terms() else {
            self.phase = Phase::Wish(Box::new(attempt));
            return;
        };
        let (proxy, is_resolved) = attempt.begin(&terms);
        self.extra_mut().chosen_proxy = proxy;
        self.phase = Phase::HostLookup(Box::new(attempt));
        self.announce_state(SocketState::HostLookup);
        if is_resolved {
            self.record(Step::Resolved);
        }
    }

    /// Goes on with an attempt that was begun before the socket took the engine over.
    pub(in crate::net::socket) fn go_on_connecting(&mut self) {
        let mut watched = Ok(());
        self.go_on_with(|attempt, terms| {
            watched = attempt.go_on(terms);
            Outcome::Pending
        });
        if let Err(error) = watched {
            self.change_state(SocketState::Unconnected);
            self.fail(SocketError::SocketResource, Some(error));
        }
    }

    /// Returns true if the addresses of a host are being looked up: the peer's, or those of a host on
    /// the way to the peer.
    pub(in crate::net) fn looks_up(&self) -> bool {
        self.phase.attempt().is_some_and(Attempt::looks_up)
    }

    /// Returns true if a proxy is asked to bind the socket.
    pub(in crate::net) fn is_being_bound(&self) -> bool {
        self.phase.attempt().is_some_and(Attempt::binds)
    }

    /// Returns true if the attempt goes on with a step that is recorded and not taken yet. The turn
    /// that takes it may be put aside.
    pub(in crate::net) fn has_step_ahead(&self) -> bool {
        self.is_recorded(Step::Resolved) || self.is_recorded(Step::TryNext)
    }

    /// Returns the name whose addresses the socket connects to first: the peer's name, or the name
    /// of a host on the way to the peer.
    pub(in crate::net) fn name_to_look_up(&self) -> &str {
        let peer = self.peer_name();
        self.phase.attempt().map_or(peer, |attempt| attempt.name_to_look_up(peer))
    }

    /// Called when a lookup has been answered. Does nothing if the lookup was aborted meanwhile.
    pub(in crate::net::socket) fn on_answer(&mut self) {
        if let Some(found) = self.phase.attempt().and_then(Attempt::take_answer) {
            self.on_resolved(found);
        }
    }

    /// Takes the addresses of the peer's name, or the error, from the lookup or from a call that
    /// waits without a loop. The latter aborts the lookup.
    pub(in crate::net) fn on_resolved(&mut self, found: io::Result<Vec<SocketAddr>>) {
        match self.phase.attempt_mut() {
            // A class has set the state back meanwhile: the handshake goes on.
            Some(attempt) if attempt.shakes_hands() => self.set_state(SocketState::Connecting),
            Some(attempt) => {
                attempt.answer(found);
                match self.state() {
                    // The step goes on with the addresses.
                    _ if self.has_step_ahead() => {}
                    // The host is on the way to the peer: the state does not wait for it.
                    SocketState::Connecting => self.go_on_with(Attempt::begin_to_try),
                    _ => self.begin_to_connect(),
                }
            }
            None => {}
        }
    }

    /// Called when the lookup has ended: begins to try the addresses, or gives up if there are
    /// none.
    pub(in crate::net::socket) fn begin_to_connect(&mut self) {
        let mut found = None;
        self.go_on_with(|attempt, terms| {
            if !attempt.looks_up() && !attempt.line_up(terms) {
                return Outcome::Failed(SocketError::HostNotFound);
            }
            found = Some(attempt.has_found_peer(terms));
            Outcome::Pending
        });
        let Some(has_found_peer) = found else { return };
        self.change_state(SocketState::Connecting);
        if has_found_peer {
            self.needed_extra().host_found.emit(());
        }
        self.record(Step::TryNext);
    }

    /// Tries the next address, beside those that are being tried. Gives up if no address is left.
    pub(in crate::net::socket) fn try_next(&mut self) {
        // Kept now: while the engine of a bound socket races, it cannot be asked for its address.
        self.local();
        self.go_on_with(Attempt::try_next);
    }

    /// Called when a source of the attempt is ready.
    pub(in crate::net::socket) fn on_ready_to_connect(
        &mut self,
        source: Option<SourceId>,
        readiness: Readiness,
    ) {
        self.go_on_with(|attempt, terms| attempt.on_ready(source, readiness, terms));
    }

    /// Called when the slots that could answer a layer's question have run.
    pub(in crate::net::socket) fn on_question_answered(&mut self) {
        self.go_on_with(Attempt::on_question_answered);
    }

    /// Called when the timer of the attempt is due.
    pub(in crate::net) fn on_timeout(&mut self) {
        self.go_on_with(Attempt::on_timeout);
    }

    /// Returns the time at which [`on_timeout`](Self::on_timeout) must be called, at the latest.
    pub(in crate::net) fn next_timeout(&self) -> Option<Instant> {
        match self.phase.attempt() {
            Some(attempt) => attempt.next_timeout(),
            None => self.phase.engine()?.deadline(),
        }
    }

    /// Adds the sockets of the network to wait for until this socket is ready.
    pub(in crate::net::socket) fn add_awaited<'a>(
        &'a self,
        interest: Interest,
        sockets: &mut Vec<Awaited<'a>>,
    ) {
        match self.phase.attempt() {
            Some(attempt) => attempt.add_awaited(interest, sockets),
            None => {
                if let Some(engine) = self.phase.engine() {
                    Awaited::collect(engine, interest, sockets);
                }
            }
        }
    }

    /// Makes the socket unconnected and returns the attempt's last failure, or `otherwise` if it
    /// has none.
    pub(in crate::net) fn end_attempt(&mut self, otherwise: SocketError) -> Fault {
        let attempt = self.phase.take_attempt();
        self.phase = Phase::Unconnected;
        self.end(attempt, otherwise)
    }

    /// Closes the connection as soon as it is established, if one is being made.
    pub(in crate::net::socket) fn close_when_connected(&mut self) {
        if let Some(attempt) = self.phase.attempt_mut() {
            attempt.close_when_connected();
        }
    }

    /// Takes a step of the attempt, and carries out what comes of it. Does nothing if there is no
    /// attempt, or no runtime.
    fn go_on_with(&mut self, step: impl FnOnce(&mut Attempt, &Terms<'_>) -> Outcome) {
        if self.home().is_none() {
            return;
        }
        let state = self.state();
        let Some(mut attempt) = self.phase.take_attempt() else { return };
        let Some(terms) = self.terms() else { return };
        let outcome = step(&mut attempt, &terms);
        // A class may have set another state while layers shake hands.
        let state = if attempt.shakes_hands() { SocketState::Connecting } else { state };
        match outcome {
            Outcome::Pending => self.phase = Phase::with_attempt(state, attempt),
            Outcome::Asks(question) => {
                self.phase = Phase::with_attempt(state, attempt);
                self.emit_question(question);
                self.record(Step::Answered);
            }
            Outcome::Connected(connection) => self.establish(connection, attempt.closes()),
            Outcome::Bound(connection) => self.establish_binding(connection, attempt.closes()),
            Outcome::Failed(otherwise) => {
                let Fault { kind, source } = self.end(Some(attempt), otherwise);
                self.fail(kind, source);
            }
        }
    }

    /// Emits the signal of a question.
    fn emit_question(&self, question: Question) {
        let extra = self.needed_extra();
        match question.as_value::<ProxyAuthentication>() {
            Some(asked) => extra.proxy_authentication_required.emit(asked.clone()),
            None => extra.question_asked.emit(question),
        }
    }

    /// Chooses the way by which the socket is bound; `None` if no proxy is in the way.
    pub(super) fn choose_to_bind(&self, address: BindAddress) -> Result<Option<Chosen>, Fault> {
        let Some(Terms { home, kind, settings, .. }) = self.terms() else { return Ok(None) };
        let tag = &settings.protocol_tag;
        let chosen = home.choose_to_bind(settings.proxy.get(), kind, address, tag);
        chosen.map_err(|failure| Fault::of_binding(failure.into()))
    }

    /// Called when the socket is bound by a proxy.
    fn establish_binding(&mut self, connection: Connection, to_close: bool) {
        self.forget_local();
        self.phase = Phase::Bound(connection.engine);
        self.announcement.set_has_more(true);
        self.announce_state(SocketState::Bound);
        if self.announcement.lacks_room() {
            self.announce_room();
        }
        self.record(Step::Begin { to_close });
    }

    /// Called when a connection to the peer was made.
    fn establish(&mut self, connection: Connection, to_close: bool) {
        let Connection { engine, local, peer, early } = connection;
        let peer = peer.or_else(|| engine.peer_addr().ok().map(Endpoint::from));
        self.peer = peer.unwrap_or_default();
        match local {
            Some(local) => self.set_local(local),
            None => self.forget_local(),
        }
        self.phase = Phase::Connected(engine);
        // Bytes may come together with the connection: they are read after the slots of
        // `connected`.
        self.announcement.set_has_more(true);
        self.announce_state(SocketState::Connected);
        self.needed_extra().connected.emit(());
        self.note(News::CONNECTED);
        self.record(Step::Begin { to_close });
        let mut read = ByteQueue::default();
        read.push(&early);
        self.take_early(read);
    }

    /// Called when an attempt has ended without a connection. Returns its last failure, or
    /// `otherwise` if it has none.
    fn end(&mut self, attempt: Option<Box<Attempt>>, otherwise: SocketError) -> Fault {
        let ended = attempt.zip(self.terms());
        let fault = ended.map(|(attempt, terms)| attempt.end(otherwise, &terms));
        self.forget_ends();
        self.device.drop_outgoing();
        self.announce_state(SocketState::Unconnected);
        fault.unwrap_or(Fault { kind: otherwise, source: None })
    }

    /// Returns what the socket lends to its attempt, if the socket is in a runtime.
    fn terms(&self) -> Option<Terms<'_>> {
        Some(Terms {
            home: self.home()?,
            kind: self.kind(),
            peer: self.peer_name(),
            settings: self.settings(),
        })
    }
}
