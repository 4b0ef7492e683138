//! What a stranger can make a stream take in memory: twice the bytes that have come and the
//! allowance of the limits at most, and little for four bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ffi::CString;
use std::hint::black_box;
use std::rc::Rc;

use counting_allocator::{CountingAllocator, count};
use slotwire::stream::Serde;
use slotwire::stream::{
    DataStreamLimits, FromDataStream, QDataStream, QVariant, StreamDevice, ToDataStream,
};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const KIB: i64 = 1024;
const MIB: i64 = 1024 * KIB;

/// Returns the most memory that reading a value of these bytes takes at one time.
fn peak_of<T: FromDataStream>(bytes: &[u8], memory: Option<usize>) -> i64 {
    let mut stream = QDataStream::from_bytes(bytes);
    if let Some(memory) = memory {
        let mut limits = DataStreamLimits::default();
        limits.memory = memory;
        stream.set_limits(limits);
    }
    count(|| drop(black_box(stream.read::<T>()))).peak_bytes
}

/// Asserts that a value takes no more than twice its bytes and the allowance, and a text of an error.
#[track_caller]
fn check<T: FromDataStream>(bytes: &[u8]) {
    for allowance in [0, 10_000, 1 << 20] {
        let peak = peak_of::<T>(bytes, Some(allowance));
        let limit = i64::try_from(2 * bytes.len() + allowance).unwrap() + KIB;
        let name = std::any::type_name::<T>();
        assert!(peak <= limit, "{name} of {} bytes takes {peak} of {limit}", bytes.len());
    }
}

fn written(value: &impl ToDataStream) -> Vec<u8> {
    let mut stream = QDataStream::new(Vec::new());
    stream.write(value).unwrap();
    stream.into_device()
}

/// A list of one element after another.
fn list(count: u32, element: &[u8]) -> Vec<u8> {
    [written(&count), element.repeat(count as usize)].concat()
}

/// Much larger in memory than in a stream.
#[derive(Debug)]
struct Large(#[expect(dead_code, reason = "it takes memory")] [u64; 100]);

impl FromDataStream for Large {
    fn read_from<D: StreamDevice>(
        stream: &mut QDataStream<D>,
    ) -> Result<Self, slotwire::stream::DataStreamError> {
        Ok(Self([stream.read::<u8>()?.into(); 100]))
    }
}

#[test]
fn elements_that_are_larger_in_memory_than_in_a_stream_do_not_take_more_than_the_limit() {
    let null = [0xff; 4];
    check::<Vec<String>>(&list(400_000, &[0; 4]));
    check::<Vec<Option<String>>>(&list(400_000, &null));
    check::<VecDeque<Option<Vec<u8>>>>(&list(400_000, &null));
    check::<Vec<Vec<u8>>>(&list(400_000, b"\0\0\0\x01x"));
    check::<Vec<CString>>(&list(200_000, &[0; 4]));
    check::<Vec<Vec<Vec<u8>>>>(&list(200_000, &list(1, &[0; 4])));
    check::<Vec<Box<u8>>>(&list(400_000, &[0]));
    check::<Vec<Rc<[u16; 2]>>>(&list(400_000, &[0; 4]));
    check::<Vec<[String; 3]>>(&list(100_000, &[0; 12]));
    check::<[Large; 50]>(&[0; 50]);
    check::<Vec<Large>>(&list(100_000, &[0]));
    check::<Vec<QVariant>>(&list(200_000, b"\0\0\0\x01\0\x01"));
    check::<QVariant>(&[b"\0\0\0\x09\0".to_vec(), list(200_000, b"\0\0\0\0\x01")].concat());
}

#[test]
fn maps_and_sets_do_not_take_more_than_the_limit() {
    let numbers: Vec<u32> = (0..200_000_u32).map(|it| it.wrapping_mul(2_654_435_761)).collect();
    let entries: Vec<(u32, String)> = numbers.iter().map(|&it| (it, String::new())).collect();
    let (numbers, entries) = (written(&numbers), written(&entries));
    check::<BTreeSet<u32>>(&numbers);
    check::<HashSet<u32>>(&numbers);
    check::<BTreeMap<u32, String>>(&entries);
    check::<HashMap<u32, String>>(&entries);
    // Many small ones.
    let one = list(1, &[0; 8]);
    check::<Vec<BTreeMap<u32, String>>>(&list(50_000, &one));
    check::<Vec<HashMap<u32, String>>>(&list(50_000, &one));
    let map = [b"\0\0\0\x08\0".to_vec(), list(1, b"\0\0\0\0\0\0\0\0\x01")].concat();
    check::<Vec<QVariant>>(&list(50_000, &map));
    check::<Vec<HashSet<u8>>>(&list(50_000, &list(1, &[7])));
}

#[test]
fn types_of_serde_do_not_take_more_than_the_limit() {
    let numbers: Vec<u32> = (0..100_000_u32).map(|it| it.wrapping_mul(2_654_435_761)).collect();
    let entries: Vec<(u32, String)> = numbers.iter().map(|&it| (it, String::new())).collect();
    let (numbers, entries) = (written(&numbers), written(&entries));
    check::<Serde<Vec<String>>>(&list(200_000, &[0; 4]));
    check::<Serde<Vec<Option<[u64; 9]>>>>(&list(200_000, &[0]));
    check::<Serde<Vec<Box<u8>>>>(&list(200_000, &[0]));
    check::<Serde<Vec<u8>>>(&list(400_000, &[0]));
    check::<Serde<BTreeSet<u32>>>(&numbers);
    check::<Serde<HashSet<u32>>>(&numbers);
    check::<Serde<BTreeMap<u32, String>>>(&entries);
    check::<Serde<HashMap<u32, String>>>(&entries);
    let one = list(1, &[0; 8]);
    check::<Serde<Vec<BTreeMap<u32, String>>>>(&list(50_000, &one));
    check::<Serde<Vec<HashMap<u32, String>>>>(&list(50_000, &one));
    check::<Serde<Vec<Vec<u8>>>>(&list(50_000, &list(1, &[7])));
}

#[test]
fn urls_do_not_take_more_than_the_limit() {
    let long = [b"a:".as_slice(), &[b' '; 100_000], b"b"].concat();
    check::<url::Url>(&written(&long));
    let host = [b"http://".as_slice(), "\u{fc}".repeat(5000).as_bytes(), b"/"].concat();
    check::<url::Url>(&written(&host));
    check::<Vec<url::Url>>(&list(50_000, &written(&b"a:b".to_vec())));
    check::<Vec<url::Url>>(&list(50_000, &written(&b"a:b c".to_vec())));
    check::<Vec<Option<url::Url>>>(&list(100_000, &[0; 4]));
}

#[test]
fn values_that_are_as_large_in_memory_as_in_a_stream_need_no_allowance() {
    for (named, peak, bytes) in [
        ("numbers", peak_of::<Vec<u32>>(&list(300_000, &[7; 4]), Some(0)), 1_200_004),
        ("floats", peak_of::<Vec<f64>>(&list(300_000, &[7; 8]), Some(0)), 2_400_004),
        ("bytes", peak_of::<Vec<u8>>(&list(300_000, &[7]), Some(0)), 300_004),
        ("a string", peak_of::<String>(&list(300_000, &[0x30, 0x42]), Some(0)), 600_004),
    ] {
        assert!(peak >= bytes / 2, "{named} are read: {peak}");
        assert!(peak <= 2 * bytes, "{named}: {peak} for {bytes}");
    }
}

#[test]
fn four_bytes_take_little_memory_whatever_they_say() {
    for start in [0, 1, 0x10, 0x7f, 0xff] {
        for end in [0, 1, 0x7f, 0xfd, 0xfe, 0xff] {
            for middle in [0, 0x10, 0xff] {
                let bytes = [start, middle, middle, end];
                for peak in [
                    peak_of::<String>(&bytes, None),
                    peak_of::<Vec<u8>>(&bytes, None),
                    peak_of::<Vec<u64>>(&bytes, None),
                    peak_of::<Vec<Vec<String>>>(&bytes, None),
                    peak_of::<VecDeque<QVariant>>(&bytes, None),
                    peak_of::<HashMap<String, QVariant>>(&bytes, None),
                    peak_of::<Vec<[u8; 0]>>(&bytes, None),
                    peak_of::<Vec<Box<[u8; 0]>>>(&bytes, None),
                    peak_of::<QVariant>(&bytes, None),
                ] {
                    assert!(peak < 2 * MIB, "{bytes:?}: {peak}");
                }
            }
        }
    }
}
