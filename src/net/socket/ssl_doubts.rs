//! The errors of a peer's certificate: how a `QSslSocket` emits them, and how it decides about them once
//! the slots have run.
//!
//! Keeps one promise: the engine goes on only if the program ignores each of the errors.

use super::abstract_socket::QAbstractSocket;
use super::machine::StateMachine;
use super::ssl_socket::QSslSocket;
use crate::net::tls::{REPORTED, SslError, TlsEngine};
use crate::net::values::PauseMode;

/// The numbers of the steps that follow the slots of `ssl_errors`, of `handshake_interrupted_on_error`
/// and of `peer_verify_error`.
pub(super) const DECIDE: u32 = REPORTED + 1;
pub(super) const INTERRUPT: u32 = REPORTED + 2;
pub(super) const TELL: u32 = REPORTED + 3;

/// Which errors of the peer's certificate the program ignores.
#[derive(Clone, Debug, Default)]
pub(super) struct Ignored {
    pub(super) errors: Vec<SslError>,
    /// All, in the session before whose end as many have ended.
    pub(super) all: Option<u32>,
}

/// What the socket still has to do about the errors of the peer's certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Doubt {
    #[default]
    None,
    /// So many errors were emitted each by itself, and the others come next.
    Tells(usize),
    /// Slots may call `continue_interrupted_handshake`.
    Interrupts { goes_on: bool },
    /// Slots may call `ignore_ssl_errors`.
    Asks,
    /// The socket pauses.
    Pauses,
}

impl QSslSocket {
    /// Begins to emit the errors of the peer's certificate.
    pub(super) fn doubt(&mut self, errors: Vec<SslError>) {
        self.doubt = Doubt::Tells(self.errors.len());
        self.errors.extend(errors);
        self.tell();
    }

    /// Emits the next error of the peer's certificate, unless a slot has ended the connection. When
    /// all were emitted, asks about them.
    pub(super) fn tell(&mut self) {
        let Doubt::Tells(told) = self.doubt else { return };
        if self.is_over() {
            return;
        }
        if let Some(error) = self.errors.get(told).cloned() {
            self.doubt = Doubt::Tells(told + 1);
            self.peer_verify_error.emit(error);
            return self.step(TELL);
        }
        self.doubt = Doubt::None;
        let first = self.errors.first().cloned();
        let is_doubtful = self.engine().is_some_and(TlsEngine::is_doubtful);
        let interrupts = self.configuration.handshake_must_interrupt_on_error();
        match first {
            Some(first) if is_doubtful && interrupts => {
                self.doubt = Doubt::Interrupts { goes_on: false };
                self.handshake_interrupted_on_error.emit(first);
                self.step(INTERRUPT);
            }
            _ => self.ask(is_doubtful),
        }
    }

    /// Emits `ssl_errors`. If the engine waits for the decision, it is made after the slots.
    fn ask(&mut self, is_doubtful: bool) {
        self.ssl_errors.emit(self.errors.clone());
        if is_doubtful {
            self.doubt = Doubt::Asks;
            self.step(DECIDE);
        }
    }

    /// Called when the slots of `handshake_interrupted_on_error` have run.
    pub(super) fn after_interruption(&mut self) {
        if let Doubt::Interrupts { goes_on } = self.doubt {
            match goes_on {
                true => self.ask(true),
                false => self.conclude(),
            }
        }
    }

    /// Called when the slots of `ssl_errors` have run.
    pub(super) fn decide(&mut self) {
        if self.doubt != Doubt::Asks {
            return;
        }
        let pauses = self.pause_mode().contains(PauseMode::ON_SSL_ERRORS);
        if pauses && self.objection().is_some() {
            self.doubt = Doubt::Pauses;
            if let Some(engine) = self.engine_mut() {
                engine.pause();
            }
            return;
        }
        self.conclude();
    }

    /// Called when the program has resumed the socket.
    pub(super) fn resumed(&mut self) {
        if self.doubt == Doubt::Pauses {
            self.conclude();
        }
    }

    /// Goes on with the handshake, or ends the connection.
    fn conclude(&mut self) {
        self.doubt = Doubt::None;
        let objection = self.objection();
        let Some(engine) = self.engine_mut() else { return };
        match objection {
            None => engine.accept(),
            Some(error) => engine.refuse(&error),
        }
        self.tcp.socket.go_on_with_engine();
    }

    /// Returns the first error that the program does not ignore.
    fn objection(&self) -> Option<SslError> {
        let is_ignored = |error: &&SslError| self.ignored.errors.contains(error);
        if self.ignores_all() {
            return None;
        }
        self.errors.iter().find(|error| !is_ignored(error)).cloned()
    }

    /// Ignores these errors of the peer's certificate, in this handshake and in all later ones: the
    /// connection goes on if there are no others. Each error is of one certificate, and is not
    /// ignored for another one. Replaces the errors of an earlier call.
    #[doc(alias = "ignoreSslErrors")]
    pub fn ignore_ssl_errors(&mut self, errors: &[SslError]) {
        self.ignored.errors = errors.to_vec();
        self.tell_wishes();
    }

    /// Ignores all errors of the peer's certificate in the handshake that is under way, or in the
    /// next one if there is none: then the connection is encrypted, and **nobody knows with whom**.
    /// Anybody on the way can read and change what is sent.
    #[doc(alias = "ignoreSslErrors")]
    pub fn dangerously_ignore_all_ssl_errors(&mut self) {
        let is_over = u32::from(self.is_encrypted());
        self.ignored.all = Some(self.session.ended().wrapping_add(is_over));
        self.tell_wishes();
    }

    pub(super) fn ignores_all(&self) -> bool {
        self.ignored.all == Some(self.session.ended())
    }

    /// Goes on with a handshake that was interrupted, when called in a slot of
    /// [`handshake_interrupted_on_error`](Self::handshake_interrupted_on_error). `ssl_errors` comes
    /// next.
    #[doc(alias = "continueInterruptedHandshake")]
    pub fn continue_interrupted_handshake(&mut self) {
        if let Doubt::Interrupts { goes_on } = &mut self.doubt {
            *goes_on = true;
        }
    }

    /// Returns the errors of the peer's certificate in the last handshake.
    #[doc(alias = "sslHandshakeErrors")]
    pub fn ssl_handshake_errors(&self) -> &[SslError] {
        match self.is_of_last_connection() {
            true => &self.errors,
            false => &[],
        }
    }
}
