//! Types of `serde` in a data stream.

mod deserializer;
mod serde_value;
mod serializer;

pub use serde_value::Serde;
