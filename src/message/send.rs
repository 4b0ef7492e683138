//! Sending a message.

use std::sync::Arc;

use super::codec::{Decoder, Encoder};
use super::error::MessageError;
use super::messages::Messages;
use crate::object::{Obj, World};

impl World {
    /// Sends a message on the device of a [`Messages`]: all of it, or nothing.
    ///
    /// ```
    /// use slotwire::message::{LineCodec, Messages};
    /// use slotwire::prelude::*;
    /// use slotwire::QBuffer;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut rt = Runtime::new()?;
    /// let buffer = rt.add(QBuffer::new());
    /// rt[buffer].open(OpenMode::READ_WRITE)?;
    /// let lines = rt.add(Messages::new(buffer, LineCodec::new()));
    /// rt.send(lines, "NICK alice")?;
    /// assert_eq!(rt[buffer].data(), b"NICK alice\n");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Write`](MessageError::Write) if the device does not take all of it. A socket with a
    /// [write limit](crate::QAbstractSocket::set_write_buffer_limit) reports `WouldBlock` then, and
    /// emits [`write_buffer_drained`](crate::QAbstractSocket::write_buffer_drained) when it has
    /// room again. [`Invalid`](MessageError::Invalid) or [`TooLong`](MessageError::TooLong) if the
    /// codec cannot write this message, and [`Unreachable`](MessageError::Unreachable) if the
    /// device is gone or is running just now.
    ///
    /// # Panics
    ///
    /// Panics if the handle is of another runtime.
    #[track_caller]
    pub fn send<C, M>(&mut self, messages: Obj<Messages<C>>, message: M) -> Result<(), MessageError>
    where
        C: Decoder + Encoder<M>,
    {
        let device = self.get(messages).ok_or(MessageError::Unreachable)?.device();
        let (messages, device) = self.pair(messages, device).ok_or(MessageError::Unreachable)?;
        let written = messages.encode(message).and_then(|bytes| {
            device.write_all(bytes).map_err(|error| MessageError::Write(Arc::new(error)))
        });
        messages.drop_large_memory();
        written
    }
}
