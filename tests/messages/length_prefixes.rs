//! A message is a length and as many bytes.

use proptest::prelude::*;

use super::*;
use slotwire::message::{Encoder, LengthPrefixCodec};
use slotwire::stream::ByteOrder;

fn codecs() -> Vec<LengthPrefixCodec> {
    let widths = [
        LengthPrefixCodec::u8(),
        LengthPrefixCodec::u16(),
        LengthPrefixCodec::u24(),
        LengthPrefixCodec::u32(),
        LengthPrefixCodec::u64(),
    ];
    let with_orders = widths
        .into_iter()
        .flat_map(|codec| [codec.clone(), codec.with_byte_order(ByteOrder::LittleEndian)]);
    with_orders.flat_map(|codec| [codec.clone(), codec.counting_itself()]).collect()
}

fn encoded(codec: &LengthPrefixCodec, messages: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        codec.clone().encode(message, &mut bytes).unwrap();
    }
    bytes
}

#[test]
fn the_length_has_its_width_and_byte_order_and_counts_what_it_says() {
    let long = vec![7; 300];
    assert_eq!(encoded(&LengthPrefixCodec::u8(), &[vec![9]]), [1, 9]);
    assert_eq!(encoded(&LengthPrefixCodec::u8().counting_itself(), &[vec![9]]), [2, 9]);
    let little = LengthPrefixCodec::u16().with_byte_order(ByteOrder::LittleEndian);
    for (codec, prefix) in [
        (LengthPrefixCodec::u16(), &[1, 44][..]),
        (little, &[44, 1]),
        (LengthPrefixCodec::u24(), &[0, 1, 44]),
        (LengthPrefixCodec::u32().counting_itself(), &[0, 0, 1, 48]),
        (LengthPrefixCodec::u64(), &[0, 0, 0, 0, 0, 0, 1, 44]),
    ] {
        assert!(encoded(&codec, std::slice::from_ref(&long)).starts_with(prefix), "{codec:?}");
    }
}

#[test]
fn a_message_that_is_longer_than_its_length_can_say_is_refused() {
    for (mut codec, most) in [
        (LengthPrefixCodec::u8(), 255),
        (LengthPrefixCodec::u8().counting_itself(), 254),
        (LengthPrefixCodec::u16().counting_itself(), 65_533),
    ] {
        codec.encode(vec![0; most], &mut Vec::new()).unwrap();
        let error = codec.encode(vec![0; most + 1], &mut Vec::new()).unwrap_err();
        let MessageError::TooLong { length, limit } = error else { panic!("{error}") };
        assert_eq!((length, limit), (Some(most as u64 + 1), most));
    }
}

#[test]
fn a_length_over_the_limit_is_refused_before_its_bytes_have_come() {
    let mut play = Play::new(LengthPrefixCodec::u64());
    let said = play.bring(u64::MAX.to_be_bytes());
    assert_eq!(
        said,
        ["!a message of 18446744073709551615 bytes is longer than the limit of 1048576 bytes"]
    );
    assert!(!play.is_open());
}

#[test]
fn a_message_over_the_limit_can_be_skipped_and_the_next_one_is_read() {
    for (codec, size) in codecs().iter().zip([1, 2, 3, 5, 100].into_iter().cycle()) {
        let mut play = Play::new(codec.clone());
        play.rt[play.messages].set_max_length(3);
        play.rt[play.messages].set_skips_long_messages(true);
        let sent = [vec![1, 2, 3], vec![9; 50], vec![], vec![9; 4], vec![4]];
        let said = play.bring_in_pieces(&encoded(codec, &sent), size);
        assert_eq!([&said[0], &said[2], &said[4]], ["[1, 2, 3]", "[]", "[4]"], "{codec:?}");
        assert_eq!(said[1], "!a message of 50 bytes is longer than the limit of 3 bytes");
        assert_eq!((said.len(), play.end()), (5, vec!["end".to_owned()]));
    }
}

#[test]
fn a_length_that_does_not_count_itself_although_it_should_is_wrong() {
    let mut play = Play::new(LengthPrefixCodec::u32().counting_itself());
    let said = play.bring([0, 0, 0, 3]);
    assert_eq!(said, ["!the message is wrong: a length of 3 is less than its own bytes"]);
    assert!(!play.is_open());
}

#[test]
fn an_end_in_the_middle_of_a_message_is_an_error_and_then_the_end() {
    let mut play = Play::new(LengthPrefixCodec::u16());
    assert_eq!(play.bring([0, 1, 7, 0, 2, 7]), ["[7]"]);
    assert_eq!(play.end(), ["!the device ended 3 bytes after the beginning of a message", "end"]);
}

proptest! {
    #[test]
    fn messages_are_the_same_in_whatever_pieces_they_come(
        codec in prop::sample::select(codecs()),
        sent in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..6),
        size in 1_usize..40,
    ) {
        let mut play = Play::new(codec.clone());
        let said = play.bring_in_pieces(&encoded(&codec, &sent), size);
        let expected: Vec<_> = sent.iter().map(|message| format!("{message:?}")).collect();
        prop_assert_eq!(said, expected);
        prop_assert_eq!(play.end(), ["end"]);
    }
}
