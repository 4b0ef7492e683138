//! Strings, characters, and what is null.

use std::ffi::{CStr, CString};

use super::data_stream::QDataStream;
use super::device::StreamDevice;
use super::numbers::ByteOrder;
use super::status::DataStreamError;
use super::value::{FromDataStream, ToDataStream};

/// Qt's character: a unit of UTF-16, of 16 bits. A character beyond U+FFFF takes two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QChar(pub u16);

impl ToDataStream for QChar {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        self.0.write_to(stream)
    }
}

impl FromDataStream for QChar {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        u16::read_from(stream).map(Self)
    }

    const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = 2;
}

/// As Qt's `QString`: the number of bytes, and UTF-16 in the byte order of the stream.
impl ToDataStream for str {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        let is_ascii = self.is_ascii();
        let count = if is_ascii { self.len() } else { self.encode_utf16().count() };
        stream.write_size(2 * count)?;
        let order = stream.byte_order();
        stream.push_with(|outgoing| {
            let start = outgoing.len();
            outgoing.resize(start + 2 * count, 0);
            let places = outgoing[start..].as_chunks_mut::<2>().0;
            match (is_ascii, order) {
                (true, ByteOrder::BigEndian) => fill(places, self.bytes(), |byte| [0, byte]),
                (true, ByteOrder::LittleEndian) => fill(places, self.bytes(), |byte| [byte, 0]),
                (false, ByteOrder::BigEndian) => {
                    fill(places, self.encode_utf16(), u16::to_be_bytes);
                }
                (false, ByteOrder::LittleEndian) => {
                    fill(places, self.encode_utf16(), u16::to_le_bytes);
                }
            }
        })
    }
}

/// Puts units of UTF-16 into their places.
#[inline]
fn fill<T>(places: &mut [[u8; 2]], units: impl Iterator<Item = T>, bytes: impl Fn(T) -> [u8; 2]) {
    for (place, unit) in places.iter_mut().zip(units) {
        *place = bytes(unit);
    }
}

impl ToDataStream for String {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        self.as_str().write_to(stream)
    }
}

/// As Qt's `QString`. A null string is read as an empty one, and an unpaired surrogate as U+FFFD;
/// an odd number of bytes is wrong data. `Option<String>` tells null and empty apart.
impl FromDataStream for String {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        Ok(Option::<Self>::read_from(stream)?.unwrap_or_default())
    }

    const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = 4;
}

/// A type with a value that is null. `Option` of it tells null and empty apart.
#[diagnostic::on_unimplemented(
    message = "Qt has no null `{Self}`, so a data stream has no `Option<{Self}>`",
    note = "write a `bool` before the value, which tells if there is one"
)]
pub trait Nullable: ToDataStream + FromDataStream {
    /// Reads a value; `None` if it is null.
    #[doc(hidden)]
    fn read_nullable<D: StreamDevice>(
        stream: &mut QDataStream<D>,
    ) -> Result<Option<Self>, DataStreamError>;

    /// Writes what is null.
    #[doc(hidden)]
    fn write_null<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<(), DataStreamError> {
        stream.write_null()
    }
}

#[cfg(any(feature = "jiff", feature = "url"))]
/// Fails if a value is null that its type cannot tell.
pub(super) fn not_null<T>(value: Option<T>, name: &str) -> Result<T, DataStreamError> {
    value.ok_or_else(|| DataStreamError::corrupt(format!("{name} is null: read an `Option` of it")))
}

impl Nullable for String {
    fn read_nullable<D: StreamDevice>(
        stream: &mut QDataStream<D>,
    ) -> Result<Option<Self>, DataStreamError> {
        let Some(count) = stream.read_byte_count()? else { return Ok(None) };
        if count % 2 != 0 {
            let reason = format!("a string cannot have {count} bytes, since it is UTF-16");
            return Err(DataStreamError::corrupt(reason));
        }
        let order = stream.byte_order();
        let text = stream.with_bytes(count, |bytes| {
            let units = bytes.as_chunks::<2>().0;
            match order {
                ByteOrder::BigEndian => text_of(units, u16::from_be_bytes),
                ByteOrder::LittleEndian => text_of(units, u16::from_le_bytes),
            }
        })?;
        stream.charge(text.len())?;
        Ok(Some(text))
    }
}

/// Returns the text of these units of UTF-16, in as much memory as it needs.
fn text_of(units: &[[u8; 2]], unit: impl Fn([u8; 2]) -> u16 + Clone) -> String {
    let units = units.iter().map(|&bytes| unit(bytes));
    if units.clone().all(|unit| unit < 0x80) {
        let bytes = units.map(|unit| unit.to_le_bytes()[0]).collect();
        return String::from_utf8(bytes).expect("all of it is ASCII");
    }
    let characters = char::decode_utf16(units).map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER));
    let mut text = String::with_capacity(characters.clone().map(char::len_utf8).sum());
    text.extend(characters);
    text
}

impl Nullable for Vec<u8> {
    fn read_nullable<D: StreamDevice>(
        stream: &mut QDataStream<D>,
    ) -> Result<Option<Self>, DataStreamError> {
        let Some(count) = stream.read_byte_count()? else { return Ok(None) };
        u8::read_many(stream, count).map(Some)
    }
}

impl<T: Nullable> ToDataStream for Option<T> {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        match self {
            Some(value) => value.write_to(stream),
            None => T::write_null(stream),
        }
    }
}

impl<T: Nullable> FromDataStream for Option<T> {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        T::read_nullable(stream)
    }

    const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = T::MIN_SIZE;
}

/// As Qt's `const char *`: the number of bytes with the terminator, and the bytes with it.
impl ToDataStream for CStr {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        self.to_bytes_with_nul().write_to(stream)
    }
}

impl ToDataStream for CString {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        self.as_c_str().write_to(stream)
    }
}

/// As Qt's `char *`. Ends at the first terminator; null is read as empty.
impl FromDataStream for CString {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        let mut bytes = Vec::<u8>::read_from(stream)?;
        bytes.truncate(bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len()));
        Self::new(bytes).map_err(|error| DataStreamError::corrupt(error.to_string()))
    }

    const MIN_SIZE: usize = 4;
}
