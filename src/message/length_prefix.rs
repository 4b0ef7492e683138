//! `LengthPrefixCodec`: a message is a length and as many bytes.

use super::codec::{Decoder, Encoder, Skip};
use super::error::MessageError;
use super::incoming::Incoming;
use crate::stream::ByteOrder;

/// A message is a number of bytes, after that number.
///
/// ```
/// use slotwire::message::{Decoder, Incoming, LengthPrefixCodec, MessageError};
/// use slotwire::stream::ByteOrder;
///
/// let mut codec = LengthPrefixCodec::u16().with_byte_order(ByteOrder::LittleEndian);
/// let mut incoming = Incoming::from(&b"\x03\x00abc\x02\x00d"[..]);
/// assert_eq!(codec.decode(&mut incoming)?.as_deref(), Some(&b"abc"[..]));
/// assert_eq!(codec.decode(&mut incoming)?, None, "one byte has not come yet");
/// # Ok::<_, MessageError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LengthPrefixCodec {
    /// How many bytes the length has, 1 to 8.
    width: usize,
    order: ByteOrder,
    counts_itself: bool,
    /// How much is left of a message that is skipped.
    left_to_skip: u64,
}

/// How many bytes are skipped at once.
const LOOK: usize = 4096;

impl LengthPrefixCodec {
    const fn of_width(width: usize) -> Self {
        Self { width, order: ByteOrder::BigEndian, counts_itself: false, left_to_skip: 0 }
    }

    /// Creates a codec whose lengths have one byte.
    pub const fn u8() -> Self {
        Self::of_width(1)
    }

    /// Creates a codec whose lengths have two bytes, in big-endian order.
    pub const fn u16() -> Self {
        Self::of_width(2)
    }

    /// Creates a codec whose lengths have three bytes, in big-endian order.
    pub const fn u24() -> Self {
        Self::of_width(3)
    }

    /// Creates a codec whose lengths have four bytes, in big-endian order.
    pub const fn u32() -> Self {
        Self::of_width(4)
    }

    /// Creates a codec whose lengths have eight bytes, in big-endian order.
    pub const fn u64() -> Self {
        Self::of_width(8)
    }

    /// Returns the same codec with its lengths in another byte order.
    #[must_use]
    pub const fn with_byte_order(mut self, order: ByteOrder) -> Self {
        self.order = order;
        self
    }

    /// Returns the same codec with lengths that count their own bytes too.
    #[must_use]
    pub const fn counting_itself(mut self) -> Self {
        self.counts_itself = true;
        self
    }

    /// Returns how much more a length says than how many bytes follow it.
    fn counted(&self) -> u64 {
        if self.counts_itself { self.width as u64 } else { 0 }
    }

    /// Returns the number in these bytes.
    fn number(&self, prefix: &[u8]) -> u64 {
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        match self.order {
            ByteOrder::BigEndian => prefix.iter().fold(0, add),
            ByteOrder::LittleEndian => prefix.iter().rev().fold(0, add),
        }
    }
}

impl Decoder for LengthPrefixCodec {
    type Message = Vec<u8>;

    fn decode(&mut self, incoming: &mut Incoming<'_>) -> Result<Option<Vec<u8>>, MessageError> {
        let limit = incoming.max_length();
        let prefix = incoming.peek(self.width);
        if prefix.len() < self.width {
            return Ok(None);
        }
        let number = self.number(prefix);
        let length = number.checked_sub(self.counted()).ok_or_else(|| {
            MessageError::invalid(format!("a length of {number} is less than its own bytes"))
        })?;
        let size = usize::try_from(length).ok().filter(|&length| length <= limit);
        let Some(size) = size.filter(|size| size.checked_add(self.width).is_some()) else {
            self.left_to_skip = length.saturating_add(self.width as u64);
            return Err(MessageError::TooLong { length: Some(length), limit });
        };
        if incoming.peek(self.width + size).len() < self.width + size {
            return Ok(None);
        }
        incoming.consume(self.width);
        Ok(Some(incoming.take(size)))
    }

    fn reset(&mut self) {
        self.left_to_skip = 0;
    }
}

impl Skip for LengthPrefixCodec {
    fn skip(&mut self, incoming: &mut Incoming<'_>) -> bool {
        if self.left_to_skip == 0 {
            // Not `decode` found it too long but the reader, since the device has no room for it.
            let prefix = incoming.peek(self.width);
            if prefix.len() == self.width {
                let length = self.number(prefix).saturating_sub(self.counted());
                self.left_to_skip = length.saturating_add(self.width as u64);
            }
        }
        while self.left_to_skip > 0 {
            let most = usize::try_from(self.left_to_skip).map_or(LOOK, |left| left.min(LOOK));
            let count = incoming.peek(most).len();
            if count == 0 {
                return false;
            }
            incoming.consume(count);
            self.left_to_skip -= count as u64;
        }
        true
    }
}

impl<T: AsRef<[u8]>> Encoder<T> for LengthPrefixCodec {
    fn encode(&mut self, message: T, bytes: &mut Vec<u8>) -> Result<(), MessageError> {
        let message = message.as_ref();
        let most = u64::MAX >> (64 - 8 * self.width);
        let length = message.len() as u64;
        let Some(number) = length.checked_add(self.counted()).filter(|&number| number <= most)
        else {
            let limit = usize::try_from(most - self.counted()).unwrap_or(usize::MAX);
            return Err(MessageError::TooLong { length: Some(length), limit });
        };
        match self.order {
            ByteOrder::BigEndian => {
                bytes.extend_from_slice(&number.to_be_bytes()[8 - self.width..]);
            }
            ByteOrder::LittleEndian => {
                bytes.extend_from_slice(&number.to_le_bytes()[..self.width]);
            }
        }
        bytes.extend_from_slice(message);
        Ok(())
    }
}
