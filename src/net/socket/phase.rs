//! `Phase`: the state of a socket, with the engine or the attempt that exists in it.
//!
//! Keeps two promises. A combination that must not exist cannot be written as a value: there is an
//! attempt only while a connection is wished for or made, and an engine only where bytes could go
//! by one. And a step of an attempt that panics leaves the socket unconnected: the attempt is out
//! of the phase while the step runs.
//!
//! No other file knows the forms of a phase. A transition is a method, which drops what the next
//! form has no room for; the caller emits what has changed.

use std::io;
use std::rc::Rc;

use super::attempt::{Attempt, Connection, Outcome, Terms};
use super::endpoint::Endpoint;
use crate::net::engine::{Question, SocketEngine};
use crate::net::proxy::NetworkProxy;
use crate::net::values::{SocketError, SocketOption, SocketState, SocketType};

/// The state of a socket, with the engine or the attempt that exists in it.
#[derive(Default)]
pub(super) struct Phase(Form);

#[derive(Default)]
enum Form {
    #[default]
    Unconnected,
    /// Unconnected: the connection was asked for before the socket had a runtime.
    Wish(Box<Attempt>),
    /// Unconnected, by the choice of the class that took the descriptor over.
    Adopted(Box<dyn SocketEngine>),
    /// The addresses of the peer are being looked up.
    HostLookup(Box<Attempt>),
    /// The addresses of the peer are being tried. On the way by another host: that host's name is
    /// looked up, its addresses are tried, or layers shake hands.
    Connecting(Box<Attempt>),
    Bound(Box<dyn SocketEngine>),
    Connected(Box<dyn SocketEngine>),
    /// The connection ends when all written bytes are sent.
    Closing(Box<dyn SocketEngine>),
    /// A state without an engine: a broken connection keeps its state until the slots of
    /// `error_occurred` have run, and a class of its own may have something else in place of an
    /// engine.
    Hollow(SocketState),
}

/// How an attempt has begun, for its socket.
pub(super) struct Begun {
    /// The proxy that was chosen.
    pub(super) proxy: Option<Rc<NetworkProxy>>,
    /// The socket need not wait for the addresses of its peer.
    pub(super) is_resolved: bool,
}

/// What has come of a step of an attempt, for its socket.
pub(super) enum Advance {
    /// The attempt goes on.
    Pending,
    /// The attempt goes on when the program has answered the question.
    Asks(Question),
    /// The socket is connected. `local` and `peer` are the addresses of the ends, where the engine
    /// does not know them as well; `early` is what the layers have read beyond their handshakes.
    /// `to_close` is true if the connection is to be closed at once.
    Connected { local: Option<Endpoint>, peer: Option<Endpoint>, early: Vec<u8>, to_close: bool },
    /// The socket is bound.
    Bound { to_close: bool },
    /// The attempt has failed, for its last failure or for this reason.
    Failed { attempt: Box<Attempt>, otherwise: SocketError },
}

impl Phase {
    /// Begins with an attempt, whose first host is looked up. Without terms, that is before the socket
    /// has a runtime, only notes that a connection is wished for.
    pub(super) fn begin(
        &mut self,
        mut attempt: Attempt,
        terms: Option<&Terms<'_>>,
    ) -> Option<Begun> {
        let Some(terms) = terms else {
            self.0 = Form::Wish(Box::new(attempt));
            return None;
        };
        let (proxy, is_resolved) = attempt.begin(terms);
        self.0 = Form::HostLookup(Box::new(attempt));
        Some(Begun { proxy, is_resolved })
    }

    /// Comes into this state, with an engine that is in it.
    pub(super) fn put_in(&mut self, state: SocketState, engine: Box<dyn SocketEngine>) {
        self.0 = Form::with_engine(state, engine);
    }

    /// Takes over an engine that is connecting.
    pub(super) fn put_in_connecting(&mut self, engine: Box<dyn SocketEngine>) {
        self.0 = Form::Connecting(Box::new(Attempt::begun_elsewhere(engine)));
    }

    /// Takes a step of the attempt, if there is one. Keeps the attempt unless that was its last step;
    /// then the socket is connected, bound or unconnected.
    pub(super) fn go_on(&mut self, step: impl FnOnce(&mut Attempt) -> Outcome) -> Advance {
        let state = self.state();
        let Some(mut attempt) = self.take_attempt() else { return Advance::Pending };
        let outcome = step(&mut attempt);
        // A class may have set another state while layers shake hands.
        let state = if attempt.shakes_hands() { SocketState::Connecting } else { state };
        let to_close = attempt.closes();
        let (form, advance) = match outcome {
            Outcome::Pending => (Form::with_attempt(state, attempt), Advance::Pending),
            Outcome::Asks(question) => {
                (Form::with_attempt(state, attempt), Advance::Asks(question))
            }
            Outcome::Connected(Connection { engine, local, peer, early }) => {
                (Form::Connected(engine), Advance::Connected { local, peer, early, to_close })
            }
            Outcome::Bound(Connection { engine, .. }) => {
                (Form::Bound(engine), Advance::Bound { to_close })
            }
            Outcome::Failed(otherwise) => {
                (Form::Unconnected, Advance::Failed { attempt, otherwise })
            }
        };
        self.0 = form;
        advance
    }

    /// Moves to another state. Keeps the engine or the attempt if the state can have it.
    pub(super) fn move_to(&mut self, state: SocketState) {
        self.0 = match std::mem::take(&mut self.0) {
            Form::Adopted(engine)
            | Form::Bound(engine)
            | Form::Connected(engine)
            | Form::Closing(engine) => Form::with_engine(state, engine),
            Form::Wish(attempt) | Form::HostLookup(attempt) | Form::Connecting(attempt) => {
                Form::with_attempt(state, attempt)
            }
            Form::Unconnected | Form::Hollow(_) => Form::hollow(state),
        };
    }

    /// Drops the engine, and leaves the state as it is.
    pub(super) fn lose_engine(&mut self) {
        self.0 = Form::hollow(self.state());
    }

    /// Becomes unconnected. Returns the engine of a socket that was connected or bound, and drops an
    /// attempt.
    pub(super) fn take_engine(&mut self) -> Option<Box<dyn SocketEngine>> {
        match std::mem::take(&mut self.0) {
            Form::Adopted(engine)
            | Form::Bound(engine)
            | Form::Connected(engine)
            | Form::Closing(engine) => Some(engine),
            _ => None,
        }
    }

    /// Becomes unconnected. Returns the attempt, if there was one, and drops an engine.
    pub(super) fn leave(&mut self) -> Option<Box<Attempt>> {
        let attempt = self.take_attempt();
        self.0 = Form::Unconnected;
        attempt
    }

    /// Takes the attempt out, if there is one, and becomes unconnected. Changes nothing otherwise.
    pub(super) fn take_attempt(&mut self) -> Option<Box<Attempt>> {
        self.attempt()?;
        match std::mem::take(&mut self.0) {
            Form::Wish(attempt) | Form::HostLookup(attempt) | Form::Connecting(attempt) => {
                Some(attempt)
            }
            _ => None,
        }
    }

    #[inline]
    pub(super) fn state(&self) -> SocketState {
        match &self.0 {
            Form::Unconnected | Form::Wish(_) | Form::Adopted(_) => SocketState::Unconnected,
            Form::HostLookup(_) => SocketState::HostLookup,
            Form::Connecting(_) => SocketState::Connecting,
            Form::Bound(_) => SocketState::Bound,
            Form::Connected(_) => SocketState::Connected,
            Form::Closing(_) => SocketState::Closing,
            Form::Hollow(state) => *state,
        }
    }

    /// Returns true if addresses are being tried, or layers shake hands.
    #[inline]
    pub(super) fn is_connecting(&self) -> bool {
        matches!(self.0, Form::Connecting(_))
    }

    /// Returns true if there is a connection that is not to be closed.
    #[inline]
    pub(super) fn is_connected(&self) -> bool {
        matches!(self.0, Form::Connected(_))
    }

    /// Returns true if there is a connection, which may be closing.
    #[inline]
    pub(super) fn has_connection(&self) -> bool {
        matches!(self.0, Form::Connected(_) | Form::Closing(_))
    }

    /// Returns true if the socket counts as unconnected although it has an engine.
    #[inline]
    pub(super) fn is_adopted(&self) -> bool {
        matches!(self.0, Form::Adopted(_))
    }

    /// Returns the socket's own engine: the engine of its connection, or of a socket that was bound
    /// before it began to connect.
    #[inline]
    pub(super) fn engine(&self) -> Option<&dyn SocketEngine> {
        match &self.0 {
            Form::Adopted(engine)
            | Form::Bound(engine)
            | Form::Connected(engine)
            | Form::Closing(engine) => Some(&**engine),
            Form::Wish(attempt) | Form::HostLookup(attempt) | Form::Connecting(attempt) => {
                attempt.own_engine()
            }
            Form::Unconnected | Form::Hollow(_) => None,
        }
    }

    /// Returns the engine of a socket that is connected or bound, mutably.
    #[inline]
    pub(super) fn engine_mut(&mut self) -> Option<&mut (dyn SocketEngine + 'static)> {
        match &mut self.0 {
            Form::Adopted(engine)
            | Form::Bound(engine)
            | Form::Connected(engine)
            | Form::Closing(engine) => Some(&mut **engine),
            _ => None,
        }
    }

    /// Returns the engine of a connection that is not to be closed, mutably.
    #[inline]
    pub(super) fn connected_engine(&mut self) -> Option<&mut (dyn SocketEngine + 'static)> {
        match &mut self.0 {
            Form::Connected(engine) => Some(&mut **engine),
            _ => None,
        }
    }

    /// Returns the engine, if datagrams can be sent and received now, mutably.
    #[inline]
    pub(super) fn datagram_engine(&mut self) -> Option<&mut (dyn SocketEngine + 'static)> {
        match &mut self.0 {
            Form::Bound(engine) | Form::Connected(engine) => Some(&mut **engine),
            _ => None,
        }
    }

    /// Returns the engine, if datagrams can be taken from it now, mutably.
    #[inline]
    pub(super) fn receiving_engine(&mut self) -> Option<&mut (dyn SocketEngine + 'static)> {
        match &mut self.0 {
            Form::Bound(engine) | Form::Connected(engine) | Form::Closing(engine) => {
                Some(&mut **engine)
            }
            _ => None,
        }
    }

    pub(super) fn attempt(&self) -> Option<&Attempt> {
        match &self.0 {
            Form::Wish(attempt) | Form::HostLookup(attempt) | Form::Connecting(attempt) => {
                Some(attempt)
            }
            _ => None,
        }
    }

    pub(super) fn attempt_mut(&mut self) -> Option<&mut Attempt> {
        match &mut self.0 {
            Form::Wish(attempt) | Form::HostLookup(attempt) | Form::Connecting(attempt) => {
                Some(attempt)
            }
            _ => None,
        }
    }

    /// Returns true if a layer shakes hands, or stands on the engine.
    #[cfg(feature = "tls")]
    pub(super) fn has_layers(&self) -> bool {
        match self.attempt() {
            Some(attempt) => attempt.has_layers(),
            None => self.engine().is_some_and(|engine| engine.below().is_some()),
        }
    }

    /// Returns the socket's own engine, or one of those that race to become it.
    pub(super) fn any_engine(&self) -> Option<&dyn SocketEngine> {
        self.engine().or_else(|| self.attempt()?.racing().next())
    }

    /// Sets an option on the socket's own engine and on those that race to become it, since each may
    /// win. `kind` is the socket's.
    pub(super) fn set_option(&mut self, option: SocketOption, kind: SocketType) -> io::Result<()> {
        if let Some(engine) = self.engine_mut() {
            engine.set_option(option)?;
        }
        self.attempt_mut().map_or(Ok(()), |attempt| attempt.set_option(option, kind))
    }
}

impl Form {
    /// Returns the form of a socket with this engine. Drops the engine if the state has none.
    fn with_engine(state: SocketState, engine: Box<dyn SocketEngine>) -> Self {
        match state {
            SocketState::Unconnected => Self::Adopted(engine),
            SocketState::Bound => Self::Bound(engine),
            SocketState::Connected => Self::Connected(engine),
            SocketState::Closing => Self::Closing(engine),
            _ => Self::Hollow(state),
        }
    }

    fn with_attempt(state: SocketState, attempt: Box<Attempt>) -> Self {
        match state {
            SocketState::HostLookup => Self::HostLookup(attempt),
            SocketState::Connecting => Self::Connecting(attempt),
            _ => Self::hollow(state),
        }
    }

    fn hollow(state: SocketState) -> Self {
        match state {
            SocketState::Unconnected => Self::Unconnected,
            _ => Self::Hollow(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::{Advance, Form, Outcome, Phase};
    use crate::net::values::{SocketError, SocketState};

    #[test]
    fn a_step_that_panics_leaves_an_unconnected_socket_without_an_attempt() {
        let mut phase = Phase(Form::HostLookup(Box::default()));
        let step = AssertUnwindSafe(|| phase.go_on(|_| panic!("a layer")));
        assert!(catch_unwind(step).is_err());
        assert_eq!(phase.state(), SocketState::Unconnected);
        assert!(phase.attempt().is_none());
    }

    #[test]
    fn an_attempt_stays_until_its_last_step() {
        let mut phase = Phase(Form::HostLookup(Box::default()));
        assert!(matches!(phase.go_on(|_| Outcome::Pending), Advance::Pending));
        assert_eq!(phase.state(), SocketState::HostLookup);
        let advance = phase.go_on(|_| Outcome::Failed(SocketError::HostNotFound));
        assert!(matches!(advance, Advance::Failed { otherwise: SocketError::HostNotFound, .. }));
        assert_eq!(phase.state(), SocketState::Unconnected);
        let mut has_gone_on = false;
        phase.go_on(|_| {
            has_gone_on = true;
            Outcome::Pending
        });
        assert!(!has_gone_on, "no attempt is left");
    }
}
