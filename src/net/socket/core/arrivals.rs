//! What has arrived at a socket: `ready_read`, and the memory of the bytes.

use super::core::SocketCore;
use crate::io::ByteQueue;
use crate::net::socket::announcement::Announcement;
use crate::net::socket::news::News;
use crate::net::values::ReadyReadPolicy;

impl SocketCore {
    #[inline]
    pub(in crate::net::socket) fn announcement(&self) -> &Announcement {
        &self.announcement
    }

    #[inline]
    pub(in crate::net::socket) fn announcement_mut(&mut self) -> &mut Announcement {
        &mut self.announcement
    }

    /// Forgets what there was to read from the connection before. A wait from now on is for the new
    /// connection.
    pub(super) fn begin_anew(&mut self) {
        self.announcement = Announcement::default();
        self.news.deliver();
        if self.extra().is_some() {
            let begun = &mut self.extra_mut().begun;
            *begun = begun.wrapping_add(1);
        }
    }

    /// Returns a number that changes when the socket begins to connect, is bound, or takes a
    /// connection over.
    #[cfg(feature = "tls")]
    pub(in crate::net::socket) fn begun(&self) -> u32 {
        self.extra().map_or(0, |extra| extra.begun)
    }

    /// Puts into the buffer what was read beyond the handshakes of layers, or with the news of an
    /// accepted connection. `ready_read` is emitted for these bytes after the slots of `connected`,
    /// or of the server's `new_connection`, have run.
    pub(super) fn take_early(&mut self, early: ByteQueue) {
        if !early.is_empty() {
            // `adopt` returns the memory if it has copied the bytes.
            drop(self.device.adopt(early));
            self.announcement.come_early();
        }
    }

    /// Emits `ready_read` for bytes that came with the end of a handshake, if it is not emitted yet.
    pub(in crate::net::socket) fn announce_early(&mut self) {
        if self.takes_early() {
            self.device.announce_received();
            self.note(News::ARRIVED);
        }
    }

    /// Returns true if `ready_read` must be emitted for bytes that came with the end of a handshake.
    /// Returns true only once.
    pub(in crate::net::socket) fn takes_early(&mut self) -> bool {
        self.announcement.take_early() && self.device.unread_len() > 0
    }

    /// Returns true if `ready_read` must be emitted once more, for unread bytes.
    pub(in crate::net::socket) fn announces_rest(&mut self) -> bool {
        let must_emit = self.announcement.take_renewed() && self.device.unread_len() > 0;
        if must_emit && self.announcement.has_more() {
            self.postpone_traffic();
        }
        must_emit
    }

    /// Returns true if `ready_read` must be emitted for a socket without a buffer: it was not
    /// emitted yet, or the program has read since.
    #[must_use]
    #[inline]
    pub(in crate::net::socket) fn announce_once(&mut self) -> bool {
        let is_new = self.announcement.announce();
        if is_new {
            self.add_news(News::ARRIVED);
        }
        is_new
    }

    /// Called when bytes have left the buffer: gives memory back, and requests another `ready_read`
    /// if the program wants one for the rest.
    pub(in crate::net::socket) fn after_consuming(&mut self) {
        if self.device.unread_len() == 0 {
            if let (Some(memory), Some(home)) = (self.device.reclaim(), self.home()) {
                home.pool.put(memory);
            }
        } else if self.settings().ready_read_policy == ReadyReadPolicy::WhileUnread {
            self.announcement.renew();
            self.postpone_traffic();
        } else if self.device.is_wasteful() {
            self.postpone_traffic();
        }
    }

    /// Called when the program has read from the buffer in a transaction: a socket without a buffer
    /// may emit `ready_read` for what comes from now on. For what waits already, it does so only
    /// when the transaction is committed: a slot that rolls back each time would otherwise be
    /// called without end.
    pub(in crate::net::socket) fn on_kept(&mut self) {
        self.announcement.looked_at();
    }

    /// Gives large memory back to the pool if there are few bytes in it, unread or unsent, for
    /// example when the memory is lent and another socket has asked for it.
    #[inline(never)]
    pub(in crate::net::socket) fn give_memory_back(&mut self) {
        for memory in [self.device.shrink(), self.device.shrink_outgoing()] {
            if let (Some(memory), Some(home)) = (memory, self.home()) {
                home.pool.put(memory);
            }
        }
    }
}
