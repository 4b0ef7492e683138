//! Strings, characters, and what is null.

use std::ffi::{CStr, CString};

use super::data_stream::QDataStream;
use super::device::StreamDevice;
use super::numbers::ByteOrder;
use super::status::DataStreamError;
use super::utf16;
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
        let order = stream.byte_order();
        if self.is_ascii() {
            stream.write_size(2 * self.len())?;
            return stream.push_with(|outgoing| append_ascii(self.as_bytes(), order, outgoing));
        }
        stream.write_sized(2 * self.len(), |outgoing| utf16::append(self, order, outgoing))
    }
}

/// Appends ASCII as UTF-16.
#[inline]
fn append_ascii(text: &[u8], order: ByteOrder, outgoing: &mut Vec<u8>) {
    let start = outgoing.len();
    outgoing.resize(start + 2 * text.len(), 0);
    let places = outgoing[start..].as_chunks_mut::<2>().0;
    match order {
        ByteOrder::BigEndian => fill(places, text, |byte| [0, byte]),
        ByteOrder::LittleEndian => fill(places, text, |byte| [byte, 0]),
    }
}

#[inline]
fn fill(places: &mut [[u8; 2]], text: &[u8], unit: impl Fn(u8) -> [u8; 2]) {
    for (place, &byte) in places.iter_mut().zip(text) {
        *place = unit(byte);
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
        let text =
            stream.with_bytes(count, |bytes| utf16::text_of(bytes.as_chunks::<2>().0, order))?;
        stream.charge(text.len())?;
        Ok(Some(text))
    }
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
