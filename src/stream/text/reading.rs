//! Reading: values, lines, characters, and transactions.

use std::io::{self, ErrorKind};

use memchr::memchr;

use super::encoding::Encoding;
use super::scan::{End, Next};
use super::status::{TextStreamError, TextStreamStatus};
use super::text_stream::QTextStream;
use super::value::FromTextStream;
use crate::stream::device::StreamDevice;

/// How many bytes of a line are looked at first.
const FIRST_OF_LINE: usize = 1024;

/// How much white space is passed at once.
const WHITE_SPACE_AT_ONCE: usize = 64 * 1024;

/// A line behind the cursor.
#[derive(Clone, Copy, Debug)]
struct FoundLine {
    /// How many bytes its text has.
    text: usize,
    /// How many bytes it has with its end.
    len: usize,
}

impl<D: StreamDevice> QTextStream<D> {
    /// Reads a value: a word as a `String`, a number, a character, or a tuple of these. White space
    /// before words and numbers is passed.
    ///
    /// A word or a number has come whole if something else follows it, or if no more bytes will come: at
    /// the end of memory, of a file, or of a connection whose peer has closed. Otherwise the call fails,
    /// and the value stays in the device. Whatever the error is, no more than white space is taken, so
    /// that the text can be read in another way.
    ///
    /// ```
    /// # use slotwire::stream::{QTextStream, TextStreamError};
    /// let mut stream = QTextStream::from_text(" 0x2a 42 forty-two");
    /// assert_eq!(stream.read::<(u8, f64)>()?, (42, 42.0));
    /// assert!(stream.read::<u8>().is_err());
    /// assert_eq!(stream.read::<String>()?, "forty-two");
    /// # Ok::<_, TextStreamError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ReadPastEnd`](TextStreamError::ReadPastEnd) if the value has not come whole;
    /// [`ReadCorruptData`](TextStreamError::ReadCorruptData) if the text is no such value;
    /// [`NumberOutOfRange`](TextStreamError::NumberOutOfRange) if the type has no such number;
    /// [`Undecodable`](TextStreamError::Undecodable) and
    /// [`LimitExceeded`](TextStreamError::LimitExceeded).
    #[doc(alias = "operator>>")]
    pub fn read<T: FromTextStream>(&mut self) -> Result<T, TextStreamError> {
        if self.reads == 0 && T::SKIPS_WHITE_SPACE {
            self.skip_white_space();
        }
        self.step(T::read_from)
    }

    /// Reads a value if all of it has come. Returns `None` if it has not: what has come is then left
    /// for the next time, and the status does not change. White space before a word or a number is
    /// passed in any case, so that it does not fill the device.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), except for `ReadPastEnd`. No more than white space is taken then.
    pub fn read_whole<T: FromTextStream>(&mut self) -> Result<Option<T>, TextStreamError> {
        if self.reads == 0 && T::SKIPS_WHITE_SPACE {
            self.skip_white_space();
        }
        self.transaction(Self::read)
    }

    /// Reads what `f` reads, if all of it has come. Returns `None` if it has not: what has come is
    /// then left for the next time, and the status does not change. In `f`, a line that has not come
    /// whole counts as such, although `read_line` returns `None` for it and no error.
    ///
    /// ```
    /// # use slotwire::stream::{QTextStream, TextStreamError};
    /// let mut stream = QTextStream::from_text("2\nred\ngreen\n2\nblue\n");
    /// let mut next = || {
    ///     stream.transaction(|stream| {
    ///         let count = stream.read::<usize>()?;
    ///         stream.read_line()?;
    ///         (0..count).map(|_| stream.read_line()).collect::<Result<Option<Vec<_>>, _>>()
    ///     })
    /// };
    /// assert_eq!(next()?, Some(Some(vec!["red".to_owned(), "green".to_owned()])));
    /// assert_eq!(next()?, None, "one line has not come yet");
    /// # Ok::<_, TextStreamError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the error of `f`, except for one because more must come. Nothing is taken then. An error
    /// that `f` does not pass on counts too: [`AfterFailure`](TextStreamError::AfterFailure) tells its
    /// status.
    pub fn transaction<T>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, TextStreamError>,
    ) -> Result<Option<T>, TextStreamError> {
        let before = std::mem::take(&mut self.status);
        let read = self.step(|stream| {
            let read = f(stream).map_err(|error| stream.failed(error));
            match stream.status {
                TextStreamStatus::ReadPastEnd => Err(TextStreamError::ReadPastEnd),
                TextStreamStatus::Ok => read,
                status => read.and(Err(TextStreamError::AfterFailure(status))),
            }
        });
        let lacks_more = matches!(read, Err(TextStreamError::ReadPastEnd)) && self.reads == 0;
        if lacks_more || before != TextStreamStatus::Ok {
            self.status = before;
        }
        if lacks_more { Ok(None) } else { read.map(Some) }
    }

    /// Reads the next line, without its line feed or its carriage return and line feed, once the whole
    /// line has come. At the end of the device, reads what is left. Returns `None` if there is no line.
    ///
    /// Qt's `readLine` returns what there is of a line; [`read_line_max`](Self::read_line_max) does
    /// that.
    ///
    /// # Errors
    ///
    /// [`LimitExceeded`](TextStreamError::LimitExceeded) if the line is longer than the
    /// [limit](Self::set_limit); [`Undecodable`](TextStreamError::Undecodable). Nothing is taken then.
    #[doc(alias = "readLine")]
    pub fn read_line(&mut self) -> Result<Option<String>, TextStreamError> {
        let mut line = String::new();
        Ok(self.read_line_into(&mut line)?.then_some(line))
    }

    /// Reads the next line into `line`, which is emptied before. Returns true if there was one.
    /// Otherwise as [`read_line`](Self::read_line).
    ///
    /// # Errors
    ///
    /// As [`read_line`](Self::read_line).
    #[doc(alias = "readLineInto")]
    pub fn read_line_into(&mut self, line: &mut String) -> Result<bool, TextStreamError> {
        line.clear();
        self.step(|stream| {
            let Some(found) = stream.find_line()? else {
                if stream.reads > 1 {
                    // In a transaction, more must come.
                    stream.set_status(TextStreamStatus::ReadPastEnd);
                }
                return Ok(false);
            };
            stream.take_text(found.text, line)?;
            stream.advance(found.len - found.text);
            Ok(true)
        })
    }

    /// Reads what there is of the next line, up to `max` characters including its line feed, and
    /// returns it without its line feed or its carriage return and line feed. Returns `None` if there is
    /// nothing.
    ///
    /// A longer line comes in parts, as in Qt: if it has exactly `max` characters, its line feed is
    /// read as an empty part. A carriage return and the line feed behind it are never in two parts, and a
    /// carriage return at the end of what has come waits for what follows.
    ///
    /// # Errors
    ///
    /// [`Undecodable`](TextStreamError::Undecodable). Nothing is taken then.
    pub fn read_line_max(&mut self, max: usize) -> Result<Option<String>, TextStreamError> {
        self.step(|stream| {
            let (mut count, mut has_ended) = (0, false);
            let reach = stream.scan(usize::MAX, |character| {
                if count == max {
                    return Next::Before;
                }
                count += 1;
                has_ended = character == '\n';
                if has_ended || count == max { Next::Behind } else { Next::Further }
            });
            if count == 0 {
                // Bytes that are refused are an error, the end is none.
                return if reach.end == End::Malformed {
                    stream.whole(reach).map(|_| None)
                } else {
                    Ok(None)
                };
            }
            let mut line = String::new();
            stream.take_text(reach.len, &mut line)?;
            if has_ended {
                line.pop();
                if line.ends_with('\r') {
                    line.pop();
                }
                return Ok(Some(line));
            }
            Ok(stream.without_half_of_a_line_end(line))
        })
    }

    /// Leaves a carriage return at the end of a part to the next part, if a line feed follows or may
    /// follow. Returns `None` if nothing else is in the part.
    fn without_half_of_a_line_end(&mut self, mut part: String) -> Option<String> {
        if !part.ends_with('\r') {
            return Some(part);
        }
        let next = self.scan(usize::MAX, |character| match character {
            '\n' => Next::Behind,
            _ => Next::Before,
        });
        let is_line_end = next.end == End::Found && next.len > 0;
        if !is_line_end && !matches!(next.end, End::Now | End::Device) {
            return Some(part);
        }
        part.pop();
        if is_line_end && part.is_empty() {
            // The line end is longer than a part.
            self.advance(next.len);
        } else if next.end != End::Device {
            self.cursor.ahead -= self.decoding().unit();
        }
        (next.end != End::Now || !part.is_empty()).then_some(part)
    }

    /// Reads up to `max` characters of what can be read now. The beginning of a character waits for
    /// the rest of it.
    ///
    /// # Errors
    ///
    /// [`Undecodable`](TextStreamError::Undecodable) if such bytes come first; characters before them
    /// are read.
    #[doc(alias = "QTextStream::read")]
    pub fn read_chars(&mut self, max: usize) -> Result<String, TextStreamError> {
        self.step(|stream| {
            let mut count = 0;
            let reach = stream.scan(usize::MAX, |_| {
                if count == max {
                    return Next::Before;
                }
                count += 1;
                if count == max { Next::Behind } else { Next::Further }
            });
            if reach.end == End::Malformed && reach.len == 0 {
                stream.whole(reach)?;
            }
            let mut text = String::new();
            stream.take_text(reach.len, &mut text)?;
            Ok(text)
        })
    }

    /// Reads everything that can be read now. The beginning of a character waits for the rest of it, if
    /// more may come.
    ///
    /// # Errors
    ///
    /// [`Undecodable`](TextStreamError::Undecodable). Nothing is taken then.
    #[doc(alias = "readAll")]
    pub fn read_all(&mut self) -> Result<String, TextStreamError> {
        self.step(|stream| {
            let mut text = String::new();
            if !stream.pass_mark() {
                return Ok(text);
            }
            while !stream.look(usize::MAX).1 && stream.device.wait() {}
            let decoding = stream.decoding();
            let (bytes, ends) = stream.look(usize::MAX);
            let len = if ends { bytes.len() } else { decoding.complete_len(bytes) };
            stream.take_text(len, &mut text)?;
            Ok(text)
        })
    }

    /// Passes the white space that comes next: spaces, tabs, line ends and what else Unicode counts as
    /// such.
    #[doc(alias = "skipWhiteSpace")]
    pub fn skip_white_space(&mut self) {
        // It stops where the bytes are no character. The next read fails there.
        while let Ok(End::Limit) = self.step(Self::pass_some_white_space) {}
    }

    /// Passes the white space before a value.
    pub(super) fn pass_white_space(&mut self) -> Result<(), TextStreamError> {
        while self.pass_some_white_space()? == End::Limit {}
        Ok(())
    }

    fn pass_some_white_space(&mut self) -> Result<End, TextStreamError> {
        let reach = self.scan(WHITE_SPACE_AT_ONCE, |character| {
            if character.is_whitespace() { Next::Further } else { Next::Before }
        });
        self.advance(reach.len);
        if self.reads > 1 && self.cursor.ahead > self.limit {
            return Err(TextStreamError::LimitExceeded { limit: self.limit });
        }
        Ok(reach.end)
    }

    /// Returns true if there is nothing to read now. More may come later on a device such as a socket.
    #[doc(alias = "atEnd")]
    pub fn at_end(&mut self) -> bool {
        // A byte order mark is nothing to read, and neither are carriage returns in text mode.
        let _ = self.step(|stream| {
            let reach = stream.scan(usize::MAX, |_| Next::Before);
            if reach.end == End::Device {
                stream.advance(reach.len);
            }
            Ok(())
        });
        loop {
            let (bytes, ends) = self.look(1);
            if !bytes.is_empty() {
                return false;
            }
            if ends || !self.device.wait() {
                return true;
            }
        }
    }

    /// Returns the position of the next read in the device, in bytes. On a sequential device, returns
    /// how many bytes this stream has read.
    pub fn pos(&self) -> u64 {
        self.cursor_position()
    }

    /// Moves the next read or write to a position in the device, in bytes from the start. At the start, a
    /// byte order mark is passed again.
    ///
    /// # Errors
    ///
    /// Fails as the device does; with `Unsupported` if it has no positions, and in a transaction.
    pub fn seek(&mut self, position: u64) -> io::Result<()> {
        if self.reads > 0 {
            let message = "a stream cannot move in a transaction";
            return Err(io::Error::new(ErrorKind::Unsupported, message));
        }
        self.device.seek(position)?;
        self.cursor.sought(position == 0);
        Ok(())
    }

    /// Returns the next line, if it has come whole, or what is left at the end of the device.
    fn find_line(&mut self) -> Result<Option<FoundLine>, TextStreamError> {
        if !self.pass_mark() {
            return Ok(None);
        }
        let (decoding, limit) = (self.decoding(), self.limit);
        let unit = decoding.unit();
        let too_long = TextStreamError::LimitExceeded { limit };
        let mut window = FIRST_OF_LINE.max(2 * self.cursor.without_line_feed);
        loop {
            let searched = self.cursor.without_line_feed;
            let (bytes, ends) = self.look(window);
            let seen = bytes.len();
            // Without the byte of a line feed there is no line feed in any encoding.
            if searched == 0 && seen == window && self.device.lacks_line_feed() {
                // Behind a line of exactly the limit, a carriage return may belong to its end.
                let (bytes, ends) = self.look(limit.saturating_add(2 * unit));
                let whole = &bytes[..bytes.len() - bytes.len() % unit];
                let is_too_long = without_return(decoding, whole) > limit;
                if !ends && self.device.lacks_line_feed() {
                    return if is_too_long { Err(too_long) } else { Ok(None) };
                }
            }
            let (bytes, _) = self.look(seen);
            if let Some(at) = find_line_feed(decoding, &bytes[searched..]) {
                let text = without_return(decoding, &bytes[..searched + at]);
                return match text > limit {
                    true => Err(too_long),
                    false => Ok(Some(FoundLine { text, len: searched + at + unit })),
                };
            }
            if ends {
                return match last_line(decoding, bytes) {
                    FoundLine { len: 0, .. } => Ok(None),
                    line if line.text > limit => Err(too_long),
                    line => Ok(Some(line)),
                };
            }
            // A line end may begin in the bytes behind the last whole unit.
            self.cursor.without_line_feed = seen - seen % unit;
            if seen > limit.saturating_add(2 * unit) {
                return Err(too_long);
            }
            if seen >= window {
                window *= 2;
            } else if !self.device.wait() {
                return Ok(None);
            }
        }
    }
}

/// Returns the place of the first line feed.
fn find_line_feed(encoding: Encoding, bytes: &[u8]) -> Option<usize> {
    match encoding.unit() {
        1 => memchr(b'\n', bytes),
        unit => {
            let mut wanted = [0; 4];
            let feed = encode_ascii(encoding, b'\n', &mut wanted);
            bytes.chunks_exact(unit).position(|chunk| chunk == feed).map(|at| at * unit)
        }
    }
}

/// Returns how many bytes there are without a carriage return at the end.
fn without_return(encoding: Encoding, bytes: &[u8]) -> usize {
    let unit = encoding.unit();
    let mut wanted = [0; 4];
    let has_return = bytes.len() >= unit
        && bytes.len().is_multiple_of(unit)
        && bytes.ends_with(encode_ascii(encoding, b'\r', &mut wanted));
    if has_return { bytes.len() - unit } else { bytes.len() }
}

/// Returns a line that goes to the end of the device.
fn last_line(encoding: Encoding, bytes: &[u8]) -> FoundLine {
    FoundLine { text: without_return(encoding, bytes), len: bytes.len() }
}

/// Returns the bytes of an ASCII character.
fn encode_ascii(encoding: Encoding, character: u8, place: &mut [u8; 4]) -> &[u8] {
    let unit = encoding.unit();
    let at = match encoding {
        Encoding::Utf16Be | Encoding::Utf32Be => unit - 1,
        _ => 0,
    };
    place[at] = character;
    &place[..unit]
}
