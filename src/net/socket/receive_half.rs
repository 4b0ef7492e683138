//! The receiving half of a connection: how far the peer's end of it has come.
//!
//! Keeps one promise: the end only comes nearer. It is hinted at, then seen by a read, then
//! announced; a hint alone may prove to be another connection's.

use crate::readiness::Readiness;

/// The receiving half of a connection.
#[derive(Debug, Default)]
pub(super) struct ReceiveHalf {
    end: ReadEnd,
    /// There is urgent data, before which a read ends.
    is_urgent: bool,
}

/// How far the end has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum ReadEnd {
    #[default]
    Open,
    /// The peer has closed its end, which the next read that finds nothing will tell.
    Hinted,
    /// A read has found the end.
    Seen,
    /// The end was announced, and our own end stays open.
    Finished,
}

impl ReceiveHalf {
    /// Notes what the kernel tells of the peer's end and of urgent data.
    #[inline]
    pub(super) fn note(&mut self, readiness: Readiness) {
        if readiness.read_closed {
            self.end = self.end.max(ReadEnd::Hinted);
        }
        self.is_urgent |= readiness.priority;
    }

    /// Returns true if the kernel may have more after a read that brought `count` bytes of `size`. A
    /// short read has emptied the kernel's buffer, unless it ended before urgent data, or the end is
    /// still in there.
    #[inline]
    pub(super) fn may_have_more(&mut self, count: usize, size: usize) -> bool {
        let is_urgent = std::mem::take(&mut self.is_urgent);
        count == size || is_urgent || self.expects_end()
    }

    /// Returns true if the peer has closed its end, as far as is known.
    #[inline]
    pub(super) fn expects_end(&self) -> bool {
        self.end >= ReadEnd::Hinted
    }

    /// A read has found nothing, and no end: the hint was of another connection, that of an address
    /// that had lost the race.
    pub(super) fn found_nothing(&mut self) {
        if self.end == ReadEnd::Hinted {
            self.end = ReadEnd::Open;
        }
    }

    /// A read has found the end, or there is no peer.
    pub(super) fn see_end(&mut self) {
        self.end = self.end.max(ReadEnd::Seen);
    }

    #[inline]
    pub(super) fn has_seen_end(&self) -> bool {
        self.end >= ReadEnd::Seen
    }

    /// The end is announced, and our own end stays open.
    pub(super) fn finish(&mut self) {
        self.end = ReadEnd::Finished;
    }

    pub(super) fn is_finished(&self) -> bool {
        self.end == ReadEnd::Finished
    }
}
