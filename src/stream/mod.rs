//! Streams: values in Qt's formats, on a device or in memory.

mod data;
mod derive;

#[cfg(feature = "serde")]
pub use data::Serde;
pub use data::{
    ByteOrder, Bytes, DataStreamError, DataStreamLimits, DataStreamStatus, DataStreamVersion,
    FloatingPointPrecision, FromDataStream, Nullable, QChar, QDataStream, QVariant, StreamDevice,
    ToDataStream,
};
#[cfg(feature = "jiff")]
pub use data::{QDateTime, TimeSpec};
pub use derive::{FromDataStream, ToDataStream};
