//! `QDataStream` with the types of `jiff`, `url` and `uuid`: the bytes that Qt writes, what cannot be
//! written so that it is read back equal, and what comes back however it is cut.

use std::fmt::Debug;

use jiff::civil::{Date, DateTime, Time, date, time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ZonedDateTime};
use proptest::prelude::*;
use slotwire::stream::{
    ByteOrder, DataStreamError, DataStreamStatus, DataStreamVersion, FromDataStream, QDataStream,
    QDateTime, QVariant, TimeSpec, ToDataStream,
};
use url::Url;
use uuid::Uuid;

const ORDERS: [ByteOrder; 2] = [ByteOrder::BigEndian, ByteOrder::LittleEndian];

const V4: DataStreamVersion = DataStreamVersion::Qt4_5;
const V5_0: DataStreamVersion = DataStreamVersion::Qt5_0;
const V5_1: DataStreamVersion = DataStreamVersion::Qt5_1;
const V5_2: DataStreamVersion = DataStreamVersion::Qt5_2;
const NEWEST: DataStreamVersion = DataStreamVersion::Qt6_10;

/// Versions in which something is written in another way than before.
const VERSIONS: [DataStreamVersion; 6] = [DataStreamVersion::Qt4_0, V4, V5_0, V5_1, V5_2, NEWEST];

fn try_write<T: ToDataStream>(
    version: DataStreamVersion,
    order: ByteOrder,
    value: &T,
) -> Result<Vec<u8>, DataStreamError> {
    let mut stream = QDataStream::new(Vec::new()).with_version(version).with_byte_order(order);
    stream.write(value).map(|()| stream.into_device())
}

fn hex<T: ToDataStream>(version: DataStreamVersion, value: &T) -> String {
    let bytes = try_write(version, ByteOrder::BigEndian, value).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().filter(|it| !it.is_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap())
        .collect()
}

fn read<T: FromDataStream>(version: DataStreamVersion, hex: &str) -> Result<T, DataStreamError> {
    let bytes = bytes_of(hex);
    let mut stream = QDataStream::from_bytes(&bytes).with_version(version);
    let value = stream.read()?;
    assert!(stream.at_end());
    Ok(value)
}

/// Asserts that a value is written as Qt writes it, and read back.
#[track_caller]
fn is<T: ToDataStream + FromDataStream + PartialEq + Debug>(
    version: DataStreamVersion,
    value: &T,
    expected: &str,
) {
    let expected: String = expected.split_whitespace().collect();
    assert_eq!(hex(version, value), expected);
    assert_eq!(read::<T>(version, &expected).unwrap(), *value);
}

#[track_caller]
fn cannot_write<T: ToDataStream>(version: DataStreamVersion, value: &T, named: &str) {
    let error = try_write(version, ByteOrder::BigEndian, value).unwrap_err();
    assert!(matches!(error, DataStreamError::Unsupported(_)), "{error:?}");
    assert_eq!(error.status(), DataStreamStatus::WriteFailed);
    assert!(error.to_string().contains(named), "{error}");
}

#[track_caller]
fn cannot_read<T: FromDataStream>(version: DataStreamVersion, hex: &str, named: &str) {
    let error = read::<T>(version, hex).err().expect("this is no such value");
    assert_eq!(error.status(), DataStreamStatus::ReadCorruptData, "{error}");
    assert!(error.to_string().contains(named), "{error}");
}

const DAY: Date = date(2024, 2, 29);
const CLOCK: Time = time(1, 2, 3, 4_000_000);

#[test]
fn a_date_is_its_julian_day() {
    is(V4, &DAY, "00258ad2");
    is(V5_0, &DAY, "0000000000258ad2");
    // 4800 BC, of which Qt calls the year -4800.
    is(NEWEST, &date(-4799, 3, 1), "ffffffffffff8441");
    is(V4, &None::<Date>, "00000000");
    is(NEWEST, &None::<Date>, "8000000000000000");
    cannot_write(V4, &date(-4800, 1, 1), "before 4713 BC");
    cannot_read::<Date>(NEWEST, "8000000000000000", "a date is null");
    cannot_read::<Date>(NEWEST, "0000000001000000", "the Julian day 16777216");
    cannot_read::<Date>(NEWEST, "8000000000000001", "the Julian day");
    cannot_read::<Date>(V4, "ffff8441", "the Julian day");
    for day in [Date::MIN, Date::MAX] {
        assert_eq!(read::<Date>(NEWEST, &hex(NEWEST, &day)).unwrap(), day);
    }
}

#[test]
fn a_time_is_its_milliseconds_and_nothing_finer() {
    is(V4, &time(23, 59, 58, 999_000_000), "05265817");
    is(NEWEST, &Time::midnight(), "00000000");
    is(NEWEST, &None::<Time>, "ffffffff");
    cannot_write(NEWEST, &time(1, 2, 3, 4), "round it first");
    cannot_read::<Time>(NEWEST, "ffffffff", "a time is null");
    cannot_read::<Time>(NEWEST, "05265c00", "86400000 ms");
}

/// The bytes of Qt 6.4, for each version.
#[test]
fn a_date_and_time_is_what_qt_writes() {
    let utc = QDateTime { date: Some(DAY), time: Some(CLOCK), spec: TimeSpec::Utc };
    is(V4, &utc, "00258ad20038cefc 02");
    is(V5_0, &utc, "0000000000258ad20038cefc 01");
    is(V5_1, &utc, "0000000000258ad20038cefc 02");
    is(V5_2, &utc, "0000000000258ad20038cefc 01");
    let local = QDateTime { spec: TimeSpec::Local, ..utc.clone() };
    is(V4, &local, "00258ad20038cefc ff");
    is(V5_1, &local, "0000000000258ad20038cefc ff");
    is(V5_2, &local, "0000000000258ad20038cefc 00");
    let offset = Offset::from_seconds(-5400).unwrap();
    let offset = QDateTime { spec: TimeSpec::OffsetFromUtc(offset), ..utc.clone() };
    is(V5_2, &offset, "0000000000258ad20038cefc 02ffffeae8");
    let zone = QDateTime { spec: TimeSpec::TimeZone("Europe/Berlin".to_owned()), ..utc.clone() };
    let name = "0000001a004500750072006f00700065002f004200650072006c0069006e";
    is(NEWEST, &zone, &format!("0000000000258ad20038cefc 03{name}"));
    let null = QDateTime::default();
    is(V4, &null, "00000000ffffffff ff");
    is(V5_0, &null, "8000000000000000ffffffff 00");
    is(V5_1, &null, "8000000000000000ffffffff ff");
    is(NEWEST, &null, "8000000000000000ffffffff 00");
    is(V5_0, &QDateTime { date: None, ..utc }, "80000000000000000038cefc 01");
    for version in [V4, V5_0, V5_1] {
        cannot_write(version, &offset, "its own offset from UTC");
        cannot_write(version, &zone, "a time zone");
    }
    cannot_write(V5_0, &local, "local time");
}

#[test]
fn a_zone_that_is_but_an_offset_is_read_as_that_offset() {
    // By `QTimeZone("UTC+01:00")`, and by `QTimeZone::utc()`.
    let string = |text: &str| {
        let units: String = text.encode_utf16().map(|unit| format!("{unit:04x}")).collect();
        format!("{:08x}{units}", 2 * text.len())
    };
    let zone = |name: &str, seconds: &str| {
        let [kind, name] = [string("OffsetFromUtc"), string(name)];
        format!("0000000000258ad20038cefc03{kind}{name}{seconds}{name}{name}00000000{name}")
    };
    let read: QDateTime = read(NEWEST, &zone("UTC+01:00", "00000e10")).unwrap();
    assert_eq!(read.spec, TimeSpec::OffsetFromUtc(Offset::constant(1)));
    let utc: QDateTime = self::read(NEWEST, &zone("UTC", "00000000")).unwrap();
    assert_eq!(utc.spec, TimeSpec::Utc);
    cannot_read::<QDateTime>(NEWEST, &zone("x", "7fffffff"), "offset");
    let none = string("-No Time Zone Specified!");
    let none = format!("0000000000258ad20038cefc03{none}");
    cannot_read::<QDateTime>(NEWEST, &none, "of no time zone");
    for name in ["-No Time Zone Specified!", "OffsetFromUtc"] {
        let spec = TimeSpec::TimeZone(name.to_owned());
        cannot_write(NEWEST, &QDateTime { spec, ..utc.clone() }, "a time zone with the name");
    }
    let unknown = format!("0000000000258ad20038cefc03{}", string("No/Where"));
    cannot_read::<ZonedDateTime>(NEWEST, &unknown, "no time zone \"No/Where\"");
}

#[test]
fn what_a_version_does_not_tell_is_an_error() {
    cannot_read::<QDateTime>(V4, "00258ad20038cefc 03", "its offset from UTC");
    cannot_read::<QDateTime>(V5_1, "0000000000258ad20038cefc 04", "its time zone");
    cannot_read::<QDateTime>(NEWEST, "0000000000258ad20038cefc 04", "no specification 4");
    // In Qt 5.0, everything is UTC.
    let read: QDateTime = read(V5_0, "0000000000258ad20038cefc 00").unwrap();
    assert_eq!(read.spec, TimeSpec::Utc);
}

#[test]
fn the_types_of_jiff_are_kinds_of_a_date_and_time() {
    let civil = DAY.to_datetime(CLOCK);
    let utc = Offset::UTC.to_timestamp(civil).unwrap();
    is(NEWEST, &civil, "0000000000258ad20038cefc 00");
    is(NEWEST, &utc, "0000000000258ad20038cefc 01");
    is(V5_0, &utc, "0000000000258ad20038cefc 01");
    let null = "8000000000000000ffffffff 00";
    is(NEWEST, &None::<DateTime>, null);
    is(NEWEST, &None::<Timestamp>, null);
    is(NEWEST, &None::<ZonedDateTime>, null);
    cannot_read::<Timestamp>(NEWEST, null, "a local time");
    cannot_read::<DateTime>(NEWEST, null, "a date and time is null");
    cannot_read::<Option<DateTime>>(NEWEST, "8000000000000000 0038cefc 00", "is null");
    cannot_read::<Timestamp>(NEWEST, "0000000000258ad20038cefc 00", "a `civil::DateTime`");
    cannot_read::<DateTime>(NEWEST, "0000000000258ad20038cefc 01", "no local time");
    // A time stamp of any zone.
    let offset = "0000000000258ad20038cefc 02ffffeae8";
    let later = utc + SignedDuration::from_secs(5400);
    assert_eq!(read::<Timestamp>(NEWEST, offset).unwrap(), later);
    let zoned: ZonedDateTime = read(NEWEST, offset).unwrap();
    assert_eq!((zoned.timestamp(), zoned.offset().seconds()), (later, -5400));
    for stamp in [Timestamp::MIN, Timestamp::MAX] {
        let stamp = Timestamp::constant(stamp.as_second(), 0);
        assert_eq!(read::<Timestamp>(NEWEST, &hex(NEWEST, &stamp)).unwrap(), stamp);
    }
}

#[test]
fn a_zone_goes_along_with_its_name_or_its_offset() {
    let stamp = Timestamp::constant(1_720_000_000, 0);
    for zone in [
        TimeZone::UTC,
        TimeZone::fixed(Offset::constant(-3)),
        TimeZone::get("Europe/Berlin").unwrap(),
        TimeZone::get("America/Argentina/Ushuaia").unwrap(),
    ] {
        let zoned = stamp.to_zoned_datetime(zone);
        let back: ZonedDateTime = read(NEWEST, &hex(NEWEST, &zoned)).unwrap();
        assert_eq!((back.timestamp(), back.time_zone()), (stamp, zoned.time_zone()));
    }
    let nameless = TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap();
    cannot_write(NEWEST, &stamp.to_zoned_datetime(nameless), "without a name");
}

#[test]
fn the_second_of_two_equal_hours_is_not_written_as_the_first() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let first: Timestamp = "2024-10-27T00:30:00Z".parse().unwrap();
    let zoned = first.to_zoned_datetime(berlin.clone());
    assert_eq!(read::<ZonedDateTime>(NEWEST, &hex(NEWEST, &zoned)).unwrap(), zoned);
    let second = (first + SignedDuration::from_hours(1)).to_zoned_datetime(berlin);
    assert_eq!(second.datetime(), zoned.datetime());
    cannot_write(NEWEST, &second, "the second 2024-10-27T02:30:00");
}

#[test]
fn a_url_is_its_encoded_form() {
    let url: Url = "http://example.org/a b?q=é#f".parse().unwrap();
    let text = "687474703a2f2f6578616d706c652e6f72672f61253230623f713d2543332541392366";
    is(V4, &url, &format!("00000023{text}"));
    is(NEWEST, &Some(url), &format!("00000023{text}"));
    is(NEWEST, &None::<Url>, "ffffffff");
    assert_eq!(read::<Option<Url>>(NEWEST, "00000000").unwrap(), None);
    cannot_read::<Url>(NEWEST, "ffffffff", "a URL is null");
    cannot_read::<Url>(NEWEST, "00000003612f62", "relative URL without a base");
    cannot_read::<Url>(NEWEST, "00000003ff2f62", "another encoding");
}

#[test]
fn a_uuid_has_its_fields_in_the_byte_order_of_the_stream() {
    let uuid: Uuid = "00112233-4455-6677-8899-aabbccddeeff".parse().unwrap();
    is(NEWEST, &uuid, "00112233445566778899aabbccddeeff");
    let little = try_write(NEWEST, ByteOrder::LittleEndian, &uuid).unwrap();
    assert_eq!(little, bytes_of("33221100554477668899aabbccddeeff"));
}

/// The bytes of Qt 6.4: in Qt 4, no variant had a UUID of its own.
#[test]
fn a_variant_has_dates_urls_and_uuids() {
    let uuid: Uuid = "00112233-4455-6677-8899-aabbccddeeff".parse().unwrap();
    let url: Url = "http://a.b/".parse().unwrap();
    let values = QVariant::from(vec![
        QVariant::from(DAY),
        time(1, 2, 0, 0).into(),
        url.into(),
        uuid.into(),
        vec![b"a".to_vec(), b"bc".to_vec()].into(),
    ]);
    for (version, expected) in [
        (
            DataStreamVersion::Qt4_0,
            "00000009 00000005 0000000e00258ad2 0000000f0038c340 00000011 \
             0000000b687474703a2f2f612e622f 0000007f 00000006515575696400 \
             00112233445566778899aabbccddeeff 00000092 00000002 0000000161 000000026263",
        ),
        (
            DataStreamVersion::Qt4_2,
            "0000000900 00000005 0000000e0000258ad2 0000000f000038c340 0000001100 \
             0000000b687474703a2f2f612e622f 0000007f00 00000006515575696400 \
             00112233445566778899aabbccddeeff 0000009200 00000002 0000000161 000000026263",
        ),
        (
            V5_0,
            "0000000900 00000005 0000000e000000000000258ad2 0000000f000038c340 0000001100 \
             0000000b687474703a2f2f612e622f 0000001e00 \
             00112233445566778899aabbccddeeff 0000003100 00000002 0000000161 000000026263",
        ),
    ] {
        is(version, &values, expected);
    }
    let null = QVariant::QDateTime(QDateTime::default());
    is(NEWEST, &null, "0000001000 8000000000000000ffffffff00");
    let stamp: Timestamp = "2024-02-29T01:02:03.004Z".parse().unwrap();
    is(V4, &QVariant::from(stamp), "0000001000 00258ad20038cefc02");
}

/// Asserts that a value is read back equal, or else is an error that says why, and that it has not
/// come whole however it is cut.
fn check_all<T: ToDataStream + FromDataStream + PartialEq + Debug>(
    value: &T,
    version: DataStreamVersion,
    order: ByteOrder,
) -> Result<bool, TestCaseError> {
    let bytes = match try_write(version, order, value) {
        Ok(bytes) => bytes,
        Err(DataStreamError::Unsupported(_)) => return Ok(false),
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    };
    let open = |bytes| QDataStream::from_bytes(bytes).with_version(version).with_byte_order(order);
    for cut in 0..bytes.len() {
        let mut stream = open(&bytes[..cut]);
        prop_assert_eq!(stream.read_whole::<T>().unwrap(), None);
        let needed = stream.bytes_needed();
        prop_assert!(cut < needed && needed <= bytes.len(), "{} at {}", needed, cut);
        prop_assert_eq!(stream.skip_raw(cut), cut, "it was put back");
    }
    let mut stream = open(&bytes);
    prop_assert_eq!(&stream.read_whole::<T>().unwrap().unwrap(), value);
    prop_assert!(stream.at_end());
    Ok(true)
}

fn dates() -> impl Strategy<Value = Date> {
    let all = (-9999..=9999_i16, 1..=12_i8, 1..=28_i8);
    prop_oneof![
        all.prop_map(|(year, month, day)| date(year, month, day)),
        Just(Date::MIN),
        Just(Date::MAX)
    ]
}

fn times() -> impl Strategy<Value = Time> {
    (0..86_400_000_i64).prop_map(|ms| Time::midnight() + SignedDuration::from_millis(ms))
}

fn specs() -> impl Strategy<Value = TimeSpec> {
    prop_oneof![
        Just(TimeSpec::Local),
        Just(TimeSpec::Utc),
        (-90_000..90_000_i32)
            .prop_map(|seconds| TimeSpec::OffsetFromUtc(Offset::from_seconds(seconds).unwrap())),
        "[A-Z][a-z/]{0,5}".prop_map(TimeSpec::TimeZone),
    ]
}

fn date_times() -> impl Strategy<Value = QDateTime> {
    (prop::option::of(dates()), prop::option::of(times()), specs())
        .prop_map(|(date, time, spec)| QDateTime { date, time, spec })
}

fn urls() -> impl Strategy<Value = Url> {
    "[a-z]{1,5}://[a-z]{1,5}(:[1-9])?/\\PC{0,4}(#\\PC{0,3})?"
        .prop_filter_map("a URL", |text| text.parse().ok())
}

fn stamps() -> impl Strategy<Value = Timestamp> {
    (-300_000_000_000..250_000_000_000_000_i64)
        .prop_map(|ms| Timestamp::from_millisecond(ms).unwrap())
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back_equal_however_it_is_cut(
        parts in (date_times(), prop::option::of(urls()), any::<u128>(), stamps()),
        version in prop::sample::select(VERSIONS.to_vec()),
        order in prop::sample::select(ORDERS.to_vec()),
    ) {
        let (date_time, url, uuid, stamp) = parts;
        let uuid = Uuid::from_u128(uuid);
        check_all(&date_time.date, version, order)?;
        prop_assert!(check_all(&date_time.time, version, order)?);
        check_all(&date_time, version, order)?;
        prop_assert!(check_all(&stamp, version, order)?);
        prop_assert!(check_all(&(url.clone(), uuid), version, order)?);
        let offset = TimeZone::fixed(Offset::constant(7));
        let zoned = stamp.to_zoned_datetime(offset);
        prop_assert_eq!(check_all(&zoned, version, order)?, version >= V5_2);
        let civil = zoned.datetime();
        prop_assert_eq!(check_all(&civil, version, order)?, version != V5_0);
        let variant = QVariant::from(vec![
            QVariant::QDate(date_time.date),
            QVariant::QTime(date_time.time),
            QVariant::QUrl(url),
            QVariant::QUuid(uuid),
            QVariant::QDateTime(date_time),
        ]);
        check_all(&variant, version, order)?;
    }
}
