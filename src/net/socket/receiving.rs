//! Receiving: reading what the peer sends into the device's buffer, until the end of the stream.

use std::io::{self, ErrorKind};

use super::fault::Fault;
use super::machine::StateMachine;
use super::stream_socket::StreamSocket;
use super::traffic::Fetched;
use crate::net::values::{SocketError, SocketState};
use crate::readiness::Readiness;

impl StreamSocket {
    /// Called when the engine of a connection is ready. Returns true if the caller must emit
    /// `ready_read`.
    #[must_use]
    #[inline]
    pub(super) fn on_connection_ready(&mut self, readiness: Readiness) -> bool {
        self.receive.note(readiness);
        let has_room = readiness.writable && self.send.is_blocked();
        let must_wait = has_room && self.on_room(readiness.readable);
        readiness.readable && !must_wait && self.receive()
    }

    /// Called when the kernel has room for more. Returns true if the socket must not read before
    /// the slots of `bytes_written` have run.
    #[inline(never)]
    fn on_room(&mut self, is_readable: bool) -> bool {
        self.send.unblock();
        let has_sent = self.announces_traffic(Self::flush);
        if has_sent && is_readable {
            self.receive.expect_more();
            self.core.postpone_traffic();
        }
        has_sent
    }

    /// Called when the loop comes to the traffic that the socket has postponed: sends and reads.
    /// Returns true if the caller must emit `ready_read`.
    #[must_use]
    pub(super) fn go_on_with_traffic(&mut self) -> bool {
        self.core.begin_postponed();
        self.core.give_memory_back();
        let has_announced = self.announces_traffic(|core| match core.send.is_blocked() {
            true => core.announce_sent(0),
            false => core.flush(),
        });
        if has_announced {
            // A slot of `bytes_written` may end the connection, after which no `ready_read` may be
            // emitted. So the socket reads only after these slots have run.
            if self.has_more() {
                self.core.postpone_traffic();
            }
            return false;
        }
        if self.core.announces_rest() {
            if self.receive.has_more() {
                self.core.postpone_traffic();
            }
            return true;
        }
        self.receive.has_more() && self.receive()
    }

    /// Called when the slots of `ready_read` have run and one of them has written: sends. Reads
    /// nothing, and leaves what is more than an answer to the list of postponed work, since the
    /// other sockets come first.
    #[inline(never)]
    pub(super) fn on_follow_up(&mut self) {
        self.core.begin_postponed();
        let must_wait = self.send.is_blocked() || self.has_more_than_an_answer();
        if must_wait || self.has_more() || self.core.device().is_wasteful() {
            return self.follow_up_later(must_wait);
        }
        self.flush();
    }

    /// Returns true if there may be more to read, or `ready_read` is to be emitted once more.
    #[inline]
    fn has_more(&self) -> bool {
        self.receive.has_more() || self.core.announces_later()
    }

    /// Does what [`on_follow_up`](Self::on_follow_up) does for a socket that has more to do than to
    /// send, or must wait with sending.
    #[inline(never)]
    fn follow_up_later(&mut self, must_wait: bool) {
        self.core.postpone_traffic();
        if !must_wait {
            self.flush();
        }
    }

    /// Calls `f`, and returns true if `f` has emitted `ready_read` or `bytes_written`.
    fn announces_traffic(&mut self, f: impl FnOnce(&mut Self)) -> bool {
        let aside = self.core.set_news_aside();
        f(self);
        self.core.has_announced_since(aside)
    }

    /// Reads once. Returns true if the caller must emit `ready_read`. Emits all other signals
    /// itself.
    #[must_use]
    pub(super) fn receive(&mut self) -> bool {
        self.receive.begin_to_read();
        // The program does not read from a socket that is open only for writing.
        if self.is_direct() && self.core.device().is_readable() {
            return self.announce_direct();
        }
        let room = self.read_room();
        if room == 0 {
            // When the program has made room, `make_room` postpones the next read.
            self.receive.expect_more();
            return false;
        }
        if self.receive.has_seen_end() {
            self.look_for_reset();
            return false;
        }
        // Bytes that come while the socket closes are read and dropped. If they were left in the
        // kernel, the peer would get a reset instead of the bytes that are still to be sent.
        let is_connected = self.core.is_connected();
        let is_kept = is_connected && self.core.device().is_readable();
        let fetched = self.core.traffic().and_then(|traffic| traffic.receive(room, is_kept));
        let (is_full, readiness, must_wait) = match fetched {
            Some(Fetched::Bytes { is_full, readiness, must_wait }) => {
                (is_full, readiness, must_wait)
            }
            Some(Fetched::Nothing { error, must_wait }) => {
                self.received_nothing(error, must_wait);
                return false;
            }
            None => return false,
        };
        self.receive.note(readiness);
        if must_wait && is_kept {
            self.core.announce_later();
        } else if is_connected {
            self.core.note_arrival();
        }
        if self.receive.may_have_more(is_full) {
            self.receive.expect_more();
            self.queue_unless_full();
        }
        is_kept && !must_wait
    }

    /// Called when a read has failed with this error, or has found the peer's end. `must_wait` is true
    /// if the slots of what the engine has reported come first.
    #[inline(never)]
    fn received_nothing(&mut self, error: Option<io::Error>, must_wait: bool) {
        if must_wait {
            self.receive.expect_more();
            self.core.postpone_traffic();
        }
        match error {
            Some(error) if error.kind() == ErrorKind::WouldBlock => {
                // The hint was of another connection: to an address that had lost the race.
                self.receive.found_nothing();
            }
            Some(error) => self.lost(Fault::of_transfer(error)),
            None => {
                self.receive.see_end();
                if let Some(kind) = self.send.failed_by() {
                    self.lost(Fault { kind, source: None });
                } else if self.core.state() != SocketState::Closing {
                    // A socket that is closing still sends its unsent bytes.
                    self.peer_finished();
                }
            }
        }
    }

    /// Drops the bytes that are known to wait in the kernel. If they were left there, closing the
    /// socket would send a reset to the peer, which might then lose bytes that were sent to it.
    pub(super) fn drop_unread(&mut self) {
        if !self.receive.has_more() || self.receive.has_seen_end() {
            return;
        }
        // If more bytes are left than are dropped, the peer gets the reset.
        if let Some(traffic) = self.core.traffic() {
            traffic.drop_waiting();
        }
    }

    /// Looks for a reset after the peer's end. No read would report it.
    pub(super) fn look_for_reset(&mut self) {
        if let Some(traffic) = self.core.traffic()
            && let Err(error) = traffic.check()
        {
            self.lost(Fault::of_transfer(error));
        }
    }

    /// Returns how many bytes may still be buffered.
    pub(super) fn read_room(&self) -> usize {
        match self.core.settings().read_limit {
            // What comes while the socket closes is dropped.
            Some(limit) if self.core.state() != SocketState::Closing => {
                limit.saturating_sub(self.core.device().unread_len())
            }
            _ => usize::MAX,
        }
    }

    /// Called when bytes have left the buffer: postpones what has become possible.
    pub(super) fn read_on(&mut self) {
        self.core.after_consuming();
        if self.receive.has_more() && !self.core.is_postponed() && !self.is_direct() {
            self.queue_unless_full();
        }
    }

    fn queue_unless_full(&mut self) {
        if self.read_room() > 0 {
            self.core.postpone_traffic();
        }
    }

    /// Called when a read has found the peer's end.
    pub(super) fn peer_finished(&mut self) {
        if !self.core.settings().allow_half_open {
            // A layer answers the end of the peer, unless bytes are lost that were to come before.
            if !self.has_to_send() {
                self.core.finish_engine();
            }
            return self.lost(Fault { kind: SocketError::RemoteHostClosed, source: None });
        }
        self.core.announce_early();
        self.receive.finish();
        self.core.device_mut().finish_read_channel();
        if self.send.is_closed() {
            self.close_both_ends();
        }
    }
}
