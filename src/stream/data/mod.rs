//! `QDataStream`: values in Qt's binary format.
//!
//! `data_stream.rs` has the stream. The formats of the values are in the other modules: `numbers.rs`,
//! `text.rs`, `containers.rs` and `variant.rs`; with the features of the same names, `date.rs` and
//! `date_time.rs` (feature `jiff`), `url.rs`, `uuid.rs` and `serde/`.

use super::device;

mod containers;
mod data_stream;
#[cfg(feature = "jiff")]
mod date;
#[cfg(feature = "jiff")]
mod date_time;
mod elements;
mod limits;
mod numbers;
mod progress;
mod scope;
#[cfg(feature = "serde")]
mod serde;
mod settings;
mod size;
mod status;
mod text;
#[cfg(feature = "jiff")]
mod time_spec;
mod transaction;
mod unfinished;
#[cfg(feature = "url")]
mod url;
mod utf16;
#[cfg(feature = "uuid")]
mod uuid;
mod value;
mod variant;
mod version;

pub use data_stream::QDataStream;
#[cfg(feature = "jiff")]
pub use date_time::QDateTime;
pub use limits::DataStreamLimits;
pub use numbers::{ByteOrder, FloatingPointPrecision};
#[cfg(feature = "serde")]
pub use serde::Serde;
pub(crate) use settings::Settings;
pub use status::{DataStreamError, DataStreamStatus};
pub use text::{Nullable, QChar};
#[cfg(feature = "jiff")]
pub use time_spec::TimeSpec;
pub use unfinished::Unfinished;
pub use value::{FromDataStream, ToDataStream};
pub use variant::QVariant;
pub use version::DataStreamVersion;
