//! The layer as a `SocketEngine`.

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::time::Instant;

use smallvec::{SmallVec, smallvec};

use super::tls_engine::{ReadEnd, Stage, TlsEngine, WriteEnd};
use super::undecrypted::CHUNK;
use crate::net::engine::{Handshake, Interest, Progress, Settled, SocketEngine};
use crate::net::tls::session::Report;
use crate::net::values::{EngineFailure, SocketError};
use crate::readiness::{Readiness, SourceId};

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
                _ => {
                    Readiness { writable: ready.writable && self.waiting == 0, ..self.ready_now() }
                }
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
                Readiness { writable: ready.writable && self.waiting == 0, ..ready }
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
            _ => self.below.progress().map_err(|error| self.broken(error)),
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
            Stage::Failed(None) => return Err(ErrorKind::BrokenPipe.into()),
            // The reason is returned by the next read.
            Stage::Failed(Some(_)) => return Err(ErrorKind::WouldBlock.into()),
        }
        if let Some(error) = self.send_failure.take() {
            return Err(error);
        }
        if self.waiting == 0 && self.connection.wants_write() {
            self.send()?;
        }
        // A short write means that there is no room: the socket waits for it then.
        let mut count = 0;
        while self.waiting == 0 && count < bytes.len() {
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
        self.drop_unsent();
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
