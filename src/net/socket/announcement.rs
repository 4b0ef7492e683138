//! `Announcement`: what there may be to read, whether `ready_read` was emitted for it, and whether
//! the network lacks room for a datagram.

use bitflags::bitflags;

bitflags! {
    /// What an announcement knows, in one byte of each socket.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    struct Facts: u8 {
        /// The kernel may have more to read.
        const HAS_MORE = 1;
        /// `ready_read` was emitted for a socket without a buffer, and the program has not read
        /// since.
        const ANNOUNCED = 2;
        /// Datagrams were announced or read, and no read has found that none is left.
        const EXPECTS_DATAGRAM = 4;
        /// Some bytes were read and some were left: the socket emits `ready_read` once more for the
        /// rest.
        const AGAIN = 8;
        /// Bytes came with the end of a handshake: the socket emits `ready_read` in a later
        /// wake-up.
        const EARLY = 16;
        /// The network had no room for a datagram, and has not reported room since.
        const LACKS_ROOM = 32;
        /// The engine of a UDP socket has ended, and datagrams that came before are to be read first.
        const ENDS = 64;
    }
}

/// What there may be to read, whether `ready_read` was emitted for it, and whether room is lacking.
#[derive(Debug, Default)]
pub(super) struct Announcement(Facts);

impl Announcement {
    /// Returns true if the kernel may have more to read.
    #[inline]
    pub(super) fn has_more(&self) -> bool {
        self.0.contains(Facts::HAS_MORE)
    }

    /// Notes if the kernel may have more to read.
    #[inline]
    pub(super) fn set_has_more(&mut self, has_more: bool) {
        self.0.set(Facts::HAS_MORE, has_more);
    }

    /// Notes that `ready_read` is emitted for something that waits in the kernel. Returns true if it
    /// must be emitted: it was not emitted yet, or the program has read since.
    #[inline]
    pub(super) fn announce(&mut self) -> bool {
        let before = self.0;
        self.0 = before | Facts::HAS_MORE | Facts::ANNOUNCED | Facts::EXPECTS_DATAGRAM;
        !before.contains(Facts::ANNOUNCED)
    }

    #[inline]
    pub(super) fn is_announced(&self) -> bool {
        self.0.contains(Facts::ANNOUNCED)
    }

    /// Notes that the program has read: `ready_read` may be emitted again.
    #[inline]
    pub(super) fn looked_at(&mut self) {
        self.0.remove(Facts::ANNOUNCED);
    }

    /// Notes that the program has read from the kernel, which may have more or not: `ready_read` may
    /// be emitted again.
    #[inline]
    pub(super) fn looked_below(&mut self, has_more: bool) {
        let more = if has_more { Facts::HAS_MORE } else { Facts::empty() };
        self.0 = (self.0 - Facts::ANNOUNCED - Facts::HAS_MORE) | more;
    }

    /// Notes that a read has found a datagram.
    #[inline]
    pub(super) fn found_datagram(&mut self) {
        self.0 |= Facts::EXPECTS_DATAGRAM;
    }

    /// Notes that a read has found no datagram. Returns true if the reader could expect one.
    #[inline]
    pub(super) fn missed_datagram(&mut self) -> bool {
        let before = self.0;
        self.0 = before - Facts::EXPECTS_DATAGRAM;
        before.contains(Facts::EXPECTS_DATAGRAM)
    }

    /// Requests another `ready_read`, in a later wake-up, for the bytes that are left.
    pub(super) fn renew(&mut self) {
        self.0 |= Facts::AGAIN;
    }

    #[inline]
    pub(super) fn is_renewed(&self) -> bool {
        self.0.intersects(Facts::AGAIN | Facts::EARLY)
    }

    /// Returns true if a postponed look is needed although no datagram is left.
    #[inline]
    pub(super) fn must_look(&self) -> bool {
        self.0.intersects(Facts::AGAIN | Facts::EARLY | Facts::ENDS)
    }

    /// Returns true if another `ready_read` was requested. Returns true only once.
    #[inline]
    pub(super) fn take_renewed(&mut self) -> bool {
        let is_renewed = self.is_renewed();
        self.0.remove(Facts::AGAIN | Facts::EARLY);
        is_renewed
    }

    /// Requests `ready_read`, in a later wake-up, for bytes that came with the end of a handshake.
    pub(super) fn come_early(&mut self) {
        self.0 |= Facts::EARLY;
    }

    pub(super) fn has_early(&self) -> bool {
        self.0.contains(Facts::EARLY)
    }

    /// Returns true if bytes came with the end of a handshake. Returns true only once.
    pub(super) fn take_early(&mut self) -> bool {
        let has_early = self.has_early();
        self.0.remove(Facts::EARLY);
        has_early
    }

    /// Notes that the engine has ended, and that datagrams that came before are to be read first.
    pub(super) fn end_after_datagrams(&mut self) {
        self.0 |= Facts::ENDS;
    }

    #[inline]
    pub(super) fn ends_after_datagrams(&self) -> bool {
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

    /// Forgets the connection, but keeps the request to announce unread bytes once more.
    pub(super) fn end(&mut self) {
        self.0 &= Facts::AGAIN;
    }
}
