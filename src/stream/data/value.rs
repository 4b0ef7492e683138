//! The traits of values that a stream reads and writes.

use super::data_stream::QDataStream;
use super::device::StreamDevice;
use super::status::DataStreamError;

/// A value that a [`QDataStream`] writes.
///
/// ```
/// use slotwire::stream::{DataStreamError, QDataStream, StreamDevice, ToDataStream};
///
/// struct Point {
///     x: i32,
///     y: i32,
/// }
///
/// impl ToDataStream for Point {
///     fn write_to<D: StreamDevice>(
///         &self,
///         stream: &mut QDataStream<D>,
///     ) -> Result<(), DataStreamError> {
///         stream.write(&self.x)?;
///         stream.write(&self.y)
///     }
/// }
///
/// let mut stream = QDataStream::new(Vec::new());
/// stream.write(&[Point { x: 1, y: 2 }])?;
/// assert_eq!(stream.into_device(), [0, 0, 0, 1, 0, 0, 0, 2]);
/// # Ok::<_, DataStreamError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a data stream cannot write `{Self}`",
    note = "write `#[derive(ToDataStream)]` above a type of your own, or implement `ToDataStream`"
)]
pub trait ToDataStream {
    /// Writes the value: its parts, by [`write`](QDataStream::write). The stream passes them on to
    /// its device when the outermost value is complete. To write a value, call `write`, and not this.
    ///
    /// # Errors
    ///
    /// Returns the error of its parts.
    fn write_to<D: StreamDevice>(&self, stream: &mut QDataStream<D>)
    -> Result<(), DataStreamError>;

    /// Writes values one after another.
    #[doc(hidden)]
    fn write_all_to<D: StreamDevice>(
        values: &[Self],
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError>
    where
        Self: Sized,
    {
        values.iter().try_for_each(|value| value.write_to(stream))
    }
}

/// A value that a [`QDataStream`] reads.
///
/// ```
/// use slotwire::stream::{DataStreamError, FromDataStream, QDataStream, StreamDevice};
///
/// struct Percent(u8);
///
/// impl FromDataStream for Percent {
///     fn read_from<D: StreamDevice>(
///         stream: &mut QDataStream<D>,
///     ) -> Result<Self, DataStreamError> {
///         match stream.read()? {
///             percent @ 0..=100 => Ok(Self(percent)),
///             more => Err(DataStreamError::corrupt(format!("{more} are no percent"))),
///         }
///     }
/// }
///
/// let mut stream = QDataStream::from_bytes(&[7, 101]);
/// assert_eq!(stream.read::<Percent>()?.0, 7);
/// let error = stream.read::<Percent>().err().unwrap();
/// assert_eq!(error.to_string(), "the data is wrong: 101 are no percent");
/// # Ok::<_, DataStreamError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a data stream cannot read `{Self}`",
    note = "write `#[derive(FromDataStream)]` above a type of your own, or implement `FromDataStream`"
)]
pub trait FromDataStream: Sized {
    /// Reads the value: its parts, by [`read`](QDataStream::read).
    ///
    /// A value that comes in pieces may be read several times, and what was read is dropped. So the same
    /// bytes, in the same format, must always be the same value.
    ///
    /// # Errors
    ///
    /// Returns the error of its parts, or [`DataStreamError::corrupt`] if together they are no such
    /// value.
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError>;

    /// Reads a part of another value.
    #[doc(hidden)]
    fn read_part<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        stream.read()
    }

    /// Reads as many values. The caller has checked the count.
    #[doc(hidden)]
    fn read_many<D: StreamDevice>(
        stream: &mut QDataStream<D>,
        count: usize,
    ) -> Result<Vec<Self>, DataStreamError> {
        stream.read_vec(count)
    }

    /// The least number of bytes that a value takes in any format: 0, unless the type says more. The
    /// derive adds up the parts.
    ///
    /// From this number, [`bytes_needed`](QDataStream::bytes_needed) tells what must come of a value
    /// at least. If it is too large, a program waits for bytes that never come; if it is too small,
    /// a large value is read more often than necessary.
    const MIN_SIZE: usize = 0;

    /// True for bytes: a list of them is also Qt's `QByteArray`, which can be null.
    #[doc(hidden)]
    const IS_BYTE: bool = false;

    /// False for values without parts, and for those that count their depth themselves.
    #[doc(hidden)]
    const COUNTS_AS_NESTED: bool = true;
}
