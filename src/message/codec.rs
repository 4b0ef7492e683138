//! The traits of protocols: where a message ends, and what its bytes are.
//!
//! They have the shape of `tokio_util::codec`, but for two things. A decoder looks at the bytes
//! where they are, in the device's buffer, and takes those of a whole message. And it returns one
//! kind of error, which tells a message that is too long from one that is wrong.

use std::fmt;

use super::error::MessageError;
use super::incoming::Incoming;

/// Finds messages in the bytes of a device.
///
/// ```
/// use slotwire::message::{Decoder, Incoming, MessageError};
///
/// /// Messages of three digits.
/// #[derive(Debug)]
/// struct Digits;
///
/// impl Decoder for Digits {
///     type Message = u16;
///
///     fn decode(&mut self, incoming: &mut Incoming<'_>) -> Result<Option<u16>, MessageError> {
///         let &[a, b, c] = incoming.peek(3) else { return Ok(None) };
///         let digits = str::from_utf8(&[a, b, c]).map_err(MessageError::invalid)?.parse();
///         incoming.consume(3);
///         digits.map(Some).map_err(MessageError::invalid)
///     }
/// }
///
/// let mut incoming = Incoming::from(&b"00712"[..]);
/// assert_eq!(Digits.decode(&mut incoming)?, Some(7));
/// assert_eq!(Digits.decode(&mut incoming)?, None, "one digit has not come yet");
/// # Ok::<_, MessageError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say where a message ends",
    note = "use `LineCodec`, `LengthPrefixCodec` or `DataStreamCodec`, or write `impl Decoder for {Self}`"
)]
pub trait Decoder: 'static {
    /// What a message is.
    type Message: fmt::Debug + 'static;

    /// Takes the next message, if all of it has come. Takes nothing otherwise, and returns `None`.
    ///
    /// # Errors
    ///
    /// [`TooLong`](MessageError::TooLong) if the message has more bytes than
    /// [`max_length`](Incoming::max_length), also before they have come;
    /// [`Invalid`](MessageError::Invalid) if the bytes are no message. The device is closed then,
    /// except for a message that is too long and can be [skipped](Skip).
    fn decode(
        &mut self,
        incoming: &mut Incoming<'_>,
    ) -> Result<Option<Self::Message>, MessageError>;

    /// As [`decode`](Self::decode), when no more bytes will come. The default calls `decode`.
    ///
    /// # Errors
    ///
    /// As `decode`; and [`Incomplete`](MessageError::Incomplete) if there are bytes that are no
    /// whole message.
    fn decode_end(
        &mut self,
        incoming: &mut Incoming<'_>,
    ) -> Result<Option<Self::Message>, MessageError> {
        let found = self.decode(incoming)?;
        incoming.or_incomplete(found)
    }

    /// Forgets what the decoder knows of the message that has begun: the next bytes are those of
    /// another connection. The default does nothing.
    fn reset(&mut self) {}
}

/// A decoder that can go on after a message that is too long.
pub trait Skip: Decoder {
    /// Takes what has come of the message that was too long. Returns true if that is all of it.
    ///
    /// `decode` either reported this message as [too long](MessageError::TooLong), or it returned
    /// `None`, and the device has no room for the rest. If `skip` returns true without taking
    /// anything, and a message that is too long follows again, the device is closed.
    fn skip(&mut self, incoming: &mut Incoming<'_>) -> bool;
}

/// Writes messages of type `M`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not write a `{M}` as a message",
    note = "a `LineCodec` writes text, a `LengthPrefixCodec` bytes, a `DataStreamCodec` references \
            to what implements `ToDataStream`"
)]
pub trait Encoder<M> {
    /// Appends the bytes of a message.
    ///
    /// # Errors
    ///
    /// [`Invalid`](MessageError::Invalid) or [`TooLong`](MessageError::TooLong) if the format
    /// cannot have this message. What was appended is not sent then.
    fn encode(&mut self, message: M, bytes: &mut Vec<u8>) -> Result<(), MessageError>;
}
