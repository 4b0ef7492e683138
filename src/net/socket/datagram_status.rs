//! `DatagramStatus`: what is known of the datagrams that wait in the engine, and of the room for
//! those that are sent.
//!
//! Keeps one promise: what waits is announced once, until the program has read.

use bitflags::bitflags;

bitflags! {
    /// What a status knows, in one byte.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    struct Facts: u8 {
        /// There may be another datagram.
        const HAS_MORE = 1;
        /// `ready_read` was emitted, and the program has not read since.
        const ANNOUNCED = 2;
        /// Datagrams were announced or read, and no read has found that none is left.
        const EXPECTED = 4;
        /// The network had no room for a datagram, and has not reported room since.
        const LACKS_ROOM = 8;
        /// The engine has ended, and datagrams that came before are to be read first.
        const ENDS = 16;
    }
}

/// What is known of the datagrams that wait in the engine, and of the room for those that are sent.
#[derive(Debug, Default)]
pub(super) struct DatagramStatus(Facts);

impl DatagramStatus {
    /// Notes that `ready_read` is emitted for a datagram. Returns true if it must be emitted: it was
    /// not emitted yet, or the program has read since.
    #[inline]
    pub(super) fn announce(&mut self) -> bool {
        let before = self.0;
        self.0 = before | Facts::HAS_MORE | Facts::ANNOUNCED | Facts::EXPECTED;
        !before.contains(Facts::ANNOUNCED)
    }

    #[inline]
    pub(super) fn is_announced(&self) -> bool {
        self.0.contains(Facts::ANNOUNCED)
    }

    /// Notes that the program has read from the buffer: `ready_read` may be emitted again.
    pub(super) fn looked_at(&mut self) {
        self.0.remove(Facts::ANNOUNCED);
    }

    /// Notes that the program has read from the engine, which may have more or not: `ready_read` may
    /// be emitted again.
    #[inline]
    pub(super) fn looked_below(&mut self, has_more: bool) {
        let more = if has_more { Facts::HAS_MORE } else { Facts::empty() };
        self.0 = (self.0 - Facts::ANNOUNCED - Facts::HAS_MORE) | more;
    }

    /// Notes that there may be another datagram.
    pub(super) fn expect_more(&mut self) {
        self.0 |= Facts::HAS_MORE;
    }

    /// Returns true if there may be a datagram that was not announced. Returns true only once.
    pub(super) fn takes_a_look(&mut self) -> bool {
        let may_have_more = self.0.contains(Facts::HAS_MORE);
        self.0.remove(Facts::HAS_MORE);
        may_have_more && !self.is_announced()
    }

    pub(super) fn has_more(&self) -> bool {
        self.0.contains(Facts::HAS_MORE)
    }

    /// Notes that a read has found a datagram.
    #[inline]
    pub(super) fn found(&mut self) {
        self.0 |= Facts::EXPECTED;
    }

    /// Notes that a read has found no datagram. Returns true if the reader could expect one.
    #[inline]
    pub(super) fn missed(&mut self) -> bool {
        let before = self.0;
        self.0 = before - Facts::EXPECTED;
        before.contains(Facts::EXPECTED)
    }

    /// Notes that the engine has ended, and that datagrams that came before are to be read first.
    pub(super) fn end_after_datagrams(&mut self) {
        self.0 |= Facts::ENDS;
    }

    #[inline]
    pub(super) fn ends(&self) -> bool {
        self.0.contains(Facts::ENDS)
    }

    /// Notes that the network has no room for a datagram.
    pub(super) fn lack_room(&mut self) {
        self.0 |= Facts::LACKS_ROOM;
    }

    /// Returns true if the network had no room for a datagram.
    #[inline]
    pub(super) fn lacks_room(&self) -> bool {
        self.0.contains(Facts::LACKS_ROOM)
    }

    /// Notes that the network has room for a datagram.
    pub(super) fn have_room(&mut self) {
        self.0.remove(Facts::LACKS_ROOM);
    }
}

#[cfg(test)]
mod tests {
    use super::DatagramStatus;

    #[test]
    fn datagrams_are_announced_once_until_one_is_read() {
        let mut status = DatagramStatus::default();
        assert!(status.announce() && !status.announce());
        assert!(!status.takes_a_look(), "what waits is announced already");
        status.looked_below(true);
        assert!(status.takes_a_look() && !status.takes_a_look());
        assert!(status.announce());
        status.looked_below(false);
        assert!(!status.takes_a_look(), "a read has found nothing");
    }

    #[test]
    fn the_first_read_that_finds_no_more_was_expected_to_find_a_datagram() {
        let mut status = DatagramStatus::default();
        assert!(!status.missed());
        status.found();
        assert!(status.missed() && !status.missed());
    }
}
