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
/// Keeps one promise: each byte is translated once, however often it is peeked at. What becomes of
/// the bytes that are read next has to be told.
#[derive(Debug, Default)]
pub(super) struct TextView {
    shown: ByteQueue,
    /// How many of the bytes that are read next it was made from.
    made_from: usize,
}

impl TextView {
    /// Takes in more of the `unread` bytes until there are `max` bytes to show. Returns how many
    /// there are, which may be more.
    pub(super) fn make(&mut self, unread: &[u8], max: usize) -> usize {
        while self.shown.len() < max {
            match unread.get(self.made_from..) {
                Some([RETURN, ..]) => self.made_from += 1,
                Some(rest @ [_, ..]) => {
                    let run = run(rest, max - self.shown.len());
                    self.shown.push(run);
                    self.made_from += run.len();
                }
                _ => break,
            }
        }
        self.shown.len()
    }

    /// Returns the first bytes, and no more than `max` of them.
    pub(super) fn show(&self, max: usize) -> &[u8] {
        let shown = self.shown.as_slice();
        &shown[..shown.len().min(max)]
    }

    /// Notes that these bytes, which were the next, have been read.
    pub(super) fn was_read(&mut self, bytes: &[u8]) {
        if bytes.len() < self.made_from {
            let returns = bytes.iter().filter(|&&byte| byte == RETURN).count();
            self.shown.consume(bytes.len() - returns);
            self.made_from -= bytes.len();
        } else if self.made_from > 0 {
            self.forget();
        }
    }

    /// Notes that a byte was put in front of all others.
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
        if len < self.made_from {
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
        assert_eq!(view.make(&bytes, 3), 3);
        assert_eq!(view.show(3), b"abc");
        // What nobody told of is seen only by who looks again.
        bytes.copy_from_slice(b"1234567");
        assert_eq!(view.make(&bytes, 5), 5);
        assert_eq!((view.show(2), view.show(9)), (&b"ab"[..], &b"abc56"[..]));
    }

    #[derive(Clone, Debug)]
    enum Op {
        Push(Vec<u8>),
        Peek(usize),
        Read(usize),
        Unget(u8),
        Truncate(usize),
    }

    fn op() -> impl Strategy<Value = Op> {
        let byte = prop_oneof![1 => Just(RETURN), 2 => b'a'..=b'e'].boxed();
        prop_oneof![
            3 => proptest::collection::vec(byte.clone(), 0..20).prop_map(Op::Push),
            4 => (0usize..20).prop_map(Op::Peek),
            3 => (0usize..20).prop_map(Op::Read),
            2 => byte.prop_map(Op::Unget),
            1 => (0usize..30).prop_map(Op::Truncate),
        ]
    }

    proptest! {
        #[test]
        fn a_view_shows_the_bytes_that_are_read_next_without_returns(
            ops in proptest::collection::vec(op(), 0..60),
        ) {
            let mut view = TextView::default();
            let mut bytes = Vec::new();
            for op in ops {
                match op {
                    Op::Push(more) => bytes.extend(more),
                    Op::Peek(max) => {
                        let mut text = without_returns(&bytes);
                        text.truncate(max);
                        prop_assert_eq!(view.make(&bytes, max) >= max, text.len() == max);
                        prop_assert_eq!(view.show(max), text);
                    }
                    Op::Read(count) => {
                        let count = count.min(bytes.len());
                        view.was_read(&bytes[..count]);
                        bytes.drain(..count);
                    }
                    Op::Unget(byte) => {
                        view.ungot(byte);
                        bytes.insert(0, byte);
                    }
                    Op::Truncate(len) => {
                        bytes.truncate(len);
                        view.truncated(len);
                    }
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
