//! Receiving: reading what the peer sends into the device's buffer, until its end.

use std::io::ErrorKind;

use super::core::SocketCore;
use super::news::News;
use super::phase::Phase;
use crate::net::values::{ReadyReadPolicy, SocketError, SocketState, SocketType};

/// How much is dropped of what waits when a connection is closed: as much as Linux lets wait.
const DROPPED_AT_MOST: usize = 6 << 20;

impl SocketCore {
    /// Reads once. Returns true if something came that must be announced; anything else is told here.
    #[must_use]
    pub(super) fn receive(&mut self) -> bool {
        self.offer.has_more = false;
        // Nobody reads past the buffer of one that is open for writing alone.
        let is_read = self.kind == SocketType::Udp || self.device.is_readable();
        if self.is_direct() && is_read {
            return self.announce_direct();
        }
        let room = self.read_room();
        if room == 0 {
            // Whoever makes room postpones reading on.
            self.offer.has_more = true;
            return false;
        }
        if self.receive.has_seen_end() {
            self.look_for_reset();
            return false;
        }
        let (Some(engine), Some(home)) = (self.phase.engine_mut(), &self.home) else {
            return false;
        };
        let pool = &home.pool;
        let mut buffer = pool.take();
        let size = buffer.capacity().min(room);
        match engine.read_to(&mut buffer, size) {
            Ok(0) => {
                pool.put(buffer);
                self.receive.see_end();
                if let Some(kind) = self.send.failed_by() {
                    self.lost(kind, None);
                } else if self.state() != SocketState::Closing {
                    // While this end closes, what is still to go out may go.
                    self.peer_finished();
                }
                false
            }
            Ok(count) => {
                if count < size {
                    // An engine that stands on another may have met the end as it read ahead.
                    self.receive.note(engine.ready_now());
                }
                // What comes while the socket closes is dropped. If it were left to the kernel,
                // the peer would get a reset instead of the rest.
                let is_kept = matches!(self.phase, Phase::Connected(_));
                if is_kept {
                    self.news.add(News::ARRIVED);
                    // Handed on as it is if it is much, and copied otherwise.
                    if let Some(buffer) = self.device.adopt(buffer) {
                        pool.put(buffer);
                    }
                } else {
                    pool.put(buffer);
                }
                if self.receive.may_have_more(count, size) {
                    self.offer.has_more = true;
                    self.queue_unless_full();
                }
                is_kept && self.device.is_readable()
            }
            Err(error) => {
                pool.put(buffer);
                if error.kind() == ErrorKind::WouldBlock {
                    // It was another's end, that of an address that had lost the race.
                    self.receive.found_nothing();
                } else {
                    self.lost(SocketError::of_transfer(&error), Some(error));
                }
                false
            }
        }
    }

    /// Drops what is known to wait in the kernel. If it were left there, the peer would get a reset
    /// from the closing, and might lose what was sent to it.
    pub(super) fn drop_input(&mut self) {
        let (Some(engine), Some(home)) = (self.phase.engine_mut(), &self.home) else { return };
        if self.kind == SocketType::Udp || !self.offer.has_more || self.receive.has_seen_end() {
            return;
        }
        let pool = &home.pool;
        let mut buffer = pool.take();
        // A peer that goes on sending gets the reset.
        for _ in 0..DROPPED_AT_MOST / buffer.capacity() {
            let size = buffer.capacity();
            match engine.read_to(&mut buffer, size) {
                Ok(1..) => buffer.clear(),
                _ => break,
            }
        }
        pool.put(buffer);
    }

    /// After the peer's end nothing more comes but a reset, which no read would tell.
    pub(super) fn look_for_reset(&mut self) {
        if let Some(engine) = self.phase.engine_mut()
            && let Err(error) = engine.progress()
        {
            self.lost(SocketError::of_transfer(&error), Some(error));
        }
    }

    /// How many bytes may still be buffered.
    pub(super) fn read_room(&self) -> usize {
        match self.settings().read_limit {
            // Datagrams are not held. What comes while the socket closes is dropped.
            Some(limit) if self.kind == SocketType::Tcp && self.state() != SocketState::Closing => {
                limit.saturating_sub(self.device.unread_len())
            }
            _ => usize::MAX,
        }
    }

    /// Says whether reading may bring something.
    pub(in crate::net) fn may_read(&self) -> bool {
        self.read_room() > 0 && !self.receive.has_seen_end()
    }

    /// Somebody took bytes off the buffer: there is room again.
    pub(super) fn make_room(&mut self) {
        if let (Some(buffer), Some(home)) = (self.device.reclaim(), &self.home) {
            home.pool.put(buffer);
        }
        if self.device.unread_len() > 0
            && self.settings().ready_read_policy == ReadyReadPolicy::WhileUnread
        {
            self.offer.renew();
            self.postpone_traffic();
        }
        if self.offer.has_more && !self.is_direct() {
            self.queue_unless_full();
        }
    }

    fn queue_unless_full(&mut self) {
        if self.read_room() > 0 {
            self.postpone_traffic();
        }
    }

    /// The peer has closed its end.
    pub(super) fn peer_finished(&mut self) {
        if !self.settings().allow_half_open {
            return self.lost(SocketError::RemoteHostClosed, None);
        }
        self.receive.finish();
        self.device.finish_read_channel();
        if self.send.is_closed() {
            self.close_both_ends();
        }
    }
}
