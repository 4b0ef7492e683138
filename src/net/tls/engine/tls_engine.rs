//! `TlsEngine`: the layer that encrypts a connection.
//!
//! Keeps two promises. No byte of the program goes out or comes in before the handshake is over and
//! the errors of the peer's certificate, if there are any, were accepted: until then nothing goes
//! out at all, so that an unverified peer does not even get the certificate of this end. And what is
//! read from the engine below and not decrypted yet is at most one [`CHUNK`].

use std::io::{self, BufRead};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustls::Connection;

use super::undecrypted::Undecrypted;
use crate::io::ByteQueue;
use crate::net::engine::SocketEngine;
use crate::net::tls::configuration::SslConfiguration;
use crate::net::tls::error::SslError;
use crate::net::tls::mode::SslMode;
use crate::net::tls::session::{Report, Session};
use crate::net::values::{EngineFailure, SocketError};

/// The layer that encrypts a connection.
pub(in crate::net) struct TlsEngine {
    pub(super) below: Box<dyn SocketEngine>,
    pub(super) connection: Connection,
    pub(super) session: Rc<Session>,
    /// True if errors of the peer's certificate end the handshake.
    pub(super) is_strict: bool,
    pub(super) stage: Stage,
    /// What came from the engine below and has found no room in `connection`.
    pub(super) raw: Undecrypted,
    /// What goes out before the handshake, unencrypted.
    pub(super) in_front: ByteQueue,
    /// How many bytes the engine below had no room for: those of `in_front`, or of `connection`.
    /// While there are any, nothing is written before [`ready`](SocketEngine::ready) tells of room.
    pub(super) waiting: usize,
    /// How many decrypted bytes `connection` has, or `rest`.
    pub(super) decrypted: usize,
    /// What was decrypted before the session failed.
    pub(super) rest: ByteQueue,
    /// A short read may not have found all that there is: the connection below may have ended, or
    /// there is urgent data.
    pub(super) must_look_again: bool,
    /// How many session tickets have come since the last byte of the peer's program.
    pub(super) tickets: usize,
    /// How many bytes were dropped while the peer was to answer the end of this one.
    pub(super) dropped: usize,
    pub(super) read_end: ReadEnd,
    pub(super) write_end: WriteEnd,
    /// The peer has been told that no more will come, or will be once there is room.
    pub(super) has_said_end: bool,
    /// Why the last bytes could not be sent. It is returned by the next write, or at the end of what
    /// the peer has sent before.
    pub(super) send_failure: Option<io::Error>,
    pub(super) has_begun: bool,
    pub(super) handshake_timeout: Option<Duration>,
    pub(super) close_timeout: Duration,
    pub(super) deadline: Option<Instant>,
}

/// How far the session has come.
#[derive(Debug)]
pub(super) enum Stage {
    Handshaking,
    /// The certificate of the peer has errors, and the socket decides.
    Doubtful,
    Established,
    /// The session has failed. The error is returned once.
    Failed(Option<io::Error>),
}

/// What is known of the end of the peer's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadEnd {
    Open,
    /// The peer has said that no more will come.
    Orderly,
    /// The connection below has ended.
    Cut,
}

/// How far this end is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WriteEnd {
    Open,
    /// Once all is sent, the engine closes the writing end of the connection below.
    ToBeShut,
    Shut,
    /// The connection may be dropped once all is sent and the peer has answered.
    Finishing,
    /// The peer has not answered in time.
    GivenUp,
}

/// What came of looking for more.
pub(super) enum Fetched {
    /// The session has gone on; there may be decrypted bytes.
    Some,
    /// As [`Some`](Self::Some), and nothing more has come.
    Last,
    Nothing,
    End,
}

impl TlsEngine {
    /// Puts the layer above `below`. `early` has bytes that were read from `below` already, and
    /// `unsent` those that go out before the handshake, unencrypted.
    pub(in crate::net) fn new(
        below: Box<dyn SocketEngine>,
        connection: Connection,
        session: Rc<Session>,
        configuration: &SslConfiguration,
        early: Vec<u8>,
        unsent: &[u8],
    ) -> Self {
        let mode = match connection {
            Connection::Client(_) => SslMode::Client,
            Connection::Server(_) => SslMode::Server,
        };
        session.begin(mode);
        let mut in_front = ByteQueue::default();
        in_front.push(unsent);
        let mut this = Self {
            below,
            connection,
            session,
            is_strict: configuration.is_fatal(mode),
            stage: Stage::Handshaking,
            raw: Undecrypted::of(early),
            in_front,
            waiting: 0,
            decrypted: 0,
            rest: ByteQueue::default(),
            must_look_again: true,
            tickets: 0,
            dropped: 0,
            read_end: ReadEnd::Open,
            write_end: WriteEnd::Open,
            has_said_end: false,
            send_failure: None,
            has_begun: false,
            handshake_timeout: configuration.handshake_timeout(),
            close_timeout: configuration.close_timeout(),
            deadline: None,
        };
        this.connection.set_buffer_limit(None);
        this
    }

    /// Announces that the handshake begins, and sends what this end says first.
    pub(in crate::net) fn begin(&mut self) {
        if std::mem::replace(&mut self.has_begun, true) {
            return;
        }
        self.session.report(Report::Began(self.session.mode()));
        self.set_deadline(self.handshake_timeout);
        self.send_or_note();
    }

    /// Returns true if the socket has to decide about the errors of the peer's certificate.
    pub(in crate::net) fn is_doubtful(&self) -> bool {
        matches!(self.stage, Stage::Doubtful)
    }

    /// Goes on although the peer's certificate has errors.
    pub(in crate::net) fn accept(&mut self) {
        if !self.is_doubtful() {
            return;
        }
        self.stage = Stage::Handshaking;
        self.set_deadline(self.handshake_timeout);
        self.establish_if_done();
        self.send_or_note();
    }

    /// Ends the session because of an error of the peer's certificate.
    pub(in crate::net) fn refuse(&mut self, error: &SslError) {
        if self.is_doubtful() {
            self.fail(
                EngineFailure::new(SocketError::SslHandshakeFailed, error.to_string()).into(),
            );
        }
    }

    /// Stops the time for the handshake, because the socket pauses.
    pub(in crate::net) fn pause(&mut self) {
        self.set_deadline(None);
    }

    /// Returns how many bytes came from the engine below and are not decrypted.
    pub(in crate::net) fn encrypted_available(&self) -> usize {
        self.raw.len()
    }

    /// Returns how many encrypted bytes have found no room in the engine below.
    pub(in crate::net) fn encrypted_to_write(&self) -> usize {
        self.waiting
    }

    pub(super) fn set_deadline(&mut self, delay: Option<Duration>) {
        self.deadline = delay.and_then(|delay| self.session.after(delay));
        self.session.report(Report::Deadline);
    }

    /// Ends the session. What was decrypted before is read first.
    pub(super) fn fail(&mut self, error: io::Error) {
        if matches!(self.stage, Stage::Established) {
            while let Ok(chunk @ [_, ..]) = self.connection.reader().fill_buf() {
                let count = chunk.len();
                self.rest.push(chunk);
                self.connection.reader().consume(count);
            }
        }
        self.decrypted = self.rest.len();
        self.stage = Stage::Failed(Some(error));
        self.raw.give_back();
        self.drop_unsent();
        self.set_deadline(None);
    }

    /// Goes on with the handshake, if there is one under way. Returns true if nothing may be read
    /// yet: not even once the handshake is over, before the slots of `encrypted` have run.
    pub(super) fn shakes_hands(&mut self) -> bool {
        let shook = matches!(self.stage, Stage::Handshaking);
        if shook {
            self.shake();
        }
        shook && !matches!(self.stage, Stage::Failed(_))
    }
}
