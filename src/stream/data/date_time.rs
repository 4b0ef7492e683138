//! `QDateTime`, and what it is in the crate `jiff`.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{Timestamp, ZonedDateTime};

use super::data_stream::QDataStream;
use super::device::StreamDevice;
use super::status::DataStreamError;
use super::text::{Nullable, not_null};
use super::time_spec::TimeSpec;
use super::value::{FromDataStream, ToDataStream};
use super::version::DataStreamVersion;

/// Qt's date and time: with its time zone, or with none.
///
/// A type of `jiff` can be read and written too, if it is known which one it is:
///
/// | a date and time in | is a |
/// |---|---|
/// | UTC | [`Timestamp`] |
/// | UTC, an offset from UTC or a time zone | [`ZonedDateTime`] |
/// | the local time of the program that reads it | [`civil::DateTime`](DateTime) |
///
/// What of these cannot be written in a way in which it is read back equal is an error: a part of a
/// millisecond, before `Qt5_2` an offset or a time zone, and in `Qt5_0` also a local time; in any
/// version, the second of the two hours that a clock shows twice when it is set back, in a time zone
/// that has a name. A [`Timestamp`] avoids all of it but the first.
///
/// ```
/// use jiff::Timestamp;
/// use slotwire::stream::{DataStreamError, QDataStream, QDateTime, TimeSpec};
///
/// let time: Timestamp = "2024-02-29T12:00:00.5Z".parse().unwrap();
/// let mut stream = QDataStream::new(Vec::new());
/// stream.write(&time)?;
/// let bytes = stream.into_device();
/// let read: QDateTime = QDataStream::from_bytes(&bytes).read()?;
/// assert_eq!(read.spec, TimeSpec::Utc);
/// assert_eq!(Timestamp::try_from(&read)?, time);
/// # Ok::<_, DataStreamError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QDateTime {
    /// The date; `None` is null.
    pub date: Option<Date>,
    /// The time of the day; `None` is null.
    pub time: Option<Time>,
    /// In which time zone date and time are.
    pub spec: TimeSpec,
}

impl QDateTime {
    /// Returns the date and time, without their time zone. Fails if one of them is null.
    fn civil(&self) -> Result<DateTime, DataStreamError> {
        let both = self.date.zip(self.time);
        not_null(both.map(|(date, time)| date.to_datetime(time)), "a date and time")
    }

    fn is_null(&self) -> bool {
        self.date.is_none() && self.time.is_none()
    }
}

/// A date and time that no version before Qt 5.2 can tell, or not Qt 5.0.
pub(super) fn in_old_version(what: &str) -> DataStreamError {
    DataStreamError::Unsupported(format!(
        "a date and time in {what}, in this version: write a `jiff::Timestamp`"
    ))
}

/// As Qt's `QDateTime`.
impl ToDataStream for QDateTime {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        self.date.write_to(stream)?;
        self.time.write_to(stream)?;
        if self.is_null() && self.spec == TimeSpec::Local {
            // Also in Qt 5.0, since nothing becomes UTC in it.
            let is_old = stream.version() < DataStreamVersion::Qt5_2
                && stream.version() != DataStreamVersion::Qt5_0;
            return if is_old { -1_i8 } else { 0 }.write_to(stream);
        }
        self.spec.write(stream)
    }
}

impl FromDataStream for QDateTime {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        let (date, time) = (Option::read_from(stream)?, Option::read_from(stream)?);
        let mut value = Self { date, time, spec: TimeSpec::read(stream)? };
        if !value.is_null() && stream.version() == DataStreamVersion::Qt5_0 {
            // Whatever it was, it was changed to UTC.
            value.spec = TimeSpec::Utc;
        }
        Ok(value)
    }

    const MIN_SIZE: usize = 9;
}

/// A time in the local time zone of the program that reads it.
impl From<DateTime> for QDateTime {
    fn from(value: DateTime) -> Self {
        Self { date: Some(value.date()), time: Some(value.time()), spec: TimeSpec::Local }
    }
}

/// In UTC.
impl From<Timestamp> for QDateTime {
    fn from(value: Timestamp) -> Self {
        Self { spec: TimeSpec::Utc, ..Offset::UTC.to_datetime(value).into() }
    }
}

/// In UTC, at an offset from UTC, or in a time zone. Fails if the time zone has no name, and if the
/// time is the second one of an hour that its time zone has twice.
impl TryFrom<&ZonedDateTime> for QDateTime {
    type Error = DataStreamError;

    fn try_from(value: &ZonedDateTime) -> Result<Self, DataStreamError> {
        let spec = TimeSpec::of(value.time_zone())?;
        let first = value.time_zone().to_timestamp(value.datetime());
        if first.ok() != Some(value.timestamp()) {
            return Err(DataStreamError::Unsupported(format!(
                "the second {} in the time zone {}: write a `jiff::Timestamp`",
                value.datetime(),
                value.time_zone().iana_name().unwrap_or_default()
            )));
        }
        Ok(Self { spec, ..value.datetime().into() })
    }
}

/// A local time.
impl TryFrom<&QDateTime> for DateTime {
    type Error = DataStreamError;

    fn try_from(value: &QDateTime) -> Result<Self, DataStreamError> {
        match value.spec {
            TimeSpec::Local => value.civil(),
            _ => {
                let reason =
                    "a date and time is no local time: read a `Timestamp` or a `ZonedDateTime`";
                Err(DataStreamError::corrupt(reason))
            }
        }
    }
}

/// A time in UTC, at an offset from UTC, or in a time zone.
impl TryFrom<&QDateTime> for ZonedDateTime {
    type Error = DataStreamError;

    fn try_from(value: &QDateTime) -> Result<Self, DataStreamError> {
        let Some(zone) = value.spec.to_zone()? else {
            let reason = "a date and time is a local time: read a `civil::DateTime`";
            return Err(DataStreamError::corrupt(reason));
        };
        zone.to_zoned_datetime(value.civil()?)
            .map_err(|error| DataStreamError::corrupt(error.to_string()))
    }
}

/// The time that a [`ZonedDateTime`] has.
impl TryFrom<&QDateTime> for Timestamp {
    type Error = DataStreamError;

    fn try_from(value: &QDateTime) -> Result<Self, DataStreamError> {
        ZonedDateTime::try_from(value).map(|zoned| zoned.timestamp())
    }
}

macro_rules! date_time {
    ($($(#[$write:meta])* $value:ty, $into:expr; $(#[$read:meta])* read;)*) => {$(
        $(#[$write])*
        impl ToDataStream for $value {
            fn write_to<D: StreamDevice>(
                &self,
                stream: &mut QDataStream<D>,
            ) -> Result<(), DataStreamError> {
                let into: fn(&Self) -> Result<QDateTime, DataStreamError> = $into;
                into(self)?.write_to(stream)
            }
        }

        $(#[$read])*
        impl FromDataStream for $value {
            fn read_from<D: StreamDevice>(
                stream: &mut QDataStream<D>,
            ) -> Result<Self, DataStreamError> {
                Self::try_from(&QDateTime::read_from(stream)?)
            }

            const COUNTS_AS_NESTED: bool = false;
            const MIN_SIZE: usize = QDateTime::MIN_SIZE;
        }

        impl Nullable for $value {
            fn read_nullable<D: StreamDevice>(
                stream: &mut QDataStream<D>,
            ) -> Result<Option<Self>, DataStreamError> {
                let value = QDateTime::read_from(stream)?;
                if value.is_null() { Ok(None) } else { Self::try_from(&value).map(Some) }
            }

            fn write_null<D: StreamDevice>(
                stream: &mut QDataStream<D>,
            ) -> Result<(), DataStreamError> {
                QDateTime::default().write_to(stream)
            }
        }
    )*};
}

date_time! {
    /// As Qt's `QDateTime` in local time.
    DateTime, |value| Ok((*value).into());
    /// As Qt's `QDateTime` in local time. One with a time zone is wrong data.
    read;

    /// As Qt's `QDateTime` in UTC.
    Timestamp, |value| Ok((*value).into());
    /// As Qt's `QDateTime` in UTC or with a time zone. One in local time is wrong data.
    read;

    /// As Qt's `QDateTime` in UTC, at an offset from UTC, or in a time zone with a name.
    ZonedDateTime, |value| value.try_into();
    /// As Qt's `QDateTime` in UTC or with a time zone. One in local time is wrong data, and so is a
    /// time zone that this system does not know.
    read;
}
