//! `StreamDevice`: what a stream reads from and writes to.
//!
//! A stream takes from its device only what it returns, so what has not come whole stays in the
//! device. `memory.rs` has the devices in memory, `std_io.rs` those over the standard library's readers
//! and writers.

use std::io::{self, ErrorKind};

use crate::io::{QIODevice, peek_to_end};

/// What a stream reads from and writes to: a [`QIODevice`], [`Bytes`](super::Bytes) or
/// [`Text`](super::Text) in memory, a `Vec<u8>`, a `String`, a [`Reader`](super::Reader), a
/// [`Writer`](super::Writer).
///
/// Bytes in memory can only be read. A vector can only be written: what is written is appended.
///
/// A device of your own has the five required methods. The provided ones are for
/// [`QTextStream`](super::QTextStream), and fit bytes in memory.
#[diagnostic::on_unimplemented(
    message = "a stream cannot be on `{Self}`",
    label = "not a device, nor a `Vec<u8>` or `String`",
    note = "give it the device itself, `&mut cx[handle]`, or a `Vec<u8>` or `String` by value, which \
            `into_device` returns"
)]
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

    /// Returns up to `count` bytes that can be read without waiting, and true if no bytes will come
    /// after these. The default takes fewer than `count` bytes for the last.
    fn look_to_end(&mut self, count: usize) -> (&[u8], bool) {
        let bytes = self.look(count);
        (bytes, bytes.len() < count)
    }

    /// Waits for more bytes than [`look_to_end`](Self::look_to_end) has returned, if this device
    /// blocks. Returns true if more may have come.
    fn wait(&mut self) -> bool {
        false
    }

    /// Passes on what was written, where the device keeps it.
    ///
    /// # Errors
    ///
    /// Fails if the device cannot pass it on.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Returns the position of the next read, in bytes, if the device has positions.
    fn position(&self) -> Option<u64> {
        None
    }

    /// Moves to a position, in bytes from the start.
    ///
    /// # Errors
    ///
    /// Fails with `Unsupported` if the device has no positions, which is the default.
    fn seek(&mut self, position: u64) -> io::Result<()> {
        let _ = position;
        Err(io::Error::new(ErrorKind::Unsupported, "this device has no positions"))
    }

    /// Returns true if the bytes are text in UTF-8, whatever the encoding of the stream is.
    fn is_text(&self) -> bool {
        false
    }

    /// Sets if the device itself leaves out carriage returns, and returns if it did before. A text
    /// stream does that for it, since a byte of the value 13 is not a carriage return in UTF-16.
    fn set_text_mode(&mut self, enabled: bool) -> bool {
        let _ = enabled;
        false
    }

    /// Returns true if the device knows that the bytes that can be read have no line feed, so that
    /// nobody needs to search them again.
    fn lacks_line_feed(&mut self) -> bool {
        false
    }
}

#[diagnostic::do_not_recommend]
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

    fn look_to_end(&mut self, count: usize) -> (&[u8], bool) {
        peek_to_end(*self, count)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::Write::flush(self)
    }

    fn position(&self) -> Option<u64> {
        (!self.is_sequential()).then(|| self.pos())
    }

    fn seek(&mut self, position: u64) -> io::Result<()> {
        self.seek_to(position)
    }

    fn set_text_mode(&mut self, enabled: bool) -> bool {
        let was_enabled = self.is_text_mode_enabled();
        if was_enabled != enabled {
            self.set_text_mode_enabled(enabled);
        }
        was_enabled
    }

    fn lacks_line_feed(&mut self) -> bool {
        self.is_sequential() && !self.can_read_line()
    }
}
