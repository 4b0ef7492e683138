//! `QIODevice`: the trait of all devices.

use std::io::{Read, Write};

use super::device::Device;
use super::open_mode::OpenMode;
use crate::object::{MetaObject, QObject, Signal};

/// Something that bytes are read from and written to, and that tells by signals when.
///
/// Reading and writing themselves are the standard library's: a device is [`Read`] and [`Write`],
/// so every crate that takes a reader or a writer takes a device. Neither ever blocks. A read when
/// nothing has come yet is [`WouldBlock`](std::io::ErrorKind::WouldBlock); the end is `Ok(0)`. What
/// is written is queued and sent by the event loop.
///
/// ```no_run
/// use slotwire::prelude::*;
/// use slotwire::QTcpSocket;
///
/// /// Works with every device.
/// fn count_lines(device: &mut dyn QIODevice) -> usize {
///     let mut lines = 0;
///     while device.read_line_string().is_some() {
///         lines += 1;
///     }
///     lines
/// }
///
/// # fn main() -> Result<(), slotwire::Error> {
/// # let mut rt = Runtime::new()?;
/// # let socket = rt.add(QTcpSocket::new());
/// println!("{}", count_lines(&mut rt[socket]));
/// # Ok(())
/// # }
/// ```
pub trait QIODevice: QObject + Read + Write {
    /// The state that the provided methods work on.
    #[doc(hidden)]
    fn device(&self) -> &Device;

    /// The state that the provided methods work on.
    #[doc(hidden)]
    fn device_mut(&mut self) -> &mut Device;

    /// Closes the device: `about_to_close` is emitted, what was not read is dropped, and what was
    /// written still goes out where the device can do that.
    fn close(&mut self);

    /// Says whether nothing more will come: what is buffered is all.
    #[doc(hidden)]
    fn has_ended(&self) -> bool;

    /// Emitted when new bytes have come. Not repeated for bytes that were not read.
    #[doc(alias = "readyRead")]
    fn ready_read(&self) -> &Signal<()> {
        &self.device().ready_read
    }

    /// Emitted when bytes have gone out, with their number.
    #[doc(alias = "bytesWritten")]
    fn bytes_written(&self) -> &Signal<usize> {
        &self.device().bytes_written
    }

    /// Emitted when the device is about to be closed.
    #[doc(alias = "aboutToClose")]
    fn about_to_close(&self) -> &Signal<()> {
        &self.device().about_to_close
    }

    /// Emitted when nothing more will come.
    #[doc(alias = "readChannelFinished")]
    fn read_channel_finished(&self) -> &Signal<()> {
        &self.device().read_channel_finished
    }

    /// Returns how the device is open.
    #[doc(alias = "openMode")]
    fn open_mode(&self) -> OpenMode {
        self.device().mode()
    }

    /// Says whether the device is open.
    #[doc(alias = "isOpen")]
    fn is_open(&self) -> bool {
        self.open_mode() != OpenMode::NOT_OPEN
    }

    /// Says whether the device is open for reading.
    #[doc(alias = "isReadable")]
    fn is_readable(&self) -> bool {
        self.open_mode().contains(OpenMode::READ_ONLY)
    }

    /// Says whether the device is open for writing.
    #[doc(alias = "isWritable")]
    fn is_writable(&self) -> bool {
        self.open_mode().contains(OpenMode::WRITE_ONLY)
    }

    /// Returns how many bytes can be read now.
    #[doc(alias = "bytesAvailable")]
    fn bytes_available(&self) -> usize {
        self.device().unread().len()
    }

    /// Returns how many written bytes have not gone out yet.
    #[doc(alias = "bytesToWrite")]
    fn bytes_to_write(&self) -> usize {
        self.device().outgoing().len()
    }

    /// Says whether a whole line can be read now.
    #[doc(alias = "canReadLine")]
    fn can_read_line(&self) -> bool {
        self.device().has_line()
    }

    /// Says whether there is nothing to read now. On a device that others feed, more may come.
    #[doc(alias = "atEnd")]
    fn at_end(&self) -> bool {
        self.bytes_available() == 0
    }

    /// Takes everything that can be read now; empty if that is nothing.
    #[doc(alias = "readAll")]
    fn read_all(&mut self) -> Vec<u8> {
        self.device_mut().take_unread()
    }

    /// Takes the next line with its line feed, once all of it has come; at the end of the device,
    /// what is left without one.
    #[doc(alias = "readLine")]
    fn read_line_bytes(&mut self) -> Option<Vec<u8>> {
        let ended = self.has_ended();
        self.device_mut().take_line(ended)
    }

    /// Takes the next line as text, without its line feed (or carriage return and line feed), once
    /// all of it has come; at the end of the device, what is left.
    ///
    /// What is not UTF-8 becomes U+FFFD.
    #[doc(alias = "readLine")]
    fn read_line_string(&mut self) -> Option<String> {
        let mut line = self.read_line_bytes()?;
        if line.ends_with(b"\n") {
            line.pop();
            if line.ends_with(b"\r") {
                line.pop();
            }
        }
        Some(match String::from_utf8(line) {
            Ok(line) => line,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    /// Returns what can be read now, up to `max` bytes, and leaves it there.
    fn peek(&self, max: usize) -> &[u8] {
        let unread = self.device().unread();
        &unread[..unread.len().min(max)]
    }

    /// Drops up to `max` bytes of what can be read now; returns how many.
    fn skip(&mut self, max: usize) -> usize {
        self.device_mut().skip(max)
    }
}

crate::object_trait!(QIODevice);

/// What the classes of devices extend. A class shows the signals itself, since it alone has them.
pub(crate) static META: MetaObject = MetaObject::new("QIODevice");
