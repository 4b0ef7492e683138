//! `DataStreamCodec`: a message is a value of a data stream.

use std::fmt;

use super::codec::{Decoder, Encoder};
use super::error::MessageError;
use super::incoming::Incoming;
use crate::stream::{
    ByteOrder, Bytes, DataStreamLimits, DataStreamVersion, FloatingPointPrecision, FromDataStream,
    QDataStream, Settings, StreamDevice, ToDataStream, Unfinished,
};

/// A message is a value in the format of [`QDataStream`], without a length before it.
///
/// The end of such a message is known only by reading it. What has come of a container is not read again
/// at each piece, as by [`resume`](QDataStream::resume); but a type that reads elements in a loop of its
/// own, and one of serde, are. A [`LengthPrefixCodec`](super::LengthPrefixCodec) knows the end at once:
/// prefer it for such types, if the protocol is yours.
///
/// ```
/// use slotwire::message::{DataStreamCodec, Decoder, Incoming, MessageError};
///
/// let mut codec = DataStreamCodec::<(u8, String)>::new();
/// let mut incoming = Incoming::from(&b"\x07\x00\x00\x00\x04\x00o\x00k"[..]);
/// assert_eq!(codec.decode(&mut incoming)?, Some((7, "ok".to_owned())));
/// # Ok::<_, MessageError>(())
/// ```
pub struct DataStreamCodec<T> {
    settings: Settings,
    /// How many bytes must have come before the next value can be whole.
    needed: usize,
    unfinished: Unfinished<T>,
}

impl<T> DataStreamCodec<T> {
    /// Creates a codec with Qt's defaults: the newest version, big-endian byte order and double
    /// precision.
    pub fn new() -> Self {
        Self { settings: Settings::default(), needed: 1, unfinished: Unfinished::default() }
    }

    /// Returns the same codec in another [version](QDataStream::set_version).
    #[must_use]
    pub fn with_version(mut self, version: DataStreamVersion) -> Self {
        self.settings.version = version;
        self
    }

    /// Returns the same codec in another [byte order](QDataStream::set_byte_order).
    #[must_use]
    pub fn with_byte_order(mut self, order: ByteOrder) -> Self {
        self.settings.byte_order = order;
        self
    }

    /// Returns the same codec with another
    /// [precision](QDataStream::set_floating_point_precision).
    #[must_use]
    pub fn with_floating_point_precision(mut self, precision: FloatingPointPrecision) -> Self {
        self.settings.precision = precision;
        self
    }

    /// Returns the same codec with other [limits](QDataStream::set_limits) of the values' parts.
    #[must_use]
    pub fn with_limits(mut self, limits: DataStreamLimits) -> Self {
        self.settings.limits = limits;
        self
    }
}

impl<T> Default for DataStreamCodec<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// A clone knows nothing of the message that has begun.
impl<T> Clone for DataStreamCodec<T> {
    fn clone(&self) -> Self {
        Self { settings: self.settings, ..Self::new() }
    }
}

impl<T> fmt::Debug for DataStreamCodec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataStreamCodec").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<T: FromDataStream + fmt::Debug + 'static> Decoder for DataStreamCodec<T> {
    type Message = T;

    fn decode(&mut self, incoming: &mut Incoming<'_>) -> Result<Option<T>, MessageError> {
        let limit = incoming.max_length();
        if incoming.peek(self.needed).len() < self.needed {
            return Ok(None);
        }
        let bytes = incoming.peek(limit.saturating_add(1));
        let come = bytes.len();
        let mut stream = QDataStream::with_settings(Bytes::from(bytes), self.settings);
        let Some(value) = stream.resume(&mut self.unfinished).map_err(MessageError::invalid)?
        else {
            self.needed = stream.bytes_needed().max(come.saturating_add(1));
            if self.needed > limit {
                return Err(MessageError::TooLong { length: None, limit });
            }
            return Ok(None);
        };
        let taken = come - stream.into_device().look(come).len();
        if taken == 0 {
            return Err(MessageError::invalid("a value without bytes has no end in a stream"));
        }
        if taken > limit {
            return Err(MessageError::TooLong { length: Some(taken as u64), limit });
        }
        incoming.consume(taken);
        self.needed = 1;
        Ok(Some(value))
    }

    fn decode_end(&mut self, incoming: &mut Incoming<'_>) -> Result<Option<T>, MessageError> {
        // Bytes too few for the value may still tell that it is too long.
        self.reset();
        let found = self.decode(incoming)?;
        incoming.or_incomplete(found)
    }

    fn reset(&mut self) {
        self.needed = 1;
        self.unfinished.forget();
    }
}

impl<M: ToDataStream + ?Sized, T> Encoder<&M> for DataStreamCodec<T> {
    fn encode(&mut self, message: &M, bytes: &mut Vec<u8>) -> Result<(), MessageError> {
        let mut stream = QDataStream::with_settings(std::mem::take(bytes), self.settings);
        let written = stream.write(message);
        *bytes = stream.into_device();
        written.map_err(MessageError::invalid)
    }
}
