//! `Incoming`: the bytes that have come, as a decoder sees them.

use std::fmt;

use super::error::MessageError;
use crate::io::QIODevice;

/// The bytes that have come and were not taken: those of a device, or bytes in memory.
///
/// A [`Decoder`](super::Decoder) looks at them and takes those of a whole message.
pub struct Incoming<'a> {
    bytes: Bytes<'a>,
    max_length: usize,
    has_taken: bool,
}

enum Bytes<'a> {
    Device(&'a mut dyn QIODevice),
    Memory(&'a [u8]),
}

impl<'a> Incoming<'a> {
    /// Creates the view of a device.
    pub(super) fn of(device: &'a mut dyn QIODevice, max_length: usize) -> Self {
        Self { bytes: Bytes::Device(device), max_length, has_taken: false }
    }

    /// Returns the same bytes with another limit of a message. The default is no limit.
    #[must_use]
    pub fn with_max_length(mut self, max_length: usize) -> Self {
        self.max_length = max_length;
        self
    }

    /// Returns how many bytes a message may have.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// Returns how many bytes have come and were not taken, as far as the device tells. In text mode
    /// it counts carriage returns that are not read. So what has come whole is what can be
    /// [peeked at](Self::peek).
    pub fn available(&self) -> usize {
        match &self.bytes {
            Bytes::Device(device) => device.bytes_available(),
            Bytes::Memory(rest) => rest.len(),
        }
    }

    /// Returns true if bytes were taken.
    pub(super) fn has_taken(&self) -> bool {
        self.has_taken
    }

    /// Returns the first `count` bytes, or as many as have come, and does not take them.
    pub fn peek(&mut self, count: usize) -> &[u8] {
        match &mut self.bytes {
            Bytes::Device(device) => device.peek(count),
            Bytes::Memory(rest) => &rest[..count.min(rest.len())],
        }
    }

    /// Takes `count` bytes, or as many as have come.
    pub fn consume(&mut self, count: usize) {
        self.has_taken |= count > 0;
        match &mut self.bytes {
            Bytes::Device(device) => _ = device.skip(count),
            Bytes::Memory(rest) => *rest = rest.get(count..).unwrap_or_default(),
        }
    }

    /// Takes `count` bytes, or as many as have come, and returns them. The memory of a buffer may
    /// be taken over, without a copy.
    pub fn take(&mut self, count: usize) -> Vec<u8> {
        self.has_taken |= count > 0;
        match &mut self.bytes {
            Bytes::Device(device) => device.read_bytes(count),
            Bytes::Memory(rest) => {
                let (taken, left) = rest.split_at(count.min(rest.len()));
                *rest = left;
                taken.to_vec()
            }
        }
    }

    /// Returns what was found when no more bytes will come. Fails if that is nothing and there are
    /// bytes, which are no whole message.
    pub(super) fn or_incomplete<M>(&mut self, found: Option<M>) -> Result<Option<M>, MessageError> {
        if found.is_none() && !self.peek(1).is_empty() {
            return Err(MessageError::Incomplete { bytes: self.available().max(1) });
        }
        Ok(found)
    }
}

/// Bytes in memory, without a limit for a message.
impl<'a> From<&'a [u8]> for Incoming<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self { bytes: Bytes::Memory(bytes), max_length: usize::MAX, has_taken: false }
    }
}

impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("available", &self.available())
            .field("max_length", &self.max_length)
            .finish()
    }
}
