//! `TokioCodec`: a codec of `tokio_util`, as one of ours.

use std::error::Error;
use std::fmt;

use tokio_util::bytes::BytesMut;

use super::codec::{Decoder, Encoder};
use super::error::MessageError;
use super::incoming::Incoming;

/// A codec that was written for `tokio_util`.
///
/// It reads from a buffer of its own, into which the bytes that have come are moved: one copy more
/// than a decoder of this crate needs. So it takes bytes of messages that have not come whole, and
/// what it has taken is lost to another reader of the device.
///
/// It counts all bytes in this buffer against [`max_length`](Incoming::max_length), also those that mark
/// the end of a message. When the device is opened anew, and with each datagram, the buffer is empty and
/// the codec is again a clone of the one that was given to [`new`](Self::new).
///
/// ```
/// use slotwire::message::{Decoder, Incoming, MessageError, TokioCodec};
/// use tokio_util::codec::LinesCodec;
///
/// let mut codec = TokioCodec::new(LinesCodec::new());
/// let mut incoming = Incoming::from(&b"one\ntwo\n"[..]);
/// assert_eq!(codec.decode(&mut incoming)?.as_deref(), Some("one"));
/// assert_eq!(codec.decode(&mut incoming)?.as_deref(), Some("two"));
/// # Ok::<_, MessageError>(())
/// ```
#[derive(Debug)]
pub struct TokioCodec<C> {
    codec: C,
    /// The codec as it was before the first message.
    unused: C,
    buffer: BytesMut,
    outgoing: BytesMut,
}

/// How many bytes are moved at once.
const CHUNK: usize = 64 << 10;

impl<C> TokioCodec<C> {
    /// Creates the adapter of a codec. A type that only decodes or only encodes will do, if nothing
    /// else is wanted of it.
    pub fn new(codec: C) -> Self
    where
        C: Clone,
    {
        let unused = codec.clone();
        Self { codec, unused, buffer: BytesMut::new(), outgoing: BytesMut::new() }
    }

    /// Returns the codec.
    pub fn codec(&self) -> &C {
        &self.codec
    }

    /// Returns the codec, mutably. A change holds until the device is opened anew.
    pub fn codec_mut(&mut self) -> &mut C {
        &mut self.codec
    }
}

impl<C> Decoder for TokioCodec<C>
where
    C: tokio_util::codec::Decoder + Clone + 'static,
    C::Item: fmt::Debug + 'static,
    C::Error: Error + Send + Sync + 'static,
{
    type Message = C::Item;

    fn decode(&mut self, incoming: &mut Incoming<'_>) -> Result<Option<C::Item>, MessageError> {
        loop {
            if let Some(item) =
                self.codec.decode(&mut self.buffer).map_err(MessageError::invalid)?
            {
                return Ok(Some(item));
            }
            let limit = incoming.max_length();
            let room = limit.saturating_add(1).saturating_sub(self.buffer.len());
            if room == 0 {
                return Err(MessageError::TooLong { length: None, limit });
            }
            let come = incoming.peek(CHUNK.min(room));
            if come.is_empty() {
                if self.buffer.is_empty() {
                    // A reader that waits keeps no memory.
                    self.buffer = BytesMut::new();
                }
                return Ok(None);
            }
            self.buffer.extend_from_slice(come);
            let count = come.len();
            incoming.consume(count);
        }
    }

    fn decode_end(&mut self, incoming: &mut Incoming<'_>) -> Result<Option<C::Item>, MessageError> {
        if let Some(item) = self.decode(incoming)? {
            return Ok(Some(item));
        }
        self.codec.decode_eof(&mut self.buffer).map_err(MessageError::invalid)
    }

    fn reset(&mut self) {
        self.buffer = BytesMut::new();
        self.codec.clone_from(&self.unused);
    }
}

impl<C, M> Encoder<M> for TokioCodec<C>
where
    C: tokio_util::codec::Encoder<M>,
    C::Error: Error + Send + Sync + 'static,
{
    fn encode(&mut self, message: M, bytes: &mut Vec<u8>) -> Result<(), MessageError> {
        self.outgoing.clear();
        self.codec.encode(message, &mut self.outgoing).map_err(MessageError::invalid)?;
        bytes.extend_from_slice(&self.outgoing);
        if self.outgoing.capacity() > CHUNK {
            self.outgoing = BytesMut::new();
        }
        Ok(())
    }
}
