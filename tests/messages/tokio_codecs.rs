//! Codecs that were written for `tokio_util`.

use super::*;
use slotwire::message::TokioCodec;
use tokio_util::codec::{LengthDelimitedCodec, LinesCodec};

#[test]
fn its_lines_are_messages_and_its_errors_are_ours() {
    let mut play = Play::new(TokioCodec::new(LinesCodec::new_with_max_length(5)));
    assert_eq!(play.bring("one\r\ntw"), ["\"one\""]);
    assert_eq!(play.bring("o\nthree"), ["\"two\""]);
    assert_eq!(play.end(), ["\"three\"", "end"]);
    let mut play = Play::new(TokioCodec::new(LinesCodec::new_with_max_length(5)));
    let said = play.bring("much too long");
    assert_eq!(said, ["!the message is wrong: max line length exceeded"]);
    assert!(!play.is_open());
}

#[test]
fn what_it_keeps_is_bounded_too() {
    let mut play = Play::new(TokioCodec::new(LinesCodec::new()));
    play.rt[play.messages].set_max_length(1000);
    let said = play.bring_in_pieces(&[b'x'; 5000], 100);
    assert_eq!(said, ["!a message is longer than the limit of 1000 bytes"]);
}

#[test]
fn it_writes_the_messages_that_it_reads() {
    let mut rt = Runtime::new().unwrap();
    let buffer = rt.add(QBuffer::new());
    rt[buffer].open(OpenMode::READ_WRITE).unwrap();
    let messages = rt.add(Messages::new(buffer, TokioCodec::new(LengthDelimitedCodec::new())));
    rt.send(messages, tokio_util::bytes::Bytes::from_static(b"four")).unwrap();
    assert_eq!(rt[buffer].data(), b"\0\0\0\x04four");
    let mut play = Play::new(TokioCodec::new(LengthDelimitedCodec::new()));
    assert_eq!(play.bring_in_pieces(b"\0\0\0\x04four\0\0\0\0", 3), ["b\"four\"", "b\"\""]);
}

#[test]
fn what_a_codec_knows_of_a_message_is_forgotten_with_its_connection() {
    let mut play = Play::new(TokioCodec::new(LinesCodec::new()));
    play.rt[play.messages].set_max_length(10);
    assert_eq!(play.bring("much too long").len(), 1);
    play.rt[play.pipe].open(OpenMode::READ_ONLY).unwrap();
    assert_eq!(play.bring("one\ntwo\n"), ["\"one\"", "\"two\""]);

    let mut play = Play::new(TokioCodec::new(LengthDelimitedCodec::new()));
    assert_eq!(play.bring([0, 0, 0, 200, 1]), [""; 0]);
    let pipe = play.pipe;
    play.rt.with(pipe, |pipe, _| pipe.close());
    play.rt[pipe].open(OpenMode::READ_ONLY).unwrap();
    assert_eq!(play.bring(b"\0\0\0\x01x"), ["b\"x\""]);
}
