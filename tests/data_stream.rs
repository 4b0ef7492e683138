//! `QDataStream`: the bytes that Qt writes, and what comes back of them, however they are cut.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ffi::CString;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use slotwire::prelude::*;
use slotwire::stream::{
    ByteOrder, DataStreamError, DataStreamLimits, DataStreamStatus, DataStreamVersion,
    FloatingPointPrecision, FromDataStream, QChar, QDataStream, QVariant, StreamDevice,
    ToDataStream,
};
use slotwire::{OpenMode, QBuffer};
use support::*;

const ORDERS: [ByteOrder; 2] = [ByteOrder::BigEndian, ByteOrder::LittleEndian];

/// Versions in which something is written in another way than before.
const VERSIONS: [DataStreamVersion; 6] = [
    DataStreamVersion::Qt4_0,
    DataStreamVersion::Qt4_2,
    DataStreamVersion::Qt4_6,
    DataStreamVersion::Qt5_0,
    DataStreamVersion::Qt6_0,
    DataStreamVersion::Qt6_7,
];

fn written<T: ToDataStream + ?Sized>(
    version: DataStreamVersion,
    order: ByteOrder,
    value: &T,
) -> Vec<u8> {
    let mut stream = QDataStream::new(Vec::new()).with_version(version).with_byte_order(order);
    stream.write(value).unwrap();
    stream.into_device()
}

/// What is written in the newest version, in Qt's default byte order.
fn newest<T: ToDataStream + ?Sized>(value: &T) -> Vec<u8> {
    written(DataStreamVersion::default(), ByteOrder::BigEndian, value)
}

fn read<T: FromDataStream>(bytes: &[u8]) -> Result<T, DataStreamError> {
    QDataStream::from_bytes(bytes).read()
}

#[track_caller]
fn error_of<T: FromDataStream>(bytes: &[u8]) -> DataStreamError {
    read::<T>(bytes).err().expect("this is no such value")
}

#[test]
fn the_size_of_a_string_is_in_bytes_and_its_text_in_utf_16() {
    assert_eq!(newest("Aé"), b"\0\0\0\x04\0A\0\xe9");
    assert_eq!(newest("😀"), b"\0\0\0\x04\xd8\x3d\xde\0");
    assert_eq!(read::<String>(b"\0\0\0\x04\0\xc3\0\xa9").unwrap(), "Ã©", "this is no UTF-8");
    assert_eq!(read::<String>(b"\0\0\0\x04\xd8\x3d\xde\0").unwrap(), "😀");
    assert_eq!(read::<String>(b"\0\0\0\x04\xd8\x3d\0A").unwrap(), "\u{fffd}A");
}

#[test]
fn null_and_empty_strings_are_two_values() {
    let null = b"\xff\xff\xff\xff";
    assert_eq!(newest(&None::<String>), null);
    assert_eq!(newest(&Some(String::new())), [0; 4]);
    assert_eq!(read::<Option<String>>(null).unwrap(), None);
    assert_eq!(read::<Option<String>>(&[0; 4]).unwrap(), Some(String::new()));
    assert_eq!(read::<String>(null).unwrap(), "");
    assert_eq!(read::<Option<Vec<u8>>>(null).unwrap(), None);
    assert_eq!(read::<Vec<u8>>(null).unwrap(), b"");
    assert_eq!(newest(&None::<Vec<u8>>), null);
}

#[test]
fn a_string_of_half_characters_is_wrong_data() {
    let error = error_of::<String>(b"\0\0\0\x03\0A\0");
    assert_eq!(error.status(), DataStreamStatus::ReadCorruptData);
    assert!(error.to_string().contains("3 bytes"), "{error}");
}

#[test]
fn characters_have_16_or_32_bits() {
    assert_eq!(newest(&'€'), b"\0\0\x20\xac");
    assert_eq!(newest(&QChar(0x20ac)), b"\x20\xac");
    let error = error_of::<char>(b"\0\0\xd8\0");
    assert_eq!(error.to_string(), "the data is wrong: 0xd800 is no character");
}

#[test]
fn text_for_c_has_its_terminator() {
    let text = CString::new("xyz").unwrap();
    assert_eq!(newest(&text), b"\0\0\0\x04xyz\0");
    assert_eq!(read::<CString>(b"\0\0\0\x04xyz\0").unwrap(), text);
    assert_eq!(read::<CString>(b"\0\0\0\x05x\0yz\0").unwrap(), CString::new("x").unwrap());
}

#[test]
fn containers_are_a_number_and_as_many_elements() {
    let map = BTreeMap::from([(2_u8, "b".to_owned()), (1, String::new())]);
    assert_eq!(newest(&map), b"\0\0\0\x02\x01\0\0\0\0\x02\0\0\0\x02\0b");
    assert_eq!(read::<HashMap<u8, String>>(&newest(&map)).unwrap()[&2], "b");
    assert_eq!(newest(&BTreeSet::from([7_u16, 3])), b"\0\0\0\x02\0\x03\0\x07");
    assert_eq!(newest(&vec![true, false]), b"\0\0\0\x02\x01\0");
    assert_eq!(newest(&[1_u8, 2]), [1, 2], "the length of an array is known");
    assert_eq!(read::<[u16; 2]>(&[0, 1, 0, 2]).unwrap(), [1, 2]);
}

#[test]
fn the_last_of_several_entries_with_one_key_is_read() {
    let entries = newest(&vec![(1_u8, 10_u8), (1, 20)]);
    assert_eq!(read::<BTreeMap<u8, u8>>(&entries).unwrap(), BTreeMap::from([(1, 20)]));
}

#[test]
fn numbers_of_a_single_precision_stream_take_four_bytes() {
    for version in [DataStreamVersion::Qt4_5, DataStreamVersion::Qt4_6] {
        let mut stream = QDataStream::new(Vec::new()).with_version(version);
        stream.set_floating_point_precision(FloatingPointPrecision::Single);
        stream.write(&(0.5_f32, 0.25_f64)).unwrap();
        let length = if version < DataStreamVersion::Qt4_6 { 12 } else { 8 };
        assert_eq!(stream.into_device().len(), length);
    }
}

#[test]
fn a_type_that_a_variant_cannot_have_is_named() {
    for (bytes, named) in [
        (&b"\0\0\x04\0\0\0\0\0\x06MySize"[..], "the type \"MySize\" of a program"),
        (b"\0\x01\0\0\0\0\0\0\x06MySize", "the type \"MySize\" of a program"),
        (b"\0\0\0\x15\0", "the type 21 (QSize)"),
        (b"\0\0\x03\xe7\0", "the type 999,"),
    ] {
        let error = error_of::<QVariant>(bytes);
        assert!(error.to_string().contains(named), "{error}");
    }
    let old = b"\0\0\0\x7f\0\0\0\0\x05Size\0";
    let mut stream = QDataStream::from_bytes(old).with_version(DataStreamVersion::Qt4_6);
    let error = stream.read::<QVariant>().unwrap_err();
    assert!(error.to_string().contains("the type \"Size\" of a program"), "{error}");
}

#[test]
fn the_numbers_of_types_were_larger_before_qt_5() {
    let float = QVariant::Float(1.5);
    let old = written(DataStreamVersion::Qt4_5, ByteOrder::BigEndian, &float);
    assert_eq!(old, b"\0\0\0\x87\0\x3f\xc0\0\0");
    let mut stream = QDataStream::from_bytes(&old).with_version(DataStreamVersion::Qt4_5);
    assert_eq!(stream.read::<QVariant>().unwrap(), float);
    assert_eq!(newest(&float)[..4], [0, 0, 0, 38]);
    // Before Qt 5, a variant without a value has an empty string in place of one.
    let old = written(DataStreamVersion::Qt4_0, ByteOrder::BigEndian, &QVariant::Invalid);
    assert_eq!(old, b"\0\0\0\0\xff\xff\xff\xff");
    assert_eq!(newest(&QVariant::Invalid), b"\0\0\0\0\x01");
}

#[test]
fn what_has_not_come_whole_is_left_for_the_next_time() {
    let mut rt = Runtime::new().unwrap();
    let device = rt.add(QBuffer::new());
    rt[device].open(OpenMode::READ_WRITE).unwrap();
    let message = newest(&("fortune".to_owned(), 7_u32));
    for &byte in &message[..message.len() - 1] {
        rt[device].write_all(&[byte]).unwrap();
        rt[device].seek_to(0).unwrap();
        let mut stream = QDataStream::new(&mut rt[device]);
        assert_eq!(stream.read_whole::<(String, u32)>().unwrap(), None);
        assert_eq!(stream.status(), DataStreamStatus::Ok);
        let end = rt[device].size();
        rt[device].seek_to(end).unwrap();
    }
    rt[device].write_all(&message[message.len() - 1..]).unwrap();
    rt[device].seek_to(0).unwrap();
    let mut stream = QDataStream::new(&mut rt[device]);
    assert_eq!(stream.read_whole().unwrap(), Some(("fortune".to_owned(), 7_u32)));
    assert!(stream.at_end());
}

#[on_every_network]
fn messages_come_over_a_socket_in_whatever_pieces(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    let sent = ["", "one", "zwei", "τρία"].map(str::to_owned);
    let bytes: Vec<u8> = sent.iter().flat_map(newest).collect();
    let mut received = Vec::new();
    for piece in bytes.chunks(3) {
        let before = rt[socket].bytes_available();
        peer.write_all(piece).unwrap();
        wait_until(&mut rt, |world| world[socket].bytes_available() == before + piece.len());
        let mut stream = QDataStream::new(&mut rt[socket]);
        while let Some(text) = stream.read_whole::<String>().unwrap() {
            received.push(text);
        }
    }
    assert_eq!(received, sent);
    let mut stream = QDataStream::new(&mut rt[socket]);
    stream.write(&("ok", 513_u16)).unwrap();
    assert_eq!(read_exactly(&mut rt, &mut peer, 10), newest(&("ok", 513_u16)));
}

#[on_every_network]
fn a_value_is_written_whole_or_not_at_all(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    rt[socket].set_write_buffer_limit(Some(16));
    let mut stream = QDataStream::new(&mut rt[socket]);
    let error = stream.write(&(7_u16, "too long for the limit")).unwrap_err();
    assert!(matches!(error, DataStreamError::WriteFailed(_)), "{error}");
    assert_eq!(stream.status(), DataStreamStatus::WriteFailed);
    let refused = stream.write(&1_u8).unwrap_err();
    assert!(matches!(refused, DataStreamError::AfterFailure(DataStreamStatus::WriteFailed)));
    stream.reset_status();
    stream.write(&1_u8).unwrap();
    assert_eq!(read_exactly(&mut rt, &mut peer, 1), [1]);
}

#[test]
fn what_was_read_in_a_transaction_is_put_back_or_not_as_the_outermost_says() {
    let bytes = [0, 1, 0, 2];
    // More must come: the inner commit does not count.
    let mut stream = QDataStream::from_bytes(&bytes);
    stream.start_transaction();
    stream.start_transaction();
    assert_eq!(stream.read::<u16>().unwrap(), 1);
    assert!(stream.commit_transaction());
    stream.rollback_transaction();
    assert!(!stream.is_transaction_started());
    assert_eq!(stream.status(), DataStreamStatus::ReadPastEnd);
    assert_eq!(stream.read::<u16>().unwrap(), 1);
    // The data is wrong: what was read is gone.
    stream.start_transaction();
    assert_eq!(stream.status(), DataStreamStatus::Ok);
    stream.abort_transaction();
    assert_eq!(stream.status(), DataStreamStatus::ReadCorruptData);
    assert_eq!(stream.read::<u16>().unwrap(), 2);
    // Without a transaction, these only set the status.
    stream.reset_status();
    assert!(!stream.commit_transaction());
    assert_eq!(stream.status(), DataStreamStatus::Ok);
    stream.rollback_transaction();
    assert_eq!(stream.status(), DataStreamStatus::ReadPastEnd);
    stream.abort_transaction();
    assert_eq!(stream.status(), DataStreamStatus::ReadCorruptData);
}

#[test]
fn nothing_is_read_in_a_transaction_in_which_something_went_wrong() {
    let mut stream = QDataStream::from_bytes(&[1, 2, 3]);
    stream.start_transaction();
    assert!(stream.read::<u32>().is_err());
    assert!(matches!(stream.read::<u8>(), Err(DataStreamError::AfterFailure(_))));
    assert_eq!(stream.skip_raw(1), 0);
    assert!(!stream.commit_transaction());
    assert_eq!(stream.read::<u8>().unwrap(), 1);
}

#[test]
fn an_inner_transaction_that_needs_more_makes_the_outer_one_wait() {
    let mut stream = QDataStream::from_bytes(&[0, 1, 9]);
    let outer = stream.transaction(|stream| {
        let first = stream.read::<u16>()?;
        let second = stream.read_whole::<u32>()?;
        Ok((first, second))
    });
    assert_eq!(outer.unwrap(), None);
    assert_eq!(stream.read::<u16>().unwrap(), 1);
}

#[test]
fn what_a_stranger_announces_is_refused_before_it_takes_memory() {
    for (bytes, unit) in [(&b"\x7f\xff\xff\xf0"[..], "bytes"), (b"\xff\xff\xff\xfd", "bytes")] {
        let error = error_of::<String>(bytes);
        assert_eq!(error.status(), DataStreamStatus::SizeLimitExceeded);
        assert!(error.to_string().contains(unit), "{error}");
        assert_eq!(error_of::<Vec<u8>>(bytes).status(), DataStreamStatus::SizeLimitExceeded);
        assert_eq!(error_of::<Vec<u16>>(bytes).status(), DataStreamStatus::SizeLimitExceeded);
    }
    // Elements without bytes.
    assert_eq!(error_of::<Vec<[u8; 0]>>(&[0xff, 0, 0, 0]).status(), {
        DataStreamStatus::SizeLimitExceeded
    });
    // A size of 64 bits.
    let long = b"\xff\xff\xff\xfe\0\0\0\x01\0\0\0\0";
    assert_eq!(error_of::<String>(long).status(), DataStreamStatus::SizeLimitExceeded);
    let negative = b"\xff\xff\xff\xfe\xff\0\0\0\0\0\0\0";
    assert_eq!(error_of::<String>(negative).status(), DataStreamStatus::SizeLimitExceeded);
    assert_eq!(error_of::<Vec<i8>>(negative).status(), DataStreamStatus::SizeLimitExceeded);
    let null = b"\xff\xff\xff\xfe\xff\xff\xff\xff\xff\xff\xff\xff";
    assert_eq!(read::<Option<String>>(null).unwrap(), None);
}

#[test]
fn values_are_not_nested_without_end() {
    // Lists of lists of variants.
    let deep = [b"\0\0\0\x09\0\0\0\0\x01".as_slice(); 100].concat();
    let error = error_of::<QVariant>(&deep);
    assert!(error.to_string().contains("levels of nesting"), "{error}");
    let mut stream = QDataStream::from_bytes(&deep);
    let mut limits = DataStreamLimits::default();
    limits.depth = 1000;
    stream.set_limits(limits);
    assert_eq!(stream.read::<QVariant>().unwrap_err().status(), DataStreamStatus::ReadPastEnd);
}

#[test]
fn limits_can_be_set() {
    let text = newest("four");
    let mut stream = QDataStream::from_bytes(&text);
    let mut limits = DataStreamLimits::default();
    limits.bytes = 7;
    stream.set_limits(limits);
    let error = stream.read::<String>().unwrap_err();
    assert_eq!(error.to_string(), "the data announces 8 bytes, and the limit is 7");
}

#[test]
fn a_container_cannot_be_null() {
    let null = b"\xff\xff\xff\xff";
    assert_eq!(error_of::<Vec<String>>(null).status(), DataStreamStatus::SizeLimitExceeded);
    assert_eq!(error_of::<BTreeMap<u8, u8>>(null).status(), DataStreamStatus::SizeLimitExceeded);
    let variant = b"\0\0\0\x09\0\xff\xff\xff\xff";
    assert_eq!(error_of::<QVariant>(variant).status(), DataStreamStatus::SizeLimitExceeded);
}

/// Ignores the errors of its parts.
struct Careless;

impl ToDataStream for Careless {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        stream.write(&1_u8)?;
        let _ = stream.write(&Failing);
        stream.write(&2_u8).or(Ok(()))
    }
}

impl FromDataStream for Careless {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        stream.read::<u16>()?;
        let _ = stream.read::<u16>();
        Ok(Self)
    }
}

/// Fails in the middle.
struct Failing;

impl ToDataStream for Failing {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        stream.write(&7_u8)?;
        Err(DataStreamError::corrupt("this is not written"))
    }
}

/// Panics in the middle.
#[derive(Debug)]
struct Panics;

impl ToDataStream for Panics {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        stream.write(&7_u8)?;
        panic!("in the middle of a value");
    }
}

impl FromDataStream for Panics {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        stream.read::<u8>()?;
        panic!("in the middle of a value");
    }
}

#[test]
fn a_value_that_hides_the_failure_of_a_part_is_not_written() {
    let mut stream = QDataStream::new(Vec::new());
    let error = stream.write(&Careless).unwrap_err();
    assert_eq!(error.status(), DataStreamStatus::ReadCorruptData);
    stream.reset_status();
    stream.write(&3_u8).unwrap();
    assert_eq!(stream.into_device(), [3]);
}

#[test]
fn a_value_that_hides_that_it_has_not_come_whole_is_not_read() {
    let mut stream = QDataStream::from_bytes(&[0, 1, 0]);
    assert!(stream.read_whole::<Careless>().unwrap().is_none());
    assert_eq!((stream.status(), stream.skip_raw(3)), (DataStreamStatus::Ok, 3));
    // An error of what was read after that says no more.
    let mut stream = QDataStream::from_bytes(&[0, 1, 0]);
    let read = stream.transaction(|stream| {
        let _ = stream.read::<u32>();
        stream.read::<u8>()
    });
    assert_eq!(read.unwrap(), None);
    assert_eq!(stream.skip_raw(3), 3);
    // Neither is one of which a part is wrong.
    let read = QDataStream::from_bytes(&[0, 0, 0xd8, 0]).transaction(|stream| {
        let _ = stream.read::<char>();
        Ok(())
    });
    assert_eq!(read.unwrap_err().status(), DataStreamStatus::ReadCorruptData);
}

#[test]
fn a_stream_can_be_used_after_a_panic_in_the_code_of_a_value() {
    let mut stream = QDataStream::new(Vec::new());
    catch_unwind(AssertUnwindSafe(|| stream.write(&[Panics]))).unwrap_err();
    stream.write(&3_u8).unwrap();
    assert_eq!(stream.into_device(), [3]);

    let mut stream = QDataStream::from_bytes(&[0; 101]);
    for _ in 0..100 {
        catch_unwind(AssertUnwindSafe(|| stream.read_whole::<Box<Panics>>())).unwrap_err();
    }
    assert!(!stream.is_transaction_started());
    assert_eq!(stream.read_whole::<Box<u8>>().unwrap(), Some(Box::new(0)));
    assert_eq!(stream.read_whole::<u8>().unwrap(), None);
}

#[test]
fn a_value_is_also_written_by_its_own_method() {
    let mut stream = QDataStream::new(Vec::new());
    513_u16.write_to(&mut stream).unwrap();
    assert_eq!(*stream.device(), [2, 1]);
    vec!["a"].write_to(&mut stream).unwrap();
    assert_eq!(stream.device()[2..], *b"\0\0\0\x01\0\0\0\x02\0a");
    stream.set_status(DataStreamStatus::WriteFailed);
    assert!(1_u8.write_to(&mut stream).is_err());
}

/// A list of linked elements, whose length no number tells.
struct Link {
    next: Option<Box<Link>>,
}

impl FromDataStream for Link {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        let next = if stream.read()? { Some(Box::new(stream.read()?)) } else { None };
        Ok(Self { next })
    }
}

#[test]
fn a_type_that_reads_itself_is_not_nested_without_end() {
    let error = error_of::<Link>(&vec![1; 1 << 20]);
    assert!(error.to_string().contains("levels of nesting"), "{error}");
    assert!(read::<Link>(&[1, 1, 0]).unwrap().next.unwrap().next.unwrap().next.is_none());
}

#[test]
fn elements_without_bytes_are_not_many_more_than_the_bytes() {
    let many = newest(&(1_u32 << 20));
    for error in [
        error_of::<Vec<Box<Nothing>>>(&many),
        error_of::<VecDeque<Nothing>>(&many),
        error_of::<Vec<Vec<[u8; 0]>>>(
            &[newest(&(1_u32 << 20)), [0, 0, 1, 0].repeat(1 << 20)].concat(),
        ),
    ] {
        assert!(error.to_string().contains("elements without bytes"), "{error}");
    }
    assert_eq!(read::<Vec<Nothing>>(&newest(&4000_u32)).unwrap().len(), 4000);
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,3}"
}

fn variant() -> impl Strategy<Value = QVariant> {
    let leaf = prop_oneof![
        Just(QVariant::Invalid),
        any::<bool>().prop_map(QVariant::Bool),
        any::<i32>().prop_map(QVariant::Int),
        any::<u32>().prop_map(QVariant::UInt),
        any::<i64>().prop_map(QVariant::LongLong),
        any::<u64>().prop_map(QVariant::ULong),
        any::<i64>().prop_map(|it| QVariant::Double(it as f64)),
        any::<i16>().prop_map(|it| QVariant::Float(it.into())),
        any::<u16>().prop_map(|it| QVariant::QChar(QChar(it))),
        any::<i8>().prop_map(QVariant::SChar),
        prop::option::of(text()).prop_map(QVariant::QString),
        prop::option::of(prop::collection::vec(any::<u8>(), 0..4)).prop_map(QVariant::QByteArray),
        prop::collection::vec(text(), 0..4).prop_map(QVariant::QStringList),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(QVariant::QVariantList),
            prop::collection::btree_map(text(), inner.clone(), 0..4)
                .prop_map(QVariant::QVariantMap),
            prop::collection::btree_map(text(), inner, 0..4).prop_map(QVariant::QVariantHash),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back_equal_however_it_is_cut(
        value in (
            variant(),
            any::<(i8, u16, f32)>(),
            prop::collection::vec((any::<u32>(), prop::option::of(text())), 0..3),
        ),
        version in prop::sample::select(VERSIONS.to_vec()),
        order in prop::sample::select(ORDERS.to_vec()),
    ) {
        type Value = (QVariant, (i8, u16, f32), Vec<(u32, Option<String>)>);
        let bytes = written(version, order, &value);
        let open = |bytes| QDataStream::from_bytes(bytes)
            .with_version(version)
            .with_byte_order(order);
        for cut in 0..bytes.len() {
            let mut stream = open(&bytes[..cut]);
            prop_assert_eq!(stream.read_whole::<Value>().unwrap(), None);
            let needed = stream.bytes_needed();
            prop_assert!(cut < needed && needed <= bytes.len(), "{needed} at {cut}");
            prop_assert_eq!(stream.skip_raw(cut), cut, "it was put back");
        }
        let mut stream = open(&bytes);
        let back = stream.read_whole::<Value>().unwrap().unwrap();
        // Compared as bytes too, since no number is equal to itself if it is none.
        prop_assert_eq!(written(version, order, &back), bytes.clone());
        if value.1.2 == value.1.2 {
            prop_assert_eq!(back, value);
        }
        prop_assert!(stream.at_end());
    }

    #[test]
    fn any_bytes_are_a_value_or_an_error(
        bytes in prop::collection::vec(prop_oneof![0..13_u8, any::<u8>()], 0..200),
        version in prop::sample::select(VERSIONS.to_vec()),
    ) {
        let mut stream = QDataStream::from_bytes(&bytes).with_version(version);
        let _ = stream.read::<Vec<QVariant>>();
        let _ = stream.read::<BTreeMap<String, QVariant>>();
        let _ = stream.read::<(CString, char, f32)>();
    }
}

/// A value of as many bytes as there can be.
#[derive(Debug)]
struct Huge;

impl FromDataStream for Huge {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        stream.read_raw(1 << 20).map(|_| Self)
    }

    const MIN_SIZE: usize = usize::MAX;
}

#[track_caller]
fn needed<T: FromDataStream>(bytes: &[u8]) -> usize {
    let mut stream = QDataStream::from_bytes(bytes);
    assert!(stream.read_whole::<T>().unwrap().is_none());
    stream.bytes_needed()
}

#[test]
fn a_value_that_has_not_come_whole_tells_how_many_bytes_it_needs() {
    assert_eq!(needed::<u64>(&[]), 8);
    assert_eq!(needed::<String>(b"\0\0\0\x06\0a"), 10);
    assert_eq!(needed::<Vec<u32>>(b"\0\0\0\x03\0"), 16);
    assert_eq!(needed::<Vec<String>>(b"\0\0\0\x03\0\0\0\x02\0"), 4 + 6 + 4 + 4);
    assert_eq!(needed::<(u16, [u32; 2], String)>(&[0]), 2 + 8 + 4);
    assert_eq!(needed::<Pair<u16, Color>>(&[0]), 6);
    // Of a list of lists, the rest of each.
    let lists = b"\0\0\0\x02\0\0\0\x02\0\x01";
    assert_eq!(needed::<Vec<Vec<u16>>>(lists), 4 + (4 + 4) + 4);
    // Enough for the least value, but this one has a string that is longer.
    assert_eq!(needed::<(String, u16)>(b"\0\0\0\x04\0a"), 8);
    assert_eq!(needed::<Vec<Huge>>(b"\0\0\0\x09"), usize::MAX, "and no overflow");
    // Also of bytes that are skipped.
    let mut stream = QDataStream::from_bytes(&[0; 3]);
    let skipped = stream.transaction(|stream| Ok(stream.skip_raw(7)));
    assert_eq!((skipped.unwrap(), stream.bytes_needed()), (None, 7));
}

#[test]
fn the_bytes_that_are_needed_are_counted_from_the_beginning_of_the_value() {
    let bytes = newest(&("first", 7_u32));
    let mut stream = QDataStream::from_bytes(&bytes[..bytes.len() - 1]);
    assert_eq!(stream.bytes_needed(), 0);
    assert_eq!(stream.read_whole::<String>().unwrap().unwrap(), "first");
    assert_eq!(stream.bytes_needed(), 0);
    for _ in 0..3 {
        assert_eq!(stream.read_whole::<u32>().unwrap(), None);
        assert_eq!(stream.bytes_needed(), 4);
    }
}

#[test]
fn a_value_is_read_often_and_its_elements_without_bytes_count_once() {
    let bytes = [newest(&4000_u32), vec![0]].concat();
    let mut stream = QDataStream::from_bytes(&bytes);
    for _ in 0..3 {
        assert_eq!(stream.read_whole::<(Vec<Nothing>, u16)>().unwrap(), None);
    }
}

#[test]
fn a_stream_leaves_the_transaction_of_its_device_to_the_program() {
    let mut rt = Runtime::new().unwrap();
    let device = rt.add(QBuffer::new());
    rt[device].open(OpenMode::READ_WRITE).unwrap();
    rt[device].write_all(&newest(&(1_u16, 2_u16))).unwrap();
    rt[device].seek_to(0).unwrap();
    rt[device].start_transaction();
    let mut stream = QDataStream::new(&mut rt[device]);
    assert_eq!(stream.read_whole::<u16>().unwrap(), Some(1));
    let error = stream.read_whole::<u32>().unwrap_err();
    assert_eq!(error.status(), DataStreamStatus::ReadPastEnd);
    assert_eq!(stream.bytes_needed(), 4);
    assert!(rt[device].is_transaction_started());
    assert!(rt[device].rollback_transaction());
    // Its own transaction, afterwards.
    let mut stream = QDataStream::new(&mut rt[device]);
    assert_eq!(stream.read_whole::<u64>().unwrap(), None);
    assert_eq!(stream.read_whole::<(u16, u16)>().unwrap(), Some((1, 2)));
    assert!(!rt[device].is_transaction_started());
}

#[test]
fn what_a_value_takes_in_memory_has_a_limit() {
    let strings = newest(&vec![""; 100_000]);
    let mut limits = DataStreamLimits::default();
    for (memory, fits) in [(2_000_000, true), (1_000_000, false)] {
        limits.memory = memory;
        let mut stream = QDataStream::from_bytes(&strings);
        stream.set_limits(limits);
        let read = stream.read::<Vec<String>>();
        assert_eq!(read.is_ok(), fits);
        if let Err(error) = read {
            assert_eq!(error.status(), DataStreamStatus::SizeLimitExceeded);
            assert!(error.to_string().contains("bytes of memory"), "{error}");
        }
    }
    // A value has its own allowance, and one without parts needs none.
    limits.memory = 0;
    let bytes = newest(&(vec![7_u64; 9], vec![7_u8; 9], "text"));
    let mut stream = QDataStream::from_bytes(&bytes);
    stream.set_limits(limits);
    assert_eq!(stream.read::<Vec<u64>>().unwrap(), [7; 9]);
    assert_eq!(stream.read::<Vec<u8>>().unwrap(), [7; 9]);
    assert_eq!(stream.read::<String>().unwrap(), "text");
}

/// A type of a program's own.
#[derive(Debug, PartialEq)]
struct Entry {
    name: String,
    children: Vec<Entry>,
}

impl ToDataStream for Entry {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QDataStream<D>,
    ) -> Result<(), DataStreamError> {
        stream.write(&self.name)?;
        stream.write(&self.children)
    }
}

impl FromDataStream for Entry {
    fn read_from<D: StreamDevice>(stream: &mut QDataStream<D>) -> Result<Self, DataStreamError> {
        Ok(Self { name: stream.read()?, children: stream.read()? })
    }
}

#[derive(Debug, PartialEq, ToDataStream, FromDataStream)]
struct Pair<A, B>(A, B);

#[derive(Debug, PartialEq, ToDataStream, FromDataStream)]
struct Nothing;

#[derive(Debug, PartialEq, ToDataStream, FromDataStream)]
enum Color {
    Red,
    Green = 7,
}

#[test]
fn derived_types_are_their_parts_one_after_another() {
    assert_eq!(newest(&Pair(7_u16, Color::Green)), [0, 7, 0, 0, 0, 7]);
    assert_eq!(read::<Pair<bool, Color>>(&[1, 0, 0, 0, 0]).unwrap(), Pair(true, Color::Red));
    assert_eq!((newest(&Nothing), read::<Nothing>(&[]).unwrap()), (vec![], Nothing));
    assert_eq!(error_of::<Color>(&[0, 0, 0, 1]).to_string(), "the data is wrong: 1 is no Color");
}

#[test]
fn types_of_a_program_s_own_may_have_themselves_as_parts() {
    let leaf = |name: &str| Entry { name: name.to_owned(), children: Vec::new() };
    let tree = Entry { name: "root".to_owned(), children: vec![leaf("a"), leaf("b")] };
    assert_eq!(read::<Entry>(&newest(&tree)).unwrap(), tree);
    let deep = b"\0\0\0\0\0\0\0\x01".repeat(70);
    assert_eq!(error_of::<Entry>(&deep).status(), DataStreamStatus::SizeLimitExceeded);
}

/// The names of the fields are those of the code around them.
#[derive(Debug, PartialEq, ToDataStream, FromDataStream)]
struct Named<const N: usize> {
    stream: u8,
    r#type: [u16; N],
}

#[derive(Debug, PartialEq, ToDataStream, FromDataStream)]
#[repr(align(8), i8)]
enum Sign {
    Minus = -1,
}

#[derive(Debug, ToDataStream, FromDataStream)]
enum Never {}

#[derive(ToDataStream)]
struct Borrowed<'a, T: ?Sized> {
    value: &'a T,
}

/// What Qt 6.4 has written: the number of the version, the byte order,
/// and the bytes of a variant: a list of `1`, nothing, and a list of `"x"`.
#[test]
fn the_bytes_of_qt_are_the_bytes_here() {
    let value = QVariant::from(vec![1.into(), QVariant::Invalid, vec![QVariant::from("x")].into()]);
    for (number, order, hex) in [
        (
            7,
            ByteOrder::BigEndian,
            "0000000900000003000000020000000100000000ffffffff00000009000000010000000a000000020078",
        ),
        (
            8,
            ByteOrder::LittleEndian,
            "0900000000030000000200000000010000000000000001ffffffff0900000000010000000a00000000020000007800",
        ),
        (
            12,
            ByteOrder::BigEndian,
            "0000000900000000030000000200000000010000000001ffffffff0000000900000000010000000a00000000020078",
        ),
        (
            13,
            ByteOrder::LittleEndian,
            "09000000000300000002000000000100000000000000010900000000010000000a00000000020000007800",
        ),
        (
            20,
            ByteOrder::BigEndian,
            "00000009000000000300000002000000000100000000010000000900000000010000000a00000000020078",
        ),
    ] {
        let version = DataStreamVersion::from_number(number).unwrap();
        let bytes = written(version, order, &value);
        assert_eq!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), hex);
        let mut stream =
            QDataStream::from_bytes(&bytes).with_version(version).with_byte_order(order);
        assert_eq!(stream.read::<QVariant>().unwrap(), value);
    }
}

#[test]
fn types_of_every_kind_can_be_derived() {
    let named = Named { stream: 1, r#type: [2, 3] };
    assert_eq!(newest(&named), [1, 0, 2, 0, 3]);
    assert_eq!(read::<Named<2>>(&[1, 0, 2, 0, 3]).unwrap(), named);
    assert_eq!(newest(&Sign::Minus), [0xff]);
    assert_eq!(read::<Sign>(&[0xff]).unwrap(), Sign::Minus);
    assert_eq!(error_of::<Never>(&[0; 4]).to_string(), "the data is wrong: 0 is no Never");
    assert_eq!(newest(&Borrowed { value: "a" }), newest("a"));
}
