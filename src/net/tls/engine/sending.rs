//! Sending: what the session says goes to the engine below; and how this end is closed.
//!
//! Keeps one promise: the records of the session are not copied. They stay in its memory until the
//! engine below has taken them, which gets all of them in one call.

use std::io::{self, ErrorKind, IoSlice, Write};

use rustls::AlertDescription;

use super::tls_engine::{ReadEnd, Stage, TlsEngine, WriteEnd};
use super::undecrypted::CHUNK;
use crate::io::ByteQueue;
use crate::net::engine::SocketEngine;
use crate::net::tls::alert::{AlertLevel, AlertType};
use crate::net::tls::session::Report;

/// How many bytes of the peer are dropped, at the most, while it is to answer the end of this one: as
/// many as Linux lets wait.
const DROPPED_AT_MOST: usize = 6 << 20;

/// The type of a record that is an alert (RFC 8446, section 5.1).
const ALERT: u8 = 21;

/// The engine below, as the session writes to it.
struct Below<'a> {
    engine: &'a mut dyn SocketEngine,
    /// How many bytes of the last write found no room.
    left: usize,
    said: Said,
}

/// What has gone out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said {
    /// True if there was something.
    pub(super) any: bool,
    /// What the last record says, if that is an alert and is not encrypted.
    pub(super) alert: Option<AlertType>,
}

impl Write for Below<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.left = slices.iter().map(|slice| slice.len()).sum();
        let count = self.engine.write_vectored(slices)?;
        self.left = self.left.saturating_sub(count);
        self.said.any |= count > 0;
        // Each slice is a record. An alert has two bytes, the level and the kind, and is longer if it
        // is encrypted.
        self.said.alert = match slices.last().map(|last| &**last) {
            Some(&[ALERT, _, _, 0, 2, _, kind]) if self.left == 0 => {
                Some(AlertType::of(AlertDescription::from(kind)))
            }
            _ => None,
        };
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TlsEngine {
    /// Sends what the session has to say, as far as there is room. It says nothing new before all is
    /// sent: a peer that demands answers without end and reads none of them costs no memory.
    pub(super) fn send(&mut self) -> io::Result<Said> {
        let mut said = Said::default();
        if matches!(self.stage, Stage::Doubtful | Stage::Failed(_)) {
            return Ok(said);
        }
        while !self.in_front.is_empty() || self.connection.wants_write() {
            match self.pass_down() {
                Ok(now) => said = Said { any: said.any | now.any, ..now },
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => {
                    self.drop_unsent();
                    return Err(self.broken(error));
                }
            }
            if self.waiting > 0 {
                return Ok(said);
            }
        }
        if self.write_end == WriteEnd::ToBeShut && self.has_said_end {
            self.write_end = WriteEnd::Shut;
            self.below.shutdown_write()?;
        }
        Ok(said)
    }

    /// Sends what the session has to say. Notes a failure, which the engine below may report only once:
    /// what the peer has sent before can still be read.
    pub(super) fn send_or_note(&mut self) {
        if let Err(error) = self.send() {
            self.send_failure = Some(error);
        }
    }

    /// Writes to the engine below once, and notes how many bytes have found no room.
    fn pass_down(&mut self) -> io::Result<Said> {
        let mut below = Below { engine: &mut *self.below, left: 0, said: Said::default() };
        let written = match self.in_front.as_slice() {
            [] => self.connection.write_tls(&mut below),
            in_front => below.write(in_front),
        };
        let said = below.said;
        self.waiting = below.left;
        let count = written?;
        self.in_front.consume(count);
        self.session.report_written(count);
        Ok(said)
    }

    /// Drops what waits to be sent.
    pub(super) fn drop_unsent(&mut self) {
        self.in_front = ByteQueue::default();
        self.waiting = 0;
        while matches!(self.connection.write_tls(&mut io::sink()), Ok(1..)) {}
    }

    /// Says that nothing more will be written.
    pub(super) fn say_end(&mut self) {
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
    pub(super) fn discard(&mut self) {
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
    pub(super) fn give_up(&mut self) {
        self.write_end = WriteEnd::GivenUp;
        self.drop_unsent();
    }

    /// Returns true if something waits for room in the engine below.
    pub(super) fn has_to_send(&self) -> bool {
        let may_speak = matches!(self.stage, Stage::Established);
        self.waiting > 0 || may_speak && self.connection.wants_write()
    }

    /// Returns true if the connection may be dropped.
    pub(super) fn has_finished(&self) -> bool {
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
