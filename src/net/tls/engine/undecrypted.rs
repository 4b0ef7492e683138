//! `Undecrypted`: what came from the engine below and is not decrypted yet.
//!
//! Keeps two promises. Bytes are not moved while they are taken from the front, so reading a chunk
//! record by record costs no copies. And once nothing is taken for a while, a few bytes do not keep
//! the memory of a whole chunk.

use std::cell::Cell;

/// How many bytes are read from the engine below at once: four records, or so.
pub(super) const CHUNK: usize = 64 * 1024;

thread_local! {
    /// Memory for a chunk, which goes from one engine of the thread to the next.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What came from the engine below and is not decrypted yet.
#[derive(Debug, Default)]
pub(super) struct Undecrypted {
    bytes: Vec<u8>,
    /// How many of the bytes are decrypted.
    taken: usize,
}

impl Undecrypted {
    /// Takes bytes that somebody else has read.
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, taken: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.taken
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    /// Lets `read` fill the memory for a chunk. There must be no bytes.
    pub(super) fn fill<T>(&mut self, read: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        debug_assert!(self.is_empty(), "what is there would be lost");
        let mut bytes = SPARE.take();
        bytes.clear();
        bytes.reserve(CHUNK);
        let result = read(&mut bytes);
        *self = Self::of(bytes);
        if self.is_empty() {
            self.give_back();
        }
        result
    }

    /// Takes bytes from the front.
    pub(super) fn take(&mut self, count: usize) {
        self.taken += count;
        debug_assert!(self.taken <= self.bytes.len(), "more is taken than there is");
        if self.is_empty() {
            self.give_back();
        }
    }

    /// Gives the memory of a chunk back if few bytes are in it.
    pub(super) fn settle(&mut self) {
        if self.len() < self.bytes.capacity() / 4 {
            let rest = self.as_slice().to_vec();
            self.give_back();
            *self = Self::of(rest);
        }
    }

    /// Drops the bytes, and gives their memory back.
    pub(super) fn give_back(&mut self) {
        let bytes = std::mem::take(self).bytes;
        if bytes.capacity() >= CHUNK {
            SPARE.set(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_taken_comes_in_order_and_little_keeps_little_memory(
            chunks in proptest::collection::vec((1..3000_usize, 1..700_usize), 1..8),
        ) {
            let mut undecrypted = Undecrypted::default();
            let mut next = 0_usize;
            for (len, step) in chunks {
                let chunk: Vec<u8> = (next..next + len).map(|number| number as u8).collect();
                undecrypted.fill(|bytes| bytes.extend_from_slice(&chunk));
                while !undecrypted.is_empty() {
                    let count = step.min(undecrypted.len());
                    for (place, byte) in undecrypted.as_slice()[..count].iter().enumerate() {
                        prop_assert_eq!(*byte, (next + place) as u8);
                    }
                    undecrypted.take(count);
                    next += count;
                    undecrypted.settle();
                    prop_assert!(undecrypted.bytes.capacity() <= 3000);
                }
            }
        }
    }
}
