//! A message is a value of a data stream.

use super::*;
use slotwire::message::{DataStreamCodec, Encoder};
use slotwire::stream::{ByteOrder, DataStreamVersion, FromDataStream, ToDataStream};

#[derive(Debug, PartialEq, ToDataStream, FromDataStream)]
struct Order {
    item: String,
    count: u16,
    sizes: Vec<i8>,
}

fn codec<T>() -> DataStreamCodec<T> {
    DataStreamCodec::new()
        .with_version(DataStreamVersion::Qt4_0)
        .with_byte_order(ByteOrder::LittleEndian)
}

#[test]
fn a_value_is_a_message_when_its_last_byte_has_come() {
    let orders = [("bolt", 3), ("", 0)].map(|(item, count)| Order {
        item: item.to_owned(),
        count,
        sizes: vec![-1; count.into()],
    });
    let mut bytes = Vec::new();
    for order in &orders {
        codec::<Order>().encode(order, &mut bytes).unwrap();
    }
    assert!(bytes.starts_with(&[8, 0, 0, 0, b'b', 0]), "{bytes:?}");
    let expected = orders.map(|order| format!("{order:?}"));
    for size in 1..bytes.len() {
        let mut play = Play::new(codec::<Order>());
        assert_eq!(play.bring_in_pieces(&bytes, size), expected);
        assert_eq!(play.end(), ["end"]);
    }
    let mut play = Play::new(codec::<Order>());
    assert_eq!(play.bring(&bytes[..bytes.len() - 1]), expected[..1]);
    let said = play.end();
    assert!(said[0].starts_with("!the device ended") && said[1] == "end", "{said:?}");
}

#[test]
fn what_is_no_such_value_closes_the_device() {
    let mut play = Play::new(DataStreamCodec::<String>::new());
    assert_eq!(play.bring([0, 0, 0, 0, 0, 0, 0, 3]).len(), 2);
    assert!(!play.is_open());
}

#[test]
fn a_value_over_the_limit_closes_the_device_whether_it_says_so_or_not() {
    let mut play = Play::new(DataStreamCodec::<Vec<u8>>::new());
    play.rt[play.messages].set_max_length(100);
    let said = play.bring([&[0, 0, 0, 97][..], &[0; 97]].concat());
    assert_eq!(said, ["!a message of 101 bytes is longer than the limit of 100 bytes"]);
    let mut play = Play::new(DataStreamCodec::<Vec<u8>>::new());
    play.rt[play.messages].set_max_length(100);
    let said = play.bring_in_pieces(&[1; 200], 7);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(!play.is_open());
}

#[test]
fn a_value_without_bytes_is_no_message() {
    let mut play = Play::new(DataStreamCodec::<[u8; 0]>::new());
    let said = play.bring([1]);
    assert_eq!(said, ["!the message is wrong: a value without bytes has no end in a stream"]);
}

#[test]
fn a_device_that_does_not_tell_how_much_there_is_has_values_too() {
    let mut rt = Runtime::new().unwrap();
    let pipe = rt.add(Pipe::default());
    rt[pipe].tells_nothing = true;
    rt[pipe].open(OpenMode::READ_ONLY).unwrap();
    let values = rt.add(Messages::new(pipe, DataStreamCodec::<Vec<u8>>::new()));
    let journal = journal_of_messages(&mut rt, values);
    for piece in [&[0, 0, 0][..], &[2, 7], &[8, 0, 0]] {
        rt.with(pipe, |pipe, _| pipe.bring(piece));
    }
    rt.with(pipe, |pipe, _| pipe.end());
    let incomplete = "!the device ended 2 bytes after the beginning of a message";
    assert_eq!(journal.take(), ["[7, 8]", incomplete, "end"]);
}
