//! `Phase`: the state of a socket, with the engine or the attempt that exists in it.
//!
//! Keeps one promise: a combination that must not exist cannot be written as a value. There is an
//! attempt only while a connection is wished for or made, and an engine only where bytes could go
//! by one. A transition takes the phase out and puts the next one in; if the transition panics, the
//! socket is unconnected.

use std::io;

use super::attempt::Attempt;
use crate::net::engine::SocketEngine;
use crate::net::values::{SocketOption, SocketState, SocketType};

/// The state of a socket, with the engine or the attempt that exists in it.
#[derive(Default)]
pub(super) enum Phase {
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

impl Phase {
    /// Returns the phase of a socket with this engine. Drops the engine if the state has none.
    pub(super) fn with_engine(state: SocketState, engine: Box<dyn SocketEngine>) -> Self {
        match state {
            SocketState::Unconnected => Self::Adopted(engine),
            SocketState::Bound => Self::Bound(engine),
            SocketState::Connected => Self::Connected(engine),
            SocketState::Closing => Self::Closing(engine),
            _ => Self::Hollow(state),
        }
    }

    pub(super) fn with_attempt(state: SocketState, attempt: Box<Attempt>) -> Self {
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

    #[inline]
    pub(super) fn state(&self) -> SocketState {
        match self {
            Self::Unconnected | Self::Wish(_) | Self::Adopted(_) => SocketState::Unconnected,
            Self::HostLookup(_) => SocketState::HostLookup,
            Self::Connecting(_) => SocketState::Connecting,
            Self::Bound(_) => SocketState::Bound,
            Self::Connected(_) => SocketState::Connected,
            Self::Closing(_) => SocketState::Closing,
            Self::Hollow(state) => *state,
        }
    }

    /// Moves to another state. Keeps the engine or the attempt if the state can have it.
    pub(super) fn move_to(&mut self, state: SocketState) {
        *self = match std::mem::take(self) {
            Self::Adopted(engine)
            | Self::Bound(engine)
            | Self::Connected(engine)
            | Self::Closing(engine) => Self::with_engine(state, engine),
            Self::Wish(attempt) | Self::HostLookup(attempt) | Self::Connecting(attempt) => {
                Self::with_attempt(state, attempt)
            }
            Self::Unconnected | Self::Hollow(_) => Self::hollow(state),
        };
    }

    /// Drops the engine, and leaves the state as it is.
    pub(super) fn lose_engine(&mut self) {
        *self = Self::hollow(self.state());
    }

    /// Returns the socket's own engine: the engine of its connection, or of a socket that was bound
    /// before it began to connect.
    #[inline]
    pub(super) fn engine(&self) -> Option<&dyn SocketEngine> {
        match self {
            Self::Adopted(engine)
            | Self::Bound(engine)
            | Self::Connected(engine)
            | Self::Closing(engine) => Some(&**engine),
            Self::Wish(attempt) | Self::HostLookup(attempt) | Self::Connecting(attempt) => {
                attempt.own_engine()
            }
            Self::Unconnected | Self::Hollow(_) => None,
        }
    }

    /// Returns the engine of a socket that is connected or bound, mutably.
    #[inline]
    pub(super) fn engine_mut(&mut self) -> Option<&mut (dyn SocketEngine + 'static)> {
        match self {
            Self::Adopted(engine)
            | Self::Bound(engine)
            | Self::Connected(engine)
            | Self::Closing(engine) => Some(&mut **engine),
            _ => None,
        }
    }

    /// Takes out the engine of a socket that is connected or bound. Leaves the socket unconnected,
    /// and drops an attempt.
    pub(super) fn take_engine(&mut self) -> Option<Box<dyn SocketEngine>> {
        match std::mem::take(self) {
            Self::Adopted(engine)
            | Self::Bound(engine)
            | Self::Connected(engine)
            | Self::Closing(engine) => Some(engine),
            _ => None,
        }
    }

    pub(super) fn attempt(&self) -> Option<&Attempt> {
        match self {
            Self::Wish(attempt) | Self::HostLookup(attempt) | Self::Connecting(attempt) => {
                Some(attempt)
            }
            _ => None,
        }
    }

    pub(super) fn attempt_mut(&mut self) -> Option<&mut Attempt> {
        match self {
            Self::Wish(attempt) | Self::HostLookup(attempt) | Self::Connecting(attempt) => {
                Some(attempt)
            }
            _ => None,
        }
    }

    /// Takes the attempt out, if there is one, and leaves the socket unconnected.
    pub(super) fn take_attempt(&mut self) -> Option<Box<Attempt>> {
        self.attempt()?;
        match std::mem::take(self) {
            Self::Wish(attempt) | Self::HostLookup(attempt) | Self::Connecting(attempt) => {
                Some(attempt)
            }
            _ => None,
        }
    }

    /// Returns the engines that may be ready: the socket's own, and those that race to become it.
    pub(super) fn engines(&self) -> impl Iterator<Item = &dyn SocketEngine> {
        self.engine().into_iter().chain(self.attempt().into_iter().flat_map(Attempt::racing))
    }

    /// Sets an option on each of the [`engines`](Self::engines): each that races may win.
    /// `kind` is the socket's.
    pub(super) fn set_option(&mut self, option: SocketOption, kind: SocketType) -> io::Result<()> {
        if let Some(engine) = self.engine_mut() {
            engine.set_option(option)?;
        }
        self.attempt_mut().map_or(Ok(()), |attempt| attempt.set_option(option, kind))
    }
}
