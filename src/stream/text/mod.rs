//! `QTextStream`: text on devices and in memory.
//!
//! `text_stream.rs` has the stream and its settings. `scan.rs` finds out how far a word, a line or a
//! number goes, and `reading.rs` reads by it; `writing.rs` writes. `integer.rs`, `real.rs` and
//! `words.rs` have the values. `encoding.rs` has the encodings, `decoding.rs` their decoders.

mod decoding;
mod encoding;
mod format;
mod integer;
mod manipulators;
#[cfg(feature = "encoding")]
mod other_encoding;
mod reading;
mod real;
mod scan;
mod status;
mod text_stream;
mod value;
mod words;
mod writing;

pub use encoding::{Encoding, MalformedText};
pub use format::{FieldAlignment, IntegerBase, NumberFlags, RealNumberNotation};
#[cfg(feature = "encoding")]
pub use other_encoding::OtherEncoding;
pub use status::{TextStreamError, TextStreamStatus};
pub use text_stream::QTextStream;
pub use value::{FromTextStream, ToTextStream};
