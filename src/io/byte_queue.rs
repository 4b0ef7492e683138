//! A queue of bytes: what has come in and was not read, or was written and has not gone out.

use std::cell::Cell;

/// Bytes that are put in at one end and taken out at the other.
///
/// Contiguous, so that it can be looked at as one slice. Holds no memory while it is empty.
#[derive(Debug, Default)]
pub(super) struct ByteQueue {
    bytes: Vec<u8>,
    /// Where the bytes begin that were not taken yet.
    start: usize,
    /// Up to here there is no line feed, so that a long line is looked through once.
    searched: Cell<usize>,
}

impl ByteQueue {
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let is_full = self.bytes.capacity() - self.bytes.len() < bytes.len();
        // Only when more was taken than is left, so that no byte is moved again and again.
        if is_full && self.start >= self.len() {
            self.bytes.drain(..self.start);
            self.searched.set(self.searched.get().saturating_sub(self.start));
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes up to `count` bytes off the front.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count.min(self.len());
        if self.is_empty() {
            self.clear();
        }
    }

    /// Takes everything.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let mut taken = std::mem::take(self);
        taken.bytes.drain(..taken.start);
        taken.bytes
    }

    /// Drops everything, the memory included.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The number of bytes up to and including the first line feed.
    pub(super) fn line_len(&self) -> Option<usize> {
        let from = self.searched.get().max(self.start);
        let found = self.bytes[from..].iter().position(|&byte| byte == b'\n');
        self.searched.set(found.map_or(self.bytes.len(), |position| from + position));
        found.map(|position| from + position + 1 - self.start)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::ByteQueue;

    #[derive(Clone, Debug)]
    enum Op {
        Push(Vec<u8>),
        Consume(usize),
        Take,
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..40).prop_map(Op::Push),
            4 => (0usize..50).prop_map(Op::Consume),
            1 => Just(Op::Take),
        ]
    }

    #[test]
    fn a_long_queue_that_is_always_full_moves_its_bytes_seldom() {
        let mut queue = ByteQueue::default();
        queue.push(&[0; 100_000]);
        let mut moves = 0;
        for _ in 0..100_000 {
            queue.consume(1);
            let start = queue.start;
            queue.push(&[0]);
            moves += u32::from(queue.start < start);
            assert!(queue.bytes.capacity() <= 400_000);
        }
        assert!(moves <= 2, "{moves} times");
    }

    proptest! {
        #[test]
        fn bytes_come_out_as_they_went_in(ops in proptest::collection::vec(op(), 0..60)) {
            let mut queue = ByteQueue::default();
            let mut model = VecDeque::new();
            for op in ops {
                match op {
                    Op::Push(bytes) => {
                        queue.push(&bytes);
                        model.extend(bytes);
                    }
                    Op::Consume(count) => {
                        queue.consume(count);
                        model.drain(..count.min(model.len()));
                    }
                    Op::Take => prop_assert_eq!(queue.take(), Vec::from(std::mem::take(&mut model))),
                }
                prop_assert_eq!(queue.as_slice(), &*model.make_contiguous());
                let line = model.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
                prop_assert_eq!(queue.line_len(), line);
                prop_assert!(!queue.is_empty() || queue.bytes.capacity() == 0);
            }
        }
    }
}
