//! Why a message was not received or not sent.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

/// Why a message was not received or not sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MessageError {
    /// A message is longer than the [limit](super::Messages::set_max_length), or than the format
    /// can say.
    TooLong {
        /// The length in bytes, if it is known before the message has come.
        length: Option<u64>,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The device ended in the middle of a message.
    Incomplete {
        /// How many bytes of the message have come.
        bytes: usize,
    },
    /// A message cannot be what the codec reads or writes.
    Invalid(Arc<dyn Error + Send + Sync>),
    /// The device did not take the message, not even a part of it. A socket with a write limit
    /// reports [`WouldBlock`](io::ErrorKind::WouldBlock) if it will have room later.
    Write(Arc<io::Error>),
    /// The device, or the object that reads its messages, is gone, or is running just now.
    Unreachable,
}

impl MessageError {
    /// Creates the error of a message that is wrong, from the reason: an error, or a text. It
    /// is shown after the words "the message is wrong:".
    pub fn invalid(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Invalid(reason.into().into())
    }

    /// Returns the error that is the cause, as the codec or the device gave it.
    pub fn cause(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Invalid(cause) => Some(&**cause),
            Self::Write(cause) => Some(&**cause),
            _ => None,
        }
    }

    /// Returns the kind that an [`io::Error`] of this error has.
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::TooLong { .. } | Self::Invalid(_) => io::ErrorKind::InvalidData,
            Self::Incomplete { .. } => io::ErrorKind::UnexpectedEof,
            Self::Write(cause) => cause.kind(),
            Self::Unreachable => io::ErrorKind::NotConnected,
        }
    }
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { length: Some(length), limit } => {
                write!(f, "a message of {length} bytes is longer than the limit of {limit} bytes")
            }
            Self::TooLong { length: None, limit } => {
                write!(f, "a message is longer than the limit of {limit} bytes")
            }
            Self::Incomplete { bytes } => {
                write!(f, "the device ended {bytes} bytes after the beginning of a message")
            }
            Self::Invalid(cause) => write!(f, "the message is wrong: {cause}"),
            Self::Write(cause) => write!(f, "the message was not written: {cause}"),
            Self::Unreachable => f.write_str(
                "the device or the reader of its messages is gone, or is running just now",
            ),
        }
    }
}

/// The text ends with that of the cause, so [`source`](Error::source) is the cause's own.
impl Error for MessageError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause()?.source()
    }
}

/// Keeps the [kind](MessageError::kind).
impl From<MessageError> for io::Error {
    fn from(error: MessageError) -> Self {
        Self::new(error.kind(), error)
    }
}
