//! A queue of bytes: what has come in and was not read, or was written and has not gone out.
//!
//! Keeps one promise: an empty queue is one null pointer. Its memory is taken from `spare.rs` when the
//! first byte comes, and goes back there when the last one leaves.

use std::cell::Cell;

use memchr::memchr;

use super::spare;

/// Memory of this size or more is kept by a queue that becomes empty, so that its owner can reclaim
/// it.
pub(super) const LARGE: usize = 16 * 1024;

/// The largest position of the front in the memory. Beyond it the bytes are moved down to the start.
const FARTHEST_START: usize = 1 << 30;

/// Bytes that are put in at one end and taken out at the other.
///
/// Contiguous, so that they can be looked at as one slice. An empty queue holds no memory, except
/// large memory, until that is [reclaimed](Self::reclaim) or [released](Self::release).
#[derive(Debug, Default)]
pub(super) struct ByteQueue {
    memory: Option<Box<Memory>>,
}

/// The memory of a queue, and where in it the queue begins.
#[derive(Debug, Default)]
pub(super) struct Memory {
    bytes: Vec<u8>,
    /// The position of the first byte that was not taken yet. At most `FARTHEST_START`.
    start: u32,
    /// There is no line feed between the start and this position, so a long line is searched once.
    searched: Cell<u32>,
}

impl ByteQueue {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.memory.as_ref().map_or(0, |memory| memory.len())
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        self.memory.as_ref().map_or(&[], |memory| memory.as_slice())
    }

    #[inline]
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.memory_for(bytes.len()).push(bytes);
        }
    }

    /// The memory of the queue. An empty queue gets some with room for so many bytes.
    #[inline]
    fn memory_for(&mut self, len: usize) -> &mut Memory {
        self.memory.get_or_insert_with(|| spare::take(len))
    }

    /// Adds `bytes` without copying them if they are many and the queue is empty. Copies them
    /// otherwise, and returns them.
    pub(super) fn adopt(&mut self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        if self.is_empty() && bytes.len() >= LARGE {
            self.memory = Some(Box::new(Memory { bytes, ..Memory::default() }));
            None
        } else {
            self.push(&bytes);
            Some(bytes)
        }
    }

    /// Puts a byte in front of all others.
    pub(super) fn unget(&mut self, byte: u8) {
        self.memory_for(1).unget(byte);
    }

    /// Takes up to `count` bytes off the front.
    #[inline]
    pub(super) fn consume(&mut self, count: usize) {
        if let Some(memory) = &mut self.memory
            && memory.consume(count)
        {
            self.put_back_small();
        }
    }

    /// Takes up to `count` bytes off the end, those that came last.
    pub(super) fn unpush(&mut self, count: usize) {
        if let Some(memory) = &mut self.memory
            && memory.unpush(count)
        {
            self.put_back_small();
        }
    }

    /// Puts the memory of an empty queue back, unless it is large.
    #[inline]
    fn put_back_small(&mut self) {
        if let Some(memory) = self.memory.take_if(|memory| memory.bytes.capacity() < LARGE) {
            spare::put(memory);
        }
    }

    /// Takes everything.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let Some(mut memory) = self.memory.take() else { return Vec::new() };
        memory.move_down();
        let bytes = std::mem::take(&mut memory.bytes);
        memory.searched = Cell::new(0);
        spare::put(memory);
        bytes
    }

    /// Drops everything, and the memory.
    pub(super) fn clear(&mut self) {
        self.memory = None;
    }

    /// Gives the memory away if it is large and nothing is in it.
    pub(super) fn reclaim(&mut self) -> Option<Vec<u8>> {
        let memory = self.memory.take_if(|memory| memory.is_empty() && memory.is_large());
        memory.map(|memory| memory.bytes)
    }

    /// Drops the memory if nothing is in it.
    #[inline]
    pub(super) fn release(&mut self) {
        if self.is_empty() {
            self.clear();
        }
    }

    /// The number of bytes up to and including the first line feed, which is searched for in the
    /// first `max` bytes.
    pub(super) fn line_len(&self, max: usize) -> Option<usize> {
        self.memory.as_ref()?.line_len(max)
    }
}

impl Memory {
    fn start(&self) -> usize {
        self.start as usize
    }

    fn len(&self) -> usize {
        self.bytes.len() - self.start()
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start()..]
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn is_large(&self) -> bool {
        self.bytes.capacity() >= LARGE
    }

    /// Returns how many bytes fit into the memory.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Makes room for so many bytes. The memory is empty.
    pub(super) fn reserve(&mut self, len: usize) {
        self.bytes.reserve_exact(len);
    }

    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        let is_full = self.bytes.capacity() - self.bytes.len() < bytes.len();
        // Only if more was taken than is left, so that no byte is moved again and again.
        if is_full && self.start() >= self.len() {
            self.move_down();
        }
        self.bytes.extend_from_slice(bytes);
    }

    fn unget(&mut self, byte: u8) {
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

    /// Takes up to `count` bytes off the front. Returns true if nothing is left.
    #[inline]
    fn consume(&mut self, count: usize) -> bool {
        let start = self.start() + count.min(self.len());
        if start == self.bytes.len() {
            self.bytes.clear();
            (self.start, self.searched) = (0, Cell::new(0));
            return true;
        }
        if start > FARTHEST_START {
            self.bytes.drain(..start);
            (self.start, self.searched) = (0, Cell::new(0));
        } else {
            self.start = start as u32;
        }
        false
    }

    /// Takes up to `count` bytes off the end. Returns true if nothing is left.
    fn unpush(&mut self, count: usize) -> bool {
        let len = self.bytes.len() - count.min(self.len());
        self.bytes.truncate(len);
        self.searched.set(position(len.min(self.searched.get() as usize)));
        self.consume(0)
    }

    fn line_len(&self, max: usize) -> Option<usize> {
        let end = self.start().saturating_add(max).min(self.bytes.len());
        let unknown = self.start().max(self.searched.get() as usize);
        let found = memchr(b'\n', self.bytes.get(unknown..end)?).map(|at| unknown + at);
        self.searched.set(position(found.unwrap_or(end)));
        found.map(|at| at + 1 - self.start())
    }

    /// Moves the bytes down to the start of the memory.
    fn move_down(&mut self) {
        let start = self.start();
        self.bytes.drain(..start);
        self.searched.set(self.searched.get().saturating_sub(self.start));
        self.start = 0;
    }
}

/// A position as it is noted. What lies beyond the largest one is searched again.
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::{ByteQueue, LARGE, Memory};

    fn memory(queue: &ByteQueue) -> &Memory {
        queue.memory.as_ref().expect("there are bytes in it")
    }

    fn capacity(queue: &ByteQueue) -> usize {
        queue.memory.as_ref().map_or(0, |memory| memory.capacity())
    }

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
            let start = memory(&queue).start;
            queue.push(&[0]);
            moves += u32::from(memory(&queue).start < start);
            assert!(memory(&queue).capacity() <= 400_000);
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
                if queue.memory.as_ref().is_none_or(|memory| memory.start == 0) {
                    moved += queue.len();
                }
                queue.unget(1);
            }
            assert!(moved <= 12 * 100_000, "{moved} bytes moved for {len}");
            assert_eq!(queue.len(), len + 100_000);
            let capacity = memory(&queue).capacity();
            assert!(capacity <= 4 * queue.len(), "{capacity}");
        }
    }

    #[test]
    fn a_queue_is_one_word() {
        assert_eq!(size_of::<ByteQueue>(), size_of::<usize>());
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
                        let large = model.is_empty() && capacity(&queue) >= LARGE;
                        let reclaimed = queue.reclaim();
                        prop_assert_eq!(reclaimed.is_some(), large);
                        prop_assert!(reclaimed.is_none_or(|memory| memory.is_empty()));
                    }
                    Op::Release => {
                        queue.release();
                        prop_assert!(!queue.is_empty() || queue.memory.is_none());
                    }
                    Op::FindLine(max) => {
                        let line = model.iter().take(max).position(|&byte| byte == b'\n');
                        prop_assert_eq!(queue.line_len(max), line.map(|at| at + 1));
                    }
                }
                prop_assert_eq!(queue.as_slice(), &*model.make_contiguous());
                let is_kept = capacity(&queue) >= LARGE;
                prop_assert!(!queue.is_empty() || queue.memory.is_none() || is_kept);
            }
        }
    }
}
