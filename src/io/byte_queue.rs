//! A queue of bytes: what has come in and was not read, or was written and has not gone out.
//!
//! Keeps one promise: an empty queue is one null pointer. Its memory is taken from `spare.rs` when the
//! first byte comes, and goes back there when the last one leaves. Large memory comes from a pool of
//! the floor above and goes back to it: it travels as a queue.

use std::cell::Cell;
use std::rc::Rc;

use memchr::memchr;

use super::spare;

/// Memory of this size or more is kept by a queue that becomes empty, so that its owner can reclaim
/// it.
pub(super) const LARGE: usize = 16 * 1024;

/// So few bytes are copied rather than kept in large memory.
const FEW: usize = 4 * 1024;

/// The largest position of the front in the memory. Beyond it the bytes are moved down to the start.
const FARTHEST_START: usize = 1 << 30;

/// Bytes that are put in at one end and taken out at the other.
///
/// Contiguous, so that they can be looked at as one slice. An empty queue holds no memory, except
/// large memory, until that is reclaimed or released.
///
/// Public only because a [`RawDevice`](super::RawDevice) may take one over.
#[derive(Debug, Default)]
pub struct ByteQueue {
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
    /// Somebody has lent the memory, and wants it back when there are few bytes in it.
    lease: Option<Lease>,
}

/// A sign on memory that is lent. The lender sees by it whether the memory is still in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lease(Rc<()>);

impl Lease {
    /// Returns true if this sign is on no memory.
    #[inline]
    pub(crate) fn is_free(&self) -> bool {
        Rc::strong_count(&self.0) == 1
    }
}

impl ByteQueue {
    /// Creates an empty queue with memory for so many bytes, which are many.
    pub(crate) fn with_room(len: usize) -> Self {
        let mut memory = Box::<Memory>::default();
        memory.reserve(len);
        Self { memory: Some(memory) }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.memory.as_ref().map_or(0, |memory| memory.len())
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns true if the queue holds memory, as it does while there are bytes in it.
    #[inline]
    pub(crate) fn has_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// Returns true if the bytes are worth large memory.
    #[inline]
    pub(crate) fn is_much(&self) -> bool {
        self.len() >= LARGE
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.memory.as_ref().map_or(&[], |memory| memory.as_slice())
    }

    /// Returns how many bytes fit into the memory.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.memory.as_ref().map_or(0, |memory| memory.capacity())
    }

    /// Returns how many bytes can be added without growing.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.memory.as_ref().map_or(0, |memory| memory.capacity() - memory.bytes.len())
    }

    /// Lets `read` add bytes at the end of the memory.
    #[inline]
    pub(crate) fn fill<T>(&mut self, read: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        read(&mut self.memory_for(0).bytes)
    }

    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.memory_for(bytes.len()).push(bytes);
        }
    }

    /// The memory of the queue. An empty queue gets some with room for so many bytes.
    #[inline]
    fn memory_for(&mut self, len: usize) -> &mut Memory {
        self.memory.get_or_insert_with(|| spare::take(len))
    }

    /// Adds a copy of the bytes of another queue, and what is known of them.
    fn push_all(&mut self, other: &Self) {
        let Some(other) = &other.memory else { return };
        let is_first = self.is_empty();
        self.push(other.as_slice());
        if let (Some(memory), true) = (&self.memory, is_first) {
            memory.searched.set(memory.start + other.searched.get().saturating_sub(other.start));
        }
    }

    /// Adds the bytes of another queue. They are not copied if this one is empty and they are many, or
    /// in memory that is lent. Returns the memory that is not needed.
    #[inline(always)]
    pub(crate) fn adopt(&mut self, other: Self) -> Option<Self> {
        if !self.is_empty() || !(other.is_much() || other.is_lent()) {
            return Some(self.take_copy(other));
        }
        let old = std::mem::replace(self, other);
        if old.has_memory() { Some(old) } else { None }
    }

    /// Adds a copy of the bytes of another queue. Returns that queue.
    #[inline(never)]
    fn take_copy(&mut self, other: Self) -> Self {
        self.push_all(&other);
        other
    }

    /// Copies the bytes, if they are few, to the end of a queue that is about to be read into. Returns
    /// true if it has: then the bytes here are to be taken out after the read. They stay until then, so
    /// a read that panics loses none.
    #[inline(never)]
    pub(crate) fn copy_few_to(&self, other: &mut Self) -> bool {
        let are_few = !self.is_empty() && self.len() <= FEW;
        if are_few {
            other.push_all(self);
        }
        are_few
    }

    /// Puts a sign on the memory that it is lent.
    #[inline(always)]
    pub(crate) fn lend(&mut self, lease: &Lease) {
        if let Some(memory) = &mut self.memory {
            memory.lease = Some(lease.clone());
        }
    }

    fn is_lent(&self) -> bool {
        self.memory.as_ref().is_some_and(|memory| memory.lease.is_some())
    }

    /// Returns true if there are few bytes in large memory, and nobody has lent it.
    #[inline]
    pub(crate) fn is_wasteful(&self) -> bool {
        self.memory.as_ref().is_some_and(|memory| memory.is_wasteful() && memory.lease.is_none())
    }

    /// Returns large memory if few bytes are in it, which the queue copies into small memory first.
    /// Otherwise the queue owns the memory from now on, even if a pool had lent it.
    pub(crate) fn shrink(&mut self) -> Option<Self> {
        let memory = self.memory.as_mut()?;
        memory.lease = None;
        if !memory.is_wasteful() {
            return None;
        }
        let large = std::mem::take(self);
        self.push_all(&large);
        Some(large)
    }

    /// Drops all bytes, and keeps the memory if it is large.
    #[inline]
    pub(crate) fn empty(&mut self) {
        if let Some(memory) = &mut self.memory {
            memory.empty();
            self.put_back_small();
        }
    }

    /// Moves `count` bytes from the front of another queue to the end of this one. If these are all bytes
    /// of both queues, they are not copied if they are many, or in memory that is lent.
    #[inline]
    pub(crate) fn push_from(&mut self, other: &mut Self, count: usize) {
        if count == other.len() && self.is_empty() && (count >= LARGE || other.is_lent()) {
            std::mem::swap(self, other);
        } else {
            self.copy_from(other, count);
        }
    }

    #[inline(never)]
    fn copy_from(&mut self, other: &mut Self, count: usize) {
        self.push(&other.as_slice()[..count]);
        other.consume(count);
    }

    /// Puts a byte in front of all others.
    pub(super) fn unget(&mut self, byte: u8) {
        self.memory_for(1).unget(byte);
    }

    /// Takes up to `count` bytes off the front. Returns how many.
    #[inline]
    pub(crate) fn consume(&mut self, count: usize) -> usize {
        let Some(memory) = &mut self.memory else { return 0 };
        let count = count.min(memory.len());
        if memory.consume(count) {
            self.put_back_small();
        }
        count
    }

    /// Takes up to `count` bytes off the front. Gives the memory away if nothing is left in it and it is
    /// large.
    #[inline]
    pub(super) fn consume_and_reclaim(&mut self, count: usize) -> Option<Self> {
        let memory = self.memory.as_mut()?;
        let count = count.min(memory.len());
        if !memory.consume(count) {
            return None;
        }
        self.put_back_small();
        self.memory.take().map(|memory| Self { memory: Some(memory) })
    }

    /// Takes up to `count` bytes off the end, those that came last.
    pub(crate) fn unpush(&mut self, count: usize) {
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

    /// Takes everything. Large memory stays if there are fewer bytes in it than it is worth.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let Some(memory) = &mut self.memory else { return Vec::new() };
        if memory.is_large() && memory.len() < LARGE {
            let bytes = memory.as_slice().to_vec();
            memory.empty();
            return bytes;
        }
        memory.move_down();
        let bytes = std::mem::take(&mut memory.bytes);
        memory.empty();
        self.put_back_small();
        bytes
    }

    /// Drops everything, and the memory.
    pub(super) fn clear(&mut self) {
        self.memory = None;
    }

    /// Gives the memory away if it is large and nothing is in it.
    #[inline]
    pub(super) fn reclaim(&mut self) -> Option<Self> {
        let memory = self.memory.take_if(|memory| memory.is_empty() && memory.is_large())?;
        Some(Self { memory: Some(memory) })
    }

    /// Drops the memory if nothing is in it.
    #[inline]
    pub(super) fn release(&mut self) {
        if self.memory.as_ref().is_some_and(|memory| memory.is_empty()) {
            self.memory = None;
        }
    }

    /// The number of bytes up to and including the first line feed, which is searched for in the
    /// first `max` bytes.
    pub(super) fn line_len(&self, max: usize) -> Option<usize> {
        self.memory.as_ref()?.line_len(max)
    }
}

impl Memory {
    #[inline]
    fn start(&self) -> usize {
        self.start as usize
    }

    #[inline]
    fn len(&self) -> usize {
        self.bytes.len() - self.start()
    }

    #[inline]
    fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start()..]
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    fn is_large(&self) -> bool {
        self.bytes.capacity() >= LARGE
    }

    /// Returns true if there are few bytes, if any, in large memory.
    #[inline]
    fn is_wasteful(&self) -> bool {
        self.is_large() && self.len() <= FEW
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

    /// Takes `count` bytes off the front, and no more than there are. Returns true if nothing is left.
    #[inline]
    fn consume(&mut self, count: usize) -> bool {
        let start = self.start() + count;
        if start == self.bytes.len() {
            self.empty();
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

    /// Drops all bytes. Memory in which there is nothing is not lent any more.
    #[inline]
    fn empty(&mut self) {
        self.bytes.clear();
        (self.start, self.searched) = (0, Cell::new(0));
        self.lease = None;
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

    use super::{ByteQueue, FEW, LARGE, Lease, Memory};

    fn memory(queue: &ByteQueue) -> &Memory {
        queue.memory.as_ref().expect("there are bytes in it")
    }

    #[derive(Clone, Debug)]
    enum Op {
        Push(Vec<u8>),
        Adopt(usize, bool),
        MoveAway,
        MoveFrom(usize, usize, bool),
        Shrink,
        Unget(u8),
        Consume(usize),
        ConsumeAndReclaim(usize),
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
            1 => (prop_oneof![1usize..40, LARGE..LARGE + 10], any::<bool>())
                .prop_map(|(count, is_lent)| Op::Adopt(count, is_lent)),
            1 => Just(Op::MoveAway),
            1 => (
                prop_oneof![LARGE - 5..LARGE + 10, 1usize..40],
                prop_oneof![Just(LARGE + 10), 0usize..40],
                any::<bool>(),
            )
                .prop_map(|(len, count, is_lent)| Op::MoveFrom(len, count, is_lent)),
            1 => Just(Op::Shrink),
            3 => byte().prop_map(Op::Unget),
            4 => prop_oneof![0usize..50, Just(LARGE)].prop_map(Op::Consume),
            1 => prop_oneof![0usize..50, Just(LARGE)].prop_map(Op::ConsumeAndReclaim),
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
            let (mut model, lease) = (VecDeque::new(), Lease::default());
            for op in ops {
                match op {
                    Op::Push(bytes) => {
                        queue.push(&bytes);
                        model.extend(bytes);
                    }
                    Op::Adopt(count, is_lent) => {
                        let mut other = ByteQueue::with_room(LARGE + 10);
                        other.push(&vec![7; count]);
                        if is_lent {
                            other.lend(&lease);
                        }
                        let place = other.as_slice().as_ptr();
                        let is_whole = model.is_empty() && (count >= LARGE || is_lent);
                        let unneeded = queue.adopt(other);
                        prop_assert!(is_whole || unneeded.is_some());
                        prop_assert_eq!(queue.as_slice().as_ptr() == place, is_whole);
                        model.extend(vec![7; count]);
                    }
                    Op::MoveAway => {
                        let is_few = (1..=FEW).contains(&model.len());
                        let mut other = ByteQueue::with_room(LARGE);
                        prop_assert_eq!(queue.copy_few_to(&mut other), is_few);
                        prop_assert_eq!(other.len(), if is_few { model.len() } else { 0 });
                        if is_few {
                            prop_assert_eq!(queue.as_slice(), other.as_slice());
                            queue = other;
                        }
                    }
                    Op::MoveFrom(len, count, is_lent) => {
                        let mut other = ByteQueue::with_room(LARGE + 10);
                        other.push(&vec![8; len]);
                        if is_lent {
                            other.lend(&lease);
                        }
                        let place = other.as_slice().as_ptr();
                        let is_whole = model.is_empty() && count >= len && (len >= LARGE || is_lent);
                        queue.push_from(&mut other, count.min(len));
                        prop_assert_eq!(queue.as_slice().as_ptr() == place, is_whole);
                        prop_assert_eq!(other.len(), len - count.min(len));
                        model.extend(vec![8; count.min(len)]);
                    }
                    Op::Shrink => {
                        let is_wasteful = queue.capacity() >= LARGE && model.len() <= FEW;
                        let large = queue.shrink();
                        prop_assert_eq!(large.is_some(), is_wasteful);
                        prop_assert!(!queue.is_wasteful() && !queue.is_lent());
                    }
                    Op::Unget(byte) => {
                        queue.unget(byte);
                        model.push_front(byte);
                    }
                    Op::Consume(count) => {
                        queue.consume(count);
                        model.drain(..count.min(model.len()));
                    }
                    Op::ConsumeAndReclaim(count) => {
                        let is_large = queue.capacity() >= LARGE;
                        model.drain(..count.min(model.len()));
                        let reclaimed = queue.consume_and_reclaim(count);
                        prop_assert_eq!(reclaimed.is_some(), is_large && model.is_empty());
                        prop_assert!(reclaimed.is_none_or(|memory| memory.is_empty()));
                    }
                    Op::Unpush(count) => {
                        queue.unpush(count);
                        model.truncate(model.len().saturating_sub(count));
                    }
                    Op::Take => prop_assert_eq!(queue.take(), Vec::from(std::mem::take(&mut model))),
                    Op::Reclaim => {
                        let large = model.is_empty() && queue.capacity() >= LARGE;
                        let reclaimed = queue.reclaim();
                        prop_assert_eq!(reclaimed.is_some(), large);
                        prop_assert!(reclaimed.is_none_or(|memory| memory.is_empty()));
                        prop_assert!(!model.is_empty() || lease.is_free());
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
                let is_kept = queue.capacity() >= LARGE;
                prop_assert!(!queue.is_empty() || queue.memory.is_none() || is_kept);
            }
        }
    }
}
