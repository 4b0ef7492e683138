//! `Serde`: a value that a stream reads and writes by the traits of `serde`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::deserializer::Reader;
use super::serializer::Writer;
use crate::stream::data::data_stream::QDataStream;
use crate::stream::data::device::StreamDevice;
use crate::stream::data::status::DataStreamError;
use crate::stream::data::value::{FromDataStream, ToDataStream};

/// A value that a [`QDataStream`] reads and writes by the traits of `serde`, in place of
/// [`ToDataStream`] and [`FromDataStream`].
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use slotwire::stream::{DataStreamError, QDataStream, Serde};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Reading {
///     sensor: String,
///     celsius: f64,
/// }
///
/// let reading = Reading { sensor: "attic".to_owned(), celsius: 21.5 };
/// let mut stream = QDataStream::new(Vec::new());
/// stream.write(&Serde(&reading))?;
/// let bytes = stream.into_device();
/// let Serde(read) = QDataStream::from_bytes(&bytes).read::<Serde<Reading>>()?;
/// assert_eq!(read, reading);
/// # Ok::<_, DataStreamError>(())
/// ```
///
/// | in serde | in the stream |
/// |---|---|
/// | a truth value, a number, `char` | as itself |
/// | a string | as [`String`]: a `QString` |
/// | bytes | as `Vec<u8>`: a `QByteArray` |
/// | a sequence, a map | the number of elements, and each: a `QList`, a `QMap` |
/// | a struct, a tuple, an array | each part, without its name |
/// | a unit | nothing |
/// | an option | a truth value, and the value if there is one |
/// | an enum | the index of the variant in 32 bits, and its fields |
///
/// These have surprises:
///
/// - Bytes are only what the type calls bytes. A `Vec<u8>` is a sequence, which has the same format
///   as a `QByteArray` but is read one by one; `serde_bytes` is faster.
/// - Qt has no counterpart of options and of enums with fields, so a program on Qt reads their parts
///   by hand. An `Option<String>` is not a string that may be null, and the number of an enum is not
///   that of its `repr`, but its place among the variants.
/// - The data does not tell of which type it is. So what must know the type first cannot be read:
///   `serde_json::Value`, `#[serde(untagged)]`, `#[serde(flatten)]`, `#[serde(tag = "..")]`. A field
///   that is skipped depending on its value is an error too, since nothing tells that it is missing.
/// - `i128` and `u128` are errors.
/// - A type may have another form for formats that no person reads, as `IpAddr` does.
/// - [`bytes_needed`](QDataStream::bytes_needed) and [`resume`](QDataStream::resume) know nothing of the
///   type, so a list that comes in many pieces is read from its beginning at many of them. A
///   `Vec<Serde<T>>`, which has the same format as a `Serde<Vec<T>>`, is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serde<T>(pub T);

impl<T: Serialize> ToDataStream for Serde<T> {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        match stream.writes {
            // Of a value by itself, nothing could be filled in.
            0 => stream.write(self),
            _ => self.0.serialize(Writer(stream)),
        }
    }
}

impl<T: DeserializeOwned> FromDataStream for Serde<T> {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        T::deserialize(Reader(stream)).map(Self)
    }
}
