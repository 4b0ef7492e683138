//! `LineCodec`: a message is a line.

use super::codec::{Decoder, Encoder, Skip};
use super::error::MessageError;
use super::incoming::Incoming;

/// A message is a line of text.
///
/// A line ends with a line feed, or with a carriage return and a line feed. The message is the text
/// without them; bytes that are not UTF-8 become U+FFFD. What is left at the end of the device is
/// the last line, unless the codec [requires a line feed](Self::requiring_line_feed). A text with a
/// line feed is refused as a message, since it would be two.
///
/// ```
/// use slotwire::message::{LineCodec, Messages};
/// use slotwire::prelude::*;
/// use slotwire::QBuffer;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut rt = Runtime::new()?;
/// let buffer = rt.add(QBuffer::from(b"HELO there\r\nQUIT\r\n".to_vec()));
/// rt[buffer].open(OpenMode::READ_ONLY)?;
/// let lines = rt.add(Messages::new(buffer, LineCodec::new()));
/// let spy = rt.spy(lines, Messages::received);
/// rt.deliver();
/// assert_eq!(spy.take(), ["HELO there", "QUIT"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct LineCodec {
    /// How many of the bytes that have come have no line feed.
    searched: usize,
    requires_line_feed: bool,
    writes_carriage_return: bool,
}

/// How many bytes are looked at first.
const LOOK: usize = 4096;

impl LineCodec {
    /// Creates a codec that ends its lines with a line feed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the same codec, which ends its lines with a carriage return and a line feed.
    #[must_use]
    pub fn with_carriage_return(mut self) -> Self {
        self.writes_carriage_return = true;
        self
    }

    /// Returns the same codec, to which a last line without a line feed is
    /// [incomplete](MessageError::Incomplete) and no message.
    #[must_use]
    pub fn requiring_line_feed(mut self) -> Self {
        self.requires_line_feed = true;
        self
    }

    /// Returns the length of the next line with its line feed, if the line feed has come, and the
    /// length of its text.
    fn find(
        &mut self,
        incoming: &mut Incoming<'_>,
    ) -> Result<Option<(usize, usize)>, MessageError> {
        let limit = incoming.max_length();
        // The text, a carriage return and a line feed.
        let most = limit.saturating_add(2);
        let mut asked = most.min(self.searched.saturating_add(LOOK));
        loop {
            let bytes = incoming.peek(asked);
            let searched = self.searched.min(bytes.len());
            let line_feed = memchr::memchr(b'\n', &bytes[searched..]).map(|at| searched + at);
            let text = without_return(&bytes[..line_feed.unwrap_or(bytes.len())]).len();
            if text > limit {
                let length = line_feed.map(|_| text as u64);
                return Err(MessageError::TooLong { length, limit });
            }
            if let Some(line_feed) = line_feed {
                return Ok(Some((line_feed + 1, text)));
            }
            self.searched = bytes.len();
            if bytes.len() < asked || asked == most {
                return Ok(None);
            }
            asked = most.min(asked.saturating_mul(2));
        }
    }

    /// Takes a line, and returns the first bytes of it as text.
    fn take(&mut self, incoming: &mut Incoming<'_>, line: usize, text: usize) -> String {
        self.searched = 0;
        let mut line = incoming.take(line);
        line.truncate(text);
        String::from_utf8(line)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

impl Decoder for LineCodec {
    type Message = String;

    fn decode(&mut self, incoming: &mut Incoming<'_>) -> Result<Option<String>, MessageError> {
        let found = self.find(incoming)?;
        Ok(found.map(|(line, text)| self.take(incoming, line, text)))
    }

    fn decode_end(&mut self, incoming: &mut Incoming<'_>) -> Result<Option<String>, MessageError> {
        if let Some(line) = self.decode(incoming)? {
            return Ok(Some(line));
        }
        let most = incoming.max_length().saturating_add(2);
        let rest = incoming.peek(most);
        let (bytes, text) = (rest.len(), without_return(rest).len());
        match bytes {
            0 => Ok(None),
            _ if self.requires_line_feed => Err(MessageError::Incomplete { bytes }),
            _ => Ok(Some(self.take(incoming, bytes, text))),
        }
    }

    fn reset(&mut self) {
        self.searched = 0;
    }
}

impl Skip for LineCodec {
    fn skip(&mut self, incoming: &mut Incoming<'_>) -> bool {
        self.searched = 0;
        loop {
            let bytes = incoming.peek(LOOK);
            let line_feed = memchr::memchr(b'\n', bytes);
            let count = line_feed.map_or(bytes.len(), |at| at + 1);
            incoming.consume(count);
            if line_feed.is_some() || count == 0 {
                return line_feed.is_some();
            }
        }
    }
}

impl<T: AsRef<str>> Encoder<T> for LineCodec {
    fn encode(&mut self, line: T, bytes: &mut Vec<u8>) -> Result<(), MessageError> {
        let line = line.as_ref();
        if line.contains('\n') {
            return Err(MessageError::invalid("a line feed in the middle would end the line"));
        }
        if line.ends_with('\r') && !self.writes_carriage_return {
            return Err(MessageError::invalid(
                "a carriage return would count as part of the line's end",
            ));
        }
        bytes.extend_from_slice(line.as_bytes());
        bytes.extend_from_slice(if self.writes_carriage_return { b"\r\n" } else { b"\n" });
        Ok(())
    }
}
