//! Readiness: what a source is ready for, and how sources are named.

use std::num::NonZeroUsize;
use std::ops::BitOr;

use mio::event::Event;

/// Names a source of readiness. `event_loop/sources/source_table.rs` gives the names and knows the
/// owners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceId(pub(crate) NonZeroUsize);

/// What a source is ready for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// There may be something to read.
    pub readable: bool,
    /// The other end is closed: after what is there to read, no more will come.
    pub read_closed: bool,
    /// There may be room to write.
    pub writable: bool,
    /// There may be urgent data.
    pub priority: bool,
}

impl Readiness {
    /// Returns the readiness in an event. An error or a hang-up counts as readable and writable,
    /// since a read or a write returns the error.
    #[inline]
    pub(crate) fn of(event: &Event) -> Self {
        let is_plain = !(event.is_error()
            | event.is_read_closed()
            | event.is_write_closed()
            | event.is_priority());
        if is_plain {
            let (readable, writable) = (event.is_readable(), event.is_writable());
            return Self { readable, writable, ..Self::default() };
        }
        Self::of_unusual(event)
    }

    #[cold]
    fn of_unusual(event: &Event) -> Self {
        let broken = event.is_error();
        Self {
            readable: event.is_readable() || event.is_read_closed() || broken,
            read_closed: event.is_read_closed() || broken,
            writable: event.is_writable() || event.is_write_closed() || broken,
            priority: event.is_priority(),
        }
    }
}

impl BitOr for Readiness {
    type Output = Self;

    /// Returns what at least one of the two is ready for.
    fn bitor(self, other: Self) -> Self {
        Self {
            readable: self.readable || other.readable,
            read_closed: self.read_closed || other.read_closed,
            writable: self.writable || other.writable,
            priority: self.priority || other.priority,
        }
    }
}
