//! A queue of bytes: what has come in and was not read, or was written and has not gone out.

use std::cell::Cell;

use memchr::memchr;

/// What a queue holds no longer than it must, and what it gives back to be used again.
const LARGE: usize = 16 * 1024;

/// How far the front may move into the memory before the rest is moved up to it.
const FARTHEST_START: usize = 1 << 30;

/// Bytes that are put in at one end and taken out at the other.
///
/// Contiguous, so that it can be looked at as one slice. Holds no memory while it is empty, but for
/// large memory until it is [reclaimed](Self::reclaim) or [released](Self::release).
#[derive(Debug, Default)]
pub(super) struct ByteQueue {
    bytes: Vec<u8>,
    /// Where the bytes begin that were not taken yet. Never over `FARTHEST_START`.
    start: u32,
    /// Between the start and here there is no line feed, so that a long line is looked through once.
    searched: Cell<u32>,
}

impl ByteQueue {
    fn start(&self) -> usize {
        self.start as usize
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.start()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start()..]
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.bytes.capacity() == 0 && !bytes.is_empty() {
            self.bytes = spare::take(bytes.len());
        }
        let is_full = self.bytes.capacity() - self.bytes.len() < bytes.len();
        // Only when more was taken than is left, so that no byte is moved again and again.
        if is_full && self.start() >= self.len() {
            self.move_up();
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds `bytes` as they are if they are many and the queue is empty; copies them otherwise and
    /// gives the memory back.
    pub(super) fn adopt(&mut self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        if self.is_empty() && bytes.len() >= LARGE {
            *self = Self { bytes, ..Self::default() };
            None
        } else {
            self.push(&bytes);
            Some(bytes)
        }
    }

    /// Puts a byte in front of all others.
    pub(super) fn unget(&mut self, byte: u8) {
        if self.start == 0 {
            // The more there is to move, the more room is made: each byte put back moves eight others.
            let room = (self.len() / 8).clamp(16, FARTHEST_START);
            self.bytes.splice(..0, std::iter::repeat_n(0, room));
            self.start = room as u32;
            self.searched.set(self.searched.get().saturating_add(self.start));
        }
        self.start -= 1;
        let start = self.start();
        self.bytes[start] = byte;
        if byte == b'\n' {
            self.searched.set(self.start);
        }
    }

    /// Takes up to `count` bytes off the front.
    pub(super) fn consume(&mut self, count: usize) {
        let start = self.start() + count.min(self.len());
        if start == self.bytes.len() {
            self.bytes.clear();
            (self.start, self.searched) = (0, Cell::new(0));
            if self.bytes.capacity() < LARGE {
                spare::put(std::mem::take(&mut self.bytes));
            }
            return;
        }
        if start > FARTHEST_START {
            self.bytes.drain(..start);
            (self.start, self.searched) = (0, Cell::new(0));
        } else {
            self.start = start as u32;
        }
    }

    /// Takes up to `count` bytes off the end, those that came last.
    pub(super) fn unpush(&mut self, count: usize) {
        let len = self.bytes.len() - count.min(self.len());
        self.bytes.truncate(len);
        self.searched.set(position(len.min(self.searched.get() as usize)));
        self.consume(0);
    }

    /// Takes everything.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let mut taken = std::mem::take(self);
        taken.move_up();
        taken.bytes
    }

    /// Drops everything, the memory included.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Gives the memory away if it is large and nothing is in it.
    pub(super) fn reclaim(&mut self) -> Option<Vec<u8>> {
        (self.is_empty() && self.bytes.capacity() >= LARGE).then(|| std::mem::take(&mut self.bytes))
    }

    /// Drops the memory if nothing is in it.
    pub(super) fn release(&mut self) {
        if self.is_empty() {
            self.clear();
        }
    }

    /// The number of bytes up to and including the first line feed, which is looked for in the first
    /// `max` bytes.
    pub(super) fn line_len(&self, max: usize) -> Option<usize> {
        let end = self.start().saturating_add(max).min(self.bytes.len());
        let unknown = self.start().max(self.searched.get() as usize);
        let found = memchr(b'\n', self.bytes.get(unknown..end)?).map(|at| unknown + at);
        self.searched.set(position(found.unwrap_or(end)));
        found.map(|at| at + 1 - self.start())
    }

    fn move_up(&mut self) {
        let start = self.start();
        self.bytes.drain(..start);
        self.searched.set(self.searched.get().saturating_sub(self.start));
        self.start = 0;
    }
}

/// The memory of small queues that became empty, for the next that need some: most messages are
/// small, and each would otherwise be an allocation.
mod spare {
    use std::cell::RefCell;

    /// How many pieces are kept, and of which size: 256 KiB in each thread at most. As many
    /// connections may each wait to send an answer at the end of a pass of the loop.
    const COUNT: usize = 64;
    const SIZES: std::ops::RangeInclusive<usize> = 256..=4096;

    thread_local! {
        static PIECES: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    }

    /// An empty `Vec` with room for `len` bytes.
    pub(super) fn take(len: usize) -> Vec<u8> {
        if len > *SIZES.end() {
            return Vec::with_capacity(len);
        }
        // A thread that is going has none any more.
        let kept = PIECES.try_with(|pieces| pieces.borrow_mut().pop()).ok().flatten();
        kept.unwrap_or_else(|| Vec::with_capacity(len.max(*SIZES.start())))
    }

    /// Keeps the memory of an empty `Vec`, or drops it.
    pub(super) fn put(piece: Vec<u8>) {
        if SIZES.contains(&piece.capacity()) {
            let _ = PIECES.try_with(|pieces| {
                let mut pieces = pieces.borrow_mut();
                if pieces.len() < COUNT {
                    pieces.push(piece);
                }
            });
        }
    }
}

/// A position as it is noted: what lies beyond is looked through again.
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::{ByteQueue, LARGE};

    #[derive(Clone, Debug)]
    enum Op {
        Push(Vec<u8>),
        Adopt(usize),
        Unget(u8),
        Consume(usize),
        Unpush(usize),
        Take,
        Reclaim,
        Release,
        FindLine(usize),
    }

    fn byte() -> impl Strategy<Value = u8> {
        prop_oneof![1 => Just(b'\n'), 7 => any::<u8>()]
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => proptest::collection::vec(byte(), 0..40).prop_map(Op::Push),
            1 => prop_oneof![0usize..40, LARGE..LARGE + 10].prop_map(Op::Adopt),
            3 => byte().prop_map(Op::Unget),
            4 => prop_oneof![0usize..50, Just(LARGE)].prop_map(Op::Consume),
            2 => (0usize..10).prop_map(Op::Unpush),
            1 => Just(Op::Take),
            1 => Just(Op::Reclaim),
            1 => Just(Op::Release),
            4 => prop_oneof![Just(usize::MAX), 0usize..50].prop_map(Op::FindLine),
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

    #[test]
    fn many_bytes_put_back_move_few_others() {
        for len in [0, 1000, 1 << 20] {
            let mut queue = ByteQueue::default();
            queue.push(&vec![0; len]);
            let mut moved = 0;
            for _ in 0..100_000 {
                if queue.start == 0 {
                    moved += queue.len();
                }
                queue.unget(1);
            }
            assert!(moved <= 12 * 100_000, "{moved} bytes moved for {len}");
            assert_eq!(queue.len(), len + 100_000);
            assert!(queue.bytes.capacity() <= 4 * queue.len(), "{}", queue.bytes.capacity());
        }
    }

    #[test]
    fn a_queue_is_four_words() {
        assert!(size_of::<ByteQueue>() <= 32);
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
                    Op::Adopt(count) => {
                        let bytes = vec![7; count];
                        let whole = model.is_empty() && count >= LARGE;
                        prop_assert_eq!(queue.adopt(bytes.clone()).is_none(), whole);
                        model.extend(bytes);
                    }
                    Op::Unget(byte) => {
                        queue.unget(byte);
                        model.push_front(byte);
                    }
                    Op::Consume(count) => {
                        queue.consume(count);
                        model.drain(..count.min(model.len()));
                    }
                    Op::Unpush(count) => {
                        queue.unpush(count);
                        model.truncate(model.len().saturating_sub(count));
                    }
                    Op::Take => prop_assert_eq!(queue.take(), Vec::from(std::mem::take(&mut model))),
                    Op::Reclaim => {
                        let large = model.is_empty() && queue.bytes.capacity() >= LARGE;
                        let reclaimed = queue.reclaim();
                        prop_assert_eq!(reclaimed.is_some(), large);
                        prop_assert!(reclaimed.is_none_or(|memory| memory.is_empty()));
                    }
                    Op::Release => {
                        queue.release();
                        prop_assert!(!queue.is_empty() || queue.bytes.capacity() == 0);
                    }
                    Op::FindLine(max) => {
                        let line = model.iter().take(max).position(|&byte| byte == b'\n');
                        prop_assert_eq!(queue.line_len(max), line.map(|at| at + 1));
                    }
                }
                prop_assert_eq!(queue.as_slice(), &*model.make_contiguous());
                let capacity = queue.bytes.capacity();
                prop_assert!(!queue.is_empty() || capacity == 0 || capacity >= LARGE);
            }
        }
    }
}
