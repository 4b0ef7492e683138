//! `TimeSpec`: in which time zone a date and time is.

use jiff::tz::{Offset, TimeZone};

use super::data_stream::QDataStream;
use super::date_time::in_old_version;
use super::device::StreamDevice;
use super::status::DataStreamError;
use super::value::{FromDataStream, ToDataStream};
use super::version::DataStreamVersion;

/// In which time zone a [`QDateTime`](super::QDateTime) is.
#[doc(alias = "Qt::TimeSpec")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeSpec {
    /// In the local time zone of the program that reads it.
    #[default]
    #[doc(alias = "LocalTime")]
    Local,
    /// In Coordinated Universal Time.
    #[doc(alias = "UTC")]
    Utc,
    /// So much ahead of UTC.
    #[doc(alias = "OffsetFromUTC")]
    OffsetFromUtc(Offset),
    /// In the time zone with this name, such as `Europe/Berlin`.
    #[doc(alias = "QTimeZone")]
    TimeZone(String),
}

/// The numbers of `Qt::TimeSpec`, from `Qt5_2` on and in `Qt5_0`.
const LOCAL: i8 = 0;
const UTC: i8 = 1;
const OFFSET: i8 = 2;
const ZONE: i8 = 3;

/// The number of UTC in the other versions, in which everything but 2 to 4 is a local time.
const OLD_UTC: i8 = 2;
const OLD_OFFSET: i8 = 3;
const OLD_ZONE: i8 = 4;
const OLD_LOCAL: i8 = -1;

/// What a `QTimeZone` has in place of a name.
const NO_ZONE: &str = "-No Time Zone Specified!";
const OFFSET_ZONE: &str = "OffsetFromUtc";

/// How many characters of an unknown name an error shows.
const LONGEST_NAME: usize = 64;

impl TimeSpec {
    /// Returns the specification of this time zone.
    pub(super) fn of(zone: &TimeZone) -> Result<Self, DataStreamError> {
        if *zone == TimeZone::UTC {
            return Ok(Self::Utc);
        }
        if let Ok(offset) = zone.to_fixed_offset() {
            return Ok(Self::OffsetFromUtc(offset));
        }
        match zone.iana_name() {
            Some(name) => Ok(Self::TimeZone(name.to_owned())),
            None => {
                let reason = "a time zone without a name of the IANA database";
                Err(DataStreamError::Unsupported(reason.to_owned()))
            }
        }
    }

    /// Returns the time zone; `None` for a local time.
    pub(super) fn to_zone(&self) -> Result<Option<TimeZone>, DataStreamError> {
        match self {
            Self::Local => Ok(None),
            Self::Utc => Ok(Some(TimeZone::UTC)),
            Self::OffsetFromUtc(offset) => Ok(Some(TimeZone::fixed(*offset))),
            Self::TimeZone(name) => TimeZone::get(name).map(Some).map_err(|_| {
                // A stranger may have sent anything in place of a name.
                let name: String = name.chars().take(LONGEST_NAME).collect();
                DataStreamError::corrupt(format!("this system knows no time zone {name:?}"))
            }),
        }
    }
}

impl TimeSpec {
    /// Writes what follows the date and the time.
    pub(super) fn write<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        let version = stream.version();
        if version < DataStreamVersion::Qt5_2 {
            return match self {
                Self::Utc if version == DataStreamVersion::Qt5_0 => UTC.write_to(stream),
                Self::Utc => OLD_UTC.write_to(stream),
                // Qt 5.0 changes a local time to UTC, by a time zone that the stream does not have.
                Self::Local if version != DataStreamVersion::Qt5_0 => OLD_LOCAL.write_to(stream),
                Self::Local => Err(in_old_version("local time")),
                Self::OffsetFromUtc(_) => Err(in_old_version("its own offset from UTC")),
                Self::TimeZone(_) => Err(in_old_version("a time zone")),
            };
        }
        match self {
            Self::Local => LOCAL.write_to(stream),
            Self::Utc => UTC.write_to(stream),
            Self::OffsetFromUtc(offset) => {
                OFFSET.write_to(stream)?;
                offset.seconds().write_to(stream)
            }
            Self::TimeZone(name) => {
                if [NO_ZONE, OFFSET_ZONE].contains(&name.as_str()) {
                    let reason = format!("a time zone with the name {name:?}");
                    return Err(DataStreamError::Unsupported(reason));
                }
                ZONE.write_to(stream)?;
                name.write_to(stream)
            }
        }
    }

    /// Reads what follows the date and the time.
    pub(super) fn read<D: StreamDevice>(
        stream: &mut QDataStream<D>,
    ) -> Result<Self, DataStreamError> {
        let version = stream.version();
        let number = i8::read_from(stream)?;
        if version == DataStreamVersion::Qt5_0 {
            return Ok(if number == LOCAL { Self::Local } else { Self::Utc });
        }
        if version < DataStreamVersion::Qt5_2 {
            return match number {
                OLD_UTC => Ok(Self::Utc),
                OLD_OFFSET => Err(without("its offset from UTC")),
                OLD_ZONE => Err(without("its time zone")),
                _ => Ok(Self::Local),
            };
        }
        match number {
            LOCAL => Ok(Self::Local),
            UTC => Ok(Self::Utc),
            OFFSET => i32::read_from(stream).and_then(offset_of).map(Self::OffsetFromUtc),
            ZONE => read_zone(stream),
            other => Err(DataStreamError::corrupt(format!(
                "a date and time has no specification {other}"
            ))),
        }
    }
}

fn without(what: &str) -> DataStreamError {
    let reason = format!("a date and time does not tell {what}: no version before Qt 5.2 does");
    DataStreamError::corrupt(reason)
}

fn offset_of(seconds: i32) -> Result<Offset, DataStreamError> {
    Offset::from_seconds(seconds).map_err(|error| DataStreamError::corrupt(error.to_string()))
}

/// Reads a `QTimeZone`: its name, or what is in place of one. What always has the same offset from
/// UTC is read as that offset, without the other names that it has.
fn read_zone<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<TimeSpec, DataStreamError> {
    let name = String::read_from(stream)?;
    let seconds = match name.as_str() {
        NO_ZONE => return Err(DataStreamError::corrupt("a date and time is of no time zone")),
        OFFSET_ZONE => {
            type Rest = (String, i32, (String, String, i32, String));
            let (_name, seconds, _names) = Rest::read_from(stream)?;
            seconds
        }
        _ => return Ok(TimeSpec::TimeZone(name)),
    };
    Ok(match offset_of(seconds)? {
        Offset::UTC => TimeSpec::Utc,
        offset => TimeSpec::OffsetFromUtc(offset),
    })
}
