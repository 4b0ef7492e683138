//! Numbers and truth values.

use super::data_stream::QDataStream;
use super::device::StreamDevice;
use super::status::DataStreamError;
use super::value::{FromDataStream, ToDataStream};
use super::version::DataStreamVersion;

/// The order of the bytes of a number.
#[doc(alias = "QDataStream::ByteOrder")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// The most significant byte comes first.
    #[default]
    BigEndian,
    /// The least significant byte comes first.
    LittleEndian,
}

/// The precision of floating-point numbers.
#[doc(alias = "QDataStream::FloatingPointPrecision")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FloatingPointPrecision {
    /// 32 bits.
    #[doc(alias = "SinglePrecision")]
    Single,
    /// 64 bits.
    #[default]
    #[doc(alias = "DoublePrecision")]
    Double,
}

/// Reads a number whose bytes stand in the order of the stream.
#[inline]
fn read_ordered<const N: usize, T, D: StreamDevice>(
    stream: &mut QDataStream<D>,
    [from_big, from_little]: [fn([u8; N]) -> T; 2],
) -> Result<T, DataStreamError> {
    let bytes = stream.with_bytes(N, |bytes| {
        *bytes.first_chunk::<N>().expect("the stream returns as many bytes as were asked for")
    })?;
    Ok(match stream.byte_order() {
        ByteOrder::BigEndian => from_big(bytes),
        ByteOrder::LittleEndian => from_little(bytes),
    })
}

macro_rules! number {
    ($($number:ty),*) => {$(
        impl ToDataStream for $number {
            #[inline]
            fn write_to<D: StreamDevice>(
                &self,
                stream: &mut QDataStream<D>,
            ) -> Result<(), DataStreamError> {
                stream.push(&match stream.byte_order() {
                    ByteOrder::BigEndian => self.to_be_bytes(),
                    ByteOrder::LittleEndian => self.to_le_bytes(),
                })
            }
        }

        impl FromDataStream for $number {
            #[inline]
            fn read_from<D: StreamDevice>(
                stream: &mut QDataStream<D>,
            ) -> Result<Self, DataStreamError> {
                read_ordered(stream, [Self::from_be_bytes, Self::from_le_bytes])
            }

            const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = size_of::<Self>();
        }
    )*};
}

number!(i8, u16, i16, u32, i32, u64, i64);

impl ToDataStream for u8 {
    #[inline]
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        stream.push(&[*self])
    }

    fn write_all_to<D: StreamDevice>(
        values: &[Self],
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        stream.push(values)
    }
}

impl FromDataStream for u8 {
    #[inline]
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        stream.with_bytes(1, |bytes| bytes[0])
    }

    fn read_many<D: StreamDevice>(
        stream: &mut QDataStream<D>,
        count: usize,
    ) -> Result<Vec<Self>, DataStreamError> {
        let bytes = stream.with_bytes(count, <[u8]>::to_vec)?;
        stream.charge(count)?;
        Ok(bytes)
    }

    const IS_BYTE: bool = true;
    const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = 1;
}

impl ToDataStream for bool {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        u8::from(*self).write_to(stream)
    }
}

/// As in Qt, every byte but 0 is true.
impl FromDataStream for bool {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        Ok(u8::read_from(stream)? != 0)
    }

    const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = 1;
}

/// A number of 32 bits, as Qt's `char32_t`.
impl ToDataStream for char {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        u32::from(*self).write_to(stream)
    }
}

/// A number of 32 bits, as Qt's `char32_t`. A number that is no character is wrong data.
impl FromDataStream for char {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        let code = u32::read_from(stream)?;
        char::from_u32(code)
            .ok_or_else(|| DataStreamError::corrupt(format!("{code:#x} is no character")))
    }

    const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = 4;
}

/// The precision in which a number of this type stands in a stream.
fn precision_of<D: StreamDevice>(
    stream: &QDataStream<D>,
    own: FloatingPointPrecision,
) -> FloatingPointPrecision {
    match stream.version() < DataStreamVersion::Qt4_6 {
        true => own,
        false => stream.floating_point_precision(),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the program chose the precision")]
impl ToDataStream for f64 {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        match precision_of(stream, FloatingPointPrecision::Double) {
            FloatingPointPrecision::Single => (*self as f32).to_bits().write_to(stream),
            FloatingPointPrecision::Double => self.to_bits().write_to(stream),
        }
    }
}

impl FromDataStream for f64 {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        Ok(match precision_of(stream, FloatingPointPrecision::Double) {
            FloatingPointPrecision::Single => f32::from_bits(u32::read_from(stream)?).into(),
            FloatingPointPrecision::Double => Self::from_bits(u64::read_from(stream)?),
        })
    }

    const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = 4;
}

impl ToDataStream for f32 {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        match precision_of(stream, FloatingPointPrecision::Single) {
            FloatingPointPrecision::Single => self.to_bits().write_to(stream),
            FloatingPointPrecision::Double => f64::from(*self).to_bits().write_to(stream),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the program chose the type")]
impl FromDataStream for f32 {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        Ok(match precision_of(stream, FloatingPointPrecision::Single) {
            FloatingPointPrecision::Single => Self::from_bits(u32::read_from(stream)?),
            FloatingPointPrecision::Double => f64::from_bits(u64::read_from(stream)?) as Self,
        })
    }

    const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = 4;
}
