//! The buffers that reads go to first.

use std::cell::Cell;

/// How much one read takes at most. A full read is continued in the next turn, when the others
/// have had theirs.
const SIZE: usize = 64 * 1024;

/// Lends the buffer that a read goes to, so that an idle socket holds none.
///
/// One is kept: it is enough for whoever copies out of it, and for whoever hands it on and gives
/// it back when it was read.
#[derive(Default)]
pub(super) struct BufferPool {
    kept: Cell<Option<Vec<u8>>>,
}

impl BufferPool {
    /// Takes a buffer of the full size.
    pub(super) fn take(&self) -> Vec<u8> {
        let mut buffer = self.kept.take().unwrap_or_default();
        buffer.resize(SIZE, 0);
        buffer
    }

    /// Gives a buffer back. One of another size than those lent is dropped.
    pub(super) fn put(&self, buffer: Vec<u8>) {
        if buffer.capacity() == SIZE {
            self.kept.set(Some(buffer));
        }
    }
}
