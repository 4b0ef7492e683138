//! Values of a data stream that come in pieces: `resume` reads what `read_whole` reads, and at the same
//! byte, with less work.

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet, VecDeque};

use proptest::prelude::*;
use slotwire::message::{DataStreamCodec, Decoder, Incoming};
use slotwire::prelude::*;
use slotwire::stream::{
    ByteOrder, DataStreamError, DataStreamStatus, DataStreamVersion, FromDataStream, QDataStream,
    QVariant, StreamDevice, ToDataStream, Unfinished,
};
use slotwire::{OpenMode, QBuffer};

fn bytes_of<T: ToDataStream + ?Sized>(value: &T) -> Vec<u8> {
    let mut stream = QDataStream::new(Vec::new());
    stream.write(value).unwrap();
    stream.into_device()
}

/// Returns what both ways find of a value of which these bytes have come, and checks that it is the same.
#[track_caller]
fn resume<T: FromDataStream + PartialEq + std::fmt::Debug>(
    unfinished: &mut Unfinished<T>,
    bytes: &[u8],
) -> Option<T> {
    let mut stream = QDataStream::from_bytes(bytes);
    let resumed = stream.resume(unfinished).unwrap();
    let needed = stream.bytes_needed();
    let mut stream = QDataStream::from_bytes(bytes);
    assert_eq!(resumed, stream.read_whole().unwrap(), "after {} bytes", bytes.len());
    assert_eq!(resumed.is_none(), needed > bytes.len());
    resumed
}

type Nested = (u8, Vec<Vec<String>>, BTreeMap<String, Vec<u16>>, Option<String>);

fn nested() -> impl Strategy<Value = Nested> {
    let text = "[a-zé]{0,3}";
    (
        any::<u8>(),
        prop::collection::vec(prop::collection::vec(text, 0..4), 0..4),
        prop::collection::btree_map(text, prop::collection::vec(any::<u16>(), 0..3), 0..3),
        prop::option::of(text),
    )
}

/// Where the pieces end, also several of one byte.
fn ends(len: usize, cuts: &[prop::sample::Index]) -> Vec<usize> {
    let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(len + 1)).chain([len]).collect();
    ends.sort_unstable();
    ends
}

proptest! {
    #[test]
    fn a_value_is_there_with_its_last_byte(value in nested(), behind in 0_usize..3) {
        let mut bytes = bytes_of(&value);
        let len = bytes.len();
        bytes.resize(len + behind, 1);
        let mut unfinished = Unfinished::default();
        for end in 0..len {
            prop_assert_eq!(resume::<Nested>(&mut unfinished, &bytes[..end]), None);
            let mut stream = QDataStream::from_bytes(&bytes[..end]);
            prop_assert_eq!(stream.resume(&mut unfinished).unwrap(), None);
            prop_assert!((end + 1..=len).contains(&stream.bytes_needed()));
            prop_assert!(!stream.at_end() || end == 0, "nothing was taken");
        }
        prop_assert_eq!(resume(&mut unfinished, &bytes), Some(value));
    }

    #[test]
    fn whatever_comes_is_found_as_without_pieces(
        bytes in prop::collection::vec(prop_oneof![6 => 0_u8..10, 1 => any::<u8>()], 0..200),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        type Value = Vec<(Vec<QVariant>, VecDeque<HashSet<u8>>)>;
        let mut unfinished = Unfinished::<Value>::default();
        for end in ends(bytes.len(), &cuts) {
            let whole = QDataStream::from_bytes(&bytes[..end]).read_whole::<Value>();
            let resumed = QDataStream::from_bytes(&bytes[..end]).resume(&mut unfinished);
            match (whole, resumed) {
                (Ok(whole), Ok(resumed)) => prop_assert_eq!(whole, resumed),
                (Err(whole), Err(resumed)) => {
                    prop_assert_eq!(whole.to_string(), resumed.to_string());
                    break;
                }
                // More must come in any case, so nobody has looked at the wrong bytes.
                (Err(_), Ok(None)) => {}
                (whole, resumed) => prop_assert!(false, "{:?} and {:?}", whole, resumed),
            }
        }
    }
}

thread_local! {
    /// How many elements were read on this thread.
    static READS: Cell<usize> = const { Cell::new(0) };
}

/// An element that counts how often it is read. It does not tell its least size.
#[derive(Debug, PartialEq)]
struct Counted(u8);

impl FromDataStream for Counted {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        READS.set(READS.get() + 1);
        stream.read().map(Self)
    }
}

/// Brings a value byte by byte, and returns how many elements are read.
fn reads_of<T: FromDataStream>(bytes: &[u8]) -> usize {
    READS.set(0);
    let mut unfinished = Unfinished::<T>::default();
    for end in 0..=bytes.len() {
        let read = QDataStream::from_bytes(&bytes[..end]).resume(&mut unfinished).unwrap();
        assert_eq!(read.is_some(), end == bytes.len());
    }
    READS.take()
}

#[test]
fn elements_that_come_one_by_one_are_not_read_again_for_each_other() {
    let list = bytes_of(&vec![7_u8; 1000]);
    // Each is missed once and passed once, and all are read in the end.
    assert!(reads_of::<Vec<Counted>>(&list) <= 3 * 1000 + 1);
    assert!(reads_of::<(u32, VecDeque<Counted>)>(&[&[0; 4], &list[..]].concat()) <= 3 * 1000 + 1);
    // In a list of lists, a list is read once more, when it has come.
    let lists = bytes_of(&vec![vec![7_u8; 100]; 10]);
    assert!(reads_of::<Vec<Vec<Counted>>>(&lists) <= 4 * 1000 + 20);
    assert!(
        reads_of::<Vec<(u32, Vec<Counted>)>>(&{
            let mut bytes = bytes_of(&10_u32);
            bytes.extend([&[0; 4], &bytes_of(&vec![7_u8; 100])[..]].concat().repeat(10));
            bytes
        }) <= 4 * 1000 + 20
    );
    // Two lists in one value: the first one is read again with what follows it.
    let two = [&list[..], &list].concat();
    assert!(reads_of::<(Vec<Counted>, Vec<Counted>)>(&two) <= 9 * 1000);
}

#[test]
fn a_codec_reads_elements_that_come_one_by_one_as_seldom() {
    READS.set(0);
    let bytes = bytes_of(&vec![7_u8; 1000]);
    let mut codec = DataStreamCodec::<Vec<Counted>>::new();
    for end in 0..bytes.len() {
        let mut incoming = Incoming::from(&bytes[..end]).with_max_length(bytes.len());
        assert_eq!(codec.decode(&mut incoming).unwrap(), None);
    }
    let mut incoming = Incoming::from(&bytes[..]).with_max_length(bytes.len());
    assert_eq!(codec.decode(&mut incoming).unwrap().unwrap().len(), 1000);
    assert!(READS.take() <= 3 * 1000 + 1);
}

/// A list whose first byte tells the version of what follows.
#[derive(Debug, PartialEq)]
struct Versioned(Vec<QVariant>);

impl FromDataStream for Versioned {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        let before = stream.version();
        if stream.read()? {
            stream.set_version(DataStreamVersion::Qt4_0);
        }
        let list = stream.read()?;
        stream.set_version(before);
        Ok(Self(list))
    }
}

#[test]
fn a_value_that_changes_the_format_is_resumed_in_that_format() {
    let list = vec![QVariant::from("one"), QVariant::from(2.5), QVariant::from(true)];
    let mut stream = QDataStream::new(Vec::new()).with_version(DataStreamVersion::Qt4_0);
    stream.write(&list).unwrap();
    let old = [&[1], &stream.into_device()[..]].concat();
    let new = [&[0], &bytes_of(&list)[..]].concat();
    let both = [&bytes_of(&4_u32)[..], &old, &new, &old, &new].concat();
    let mut unfinished = Unfinished::default();
    for end in 0..both.len() {
        assert_eq!(resume::<Vec<Versioned>>(&mut unfinished, &both[..end]), None);
    }
    assert_eq!(resume(&mut unfinished, &both).unwrap().len(), 4);
}

/// A number that may be missing at the end.
#[derive(Debug, PartialEq)]
struct MaybeLast(Option<u8>);

impl FromDataStream for MaybeLast {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        if stream.at_end() { Ok(Self(None)) } else { stream.read().map(|it| Self(Some(it))) }
    }
}

/// A number in two bytes, or in one if there is no other.
#[derive(Debug, PartialEq)]
struct OneOrTwo(u16);

impl FromDataStream for OneOrTwo {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        let high = stream.read::<u8>()?;
        let low = stream.read::<u8>();
        stream.reset_status();
        Ok(Self(u16::from(high) << 8 | u16::from(low.unwrap_or(0))))
    }
}

/// Three bytes that nobody looks at.
#[derive(Debug, PartialEq)]
struct Padding;

impl FromDataStream for Padding {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        stream.skip_raw(3);
        Ok(Self)
    }
}

#[test]
fn an_element_that_does_not_pass_its_error_on_has_not_come_whole() {
    let bytes = [&[0, 0, 0, 5], &[7; 15][..]].concat();
    let mut unfinished = Unfinished::default();
    for end in 0..bytes.len() {
        assert_eq!(resume::<Vec<Padding>>(&mut unfinished, &bytes[..end]), None);
    }
    assert_eq!(resume(&mut unfinished, &bytes).unwrap().len(), 5);
}

#[test]
fn a_value_that_is_read_in_another_way_when_more_has_come_is_read_anew() {
    let bytes = [0, 0, 0, 2, 7, 8, 9, 10, 11, 12];
    let mut unfinished = Unfinished::default();
    let mut again = Unfinished::default();
    for end in 0..=bytes.len() {
        resume::<Vec<(MaybeLast, u8)>>(&mut unfinished, &bytes[..end]);
        resume::<Vec<(u8, OneOrTwo, u16)>>(&mut again, &bytes[..end]);
    }
}

#[test]
fn what_is_known_is_of_one_value_in_one_format() {
    let bytes = bytes_of(&vec!["one", "two", "three"]);
    let mut unfinished = Unfinished::default();
    assert_eq!(resume::<Vec<String>>(&mut unfinished, &bytes[..20]), None);
    // Fewer bytes than before are others.
    let other = bytes_of(&vec!["a"]);
    assert_eq!(resume(&mut unfinished, &other).unwrap(), ["a"]);
    // As many are, if the program says so.
    assert_eq!(resume(&mut unfinished, &bytes[..20]), None);
    unfinished.forget();
    let other = bytes_of(&vec!["a", "b", "c"]);
    assert_eq!(resume(&mut unfinished, &other).unwrap(), ["a", "b", "c"]);
    // Another byte order is another value.
    assert_eq!(resume(&mut unfinished, &bytes[..20]), None);
    let mut little = QDataStream::new(Vec::new()).with_byte_order(ByteOrder::LittleEndian);
    little.write(&vec!["one", "two", "three"]).unwrap();
    let little = little.into_device();
    let mut stream = QDataStream::from_bytes(&little).with_byte_order(ByteOrder::LittleEndian);
    assert_eq!(stream.resume(&mut unfinished).unwrap().unwrap(), ["one", "two", "three"]);
    // A clone goes on by itself.
    assert_eq!(resume(&mut unfinished, &bytes[..20]), None);
    let mut clone = unfinished.clone();
    assert_eq!(resume(&mut clone, &bytes).unwrap().len(), 3);
    assert_eq!(resume(&mut unfinished, &bytes).unwrap().len(), 3);
}

#[test]
fn in_a_transaction_a_value_is_read_as_part_of_it() {
    let bytes = bytes_of(&vec![1_u8, 2]);
    let mut unfinished = Unfinished::<Vec<u8>>::default();
    let mut stream = QDataStream::from_bytes(&bytes[..5]);
    stream.start_transaction();
    let error = stream.resume(&mut unfinished).unwrap_err();
    assert_eq!(error.status(), DataStreamStatus::ReadPastEnd);
    assert!(!stream.commit_transaction());
    assert_eq!(stream.resume(&mut unfinished).unwrap(), None);
    assert_eq!(stream.status(), DataStreamStatus::Ok);
}

#[test]
fn a_value_is_resumed_by_another_stream_on_its_device() {
    let mut rt = Runtime::new().unwrap();
    let device = rt.add(QBuffer::new());
    rt[device].open(OpenMode::READ_WRITE).unwrap();
    let bytes = bytes_of(&vec!["one", "two"]);
    let mut unfinished = Unfinished::<Vec<String>>::default();
    for (at, &byte) in bytes.iter().enumerate() {
        let mut stream = QDataStream::new(&mut rt[device]);
        assert_eq!(stream.resume(&mut unfinished).unwrap(), None, "after {at} bytes");
        let position = rt[device].size();
        rt[device].seek_to(position).unwrap();
        std::io::Write::write_all(&mut rt[device], &[byte]).unwrap();
        rt[device].seek_to(0).unwrap();
    }
    let mut stream = QDataStream::new(&mut rt[device]);
    assert_eq!(stream.resume(&mut unfinished).unwrap().unwrap(), ["one", "two"]);
    assert!(rt[device].at_end());
}
