//! `Serde`: what the types of serde are in a stream, and what they cannot be.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};
use slotwire::stream::{
    ByteOrder, DataStreamError, DataStreamStatus, DataStreamVersion, FromDataStream, QDataStream,
    Serde, ToDataStream,
};

fn written<T: ToDataStream>(value: &T) -> Vec<u8> {
    let mut stream = QDataStream::new(Vec::new());
    stream.write(value).unwrap();
    stream.into_device()
}

fn by_serde<T: Serialize>(value: T) -> Vec<u8> {
    written(&Serde(value))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DataStreamError> {
    let mut stream = QDataStream::from_bytes(bytes);
    let Serde(value) = stream.read()?;
    assert!(stream.at_end());
    Ok(value)
}

/// Asserts that serde writes a value as the stream itself does, and reads it.
#[track_caller]
fn is_the_same<T>(value: &T)
where
    T: Serialize + DeserializeOwned + ToDataStream + FromDataStream + PartialEq + Debug,
{
    let bytes = written(value);
    assert_eq!(by_serde(value), bytes);
    assert_eq!(read::<T>(&bytes).unwrap(), *value);
}

#[derive(Debug, PartialEq, Serialize, Deserialize, ToDataStream, FromDataStream)]
struct Reading {
    sensor: String,
    celsius: f64,
    at: (u32, [i16; 2]),
    marks: Vec<Mark>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, ToDataStream, FromDataStream)]
struct Mark(bool);

#[test]
fn most_types_are_what_they_are_without_serde() {
    is_the_same(&(1_i8, 2_u8, 3_i16, 4_u16, 5_i32, 6_u32, 7_i64, 8_u64));
    is_the_same(&(true, 'x', 1.5_f32, 2.5_f64, "text".to_owned()));
    is_the_same(&vec![1_u8, 2]);
    is_the_same(&BTreeMap::from([("a".to_owned(), vec![7_u16])]));
    is_the_same(&BTreeSet::from(['a', 'b']));
    is_the_same(&Reading {
        sensor: "attic".to_owned(),
        celsius: 21.5,
        at: (7, [-1, 1]),
        marks: vec![Mark(true), Mark(false)],
    });
    is_the_same(&Box::new(HashMap::from([(7_u8, 8_u8)])));
}

/// Bytes that the type calls so.
#[derive(Debug, PartialEq)]
struct Blob(Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Blob;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("bytes")
            }

            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Blob, E> {
                Ok(Blob(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}

#[test]
fn bytes_are_a_byte_array() {
    assert_eq!(by_serde(Blob(vec![1, 2])), written(&vec![1_u8, 2]));
    assert_eq!(read::<Blob>(&[0, 0, 0, 1, 7]).unwrap(), Blob(vec![7]));
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Empty,
    Circle(u8),
    Line(u8, u8),
    Named { name: String, parts: Vec<Shape>, scale: Option<u16> },
}

#[test]
fn an_enum_is_the_place_of_its_variant_and_an_option_a_truth_value() {
    assert_eq!(by_serde(Shape::Empty), [0; 4]);
    assert_eq!(by_serde(Shape::Line(7, 8)), [0, 0, 0, 2, 7, 8]);
    assert_eq!(by_serde(None::<u16>), [0]);
    assert_eq!(by_serde(Some(7_u16)), [1, 0, 7]);
    let named = Shape::Named {
        name: String::new(),
        parts: vec![Shape::Empty, Shape::Circle(1)],
        scale: Some(2),
    };
    assert_eq!(read::<Shape>(&by_serde(&named)).unwrap(), named);
    let error = read::<Shape>(&[0, 0, 0, 9]).unwrap_err();
    assert_eq!(error.status(), DataStreamStatus::ReadCorruptData);
    assert!(error.to_string().contains("variant"), "{error}");
}

/// Says that it has so many numbers, or nothing of it.
struct Sequence(Option<usize>, u8);

impl Serialize for Sequence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(self.0)?;
        for number in 0..self.1 {
            sequence.serialize_element(&number)?;
        }
        sequence.end()
    }
}

#[test]
fn a_sequence_is_counted_if_it_does_not_know_its_length() {
    let both = (7_u8, Sequence(None, 3), Sequence(Some(1), 1));
    assert_eq!(by_serde(&both), [7, 0, 0, 0, 3, 0, 1, 2, 0, 0, 0, 1, 0]);
    let mut stream = QDataStream::new(Vec::new()).with_byte_order(ByteOrder::LittleEndian);
    Serde(both).write_to(&mut stream).unwrap();
    assert_eq!(stream.into_device(), [7, 3, 0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0]);
    cannot_write(Sequence(Some(2), 1), "1 elements in place of the 2");
}

#[track_caller]
fn cannot_write<T: Serialize>(value: T, named: &str) {
    let mut stream = QDataStream::new(Vec::new());
    let error = stream.write(&Serde(value)).unwrap_err();
    assert!(matches!(error, DataStreamError::Unsupported(_)), "{error:?}");
    assert!(error.to_string().contains(named), "{error}");
    assert!(stream.into_device().is_empty(), "nothing of it is written");
}

#[track_caller]
fn cannot_read<T: DeserializeOwned + Debug>(bytes: &[u8], named: &str) {
    let error = read::<T>(bytes).unwrap_err();
    assert!(matches!(error, DataStreamError::Unsupported(_)), "{error:?}");
    assert!(error.to_string().contains(named), "{error}");
}

#[derive(Debug, Serialize, Deserialize)]
struct Sparse {
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u8),
    Text(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct Flat {
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

#[test]
fn what_the_data_does_not_tell_is_an_error_that_says_so() {
    cannot_write(1_u128, "128 bits");
    cannot_read::<i128>(&[0; 16], "128 bits");
    cannot_write(Sparse { note: None }, "the field `note`");
    assert_eq!(by_serde(Sparse { note: Some(7) }), [1, 7]);
    assert_eq!(by_serde(Untagged::Number(7)), [7]);
    cannot_read::<Untagged>(&[7], "asks the data which type it has");
    cannot_read::<serde_json::Value>(&[7], "asks the data which type it has");
    let flat = Flat { rest: BTreeMap::from([("a".to_owned(), 1)]) };
    cannot_read::<Flat>(&by_serde(flat), "asks the data");
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Node {
    next: Option<Box<Node>>,
}

#[test]
fn what_a_stranger_announces_is_refused() {
    let status = |bytes: &[u8]| read::<Vec<u64>>(bytes).unwrap_err().status();
    assert_eq!(status(b"\x7f\0\0\0"), DataStreamStatus::SizeLimitExceeded);
    assert_eq!(status(b"\0\xff\0\0"), DataStreamStatus::ReadPastEnd);
    let error = read::<Vec<()>>(b"\0\xff\0\0").unwrap_err();
    assert!(error.to_string().contains("elements without bytes"), "{error}");
    assert_eq!(read::<Vec<()>>(b"\0\0\0\x09").unwrap().len(), 9);
    let error = read::<Node>(&[1; 1000]).unwrap_err();
    assert!(error.to_string().contains("levels of nesting"), "{error}");
}

fn shapes() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Empty),
        any::<u8>().prop_map(Shape::Circle),
        any::<(u8, u8)>().prop_map(|(a, b)| Shape::Line(a, b)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let parts = prop::collection::vec(inner, 0..4);
        ("\\PC{0,3}", parts, any::<Option<u16>>()).prop_map(|(name, parts, scale)| Shape::Named {
            name,
            parts,
            scale,
        })
    })
}

type Value = (Shape, BTreeMap<String, Option<char>>, (i64, f64, Vec<Vec<u8>>));

fn values() -> impl Strategy<Value = Value> {
    (
        shapes(),
        prop::collection::btree_map("\\PC{0,3}", any::<Option<char>>(), 0..3),
        (any::<i64>(), any::<i32>(), prop::collection::vec(any::<Vec<u8>>(), 0..3))
            .prop_map(|(a, b, c)| (a, b.into(), c)),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_written_is_read_back_equal_however_it_is_cut(
        value in values(),
        version in prop::sample::select(vec![
            DataStreamVersion::Qt4_0,
            DataStreamVersion::Qt4_6,
            DataStreamVersion::Qt6_10,
        ]),
    ) {
        let mut stream = QDataStream::new(Vec::new()).with_version(version);
        stream.write(&Serde(&value)).unwrap();
        let bytes = stream.into_device();
        for cut in 0..bytes.len() {
            let mut stream = QDataStream::from_bytes(&bytes[..cut]).with_version(version);
            prop_assert_eq!(stream.read_whole::<Serde<Value>>().unwrap(), None);
            let needed = stream.bytes_needed();
            prop_assert!(cut < needed && needed <= bytes.len(), "{} at {}", needed, cut);
            prop_assert_eq!(stream.skip_raw(cut), cut, "it was put back");
        }
        let mut stream = QDataStream::from_bytes(&bytes).with_version(version);
        prop_assert_eq!(stream.read_whole::<Serde<Value>>().unwrap(), Some(Serde(value)));
        prop_assert!(stream.at_end());
    }

    #[test]
    fn any_bytes_are_a_value_or_an_error(bytes in prop::collection::vec(0..4_u8, 0..100)) {
        let _ = QDataStream::from_bytes(&bytes).read::<Serde<Value>>();
    }
}
