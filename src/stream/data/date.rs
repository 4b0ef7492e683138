//! Dates and times of the day, by the crate `jiff`.

use jiff::SignedDuration;
use jiff::civil::{Date, Time, date};

use super::data_stream::QDataStream;
use super::device::StreamDevice;
use super::status::DataStreamError;
use super::text::{Nullable, not_null};
use super::value::{FromDataStream, ToDataStream};
use super::version::DataStreamVersion;

/// The Julian day of 1 January 1970, the noon of which begins it.
const UNIX_EPOCH: (Date, i64) = (date(1970, 1, 1), 2_440_588);

/// Stands for a time that is null.
const NULL_TIME: u32 = u32::MAX;

const HOURS_OF_DAY: i64 = 24;

fn julian_day(date: Date) -> i64 {
    UNIX_EPOCH.1 + UNIX_EPOCH.0.duration_until(date).as_hours() / HOURS_OF_DAY
}

fn date_of(julian_day: i64) -> Result<Date, DataStreamError> {
    julian_day
        .checked_sub(UNIX_EPOCH.1)
        .and_then(|days| days.checked_mul(HOURS_OF_DAY))
        .and_then(SignedDuration::try_from_hours)
        .and_then(|duration| UNIX_EPOCH.0.checked_add(duration).ok())
        .ok_or_else(|| {
            let reason = format!("the Julian day {julian_day} is not in the years -9999 to 9999");
            DataStreamError::corrupt(reason)
        })
}

/// As Qt's `QDate`: the Julian day, in 32 bits before `Qt5_0`. There, a date before 4713 BC cannot be
/// written, and the error says so. It is the same day, but years before the first have other numbers:
/// 1 BC is the year 0 of `jiff`, and -1 of Qt.
impl ToDataStream for Date {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        let day = julian_day(*self);
        if stream.version() >= DataStreamVersion::Qt5_0 {
            return day.write_to(stream);
        }
        match u32::try_from(day) {
            Ok(day) if day > 0 => day.write_to(stream),
            _ => Err(DataStreamError::Unsupported(format!(
                "the date {self}: before Qt 5.0, a date cannot be before 4713 BC"
            ))),
        }
    }
}

/// As Qt's `QDate`. A date that is null, or of a year before -9999 or after 9999, is wrong data.
impl FromDataStream for Date {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        not_null(Self::read_nullable(stream)?, "a date")
    }

    const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = 4;
}

impl Nullable for Date {
    fn read_nullable<D: StreamDevice>(
        stream: &mut QDataStream<D>,
    ) -> Result<Option<Self>, DataStreamError> {
        if stream.version() >= DataStreamVersion::Qt5_0 {
            return match i64::read_from(stream)? {
                i64::MIN => Ok(None),
                day => date_of(day).map(Some),
            };
        }
        match u32::read_from(stream)? {
            0 => Ok(None),
            day => date_of(day.into()).map(Some),
        }
    }

    fn write_null<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<(), DataStreamError> {
        match stream.version() >= DataStreamVersion::Qt5_0 {
            true => i64::MIN.write_to(stream),
            false => 0_u32.write_to(stream),
        }
    }
}

/// As Qt's `QTime`: the milliseconds since midnight. A time with a part of a millisecond cannot be
/// written, since it would not be read back equal: round it first.
impl ToDataStream for Time {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        let since_midnight = Self::midnight().duration_until(*self);
        if since_midnight.subsec_nanos() % 1_000_000 != 0 {
            return Err(DataStreamError::Unsupported(format!(
                "the time {self}: a time has whole milliseconds in a data stream, so round it \
                 first, by `.round(jiff::Unit::Millisecond)`"
            )));
        }
        let milliseconds = u32::try_from(since_midnight.as_millis());
        milliseconds.expect("a day has fewer milliseconds").write_to(stream)
    }
}

/// As Qt's `QTime`. A time that is null is wrong data.
impl FromDataStream for Time {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        not_null(Self::read_nullable(stream)?, "a time")
    }

    const COUNTS_AS_NESTED: bool = false;
    const MIN_SIZE: usize = 4;
}

impl Nullable for Time {
    fn read_nullable<D: StreamDevice>(
        stream: &mut QDataStream<D>,
    ) -> Result<Option<Self>, DataStreamError> {
        let milliseconds = u32::read_from(stream)?;
        if milliseconds == NULL_TIME {
            return Ok(None);
        }
        let since_midnight = SignedDuration::from_millis(milliseconds.into());
        Self::midnight().checked_add(since_midnight).map(Some).map_err(|_| {
            DataStreamError::corrupt(format!("a day has no time {milliseconds} ms after midnight"))
        })
    }
}
