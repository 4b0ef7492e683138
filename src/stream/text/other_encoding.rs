//! The encodings of the crate `encoding_rs`.

use std::fmt::{self, Debug, Formatter};

use encoding_rs::{DecoderResult, EncoderResult, Encoding};

use super::decoding::Decoded;
use super::encoding::{self, MalformedText};

/// How many bytes the longest character has: gb18030 has such.
const LONGEST: usize = 4;

/// One of the other encodings.
///
/// Keeps one promise: a byte below 128 with which a character begins is that character of ASCII, and
/// no character depends on the ones before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OtherEncoding(&'static Encoding);

impl OtherEncoding {
    /// Returns the encoding with this label, which may be one of the crate's own.
    pub(super) fn for_label(label: &str) -> Option<encoding::Encoding> {
        let found = Encoding::for_label_no_replacement(label.as_bytes())?;
        match found {
            _ if found == encoding_rs::UTF_8 => Some(encoding::Encoding::Utf8),
            _ if found == encoding_rs::UTF_16LE => Some(encoding::Encoding::Utf16Le),
            _ if found == encoding_rs::UTF_16BE => Some(encoding::Encoding::Utf16Be),
            _ if found.is_ascii_compatible() => Some(encoding::Encoding::Other(Self(found))),
            _ => None,
        }
    }

    /// Returns the name in the Encoding Standard.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Decodes the first character.
    pub(super) fn decode(self, bytes: &[u8]) -> Decoded {
        let mut decoder = self.0.new_decoder_without_bom_handling();
        let mut place = [0; 16];
        for (at, byte) in bytes.iter().enumerate().take(LONGEST) {
            let source = std::slice::from_ref(byte);
            let (result, _, written) =
                decoder.decode_to_utf8_without_replacement(source, &mut place, false);
            match result {
                // The bytes behind the wrong ones are characters by themselves.
                DecoderResult::Malformed(len, _) => return Decoded::Malformed(len.into()),
                _ if written > 0 => {
                    let text = std::str::from_utf8(&place[..written]).unwrap_or_default();
                    let mut characters = text.chars();
                    return match (characters.next(), characters.next()) {
                        (Some(character), second) => {
                            Decoded::Character { character, second, len: at + 1 }
                        }
                        (None, _) => Decoded::Malformed(at + 1),
                    };
                }
                _ => {}
            }
        }
        match bytes.len() < LONGEST {
            true => Decoded::Incomplete,
            false => Decoded::Malformed(1),
        }
    }

    /// Returns how many of these bytes, which are the beginning of a character, are no character if a
    /// line end or white space follows them. The others are characters by themselves.
    pub(super) fn incomplete_len(self, bytes: &[u8]) -> usize {
        let mut line = bytes.to_vec();
        line.push(b'\n');
        match self.decode(&line) {
            Decoded::Malformed(len) => len.clamp(1, bytes.len()),
            _ => bytes.len(),
        }
    }

    /// Appends the text. Returns the first character that the encoding does not have, if those are
    /// refused.
    pub(super) fn encode(
        self,
        mut text: &str,
        bytes: &mut Vec<u8>,
        malformed: MalformedText,
    ) -> Result<(), char> {
        let mut encoder = self.0.new_encoder();
        let mut place = [0; 1024];
        loop {
            let (result, read, written) =
                encoder.encode_from_utf8_without_replacement(text, &mut place, true);
            bytes.extend_from_slice(&place[..written]);
            text = &text[read..];
            match (result, malformed) {
                (EncoderResult::InputEmpty, _) => return Ok(()),
                (EncoderResult::OutputFull, _) => {}
                (EncoderResult::Unmappable(_), MalformedText::Replace) => bytes.push(b'?'),
                (EncoderResult::Unmappable(character), MalformedText::Refuse) => {
                    return Err(character);
                }
            }
        }
    }
}

impl Debug for OtherEncoding {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
