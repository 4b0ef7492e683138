//! Receiving: what comes from the engine below goes to the session, and what that decrypts to the
//! reader. The handshake goes on by the way.

use std::io::{self, BufRead, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustls::{Connection, HandshakeKind, IoState};

use super::alert_of::alert_for;
use super::tls_engine::{Fetched, ReadEnd, Stage, TlsEngine, WriteEnd};
use super::undecrypted::CHUNK;
use crate::net::tls::alert::{AlertLevel, AlertType};
use crate::net::tls::certificate::SslCertificate;
use crate::net::tls::cipher::SslCipher;
use crate::net::tls::hearing::{Heard, hear};
use crate::net::tls::protocol::SslProtocol;
use crate::net::tls::reason::reason;
use crate::net::tls::session::{Agreed, Report};
use crate::net::values::{EngineFailure, SocketError};

/// How many session tickets may come without a byte of the peer's program between them. The TLS
/// library bounds all else that a peer could send without end, but not this.
const TICKETS_AT_MOST: usize = 256;

impl TlsEngine {
    /// Takes what has come from the engine below, and lets the session go on with it.
    pub(super) fn fetch(&mut self) -> io::Result<Fetched> {
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
    pub(super) fn on_end_below(&mut self) -> io::Result<Fetched> {
        self.read_end = ReadEnd::Cut;
        if let Some(error) = self.send_failure.take() {
            self.fail(error);
            return self.fetch();
        }
        let error = match self.stage {
            Stage::Handshaking => {
                let reason = "the peer closed the connection during the TLS handshake";
                EngineFailure::new(SocketError::RemoteHostClosed, reason).into()
            }
            _ => cut(ErrorKind::UnexpectedEof, ""),
        };
        self.fail(error);
        self.fetch()
    }

    /// Returns the error of a connection that the peer, or anybody on the way, has reset. Its kind is
    /// not that of an orderly end.
    pub(super) fn broken(&self, error: io::Error) -> io::Error {
        let is_open = matches!(self.stage, Stage::Established) && self.read_end == ReadEnd::Open;
        if !is_open || SocketError::of_transfer(&error) != SocketError::RemoteHostClosed {
            return error;
        }
        cut(error.kind(), &format!(" ({error})"))
    }

    /// Lets the session go on with these bytes. Returns how many it has taken: fewer than there are
    /// only if decrypted bytes have to be read first, or if the session has ended.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        let (connection, has_said_end) = (&mut self.connection, self.has_said_end);
        // After the handshake a server checks no certificate, and gets no ticket.
        let has_nothing_to_hear =
            matches!((&self.stage, &*connection), (Stage::Established, Connection::Server(_)));
        let mut work = || take_in(connection, has_said_end, &mut rest);
        let (state, Heard { errors, chain, tickets }) = if has_nothing_to_hear {
            (work(), Heard::default())
        } else {
            let is_lenient = self.session.wants_errors() || !self.is_strict;
            hear(self.session.now(), is_lenient, work)
        };
        if tickets > 0 {
            self.session.report(Report::Tickets(tickets));
        }
        let is_doubtful = self.is_strict && !errors.is_empty();
        let first = errors.first().map(ToString::to_string);
        if !errors.is_empty() {
            self.session.report(Report::Doubts { errors, peer_chain: chain });
        }
        match state {
            Ok(state) => {
                self.decrypted = state.plaintext_bytes_to_read();
                self.tickets = if self.decrypted > 0 { 0 } else { self.tickets + tickets };
                if state.peer_has_closed() && self.read_end == ReadEnd::Open {
                    self.read_end = ReadEnd::Orderly;
                    let (level, kind) = (AlertLevel::Warning, AlertType::CloseNotify);
                    self.session.report(Report::AlertReceived(level, kind));
                }
                if self.tickets > TICKETS_AT_MOST {
                    let reason = "the peer sends session tickets without end";
                    self.fail(EngineFailure::new(SocketError::SslInternal, reason).into());
                } else if is_doubtful {
                    self.stage = Stage::Doubtful;
                } else {
                    self.establish_if_done();
                    // What is held back goes out when there is room, of which the socket hears then.
                    if self.waiting == 0 && self.connection.wants_write() {
                        self.send_or_note();
                    }
                }
            }
            Err(error) => self.fail_by(error, first),
        }
        bytes.len() - rest.len()
    }

    /// Ends the session because of an error, and sends the peer the alert for it.
    pub(super) fn fail_by(&mut self, error: rustls::Error, of_certificate: Option<String>) {
        match error {
            rustls::Error::AlertReceived(alert) => {
                self.session.report(Report::AlertReceived(AlertLevel::Fatal, AlertType::of(alert)));
            }
            // The session has put an alert into what is to be sent.
            _ => {
                let said = self.send().unwrap_or_default();
                let is_out = said.any && self.waiting == 0;
                let in_handshake = !matches!(self.stage, Stage::Established);
                let alert = said.alert.or_else(|| alert_for(&error, in_handshake));
                if let Some(alert) = alert.filter(|_| is_out) {
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
    pub(super) fn establish_if_done(&mut self) {
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
    pub(super) fn peer_chain(&self) -> Vec<SslCertificate> {
        let chain = self.connection.peer_certificates().unwrap_or_default();
        chain.iter().filter_map(|der| SslCertificate::from_rustls(der).ok()).collect()
    }

    /// Gives up to `max` decrypted bytes to `take`.
    pub(super) fn take_decrypted(&mut self, max: usize, take: &mut impl FnMut(&[u8])) -> usize {
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
    pub(super) fn read_by(&mut self, max: usize, take: impl FnMut(&[u8])) -> io::Result<usize> {
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
    pub(super) fn after_reports(&mut self, result: io::Result<usize>) -> io::Result<usize> {
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

    pub(super) fn read_through(
        &mut self,
        max: usize,
        mut take: impl FnMut(&[u8]),
    ) -> io::Result<usize> {
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
    pub(super) fn is_readable(&self) -> bool {
        self.decrypted > 0 && (matches!(self.stage, Stage::Established) || !self.rest.is_empty())
    }

    pub(super) fn counted(&mut self, count: usize) -> io::Result<usize> {
        match &mut self.stage {
            _ if count > 0 => Ok(count),
            Stage::Failed(error) => error.take().map_or(Ok(0), Err),
            Stage::Established if self.decrypted == 0 && self.read_end != ReadEnd::Open => Ok(0),
            _ => Err(ErrorKind::WouldBlock.into()),
        }
    }

    /// Goes on with the handshake, as far as something has come.
    pub(super) fn shake(&mut self) {
        while let Stage::Handshaking = self.stage {
            match self.fetch() {
                Ok(Fetched::Some) => {}
                Ok(Fetched::Last | Fetched::Nothing | Fetched::End) => return,
                // It is returned by the next read.
                Err(error) => self.stage = Stage::Failed(Some(error)),
            }
        }
    }

    pub(super) fn peek_through(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
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
}

/// Lets the session process these bytes, and takes them off the front. It leaves some of them only if
/// decrypted bytes have to be read first, or if it has ended.
fn take_in(
    connection: &mut Connection,
    has_said_end: bool,
    bytes: &mut &[u8],
) -> Result<IoState, rustls::Error> {
    let mut state = None;
    while !bytes.is_empty() && matches!(connection.read_tls(bytes), Ok(1..)) {
        state = Some(process(connection, has_said_end)?);
    }
    state.map_or_else(|| process(connection, has_said_end), Ok)
}

/// Lets the session process what it has got.
///
/// If rustls is compiled with debug assertions, a record that is not valid makes it panic once this
/// end has said that it writes no more: no alert may follow `close_notify`. No peer may bring about a
/// panic, so this one is an error like others.
fn process(connection: &mut Connection, has_said_end: bool) -> Result<IoState, rustls::Error> {
    if !has_said_end {
        return connection.process_new_packets();
    }
    let processed = catch_unwind(AssertUnwindSafe(|| connection.process_new_packets()));
    processed.unwrap_or_else(|_| {
        let reason = "a record that is not valid came after this end was closed";
        Err(rustls::Error::General(reason.to_owned()))
    })
}

/// Returns the error of a connection that has ended although the peer has not said so. `how` is put
/// behind the first words of its text.
fn cut(kind: ErrorKind, how: &str) -> io::Error {
    let reason = format!(
        "the connection was cut{how}: the peer has not said that it ends (no close_notify), so bytes \
         may be missing"
    );
    EngineFailure::new(SocketError::Network, reason).with_kind(kind)
}
