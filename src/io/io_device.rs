//! `QIODevice`: the trait of all devices.
//!
//! The methods are short: `reading.rs`, `writing.rs` and `transaction.rs` have what they do, and
//! `device.rs` the state. No method is meant to be overridden; classes differ in their
//! [`RawDevice`].

use std::io::{self, BufRead, Write};

use super::device::Device;
use super::open_mode::OpenMode;
use super::raw_device::RawDevice;
use super::reading::{self, Lines};
use super::{device_signal, forwarding, message_reading, transaction, writing};
use crate::object::{MetaObject, MetaSlot, QObject, Signal};

/// Something that bytes are read from and written to, and that announces both by signals.
///
/// The methods for reading and writing are those of the standard library: a device is
/// [`Read`](io::Read), [`BufRead`] and [`Write`], so every crate that takes a reader or a writer
/// takes a device. None of them ever blocks. A read returns
/// [`WouldBlock`](std::io::ErrorKind::WouldBlock) if nothing has come yet, and `Ok(0)` at the end.
/// What is written to a socket is queued, and the event loop sends it.
///
/// A *sequential* device, such as a socket, gives each byte once, in order. A *random-access*
/// device, such as a [`QBuffer`](super::QBuffer), has a size and a position, which reading and
/// writing move.
///
/// To write a device of your own, implement [`RawDevice`]. To extend a device, embed it with
/// `#[qobject(base: QIODevice)]`: see [`QObject`](macro@crate::QObject).
///
/// ```no_run
/// use slotwire::prelude::*;
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
    /// Returns the state on which the provided methods work.
    #[doc(hidden)]
    fn device(&self) -> &Device;

    /// Returns the state on which the provided methods work, mutably.
    #[doc(hidden)]
    fn device_mut(&mut self) -> &mut Device;

    /// Emitted when new bytes have arrived. Not repeated for bytes that stay unread.
    #[doc(alias = "readyRead")]
    #[must_use = "this returns the signal and emits nothing"]
    fn ready_read(&self) -> &Signal<()> {
        device_signal::ready_read(self.device())
    }

    /// Emitted when bytes have been sent or written, with their number.
    #[doc(alias = "bytesWritten")]
    #[must_use = "this returns the signal and emits nothing"]
    fn bytes_written(&self) -> &Signal<usize> {
        device_signal::bytes_written(self.device())
    }

    /// Emitted when the device is about to be closed.
    ///
    /// The slots of a socket or a [`QBuffer`](super::QBuffer) still find the device open, and can
    /// read what is left and write. A device of your own is closed already when the slots run,
    /// after the method that closed it has returned: what was not read is gone then.
    #[doc(alias = "aboutToClose")]
    #[must_use = "this returns the signal and emits nothing"]
    fn about_to_close(&self) -> &Signal<()> {
        device_signal::about_to_close(self.device())
    }

    /// Emitted when no more bytes will arrive.
    #[doc(alias = "readChannelFinished")]
    #[must_use = "this returns the signal and emits nothing"]
    fn read_channel_finished(&self) -> &Signal<()> {
        device_signal::read_channel_finished(self.device())
    }

    /// Emitted after [`ready_read`](Self::ready_read), with the number of the channel: 0.
    #[doc(alias = "channelReadyRead")]
    #[must_use = "this returns the signal and emits nothing"]
    fn channel_ready_read(&self) -> &Signal<usize> {
        device_signal::channel_ready_read(self.device())
    }

    /// Emitted after [`bytes_written`](Self::bytes_written), with the number of the channel, 0, and
    /// the number of bytes.
    #[doc(alias = "channelBytesWritten")]
    #[must_use = "this returns the signal and emits nothing"]
    fn channel_bytes_written(&self) -> &Signal<(usize, usize)> {
        device_signal::channel_bytes_written(self.device())
    }

    /// Opens the device. If it is open already, it is opened anew.
    ///
    /// Drops the buffer, and begins at the start of a random-access device, or at its end with
    /// [`APPEND`](OpenMode::APPEND). A socket is opened by connecting; this only sets its mode.
    ///
    /// # Errors
    ///
    /// Fails with `InvalidInput` if the mode allows neither reading nor writing, and with any error
    /// of [`open_data`](RawDevice::open_data) or [`seek_data`](RawDevice::seek_data). The device is
    /// closed then.
    fn open(&mut self, mode: OpenMode) -> io::Result<()> {
        writing::open(self, mode)
    }

    /// Closes the device. If it was open, `about_to_close` is emitted. What was not read is dropped
    /// and a transaction ends. What was written is still sent where the device can do that.
    ///
    /// The slots of `about_to_close` still find a socket open, if there are any: then
    /// [`is_open`](Self::is_open) returns true until they have run.
    fn close(&mut self) {
        writing::close(self);
    }

    /// Returns the open mode of the device.
    #[doc(alias = "openMode")]
    fn open_mode(&self) -> OpenMode {
        self.device().mode()
    }

    /// Sets the open mode of the device and does nothing else. For classes that extend a device.
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

    /// Returns true if the device is in text mode: reading drops carriage returns.
    #[doc(alias = "isTextModeEnabled")]
    fn is_text_mode_enabled(&self) -> bool {
        self.open_mode().contains(OpenMode::TEXT)
    }

    /// Turns text mode on or off. Does nothing if the device is not open.
    ///
    /// In text mode, reading drops every carriage return, not only those before a line feed; the
    /// methods that read lines drop only those before the line feed.
    /// [`bytes_available`](Self::bytes_available) still counts carriage returns, and `fill_buf`
    /// returns the bytes up to the next one. Writing does not change. This is what Qt does on
    /// systems whose lines end with a line feed.
    #[doc(alias = "setTextModeEnabled")]
    fn set_text_mode_enabled(&mut self, enabled: bool) {
        if self.is_open() {
            let mut mode = self.open_mode();
            mode.set(OpenMode::TEXT, enabled);
            self.set_open_mode(mode);
        }
    }

    /// Returns true if the device gives each byte once, in order, and has no positions.
    #[doc(alias = "isSequential")]
    fn is_sequential(&self) -> bool {
        !self.is_random_access()
    }

    /// Returns the position of the next read or write, in bytes, or 0 for a sequential device.
    fn pos(&self) -> u64 {
        writing::position(self)
    }

    /// Returns the size of a random-access device, in bytes. For a sequential device, returns the
    /// number of bytes that can be read now.
    fn size(&self) -> u64 {
        if self.is_random_access() { self.data_size() } else { self.bytes_available() as u64 }
    }

    /// Moves the next read or write to a position, in bytes from the start.
    ///
    /// # Errors
    ///
    /// Fails with `Unsupported` on a sequential device, with `NotConnected` if the device is not
    /// open, and if the device refuses the position, as a [`QBuffer`](super::QBuffer) that is not
    /// open for writing does after its end. A [`QBuffer`](super::QBuffer) that is open for writing
    /// fails with `OutOfMemory` if there is no memory up to the position.
    #[doc(alias = "seek")]
    fn seek_to(&mut self, position: u64) -> io::Result<()> {
        writing::seek(self, position)
    }

    /// Moves to the start.
    ///
    /// # Errors
    ///
    /// Fails as [`seek_to`](Self::seek_to) does.
    fn reset(&mut self) -> io::Result<()> {
        self.seek_to(0)
    }

    /// Returns the number of bytes that can be read now. An empty datagram has none. A device that
    /// is not open for reading has none, except for a bound socket of datagrams.
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

    /// Returns the number of written bytes that have not been sent yet.
    #[doc(alias = "bytesToWrite")]
    fn bytes_to_write(&self) -> usize {
        self.device().outgoing().len() + self.data_to_write()
    }

    /// Returns true if a whole line can be read now.
    ///
    /// Looks at the buffer, and asks the device what it knows of the bytes below. A socket of
    /// datagrams or an unbuffered socket knows only what was peeked at: there may be a line even if
    /// this returns false.
    #[doc(alias = "canReadLine")]
    fn can_read_line(&self) -> bool {
        self.is_readable()
            && self.device().message().is_none_or(|next| !next.is_empty())
            && (self.device().line_len(usize::MAX).is_some() || self.line_available())
    }

    /// Returns true if there is nothing to read now. More may arrive later on a device such as a
    /// socket.
    ///
    /// An empty datagram is something to read, although it has no bytes. A device that is not open
    /// for reading has nothing to read, except for a bound socket of datagrams.
    #[doc(alias = "atEnd")]
    fn at_end(&self) -> bool {
        if self.is_message_based() {
            !message_reading::has_message(self)
        } else {
            self.bytes_available() == 0
        }
    }

    /// Reads everything that can be read now. On a device of datagrams, reads one datagram. Returns
    /// an empty vector if there is nothing.
    #[doc(alias = "readAll")]
    fn read_all(&mut self) -> Vec<u8> {
        reading::read_bytes(self, usize::MAX)
    }

    /// Reads up to `max` bytes of what can be read now. Returns an empty vector if there is
    /// nothing. On a device of datagrams, reads one datagram; if it is longer than `max`, the rest
    /// is lost, unless the datagram was peeked at before.
    #[doc(alias = "read")]
    fn read_bytes(&mut self, max: usize) -> Vec<u8> {
        reading::read_bytes(self, max)
    }

    /// Reads the next line with its line feed, once the whole line has arrived. At the end of the
    /// device, reads what is left. On a device of datagrams, an empty datagram ends a line; if no
    /// line has begun, it is read as an empty line.
    #[doc(alias = "readLine")]
    fn read_line_bytes(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        reading::read_line(self, &mut line, usize::MAX, Lines::Whole).then_some(line)
    }

    /// Reads the next line as text, without its line feed or its carriage return and line feed,
    /// once the whole line has arrived. At the end of the device, reads what is left.
    ///
    /// Bytes that are not UTF-8 become U+FFFD.
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

    /// Reads what there is of the next line, up to `max` bytes including the line feed. Returns an
    /// empty vector if there is nothing.
    ///
    /// Like Qt's `readLine(max + 1)`: Qt counts one byte more, for a terminator.
    #[doc(alias = "readLine")]
    fn read_line_max(&mut self, max: usize) -> Vec<u8> {
        let mut line = Vec::new();
        self.read_line_into(&mut line, max);
        line
    }

    /// Replaces the content of `line` by what there is of the next line, up to `max` bytes
    /// including the line feed. Returns true if there was anything.
    #[doc(alias = "readLineInto")]
    #[doc(alias = "readLineData")]
    fn read_line_into(&mut self, line: &mut Vec<u8>, max: usize) -> bool {
        reading::read_line(self, line, max, Lines::Partial)
    }

    /// Returns up to `max` bytes of what can be read now, and leaves them unread. On a device of
    /// datagrams, returns bytes of one datagram; if that is empty, the next call looks at the
    /// datagram after it.
    fn peek(&mut self, max: usize) -> &[u8] {
        reading::peek(self, max)
    }

    /// Drops up to `max` bytes of what can be read now. Returns the number of dropped bytes. On a
    /// device of datagrams, drops one whole datagram, or only `max` bytes of it if it was peeked at
    /// before.
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

    /// Reads the next byte, if there is one.
    #[doc(alias = "getChar")]
    fn get_char(&mut self) -> Option<u8> {
        let mut byte = [0];
        matches!(reading::read(self, &mut byte), Ok(1)).then_some(byte[0])
    }

    /// Writes one byte.
    ///
    /// # Errors
    ///
    /// Fails as writing does: with `NotConnected` if the device is not open for writing.
    #[doc(alias = "putChar")]
    fn put_char(&mut self, byte: u8) -> io::Result<()> {
        self.write_all(&[byte])
    }

    /// Puts a byte back, so that it is read next. Returns true if it did. Returns false during a
    /// transaction, and if the device is not open for reading.
    ///
    /// Several bytes are read in the opposite order. What is below the buffer does not change.
    #[doc(alias = "ungetChar")]
    fn unget_char(&mut self, byte: u8) -> bool {
        let can = self.is_readable() && !self.is_transaction_started();
        if can {
            let has_messages = self.is_message_based();
            self.device_mut().unget(byte, has_messages);
        }
        can
    }

    /// Begins a transaction: what is read from now on can be put back. Returns true if a
    /// transaction has begun. Returns false during another transaction, and if the device is not
    /// open for reading.
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

    /// Ends the transaction and drops what was read in it. Returns true if there was a transaction.
    #[doc(alias = "commitTransaction")]
    fn commit_transaction(&mut self) -> bool {
        transaction::commit(self)
    }

    /// Ends the transaction and puts back what was read in it, before what arrived meanwhile.
    /// Returns true if there was a transaction, and, on a random-access device, if it could move
    /// back.
    #[doc(alias = "rollbackTransaction")]
    fn rollback_transaction(&mut self) -> bool {
        transaction::roll_back(self)
    }

    /// Returns true during a transaction.
    #[doc(alias = "isTransactionStarted")]
    fn is_transaction_started(&self) -> bool {
        transaction::is_started(self)
    }

    /// Returns a description of the last error: the text that was [set](Self::set_error_string),
    /// what the class knows, or `Unknown error`.
    #[doc(alias = "errorString")]
    fn error_string(&self) -> String {
        match self.device().existing_rare() {
            Some(rare) if !rare.error.is_empty() => rare.error.clone(),
            _ => self.error_text().unwrap_or_else(|| "Unknown error".to_owned()),
        }
    }

    /// Sets the description of the last error, until the device is opened or closed. For classes
    /// that extend a device.
    #[doc(alias = "setErrorString")]
    fn set_error_string(&mut self, text: &str) {
        text.clone_into(&mut self.device_mut().rare_mut().error);
    }

    /// Returns the number of channels that can be read: 1 if the device is open for reading,
    /// otherwise 0.
    #[doc(alias = "readChannelCount")]
    fn read_channel_count(&self) -> usize {
        usize::from(self.is_readable())
    }

    /// Returns the number of channels that can be written: 1 if the device is open for writing,
    /// otherwise 0.
    #[doc(alias = "writeChannelCount")]
    fn write_channel_count(&self) -> usize {
        usize::from(self.is_writable())
    }

    /// Returns the number of the channel that is read: always 0, since no device here has several.
    #[doc(alias = "currentReadChannel")]
    fn current_read_channel(&self) -> usize {
        0
    }

    /// Sets the channel that is read. Returns true if that is possible: the only channel is 0.
    #[doc(alias = "setCurrentReadChannel")]
    fn set_current_read_channel(&mut self, channel: usize) -> bool {
        channel < self.read_channel_count() && !self.is_transaction_started()
    }

    /// Returns the number of the channel that is written: always 0, since no device here has
    /// several.
    #[doc(alias = "currentWriteChannel")]
    fn current_write_channel(&self) -> usize {
        0
    }

    /// Sets the channel that is written. Returns true if that is possible: the only channel is 0.
    #[doc(alias = "setCurrentWriteChannel")]
    fn set_current_write_channel(&mut self, channel: usize) -> bool {
        channel < self.write_channel_count()
    }
}

crate::object_trait!(QIODevice);

/// The description of the class that all devices extend. Each class lists the signals itself, since
/// only the class has them.
pub(crate) static META: MetaObject =
    MetaObject::new("QIODevice").with_slots(&[MetaSlot::new("close")]);
