//! `QTextStream`: the stream, its settings and its status.

use std::fmt::{self, Debug, Formatter};

use super::encoding::{Encoding, MalformedText};
use super::format::{FieldAlignment, Format, IntegerBase, NumberFlags, RealNumberNotation};
use super::scan::Cursor;
use super::status::{TextStreamError, TextStreamStatus};
use crate::stream::device::StreamDevice;
use crate::stream::memory::{Bytes, Text};

/// Reads and writes words, lines and numbers, as Qt's class of this name.
///
/// A `ready_read` is not a line: it may bring half of one, or three. [`read_line`](Self::read_line)
/// returns a line once all of it has come, and [`read_whole`](Self::read_whole) does the same for words,
/// numbers and tuples of them:
///
/// ```
/// use slotwire::prelude::*;
/// use slotwire::stream::{QTextStream, TextStreamError};
///
/// #[derive(QObject)]
/// struct Client {
///     socket: Obj<QTcpSocket>,
///     greetings: Vec<String>,
/// }
///
/// #[slots]
/// impl Client {
///     #[slot(socket.ready_read)]
///     fn read(&mut self, cx: &mut Context<Self>) -> Result<(), TextStreamError> {
///         let mut stream = QTextStream::new(&mut cx[self.socket]);
///         while let Some(line) = stream.read_line()? {
///             self.greetings.push(line);
///         }
///         Ok(())
///     }
/// }
/// ```
///
/// The stream takes from the device only what it returns, so the device's own methods can be called
/// between those of the stream. What is written is given to the device before the call returns:
///
/// ```
/// # use slotwire::stream::{QTextStream, TextStreamError};
/// let mut stream = QTextStream::new(String::new());
/// stream.hex().showbase().write(&(255, ' '))?;
/// stream.fixed().set_real_number_precision(2);
/// stream.write(&2.5)?;
/// assert_eq!(stream.into_device(), "0xff 2.50");
/// # Ok::<_, TextStreamError>(())
/// ```
///
/// The encoding is UTF-8, unless a byte order mark tells another one, or it is
/// [set](Self::set_encoding). Numbers are written and read as in C, whatever the locale is.
pub struct QTextStream<D> {
    pub(super) device: D,
    pub(super) cursor: Cursor,
    pub(super) detects: bool,
    pub(super) marks: bool,
    pub(super) malformed: MalformedText,
    pub(super) limit: usize,
    pub(super) format: Format,
    pub(super) status: TextStreamStatus,
    /// How many reads are under way, each in the one before.
    pub(super) reads: usize,
    /// The device is in text mode: the stream leaves carriage returns out.
    pub(super) drops_returns: bool,
    /// How many bytes were taken from the device.
    pub(super) taken: u64,
    /// How many values are being written, each in the one before.
    pub(super) writes: usize,
    /// What was written of the outermost value.
    pub(super) outgoing: String,
    /// The device has got a text.
    pub(super) has_written: bool,
}

impl<'a> QTextStream<Bytes<'a>> {
    /// Creates a stream that reads bytes in memory.
    ///
    /// ```
    /// # use slotwire::stream::{QTextStream, TextStreamError};
    /// let mut stream = QTextStream::from_bytes(b"\xff\xfe4\x002\x00");
    /// assert_eq!(stream.read::<u8>()?, 42);
    /// # Ok::<_, TextStreamError>(())
    /// ```
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        Self::new(bytes.into())
    }
}

impl<'a> QTextStream<Text<'a>> {
    /// Creates a stream that reads text in memory, and writes at its end. It has no encoding.
    #[doc(alias = "setString")]
    pub fn from_text(text: impl Into<Text<'a>>) -> Self {
        Self::new(text.into())
    }
}

impl<D: StreamDevice> QTextStream<D> {
    /// Creates a stream on a device, in UTF-8.
    pub fn new(device: D) -> Self {
        Self {
            device,
            cursor: Cursor::default(),
            detects: true,
            marks: false,
            malformed: MalformedText::default(),
            limit: 64 << 20,
            format: Format::default(),
            status: TextStreamStatus::Ok,
            reads: 0,
            drops_returns: false,
            taken: 0,
            writes: 0,
            outgoing: String::new(),
            has_written: false,
        }
    }

    /// Returns the same stream in another encoding.
    #[must_use]
    pub fn with_encoding(mut self, encoding: Encoding) -> Self {
        self.set_encoding(encoding);
        self
    }

    /// Returns the same stream with or without the [detection](Self::set_auto_detect_unicode) of the
    /// encoding.
    #[must_use]
    pub fn with_auto_detect_unicode(mut self, enabled: bool) -> Self {
        self.detects = enabled;
        self
    }

    /// Returns the same stream, which replaces or refuses [malformed text](Self::set_malformed_text).
    #[must_use]
    pub fn with_malformed_text(mut self, malformed: MalformedText) -> Self {
        self.malformed = malformed;
        self
    }

    /// Returns what the stream reads from and writes to.
    #[doc(alias = "string")]
    pub fn device(&self) -> &D {
        &self.device
    }

    /// Ends the stream, and returns what it reads from and writes to.
    pub fn into_device(self) -> D {
        self.device
    }

    /// Returns the encoding: the one that was set, or that a byte order mark has told since.
    pub fn encoding(&self) -> Encoding {
        self.cursor.encoding
    }

    /// Sets the encoding for what is read and written from now on. The default is UTF-8. A stream on
    /// text in memory has none, and ignores it.
    #[doc(alias = "setEncoding")]
    pub fn set_encoding(&mut self, encoding: Encoding) {
        self.cursor.set_encoding(encoding);
    }

    /// Returns true if a byte order mark at the beginning tells the encoding.
    #[doc(alias = "autoDetectUnicode")]
    pub fn auto_detect_unicode(&self) -> bool {
        self.detects
    }

    /// Sets if a byte order mark with which the text begins tells the encoding, whatever it was set to.
    /// The default is true.
    ///
    /// The mark is never read as a character. Turn the detection off for a stream that begins in the
    /// middle of a text.
    #[doc(alias = "setAutoDetectUnicode")]
    pub fn set_auto_detect_unicode(&mut self, enabled: bool) {
        self.detects = enabled;
    }

    /// Returns true if the stream writes a byte order mark first.
    #[doc(alias = "generateByteOrderMark")]
    pub fn generate_byte_order_mark(&self) -> bool {
        self.marks
    }

    /// Sets if the stream writes a byte order mark before the first text, in UTF-8, UTF-16 and UTF-32.
    /// The default is false.
    #[doc(alias = "setGenerateByteOrderMark")]
    pub fn set_generate_byte_order_mark(&mut self, enabled: bool) {
        self.marks = enabled;
    }

    /// Returns what is done with malformed text.
    pub fn malformed_text(&self) -> MalformedText {
        self.malformed
    }

    /// Sets what is done with bytes that are no character in the encoding, and with characters that it
    /// does not have. The default is to replace them, as in Qt.
    pub fn set_malformed_text(&mut self, malformed: MalformedText) {
        self.malformed = malformed;
    }

    /// Returns how long a line, a word or a number may be, in bytes.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Sets how long a line, a word or a number may be, in bytes, and what is read in one transaction.
    /// The default is 64 MiB.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Returns the base of integers.
    #[doc(alias = "integerBase")]
    pub fn integer_base(&self) -> IntegerBase {
        self.format.base
    }

    /// Sets the base in which integers are read and written. The default is
    /// [`IntegerBase::Detected`].
    #[doc(alias = "setIntegerBase")]
    pub fn set_integer_base(&mut self, base: IntegerBase) {
        self.format.base = base;
    }

    /// Returns the width of fields.
    #[doc(alias = "fieldWidth")]
    pub fn field_width(&self) -> usize {
        self.format.field_width
    }

    /// Sets how many characters each value that is written has at least, also `endl`. The default is 0.
    #[doc(alias = "setFieldWidth")]
    #[doc(alias = "qSetFieldWidth")]
    pub fn set_field_width(&mut self, width: usize) {
        self.format.field_width = width;
    }

    /// Returns the character that fills fields.
    #[doc(alias = "padChar")]
    pub fn pad_char(&self) -> char {
        self.format.pad_char
    }

    /// Sets the character that fills fields. The default is a space.
    #[doc(alias = "setPadChar")]
    #[doc(alias = "qSetPadChar")]
    pub fn set_pad_char(&mut self, character: char) {
        self.format.pad_char = character;
    }

    /// Returns where texts stand in their fields.
    #[doc(alias = "fieldAlignment")]
    pub fn field_alignment(&self) -> FieldAlignment {
        self.format.alignment
    }

    /// Sets where texts stand in their fields. The default is [`FieldAlignment::Right`].
    #[doc(alias = "setFieldAlignment")]
    pub fn set_field_alignment(&mut self, alignment: FieldAlignment) {
        self.format.alignment = alignment;
    }

    /// Returns the notation in which floating-point numbers are written.
    #[doc(alias = "realNumberNotation")]
    pub fn real_number_notation(&self) -> RealNumberNotation {
        self.format.notation
    }

    /// Sets the notation in which floating-point numbers are written. The default is
    /// [`RealNumberNotation::Smart`].
    #[doc(alias = "setRealNumberNotation")]
    pub fn set_real_number_notation(&mut self, notation: RealNumberNotation) {
        self.format.notation = notation;
    }

    /// Returns the precision in which floating-point numbers are written.
    #[doc(alias = "realNumberPrecision")]
    pub fn real_number_precision(&self) -> u16 {
        self.format.precision
    }

    /// Sets the precision in which floating-point numbers are written, in digits: which, the
    /// [notation](RealNumberNotation) says. The default is 6.
    #[doc(alias = "setRealNumberPrecision")]
    #[doc(alias = "qSetRealNumberPrecision")]
    pub fn set_real_number_precision(&mut self, precision: u16) {
        self.format.precision = precision;
    }

    /// Returns what is written of numbers besides their digits.
    #[doc(alias = "numberFlags")]
    pub fn number_flags(&self) -> NumberFlags {
        self.format.flags
    }

    /// Sets what is written of numbers besides their digits. The default is nothing but a minus sign.
    #[doc(alias = "setNumberFlags")]
    pub fn set_number_flags(&mut self, flags: NumberFlags) {
        self.format.flags = flags;
    }

    /// Sets back how values are written, and integers read: base, field, notation, precision, flags.
    /// The encoding, the limit and the status stay as they are.
    pub fn reset(&mut self) -> &mut Self {
        self.format = Format::default();
        self
    }

    /// Returns the first thing that went wrong since the status was reset.
    pub fn status(&self) -> TextStreamStatus {
        self.status
    }

    /// Sets the status, unless something went wrong before.
    #[doc(alias = "setStatus")]
    pub fn set_status(&mut self, status: TextStreamStatus) {
        if self.status == TextStreamStatus::Ok {
            self.status = status;
        }
    }

    /// Forgets what went wrong.
    #[doc(alias = "resetStatus")]
    pub fn reset_status(&mut self) {
        self.status = TextStreamStatus::Ok;
    }

    /// Notes what went wrong.
    #[cold]
    pub(super) fn failed(&mut self, error: TextStreamError) -> TextStreamError {
        self.set_status(error.status());
        error
    }
}

impl<D: Debug> Debug for QTextStream<D> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("QTextStream")
            .field("device", &self.device)
            .field("encoding", &self.cursor.encoding)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
