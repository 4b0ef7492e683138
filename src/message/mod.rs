//! Messages: whole ones, out of the bytes of a device.
//!
//! A device gives bytes as they come: half of a message, or three of them. [`Messages`] puts them
//! together and emits each whole message as a signal. A [`Decoder`] knows where a message ends:
//! [`LineCodec`], [`LengthPrefixCodec`] and [`DataStreamCodec`] are here, and a protocol of your own
//! is an `impl Decoder`.

mod codec;
mod data_stream;
mod error;
mod incoming;
mod length_prefix;
mod line;
mod messages;
mod send;
#[cfg(feature = "tokio-util")]
mod tokio;

pub use codec::{Decoder, Encoder, Skip};
pub use data_stream::DataStreamCodec;
pub use error::MessageError;
pub use incoming::Incoming;
pub use length_prefix::LengthPrefixCodec;
pub use line::LineCodec;
pub use messages::Messages;
#[cfg(feature = "tokio-util")]
pub use tokio::TokioCodec;
