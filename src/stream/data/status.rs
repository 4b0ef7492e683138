//! What went wrong in a stream.

use std::io;

/// The status of a stream: the first thing that went wrong since it was
/// [reset](super::QDataStream::reset_status).
#[doc(alias = "QDataStream::Status")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DataStreamStatus {
    /// Nothing went wrong.
    #[default]
    Ok,
    /// The data ended in the middle of a value.
    ReadPastEnd,
    /// The data cannot be the value that was to be read.
    ReadCorruptData,
    /// The device did not take what was written, or the stream has no format for it.
    WriteFailed,
    /// A size is larger than the [limits](super::DataStreamLimits) allow, or than the version can
    /// say.
    SizeLimitExceeded,
}

/// Why a value could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataStreamError {
    /// The data ends in the middle of the value. More may come.
    #[error("the data ends in the middle of a value")]
    ReadPastEnd,
    /// The data cannot be this value.
    #[error("the data is wrong: {0}")]
    ReadCorruptData(String),
    /// The device did not take what was written.
    #[error("the device does not take the data: {0}")]
    WriteFailed(#[source] io::Error),
    /// A size is larger than the [limits](super::DataStreamLimits) allow, or than the version can
    /// say.
    #[error("the data announces {size} {unit}, and the limit is {limit}")]
    SizeLimitExceeded {
        /// The size that is too large.
        size: u64,
        /// What is counted: bytes, elements, or levels of nesting.
        unit: &'static str,
        /// The limit.
        limit: u64,
    },
    /// The stream has no format for the value, or none from which it would be read back equal.
    #[error("a data stream has no format for this: {0}")]
    Unsupported(String),
    /// An earlier value could not be read or written, so nothing is read or written until the
    /// status is [reset](super::QDataStream::reset_status).
    #[error("an earlier value of the stream failed: {0:?}")]
    AfterFailure(DataStreamStatus),
}

impl DataStreamError {
    /// Creates the error of data that cannot be the value, for types of your own. `reason` is the
    /// rest of a sentence that begins with "the data is wrong".
    pub fn corrupt(reason: impl Into<String>) -> Self {
        Self::ReadCorruptData(reason.into())
    }

    /// Returns the status that a stream has after this error.
    pub fn status(&self) -> DataStreamStatus {
        match self {
            Self::ReadPastEnd => DataStreamStatus::ReadPastEnd,
            Self::ReadCorruptData(_) => DataStreamStatus::ReadCorruptData,
            Self::WriteFailed(_) | Self::Unsupported(_) => DataStreamStatus::WriteFailed,
            Self::SizeLimitExceeded { .. } => DataStreamStatus::SizeLimitExceeded,
            Self::AfterFailure(status) => *status,
        }
    }
}

impl From<DataStreamError> for io::Error {
    fn from(error: DataStreamError) -> Self {
        let kind = match &error {
            DataStreamError::ReadPastEnd => io::ErrorKind::UnexpectedEof,
            DataStreamError::WriteFailed(cause) => cause.kind(),
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
