//! The news of a socket: what has happened to it, for a wait.

use bitflags::bitflags;

bitflags! {
    /// What has happened to a socket. A wait reads this, and so does the code that handles a
    /// readiness.
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
        /// The handshake of TLS is over: `encrypted` was emitted.
        const ENCRYPTED = 32;
    }
}

/// The news of a socket.
#[derive(Debug, Default)]
pub(super) struct NewsBoard {
    /// What has happened since the last wait began.
    news: News,
    /// What was emitted outside the passes of the loop and is not delivered yet.
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

    /// Notes news that count as undelivered until [`deliver`](Self::deliver).
    pub(super) fn add_undelivered(&mut self, news: News) {
        self.undelivered |= news;
    }

    /// Forgets the undelivered news: they are delivered now, or about an earlier connection.
    pub(super) fn deliver(&mut self) {
        self.undelivered = News::empty();
    }

    /// Begins a wait: only what is not delivered yet counts as news.
    pub(super) fn begin_wait(&mut self) {
        self.news = self.undelivered;
    }

    /// Takes all news, so that the caller can see what is added.
    #[inline]
    pub(super) fn take(&mut self) -> News {
        std::mem::take(&mut self.news)
    }

    /// Puts back news that were [taken](Self::take). Returns what was added meanwhile.
    #[inline]
    pub(super) fn put_back(&mut self, taken: News) -> News {
        let since = self.news;
        self.news |= taken;
        since
    }
}
