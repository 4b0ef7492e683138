//! `Encoding`: how text stands in bytes.

use std::fmt::{self, Debug, Display, Formatter};

#[cfg(feature = "encoding")]
use super::other_encoding::OtherEncoding;

/// An encoding of text.
///
/// ```
/// use slotwire::stream::{Encoding, QTextStream, TextStreamError};
///
/// let mut stream = QTextStream::new(Vec::new()).with_encoding(Encoding::Latin1);
/// stream.write("café")?;
/// assert_eq!(stream.into_device(), b"caf\xe9");
/// # Ok::<_, TextStreamError>(())
/// ```
#[doc(alias = "QStringConverter::Encoding")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// UTF-16 in the byte order of its byte order mark. Without one, and in writing, the byte order is
    /// that of this machine, as in Qt: a protocol says [`Utf16Le`](Self::Utf16Le) or
    /// [`Utf16Be`](Self::Utf16Be).
    Utf16,
    /// UTF-16, the less significant byte first.
    #[doc(alias = "Utf16LE")]
    Utf16Le,
    /// UTF-16, the more significant byte first.
    #[doc(alias = "Utf16BE")]
    Utf16Be,
    /// UTF-32, in the byte order as [`Utf16`](Self::Utf16).
    Utf32,
    /// UTF-32, the least significant byte first.
    #[doc(alias = "Utf32LE")]
    Utf32Le,
    /// UTF-32, the most significant byte first.
    #[doc(alias = "Utf32BE")]
    Utf32Be,
    /// ISO-8859-1: each byte is the character with its number.
    Latin1,
    /// An encoding of the crate `encoding_rs`: [`for_name`](Self::for_name) returns them.
    #[cfg(feature = "encoding")]
    Other(OtherEncoding),
}

/// The encodings with their names in Qt.
const NAMES: [(Encoding, &str); 8] = [
    (Encoding::Utf8, "UTF-8"),
    (Encoding::Utf16, "UTF-16"),
    (Encoding::Utf16Le, "UTF-16LE"),
    (Encoding::Utf16Be, "UTF-16BE"),
    (Encoding::Utf32, "UTF-32"),
    (Encoding::Utf32Le, "UTF-32LE"),
    (Encoding::Utf32Be, "UTF-32BE"),
    (Encoding::Latin1, "ISO-8859-1"),
];

/// The byte order marks. That of UTF-16 is the beginning of one of UTF-32, which comes first.
const MARKS: [(Encoding, &[u8]); 5] = [
    (Encoding::Utf32Le, b"\xff\xfe\0\0"),
    (Encoding::Utf32Be, b"\0\0\xfe\xff"),
    (Encoding::Utf16Le, b"\xff\xfe"),
    (Encoding::Utf16Be, b"\xfe\xff"),
    (Encoding::Utf8, b"\xef\xbb\xbf"),
];

/// What the beginning of a text tells of its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// These bytes may be the beginning of a mark.
    Unknown,
    /// There is no mark.
    Absent,
    /// There is this one.
    Of(Encoding),
}

impl Encoding {
    /// Returns the name: Qt's, or that of the WHATWG.
    #[doc(alias = "nameForEncoding")]
    pub fn name(self) -> &'static str {
        #[cfg(feature = "encoding")]
        if let Self::Other(other) = self {
            return other.name();
        }
        NAMES.iter().find(|(encoding, _)| *encoding == self).map_or("", |(_, name)| name)
    }

    /// Returns the encoding with this name, in upper or lower case, with or without hyphens and
    /// underscores.
    ///
    /// With the feature `encoding` this knows all labels of the [Encoding Standard], apart from those of
    /// ISO-2022-JP, whose characters depend on what stands before them, and those of encodings that the
    /// standard itself refuses, such as `hz-gb-2312`. As in Qt, `latin1` and `iso-8859-1` are
    /// [`Latin1`](Self::Latin1), and `utf-16` is [`Utf16`](Self::Utf16).
    ///
    /// [Encoding Standard]: https://encoding.spec.whatwg.org/#names-and-labels
    #[doc(alias = "encodingForName")]
    #[doc(alias = "setCodec")]
    pub fn for_name(name: &str) -> Option<Self> {
        let plain = |name: &str| {
            let letters = name.chars().filter(|c| !matches!(c, '-' | '_'));
            letters.map(|c| c.to_ascii_lowercase()).collect::<String>()
        };
        let wanted = plain(name);
        if wanted == "latin1" {
            return Some(Self::Latin1);
        }
        let own = NAMES.iter().find(|(_, name)| plain(name) == wanted).map(|(own, _)| *own);
        #[cfg(feature = "encoding")]
        let own = own.or_else(|| OtherEncoding::for_label(name));
        own
    }

    /// Returns this encoding with a byte order: that of this machine if it leaves it open.
    pub(super) fn ordered(self) -> Self {
        match (self, cfg!(target_endian = "big")) {
            (Self::Utf16, false) => Self::Utf16Le,
            (Self::Utf16, true) => Self::Utf16Be,
            (Self::Utf32, false) => Self::Utf32Le,
            (Self::Utf32, true) => Self::Utf32Be,
            _ => self,
        }
    }

    /// Returns how many bytes a line feed has.
    pub(super) fn unit(self) -> usize {
        match self {
            Self::Utf16 | Self::Utf16Le | Self::Utf16Be => 2,
            Self::Utf32 | Self::Utf32Le | Self::Utf32Be => 4,
            _ => 1,
        }
    }

    /// Returns the byte order mark; nothing for an encoding that has none.
    pub(super) fn mark(self) -> &'static [u8] {
        let own = self.ordered();
        MARKS.iter().find(|(encoding, _)| *encoding == own).map_or(&[], |(_, mark)| mark)
    }

    /// Returns what these bytes, with which a text begins, tell of its encoding. `are_all` is true if
    /// no more bytes will come. `detects` is true if a mark of any encoding counts, and not only one
    /// of this encoding.
    pub(super) fn find_mark(self, bytes: &[u8], are_all: bool, detects: bool) -> Mark {
        let counts = |encoding: Self| match self {
            _ if detects => true,
            Self::Utf16 => encoding.unit() == 2,
            Self::Utf32 => encoding.unit() == 4,
            own => encoding == own,
        };
        for (encoding, mark) in MARKS.into_iter().filter(|(encoding, _)| counts(*encoding)) {
            if bytes.starts_with(mark) {
                return Mark::Of(encoding);
            }
            if !are_all && mark.starts_with(bytes) {
                return Mark::Unknown;
            }
        }
        Mark::Absent
    }

    /// Appends the text in this encoding. Returns the first character that the encoding does not have,
    /// if those are refused; a `?` stands for it otherwise.
    pub(super) fn encode(
        self,
        text: &str,
        bytes: &mut Vec<u8>,
        malformed: MalformedText,
    ) -> Result<(), char> {
        match self.ordered() {
            Self::Utf16Le => bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            Self::Utf16Be => bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
            Self::Utf32Le => bytes.extend(text.chars().flat_map(|c| u32::from(c).to_le_bytes())),
            Self::Utf32Be => bytes.extend(text.chars().flat_map(|c| u32::from(c).to_be_bytes())),
            Self::Latin1 => {
                for character in text.chars() {
                    match (u8::try_from(character), malformed) {
                        (Ok(byte), _) => bytes.push(byte),
                        (Err(_), MalformedText::Replace) => bytes.push(b'?'),
                        (Err(_), MalformedText::Refuse) => return Err(character),
                    }
                }
            }
            #[cfg(feature = "encoding")]
            Self::Other(other) => return other.encode(text, bytes, malformed),
            _ => bytes.extend_from_slice(text.as_bytes()),
        }
        Ok(())
    }
}

impl Display for Encoding {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is done with bytes that are no character in the encoding, and with characters that it does not
/// have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MalformedText {
    /// Reads U+FFFD for the bytes, and writes a `?` for the character, as Qt does.
    #[default]
    Replace,
    /// Fails with [`Undecodable`](super::TextStreamError::Undecodable) in reading and with
    /// [`Unencodable`](super::TextStreamError::Unencodable) in writing.
    Refuse,
}
