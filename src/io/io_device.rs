//! `QIODevice`: the trait of all devices.
//!
//! Its methods are short: what they do is in `reading.rs`, `writing.rs` and `transaction.rs`, and
//! the state that they do it with in `device.rs`. None of them is meant to be overridden; where
//! classes differ, they differ in their [`RawDevice`].

use std::io::{self, BufRead, Write};

use super::device::Device;
use super::open_mode::OpenMode;
use super::raw_device::RawDevice;
use super::reading::{self, Lines};
use super::{device_signal, forwarding, message_reading, transaction, writing};
use crate::object::{MetaObject, MetaSlot, QObject, Signal};

/// Something that bytes are read from and written to, and that tells by signals when.
///
/// Reading and writing themselves are the standard library's: a device is [`Read`](io::Read),
/// [`BufRead`] and [`Write`], so every crate that takes a reader or a writer takes a device. None
/// of them ever blocks. A read when nothing has come yet is
/// [`WouldBlock`](std::io::ErrorKind::WouldBlock); the end is `Ok(0)`. What is written to a socket
/// is queued and sent by the event loop.
///
/// A *sequential* device, such as a socket, gives each byte once, in its order. A *random-access*
/// device, such as a [`QBuffer`](super::QBuffer), has a size, and a position that reading and
/// writing move on.
///
/// An own device is written with [`RawDevice`], a class that extends one with
/// `#[qobject(base: QIODevice)]`: see [`QObject`](macro@crate::QObject).
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a device",
    label = "not a `QIODevice`",
    note = "a device is a class with `#[qobject(device)]` on a field of type `Device`, or with \
            `#[qobject(base: QIODevice)]` on a device that it extends"
)]
pub trait QIODevice: RawDevice + QObject + BufRead + Write {
    /// The state that the provided methods work on.
    #[doc(hidden)]
    fn device(&self) -> &Device;

    /// The state that the provided methods work on.
    #[doc(hidden)]
    fn device_mut(&mut self) -> &mut Device;

    /// Emitted when new bytes have come. Not repeated for bytes that were not read.
    #[doc(alias = "readyRead")]
    fn ready_read(&self) -> &Signal<()> {
        device_signal::ready_read(self.device())
    }

    /// Emitted when bytes have gone out, with their number.
    #[doc(alias = "bytesWritten")]
    fn bytes_written(&self) -> &Signal<usize> {
        device_signal::bytes_written(self.device())
    }

    /// Emitted when the device is about to be closed.
    ///
    /// The slots connected to a socket's or to a [`QBuffer`](super::QBuffer)'s still find it open, and
    /// can read what is left and write. Those of an own device run when the method that closed it
    /// has returned: what was not read is gone by then.
    #[doc(alias = "aboutToClose")]
    fn about_to_close(&self) -> &Signal<()> {
        device_signal::about_to_close(self.device())
    }

    /// Emitted when nothing more will come.
    #[doc(alias = "readChannelFinished")]
    fn read_channel_finished(&self) -> &Signal<()> {
        device_signal::read_channel_finished(self.device())
    }

    /// Emitted after [`ready_read`](Self::ready_read), with the number of the channel: 0.
    #[doc(alias = "channelReadyRead")]
    fn channel_ready_read(&self) -> &Signal<usize> {
        device_signal::channel_ready_read(self.device())
    }

    /// Emitted after [`bytes_written`](Self::bytes_written), with the number of the channel, 0, and
    /// how many bytes have gone out.
    #[doc(alias = "channelBytesWritten")]
    fn channel_bytes_written(&self) -> &Signal<(usize, usize)> {
        device_signal::channel_bytes_written(self.device())
    }

    /// Opens the device; if it is open, anew.
    ///
    /// Drops what was buffered, and begins at the start of a random-access device, or at its end
    /// with [`APPEND`](OpenMode::APPEND). A socket is opened by connecting, and this only sets its
    /// mode.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the mode allows neither reading nor writing, and whatever stands in the
    /// way below. The device is closed then.
    fn open(&mut self, mode: OpenMode) -> io::Result<()> {
        writing::open(self, mode)
    }

    /// Closes the device: `about_to_close` is emitted if it was open, what was not read is dropped,
    /// a transaction ends, and what was written still goes out where the device can do that.
    fn close(&mut self) {
        writing::close(self);
    }

    /// Returns how the device is open.
    #[doc(alias = "openMode")]
    fn open_mode(&self) -> OpenMode {
        self.device().mode()
    }

    /// Sets how the device is open, and changes nothing else. For classes that extend a device.
    #[doc(alias = "setOpenMode")]
    fn set_open_mode(&mut self, mode: OpenMode) {
        self.device_mut().set_mode(mode);
    }

    /// Returns true if the device is open.
    #[doc(alias = "isOpen")]
    fn is_open(&self) -> bool {
        self.open_mode() != OpenMode::NOT_OPEN
    }

    /// Returns true if the device is open for reading.
    #[doc(alias = "isReadable")]
    fn is_readable(&self) -> bool {
        self.open_mode().contains(OpenMode::READ_ONLY)
    }

    /// Returns true if the device is open for writing.
    #[doc(alias = "isWritable")]
    fn is_writable(&self) -> bool {
        self.open_mode().contains(OpenMode::WRITE_ONLY)
    }

    /// Returns true if reading drops carriage returns.
    #[doc(alias = "isTextModeEnabled")]
    fn is_text_mode_enabled(&self) -> bool {
        self.open_mode().contains(OpenMode::TEXT)
    }

    /// Lets reading drop carriage returns, or not, while the device is open.
    ///
    /// Every one is dropped, and not only those before a line feed; the readers of lines drop those
    /// before the line feed only. [`bytes_available`](Self::bytes_available) counts them still, and
    /// `fill_buf` shows the bytes up to the next of them.
    /// Writing is as without text mode. As in Qt on systems whose lines end with a line feed.
    #[doc(alias = "setTextModeEnabled")]
    fn set_text_mode_enabled(&mut self, enabled: bool) {
        if self.is_open() {
            let mut mode = self.open_mode();
            mode.set(OpenMode::TEXT, enabled);
            self.set_open_mode(mode);
        }
    }

    /// Returns true if each byte is given once, in its order, so that there are no positions.
    #[doc(alias = "isSequential")]
    fn is_sequential(&self) -> bool {
        !self.is_random_access()
    }

    /// Returns the position of the next read or write, in bytes; 0 on a sequential device.
    fn pos(&self) -> u64 {
        writing::position(self)
    }

    /// Returns the size of a random-access device, in bytes; on a sequential device, how many can
    /// be read now.
    fn size(&self) -> u64 {
        if self.is_random_access() { self.data_size() } else { self.bytes_available() as u64 }
    }

    /// Moves to a position, in bytes from the start, where the next read or write begins.
    ///
    /// # Errors
    ///
    /// `Unsupported` on a sequential device; `NotConnected` if the device is not open; and what the
    /// device says to the position, as [`QBuffer`](super::QBuffer) does to one after its end.
    #[doc(alias = "seek")]
    fn seek_to(&mut self, position: u64) -> io::Result<()> {
        writing::seek(self, position)
    }

    /// Moves to the start.
    ///
    /// # Errors
    ///
    /// As [`seek_to`](Self::seek_to).
    fn reset(&mut self) -> io::Result<()> {
        self.seek_to(0)
    }

    /// Returns how many bytes can be read now. An empty datagram has none, nor has a device that is not
    /// open for reading, apart from a bound socket of datagrams.
    #[doc(alias = "bytesAvailable")]
    fn bytes_available(&self) -> usize {
        if !reading::can_be_read(self) {
            return 0;
        }
        let below = if self.is_random_access() {
            let left = self.data_size().saturating_sub(self.device().cursor());
            usize::try_from(left).unwrap_or(usize::MAX)
        } else {
            self.data_available()
        };
        self.device().unread().len().saturating_add(below)
    }

    /// Returns how many written bytes have not gone out yet.
    #[doc(alias = "bytesToWrite")]
    fn bytes_to_write(&self) -> usize {
        self.device().outgoing().len() + self.data_to_write()
    }

    /// Returns true if a whole line can be read now.
    ///
    /// Knows what is in the buffer, and what a device knows of its own bytes below. Of a socket of
    /// datagrams, or an unbuffered one, that is what was looked at: another line may be read all the
    /// same.
    #[doc(alias = "canReadLine")]
    fn can_read_line(&self) -> bool {
        self.is_readable()
            && self.device().message().is_none_or(|next| !next.is_empty())
            && (self.device().line_len(usize::MAX).is_some() || self.line_available())
    }

    /// Returns true if there is nothing to read now. On a device that others feed, more may come.
    ///
    /// An empty datagram is something to read, though it has no bytes. A device that is not open for
    /// reading has nothing, apart from a bound socket of datagrams.
    #[doc(alias = "atEnd")]
    fn at_end(&self) -> bool {
        if self.is_message_based() {
            !message_reading::has_message(self)
        } else {
            self.bytes_available() == 0
        }
    }

    /// Takes everything that can be read now, which is one datagram if they are datagrams; empty if
    /// that is nothing.
    #[doc(alias = "readAll")]
    fn read_all(&mut self) -> Vec<u8> {
        reading::read_bytes(self, usize::MAX)
    }

    /// Takes up to `max` bytes of what can be read now; empty if that is nothing. If they are datagrams,
    /// this is one, and what is longer is lost, unless it was looked at before.
    #[doc(alias = "read")]
    fn read_bytes(&mut self, max: usize) -> Vec<u8> {
        reading::read_bytes(self, max)
    }

    /// Takes the next line with its line feed, once all of it has come; at the end of the device,
    /// what is left without one. If they are datagrams, an empty one ends a line, and is taken if no
    /// line has begun.
    #[doc(alias = "readLine")]
    fn read_line_bytes(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        reading::read_line(self, &mut line, usize::MAX, Lines::Whole).then_some(line)
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

    /// Takes what there is of the next line, up to `max` bytes with the line feed; empty if that is
    /// nothing.
    ///
    /// As Qt's `readLine(max)`, except that Qt counts one byte more, for a terminator.
    #[doc(alias = "readLine")]
    fn read_line_max(&mut self, max: usize) -> Vec<u8> {
        let mut line = Vec::new();
        self.read_line_into(&mut line, max);
        line
    }

    /// Puts what there is of the next line into `line`, in place of what was there, and up to `max`
    /// bytes with the line feed. Returns true if there was anything.
    #[doc(alias = "readLineInto")]
    #[doc(alias = "readLineData")]
    fn read_line_into(&mut self, line: &mut Vec<u8>, max: usize) -> bool {
        reading::read_line(self, line, max, Lines::Partial)
    }

    /// Returns what can be read now, up to `max` bytes, and leaves it there. If they are datagrams,
    /// this is one, and a look for the next is made if it is empty.
    fn peek(&mut self, max: usize) -> &[u8] {
        reading::peek(self, max)
    }

    /// Drops up to `max` bytes of what can be read now; returns how many. If they are datagrams, all of
    /// one is dropped, unless it was looked at before.
    fn skip(&mut self, max: usize) -> usize {
        reading::skip(self, max)
    }

    /// Writes what can be read on to another device, as far as that has room for it, and returns how many
    /// bytes it took. What it has no room for is read next.
    ///
    /// Nothing is copied out of the buffer first. [`World::pair`](crate::World::pair) lends two devices
    /// at once, and [`echo`](Self::echo) is for one that answers its own peer.
    ///
    /// 0 if there is nothing to read now, or no room: the target's write buffer limit holds here as
    /// well. If what comes are datagrams, this is one of them, written in one piece; the caller goes on while
    /// [`at_end`](Self::at_end) is false. In text mode carriage returns are left out. What is forwarded in
    /// a transaction can be given back.
    ///
    /// ```
    /// use slotwire::prelude::*;
    /// use slotwire::QTcpSocket;
    ///
    /// #[derive(QObject)]
    /// struct Tunnel {
    ///     near: Obj<QTcpSocket>,
    ///     far: Obj<QTcpSocket>,
    /// }
    ///
    /// #[slots]
    /// impl Tunnel {
    ///     #[slot(near.ready_read)]
    ///     fn send(&mut self, cx: &mut Context<Self>) -> std::io::Result<()> {
    ///         if let Some((near, far)) = cx.pair(self.near, self.far) {
    ///             near.forward_to(far)?;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// // It is the same for all devices.
    /// use slotwire::{OpenMode, QBuffer};
    ///
    /// let mut letter = QBuffer::from(b"Dear all".to_vec());
    /// let mut copy = QBuffer::new();
    /// letter.open(OpenMode::READ_ONLY)?;
    /// copy.open(OpenMode::WRITE_ONLY)?;
    /// assert_eq!(letter.forward_to(&mut copy)?, 8);
    /// assert_eq!(copy.data(), b"Dear all");
    /// # Ok::<_, std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `NotConnected` if this device is not open for reading, or the target not for writing, and what
    /// else stands in the way of the first byte. What stands in the way of a later one is returned by the
    /// next call.
    fn forward_to(&mut self, target: &mut dyn QIODevice) -> io::Result<usize> {
        forwarding::forward(self, target)
    }

    /// Writes what can be read back to the peer that it came from, as
    /// [`forward_to`](Self::forward_to) writes it to another device, and returns how many bytes that
    /// was.
    ///
    /// ```
    /// # use slotwire::prelude::*;
    /// # use slotwire::QTcpSocket;
    /// # #[derive(QObject, Default)]
    /// # struct EchoServer {}
    /// #[slots]
    /// impl EchoServer {
    ///     #[slot]
    ///     fn answer(&mut self, cx: &mut Context<Self>) -> std::io::Result<()> {
    ///         let Some(socket) = cx.sender_mut::<QTcpSocket>() else { return Ok(()) };
    ///         socket.echo()?;
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`forward_to`](Self::forward_to), and `Unsupported` on a random-access device, which has no
    /// peer.
    fn echo(&mut self) -> io::Result<usize> {
        forwarding::echo(self)
    }

    /// Takes the next byte, if there is one now.
    #[doc(alias = "getChar")]
    fn get_char(&mut self) -> Option<u8> {
        let mut byte = [0];
        matches!(reading::read(self, &mut byte), Ok(1)).then_some(byte[0])
    }

    /// Writes one byte.
    ///
    /// # Errors
    ///
    /// As writing: `NotConnected` if the device is not open for writing.
    #[doc(alias = "putChar")]
    fn put_char(&mut self, byte: u8) -> io::Result<()> {
        self.write_all(&[byte])
    }

    /// Puts a byte back in front of what can be read, so that it is read next. Returns false if it cannot:
    /// during a transaction, and on a device that is not open for reading.
    ///
    /// Several come out in the opposite order. What is below the device does not change.
    #[doc(alias = "ungetChar")]
    fn unget_char(&mut self, byte: u8) -> bool {
        let can = self.is_readable() && !self.is_transaction_started();
        if can {
            let has_messages = self.is_message_based();
            self.device_mut().unget(byte, has_messages);
        }
        can
    }

    /// Begins a transaction: what is read from now on can be given back. Returns false if it cannot begin:
    /// during another one, and on a device that is not open for reading.
    ///
    /// ```
    /// use slotwire::prelude::*;
    ///
    /// /// Takes a message that begins with its length, in one byte, once all of it has come.
    /// fn read_message(device: &mut dyn QIODevice) -> Option<Vec<u8>> {
    ///     device.start_transaction();
    ///     let length = usize::from(device.get_char().unwrap_or(u8::MAX));
    ///     let message = device.read_bytes(length);
    ///     if message.len() < length {
    ///         device.rollback_transaction();
    ///         return None;
    ///     }
    ///     device.commit_transaction();
    ///     Some(message)
    /// }
    ///
    /// # use slotwire::{OpenMode, QBuffer};
    /// let mut device = QBuffer::from(b"\x05hello\x05wor".to_vec());
    /// device.open(OpenMode::READ_ONLY)?;
    /// assert_eq!(read_message(&mut device).as_deref(), Some(&b"hello"[..]));
    /// assert_eq!(read_message(&mut device), None);
    /// assert_eq!(device.bytes_available(), 4);
    /// # Ok::<_, std::io::Error>(())
    /// ```
    #[doc(alias = "startTransaction")]
    fn start_transaction(&mut self) -> bool {
        transaction::start(self)
    }

    /// Ends the transaction; what was read in it is gone. Returns true if there was one.
    #[doc(alias = "commitTransaction")]
    fn commit_transaction(&mut self) -> bool {
        transaction::commit(self)
    }

    /// Ends the transaction; what was read in it can be read again, before what came meanwhile.
    /// Returns true if there was a transaction, and a random-access device could go back.
    #[doc(alias = "rollbackTransaction")]
    fn rollback_transaction(&mut self) -> bool {
        transaction::roll_back(self)
    }

    /// Returns true if a transaction is under way.
    #[doc(alias = "isTransactionStarted")]
    fn is_transaction_started(&self) -> bool {
        transaction::is_started(self)
    }

    /// Returns the last error in words: the text that was [set](Self::set_error_string), what the
    /// class knows, or `Unknown error`.
    #[doc(alias = "errorString")]
    fn error_string(&self) -> String {
        match self.device().existing_rare() {
            Some(rare) if !rare.error.is_empty() => rare.error.clone(),
            _ => self.error_text().unwrap_or_else(|| "Unknown error".to_owned()),
        }
    }

    /// Sets the text of the last error, until the device is opened or closed. For classes that
    /// extend a device.
    #[doc(alias = "setErrorString")]
    fn set_error_string(&mut self, text: &str) {
        text.clone_into(&mut self.device_mut().rare_mut().error);
    }

    /// Returns how many channels can be read: 1 if the device is open for reading.
    #[doc(alias = "readChannelCount")]
    fn read_channel_count(&self) -> usize {
        usize::from(self.is_readable())
    }

    /// Returns how many channels can be written: 1 if the device is open for writing.
    #[doc(alias = "writeChannelCount")]
    fn write_channel_count(&self) -> usize {
        usize::from(self.is_writable())
    }

    /// Returns the number of the channel that is read: 0, since no device here has several.
    #[doc(alias = "currentReadChannel")]
    fn current_read_channel(&self) -> usize {
        0
    }

    /// Chooses the channel that is read. Returns true if there is such a channel: that can only be 0.
    #[doc(alias = "setCurrentReadChannel")]
    fn set_current_read_channel(&mut self, channel: usize) -> bool {
        channel < self.read_channel_count() && !self.is_transaction_started()
    }

    /// Returns the number of the channel that is written: 0, since no device here has several.
    #[doc(alias = "currentWriteChannel")]
    fn current_write_channel(&self) -> usize {
        0
    }

    /// Chooses the channel that is written. Returns true if there is such a channel: that can only be 0.
    #[doc(alias = "setCurrentWriteChannel")]
    fn set_current_write_channel(&mut self, channel: usize) -> bool {
        channel < self.write_channel_count()
    }
}

crate::object_trait!(QIODevice);

/// What the classes of devices extend. A class shows the signals itself, since it alone has them.
pub(crate) static META: MetaObject =
    MetaObject::new("QIODevice").with_slots(&[MetaSlot::new("close")]);
