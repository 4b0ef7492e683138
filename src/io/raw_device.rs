//! `RawDevice`: what is below the buffer of a device.

use std::io::{self, ErrorKind};

use super::byte_queue::ByteQueue;
use super::open_mode::OpenMode;
use super::reading::MESSAGE;

/// What a device does below its buffer: the part of a device that each class writes.
///
/// These are the protected virtual functions of Qt's `QIODevice`. The two required methods move
/// bytes; the others have defaults that fit a sequential device. Code that uses the device calls
/// the methods of [`QIODevice`](super::QIODevice), [`Read`](io::Read) and [`Write`](io::Write),
/// which call these. It must not call these itself: bytes that it read here would be missing in the
/// buffer.
///
/// A class becomes a device by a field of type [`Device`](super::Device) and two methods:
///
/// ```
/// use std::collections::VecDeque;
/// use std::io::{self, ErrorKind};
///
/// use slotwire::prelude::*;
/// use slotwire::{Device, RawDevice};
///
/// /// Gives back what is written to it, in a cipher that keeps nothing secret.
/// #[derive(QObject, Default)]
/// struct Rot13 {
///     #[qobject(device)]
///     device: Device,
///     letters: VecDeque<u8>,
/// }
///
/// impl RawDevice for Rot13 {
///     fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
///         match self.letters.read(buffer)? {
///             0 => Err(ErrorKind::WouldBlock.into()), // more may be written
///             count => Ok(count),
///         }
///     }
///
///     fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
///         self.letters.extend(bytes.iter().map(|byte| match byte {
///             b'a'..=b'm' | b'A'..=b'M' => byte + 13,
///             b'n'..=b'z' | b'N'..=b'Z' => byte - 13,
///             _ => *byte,
///         }));
///         self.ready_read().emit(());
///         Ok(bytes.len())
///     }
///
///     fn data_available(&self) -> usize {
///         self.letters.len()
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut rt = Runtime::new()?;
/// let rot13 = rt.add(Rot13::default());
/// rt[rot13].open(OpenMode::READ_WRITE)?;
/// writeln!(rt[rot13], "Uryyb")?;
/// assert_eq!(rt[rot13].read_line_string().as_deref(), Some("Hello"));
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how it reads and writes",
    label = "not a `RawDevice`",
    note = "write `impl RawDevice for {Self}` with `read_data` and `write_data`; the derive writes \
            the rest of a device"
)]
pub trait RawDevice {
    /// Reads up to the size of `buffer` from below. Returns the number of bytes, or 0 at the end.
    ///
    /// # Errors
    ///
    /// Fails with [`WouldBlock`](ErrorKind::WouldBlock) if there is nothing now and more may
    /// arrive. The reader gets any other error once all bytes before it are read.
    #[doc(alias = "readData")]
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes `bytes`, or as many of them as the device can take. Returns the number of bytes
    /// taken. A device that may take fewer bytes than it gets overrides
    /// [`check_room`](Self::check_room) as well: otherwise `write_all` cuts messages.
    ///
    /// If the device sends the bytes later, or if others connect to its signals, it emits
    /// [`bytes_written`](super::QIODevice::bytes_written) itself when bytes have been sent.
    ///
    /// # Errors
    ///
    /// Fails if the device cannot write. The writer gets the error.
    #[doc(alias = "writeData")]
    fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Returns an error if the device cannot take `count` bytes now.
    ///
    /// Called before a write that must be whole, by [`write_all`](io::Write::write_all) and
    /// `write!`. The default returns `Ok`, which is right for a device that takes all bytes. A device
    /// with a limit overrides this method, and reports in its own way when it has room again.
    ///
    /// # Errors
    ///
    /// Fails with [`WouldBlock`](ErrorKind::WouldBlock) if the device will have room later, and with
    /// [`InvalidInput`](ErrorKind::InvalidInput) if it never takes so many bytes at once.
    fn check_room(&mut self, count: usize) -> io::Result<()> {
        let _ = count;
        Ok(())
    }

    /// Writes what is in a queue, or as many of the bytes as can be taken, and takes them out of it. Returns
    /// how many. The memory of the queue may be taken along.
    ///
    /// # Errors
    ///
    /// As [`write_data`](Self::write_data).
    #[doc(hidden)]
    fn write_queue(&mut self, queue: &mut ByteQueue) -> io::Result<usize> {
        let count = self.write_data(queue.as_slice())?;
        Ok(queue.consume(count))
    }

    /// Sends as much as can be sent at once of what was written, without waiting for the rest. The
    /// default does nothing.
    ///
    /// # Errors
    ///
    /// Fails if the device cannot send.
    fn flush_data(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Reads up to `max` bytes and drops them. Returns the number of bytes.
    ///
    /// # Errors
    ///
    /// Fails as [`read_data`](Self::read_data) does, if that fails before the first byte.
    #[doc(alias = "skipData")]
    fn skip_data(&mut self, max: usize) -> io::Result<usize> {
        let mut chunk = [0; 4096];
        let mut skipped = 0;
        while skipped < max {
            let asked = chunk.len().min(max - skipped);
            match self.read_data(&mut chunk[..asked]) {
                Ok(0) => break,
                Ok(count) => skipped += count.min(asked),
                Err(error) if skipped == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(skipped)
    }

    /// Returns true if the device has a size and positions, as a file has. Such a device implements
    /// [`data_size`](Self::data_size) and [`seek_data`](Self::seek_data) too.
    #[doc(alias = "isSequential")]
    fn is_random_access(&self) -> bool {
        false
    }

    /// Returns true if the device gives messages, as a socket of datagrams does.
    ///
    /// [`read_data`](Self::read_data) then takes one message and drops what does not fit; 0 means
    /// an empty message. [`skip_data`](Self::skip_data) is not called. One read never returns bytes
    /// of two messages, except for the methods that read lines.
    ///
    /// A message longer than 64 KiB loses its end if it is peeked at, or read in a transaction, in
    /// text mode or by [`read_bytes`](super::QIODevice::read_bytes), unless
    /// [`data_available`](Self::data_available) has returned its length. Up to 1,024 empty messages
    /// are kept that were peeked at or read in a transaction; more of them are dropped.
    fn is_message_based(&self) -> bool {
        false
    }

    /// Returns true if a message, which may be empty, can be read from below now.
    ///
    /// Called only if the device [gives messages](Self::is_message_based). The default returns true
    /// if [`data_available`](Self::data_available) is not 0.
    fn message_available(&self) -> bool {
        self.data_available() > 0
    }

    /// Returns true if there may be bytes below while the buffer has some. Then a read that empties
    /// the buffer and needs more goes on below.
    ///
    /// The default returns true. A device that puts all bytes into the buffer by itself returns
    /// false: then only a read that finds the buffer empty goes below, to find out whether this is
    /// the end.
    fn has_data_below(&self) -> bool {
        true
    }

    /// Returns the number of bytes that can be read from below now, in addition to those in the
    /// buffer.
    ///
    /// For a random-access device, [`data_size`](Self::data_size) is used instead.
    #[doc(alias = "bytesAvailable")]
    fn data_available(&self) -> usize {
        0
    }

    /// Returns true if a line feed can be read from below now.
    #[doc(alias = "canReadLine")]
    fn line_available(&self) -> bool {
        false
    }

    /// Returns the number of bytes that were written and wait to be sent.
    #[doc(alias = "bytesToWrite")]
    fn data_to_write(&self) -> usize {
        0
    }

    /// Returns the size of a random-access device, in bytes.
    #[doc(alias = "size")]
    fn data_size(&self) -> u64 {
        0
    }

    /// Moves the next read or write to a position of a random-access device.
    ///
    /// # Errors
    ///
    /// The default fails with [`Unsupported`](ErrorKind::Unsupported).
    #[doc(alias = "seek")]
    fn seek_data(&mut self, position: u64) -> io::Result<()> {
        let _ = position;
        Err(ErrorKind::Unsupported.into())
    }

    /// Opens what is below, when the device is opened. The default does nothing.
    ///
    /// The open mode is set already. For a random-access device, [`seek_data`](Self::seek_data) is
    /// called afterwards with the position at which to begin.
    ///
    /// # Errors
    ///
    /// Fails if the device cannot be opened. The device stays closed then.
    #[doc(alias = "open")]
    fn open_data(&mut self, mode: OpenMode) -> io::Result<()> {
        let _ = mode;
        Ok(())
    }

    /// Closes what is below, after the device was closed. Every [`close`](super::QIODevice::close)
    /// calls it, even if the device was closed already.
    #[doc(alias = "close")]
    fn close_data(&mut self) {}

    /// Asks to close the device after the slots of
    /// [`about_to_close`](super::QIODevice::about_to_close) have run. Returns true if that will be
    /// done, which needs a device in a runtime that takes steps there.
    #[doc(hidden)]
    fn close_later(&mut self) -> bool {
        false
    }

    /// Called when bytes, or an empty message, have left the buffer, so that the buffer has room
    /// again. A read that takes its bytes from below, past the empty buffer, does not call it.
    fn buffer_consumed(&mut self) {}

    /// Called when something in the buffer was read in a transaction, and stays there.
    #[doc(hidden)]
    fn buffer_kept(&mut self) {}

    /// Returns true if the device knows what there is to read even if it is not open.
    #[doc(hidden)]
    fn tells_unopened(&self) -> bool {
        false
    }

    /// Returns the size of the room for the next message, in bytes.
    #[doc(hidden)]
    fn message_room(&self) -> usize {
        self.data_available().max(MESSAGE)
    }

    /// Returns the number of bytes in the buffer at which the device takes in no more, or
    /// `usize::MAX`, the default, if there is no such number.
    ///
    /// A reader that waits for more bytes than this would wait for ever: it gives up, or takes what
    /// there is.
    fn buffer_limit(&self) -> usize {
        usize::MAX
    }

    /// Returns a description of the last error, for
    /// [`error_string`](super::QIODevice::error_string) if no text was set there.
    #[doc(alias = "errorString")]
    fn error_text(&self) -> Option<String> {
        None
    }
}
