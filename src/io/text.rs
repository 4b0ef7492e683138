//! Text mode: how carriage returns are left out.

use memchr::memchr;

use super::byte_queue::ByteQueue;

/// The byte that text mode leaves out.
pub(super) const RETURN: u8 = b'\r';

/// Copies what there is room for without carriage returns. Returns how many bytes of `source` were
/// used, and how many were given.
#[inline(never)]
pub(super) fn copy(source: &[u8], target: &mut [u8]) -> (usize, usize) {
    let (mut used, mut given) = (0, 0);
    while let Some(&next) = source.get(used) {
        if next == RETURN {
            used += 1;
            continue;
        }
        let room = &mut target[given..];
        if room.is_empty() {
            break;
        }
        let run = run(&source[used..], room.len());
        room[..run.len()].copy_from_slice(run);
        used += run.len();
        given += run.len();
    }
    (used, given)
}

/// The bytes before the first carriage return, and no more than `max` of them.
fn run(bytes: &[u8], max: usize) -> &[u8] {
    let bytes = &bytes[..bytes.len().min(max)];
    &bytes[..memchr(RETURN, bytes).unwrap_or(bytes.len())]
}

/// The bytes that are read next without their carriage returns, as far as somebody has peeked.
///
/// Keeps one promise: each byte is translated once, however often it is peeked at, also if a
/// transaction takes the reader back. What becomes of the bytes that are read next has to be told.
#[derive(Debug, Default)]
pub(super) struct TextView {
    shown: ByteQueue,
    /// How many bytes it was made from.
    made_from: usize,
    /// How many of these were read in a transaction, which may take the reader back.
    passed: usize,
    /// How many of the shown bytes come from these.
    passed_shown: usize,
    /// The view begins behind bytes that were read in the transaction, so a reader that is taken
    /// back is before it.
    begins_behind: bool,
}

impl TextView {
    /// Takes in more of the `unread` bytes until there are `max` bytes to show. Returns how many
    /// there are, which may be more. `is_behind` is true if bytes were read in a transaction.
    pub(super) fn make(&mut self, unread: &[u8], max: usize, is_behind: bool) -> usize {
        if self.made_from == 0 {
            self.begins_behind = is_behind;
        }
        while self.len() < max {
            match unread.get(self.made_from - self.passed..) {
                Some([RETURN, ..]) => self.made_from += 1,
                Some(rest @ [_, ..]) => {
                    let run = run(rest, max - self.len());
                    self.shown.push(run);
                    self.made_from += run.len();
                }
                _ => break,
            }
        }
        self.len()
    }

    fn len(&self) -> usize {
        self.shown.len() - self.passed_shown
    }

    /// Returns the first bytes, and no more than `max` of them.
    pub(super) fn show(&self, max: usize) -> &[u8] {
        let shown = &self.shown.as_slice()[self.passed_shown..];
        &shown[..shown.len().min(max)]
    }

    /// Notes that these bytes, which were the next, have been read; in a transaction if `are_kept`.
    pub(super) fn was_read(&mut self, bytes: &[u8], are_kept: bool) {
        if self.passed + bytes.len() < self.made_from {
            let returns = bytes.iter().filter(|&&byte| byte == RETURN).count();
            if are_kept {
                self.passed += bytes.len();
                self.passed_shown += bytes.len() - returns;
            } else {
                // No transaction is under way, so nothing else was passed.
                self.shown.consume(bytes.len() - returns);
                self.made_from -= bytes.len();
            }
        } else if self.made_from > 0 {
            self.forget();
        }
    }

    /// Notes that what was read in the transaction is read again.
    pub(super) fn taken_back(&mut self) {
        if self.begins_behind {
            self.forget();
        }
        (self.passed, self.passed_shown) = (0, 0);
    }

    /// Notes that what was read in the transaction is not read again.
    pub(super) fn drop_passed(&mut self) {
        self.shown.consume(self.passed_shown);
        self.made_from -= self.passed;
        (self.passed, self.passed_shown, self.begins_behind) = (0, 0, false);
    }

    /// Notes that a byte was put in front of all others. No transaction is under way.
    pub(super) fn ungot(&mut self, byte: u8) {
        if self.made_from == 0 {
            return;
        }
        if byte != RETURN {
            self.shown.unget(byte);
        }
        self.made_from += 1;
    }

    /// Notes that no more than the first `len` bytes are left.
    pub(super) fn truncated(&mut self, len: usize) {
        if len < self.made_from - self.passed {
            self.forget();
        }
    }

    /// Drops everything, because other bytes are read next.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{RETURN, TextView, copy};

    fn without_returns(bytes: &[u8]) -> Vec<u8> {
        bytes.iter().copied().filter(|&byte| byte != RETURN).collect()
    }

    #[test]
    fn a_byte_is_translated_once_and_not_before_it_is_peeked_at() {
        let mut view = TextView::default();
        let mut bytes = b"ab\rcdef".to_vec();
        assert_eq!(view.make(&bytes, 3, false), 3);
        assert_eq!(view.show(3), b"abc");
        // What nobody told of is seen only by who looks again.
        bytes.copy_from_slice(b"1234567");
        assert_eq!(view.make(&bytes, 5, false), 5);
        assert_eq!((view.show(2), view.show(9)), (&b"ab"[..], &b"abc56"[..]));
    }

    #[test]
    fn a_byte_that_a_transaction_gives_back_is_not_translated_again() {
        let mut view = TextView::default();
        assert_eq!(view.make(b"ab\rcdef", 5, false), 5);
        view.was_read(b"ab\r", true);
        assert_eq!(view.show(9), b"cde");
        view.taken_back();
        // What nobody told of is seen only by who looks again.
        assert_eq!((view.make(b"1234567", 5, false), view.show(9)), (5, &b"abcde"[..]));
    }

    #[derive(Clone, Debug)]
    enum Op {
        Push(Vec<u8>),
        Peek(usize),
        Read(usize),
        Unget(u8),
        Truncate(usize),
        Start,
        Commit,
        TakeBack,
    }

    fn op() -> impl Strategy<Value = Op> {
        let byte = prop_oneof![1 => Just(RETURN), 2 => b'a'..=b'e'].boxed();
        prop_oneof![
            3 => proptest::collection::vec(byte.clone(), 0..20).prop_map(Op::Push),
            4 => (0usize..20).prop_map(Op::Peek),
            3 => (0usize..20).prop_map(Op::Read),
            2 => byte.prop_map(Op::Unget),
            1 => (0usize..30).prop_map(Op::Truncate),
            2 => Just(Op::Start),
            1 => Just(Op::Commit),
            2 => Just(Op::TakeBack),
        ]
    }

    proptest! {
        #[test]
        fn a_view_shows_the_bytes_that_are_read_next_without_returns(
            ops in proptest::collection::vec(op(), 0..60),
        ) {
            let mut view = TextView::default();
            // What a transaction has read, if one is under way, and what is read next.
            let (mut read, mut bytes) = (None::<Vec<u8>>, Vec::new());
            for op in ops {
                match op {
                    Op::Push(more) => bytes.extend(more),
                    Op::Peek(max) => {
                        let mut text = without_returns(&bytes);
                        text.truncate(max);
                        let is_behind = read.as_ref().is_some_and(|read| !read.is_empty());
                        prop_assert_eq!(view.make(&bytes, max, is_behind) >= max, text.len() == max);
                        prop_assert_eq!(view.show(max), text);
                    }
                    Op::Read(count) => {
                        let count = count.min(bytes.len());
                        view.was_read(&bytes[..count], read.is_some());
                        let taken = bytes.drain(..count);
                        if let Some(read) = &mut read {
                            read.extend(taken);
                        }
                    }
                    Op::Unget(byte) if read.is_none() => {
                        view.ungot(byte);
                        bytes.insert(0, byte);
                    }
                    Op::Truncate(len) => {
                        bytes.truncate(len);
                        view.truncated(len);
                    }
                    Op::Start => drop(read.get_or_insert_default()),
                    Op::Commit => {
                        view.drop_passed();
                        read = None;
                    }
                    Op::TakeBack => {
                        view.taken_back();
                        bytes.splice(0..0, read.take().unwrap_or_default());
                    }
                    // Nobody does this while a transaction is under way.
                    Op::Unget(_) => {}
                }
            }
        }

        #[test]
        fn a_copy_is_the_text_that_there_is_room_for(
            bytes in proptest::collection::vec(prop_oneof![Just(RETURN), b'a'..=b'c'], 0..40),
            room in 0usize..30,
        ) {
            let mut target = vec![0; room];
            let (used, given) = copy(&bytes, &mut target);
            prop_assert_eq!(&target[..given], without_returns(&bytes[..used]));
            prop_assert!(used == bytes.len() || (given == room && bytes[used] != RETURN));
        }
    }
}
