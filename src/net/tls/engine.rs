//! `TlsEngine`: the layer that encrypts a connection.
//!
//! Keeps two promises. No byte of the program goes out or comes in before the handshake is over and
//! the errors of the peer's certificate, if there are any, were accepted: until then nothing goes
//! out at all, so that an unverified peer does not even get the certificate of this end. And what is
//! read from the engine below and not decrypted yet is at most one [`CHUNK`].

use std::cell::RefCell;
use std::io::{self, BufRead, ErrorKind};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustls::{AlertDescription, Connection, HandshakeKind};
use smallvec::{SmallVec, smallvec};

use super::alert::{AlertLevel, AlertType};
use super::certificate::SslCertificate;
use super::cipher::SslCipher;
use super::configuration::SslConfiguration;
use super::error::SslError;
use super::hearing::{Heard, hear};
use super::mode::SslMode;
use super::protocol::SslProtocol;
use super::reason::reason;
use super::session::{Agreed, Report, Session};
use super::undecrypted::{CHUNK, Undecrypted};
use crate::io::ByteQueue;
use crate::net::engine::{Handshake, Interest, Progress, Settled, SocketEngine};
use crate::net::values::{EngineFailure, SocketError};
use crate::readiness::{Readiness, SourceId};

/// How many bytes of the peer are dropped, at the most, while it is to answer the end of this one: as
/// many as Linux lets wait.
const DROPPED_AT_MOST: usize = 6 << 20;

thread_local! {
    /// Memory for what goes to the engine below. It holds nothing between two calls.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The layer that encrypts a connection.
pub(in crate::net) struct TlsEngine {
    below: Box<dyn SocketEngine>,
    connection: Connection,
    session: Rc<Session>,
    /// True if errors of the peer's certificate end the handshake.
    is_strict: bool,
    stage: Stage,
    /// What came from the engine below and has found no room in `connection`.
    raw: Undecrypted,
    /// What the engine below had no room for.
    outgoing: ByteQueue,
    /// How many decrypted bytes `connection` has, or `rest`.
    decrypted: usize,
    /// What was decrypted before the session failed.
    rest: ByteQueue,
    /// A short read may not have found all that there is: the connection below may have ended, or
    /// there is urgent data.
    must_look_again: bool,
    /// How many bytes were dropped while the peer was to answer the end of this one.
    dropped: usize,
    read_end: ReadEnd,
    write_end: WriteEnd,
    /// The peer has been told that no more will come, or will be once there is room.
    has_said_end: bool,
    /// Why the last bytes could not be sent. It is returned by the next write, or at the end of what
    /// the peer has sent before.
    send_failure: Option<io::Error>,
    has_begun: bool,
    handshake_timeout: Option<Duration>,
    close_timeout: Duration,
    deadline: Option<Instant>,
}

/// How far the session has come.
#[derive(Debug)]
enum Stage {
    Handshaking,
    /// The certificate of the peer has errors, and the socket decides.
    Doubtful,
    Established,
    /// The session has failed. The error is returned once.
    Failed(Option<io::Error>),
}

/// What is known of the end of the peer's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadEnd {
    Open,
    /// The peer has said that no more will come.
    Orderly,
    /// The connection below has ended.
    Cut,
}

/// How far this end is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum WriteEnd {
    Open,
    /// The writing end of the connection below is to be closed once all is sent.
    ToBeShut,
    Shut,
    /// The connection may be dropped once all is sent and the peer has answered.
    Finishing,
    /// The peer has not answered in time.
    GivenUp,
}

/// What came of looking for more.
enum Fetched {
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
        let mut outgoing = ByteQueue::default();
        outgoing.push(unsent);
        let mut this = Self {
            below,
            connection,
            session,
            is_strict: configuration.is_fatal(mode),
            stage: Stage::Handshaking,
            raw: Undecrypted::of(early),
            outgoing,
            decrypted: 0,
            rest: ByteQueue::default(),
            must_look_again: true,
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
        self.outgoing.len()
    }

    fn set_deadline(&mut self, delay: Option<Duration>) {
        self.deadline = delay.and_then(|delay| self.session.after(delay));
        self.session.report(Report::Deadline);
    }

    /// Ends the session. What was decrypted before is read first.
    fn fail(&mut self, error: io::Error) {
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
        self.outgoing = ByteQueue::default();
        self.set_deadline(None);
    }

    /// Sends what the session has to say, as far as there is room. It says nothing new before all is
    /// sent: a peer that demands answers without end and reads none of them costs no memory.
    fn send(&mut self) -> io::Result<()> {
        if matches!(self.stage, Stage::Doubtful | Stage::Failed(_)) {
            return Ok(());
        }
        loop {
            while !self.outgoing.is_empty() {
                let outgoing = std::mem::take(&mut self.outgoing);
                let sent = self.pass_down(outgoing.as_slice());
                self.outgoing = outgoing;
                match sent? {
                    0 => return Ok(()),
                    count => drop(self.outgoing.consume(count)),
                }
            }
            if !self.connection.wants_write() {
                break;
            }
            let mut said = SCRATCH.take();
            said.clear();
            while self.connection.wants_write() {
                self.connection.write_tls(&mut said)?;
            }
            let sent = self.pass_down(&said);
            if let Ok(count) = sent {
                self.outgoing.push(&said[count..]);
            }
            SCRATCH.set(said);
            sent?;
        }
        if self.write_end == WriteEnd::ToBeShut && self.has_said_end {
            self.write_end = WriteEnd::Shut;
            self.below.shutdown_write()?;
        }
        Ok(())
    }

    /// Sends what the session has to say. Notes a failure, which the engine below may report only once:
    /// what the peer has sent before can still be read.
    fn send_or_note(&mut self) {
        if let Err(error) = self.send() {
            self.outgoing = ByteQueue::default();
            self.send_failure = Some(error);
        }
    }

    /// Writes to the engine below. Returns 0 if it has no room.
    fn pass_down(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = match self.below.write(bytes) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(self.broken(error)),
        };
        self.session.report_written(count);
        Ok(count)
    }

    /// Takes what has come from the engine below, and lets the session go on with it.
    fn fetch(&mut self) -> io::Result<Fetched> {
        match &mut self.stage {
            Stage::Failed(error) => return error.take().map_or(Ok(Fetched::End), Err),
            Stage::Doubtful => return Ok(Fetched::Nothing),
            Stage::Handshaking | Stage::Established => {}
        }
        match self.read_end {
            ReadEnd::Open => {}
            ReadEnd::Orderly | ReadEnd::Cut => return Ok(Fetched::End),
        }
        let mut is_last = false;
        if self.raw.is_empty() {
            match self.raw.fill(|bytes| self.below.read_to(bytes, CHUNK)) {
                Ok(0) => return self.on_end_below(),
                Ok(count) => {
                    is_last = count < CHUNK
                        && !self.must_look_again
                        && !self.below.ready_now().read_closed;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.must_look_again = false;
                    return Ok(Fetched::Nothing);
                }
                Err(error) => {
                    self.fail(self.broken(error));
                    return self.fetch();
                }
            }
        }
        // Taken out, so that what comes of these bytes can end the session.
        let mut raw = std::mem::take(&mut self.raw);
        let taken = self.feed(raw.as_slice());
        match self.stage {
            Stage::Failed(_) => raw.give_back(),
            _ => raw.take(taken),
        }
        self.raw = raw;
        Ok(if is_last && self.raw.is_empty() { Fetched::Last } else { Fetched::Some })
    }

    /// Called when the connection below has ended. Without the peer's `close_notify`, anybody on the
    /// way may have cut it (RFC 8446, section 6.1).
    fn on_end_below(&mut self) -> io::Result<Fetched> {
        self.read_end = ReadEnd::Cut;
        if let Some(error) = self.send_failure.take() {
            self.fail(error);
            return self.fetch();
        }
        let (kind, reason) = match self.stage {
            Stage::Handshaking => (
                SocketError::RemoteHostClosed,
                "the peer closed the connection during the TLS handshake",
            ),
            _ => (
                SocketError::Network,
                "the connection was cut: the peer has not said that it ends (no close_notify), so \
                 bytes may be missing",
            ),
        };
        self.fail(EngineFailure::new(kind, reason).into());
        self.fetch()
    }

    /// Returns the error of a connection that the peer, or anybody on the way, has reset. Its kind is
    /// not that of an orderly end.
    fn broken(&self, error: io::Error) -> io::Error {
        let is_open = matches!(self.stage, Stage::Established) && self.read_end == ReadEnd::Open;
        if !is_open || SocketError::of_transfer(&error) != SocketError::RemoteHostClosed {
            return error;
        }
        let reason = format!(
            "the connection was cut: {error}, and the peer has not said that it ends (no \
             close_notify), so bytes may be missing"
        );
        EngineFailure::new(SocketError::Network, reason).into()
    }

    /// Lets the session go on with these bytes. Returns how many it has taken: fewer than there are
    /// only if decrypted bytes have to be read first, or if the session has ended.
    fn feed(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        let now = self.session.now();
        let is_lenient = self.session.wants_errors() || !self.is_strict;
        let connection = &mut self.connection;
        let (state, Heard { errors, tickets }) = hear(now, is_lenient, || {
            let mut state = connection.process_new_packets();
            // It takes nothing more if decrypted bytes have to be read first, or if it has ended.
            while state.is_ok()
                && !rest.is_empty()
                && matches!(connection.read_tls(&mut rest), Ok(1..))
            {
                state = connection.process_new_packets();
            }
            state
        });
        for _ in 0..tickets {
            self.session.report(Report::Ticket);
        }
        let is_doubtful = self.is_strict && !errors.is_empty();
        let first = errors.first().map(ToString::to_string);
        if !errors.is_empty() {
            self.session.report(Report::Doubts(errors));
        }
        match state {
            Ok(state) => {
                self.decrypted = state.plaintext_bytes_to_read();
                if state.peer_has_closed() && self.read_end == ReadEnd::Open {
                    self.read_end = ReadEnd::Orderly;
                    let (level, kind) = (AlertLevel::Warning, AlertType::CloseNotify);
                    self.session.report(Report::AlertReceived(level, kind));
                }
                if is_doubtful {
                    self.stage = Stage::Doubtful;
                } else {
                    self.establish_if_done();
                    // What is held back goes out when there is room, of which the socket hears then.
                    if self.outgoing.is_empty() {
                        self.send_or_note();
                    }
                }
            }
            Err(error) => self.fail_by(error, first),
        }
        bytes.len() - rest.len()
    }

    /// Ends the session because of an error, of which the peer is told.
    fn fail_by(&mut self, error: rustls::Error, of_certificate: Option<String>) {
        match error {
            rustls::Error::AlertReceived(alert) => {
                self.session.report(Report::AlertReceived(AlertLevel::Fatal, AlertType::of(alert)));
            }
            // The session has put an alert into what is to be sent.
            _ => {
                let _ = self.send();
                if let Some(alert) = alert_for(&error) {
                    self.session.report(Report::AlertSent(AlertLevel::Fatal, alert));
                }
            }
        }
        let kind = match self.stage {
            Stage::Handshaking | Stage::Doubtful => SocketError::SslHandshakeFailed,
            Stage::Established | Stage::Failed(_) => SocketError::SslInternal,
        };
        let reason = of_certificate.unwrap_or_else(|| reason(&error));
        self.fail(EngineFailure::new(kind, reason).into());
    }

    /// Notes that the handshake is over, if it is.
    fn establish_if_done(&mut self) {
        if !matches!(self.stage, Stage::Handshaking) || self.connection.is_handshaking() {
            return;
        }
        self.stage = Stage::Established;
        self.set_deadline(None);
        self.session.become_encrypted();
        let agreed = Agreed {
            cipher: self.connection.negotiated_cipher_suite().map(SslCipher::of),
            protocol: self.connection.protocol_version().and_then(SslProtocol::of),
            next_protocol: self.connection.alpn_protocol().map(<[u8]>::to_vec),
            peer_chain: self.peer_chain(),
            is_resumed: self.connection.handshake_kind() == Some(HandshakeKind::Resumed),
        };
        self.session.report(Report::Encrypted(Box::new(agreed)));
        if self.write_end >= WriteEnd::ToBeShut {
            self.say_end();
        }
    }

    /// Returns the certificate of the peer, and those by which it is signed.
    fn peer_chain(&self) -> Vec<SslCertificate> {
        let chain = self.connection.peer_certificates().unwrap_or_default();
        chain.iter().filter_map(|der| SslCertificate::from_rustls(der).ok()).collect()
    }

    /// Gives up to `max` decrypted bytes to `take`.
    fn take_decrypted(&mut self, max: usize, take: &mut impl FnMut(&[u8])) -> usize {
        if !self.rest.is_empty() {
            let count = self.rest.len().min(max);
            take(&self.rest.as_slice()[..count]);
            self.rest.consume(count);
            self.decrypted = self.rest.len();
            return count;
        }
        let mut count = 0;
        while count < max && self.decrypted > 0 {
            let mut reader = self.connection.reader();
            let Ok(chunk @ [_, ..]) = reader.fill_buf() else { break };
            let taken = chunk.len().min(max - count);
            take(&chunk[..taken]);
            reader.consume(taken);
            self.decrypted -= taken;
            count += taken;
        }
        count
    }

    /// Reads up to `max` bytes. Fails with `WouldBlock` if none have come.
    fn read_by(&mut self, max: usize, take: impl FnMut(&[u8])) -> io::Result<usize> {
        match max {
            0 => Ok(0),
            _ => {
                let result = self.read_through(max, take);
                self.raw.settle();
                self.after_reports(result)
            }
        }
    }

    /// Puts an end or an error off until the slots of what was reported have run.
    fn after_reports(&mut self, result: io::Result<usize>) -> io::Result<usize> {
        if matches!(result, Ok(1..)) || !self.session.has_reports() {
            return result;
        }
        if let Err(error) = result
            && let Stage::Failed(waiting @ None) = &mut self.stage
        {
            *waiting = Some(error);
        }
        Err(ErrorKind::WouldBlock.into())
    }

    fn read_through(&mut self, max: usize, mut take: impl FnMut(&[u8])) -> io::Result<usize> {
        self.begin();
        if self.shakes_hands() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let mut count = 0;
        let mut is_last = false;
        loop {
            if self.is_readable() {
                count += self.take_decrypted(max - count, &mut take);
            }
            if count == max || is_last {
                return self.counted(count);
            }
            match self.fetch() {
                Ok(Fetched::Some) => {}
                Ok(Fetched::Last) => is_last = true,
                Ok(Fetched::Nothing) => return self.counted(count),
                Ok(Fetched::End) => return Ok(count),
                // The error comes again with the next read.
                Err(error) if count > 0 => {
                    self.stage = Stage::Failed(Some(error));
                    return Ok(count);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns true if decrypted bytes may be read.
    fn is_readable(&self) -> bool {
        self.decrypted > 0 && (matches!(self.stage, Stage::Established) || !self.rest.is_empty())
    }

    fn counted(&mut self, count: usize) -> io::Result<usize> {
        match &mut self.stage {
            _ if count > 0 => Ok(count),
            Stage::Failed(error) => error.take().map_or(Ok(0), Err),
            Stage::Established if self.decrypted == 0 && self.read_end != ReadEnd::Open => Ok(0),
            _ => Err(ErrorKind::WouldBlock.into()),
        }
    }

    /// Goes on with the handshake, as far as something has come.
    fn shake(&mut self) {
        while let Stage::Handshaking = self.stage {
            match self.fetch() {
                Ok(Fetched::Some) => {}
                Ok(Fetched::Last | Fetched::Nothing | Fetched::End) => return,
                // It is returned by the next read.
                Err(error) => self.stage = Stage::Failed(Some(error)),
            }
        }
    }

    fn peek_through(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.begin();
        if self.shakes_hands() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let mut is_last = false;
        loop {
            if self.is_readable() {
                let mut reader = self.connection.reader();
                let chunk = match self.rest.as_slice() {
                    [] => reader.fill_buf()?,
                    rest => rest,
                };
                let count = chunk.len().min(buffer.len());
                buffer[..count].copy_from_slice(&chunk[..count]);
                return Ok(count);
            }
            if is_last {
                return self.counted(0);
            }
            match self.fetch()? {
                Fetched::Some => {}
                Fetched::Last => is_last = true,
                Fetched::Nothing => return self.counted(0),
                Fetched::End => return Ok(0),
            }
        }
    }

    /// Goes on with the handshake, if there is one under way. Returns true if nothing may be read
    /// yet: not even once the handshake is over, before the slots of `encrypted` have run.
    fn shakes_hands(&mut self) -> bool {
        let shook = matches!(self.stage, Stage::Handshaking);
        if shook {
            self.shake();
        }
        shook && !matches!(self.stage, Stage::Failed(_))
    }

    /// Says that nothing more will be written.
    fn say_end(&mut self) {
        if matches!(self.stage, Stage::Established)
            && !std::mem::replace(&mut self.has_said_end, true)
        {
            self.connection.send_close_notify();
            let (level, kind) = (AlertLevel::Warning, AlertType::CloseNotify);
            self.session.report(Report::AlertSent(level, kind));
        }
    }

    /// Drops what the peer sends while it is to answer the end of this one. If it sends too much, its
    /// answer is not awaited any longer.
    fn discard(&mut self) {
        while self.dropped < DROPPED_AT_MOST {
            match self.read_by(CHUNK, |_| {}) {
                Ok(count @ 1..) => self.dropped += count,
                Ok(0) => return,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.read_end = ReadEnd::Cut,
            }
        }
        self.give_up();
    }

    /// Does not wait for the peer any longer.
    fn give_up(&mut self) {
        self.write_end = WriteEnd::GivenUp;
        self.outgoing = ByteQueue::default();
    }

    /// Returns true if something waits for room in the engine below.
    fn has_to_send(&self) -> bool {
        let may_speak = matches!(self.stage, Stage::Established);
        !self.outgoing.is_empty() || may_speak && self.connection.wants_write()
    }

    /// Returns true if the connection may be dropped.
    fn has_finished(&self) -> bool {
        match self.stage {
            // Without a socket there is no timer that could end the wait for the answer.
            Stage::Established if self.write_end < WriteEnd::GivenUp => {
                let is_answered = self.read_end != ReadEnd::Open || self.session.is_of_route();
                is_answered && !self.has_to_send() || self.send_failure.is_some()
            }
            _ => true,
        }
    }
}

impl SocketEngine for TlsEngine {
    fn below(&self) -> Option<&dyn SocketEngine> {
        Some(&*self.below)
    }

    fn below_mut(&mut self) -> Option<&mut (dyn SocketEngine + 'static)> {
        Some(&mut *self.below)
    }

    fn ready(&mut self, source: Option<SourceId>, readiness: Readiness) -> Readiness {
        let ready = self.below.ready(source, readiness);
        self.must_look_again |= ready.read_closed || ready.priority;
        if ready.writable {
            self.send_or_note();
        }
        if matches!(self.stage, Stage::Handshaking) {
            self.begin();
            if ready.readable {
                self.shake();
            }
            return match self.stage {
                // The socket goes on when the slots of `encrypted` have run.
                Stage::Established => Readiness::default(),
                _ => Readiness {
                    writable: ready.writable && self.outgoing.is_empty(),
                    ..self.ready_now()
                },
            };
        }
        match self.stage {
            Stage::Established if self.write_end >= WriteEnd::Finishing => {
                if ready.readable {
                    self.discard();
                }
                Readiness { writable: self.has_finished(), ..Readiness::default() }
            }
            Stage::Established => {
                Readiness { writable: ready.writable && self.outgoing.is_empty(), ..ready }
            }
            _ => self.ready_now(),
        }
    }

    fn ready_now(&self) -> Readiness {
        let has_failed = matches!(self.stage, Stage::Failed(_));
        let is_established = matches!(self.stage, Stage::Established);
        if is_established && self.write_end >= WriteEnd::Finishing {
            return Readiness { writable: self.has_finished(), ..Readiness::default() };
        }
        let read_closed = has_failed || self.read_end != ReadEnd::Open && self.decrypted == 0;
        let has_bytes = self.decrypted > 0 || !self.raw.is_empty() || read_closed;
        Readiness {
            readable: !self.has_begun || has_failed || is_established && has_bytes,
            read_closed,
            ..Readiness::default()
        }
    }

    /// A wait must not be for what this layer does not use: it would never sleep.
    fn waits_for(&self, interest: Interest) -> SmallVec<[(&dyn SocketEngine, Interest); 2]> {
        let to_write = self.has_to_send();
        let interest = match self.stage {
            Stage::Handshaking => Interest { to_read: true, to_write },
            Stage::Doubtful | Stage::Failed(_) => Interest { to_read: false, to_write: false },
            Stage::Established if self.write_end >= WriteEnd::Finishing => {
                Interest { to_read: self.read_end == ReadEnd::Open, to_write }
            }
            Stage::Established => interest,
        };
        smallvec![(&*self.below, interest)]
    }

    /// A layer of a route shakes hands within the attempt. The layer of an `QSslSocket` does it
    /// afterwards, when the socket is connected.
    fn shake_hands(&mut self) -> io::Result<Handshake> {
        if !self.session.is_of_route() {
            return Ok(Handshake::Done);
        }
        self.begin();
        self.shake();
        match &mut self.stage {
            Stage::Established => Ok(Handshake::Done),
            Stage::Failed(error) => error.take().map_or(Ok(Handshake::Pending), Err),
            // Nobody is asked about errors of the certificate, so there is no doubt.
            Stage::Handshaking | Stage::Doubtful => Ok(Handshake::Pending),
        }
    }

    fn into_below(self: Box<Self>) -> Result<Settled, Box<dyn SocketEngine>> {
        Err(self)
    }

    fn progress(&mut self) -> io::Result<Progress> {
        if let Some(error) = self.send_failure.take() {
            return Err(error);
        }
        match &mut self.stage {
            Stage::Failed(error) => error.take().map_or(Ok(Progress::Connected), Err),
            _ => self.below.progress(),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        self.read_by(buffer.len(), |chunk| {
            buffer[filled..filled + chunk.len()].copy_from_slice(chunk);
            filled += chunk.len();
        })
    }

    fn read_to(&mut self, buffer: &mut Vec<u8>, max: usize) -> io::Result<usize> {
        let room = buffer.capacity() - buffer.len();
        self.read_by(max.min(room), |chunk| buffer.extend_from_slice(chunk))
    }

    fn peek(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.peek_through(buffer);
        self.after_reports(result)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &self.stage {
            Stage::Established => {}
            Stage::Handshaking | Stage::Doubtful => return Err(ErrorKind::WouldBlock.into()),
            // The reason is returned by the next read.
            Stage::Failed(_) => return Err(ErrorKind::WouldBlock.into()),
        }
        if let Some(error) = self.send_failure.take() {
            return Err(error);
        }
        self.send()?;
        // A short write means that there is no room: the socket waits for it then.
        let mut count = 0;
        while self.outgoing.is_empty() && count < bytes.len() {
            let next = &bytes[count..bytes.len().min(count + CHUNK)];
            count += io::Write::write(&mut self.connection.writer(), next)?;
            self.send()?;
        }
        if count == 0 && !bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(count)
    }

    fn holds_back(&self) -> bool {
        self.has_to_send() || self.below.holds_back()
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.say_end();
        self.write_end = self.write_end.max(WriteEnd::ToBeShut);
        self.send_or_note();
        Ok(())
    }

    fn finish(&mut self) -> bool {
        if !matches!(self.stage, Stage::Established) {
            return true;
        }
        if self.write_end < WriteEnd::Finishing {
            self.say_end();
            self.write_end = WriteEnd::Finishing;
            if self.send().is_err() {
                return true;
            }
            self.discard();
            if !self.has_finished() {
                self.set_deadline(Some(self.close_timeout));
            }
        }
        self.has_finished()
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    fn on_deadline(&mut self) {
        self.deadline = None;
        if self.write_end == WriteEnd::Finishing {
            self.give_up();
        } else if let Stage::Handshaking = self.stage {
            let reason = "the TLS handshake took too long";
            self.fail(EngineFailure::new(SocketError::SocketTimeout, reason).into());
        }
    }

    fn has_reported(&self) -> bool {
        self.session.has_reports() || self.below.has_reported()
    }

    fn resume(&mut self) {
        if self.is_doubtful() {
            self.session.report(Report::Resumed);
        }
    }

    fn reset(&mut self) -> io::Result<()> {
        self.outgoing = ByteQueue::default();
        self.below.reset()
    }

    fn available(&self) -> io::Result<usize> {
        Ok(if self.is_readable() { self.decrypted } else { 0 })
    }

    fn into_descriptor(self: Box<Self>) -> Result<OwnedFd, Box<dyn SocketEngine>> {
        Err(self)
    }
}

impl Drop for TlsEngine {
    fn drop(&mut self) {
        // Session tickets, of which the program knows nothing, may wait unread. If they were left
        // there, the peer would get a reset in place of the last bytes that were sent to it.
        if matches!(self.stage, Stage::Established) && self.read_end == ReadEnd::Open {
            let _ = self.below.read(&mut [0; 4096]);
        }
        let is_over = match self.stage {
            Stage::Failed(_) => true,
            _ => self.read_end != ReadEnd::Open || self.write_end >= WriteEnd::Finishing,
        };
        // Nobody wants to hear of a session that the program has broken off.
        if !is_over {
            self.session.forget_reports();
        }
        self.session.end();
        // The socket disarms its timer.
        if self.deadline.is_some() {
            self.session.report(Report::Deadline);
        }
    }
}

impl std::fmt::Debug for TlsEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsEngine")
            .field("stage", &self.stage)
            .field("below", &self.below)
            .finish_non_exhaustive()
    }
}

/// Returns the alert that the TLS library sends because of this error, where it is known.
fn alert_for(error: &rustls::Error) -> Option<AlertType> {
    let alert = match error {
        rustls::Error::InvalidCertificate(reason) => AlertDescription::from(reason.clone()),
        rustls::Error::InvalidMessage(reason) => AlertDescription::from(*reason),
        rustls::Error::DecryptError => AlertDescription::BadRecordMac,
        rustls::Error::PeerSentOversizedRecord => AlertDescription::RecordOverflow,
        rustls::Error::NoApplicationProtocol => AlertDescription::NoApplicationProtocol,
        _ => return None,
    };
    Some(AlertType::of(alert))
}
