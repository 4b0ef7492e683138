//! What went wrong in a text stream.

use std::io;

use super::encoding::Encoding;

/// The status of a text stream: the first thing that went wrong since it was
/// [reset](super::QTextStream::reset_status).
#[doc(alias = "QTextStream::Status")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TextStreamStatus {
    /// Nothing went wrong.
    #[default]
    Ok,
    /// There was nothing more to read, or not all of a value has come.
    ReadPastEnd,
    /// The text cannot be what was to be read.
    ReadCorruptData,
    /// The text was not written.
    WriteFailed,
}

/// Why something could not be read from a text stream, or written to it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextStreamError {
    /// There is nothing more to read, or the value has not come whole. More may come.
    #[error("the text ends before or in the middle of a value")]
    ReadPastEnd,
    /// The text cannot be this value.
    #[error("the text is wrong: {0}")]
    ReadCorruptData(String),
    /// The number is too large for its type, or negative for a type without a sign.
    #[error("the number {number} is out of the range of {type_name}")]
    NumberOutOfRange {
        /// The beginning of the number, as it stands in the text.
        number: String,
        /// The type that was to be read.
        type_name: &'static str,
    },
    /// Bytes that are no character in the encoding were [refused](super::MalformedText::Refuse).
    #[error("the bytes at position {position} are no {}", encoding.name())]
    Undecodable {
        /// The position of the first of them: in the device, or, on a sequential device, in what this
        /// stream has read.
        position: u64,
        /// The encoding.
        encoding: Encoding,
    },
    /// A line, a word or a number is longer than the [limit](super::QTextStream::set_limit).
    #[error("a line or a word is longer than the limit, which is {limit} bytes")]
    LimitExceeded {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The encoding has no such character, and it was [refused](super::MalformedText::Refuse).
    #[error("{character:?} cannot be written in {}", encoding.name())]
    Unencodable {
        /// The character.
        character: char,
        /// The encoding.
        encoding: Encoding,
    },
    /// The device did not take what was written.
    #[error("the device does not take the text: {0}")]
    WriteFailed(#[source] io::Error),
    /// Something went wrong before, so nothing is written until the status is
    /// [reset](super::QTextStream::reset_status).
    #[error("an earlier call of the stream failed: {0:?}")]
    AfterFailure(TextStreamStatus),
}

impl TextStreamError {
    /// Creates the error of text that cannot be the value, for types of your own. `reason` is the rest
    /// of a sentence that begins with "the text is wrong".
    pub fn corrupt(reason: impl Into<String>) -> Self {
        Self::ReadCorruptData(reason.into())
    }

    /// Returns the status that a stream has after this error.
    pub fn status(&self) -> TextStreamStatus {
        match self {
            Self::ReadPastEnd => TextStreamStatus::ReadPastEnd,
            Self::ReadCorruptData(_)
            | Self::NumberOutOfRange { .. }
            | Self::Undecodable { .. }
            | Self::LimitExceeded { .. } => TextStreamStatus::ReadCorruptData,
            Self::Unencodable { .. } | Self::WriteFailed(_) => TextStreamStatus::WriteFailed,
            Self::AfterFailure(status) => *status,
        }
    }
}

impl From<TextStreamError> for io::Error {
    fn from(error: TextStreamError) -> Self {
        let kind = match &error {
            TextStreamError::ReadPastEnd => io::ErrorKind::UnexpectedEof,
            TextStreamError::WriteFailed(cause) => cause.kind(),
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
