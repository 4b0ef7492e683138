//! What is known of the traffic on a connection.

use bitflags::bitflags;

use crate::net::values::SocketError;

bitflags! {
    /// What has happened to a socket, for a wait and for the pass of the loop that looks afterwards.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(in crate::net) struct News: u8 {
        /// A connection was established.
        const CONNECTED = 1;
        /// A connection has ended: `disconnected` was emitted.
        const ENDED = 2;
        /// Bytes or a datagram have come: `ready_read` was emitted.
        const ARRIVED = 4;
        /// Bytes have gone out: `bytes_written` was emitted.
        const DEPARTED = 8;
        /// The network has refused a datagram.
        const REFUSED = 16;
    }
}

/// What is known of the traffic on the connection, and begins anew with each.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// The kernel may have more to read.
    pub(super) has_more: bool,
    /// There is urgent data, before which a read ends.
    pub(super) is_urgent: bool,
    /// The peer has closed its end, which the next read that finds nothing will tell.
    pub(super) peer_closed: bool,
    /// A read has found the end.
    pub(super) end_seen: bool,
    /// The peer has closed its end, and ours stays open.
    pub(super) read_finished: bool,
    /// The kernel took all it could; it tells when there is room again.
    pub(super) send_blocked: bool,
    /// What went out past the buffer and was not announced. Until then it counts as waiting. Never
    /// more than is sent in a pass of the loop.
    unannounced: u32,
    /// Why the connection is broken, as a write found out. What came before is still being read.
    pub(super) failed_by: Option<SocketError>,
    /// A write was cut short because of the limit.
    pub(super) write_cut: bool,
    /// Our end is to be closed when all is sent, or is.
    pub(super) write_end: WriteEnd,
    /// A direct socket has said that there is something, and nobody has looked.
    pub(super) is_announced: bool,
    /// Something was read, and something left.
    pub(super) to_announce_again: bool,
    /// The socket has asked to be woken when the loop comes to it.
    pub(super) is_postponed: bool,
    /// The connection was lost before all was sent, which who waits for that wants to know.
    pub(super) was_cut_off: bool,
    /// What has happened since somebody last began to look.
    pub(super) news: News,
    /// What has happened outside the passes of the loop, and is not delivered yet.
    pub(super) undelivered: News,
}

/// How far our end of the connection is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum WriteEnd {
    #[default]
    Open,
    /// It is closed when all is sent.
    Closing,
    Closed,
}

impl Traffic {
    /// How many bytes went out past the buffer without being announced.
    pub(super) fn unannounced(&self) -> usize {
        self.unannounced as usize
    }

    /// Notes bytes that went out past the buffer.
    pub(super) fn went_at_once(&mut self, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.unannounced = self.unannounced.saturating_add(count);
    }

    /// Takes the number of bytes that are to be announced.
    pub(super) fn take_unannounced(&mut self) -> usize {
        std::mem::take(&mut self.unannounced) as usize
    }

    /// Closes both directions: there is no peer.
    pub(super) fn has_no_peer(&mut self) {
        (self.end_seen, self.write_end) = (true, WriteEnd::Closed);
    }

    /// Forgets what belonged to one connection.
    pub(super) fn begin_anew(&mut self) {
        let Self { is_postponed, news, undelivered, .. } = *self;
        *self = Self { is_postponed, news, undelivered, ..Self::default() };
    }

    /// Forgets what belonged to a connection of which some can still be read.
    pub(super) fn end(&mut self) {
        let Self { to_announce_again, was_cut_off, .. } = *self;
        self.begin_anew();
        *self = Self { to_announce_again, was_cut_off, ..*self };
    }
}
