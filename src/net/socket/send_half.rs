//! The sending half of a connection: what went out, what keeps more from going out, and how far
//! this end of the connection is closed.

use crate::net::values::SocketError;

/// The sending half of a connection.
#[derive(Debug, Default)]
pub(super) struct SendHalf {
    end: WriteEnd,
    /// The kernel had no room for more. A readiness with `writable` follows when it has room.
    is_blocked: bool,
    /// A write was cut short because of the limit.
    was_cut_short: bool,
    /// The connection was lost before all bytes were sent.
    was_cut_off: bool,
    /// Why the connection is broken, as a write has found. Bytes that came before are still read.
    failed_by: Option<SocketError>,
    /// How many bytes went out past the buffer and are not announced yet. They count as unsent
    /// until `bytes_written` is emitted. Never more than is sent in a pass of the loop.
    unannounced: u32,
}

/// How far this end of the connection is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum WriteEnd {
    #[default]
    Open,
    /// This end is closed when all bytes are sent.
    Closing,
    Closed,
}

impl SendHalf {
    /// Returns true if the kernel had no room for more, and has not reported room since.
    #[inline]
    pub(super) fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// Notes that the kernel has no room for more.
    #[inline]
    pub(super) fn block(&mut self) {
        self.is_blocked = true;
    }

    /// Notes that the kernel may have room again.
    #[inline]
    pub(super) fn unblock(&mut self) {
        self.is_blocked = false;
    }

    /// Notes that a write is cut short because of the limit.
    pub(super) fn cut_short(&mut self) {
        self.was_cut_short = true;
    }

    /// Returns true if a write was cut short, and `write_buffer_drained` was not emitted since.
    #[inline]
    pub(super) fn was_cut_short(&self) -> bool {
        self.was_cut_short
    }

    /// Notes that `write_buffer_drained` is emitted.
    pub(super) fn tell_of_room(&mut self) {
        self.was_cut_short = false;
    }

    /// Returns how many bytes went out past the buffer and are not announced yet.
    pub(super) fn unannounced(&self) -> usize {
        self.unannounced as usize
    }

    /// Notes that `count` bytes went out past the buffer.
    pub(super) fn went_at_once(&mut self, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.unannounced = self.unannounced.saturating_add(count);
    }

    /// Takes the number of bytes that are to be announced.
    pub(super) fn take_unannounced(&mut self) -> usize {
        std::mem::take(&mut self.unannounced) as usize
    }

    /// Returns true if this end is neither closed nor to be closed.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.end == WriteEnd::Open
    }

    /// Requests to close this end when all bytes are sent. Returns false if this end was closing or
    /// closed before.
    pub(super) fn begin_to_close(&mut self) -> bool {
        let was_open = self.is_open();
        if was_open {
            self.end = WriteEnd::Closing;
        }
        was_open
    }

    /// Returns true if the socket closes this end when all bytes are sent.
    pub(super) fn is_closing(&self) -> bool {
        self.end == WriteEnd::Closing
    }

    pub(super) fn close(&mut self) {
        self.end = WriteEnd::Closed;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.end == WriteEnd::Closed
    }

    /// Notes why the connection is broken. Returns the first reason that was noted: the kernel
    /// reports the reason once.
    pub(super) fn fail(&mut self, kind: SocketError) -> SocketError {
        *self.failed_by.get_or_insert(kind)
    }

    pub(super) fn failed_by(&self) -> Option<SocketError> {
        self.failed_by
    }

    /// Notes that the connection is lost. `has_unsent` is true if not all bytes were sent.
    pub(super) fn cut_off(&mut self, has_unsent: bool) {
        self.was_cut_off |= has_unsent;
    }

    /// Returns true if the connection was lost before all bytes were sent.
    pub(super) fn was_cut_off(&self) -> bool {
        self.was_cut_off
    }

    /// Forgets the connection, but not that it was cut off.
    pub(super) fn end(&mut self) {
        *self = Self { was_cut_off: self.was_cut_off, ..Self::default() };
    }
}
