//! The buffers that reads go to first.

use std::cell::Cell;

/// How much one read takes at most. A full read is continued in the next pass of the loop, after
/// the others have been served.
pub(super) const SIZE: usize = 64 * 1024;

/// Lends the buffer that a read goes to, so that an idle socket holds none.
///
/// One is kept: it is enough for whoever copies out of it, and for whoever hands it on and gives
/// it back when it was read.
#[derive(Default)]
pub(in crate::net) struct BufferPool {
    kept: Cell<Vec<u8>>,
}

impl BufferPool {
    /// Takes an empty buffer with room for a full read.
    pub(in crate::net) fn take(&self) -> Vec<u8> {
        let kept = self.kept.take();
        if kept.capacity() == 0 { Vec::with_capacity(SIZE) } else { kept }
    }

    /// Gives a buffer back. One of another size than those lent is dropped.
    pub(in crate::net) fn put(&self, mut buffer: Vec<u8>) {
        if buffer.capacity() == SIZE {
            buffer.clear();
            self.kept.set(buffer);
        }
    }
}
