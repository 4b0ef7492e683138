//! Sending: written bytes go through the device's buffer to the engine; then this end is closed.

use std::io::{self, ErrorKind};

use super::fault::Fault;
use super::machine::StateMachine;
use super::step::Step;
use super::stream_socket::StreamSocket;
use super::traffic::Sent;
use crate::io::ByteQueue;
use crate::net::values::{SocketError, SocketState};

/// How many bytes one socket sends in one pass of the loop, so that it does not delay the others.
/// More than most writes have, so that most writes take one system call.
const SENT_PER_PASS: usize = 1 << 20;

/// Up to this many bytes are sent at the end of the wake-up in which they were written. More bytes
/// wait for their turn, which comes in the same pass of the loop.
const ANSWER: usize = 64 * 1024;

/// A write of at least this many bytes into an empty buffer goes to the kernel at once: sending it
/// together with others would save less than copying it costs.
const SENT_AT_ONCE: usize = 16 * 1024;

impl StreamSocket {
    /// Sends what the kernel takes now, because the program has called `flush`.
    pub(super) fn flush_by_user(&mut self) {
        let aside = self.core.set_news_aside();
        self.flush();
        self.core.note_since(aside);
    }

    /// Returns true if the unsent bytes are too many for the end of a wake-up.
    #[inline]
    pub(super) fn has_more_than_an_answer(&self) -> bool {
        self.core.device().outgoing().len() + self.send.unannounced() > ANSWER
    }

    /// Queues bytes, which are sent after the running slots. A direct socket sends them at once.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check_writable()?;
        if self.is_direct() {
            return self.write_direct(bytes);
        }
        let count = self.admitted(bytes.len())?;
        let sent = if count >= SENT_AT_ONCE { self.write_much(&bytes[..count]) } else { 0 };
        self.core.device_mut().queue(&bytes[sent..count]);
        self.postpone_sending();
        Ok(count)
    }

    /// Writes the bytes of a queue, as [`write`](Self::write) does, and takes them out of the
    /// queue.
    pub(super) fn write_queue(&mut self, queue: &mut ByteQueue) -> io::Result<usize> {
        self.check_writable()?;
        if self.is_direct() {
            return self.write_queue_direct(queue);
        }
        let count = self.admitted(queue.len())?;
        let sent = if count >= SENT_AT_ONCE { self.write_much_of(queue, count) } else { 0 };
        self.core.device_mut().queue_from(queue, count - sent);
        self.postpone_sending();
        Ok(count)
    }

    #[inline(never)]
    fn write_queue_direct(&mut self, queue: &mut ByteQueue) -> io::Result<usize> {
        let count = self.write_direct(queue.as_slice())?;
        Ok(queue.consume(count))
    }

    /// Returns an error if no peer can get what is written.
    #[inline]
    fn check_writable(&self) -> io::Result<()> {
        let has_no_peer = match self.core.state() {
            SocketState::Unconnected => self.core.is_idle(),
            // The device may still be open from the connection before, but there is no peer.
            SocketState::Bound => true,
            _ => false,
        };
        if has_no_peer {
            return Err(io::Error::new(ErrorKind::NotConnected, "the socket is not connected"));
        }
        if !self.send.is_open() {
            return Err(io::Error::new(
                ErrorKind::BrokenPipe,
                "the socket's writing end is closed",
            ));
        }
        Ok(())
    }

    /// Returns how many of `len` bytes may be queued.
    #[inline]
    fn admitted(&mut self, len: usize) -> io::Result<usize> {
        let count = len.min(self.write_room());
        if count < len {
            self.send.cut_short();
            if count == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
        }
        Ok(count)
    }

    /// Returns an error if `count` bytes cannot be queued as a whole. Notes that a write was refused,
    /// so that `write_buffer_drained` is emitted.
    pub(super) fn check_room(&mut self, count: usize) -> io::Result<()> {
        self.check_writable()?;
        if count <= self.write_room() {
            return Ok(());
        }
        let limit = self.core.settings().write_limit.unwrap_or(usize::MAX);
        if count > limit {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                format!("{count} bytes never fit into a write buffer limit of {limit} bytes"),
            ));
        }
        self.send.cut_short();
        Err(ErrorKind::WouldBlock.into())
    }

    /// Postpones sending what was queued until after the running slots, if there is a connection.
    #[inline(always)]
    fn postpone_sending(&mut self) {
        if self.core.has_connection() {
            self.core.follow_up();
        } else {
            // The bytes will be sent some day, until when they must not keep lent memory.
            self.core.give_memory_back();
        }
    }

    /// Gives `count` bytes of a queue to the kernel, as [`write_much`](Self::write_much) does, and
    /// takes those that the kernel took out of the queue.
    #[inline(never)]
    fn write_much_of(&mut self, queue: &mut ByteQueue, count: usize) -> usize {
        let sent = self.write_much(&queue.as_slice()[..count]);
        queue.consume(sent)
    }

    /// Gives many bytes to the kernel, if no bytes wait before them. Returns how many bytes the
    /// kernel took.
    fn write_much(&mut self, bytes: &[u8]) -> usize {
        if self.send.is_blocked() || !self.core.is_connected() {
            return 0;
        }
        let Some(traffic) = self.core.traffic() else { return 0 };
        let budget = SENT_PER_PASS.saturating_sub(self.send.unannounced());
        // A failure is announced when the bytes are sent from the buffer.
        let Sent { count, is_blocked, .. } = traffic.send_at_once(bytes, budget);
        if is_blocked {
            self.send.block();
        }
        self.send.went_at_once(count);
        count
    }

    pub(super) fn write_room(&self) -> usize {
        match self.core.settings().write_limit {
            Some(limit) => limit.saturating_sub(self.core.device().outgoing().len()),
            None => usize::MAX,
        }
    }

    /// Sends as many bytes of the buffer as the kernel takes, and emits `bytes_written`.
    #[inline(never)]
    pub(super) fn flush(&mut self) {
        if !self.core.has_connection() {
            return;
        }
        let Some(traffic) = self.core.traffic() else { return };
        let budget = SENT_PER_PASS.saturating_sub(self.send.unannounced());
        let Sent { count: sent, is_blocked, failure } = traffic.send(budget);
        if is_blocked {
            self.send.block();
        }
        self.announce_sent(sent);
        match failure {
            // The error is announced after the slots of `bytes_written` have run.
            Some(error) if sent > 0 => {
                self.send.fail(SocketError::of_transfer(&error));
                self.core.postpone_traffic();
            }
            Some(error) if self.core.state() == SocketState::Connected => self.send_failed(error),
            Some(error) => {
                let kind = SocketError::of_transfer(&error);
                self.lost(Fault {
                    kind: self.send.failed_by().unwrap_or(kind),
                    source: Some(error),
                });
            }
            None => self.after_sending(sent == budget),
        }
    }

    /// Emits `bytes_written` for `sent` bytes, and for those that went out past the buffer before.
    pub(super) fn announce_sent(&mut self, sent: usize) {
        let sent = sent + self.send.take_unannounced();
        if sent > 0 {
            self.core.announce_written(sent);
        }
    }

    /// Returns how many bytes count as unsent although they are not in the buffer. With a limit of
    /// the write buffer none do.
    pub(super) fn waiting_below(&self) -> usize {
        let is_limited = self.core.settings().write_limit.is_some();
        if is_limited { 0 } else { self.send.unannounced() }
    }

    /// Called when a write finds the connection broken. Bytes that the peer sent before may still
    /// be in the kernel's buffer. They are read if the program has read what was announced before
    /// and the buffer has room; a program that only writes may never read them.
    fn send_failed(&mut self, error: io::Error) {
        // The kernel reports the reason once. Later writes and reads do not.
        let kind = SocketError::of_transfer(&error);
        let kind = self.send.fail(kind);
        if self.core.traffic().is_some_and(|traffic| traffic.has_come_to_rest()) {
            return self.lost(Fault { kind, source: Some(error) });
        }
        let was_offered = self.receive.is_announced();
        if self.receive() {
            self.core.device_mut().announce_received();
        }
        let is_wanted = !was_offered && self.read_room() > 0;
        if !self.core.has_engine() {
            return;
        }
        if self.receive.has_more() && is_wanted {
            self.core.postpone_traffic();
        } else {
            self.lost(Fault { kind, source: Some(error) });
        }
    }

    /// Does what had to wait until bytes were sent.
    fn after_sending(&mut self, had_its_share: bool) {
        if self.has_drained() && !self.core.is_recorded(Step::Drained) {
            self.core.record(Step::Drained);
        }
        if !self.core.device().outgoing().is_empty() {
            self.core.give_memory_back();
            if had_its_share && !self.send.is_blocked() {
                self.core.postpone_traffic();
            }
            return;
        }
        if self.send.is_closing() {
            self.send.close();
            if let Some(traffic) = self.core.traffic() {
                traffic.close_writing_end();
            }
            if self.receive.is_finished() {
                self.close_both_ends();
            }
        }
        if self.core.state() == SocketState::Closing && !self.core.is_recorded(Step::Closed) {
            if self.has_to_send() {
                self.send.block();
                return;
            }
            self.core.record(Step::Closed);
        }
    }

    /// Returns true if a write was cut short, and half of the write buffer is free again.
    #[inline]
    fn has_drained(&self) -> bool {
        let half = || self.core.settings().write_limit.unwrap_or(usize::MAX) / 2;
        self.send.was_cut_short() && self.core.device().outgoing().len() <= half()
    }

    /// Emits `write_buffer_drained`, if a write was cut short and half of the write buffer is free.
    pub(super) fn tell_of_room(&mut self) {
        if self.has_drained() {
            self.send.tell_of_room();
            self.core.announce_room();
        }
    }
}
