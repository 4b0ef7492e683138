//! Direct sockets: UDP sockets, and TCP sockets that were opened unbuffered.
//!
//! Reads and writes go to the engine at once. `ready_read` is emitted once, and again only after
//! the program has read.

use std::io::{self, ErrorKind};

use super::core::{SocketCore, copy_of};
use super::datagram::not_connected;
use super::news::News;
use super::phase::Phase;
use crate::io::OpenMode;
use crate::net::values::{SocketError, SocketState, SocketType};

impl SocketCore {
    /// Returns true if reads and writes go past the buffers.
    pub(in crate::net) fn is_direct(&self) -> bool {
        self.kind == SocketType::Udp || self.device.mode().contains(OpenMode::UNBUFFERED)
    }

    /// Looks for something to read. Returns true if `ready_read` must be emitted.
    #[must_use]
    pub(super) fn announce_direct(&mut self) -> bool {
        if self.kind == SocketType::Udp {
            return !self.announcement.is_announced() && self.look_for_datagram();
        }
        if self.receive.has_seen_end() {
            self.look_for_reset();
            return false;
        }
        self.announcement.has_more = true;
        if self.announcement.is_announced() {
            return false;
        }
        let Some(engine) = self.phase.engine_mut() else { return false };
        match engine.peek(&mut [0]) {
            Ok(_) => return self.announce_once(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.announcement.has_more = false
            }
            // The kernel reports the error once: a later read would find only the end.
            Err(error) => self.lost(SocketError::of_transfer(&error), Some(error)),
        }
        false
    }

    /// Returns true if `ready_read` must be emitted: it was not emitted yet, or the program has
    /// read since.
    #[must_use]
    pub(super) fn announce_once(&mut self) -> bool {
        let is_new = self.announcement.announce();
        if is_new {
            self.news.add(News::ARRIVED);
        }
        is_new
    }

    /// Called when the program has read from a direct socket, which may have more: `ready_read` may
    /// be emitted again.
    #[inline]
    pub(super) fn looked_at(&mut self) {
        self.announcement.looked_at();
        self.announcement.has_more = true;
        // A burst of reads calls this each time, and postpones once.
        if !self.is_postponed {
            self.postpone_traffic();
        }
    }

    /// Called when a read from a direct socket has found nothing: `ready_read` may be emitted again.
    #[inline]
    pub(super) fn found_nothing(&mut self) {
        self.announcement.looked_at();
        self.announcement.has_more = false;
        if self.kind == SocketType::Udp
            && self.is_postponed
            && !self.announcement.is_renewed()
            && let Some(home) = &self.home
        {
            // An earlier read has postponed traffic, but no datagram is left.
            self.is_postponed = !home.take_back();
        }
    }

    /// Called when the program has read from the buffer. A direct socket has bytes there after a
    /// peek or a transaction that was rolled back; it may now emit `ready_read` for what waits in
    /// the engine.
    pub(super) fn on_consumed(&mut self) {
        if self.announcement.is_announced() {
            self.looked_at();
        }
        self.make_room();
    }

    /// Called when the program has read from the buffer in a transaction: a direct socket may emit
    /// `ready_read` for what comes from now on. For what waits already, it does so only when the
    /// transaction is committed: a slot that rolls back each time would otherwise be called without
    /// end.
    pub(super) fn on_kept(&mut self) {
        self.announcement.looked_at();
    }

    /// Returns true if a direct socket has emitted `ready_read` and the program has not read since.
    pub(in crate::net) fn has_pending(&self) -> bool {
        self.announcement.is_announced()
    }

    /// Returns how many bytes a direct socket can read past the buffer now.
    pub(super) fn available(&self) -> usize {
        if !self.is_direct() || !self.is_under_way() {
            return 0;
        }
        self.phase.engine().and_then(|engine| engine.available().ok()).unwrap_or(0)
    }

    /// Reads past the buffer.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.is_direct() || !self.is_under_way() {
            return match self.kind {
                _ if !self.has_ended() => Err(ErrorKind::WouldBlock.into()),
                SocketType::Tcp => Ok(0),
                // `Ok(0)` would mean an empty datagram.
                SocketType::Udp => Err(not_connected()),
            };
        }
        if self.receive.has_seen_end() {
            return Ok(0);
        }
        let Some(engine) = self.phase.engine_mut() else {
            return Err(ErrorKind::WouldBlock.into());
        };
        let result = engine.read(buffer);
        let is_drained = matches!(&result, Err(error) if error.kind() == ErrorKind::WouldBlock);
        match is_drained {
            true => self.found_nothing(),
            false => self.looked_at(),
        }
        match (&result, self.kind) {
            (Ok(0), SocketType::Tcp) if !buffer.is_empty() => {
                self.receive.see_end();
                self.announcement.has_more = false;
                // A socket that is closing still sends its unsent bytes.
                if self.state() != SocketState::Closing {
                    self.peer_finished();
                }
            }
            (Err(_), _) if is_drained => {}
            (Err(error), SocketType::Tcp) => {
                self.lost(SocketError::of_transfer(error), Some(copy_of(error)));
            }
            (Err(error), SocketType::Udp) => {
                self.fail(SocketError::of_datagram(error), Some(copy_of(error)));
            }
            (Ok(_), _) => {}
        }
        result
    }

    pub(super) fn write_direct(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.kind == SocketType::Udp {
            self.finish_connecting();
        }
        let Phase::Connected(engine) = &mut self.phase else {
            if !matches!(self.state(), SocketState::HostLookup | SocketState::Connecting) {
                // The reason has been reported already.
                return Err(io::Error::new(ErrorKind::NotConnected, "the socket is not connected"));
            }
            self.set_error(Some(SocketError::UnfinishedSocketOperation));
            return Err(io::Error::new(ErrorKind::NotConnected, "the socket is not connected yet"));
        };
        if self.kind == SocketType::Udp {
            let result = engine.write(bytes);
            return self.sent_datagram(result);
        }
        let mut sent = 0;
        if self.device.outgoing().is_empty() {
            match engine.write(bytes) {
                Ok(count) => sent = count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => {
                    let kind = error.kind();
                    self.lost(SocketError::of_transfer(&error), Some(error));
                    return Err(kind.into());
                }
            }
        }
        let rest = &bytes[sent..];
        if rest.is_empty() {
            return Ok(sent);
        }
        // If other bytes are in the buffer, they are being sent already.
        self.send.is_blocked |= self.device.outgoing().is_empty();
        let queued = rest.len().min(self.write_room());
        self.send.was_cut_short |= queued < rest.len();
        self.device.queue(&rest[..queued]);
        match sent + queued {
            0 => Err(ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }
}
