//! `StreamDevice`: what a stream reads from and writes to.

use std::io::{self, ErrorKind};

use crate::io::QIODevice;

/// What a stream reads from and writes to: a [`QIODevice`], [`Bytes`] in memory, a `Vec<u8>`.
///
/// Bytes in memory can only be read. A vector can only be written: what is written is appended.
pub trait StreamDevice {
    /// Returns up to `count` bytes that can be read now, without taking them.
    fn look(&mut self, count: usize) -> &[u8];

    /// Takes `count` bytes that [`look`](Self::look) has returned.
    fn take(&mut self, count: usize);

    /// Writes all bytes or none.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Begins a transaction: what is taken from now on can be put back. Returns false, and does
    /// nothing, if one is under way already.
    fn begin(&mut self) -> bool;

    /// Ends the transaction. If `puts_back` is true, what was taken in it can be read again.
    fn end(&mut self, puts_back: bool);
}

impl<D: QIODevice + ?Sized> StreamDevice for &mut D {
    fn look(&mut self, count: usize) -> &[u8] {
        self.peek(count)
    }

    fn take(&mut self, count: usize) {
        self.skip(count);
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn begin(&mut self) -> bool {
        let begins = !self.is_transaction_started();
        if begins {
            // A device that is not open does not begin one, and has nothing to put back.
            self.start_transaction();
        }
        begins
    }

    fn end(&mut self, puts_back: bool) {
        match puts_back {
            true => self.rollback_transaction(),
            false => self.commit_transaction(),
        };
    }
}

/// Bytes in memory that a stream reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bytes<'a> {
    rest: &'a [u8],
    /// The bytes at the beginning of the transaction.
    marked: Option<&'a [u8]>,
}

impl<'a> From<&'a [u8]> for Bytes<'a> {
    fn from(rest: &'a [u8]) -> Self {
        Self { rest, marked: None }
    }
}

impl StreamDevice for Bytes<'_> {
    fn look(&mut self, count: usize) -> &[u8] {
        &self.rest[..count.min(self.rest.len())]
    }

    fn take(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    fn put(&mut self, _: &[u8]) -> io::Result<()> {
        Err(io::Error::new(ErrorKind::Unsupported, "these bytes can only be read"))
    }

    fn begin(&mut self) -> bool {
        let begins = self.marked.is_none();
        self.marked.get_or_insert(self.rest);
        begins
    }

    fn end(&mut self, puts_back: bool) {
        if let (Some(marked), true) = (self.marked.take(), puts_back) {
            self.rest = marked;
        }
    }
}

impl StreamDevice for Vec<u8> {
    fn look(&mut self, _: usize) -> &[u8] {
        &[]
    }

    fn take(&mut self, _: usize) {}

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }

    fn begin(&mut self) -> bool {
        true
    }

    fn end(&mut self, _: bool) {}
}
