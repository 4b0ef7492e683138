//! The receiving half of a connection: what is known of the end of the peer's stream.
//!
//! Keeps one promise: the end of the stream is first hinted at by the kernel, then found by a read,
//! then announced, and never goes back. Only a hint may be withdrawn: it may be of another
//! connection.

use crate::readiness::Readiness;

/// The receiving half of a connection.
#[derive(Debug, Default)]
pub(super) struct ReceiveHalf {
    end: ReadEnd,
    /// There is urgent data, before which a read ends.
    is_urgent: bool,
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

    /// Returns true if the kernel may have more after a read of `count` bytes into a room of
    /// `size`. A short read has emptied the kernel's buffer, unless the read ended before urgent
    /// data, or the end of the stream comes next.
    #[inline]
    pub(super) fn may_have_more(&mut self, count: usize, size: usize) -> bool {
        let is_urgent = std::mem::take(&mut self.is_urgent);
        count == size || is_urgent || self.expects_end()
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
