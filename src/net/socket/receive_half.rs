//! The receiving half of a connection: what is known of the bytes that wait in the kernel, and of the
//! end of the peer's stream.
//!
//! Keeps two promises. The end of the stream is first hinted at by the kernel, then found by a read,
//! then announced, and never goes back; only a hint may be withdrawn: it may be of another
//! connection. And a socket without a buffer announces what waits in the kernel once, until the
//! program has read.

use crate::readiness::Readiness;

/// The receiving half of a connection.
#[derive(Debug, Default)]
pub(super) struct ReceiveHalf {
    end: ReadEnd,
    /// There is urgent data, before which a read ends.
    is_urgent: bool,
    /// The kernel may have more to read.
    has_more: bool,
    /// `ready_read` was emitted for a socket without a buffer, and the program has not read since.
    is_announced: bool,
}

/// What is known of the end of the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum ReadEnd {
    #[default]
    Open,
    /// The kernel has reported that the peer has closed its end. No read has found the end yet.
    Hinted,
    /// A read has found the end.
    Seen,
    /// `read_channel_finished` was emitted for the end, and this end stays open.
    Finished,
}

impl ReceiveHalf {
    /// Notes what the kernel reports about the peer's end and about urgent data.
    #[inline]
    pub(super) fn note(&mut self, readiness: Readiness) {
        if readiness.read_closed {
            self.end = self.end.max(ReadEnd::Hinted);
        }
        self.is_urgent |= readiness.priority;
    }

    /// Returns true if the kernel may have more after a read, which has filled all its room if
    /// `is_full` is true. A short read has emptied the kernel's buffer, unless the read ended before
    /// urgent data, or the end of the stream comes next.
    #[inline]
    pub(super) fn may_have_more(&mut self, is_full: bool) -> bool {
        let is_urgent = std::mem::take(&mut self.is_urgent);
        is_full || is_urgent || self.expects_end()
    }

    /// Returns true if the kernel may have more to read.
    #[inline]
    pub(super) fn has_more(&self) -> bool {
        self.has_more
    }

    /// Notes that the kernel may have more to read, until the next read.
    #[inline]
    pub(super) fn expect_more(&mut self) {
        self.has_more = true;
    }

    /// Notes that the socket reads what the kernel has.
    #[inline]
    pub(super) fn begin_to_read(&mut self) {
        self.has_more = false;
    }

    /// Notes that `ready_read` is emitted for a socket without a buffer. Returns true if it must be
    /// emitted: it was not emitted yet, or the program has read since.
    #[inline]
    pub(super) fn announce(&mut self) -> bool {
        !std::mem::replace(&mut self.is_announced, true)
    }

    /// Returns true if `ready_read` was emitted for a socket without a buffer, and the program has
    /// not read since.
    #[inline]
    pub(super) fn is_announced(&self) -> bool {
        self.is_announced
    }

    /// Notes that the program has read: `ready_read` may be emitted again.
    pub(super) fn looked_at(&mut self) {
        self.is_announced = false;
    }

    /// Returns true if the peer is known to have closed its end.
    #[inline]
    pub(super) fn expects_end(&self) -> bool {
        self.end >= ReadEnd::Hinted
    }

    /// Notes that a read has found neither bytes nor the end. Then a hint was of another
    /// connection: to an address that had lost the race.
    pub(super) fn found_nothing(&mut self) {
        if self.end == ReadEnd::Hinted {
            self.end = ReadEnd::Open;
        }
    }

    /// Notes that a read has found the end, or that there is no peer.
    pub(super) fn see_end(&mut self) {
        self.end = self.end.max(ReadEnd::Seen);
    }

    #[inline]
    pub(super) fn has_seen_end(&self) -> bool {
        self.end >= ReadEnd::Seen
    }

    /// Notes that the end is announced, and that this end stays open.
    pub(super) fn finish(&mut self) {
        self.end = ReadEnd::Finished;
    }

    pub(super) fn is_finished(&self) -> bool {
        self.end == ReadEnd::Finished
    }
}
