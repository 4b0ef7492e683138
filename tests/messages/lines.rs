//! A message is a line.

use proptest::prelude::*;

use super::*;
use slotwire::message::{Encoder, LineCodec};

fn quoted(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| format!("{line:?}")).collect()
}

#[test]
fn a_line_is_a_message_without_its_end() {
    let mut play = Play::new(LineCodec::new());
    assert_eq!(play.bring("one\r\ntwo\n\nthr"), quoted(&["one", "two", ""]));
    assert_eq!(play.bring("ee\rfour"), [""; 0]);
    assert_eq!(play.bring("\n"), quoted(&["three\rfour"]));
    assert_eq!(play.bring("five\r"), [""; 0]);
    assert_eq!(play.bring("\n"), quoted(&["five"]));
}

#[test]
fn bytes_that_are_no_utf_8_are_replaced() {
    let mut play = Play::new(LineCodec::new());
    assert_eq!(play.bring(b"gr\xfcn\n"), quoted(&["gr\u{fffd}n"]));
}

#[test]
fn what_is_left_at_the_end_is_the_last_line() {
    let mut play = Play::new(LineCodec::new());
    assert_eq!(play.bring("one\ntwo\r"), quoted(&["one"]));
    assert_eq!(play.end(), ["\"two\"", "end"]);
}

#[test]
fn a_last_line_without_line_feed_is_incomplete_where_one_is_required() {
    let mut play = Play::new(LineCodec::new().requiring_line_feed());
    assert_eq!(play.bring("one\ntwo"), quoted(&["one"]));
    assert_eq!(play.end(), ["!the device ended 3 bytes after the beginning of a message", "end"]);
    let mut play = Play::new(LineCodec::new().requiring_line_feed());
    assert_eq!(play.bring("one\n"), quoted(&["one"]));
    assert_eq!(play.end(), ["end"]);
}

#[test]
fn a_line_of_exactly_the_limit_is_a_message_however_it_ends_and_a_longer_one_is_none() {
    for size in 1..8 {
        let mut play = Play::new(LineCodec::new());
        play.rt[play.messages].set_max_length(4);
        let said = play.bring_in_pieces(b"four\nfour\r\nfiver\n", size);
        assert_eq!(said.len(), 3, "{said:?}");
        assert_eq!(said[..2], quoted(&["four", "four"]));
        assert!(said[2].ends_with("longer than the limit of 4 bytes"), "{said:?}");
        assert!(!play.is_open());
    }
}

#[test]
fn a_line_that_is_too_long_is_one_error_before_its_end_has_come() {
    let mut play = Play::new(LineCodec::new());
    play.rt[play.messages].set_max_length(100);
    let said = play.bring_in_pieces(&[b'x'; 1000], 10);
    assert_eq!(said, ["!a message is longer than the limit of 100 bytes"]);
    assert!(!play.is_open());
    assert_eq!(play.bring("more\n"), [""; 0]);
}

#[test]
fn a_line_that_is_too_long_can_be_skipped_and_the_next_one_is_read() {
    for size in 1..30 {
        let mut play = Play::new(LineCodec::new());
        play.rt[play.messages].set_max_length(10);
        play.rt[play.messages].set_skips_long_messages(true);
        let said =
            play.bring_in_pieces(b"one\nmuch too long a line\r\ntwo\ntoo long again\nend\n", size);
        assert_eq!(said.len(), 5, "{said:?}");
        assert!(said[1].starts_with('!') && said[3].starts_with('!'), "{said:?}");
        assert_eq!([&said[0], &said[2], &said[4]], ["\"one\"", "\"two\"", "\"end\""]);
        assert!(play.is_open());
    }
}

#[test]
fn a_long_line_in_short_pieces_is_not_searched_again_for_each_piece() {
    // Otherwise this takes minutes.
    let mut play = Play::new(LineCodec::new());
    play.rt[play.messages].set_max_length(usize::MAX);
    assert_eq!(play.bring_in_pieces(&[b'x'; 4 << 20], 64), [""; 0]);
    let said = play.bring("\n");
    assert_eq!(said[0].len(), (4 << 20) + 2);
}

#[test]
fn a_text_with_a_line_feed_is_no_line() {
    let mut bytes = Vec::new();
    let mut codec = LineCodec::new();
    codec.encode("fine\rtoo", &mut bytes).unwrap();
    codec.with_carriage_return().encode(String::from("dos"), &mut bytes).unwrap();
    assert_eq!(bytes, b"fine\rtoo\ndos\r\n");
    for text in ["two\nlines", "lost\r"] {
        let error = LineCodec::new().encode(text, &mut bytes).unwrap_err();
        assert!(matches!(error, MessageError::Invalid(_)), "{error}");
    }
    LineCodec::new().with_carriage_return().encode("kept\r", &mut bytes).unwrap();
    assert!(bytes.ends_with(b"kept\r\r\n"));
}

proptest! {
    #[test]
    fn lines_are_the_same_in_whatever_pieces_they_come(
        text in "[ab\r\n]{0,60}",
        cuts in prop::collection::vec(1_usize..9, 1..9),
        limit in 0_usize..8,
        skips: bool,
    ) {
        let play = |cuts: &[usize]| {
            let mut play = Play::new(LineCodec::new());
            play.rt[play.messages].set_max_length(limit);
            play.rt[play.messages].set_skips_long_messages(skips);
            let mut said = Vec::new();
            let mut rest = text.as_bytes();
            for cut in cuts.iter().cycle() {
                let (piece, left) = rest.split_at(rest.len().min(*cut));
                said.extend(play.bring(piece));
                rest = left;
                if rest.is_empty() {
                    break;
                }
            }
            said.extend(play.end());
            // Whether the length of a long line is known depends on the pieces.
            for entry in &mut said {
                if entry.starts_with('!') {
                    *entry = "!".to_owned();
                }
            }
            said
        };
        let mut expected = Vec::new();
        let whole: Vec<_> = text.split_inclusive('\n').collect();
        let mut is_closed = false;
        for line in whole {
            let line = line.strip_suffix('\n').unwrap_or(line);
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.len() <= limit {
                expected.push(format!("{line:?}"));
            } else {
                expected.push("!".to_owned());
                is_closed = !skips;
                if is_closed {
                    break;
                }
            }
        }
        expected.push("end".to_owned());
        let said = play(&cuts);
        if is_closed && said.last().is_some_and(|entry| entry == "!") {
            expected.pop();
        }
        prop_assert_eq!(&said, &expected);
        prop_assert_eq!(play(&[usize::MAX]).len(), expected.len());
    }
}
