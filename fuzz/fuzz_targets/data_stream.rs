//! Values that come over a stream.
//!
//! Whatever the bytes are, they are a value or an error, in every version and byte order. What was read
//! is written, and read again equal. Cut anywhere, it has not come whole, nothing of it is taken, and
//! the number of bytes that it needs is one that it has. Reading takes at most twice the bytes in
//! memory and the allowance of the limits, which is small here.

#![no_main]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::CString;
use std::fmt::Debug;

use arbitrary::Arbitrary;
use counting_allocator::{CountingAllocator, count};
use jiff::civil::{Date, Time};
use libfuzzer_sys::fuzz_target;
use serde::{Deserialize, Serialize};
use slotwire::stream::{
    ByteOrder, Bytes, DataStreamLimits, DataStreamVersion, FloatingPointPrecision, FromDataStream,
    QChar, QDataStream, QDateTime, QVariant, Serde, StreamDevice, ToDataStream,
};
use url::Url;
use uuid::Uuid;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// How much memory a value may take beyond twice its bytes.
const ALLOWANCE: usize = 4096;

/// What the text of an error takes.
const ERROR: usize = 1024;

/// The format of a stream.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Format {
    version: u8,
    is_little_endian: bool,
    is_single: bool,
}

impl Format {
    fn open<D: StreamDevice>(self, device: D) -> QDataStream<D> {
        let mut stream = QDataStream::new(device);
        stream
            .set_version(DataStreamVersion::from_number(7 + i32::from(self.version % 17)).unwrap());
        if self.is_little_endian {
            stream.set_byte_order(ByteOrder::LittleEndian);
        }
        if self.is_single {
            stream.set_floating_point_precision(FloatingPointPrecision::Single);
        }
        stream
    }

    fn write(self, value: &impl ToDataStream) -> Vec<u8> {
        let mut stream = self.open(Vec::new());
        stream.write(value).unwrap();
        stream.into_device()
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Kind {
    Numbers,
    Texts,
    Variant,
    Lists,
    Maps,
    Tree,
    Times,
    Names,
    Serde,
}

#[derive(Debug, ToDataStream, FromDataStream)]
struct Tree {
    color: Color,
    branches: Vec<Tree>,
    leaf: (Option<String>, [u16; 2]),
}

#[derive(Debug, ToDataStream, FromDataStream)]
#[repr(u8)]
enum Color {
    Red,
    Green = 7,
}

#[derive(Debug, Serialize, Deserialize)]
enum Shape {
    Empty,
    Circle(u8),
    Named { name: String, parts: Vec<Shape>, scale: Option<(i16, char)> },
}

fuzz_target!(|input: (Format, Kind, &[u8])| {
    let (format, kind, bytes) = input;
    match kind {
        Kind::Numbers => check::<(i8, u16, i32, (u64, bool, f32, f64))>(format, bytes),
        Kind::Texts => check::<(String, Option<Vec<u8>>, CString, char, QChar)>(format, bytes),
        Kind::Variant => check::<QVariant>(format, bytes),
        Kind::Lists => check::<(Vec<Vec<String>>, VecDeque<Box<u16>>, Vec<[i8; 3]>)>(format, bytes),
        Kind::Maps => check::<(BTreeMap<String, QVariant>, BTreeSet<i16>)>(format, bytes),
        Kind::Tree => check::<Tree>(format, bytes),
        Kind::Times => check::<(Option<Date>, Option<Time>, QDateTime)>(format, bytes),
        Kind::Names => check::<Vec<(Option<Url>, Uuid)>>(format, bytes),
        Kind::Serde => check::<Serde<(Shape, BTreeMap<String, Shape>)>>(format, bytes),
    }
});

fn check<T: FromDataStream + ToDataStream + Debug>(format: Format, bytes: &[u8]) {
    let mut stream = format.open(Bytes::from(bytes));
    let mut limits = DataStreamLimits::default();
    limits.memory = ALLOWANCE;
    stream.set_limits(limits);
    let mut read = None;
    let used = count(|| read = stream.read_whole::<T>().ok().flatten());
    let limit = i64::try_from(2 * bytes.len() + ALLOWANCE + ERROR).unwrap();
    assert!(used.peak_bytes <= limit, "{} of {limit} bytes", used.peak_bytes);
    let Some(value) = read else { return };
    let written = format.write(&value);
    // Compared as bytes, since no number is equal to itself if it is none.
    let mut stream = format.open(Bytes::from(&written[..]));
    let back = stream.read_whole::<T>().unwrap().expect("it is whole");
    assert!(stream.at_end());
    assert_eq!(format.write(&back), written, "{value:?} {back:?}");
    for cut in 0..written.len() {
        let mut stream = format.open(Bytes::from(&written[..cut]));
        assert!(stream.read_whole::<T>().unwrap().is_none(), "{value:?} cut at {cut}");
        let needed = stream.bytes_needed();
        assert!(cut < needed && needed <= written.len(), "{value:?} cut at {cut} needs {needed}");
        assert_eq!(stream.skip_raw(cut), cut, "nothing is taken of {value:?} cut at {cut}");
    }
}
