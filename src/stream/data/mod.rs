//! `QDataStream`: values in Qt's binary format.
//!
//! `data_stream.rs` has the stream. The formats of the values are in the other modules: `numbers.rs`,
//! `text.rs`, `containers.rs` and `variant.rs`.

use super::device;

mod containers;
mod data_stream;
mod limits;
mod numbers;
mod size;
mod status;
mod text;
mod value;
mod variant;
mod version;

pub use data_stream::QDataStream;
pub use limits::DataStreamLimits;
pub use numbers::{ByteOrder, FloatingPointPrecision};
pub use status::{DataStreamError, DataStreamStatus};
pub use text::{Nullable, QChar};
pub use value::{FromDataStream, ToDataStream};
pub use variant::QVariant;
pub use version::DataStreamVersion;
