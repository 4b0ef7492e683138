//! Writing: values, formatted text, and the fields in which they stand.

use std::fmt::{self, Write};
use std::io;

use super::encoding::Encoding;
use super::format::FieldAlignment;
use super::status::{TextStreamError, TextStreamStatus};
use super::text_stream::QTextStream;
use super::value::ToTextStream;
use crate::stream::device::StreamDevice;

impl<D: StreamDevice> QTextStream<D> {
    /// Writes a value: a text, a character, a number, or a tuple of these. If the device does not take all
    /// of it, none of it is written.
    ///
    /// Each text and number is a field: it has at least as many characters as the
    /// [width](Self::set_field_width) says.
    ///
    /// ```
    /// # use slotwire::stream::{FieldAlignment, QTextStream, TextStreamError};
    /// let mut stream = QTextStream::new(String::new());
    /// stream.set_field_width(6);
    /// stream.set_field_alignment(FieldAlignment::AccountingStyle);
    /// stream.write(&(-1.5, "two", 3))?;
    /// assert_eq!(stream.into_device(), "-  1.5   two     3");
    /// # Ok::<_, TextStreamError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`WriteFailed`](TextStreamError::WriteFailed) if the device does not take it;
    /// [`Unencodable`](TextStreamError::Unencodable) if the encoding lacks a character and those are
    /// refused; [`AfterFailure`](TextStreamError::AfterFailure) if something went wrong before, also in
    /// reading, and the status was not reset, as in Qt.
    #[doc(alias = "operator<<")]
    pub fn write<T: ToTextStream + ?Sized>(&mut self, value: &T) -> Result<(), TextStreamError> {
        self.write_with(|stream| value.write_to(stream))
    }

    /// Writes a formatted text, for `write!` and `writeln!`. It is no field, and is written whole or not
    /// at all.
    ///
    /// ```
    /// # use slotwire::stream::{QTextStream, TextStreamError};
    /// let mut stream = QTextStream::new(String::new());
    /// writeln!(stream, "{:>5}", 42)?;
    /// assert_eq!(stream.into_device(), "   42\n");
    /// # Ok::<_, TextStreamError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> Result<(), TextStreamError> {
        self.write_with(|stream| {
            stream.outgoing.write_fmt(text).map_err(|_| {
                let message = "a value could not be formatted";
                TextStreamError::WriteFailed(io::Error::other(message))
            })
        })
    }

    /// Writes a line feed, as a field, and passes on what was written.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write) and [`flush`](Self::flush).
    pub fn endl(&mut self) -> Result<(), TextStreamError> {
        self.write("\n")?;
        self.flush()
    }

    /// Passes on what was written, where the device keeps it. The stream itself keeps nothing: what was
    /// written is in the device already.
    ///
    /// # Errors
    ///
    /// [`WriteFailed`](TextStreamError::WriteFailed) if the device cannot pass it on.
    pub fn flush(&mut self) -> Result<(), TextStreamError> {
        self.device.flush().map_err(|error| self.failed(TextStreamError::WriteFailed(error)))
    }

    /// Writes what `f` appends to the outgoing text.
    fn write_with(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<(), TextStreamError>,
    ) -> Result<(), TextStreamError> {
        if self.status != TextStreamStatus::Ok {
            return Err(TextStreamError::AfterFailure(self.status));
        }
        if self.writes == 0 {
            self.outgoing.clear();
        }
        self.writes += 1;
        let begun = self.outgoing.len();
        let written = Part { stream: self }.run(f);
        if written.is_err() {
            // The value around this one may write something else in its place.
            self.outgoing.truncate(begun);
        }
        let written = if self.writes == 0 { written.and_then(|()| self.send()) } else { written };
        written.map_err(|error| self.failed(error))
    }

    /// Passes the outermost value on to the device, unless a part of it failed.
    fn send(&mut self) -> Result<(), TextStreamError> {
        if self.status != TextStreamStatus::Ok {
            return Err(TextStreamError::AfterFailure(self.status));
        }
        if self.outgoing.is_empty() {
            return Ok(());
        }
        let (is_text, encoding) = (self.device.is_text(), self.cursor.encoding);
        let has_mark = self.marks && !self.has_written && !is_text;
        let sent = if is_text || encoding == Encoding::Utf8 && !has_mark {
            self.device.put(self.outgoing.as_bytes())
        } else {
            let mut bytes = Vec::new();
            if has_mark {
                bytes.extend_from_slice(encoding.mark());
            }
            encoding
                .encode(&self.outgoing, &mut bytes, self.malformed)
                .map_err(|character| TextStreamError::Unencodable { character, encoding })?;
            self.device.put(&bytes)
        };
        sent.map_err(TextStreamError::WriteFailed)?;
        self.has_written = true;
        Ok(())
    }

    /// Writes a text as a field; as a value by itself if there is none that is being written, which is
    /// so if a program calls `write_to`.
    pub(super) fn push_field(
        &mut self,
        text: &str,
        is_number: bool,
    ) -> Result<(), TextStreamError> {
        if self.writes == 0 {
            return self.write_with(|stream| stream.push_field(text, is_number));
        }
        let format = self.format;
        let padding = match format.field_width {
            0 => 0,
            width => width.saturating_sub(text.chars().count()),
        };
        let bytes = padding.saturating_mul(format.pad_char.len_utf8()).saturating_add(text.len());
        self.outgoing
            .try_reserve(bytes)
            .map_err(|error| TextStreamError::WriteFailed(error.into()))?;
        let (left, right) = match format.alignment {
            FieldAlignment::Left => (0, padding),
            FieldAlignment::Right | FieldAlignment::AccountingStyle => (padding, 0),
            FieldAlignment::Center => (padding / 2, padding - padding / 2),
        };
        let sign_len = match format.alignment {
            FieldAlignment::AccountingStyle if is_number => {
                usize::from(text.starts_with(['+', '-']))
            }
            _ => 0,
        };
        let (sign, rest) = text.split_at(sign_len);
        self.outgoing.push_str(sign);
        self.outgoing.extend(std::iter::repeat_n(format.pad_char, left));
        self.outgoing.push_str(rest);
        self.outgoing.extend(std::iter::repeat_n(format.pad_char, right));
        Ok(())
    }
}

/// Text that is formatted piece by piece. A piece is no field.
impl<D: StreamDevice> Write for QTextStream<D> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write_fmt(format_args!("{text}")).map_err(|_| fmt::Error)
    }

    fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> fmt::Result {
        QTextStream::write_fmt(self, text).map_err(|_| fmt::Error)
    }
}

/// The writing of a value, which ends in any case, also if the code of the value panics.
struct Part<'a, D> {
    stream: &'a mut QTextStream<D>,
}

impl<D> Part<'_, D> {
    fn run<T>(self, f: impl FnOnce(&mut QTextStream<D>) -> T) -> T {
        f(self.stream)
    }
}

impl<D> Drop for Part<'_, D> {
    fn drop(&mut self) {
        self.stream.writes -= 1;
    }
}
