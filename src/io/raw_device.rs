//! `RawDevice`: what lies below the buffer of a device.

use std::io::{self, ErrorKind};

use super::byte_queue::ByteQueue;
use super::open_mode::OpenMode;
use super::reading::MESSAGE;

/// What a device does below its buffer: the part of a device that its class writes.
///
/// These are the protected virtual functions of Qt's `QIODevice`. The two that are required move
/// bytes; the others have answers that fit a sequential device. Users of the device call the
/// methods of [`QIODevice`](super::QIODevice), of [`Read`](io::Read) and of [`Write`](io::Write),
/// which come down to these, and never these themselves: what they read here would be missing in
/// the buffer.
///
/// A class becomes a device in three lines:
///
/// ```
/// use std::collections::VecDeque;
/// use std::io::{self, ErrorKind};
///
/// use slotwire::prelude::*;
/// use slotwire::{Device, OpenMode, RawDevice};
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
    /// Reads up to the size of `buffer` from below; returns how many bytes that were, 0 at the end.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](ErrorKind::WouldBlock) if there is nothing now and more may come. Any other
    /// error is handed to the reader once all that came before is read.
    #[doc(alias = "readData")]
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes `bytes`, or as many of them as can be taken; returns how many.
    ///
    /// A device that sends later, or that others listen to, emits
    /// [`bytes_written`](super::QIODevice::bytes_written) itself when bytes have gone out.
    ///
    /// # Errors
    ///
    /// Whatever stands in the way. It is handed to the writer.
    #[doc(alias = "writeData")]
    fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize>;

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

    /// Sends what was written and waits. Does nothing unless overridden.
    ///
    /// # Errors
    ///
    /// Whatever stands in the way.
    fn flush_data(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Reads up to `max` bytes and drops them; returns how many.
    ///
    /// # Errors
    ///
    /// As [`read_data`](Self::read_data), if that failed before the first byte.
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

    /// Returns true if the device has a size and positions, as a file has. A device that has
    /// implements [`data_size`](Self::data_size) and [`seek_data`](Self::seek_data) too.
    #[doc(alias = "isSequential")]
    fn is_random_access(&self) -> bool {
        false
    }

    /// Returns true if what comes are messages, as datagrams are.
    ///
    /// [`read_data`](Self::read_data) then takes one message and drops what it has no room for, and
    /// 0 is an empty message; [`skip_data`](Self::skip_data) is not called. What is read at once is
    /// never put together from two messages, apart from lines.
    ///
    /// Of a message longer than 64 KiB that is looked at or read in a transaction, in text mode or by
    /// [`read_bytes`](super::QIODevice::read_bytes), the end is lost unless
    /// [`data_available`](Self::data_available) has told of it. Up to 1,024 empty messages are kept
    /// that were passed over by a look or read in a transaction; more of them are dropped.
    fn is_message_based(&self) -> bool {
        false
    }

    /// Returns true if a message, which may be an empty one, can be read from below now.
    ///
    /// Asked of a device that [gives messages](Self::is_message_based). Unless overridden, true if
    /// [`data_available`](Self::data_available) is not 0.
    fn message_available(&self) -> bool {
        self.data_available() > 0
    }

    /// Returns true if there may be bytes below the buffer while there are some in it. Then what a
    /// read still lacks when it has emptied the buffer is asked for below.
    ///
    /// The default is true. A device that puts all that comes into the buffer by itself answers false:
    /// only a read that finds the buffer empty goes below, to learn whether this is the end.
    fn has_data_below(&self) -> bool {
        true
    }

    /// Returns how many bytes can be read from below now, beside those in the buffer.
    ///
    /// Of a random-access device this is known by its size.
    #[doc(alias = "bytesAvailable")]
    fn data_available(&self) -> usize {
        0
    }

    /// Returns true if a line feed can be read from below now.
    #[doc(alias = "canReadLine")]
    fn line_available(&self) -> bool {
        false
    }

    /// Returns how many bytes were written and wait to go out.
    #[doc(alias = "bytesToWrite")]
    fn data_to_write(&self) -> usize {
        0
    }

    /// Returns the size of a random-access device, in bytes.
    #[doc(alias = "size")]
    fn data_size(&self) -> u64 {
        0
    }

    /// Moves to a position of a random-access device, where the next read or write begins.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](ErrorKind::Unsupported) unless overridden.
    #[doc(alias = "seek")]
    fn seek_data(&mut self, position: u64) -> io::Result<()> {
        let _ = position;
        Err(ErrorKind::Unsupported.into())
    }

    /// Opens what is below, when the device is opened. Does nothing unless overridden.
    ///
    /// The open mode is set already. A random-access device is told by
    /// [`seek_data`](Self::seek_data) afterwards where to begin.
    ///
    /// # Errors
    ///
    /// Whatever stands in the way: the device stays closed.
    #[doc(alias = "open")]
    fn open_data(&mut self, mode: OpenMode) -> io::Result<()> {
        let _ = mode;
        Ok(())
    }

    /// Closes what is below, after the device was closed. Called by every
    /// [`close`](super::QIODevice::close), also if the device was closed before.
    #[doc(alias = "close")]
    fn close_data(&mut self) {}

    /// Asks for the device to be closed when the slots of
    /// [`about_to_close`](super::QIODevice::about_to_close) have run. Returns true if that will be
    /// done. Only what lives in a runtime and takes steps there can do it.
    #[doc(hidden)]
    fn close_later(&mut self) -> bool {
        false
    }

    /// Called when bytes, or an empty message, have left the buffer, so that there is room again.
    fn buffer_consumed(&mut self) {}

    /// Called when something in the buffer was read in a transaction, and stays there.
    #[doc(hidden)]
    fn buffer_kept(&mut self) {}

    /// Returns true if the device can be asked what there is to read though it is not open.
    #[doc(hidden)]
    fn tells_unopened(&self) -> bool {
        false
    }

    /// Returns how much room the next message gets.
    #[doc(hidden)]
    fn message_room(&self) -> usize {
        self.data_available().max(MESSAGE)
    }

    /// Returns how many bytes a reader of lines holds before it gives them as a line though no line
    /// feed has come. Asked of a device that [gives messages](Self::is_message_based).
    #[doc(hidden)]
    fn line_limit(&self) -> usize {
        usize::MAX
    }

    /// Describes the last error, for [`error_string`](super::QIODevice::error_string), unless a
    /// text was set there.
    #[doc(alias = "errorString")]
    fn error_text(&self) -> Option<String> {
        None
    }
}
