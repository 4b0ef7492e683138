//! Decoding: one character at a time, or all of a text.
//!
//! Keeps one promise: no decoder has a state, so a text can be decoded from any place where a character
//! begins, and as often as one likes. What is decoded character by character is what is decoded at once.

use super::encoding::{Encoding, MalformedText};

/// What the first bytes of a text are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decoded {
    /// A character, of so many bytes. In Big5 there are four whose bytes are two characters.
    Character { character: char, second: Option<char>, len: usize },
    /// So many bytes that are no character.
    Malformed(usize),
    /// The beginning of a character, if more bytes come.
    Incomplete,
}

impl Decoded {
    fn of(code: Option<char>, len: usize) -> Self {
        match code {
            Some(character) => Self::Character { character, second: None, len },
            None => Self::Malformed(len),
        }
    }
}

impl Encoding {
    /// Decodes the first character of some bytes. The encoding has a byte order.
    #[inline]
    pub(super) fn decode(self, bytes: &[u8]) -> Decoded {
        let unit = self.unit();
        match (bytes, unit) {
            ([], _) => Decoded::Incomplete,
            (&[byte, ..], 1) if byte.is_ascii() => Decoded::of(Some(byte.into()), 1),
            (_, 1) => self.decode_beyond_ascii(bytes),
            (&[a, b, ref rest @ ..], 2) => decode_utf16(self.utf16_unit([a, b]), || {
                rest.first_chunk().map(|bytes| self.utf16_unit(*bytes))
            }),
            (&[a, b, c, d, ..], 4) => {
                let bytes = [a, b, c, d];
                let code = match self {
                    Self::Utf32Be => u32::from_be_bytes(bytes),
                    _ => u32::from_le_bytes(bytes),
                };
                Decoded::of(char::from_u32(code), 4)
            }
            _ => Decoded::Incomplete,
        }
    }

    /// Decodes a character whose first byte is not ASCII.
    fn decode_beyond_ascii(self, bytes: &[u8]) -> Decoded {
        match self {
            Self::Latin1 => Decoded::of(Some(bytes[0].into()), 1),
            #[cfg(feature = "encoding")]
            Self::Other(other) => other.decode(bytes),
            _ => {
                let bytes = &bytes[..bytes.len().min(4)];
                let (valid, len) = match std::str::from_utf8(bytes) {
                    Ok(text) => (text, None),
                    Err(error) => {
                        let text = std::str::from_utf8(&bytes[..error.valid_up_to()]);
                        (text.unwrap_or_default(), Some(error.error_len()))
                    }
                };
                match (valid.chars().next(), len) {
                    (Some(character), _) => Decoded::of(Some(character), character.len_utf8()),
                    (None, Some(Some(len))) => Decoded::Malformed(len),
                    (None, _) => Decoded::Incomplete,
                }
            }
        }
    }

    /// Returns how many bytes of an incomplete character are no character, if a line end or white space
    /// follows them.
    fn incomplete_len(self, bytes: &[u8]) -> usize {
        match self {
            #[cfg(feature = "encoding")]
            Self::Other(other) => other.incomplete_len(bytes),
            _ => bytes.len(),
        }
    }

    fn utf16_unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Utf16Be => u16::from_be_bytes(bytes),
            _ => u16::from_le_bytes(bytes),
        }
    }

    /// Appends a whole text to `text`. Returns the place of the first bytes that are no character, if
    /// those are refused. `are_last` is true if no bytes follow in the device. `drops_returns` leaves out
    /// carriage returns.
    pub(super) fn decode_all(
        self,
        bytes: &[u8],
        are_last: bool,
        text: &mut String,
        malformed: MalformedText,
        drops_returns: bool,
    ) -> Result<(), usize> {
        if self == Self::Utf8
            && !drops_returns
            && let Ok(whole) = std::str::from_utf8(bytes)
        {
            text.push_str(whole);
            return Ok(());
        }
        let mut len = 0;
        self.decode_each(bytes, are_last, malformed, |character| len += character.len_utf8())?;
        text.reserve_exact(len);
        self.decode_each(bytes, are_last, malformed, |character| {
            if !(drops_returns && character == '\r') {
                text.push(character);
            }
        })
    }

    fn decode_each(
        self,
        bytes: &[u8],
        are_last: bool,
        malformed: MalformedText,
        mut f: impl FnMut(char),
    ) -> Result<(), usize> {
        let mut at = 0;
        while at < bytes.len() {
            at += match self.decode(&bytes[at..]) {
                Decoded::Character { character, second, len } => {
                    f(character);
                    second.into_iter().for_each(&mut f);
                    len
                }
                _ if malformed == MalformedText::Refuse => return Err(at),
                Decoded::Malformed(len) => {
                    f(char::REPLACEMENT_CHARACTER);
                    len
                }
                Decoded::Incomplete => {
                    f(char::REPLACEMENT_CHARACTER);
                    let rest = &bytes[at..];
                    if are_last { rest.len() } else { self.incomplete_len(rest) }
                }
            };
        }
        Ok(())
    }
}

/// Decodes a character from its first unit, and from the second if it has one.
fn decode_utf16(first: u16, second: impl FnOnce() -> Option<u16>) -> Decoded {
    match first {
        0xd800..0xdc00 => match second() {
            Some(second @ 0xdc00..0xe000) => {
                let high = u32::from(first - 0xd800) << 10;
                let code = 0x1_0000 + high + u32::from(second - 0xdc00);
                Decoded::of(char::from_u32(code), 4)
            }
            Some(_) => Decoded::Malformed(2),
            None => Decoded::Incomplete,
        },
        unit => Decoded::of(char::from_u32(unit.into()), 2),
    }
}

impl Encoding {
    /// Returns how many of the bytes are whole characters, if more may come.
    pub(super) fn complete_len(self, bytes: &[u8]) -> usize {
        let unit = self.unit();
        let mut at = match self {
            // A character is not longer, and another one does not begin within one.
            Self::Utf8 => {
                let tail = bytes.len().saturating_sub(3);
                let starts = bytes[tail..].iter().position(|byte| byte & 0xc0 != 0x80);
                starts.map_or(bytes.len(), |start| tail + start)
            }
            Self::Latin1 => bytes.len(),
            _ if unit > 1 => (bytes.len() - bytes.len() % unit).saturating_sub(unit),
            _ => 0,
        };
        while at < bytes.len() {
            match self.decode(&bytes[at..]) {
                Decoded::Character { len, .. } | Decoded::Malformed(len) => at += len,
                Decoded::Incomplete => break,
            }
        }
        at
    }
}
