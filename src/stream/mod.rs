//! Streams: values in Qt's formats, and text, on a device or in memory.

mod cursor;
mod data;
mod derive;
mod device;
mod memory;
mod std_io;
mod text;

#[cfg(feature = "serde")]
pub use data::Serde;
pub(crate) use data::Settings;
pub use data::{
    ByteOrder, DataStreamError, DataStreamLimits, DataStreamStatus, DataStreamVersion,
    FloatingPointPrecision, FromDataStream, Nullable, QChar, QDataStream, QVariant, ToDataStream,
    Unfinished,
};
#[cfg(feature = "jiff")]
pub use data::{QDateTime, TimeSpec};
pub use derive::{FromDataStream, ToDataStream};
pub use device::StreamDevice;
pub use memory::{Bytes, Text};
pub use std_io::{Reader, Writer};
#[cfg(feature = "encoding")]
pub use text::OtherEncoding;
pub use text::{
    Encoding, FieldAlignment, FromTextStream, IntegerBase, MalformedText, NumberFlags, QTextStream,
    RealNumberNotation, TextStreamError, TextStreamStatus, ToTextStream,
};
