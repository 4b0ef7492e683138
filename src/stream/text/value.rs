//! The traits of values that a text stream reads and writes.

use super::status::TextStreamError;
use super::text_stream::QTextStream;
use crate::stream::device::StreamDevice;

/// A value that a [`QTextStream`] writes.
///
/// Each part that is written is a field by itself, with the width of the stream. Types that only have
/// [`Display`](std::fmt::Display) are written by `write!(stream, "{value}")`.
///
/// ```
/// use slotwire::stream::{QTextStream, StreamDevice, TextStreamError, ToTextStream};
///
/// struct Point {
///     x: i32,
///     y: i32,
/// }
///
/// impl ToTextStream for Point {
///     fn write_to<D: StreamDevice>(
///         &self,
///         stream: &mut QTextStream<D>,
///     ) -> Result<(), TextStreamError> {
///         stream.write(&(self.x, ' ', self.y, '\n'))
///     }
/// }
///
/// let mut stream = QTextStream::new(String::new());
/// stream.write(&Point { x: 1, y: -2 })?;
/// assert_eq!(stream.into_device(), "1 -2\n");
/// # Ok::<_, TextStreamError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a text stream cannot write `{Self}`",
    note = "implement `ToTextStream` for a type of your own, or write `write!(stream, \"{{value}}\")`"
)]
pub trait ToTextStream {
    /// Writes the value: its parts, by [`write`](QTextStream::write). The stream passes them on to its
    /// device when the outermost value is complete. To write a value, call `write`, and not this.
    ///
    /// # Errors
    ///
    /// Returns the error of its parts.
    fn write_to<D: StreamDevice>(&self, stream: &mut QTextStream<D>)
    -> Result<(), TextStreamError>;
}

/// A value that a [`QTextStream`] reads.
///
/// ```
/// use slotwire::stream::{FromTextStream, QTextStream, StreamDevice, TextStreamError};
///
/// #[derive(Debug, PartialEq)]
/// enum Command {
///     Get(String),
///     Set(String, f64),
/// }
///
/// impl FromTextStream for Command {
///     fn read_from<D: StreamDevice>(
///         stream: &mut QTextStream<D>,
///     ) -> Result<Self, TextStreamError> {
///         match stream.read::<String>()?.as_str() {
///             "get" => Ok(Self::Get(stream.read()?)),
///             "set" => Ok(Self::Set(stream.read()?, stream.read()?)),
///             other => Err(TextStreamError::corrupt(format!("{other:?} is no command"))),
///         }
///     }
/// }
///
/// let mut stream = QTextStream::from_text("set attic 21.5\nget cellar\nset off\n");
/// assert_eq!(stream.read_whole()?, Some(Command::Set("attic".to_owned(), 21.5)));
/// assert_eq!(stream.read_whole()?, Some(Command::Get("cellar".to_owned())));
/// assert_eq!(stream.read_whole::<Command>()?, None, "the number has not come yet");
/// # Ok::<_, TextStreamError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a text stream cannot read `{Self}`",
    note = "implement `FromTextStream` for a type of your own"
)]
pub trait FromTextStream: Sized {
    /// Reads the value: its parts, by [`read`](QTextStream::read). Nothing is taken if it fails.
    ///
    /// # Errors
    ///
    /// Returns the error of its parts, or [`TextStreamError::corrupt`] if together they are no such
    /// value.
    fn read_from<D: StreamDevice>(stream: &mut QTextStream<D>) -> Result<Self, TextStreamError>;

    /// True if white space before the value is no part of it.
    #[doc(hidden)]
    const SKIPS_WHITE_SPACE: bool = false;
}
