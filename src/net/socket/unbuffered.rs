//! TCP sockets that were opened unbuffered: reads and writes go to the engine at once.
//!
//! `ready_read` is emitted once, and again only after the program has read.

use std::io::{self, ErrorKind};

use super::fault::{Fault, copy_of};
use super::machine::StateMachine;
use super::stream_socket::StreamSocket;
use crate::net::values::SocketState;

impl StreamSocket {
    /// Looks for something to read. Returns true if `ready_read` must be emitted.
    #[must_use]
    pub(super) fn announce_direct(&mut self) -> bool {
        if self.receive.has_seen_end() {
            self.look_for_reset();
            return false;
        }
        self.receive.expect_more();
        if self.receive.is_announced() {
            return false;
        }
        let Some(engine) = self.core.engine_mut() else { return false };
        let found = engine.peek(&mut [0]);
        if engine.has_reported() {
            self.core.postpone_traffic();
            return false;
        }
        match found {
            Ok(_) => {
                let is_new = self.receive.announce();
                if is_new {
                    self.core.note_arrival();
                }
                return is_new;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.receive.begin_to_read();
            }
            // The kernel reports the error once: a later read would find only the end.
            Err(error) => self.lost(Fault::of_transfer(error)),
        }
        false
    }

    /// Called when the program has read past the buffer: `ready_read` may be emitted again.
    /// `has_more` is true if the kernel may have more.
    fn looked_at(&mut self, has_more: bool) {
        self.receive.looked_at();
        self.receive.begin_to_read();
        if has_more {
            self.receive.expect_more();
            self.core.postpone_traffic();
        }
    }

    /// Called when the program has read from the buffer. An unbuffered socket has bytes there after
    /// a peek or a transaction that was rolled back; it may now emit `ready_read` for what waits in
    /// the engine.
    pub(super) fn on_consumed(&mut self) {
        if self.is_direct() && self.receive.has_more() {
            self.looked_at(true);
        }
        self.make_room();
    }

    /// Called when the program has read from the buffer in a transaction: a socket without a buffer
    /// may emit `ready_read` for what comes from now on. For what waits already, it does so only
    /// when the transaction is committed: a slot that rolls back each time would otherwise be
    /// called without end.
    pub(super) fn on_kept(&mut self) {
        self.receive.looked_at();
    }

    /// Returns how many bytes an unbuffered socket can read from the engine now.
    pub(super) fn available(&self) -> usize {
        if !self.is_direct() || !self.core.is_under_way() {
            return 0;
        }
        self.core.engine().and_then(|engine| engine.available().ok()).unwrap_or(0)
    }

    /// Reads past the buffer.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.is_direct() || !self.core.is_under_way() {
            return if self.has_ended() { Ok(0) } else { Err(ErrorKind::WouldBlock.into()) };
        }
        if self.receive.has_seen_end() {
            return Ok(0);
        }
        let Some(engine) = self.core.engine_mut() else {
            return Err(ErrorKind::WouldBlock.into());
        };
        let result = engine.read(buffer);
        let must_wait = engine.has_reported();
        let is_nothing = matches!(&result, Err(error) if error.kind() == ErrorKind::WouldBlock);
        self.looked_at(must_wait || !is_nothing);
        match &result {
            Ok(0) if !buffer.is_empty() => {
                self.receive.see_end();
                self.receive.begin_to_read();
                // A socket that is closing still sends its unsent bytes.
                if self.core.state() != SocketState::Closing {
                    self.peer_finished();
                }
            }
            Err(error) if error.kind() != ErrorKind::WouldBlock => {
                self.lost(Fault::of_transfer(copy_of(error)));
            }
            _ => {}
        }
        result
    }

    /// Writes past the buffer. What the kernel does not take is put into the buffer.
    pub(super) fn write_direct(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let has_queued = !self.core.device().outgoing().is_empty();
        let Some(engine) = self.core.connected_engine() else {
            return Err(self.core.refuse_to_write());
        };
        let mut sent = 0;
        if !has_queued {
            match engine.write(bytes) {
                Ok(count) => sent = count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => {
                    let kind = error.kind();
                    self.lost(Fault::of_transfer(error));
                    return Err(kind.into());
                }
            }
        }
        let rest = &bytes[sent..];
        if rest.is_empty() {
            return Ok(sent);
        }
        // If other bytes are in the buffer, they are being sent already.
        if !has_queued {
            self.send.block();
        }
        let queued = rest.len().min(self.write_room());
        if queued < rest.len() {
            self.send.cut_short();
        }
        self.core.device_mut().queue(&rest[..queued]);
        match sent + queued {
            0 => Err(ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }
}
