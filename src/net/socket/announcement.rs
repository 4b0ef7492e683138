//! The announcement: whether there is something to read, and whether `ready_read` was emitted for it.

/// What there may be to read, and whether that is announced.
#[derive(Debug, Default)]
pub(super) struct Announcement {
    /// The kernel may have more to read.
    pub(super) has_more: bool,
    /// `ready_read` was emitted for a direct socket, and nobody has looked since.
    is_announced: bool,
    /// Datagrams were announced or read, and no read has found out that the last one was the last.
    expects_datagram: bool,
    /// Something was read, and something left, which is announced once more.
    again: bool,
    /// Bytes came with the end of a handshake, which are announced when the loop comes to it.
    early: bool,
}

impl Announcement {
    /// Notes an announcement. Returns true if it must be made: none was made, or somebody has looked
    /// since.
    #[inline]
    pub(super) fn announce(&mut self) -> bool {
        self.expects_datagram = true;
        !std::mem::replace(&mut self.is_announced, true)
    }

    pub(super) fn is_announced(&self) -> bool {
        self.is_announced
    }

    /// Somebody has looked: what comes may be announced again.
    #[inline]
    pub(super) fn looked_at(&mut self) {
        self.is_announced = false;
    }

    /// Notes a read of a datagram, which has found one or not. Returns true if the reader had a reason
    /// to expect one.
    #[inline]
    pub(super) fn read_datagram(&mut self, has_found: bool) -> bool {
        std::mem::replace(&mut self.expects_datagram, has_found)
    }

    /// Announces what is left once more, when the loop comes to it.
    pub(super) fn renew(&mut self) {
        self.again = true;
    }

    pub(super) fn is_renewed(&self) -> bool {
        self.again || self.early
    }

    pub(super) fn take_renewed(&mut self) -> bool {
        self.take_early() | std::mem::take(&mut self.again)
    }

    /// Announces what came with the end of a handshake, when the loop comes to it.
    pub(super) fn come_early(&mut self) {
        self.early = true;
    }

    pub(super) fn has_early(&self) -> bool {
        self.early
    }

    pub(super) fn take_early(&mut self) -> bool {
        std::mem::take(&mut self.early)
    }

    /// Forgets the connection, of which some can still be read.
    pub(super) fn end(&mut self) {
        *self = Self { again: self.again, ..Self::default() };
    }
}
