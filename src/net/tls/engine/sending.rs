//! Sending: what the session says goes to the engine below; and how this end is closed.

use std::cell::RefCell;
use std::io::{self, ErrorKind};

use super::tls_engine::{ReadEnd, Stage, TlsEngine, WriteEnd};
use super::undecrypted::CHUNK;
use crate::io::ByteQueue;
use crate::net::tls::alert::{AlertLevel, AlertType};
use crate::net::tls::session::Report;

/// How many bytes of the peer are dropped, at the most, while it is to answer the end of this one: as
/// many as Linux lets wait.
const DROPPED_AT_MOST: usize = 6 << 20;

thread_local! {
    /// Memory for what goes to the engine below. It holds nothing between two calls.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl TlsEngine {
    /// Sends what the session has to say, as far as there is room. It says nothing new before all is
    /// sent: a peer that demands answers without end and reads none of them costs no memory.
    pub(super) fn send(&mut self) -> io::Result<()> {
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
    pub(super) fn send_or_note(&mut self) {
        if let Err(error) = self.send() {
            self.outgoing = ByteQueue::default();
            self.send_failure = Some(error);
        }
    }

    /// Writes to the engine below. Returns 0 if it has no room.
    pub(super) fn pass_down(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = match self.below.write(bytes) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(self.broken(error)),
        };
        self.session.report_written(count);
        Ok(count)
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
        self.outgoing = ByteQueue::default();
    }

    /// Returns true if something waits for room in the engine below.
    pub(super) fn has_to_send(&self) -> bool {
        let may_speak = matches!(self.stage, Stage::Established);
        !self.outgoing.is_empty() || may_speak && self.connection.wants_write()
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
