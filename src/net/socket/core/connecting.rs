//! Connecting: carries out what comes of the steps of an attempt.
//!
//! The phase keeps the attempt, and takes its steps. What the socket emits for them is here. If a
//! step was the last one because the socket is connected or bound now, the method returns that it is
//! [`Established`], and the state machine of its kind begins with its traffic.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use super::core::SocketCore;
use crate::io::OpenMode;
use crate::net::proxy::Chosen;
use crate::net::socket::attempt::{Attempt, Outcome, Terms};
use crate::net::socket::endpoint::Endpoint;
use crate::net::socket::fault::Fault;
use crate::net::socket::phase::{Advance, Begun};
use crate::net::socket::step::Step;
use crate::net::values::{BindAddress, NetworkLayerProtocol, SocketError, SocketState, SocketType};
use crate::readiness::{Readiness, SourceId};

/// The socket is connected or bound since the last step of its attempt.
#[must_use]
pub(in crate::net) struct Established {
    /// True if the socket closes the connection at once.
    pub(in crate::net) to_close: bool,
}

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
        self.device_mut().open(mode | unbuffered);
        self.begin_anew();
        self.set_error(None);
        self.set_peer_name(name);
        // A layer that bound the socket leads to no peer: it is closed.
        let own = self.take_engine().filter(|engine| engine.below().is_none());
        let mut attempt = Attempt::new(address, port, protocol, own);
        attempt.set_top_layer(self.take_next_layer());
        self.begin_attempt(attempt);
    }

    /// Begins to connect to the peer whose name is set. Without a runtime, only notes the wish.
    pub(super) fn begin_attempt(&mut self, attempt: Attempt) {
        let (phase, terms) = self.phase_and_terms();
        let Some(Begun { proxy, is_resolved }) = phase.begin(attempt, terms.as_ref()) else {
            return;
        };
        self.set_chosen_proxy(proxy);
        self.announce_state(SocketState::HostLookup);
        if is_resolved {
            self.record(Step::Resolved);
        }
    }

    /// Goes on with an attempt that was begun before the socket took the engine over.
    pub(in crate::net::socket) fn go_on_connecting(&mut self) {
        let mut watched = Ok(());
        let _ = self.go_on_with(|attempt, terms| {
            watched = attempt.go_on(terms);
            Outcome::Pending
        });
        if let Err(error) = watched {
            self.change_state(SocketState::Unconnected);
            self.fail_for_good(SocketError::SocketResource, Some(error));
        }
    }

    /// Returns true if the addresses of a host are being looked up: the peer's, or those of a host on
    /// the way to the peer.
    pub(in crate::net) fn looks_up(&self) -> bool {
        self.attempt().is_some_and(Attempt::looks_up)
    }

    /// Returns true if a proxy is asked to bind the socket.
    pub(in crate::net) fn is_being_bound(&self) -> bool {
        self.attempt().is_some_and(Attempt::binds)
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
        self.attempt().map_or(peer, |attempt| attempt.name_to_look_up(peer))
    }

    /// Called when a lookup has been answered. Does nothing if the lookup was aborted meanwhile.
    pub(in crate::net::socket) fn on_answer(&mut self) -> Option<Established> {
        let found = self.attempt().and_then(Attempt::take_answer)?;
        self.on_resolved(found)
    }

    /// Takes the addresses of the peer's name, or the error, from the lookup or from a call that
    /// waits without a loop. The latter aborts the lookup.
    pub(in crate::net::socket) fn on_resolved(
        &mut self,
        found: io::Result<Vec<SocketAddr>>,
    ) -> Option<Established> {
        let attempt = self.attempt_mut()?;
        if attempt.shakes_hands() {
            // A class has set the state back meanwhile: the handshake goes on.
            self.set_state(SocketState::Connecting);
            return None;
        }
        attempt.answer(found);
        match self.state() {
            // The step goes on with the addresses.
            _ if self.has_step_ahead() => {}
            // The host is on the way to the peer: the state does not wait for it.
            SocketState::Connecting => return self.go_on_with(Attempt::begin_to_try),
            _ => self.begin_to_connect(),
        }
        None
    }

    /// Called when the lookup has ended: begins to try the addresses, or gives up if there are
    /// none.
    pub(in crate::net::socket) fn begin_to_connect(&mut self) {
        let mut found = None;
        let _ = self.go_on_with(|attempt, terms| {
            if !attempt.looks_up() && !attempt.line_up(terms) {
                return Outcome::Failed(SocketError::HostNotFound);
            }
            found = Some(attempt.has_found_peer(terms));
            Outcome::Pending
        });
        let Some(has_found_peer) = found else { return };
        self.change_state(SocketState::Connecting);
        if has_found_peer {
            self.announce_host_found();
        }
        self.record(Step::TryNext);
    }

    /// Tries the next address, beside those that are being tried. Gives up if no address is left.
    pub(in crate::net::socket) fn try_next(&mut self) -> Option<Established> {
        // Kept now: while the engine of a bound socket races, it cannot be asked for its address.
        self.local();
        self.go_on_with(Attempt::try_next)
    }

    /// Called when a source of the attempt is ready.
    pub(in crate::net::socket) fn on_ready_to_connect(
        &mut self,
        source: Option<SourceId>,
        readiness: Readiness,
    ) -> Option<Established> {
        self.go_on_with(|attempt, terms| attempt.on_ready(source, readiness, terms))
    }

    /// Called when the slots that could answer a layer's question have run.
    pub(in crate::net::socket) fn on_question_answered(&mut self) -> Option<Established> {
        self.go_on_with(Attempt::on_question_answered)
    }

    /// Called when the timer of the attempt is due.
    pub(in crate::net::socket) fn on_timeout(&mut self) -> Option<Established> {
        self.go_on_with(Attempt::on_timeout)
    }

    /// Returns the time at which [`on_timeout`](Self::on_timeout) must be called, at the latest.
    pub(in crate::net) fn next_timeout(&self) -> Option<Instant> {
        match self.attempt() {
            Some(attempt) => attempt.next_timeout(),
            None => self.engine()?.deadline(),
        }
    }

    /// Makes the socket unconnected and returns the attempt's last failure, or `otherwise` if it
    /// has none.
    pub(in crate::net) fn end_attempt(&mut self, otherwise: SocketError) -> Fault {
        let attempt = self.phase_and_terms().0.leave();
        self.end(attempt, otherwise)
    }

    /// Closes the connection as soon as it is established, if one is being made.
    pub(in crate::net::socket) fn close_when_connected(&mut self) {
        if let Some(attempt) = self.attempt_mut() {
            attempt.close_when_connected();
        }
    }

    /// Takes a step of the attempt, and carries out what comes of it. Does nothing if there is no
    /// attempt, or no runtime.
    fn go_on_with(
        &mut self,
        step: impl FnOnce(&mut Attempt, &Terms<'_>) -> Outcome,
    ) -> Option<Established> {
        let (phase, Some(terms)) = self.phase_and_terms() else { return None };
        match phase.go_on(|attempt| step(attempt, &terms)) {
            Advance::Pending => None,
            Advance::Asks(question) => {
                self.announce_question(question);
                self.record(Step::Answered);
                None
            }
            Advance::Connected { local, peer, early, to_close } => {
                self.on_connected(local, peer, &early);
                Some(Established { to_close })
            }
            Advance::Bound { to_close } => {
                self.forget_local();
                self.announce_state(SocketState::Bound);
                Some(Established { to_close })
            }
            Advance::Failed { attempt, otherwise } => {
                let Fault { kind, source } = self.end(Some(attempt), otherwise);
                self.fail_for_good(kind, source);
                None
            }
        }
    }

    /// Chooses the way by which the socket is bound; `None` if no proxy is in the way.
    pub(super) fn choose_to_bind(&self, address: BindAddress) -> Result<Option<Chosen>, Fault> {
        let Some(Terms { home, kind, settings, .. }) = self.terms() else { return Ok(None) };
        let tag = &settings.protocol_tag;
        let chosen = home.choose_to_bind(settings.proxy.get(), kind, address, tag);
        chosen.map_err(|failure| Fault::of_binding(failure.into()))
    }

    /// Called when a connection to the peer was made.
    fn on_connected(&mut self, local: Option<Endpoint>, peer: Option<Endpoint>, early: &[u8]) {
        let peer = peer.or_else(|| self.engine()?.peer_addr().ok().map(Endpoint::from));
        self.set_peer(peer.unwrap_or_default());
        match local {
            Some(local) => self.set_local(local),
            None => self.forget_local(),
        }
        self.announce_connected();
        self.take_early(early);
    }

    /// Called when an attempt has ended without a connection. Returns its last failure, or
    /// `otherwise` if it has none.
    fn end(&mut self, attempt: Option<Box<Attempt>>, otherwise: SocketError) -> Fault {
        let ended = attempt.zip(self.terms());
        let fault = ended.map(|(attempt, terms)| attempt.end(otherwise, &terms));
        self.forget_ends();
        self.device_mut().drop_outgoing();
        self.announce_state(SocketState::Unconnected);
        fault.unwrap_or(Fault { kind: otherwise, source: None })
    }
}
