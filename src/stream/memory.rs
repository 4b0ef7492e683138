//! Devices in memory: bytes and text to read, a vector and a string to write into.

use std::borrow::Cow;
use std::io::{self, ErrorKind};

use super::cursor::{Cursor, first};
use super::device::StreamDevice;

/// Bytes in memory that a stream reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bytes<'a> {
    all: &'a [u8],
    cursor: Cursor,
}

impl<'a> From<&'a [u8]> for Bytes<'a> {
    fn from(all: &'a [u8]) -> Self {
        Self { all, cursor: Cursor::default() }
    }
}

impl StreamDevice for Bytes<'_> {
    fn look(&mut self, count: usize) -> &[u8] {
        first(&self.all[self.cursor.at()..], count)
    }

    fn take(&mut self, count: usize) {
        self.cursor.take(count, self.all.len());
    }

    fn put(&mut self, _: &[u8]) -> io::Result<()> {
        Err(io::Error::new(ErrorKind::Unsupported, "these bytes can only be read"))
    }

    fn begin(&mut self) -> bool {
        self.cursor.begin()
    }

    fn end(&mut self, puts_back: bool) {
        self.cursor.end(puts_back);
    }

    fn look_to_end(&mut self, count: usize) -> (&[u8], bool) {
        let rest = &self.all[self.cursor.at()..];
        (first(rest, count), rest.len() <= count)
    }

    fn position(&self) -> Option<u64> {
        Some(self.cursor.at() as u64)
    }

    fn seek(&mut self, position: u64) -> io::Result<()> {
        self.cursor.seek(place(position, self.all.len())?);
        Ok(())
    }
}

impl StreamDevice for Vec<u8> {
    fn look(&mut self, _: usize) -> &[u8] {
        &[]
    }

    fn take(&mut self, _: usize) {}

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.try_reserve(bytes.len())?;
        self.extend_from_slice(bytes);
        Ok(())
    }

    fn begin(&mut self) -> bool {
        true
    }

    fn end(&mut self, _: bool) {}

    fn look_to_end(&mut self, _: usize) -> (&[u8], bool) {
        (&[], true)
    }
}

/// Text in memory that a text stream reads, and writes at its end.
///
/// ```
/// use slotwire::stream::{QTextStream, TextStreamError};
///
/// let mut stream = QTextStream::from_text("width 80");
/// assert_eq!(stream.read::<(String, u16)>()?, ("width".to_owned(), 80));
/// stream.write(" columns")?;
/// assert_eq!(stream.into_device().into_string(), "width 80 columns");
/// # Ok::<_, TextStreamError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Text<'a> {
    all: Cow<'a, str>,
    cursor: Cursor,
}

impl Text<'_> {
    /// Returns all of the text, whatever the position is.
    #[doc(alias = "string")]
    pub fn as_str(&self) -> &str {
        &self.all
    }

    /// Returns all of the text.
    pub fn into_string(self) -> String {
        self.all.into_owned()
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(all: &'a str) -> Self {
        Self { all: all.into(), cursor: Cursor::default() }
    }
}

impl From<String> for Text<'_> {
    fn from(all: String) -> Self {
        Self { all: all.into(), cursor: Cursor::default() }
    }
}

impl StreamDevice for Text<'_> {
    fn look(&mut self, count: usize) -> &[u8] {
        first(&self.all.as_bytes()[self.cursor.at()..], count)
    }

    fn take(&mut self, count: usize) {
        self.cursor.take(count, self.all.len());
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        StreamDevice::put(self.all.to_mut(), bytes)
    }

    fn begin(&mut self) -> bool {
        self.cursor.begin()
    }

    fn end(&mut self, puts_back: bool) {
        self.cursor.end(puts_back);
    }

    fn look_to_end(&mut self, count: usize) -> (&[u8], bool) {
        let rest = &self.all.as_bytes()[self.cursor.at()..];
        (first(rest, count), rest.len() <= count)
    }

    fn position(&self) -> Option<u64> {
        Some(self.cursor.at() as u64)
    }

    /// Fails with `InvalidInput` in the middle of a character too.
    fn seek(&mut self, position: u64) -> io::Result<()> {
        let at = place(position, self.all.len())?;
        if !self.all.is_char_boundary(at) {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                format!("position {position} is in the middle of a character"),
            ));
        }
        self.cursor.seek(at);
        Ok(())
    }

    fn is_text(&self) -> bool {
        true
    }
}

/// A string can only be written: what is written is appended.
impl StreamDevice for String {
    fn look(&mut self, _: usize) -> &[u8] {
        &[]
    }

    fn take(&mut self, _: usize) {}

    /// Fails with `InvalidData` if the bytes are not UTF-8.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| io::Error::new(ErrorKind::InvalidData, "a string takes only UTF-8"))?;
        self.try_reserve(text.len())?;
        self.push_str(text);
        Ok(())
    }

    fn begin(&mut self) -> bool {
        true
    }

    fn end(&mut self, _: bool) {}

    fn look_to_end(&mut self, _: usize) -> (&[u8], bool) {
        (&[], true)
    }

    fn is_text(&self) -> bool {
        true
    }
}

/// Returns a position within `len` bytes.
fn place(position: u64, len: usize) -> io::Result<usize> {
    usize::try_from(position).ok().filter(|&at| at <= len).ok_or_else(|| {
        let message = format!("position {position} is after the end, which is at {len}");
        io::Error::new(ErrorKind::InvalidInput, message)
    })
}
