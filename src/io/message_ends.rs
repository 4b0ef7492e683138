//! Where the messages in a buffer end.
//!
//! Keeps one promise: what came as one message is not put together with the next, also after a
//! transaction has given it back, and an empty message is one like others.

use std::collections::VecDeque;

/// How many empty messages may be in the buffer before the next one is dropped, as a network drops
/// what finds no room: they take memory although they have no bytes.
const MOST: usize = 1024;

/// The lengths of the messages in a buffer.
#[derive(Debug, Default)]
pub(super) struct MessageEnds {
    lengths: VecDeque<usize>,
    /// How many of them are 0.
    empty: usize,
    /// How many of them were read. They leave when the bytes that were read leave the buffer.
    read: usize,
    /// How much of the next one was read.
    read_of_next: usize,
    /// Bytes of the first one have left the buffer.
    front_is_rest: bool,
}

impl MessageEnds {
    /// Adds a message at the end.
    pub(super) fn push(&mut self, len: usize) {
        if len == 0 {
            if self.empty == MOST {
                return;
            }
            self.empty += 1;
        }
        self.lengths.push_back(len);
    }

    /// Returns how much is left of the next message, if there is one.
    pub(super) fn next_len(&self) -> Option<usize> {
        self.lengths.get(self.read).map(|len| len - self.read_of_next)
    }

    /// Returns how much is left of the next message that is not empty.
    pub(super) fn next_len_with_bytes(&self) -> Option<usize> {
        match self.next_len() {
            Some(0) => self.lengths.range(self.read + 1..).copied().find(|&len| len > 0),
            len => len,
        }
    }

    /// Returns how many messages were not read, or not to their end.
    pub(super) fn left(&self) -> usize {
        self.lengths.len() - self.read
    }

    /// Returns true if messages were read that are still in the buffer.
    pub(super) fn has_read(&self) -> bool {
        self.read > 0
    }

    /// Returns true if the next message is what a reader has left of one.
    pub(super) fn next_is_rest(&self) -> bool {
        self.read_of_next > 0 || (self.read == 0 && self.front_is_rest)
    }

    /// Notes that the next `count` bytes were read, and with them the empty messages before them.
    pub(super) fn was_read(&mut self, mut count: usize) {
        while let Some(left) = self.next_len()
            && count > 0
        {
            if left > count {
                self.read_of_next += count;
                return;
            }
            count -= left;
            self.pass();
        }
    }

    /// Notes that the next message was read. Returns false if that is not an empty one.
    pub(super) fn pass_empty(&mut self) -> bool {
        let is_empty = self.next_len() == Some(0);
        if is_empty {
            self.pass();
        }
        is_empty
    }

    fn pass(&mut self) {
        self.read += 1;
        self.read_of_next = 0;
    }

    /// Notes that the message that was passed last is an empty one and still the next: it had nothing
    /// but bytes that are dropped, which were dropped just now.
    pub(super) fn leave_empty(&mut self) {
        match self.read.checked_sub(1) {
            Some(last) => (self.read, self.read_of_next) = (last, self.lengths[last]),
            // It has left with its bytes.
            None => {
                self.lengths.push_front(0);
                self.empty += 1;
                self.front_is_rest = false;
            }
        }
    }

    /// Notes that the bytes that were read leave the buffer.
    #[inline]
    pub(super) fn settle(&mut self) {
        if !self.lengths.is_empty() {
            self.settle_some();
        }
    }

    #[cold]
    fn settle_some(&mut self) {
        self.front_is_rest = self.next_is_rest();
        self.empty -= self.lengths.drain(..self.read).filter(|&len| len == 0).count();
        if let Some(next) = self.lengths.front_mut()
            && self.read_of_next > 0
        {
            *next -= self.read_of_next;
            self.empty += usize::from(*next == 0);
        }
        self.take_back();
    }

    /// Notes that the bytes that were read can be read again.
    pub(super) fn take_back(&mut self) {
        (self.read, self.read_of_next) = (0, 0);
    }

    /// Notes that a byte was put in front of all others: of the next message, or if that is empty, as
    /// a message of its own. Returns true if it is one of its own.
    pub(super) fn ungot(&mut self) -> bool {
        if let Some(next) = self.lengths.front_mut().filter(|next| **next > 0) {
            *next += 1;
            return false;
        }
        self.lengths.push_front(1);
        self.front_is_rest = false;
        true
    }
}
