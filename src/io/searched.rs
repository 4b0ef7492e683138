//! What is known of a queue from earlier searches.
//!
//! Keeps one promise: a reader that goes on from where it was, or that a transaction takes back to
//! where it was before, searches no byte twice. The searches from the front of a queue are noted in
//! the queue itself, in fewer bytes.

use std::cell::Cell;

use memchr::memchr;

/// Where a byte does not occur: two stretches of a queue that were searched for it.
///
/// Positions count from the front of the queue. What the queue does to its bytes has to be told.
#[derive(Debug, Default)]
pub(super) struct Searched {
    /// The stretch of the last search.
    last: Cell<Stretch>,
    /// The stretch that reaches farthest: where a reader is again after it was taken back.
    farthest: Cell<Stretch>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Stretch {
    from: usize,
    to: usize,
}

impl Searched {
    /// Returns the position of the first `byte` in `bytes[from..end]`. `bytes` is the whole queue.
    pub(super) fn find(&self, byte: u8, bytes: &[u8], from: usize, end: usize) -> Option<usize> {
        let end = end.min(bytes.len());
        let mut known = Stretch { from, to: from };
        // The farthest stretch ends behind the other, so one pass over them is enough.
        for stretch in [self.last.get(), self.farthest.get()] {
            if (stretch.from..=stretch.to).contains(&known.to) {
                known = Stretch { from: known.from.min(stretch.from), to: stretch.to };
            }
        }
        let found = memchr(byte, bytes.get(known.to..end)?).map(|at| known.to + at);
        let stretch = Stretch { to: found.unwrap_or(end), ..known };
        self.last.set(stretch);
        if stretch.to >= self.farthest.get().to {
            self.farthest.set(stretch);
        }
        found
    }

    /// Notes that the first `count` bytes have left the queue.
    pub(super) fn consumed(&mut self, count: usize) {
        self.change(|stretch| Stretch {
            from: stretch.from.saturating_sub(count),
            to: stretch.to.saturating_sub(count),
        });
    }

    /// Notes that a byte was put in front of all others, and whether it is what is searched for.
    pub(super) fn ungot(&mut self, is_searched_for: bool) {
        self.change(|Stretch { from, to }| Stretch {
            from: if from == 0 && !is_searched_for { 0 } else { from + 1 },
            to: to + 1,
        });
    }

    /// Notes that the queue has no more than its first `len` bytes, or that those behind are others.
    pub(super) fn truncated(&mut self, len: usize) {
        self.change(|Stretch { from, to }| Stretch { from: from.min(len), to: to.min(len) });
    }

    fn change(&mut self, f: impl Fn(Stretch) -> Stretch) {
        for stretch in [&mut self.last, &mut self.farthest] {
            stretch.set(f(stretch.get()));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Searched;

    #[test]
    fn what_was_searched_is_not_searched_again() {
        let searched = Searched::default();
        let mut bytes = vec![0; 100];
        assert_eq!(searched.find(1, &bytes, 10, 50), None);
        // What nobody told of is found only by who looks again.
        bytes[40] = 1;
        assert_eq!(searched.find(1, &bytes, 20, 100), None);
        assert_eq!(searched.find(1, &bytes, 10, 100), None);
        assert_eq!(searched.find(1, &bytes, 5, 100), Some(40));
    }

    #[test]
    fn a_reader_that_is_taken_back_comes_to_what_was_searched_before() {
        let searched = Searched::default();
        let mut bytes = vec![0; 100];
        (bytes[10], bytes[20]) = (1, 1);
        for _ in 0..2 {
            assert_eq!(searched.find(1, &bytes, 0, usize::MAX), Some(10));
            assert_eq!(searched.find(1, &bytes, 11, usize::MAX), Some(20));
            assert_eq!(searched.find(1, &bytes, 21, usize::MAX), None);
            bytes[50] = 1;
        }
        assert_eq!(searched.find(1, &bytes, 0, usize::MAX), Some(10));
        bytes[5] = 1;
        assert_eq!(searched.find(1, &bytes, 2, usize::MAX), Some(10));
    }

    #[test]
    fn a_byte_put_in_front_is_known_and_so_are_those_behind() {
        let mut searched = Searched::default();
        let mut bytes = vec![0; 100];
        assert_eq!(searched.find(1, &bytes, 0, 50), None);
        searched.ungot(false);
        (bytes[0], bytes[50]) = (1, 1);
        assert_eq!(searched.find(1, &bytes, 0, 100), None);
        searched.ungot(true);
        assert_eq!(searched.find(1, &bytes, 0, 100), Some(0));
    }

    #[derive(Clone, Debug)]
    enum Op {
        Push(Vec<u8>),
        Find(usize, usize),
        Consume(usize),
        Unget(u8),
        Truncate(usize),
    }

    fn op() -> impl Strategy<Value = Op> {
        let byte = prop_oneof![1 => Just(1), 9 => Just(0)].boxed();
        prop_oneof![
            3 => proptest::collection::vec(byte.clone(), 0..30).prop_map(Op::Push),
            6 => (0usize..40, 0usize..40).prop_map(|(from, len)| Op::Find(from, from + len)),
            2 => (0usize..20).prop_map(Op::Consume),
            2 => byte.prop_map(Op::Unget),
            1 => (0usize..60).prop_map(Op::Truncate),
        ]
    }

    proptest! {
        #[test]
        fn a_search_finds_what_a_look_at_every_byte_finds(
            ops in proptest::collection::vec(op(), 0..60),
        ) {
            let mut searched = Searched::default();
            let mut bytes = Vec::new();
            for op in ops {
                match op {
                    Op::Push(more) => bytes.extend(more),
                    Op::Find(from, end) => {
                        let mut found = bytes.iter().enumerate().take(end).skip(from);
                        let found = found.find(|(_, byte)| **byte == 1).map(|(at, _)| at);
                        prop_assert_eq!(searched.find(1, &bytes, from, end), found);
                    }
                    Op::Consume(count) => {
                        let count = count.min(bytes.len());
                        bytes.drain(..count);
                        searched.consumed(count);
                    }
                    Op::Unget(byte) => {
                        bytes.insert(0, byte);
                        searched.ungot(byte == 1);
                    }
                    Op::Truncate(len) => {
                        bytes.truncate(len);
                        searched.truncated(len);
                    }
                }
            }
        }
    }
}
