//! `QVariant`: a value that says of which type it is.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};

#[cfg(feature = "jiff")]
use jiff::Timestamp;
#[cfg(feature = "jiff")]
use jiff::civil::{Date, DateTime, Time};
#[cfg(feature = "url")]
use url::Url;
#[cfg(feature = "uuid")]
use uuid::Uuid;

use super::data_stream::QDataStream;
#[cfg(feature = "jiff")]
use super::date_time::QDateTime;
use super::device::StreamDevice;
use super::status::DataStreamError;
use super::text::QChar;
use super::value::{FromDataStream, ToDataStream};
use super::version::DataStreamVersion;

/// A value that says of which type it is.
///
/// In a stream, the number of the type comes first; then, from `Qt4_2` on, a byte that tells if the
/// value is null; then the value. The types are those that a [`QDataStream`] of this crate has: the
/// dates, `QUrl` and `QUuid` with the features `jiff`, `url` and `uuid`. Data of another type is
/// wrong data, because nothing tells how long its value is; the error names the type.
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
    /// Qt's `QDate`; `None` is null.
    #[cfg(feature = "jiff")]
    QDate(Option<Date>),
    /// Qt's `QTime`; `None` is null.
    #[cfg(feature = "jiff")]
    QTime(Option<Time>),
    /// Qt's `QDateTime`.
    #[cfg(feature = "jiff")]
    QDateTime(QDateTime),
    /// Qt's `QUrl`; `None` is null.
    #[cfg(feature = "url")]
    QUrl(Option<Url>),
    /// Qt's `QUuid`.
    #[cfg(feature = "uuid")]
    QUuid(Uuid),
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
    /// Qt's `QByteArrayList`.
    QByteArrayList(Vec<Vec<u8>>),
}

/// In versions before `Qt5_0`, the numbers of the types from [`MOVED_FROM`] on are larger by this.
const MOVED_BY: u32 = 97;
const MOVED_FROM: u32 = 31;

macro_rules! types {
    ($($(#[$feature:meta])? $number:literal $variant:ident,)*) => {
        impl QVariant {
            /// Returns the number of the type, as it is from `Qt5_0` on.
            fn type_number(&self) -> u32 {
                match self {
                    Self::Invalid => 0,
                    $($(#[$feature])? Self::$variant(_) => $number,)*
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
                    $($(#[$feature])? Self::$variant(value) => value.write_to(stream),)*
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
                    $($(#[$feature])? $number => stream.read().map(Self::$variant),)*
                    other => Err(of_unknown_type(other, stream)),
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
    #[cfg(feature = "jiff")]
    14 QDate,
    #[cfg(feature = "jiff")]
    15 QTime,
    #[cfg(feature = "jiff")]
    16 QDateTime,
    #[cfg(feature = "url")]
    17 QUrl,
    28 QVariantHash,
    #[cfg(feature = "uuid")]
    30 QUuid,
    32 Long,
    33 Short,
    34 Char,
    35 ULong,
    36 UShort,
    37 UChar,
    38 Float,
    40 SChar,
    49 QByteArrayList,
}

impl ToDataStream for QVariant {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        let number = self.type_number();
        let is_old = stream.version() < DataStreamVersion::Qt5_0;
        let written = match number {
            UUID if is_old => OLD_USER,
            _ if is_old && number >= MOVED_FROM => number + MOVED_BY,
            _ => number,
        };
        stream.write(&written)?;
        if stream.version() >= DataStreamVersion::Qt4_2 {
            stream.write(&matches!(self, Self::Invalid))?;
        }
        if written == OLD_USER {
            stream.write(UUID_NAME)?;
        }
        self.write_value(stream)
    }
}

impl FromDataStream for QVariant {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        stream.nested(|stream| {
            let mut number = stream.read::<u32>()?;
            let is_old = stream.version() < DataStreamVersion::Qt5_0;
            if is_old && number >= MOVED_FROM + MOVED_BY {
                number -= MOVED_BY;
            }
            if stream.version() >= DataStreamVersion::Qt4_2 {
                stream.read::<bool>()?;
            }
            if is_old && number == OLD_USER {
                number = match stream.read::<CString>()? {
                    name if *name == *UUID_NAME => UUID,
                    name => return Err(of_program_s_type(&name)),
                };
            }
            Self::read_value(number, stream)
        })
    }

    const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = 5;
}

/// The types that programs define: before `Qt5_0`, in Qt 5 and in Qt 6. The name follows.
const OLD_USER: u32 = 127;
const USERS: [u32; 2] = [1024, 65536];

/// In versions before `Qt5_0`, this was a type that programs define.
const UUID: u32 = 30;
const UUID_NAME: &CStr = c"QUuid";

/// The types of Qt's core that are not here, by their numbers from `Qt5_0` on.
const OTHERS: [(u32, &str); 33] = [
    (13, "QBitArray"),
    (14, "QDate, for which the feature `jiff` is needed"),
    (15, "QTime, for which the feature `jiff` is needed"),
    (16, "QDateTime, for which the feature `jiff` is needed"),
    (17, "QUrl, for which the feature `url` is needed"),
    (18, "QLocale"),
    (19, "QRect"),
    (20, "QRectF"),
    (21, "QSize"),
    (22, "QSizeF"),
    (23, "QLine"),
    (24, "QLineF"),
    (25, "QPoint"),
    (26, "QPointF"),
    (27, "QRegExp"),
    (29, "QEasingCurve"),
    (UUID, "QUuid, for which the feature `uuid` is needed"),
    (31, "void *"),
    (39, "QObject *"),
    (42, "QModelIndex"),
    (43, "void"),
    (44, "QRegularExpression"),
    (45, "QJsonValue"),
    (46, "QJsonObject"),
    (47, "QJsonArray"),
    (48, "QJsonDocument"),
    (50, "QPersistentModelIndex"),
    (51, "std::nullptr_t"),
    (53, "QCborValue"),
    (54, "QCborArray"),
    (55, "QCborMap"),
    (56, "char16_t"),
    (57, "char32_t"),
];

/// Returns the error of a type that is not here.
fn of_unknown_type<D: StreamDevice>(number: u32, stream: &mut QDataStream<D>) -> DataStreamError {
    if USERS.contains(&number) {
        return match stream.read::<CString>() {
            Ok(name) => of_program_s_type(&name),
            Err(error) => error,
        };
    }
    let name = OTHERS.iter().find(|(other, _)| *other == number);
    let name = name.map(|(_, name)| format!(" ({name})")).unwrap_or_default();
    DataStreamError::corrupt(format!(
        "a variant has the type {number}{name}, which this stream does not have"
    ))
}

/// Returns the error of a type that a program has defined.
fn of_program_s_type(name: &CStr) -> DataStreamError {
    let name: String = name.to_string_lossy().chars().take(LONGEST_NAME).collect();
    DataStreamError::corrupt(format!(
        "a variant has the type {name:?} of a program, which this stream does not have"
    ))
}

/// How many characters of a type's name an error shows.
const LONGEST_NAME: usize = 64;

macro_rules! from {
    ($($(#[$feature:meta])? $value:ty => $variant:ident,)*) => {$(
        $(#[$feature])?
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
    Vec<Vec<u8>> => QByteArrayList,
    #[cfg(feature = "jiff")]
    Date => QDate,
    #[cfg(feature = "jiff")]
    Time => QTime,
    #[cfg(feature = "jiff")]
    QDateTime => QDateTime,
    #[cfg(feature = "jiff")]
    DateTime => QDateTime,
    #[cfg(feature = "jiff")]
    Timestamp => QDateTime,
    #[cfg(feature = "url")]
    Url => QUrl,
    #[cfg(feature = "uuid")]
    Uuid => QUuid,
}

impl From<&str> for QVariant {
    fn from(value: &str) -> Self {
        Self::QString(Some(value.to_owned()))
    }
}
