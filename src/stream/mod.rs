//! Streams: values in Qt's formats, on a device or in memory.

mod data;
mod derive;

pub use data::{
    ByteOrder, Bytes, DataStreamError, DataStreamLimits, DataStreamStatus, DataStreamVersion,
    FloatingPointPrecision, FromDataStream, Nullable, QChar, QDataStream, QVariant, StreamDevice,
    ToDataStream,
};
pub use derive::{FromDataStream, ToDataStream};
