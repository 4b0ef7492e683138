//! `Cursor`: how much was taken of bytes in memory.
//!
//! Keeps one promise: `take` never moves the position behind the last byte.

/// How much was taken of bytes in memory, and where a transaction began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    at: usize,
    /// The position at the beginning of the transaction.
    marked: Option<usize>,
}

impl Cursor {
    /// Returns the position of the next read.
    #[inline]
    pub(super) fn at(self) -> usize {
        self.at
    }

    /// Moves to a position. The caller has checked that it is not behind the end.
    pub(super) fn seek(&mut self, at: usize) {
        self.at = at;
    }

    /// Moves by `count` of `len` bytes, or to their end.
    #[inline]
    pub(super) fn take(&mut self, count: usize, len: usize) {
        self.at = self.at.saturating_add(count).min(len);
    }

    /// Begins a transaction. Returns false, and does nothing, if one is under way.
    pub(super) fn begin(&mut self) -> bool {
        let begins = self.marked.is_none();
        self.marked.get_or_insert(self.at);
        begins
    }

    /// Ends the transaction. If `puts_back` is true, goes back to where it began.
    pub(super) fn end(&mut self, puts_back: bool) {
        if let (Some(marked), true) = (self.marked.take(), puts_back) {
            self.at = marked;
        }
    }

    /// Returns how many bytes at the front will not be read again.
    pub(super) fn passed(self) -> usize {
        self.marked.unwrap_or(self.at)
    }

    /// Notes that the bytes that [`passed`](Self::passed) counts were dropped.
    pub(super) fn drop_passed(&mut self) {
        self.at -= self.passed();
        self.marked = self.marked.map(|_| 0);
    }
}

/// Returns the first `count` of these bytes, or all of them if there are fewer.
#[inline]
pub(super) fn first(bytes: &[u8], count: usize) -> &[u8] {
    &bytes[..count.min(bytes.len())]
}
