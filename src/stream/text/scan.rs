//! How far a word, a line or a number goes: looking at characters without taking them.
//!
//! A read is a step. Within it, the cursor moves over bytes that stay in the device, and the outermost
//! step takes from the device what the cursor has passed. Keeps one promise: a step that fails takes
//! nothing, whatever was read in it.

use super::decoding::Decoded;
use super::encoding::{Encoding, MalformedText, Mark};
use super::status::TextStreamError;
use super::text_stream::QTextStream;
use crate::stream::device::StreamDevice;

/// How many bytes are looked at first.
const FIRST: usize = 64;

/// How many bytes tell if a text begins with a byte order mark.
const LONGEST_MARK: usize = 4;

/// Where a stream reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    /// How many bytes of the device are before it.
    pub(super) ahead: usize,
    /// The encoding that was set or detected.
    pub(super) encoding: Encoding,
    /// The encoding with its byte order.
    decoding: Encoding,
    /// The byte order mark, if there is one, is before it.
    has_begun: bool,
    /// How many bytes behind it have no line feed.
    pub(super) without_line_feed: usize,
}

impl Default for Cursor {
    fn default() -> Self {
        Self {
            ahead: 0,
            encoding: Encoding::Utf8,
            decoding: Encoding::Utf8,
            has_begun: false,
            without_line_feed: 0,
        }
    }
}

impl Cursor {
    pub(super) fn set_encoding(&mut self, encoding: Encoding) {
        self.encoding = encoding;
        self.decoding = encoding.ordered();
        self.without_line_feed = 0;
    }

    /// Moves to the beginning of the text, or elsewhere in it. The device is there already.
    pub(super) fn sought(&mut self, is_start: bool) {
        self.ahead = 0;
        self.without_line_feed = 0;
        self.has_begun = !is_start;
        if is_start {
            self.decoding = self.encoding.ordered();
        }
    }
}

/// What becomes of the scan after a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It goes on.
    Further,
    /// It ends before this character.
    Before,
    /// It ends behind this character.
    Behind,
}

/// Where a scan has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Where it was to end.
    Found,
    /// Behind what has come. More may come.
    Now,
    /// At the end of the device.
    Device,
    /// Behind as many bytes as the limit allows.
    Limit,
    /// Before bytes that are no character, which are refused.
    Malformed,
}

/// How far a scan went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// In bytes.
    pub(super) len: usize,
    pub(super) end: End,
    /// No character was passed. There may have been carriage returns that are left out.
    pub(super) is_empty: bool,
}

impl<D: StreamDevice> QTextStream<D> {
    /// Does a step of reading. If it fails, the cursor goes back to where the step began.
    pub(super) fn step<T>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, TextStreamError>,
    ) -> Result<T, TextStreamError> {
        let was_text = self.device.set_text_mode(false);
        self.drops_returns |= was_text;
        self.reads += 1;
        let before = self.cursor;
        let step = Step { before: Some(before), was_text, stream: self };
        step.run(f)
    }

    /// Moves the cursor over bytes.
    pub(super) fn advance(&mut self, len: usize) {
        self.cursor.ahead += len;
        self.cursor.without_line_feed = 0;
    }

    /// Returns the position of the cursor.
    pub(super) fn cursor_position(&self) -> u64 {
        self.device.position().unwrap_or(self.taken) + self.cursor.ahead as u64
    }

    /// Returns the encoding of what is read next.
    pub(super) fn decoding(&self) -> Encoding {
        match self.device.is_text() {
            true => Encoding::Utf8,
            false => self.cursor.decoding,
        }
    }

    /// Returns up to `count` bytes behind the cursor, and true if no more will come behind these.
    pub(super) fn look(&mut self, count: usize) -> (&[u8], bool) {
        let ahead = self.cursor.ahead;
        let (bytes, ends) = self.device.look_to_end(ahead.saturating_add(count));
        (bytes.get(ahead..).unwrap_or_default(), ends)
    }

    /// Passes the byte order mark, if the cursor is before one. Returns false if more must come to
    /// know that.
    pub(super) fn pass_mark(&mut self) -> bool {
        if self.cursor.has_begun || self.device.is_text() {
            return true;
        }
        loop {
            let (encoding, detects) = (self.cursor.encoding, self.detects);
            let (bytes, ends) = self.look(LONGEST_MARK);
            if bytes.is_empty() && ends {
                return true;
            }
            match encoding.find_mark(bytes, ends || bytes.len() >= LONGEST_MARK, detects) {
                Mark::Unknown if self.device.wait() => continue,
                Mark::Unknown => return false,
                Mark::Absent => {}
                Mark::Of(found) => {
                    self.advance(found.mark().len());
                    self.cursor.decoding = found;
                    if detects {
                        self.cursor.encoding = found;
                    }
                }
            }
            self.cursor.has_begun = true;
            return true;
        }
    }

    /// Goes over characters until `judge` ends it, and over no more than `limit` bytes. The character
    /// before which the scan ends does not count. The cursor moves over a byte order mark only.
    pub(super) fn scan(&mut self, limit: usize, mut judge: impl FnMut(char) -> Next) -> Reach {
        if !self.pass_mark() {
            return Reach { len: 0, end: End::Now, is_empty: true };
        }
        let (decoding, refuses) = (self.decoding(), self.malformed == MalformedText::Refuse);
        let drops_returns = self.drops_returns;
        let (mut len, mut judged, mut window) = (0, 0, FIRST);
        let reach = |len, judged, end| Reach { len, end, is_empty: judged == 0 };
        loop {
            let (bytes, ends) = self.look(window);
            let seen = bytes.len();
            while len < seen {
                let (character, second, size) = match decoding.decode(&bytes[len..]) {
                    Decoded::Character { character, second, len } => (character, second, len),
                    Decoded::Incomplete if !ends => break,
                    _ if refuses => return reach(len, judged, End::Malformed),
                    Decoded::Malformed(size) => (char::REPLACEMENT_CHARACTER, None, size),
                    Decoded::Incomplete => (char::REPLACEMENT_CHARACTER, None, seen - len),
                };
                if character == '\r' && drops_returns {
                    // One may belong to the line end behind the last character.
                    if len > limit {
                        return reach(len, judged, End::Limit);
                    }
                    len += size;
                    continue;
                }
                let next = match (judge(character), second) {
                    (Next::Further, Some(second)) => match judge(second) {
                        Next::Further => Next::Further,
                        // The two are never parted.
                        _ => Next::Behind,
                    },
                    (next, _) => next,
                };
                if next == Next::Before {
                    return reach(judged, judged, End::Found);
                }
                if size > limit.saturating_sub(len) {
                    return reach(len, judged, End::Limit);
                }
                len += size;
                judged = len;
                if next == Next::Behind {
                    return reach(len, judged, End::Found);
                }
            }
            if ends {
                return reach(len, judged, End::Device);
            }
            if seen >= window {
                window *= 2;
            } else if !self.device.wait() {
                return reach(len, judged, End::Now);
            }
        }
    }

    /// Returns how far a value reaches. Fails if it has not come whole.
    pub(super) fn whole(&self, reach: Reach) -> Result<usize, TextStreamError> {
        match reach.end {
            End::Found => Ok(reach.len),
            End::Device if !reach.is_empty => Ok(reach.len),
            End::Device | End::Now => Err(TextStreamError::ReadPastEnd),
            End::Limit => Err(TextStreamError::LimitExceeded { limit: self.limit }),
            End::Malformed => Err(self.undecodable(reach.len)),
        }
    }

    /// Appends the text of the next `len` bytes to `text`, and moves the cursor over them.
    pub(super) fn take_text(
        &mut self,
        len: usize,
        text: &mut String,
    ) -> Result<(), TextStreamError> {
        let (decoding, malformed) = (self.decoding(), self.malformed);
        let drops_returns = self.drops_returns;
        let (bytes, ends) = self.look(len);
        match decoding.decode_all(bytes, ends, text, malformed, drops_returns) {
            Ok(()) => {
                self.advance(len);
                Ok(())
            }
            Err(at) => Err(self.undecodable(at)),
        }
    }

    fn undecodable(&self, at: usize) -> TextStreamError {
        let position = self.cursor_position() + at as u64;
        TextStreamError::Undecodable { position, encoding: self.decoding() }
    }
}

/// A step of reading, which ends in any case, also if the code of a value panics.
struct Step<'a, D: StreamDevice> {
    stream: &'a mut QTextStream<D>,
    /// Where the cursor was, unless the step has succeeded.
    before: Option<Cursor>,
    was_text: bool,
}

impl<D: StreamDevice> Step<'_, D> {
    fn run<T>(
        mut self,
        f: impl FnOnce(&mut QTextStream<D>) -> Result<T, TextStreamError>,
    ) -> Result<T, TextStreamError> {
        let limit = self.stream.limit;
        let read = f(self.stream).map_err(|error| self.stream.failed(error))?;
        if self.stream.reads > 1 && self.stream.cursor.ahead > limit {
            return Err(self.stream.failed(TextStreamError::LimitExceeded { limit }));
        }
        self.before = None;
        Ok(read)
    }
}

impl<D: StreamDevice> Drop for Step<'_, D> {
    fn drop(&mut self) {
        let stream = &mut *self.stream;
        stream.reads -= 1;
        if let Some(before) = self.before {
            stream.cursor = before;
        }
        if stream.reads == 0 && stream.cursor.ahead > 0 {
            let taken = std::mem::take(&mut stream.cursor.ahead);
            stream.device.take(taken);
            stream.taken += taken as u64;
        }
        if self.was_text {
            stream.device.set_text_mode(true);
            stream.drops_returns = false;
        }
    }
}
