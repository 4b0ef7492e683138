//! The news of a socket: what has happened to it, for a wait that looks.

use bitflags::bitflags;

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

/// The news of a socket.
#[derive(Debug, Default)]
pub(super) struct NewsBoard {
    /// What has happened since somebody last began to look.
    news: News,
    /// What has happened outside the passes of the loop, and is not delivered yet.
    undelivered: News,
}

impl NewsBoard {
    pub(super) fn news(&self) -> News {
        self.news
    }

    #[inline]
    pub(super) fn add(&mut self, news: News) {
        self.news |= news;
    }

    /// Notes what counts as undelivered until [`deliver`](Self::deliver).
    pub(super) fn add_undelivered(&mut self, news: News) {
        self.undelivered |= news;
    }

    /// What was emitted outside the passes of the loop is delivered, or of no interest any more.
    pub(super) fn deliver(&mut self) {
        self.undelivered = News::empty();
    }

    /// Begins anew with what is not delivered yet, for a wait that begins.
    pub(super) fn begin_wait(&mut self) {
        self.news = self.undelivered;
    }

    /// Takes all news off, to see what is added.
    #[inline]
    pub(super) fn take(&mut self) -> News {
        std::mem::take(&mut self.news)
    }
}
