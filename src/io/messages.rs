//! Where the messages in a buffer end.
//!
//! Keeps one promise: what came as one message is not put together with the next, also after a
//! transaction has given it back, and an empty message is one like others.

use std::collections::VecDeque;

/// How many messages may be in the buffer before an empty one is dropped, as a network drops what
/// finds no room: they take memory although they have no bytes.
const MOST: usize = 1024;

/// The lengths of the messages in a buffer.
#[derive(Debug, Default)]
pub(super) struct Messages {
    lengths: VecDeque<usize>,
    /// How many of them were read. They leave when the bytes that were read leave the buffer.
    read: usize,
    /// How much of the next one was read.
    read_of_next: usize,
}

impl Messages {
    /// Adds a message at the end.
    pub(super) fn push(&mut self, len: usize) {
        if len > 0 || self.lengths.len() < MOST {
            self.lengths.push_back(len);
        }
    }

    /// Returns how much is left of the next message, if there is one.
    pub(super) fn next_len(&self) -> Option<usize> {
        self.lengths.get(self.read).map(|len| len - self.read_of_next)
    }

    /// Returns how much is left of the next message that is not empty.
    pub(super) fn next_len_with_bytes(&self) -> Option<usize> {
        match self.next_len() {
            Some(0) => self.lengths.range(self.read..).copied().find(|&len| len > 0),
            len => len,
        }
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

    /// Notes that the bytes that were read leave the buffer.
    pub(super) fn settle(&mut self) {
        if self.lengths.is_empty() {
            return;
        }
        self.lengths.drain(..self.read);
        if let Some(next) = self.lengths.front_mut() {
            *next -= self.read_of_next;
        }
        self.take_back();
    }

    /// Notes that the bytes that were read can be read again.
    pub(super) fn take_back(&mut self) {
        (self.read, self.read_of_next) = (0, 0);
    }

    /// Notes that a byte was put in front of all others: of the next message, unless that is empty.
    pub(super) fn ungot(&mut self) {
        match self.lengths.front_mut() {
            Some(next) if *next > 0 => *next += 1,
            _ => self.lengths.push_front(1),
        }
    }
}
