//! Receiving: reading what the peer sends into the device's buffer, until the end of the stream.

use std::io::{self, ErrorKind};

use super::core::SocketCore;
use super::news::News;
use super::phase::Phase;
use crate::io::ByteQueue;
use crate::net::shared::Home;
use crate::net::values::{ReadyReadPolicy, SocketError, SocketState, SocketType};
use crate::object::ObjectKey;

/// How many unread bytes are dropped when a connection is closed: as many as Linux lets wait.
const DROPPED_AT_MOST: usize = 6 << 20;

impl SocketCore {
    /// Reads once. Returns true if the caller must emit `ready_read`. Emits all other signals
    /// itself.
    #[must_use]
    pub(super) fn receive(&mut self) -> bool {
        self.announcement.has_more = false;
        // The program does not read from a direct TCP socket that is open only for writing.
        let is_read = self.kind == SocketType::Udp || self.device.is_readable();
        if self.is_direct() && is_read {
            return self.announce_direct();
        }
        let room = self.read_room();
        if room == 0 {
            // When the program has made room, `make_room` postpones the next read.
            self.announcement.has_more = true;
            return false;
        }
        if self.receive.has_seen_end() {
            self.look_for_reset();
            return false;
        }
        // Bytes that come while the socket closes are read and dropped. If they were left in the
        // kernel, the peer would get a reset instead of the bytes that are still to be sent.
        let is_connected = matches!(self.phase, Phase::Connected(_));
        let (Some(engine), Some(home)) = (self.phase.engine_mut(), &self.home) else {
            return false;
        };
        let is_kept = is_connected && self.device.is_readable();
        let mut queue = home.pool.take();
        if is_kept && let Some(memory) = self.device.move_few_to(&mut queue) {
            home.pool.put(memory);
        }
        let size = queue.room().min(room);
        let read = queue.fill(|bytes| engine.read_to(bytes, size));
        let Ok(count @ 1..) = read else {
            self.received_nothing(queue, is_kept, read.err());
            return false;
        };
        if count < size {
            // A layer may have found the end when it read ahead.
            self.receive.note(engine.ready_now());
        }
        self.take_in(queue, is_kept);
        if is_connected {
            self.news.add(News::ARRIVED);
        }
        if self.receive.may_have_more(count, size) {
            self.announcement.has_more = true;
            self.queue_unless_full();
        }
        is_kept
    }

    /// Called when a read into this queue has failed with this error, or has found the peer's end.
    #[inline(never)]
    fn received_nothing(&mut self, queue: ByteQueue, is_kept: bool, error: Option<io::Error>) {
        self.take_in(queue, is_kept);
        match error {
            Some(error) if error.kind() == ErrorKind::WouldBlock => {
                // The hint was of another connection: to an address that had lost the race.
                self.receive.found_nothing();
            }
            Some(error) => self.lost(SocketError::of_transfer(&error), Some(error)),
            None => {
                self.receive.see_end();
                if let Some(kind) = self.send.failed_by() {
                    self.lost(kind, None);
                } else if self.state() != SocketState::Closing {
                    // A socket that is closing still sends its unsent bytes.
                    self.peer_finished();
                }
            }
        }
    }

    /// Puts the bytes that were read into the buffer, or drops them.
    #[inline(always)]
    fn take_in(&mut self, mut queue: ByteQueue, is_kept: bool) {
        let Some(home) = &self.home else { return };
        if !is_kept {
            return home.pool.put(queue);
        }
        if !queue.is_empty()
            && !queue.is_much()
            && let Some(borrower) = home.pool.lend(&mut queue, home.key())
        {
            Self::ask_back(home, borrower);
        }
        if let Some(memory) = self.device.adopt(queue) {
            home.pool.put(memory);
        }
    }

    /// Asks another socket to give its memory back.
    #[cold]
    fn ask_back(home: &Home, borrower: ObjectKey) {
        home.wakeups.postpone(borrower);
    }

    /// Gives large memory back to the pool if there are few bytes in it, unread or unsent, for
    /// example when the memory is lent and another socket has asked for it.
    #[inline(never)]
    pub(super) fn give_memory_back(&mut self) {
        for memory in [self.device.shrink(), self.device.shrink_outgoing()] {
            if let (Some(memory), Some(home)) = (memory, &self.home) {
                home.pool.put(memory);
            }
        }
    }

    /// Drops the bytes that are known to wait in the kernel. If they were left there, closing the
    /// socket would send a reset to the peer, which might then lose bytes that were sent to it.
    pub(super) fn drop_input(&mut self) {
        let (Some(engine), Some(home)) = (self.phase.engine_mut(), &self.home) else { return };
        if self.kind == SocketType::Udp
            || !self.announcement.has_more
            || self.receive.has_seen_end()
        {
            return;
        }
        let mut queue = home.pool.take();
        let size = queue.capacity();
        // If more bytes are left, the peer gets the reset.
        for _ in 0..DROPPED_AT_MOST / size {
            match queue.fill(|bytes| engine.read_to(bytes, size)) {
                Ok(1..) => queue.empty(),
                _ => break,
            }
        }
        home.pool.put(queue);
    }

    /// Looks for a reset after the peer's end. No read would report it.
    pub(super) fn look_for_reset(&mut self) {
        if let Some(engine) = self.phase.engine_mut()
            && let Err(error) = engine.progress()
        {
            self.lost(SocketError::of_transfer(&error), Some(error));
        }
    }

    /// Returns how many bytes may still be buffered.
    pub(super) fn read_room(&self) -> usize {
        match self.settings().read_limit {
            // Datagrams are not buffered, and what comes while the socket closes is dropped.
            Some(limit) if self.kind == SocketType::Tcp && self.state() != SocketState::Closing => {
                limit.saturating_sub(self.device.unread_len())
            }
            _ => usize::MAX,
        }
    }

    /// Returns true if reading may bring something.
    pub(in crate::net) fn may_read(&self) -> bool {
        self.read_room() > 0 && !self.receive.has_seen_end()
    }

    /// Called when bytes have left the buffer: gives memory back, and postpones what has become
    /// possible.
    pub(super) fn make_room(&mut self) {
        if self.device.unread_len() == 0 {
            if let (Some(memory), Some(home)) = (self.device.reclaim(), &self.home) {
                home.pool.put(memory);
            }
        } else if self.settings().ready_read_policy == ReadyReadPolicy::WhileUnread {
            self.announcement.renew();
            self.postpone_traffic();
        } else if self.device.is_wasteful() {
            self.postpone_traffic();
        }
        if self.announcement.has_more && !self.is_postponed && !self.is_direct() {
            self.queue_unless_full();
        }
    }

    fn queue_unless_full(&mut self) {
        if self.read_room() > 0 {
            self.postpone_traffic();
        }
    }

    /// Called when a read has found the peer's end.
    pub(super) fn peer_finished(&mut self) {
        if !self.settings().allow_half_open {
            return self.lost(SocketError::RemoteHostClosed, None);
        }
        self.announce_early();
        self.receive.finish();
        self.device.finish_read_channel();
        if self.send.is_closed() {
            self.close_both_ends();
        }
    }
}
