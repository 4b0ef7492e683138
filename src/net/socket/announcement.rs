//! The announcement: whether there is something to read, and whether `ready_read` was emitted for
//! it.

/// What there may be to read, and whether `ready_read` was emitted for it.
#[derive(Debug, Default)]
pub(super) struct Announcement {
    /// The kernel may have more to read.
    pub(super) has_more: bool,
    /// `ready_read` was emitted for a direct socket, and the program has not read since.
    is_announced: bool,
    /// Datagrams were announced or read, and no read has found that none is left.
    expects_datagram: bool,
    /// Some bytes were read and some were left: the socket emits `ready_read` once more for the rest.
    again: bool,
    /// Bytes came with the end of a handshake: the socket emits `ready_read` in a later wake-up.
    early: bool,
}

impl Announcement {
    /// Notes that `ready_read` is emitted. Returns true if it must be emitted: it was not emitted
    /// yet, or the program has read since.
    #[inline]
    pub(super) fn announce(&mut self) -> bool {
        self.expects_datagram = true;
        !std::mem::replace(&mut self.is_announced, true)
    }

    pub(super) fn is_announced(&self) -> bool {
        self.is_announced
    }

    /// Notes that the program has read: `ready_read` may be emitted again.
    #[inline]
    pub(super) fn looked_at(&mut self) {
        self.is_announced = false;
    }

    /// Notes if a read has found a datagram. Returns true if the reader could expect one.
    #[inline]
    pub(super) fn read_datagram(&mut self, has_found: bool) -> bool {
        std::mem::replace(&mut self.expects_datagram, has_found)
    }

    /// Requests another `ready_read`, in a later wake-up, for the bytes that are left.
    pub(super) fn renew(&mut self) {
        self.again = true;
    }

    pub(super) fn is_renewed(&self) -> bool {
        self.again || self.early
    }

    pub(super) fn take_renewed(&mut self) -> bool {
        self.take_early() | std::mem::take(&mut self.again)
    }

    /// Requests `ready_read`, in a later wake-up, for bytes that came with the end of a handshake.
    pub(super) fn come_early(&mut self) {
        self.early = true;
    }

    pub(super) fn has_early(&self) -> bool {
        self.early
    }

    pub(super) fn take_early(&mut self) -> bool {
        std::mem::take(&mut self.early)
    }

    /// Forgets the connection, but keeps the request to announce unread bytes once more.
    pub(super) fn end(&mut self) {
        *self = Self { again: self.again, ..Self::default() };
    }
}
