//! `QVariant`: a value that says of which type it is.

use std::collections::BTreeMap;

use super::data_stream::QDataStream;
use super::device::StreamDevice;
use super::status::DataStreamError;
use super::text::QChar;
use super::value::{FromDataStream, ToDataStream};
use super::version::DataStreamVersion;

/// A value that says of which type it is.
///
/// In a stream, the number of the type comes first; then, from `Qt4_2` on, a byte that tells if the
/// value is null; then the value. The types are those that a [`QDataStream`] of this crate has. Data
/// of another type is wrong data, because nothing tells how long its value is.
///
/// A null value of a type other than a string or an array of bytes is read as that type's zero.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum QVariant {
    /// No value.
    #[default]
    Invalid,
    /// Qt's `bool`.
    Bool(bool),
    /// Qt's `int`.
    Int(i32),
    /// Qt's `uint`.
    UInt(u32),
    /// Qt's `qlonglong`.
    LongLong(i64),
    /// Qt's `qulonglong`.
    ULongLong(u64),
    /// Qt's `double`.
    Double(f64),
    /// Qt's `QChar`.
    QChar(QChar),
    /// Qt's `QVariantMap`.
    QVariantMap(BTreeMap<String, QVariant>),
    /// Qt's `QVariantList`.
    QVariantList(Vec<QVariant>),
    /// Qt's `QString`; `None` is null.
    QString(Option<String>),
    /// Qt's `QStringList`.
    QStringList(Vec<String>),
    /// Qt's `QByteArray`; `None` is null.
    QByteArray(Option<Vec<u8>>),
    /// Qt's `QVariantHash`.
    QVariantHash(BTreeMap<String, QVariant>),
    /// Qt's `long`, which has 64 bits in a stream.
    Long(i64),
    /// Qt's `short`.
    Short(i16),
    /// Qt's `char`.
    Char(i8),
    /// Qt's `ulong`, which has 64 bits in a stream.
    ULong(u64),
    /// Qt's `ushort`.
    UShort(u16),
    /// Qt's `uchar`.
    UChar(u8),
    /// Qt's `float`.
    Float(f32),
    /// Qt's `signed char`.
    SChar(i8),
}

/// In versions before `Qt5_0`, the numbers of the types from [`MOVED_FROM`] on are larger by this.
const MOVED_BY: u32 = 97;
const MOVED_FROM: u32 = 31;

macro_rules! types {
    ($($number:literal $variant:ident,)*) => {
        impl QVariant {
            /// Returns the number of the type, as it is from `Qt5_0` on.
            fn type_number(&self) -> u32 {
                match self {
                    Self::Invalid => 0,
                    $(Self::$variant(_) => $number,)*
                }
            }

            /// Writes the value alone.
            fn write_value<D: StreamDevice>(
                &self,
                stream: &mut QDataStream<D>,
            ) -> Result<(), DataStreamError> {
                match self {
                    // Something is written in old versions, so that something can be read.
                    Self::Invalid if stream.version() < DataStreamVersion::Qt5_0 => {
                        stream.write_null()
                    }
                    Self::Invalid => Ok(()),
                    $(Self::$variant(value) => value.write_to(stream),)*
                }
            }

            /// Reads the value of the type with this number.
            fn read_value<D: StreamDevice>(
                number: u32,
                stream: &mut QDataStream<D>,
            ) -> Result<Self, DataStreamError> {
                match number {
                    0 if stream.version() < DataStreamVersion::Qt5_0 => {
                        stream.read::<String>().map(|_| Self::Invalid)
                    }
                    0 => Ok(Self::Invalid),
                    $($number => stream.read().map(Self::$variant),)*
                    other => Err(DataStreamError::corrupt(format!(
                        "a variant has the type {other}, which this stream does not have"
                    ))),
                }
            }
        }
    };
}

// The numbers of `QMetaType::Type`.
types! {
    1 Bool,
    2 Int,
    3 UInt,
    4 LongLong,
    5 ULongLong,
    6 Double,
    7 QChar,
    8 QVariantMap,
    9 QVariantList,
    10 QString,
    11 QStringList,
    12 QByteArray,
    28 QVariantHash,
    32 Long,
    33 Short,
    34 Char,
    35 ULong,
    36 UShort,
    37 UChar,
    38 Float,
    40 SChar,
}

impl ToDataStream for QVariant {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        let number = self.type_number();
        let is_moved = number >= MOVED_FROM && stream.version() < DataStreamVersion::Qt5_0;
        stream.write(&if is_moved { number + MOVED_BY } else { number })?;
        if stream.version() >= DataStreamVersion::Qt4_2 {
            stream.write(&matches!(self, Self::Invalid))?;
        }
        self.write_value(stream)
    }
}

impl FromDataStream for QVariant {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        stream.nested(|stream| {
            let mut number = stream.read::<u32>()?;
            if stream.version() < DataStreamVersion::Qt5_0 && number >= MOVED_FROM + MOVED_BY {
                number -= MOVED_BY;
            }
            if stream.version() >= DataStreamVersion::Qt4_2 {
                stream.read::<bool>()?;
            }
            Self::read_value(number, stream)
        })
    }

    const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = 5;
}

macro_rules! from {
    ($($value:ty => $variant:ident,)*) => {$(
        impl From<$value> for QVariant {
            fn from(value: $value) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

from! {
    bool => Bool,
    i8 => SChar,
    u8 => UChar,
    i16 => Short,
    u16 => UShort,
    i32 => Int,
    u32 => UInt,
    i64 => LongLong,
    u64 => ULongLong,
    f32 => Float,
    f64 => Double,
    QChar => QChar,
    String => QString,
    Vec<String> => QStringList,
    Vec<u8> => QByteArray,
    Vec<QVariant> => QVariantList,
    BTreeMap<String, QVariant> => QVariantMap,
}

impl From<&str> for QVariant {
    fn from(value: &str) -> Self {
        Self::QString(Some(value.to_owned()))
    }
}
