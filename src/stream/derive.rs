//! The derive macros of values that a stream reads and writes.

/// Writes [`ToDataStream`](trait@crate::stream::ToDataStream) for a type.
///
/// The fields of a struct are written one after another, without anything between them, as the
/// operators of a class in Qt mostly do it. An enum without fields is written as a number: of the type
/// that its `repr` names, or of 32 bits, as Qt does it.
///
/// ```
/// use slotwire::stream::{DataStreamError, FromDataStream, QDataStream, ToDataStream};
///
/// #[derive(Debug, PartialEq, ToDataStream, FromDataStream)]
/// struct Reading {
///     sensor: String,
///     unit: Unit,
///     values: Vec<f64>,
/// }
///
/// #[derive(Debug, PartialEq, ToDataStream, FromDataStream)]
/// #[repr(u8)]
/// enum Unit {
///     Celsius = 1,
///     Kelvin = 2,
/// }
///
/// let reading = Reading { sensor: "attic".to_owned(), unit: Unit::Kelvin, values: vec![293.5] };
/// let mut stream = QDataStream::new(Vec::new());
/// stream.write(&reading)?;
/// let bytes = stream.into_device();
/// assert_eq!(QDataStream::from_bytes(&bytes).read::<Reading>()?, reading);
/// let error = QDataStream::from_bytes(&[7]).read::<Unit>().unwrap_err();
/// assert_eq!(error.to_string(), "the data is wrong: 7 is no Unit");
/// # Ok::<_, DataStreamError>(())
/// ```
pub use slotwire_macros::ToDataStream;

/// Writes [`FromDataStream`](trait@crate::stream::FromDataStream) for a type: the counterpart of
/// [`ToDataStream`](derive@crate::stream::ToDataStream).
pub use slotwire_macros::FromDataStream;
