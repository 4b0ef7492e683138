//! Streams: values in Qt's formats, on a device or in memory.

mod data;

pub use data::{
    ByteOrder, Bytes, DataStreamError, DataStreamLimits, DataStreamStatus, DataStreamVersion,
    FloatingPointPrecision, FromDataStream, Nullable, QChar, QDataStream, QVariant, StreamDevice,
    ToDataStream,
};
