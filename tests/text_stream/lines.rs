//! Lines, and other ways to read characters.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;

use proptest::prelude::*;
use slotwire::prelude::*;
use slotwire::stream::{Encoding, QTextStream, Reader, StreamDevice, TextStreamError};
use slotwire::{OpenMode, QBuffer};

use crate::{encoded, lines_of};

#[test]
fn a_line_ends_with_a_line_feed_or_a_carriage_return_and_one() {
    assert_eq!(lines_of(b""), [""; 0]);
    assert_eq!(lines_of(b"\n"), [""]);
    assert_eq!(lines_of(b"\r\n"), [""]);
    assert_eq!(lines_of(b"\n\n"), ["", ""]);
    assert_eq!(lines_of(b"one"), ["one"]);
    assert_eq!(lines_of(b"one\n"), ["one"]);
    assert_eq!(lines_of(b"one\r\ntwo\nthree"), ["one", "two", "three"]);
    assert_eq!(lines_of(b"a\rb\r\r\n"), ["a\rb\r"], "only the last one belongs to the end");
}

#[test]
fn a_carriage_return_at_the_end_of_the_device_is_no_part_of_the_last_line() {
    assert_eq!(lines_of(b"\r"), [""]);
    assert_eq!(lines_of(b"one\r"), ["one"]);
    assert_eq!(lines_of(b"\xfe\xff\0\xe5\0g\0e\0\r"), ["åge"]);
}

#[test]
fn lines_are_found_in_every_encoding() {
    let text = "åge\r\nਊ\u{a0a}\u{d0d}\n\nlast";
    for encoding in
        [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Utf32Le, Encoding::Utf32Be]
    {
        let bytes = encoded(encoding, text);
        let mut stream = QTextStream::from_bytes(&bytes).with_encoding(encoding);
        for line in ["åge", "ਊ\u{a0a}\u{d0d}", "", "last"] {
            assert_eq!(stream.read_line().unwrap().as_deref(), Some(line), "{encoding}");
        }
        assert_eq!(stream.read_line().unwrap(), None);
    }
}

#[test]
fn as_many_lines_are_read_as_there_are_whatever_is_looked_at_at_once() {
    for count in [1, 2, 63, 64, 65, 1023, 1024, 1025, 16382, 16383, 16384, 16385] {
        assert_eq!(lines_of(&vec![b'\n'; count]).len(), count);
    }
}

#[test]
fn a_long_line_is_read_in_parts_of_as_many_characters() {
    let parts = |text: &str| {
        let mut stream = QTextStream::from_text(text.to_owned());
        [(); 3].map(|()| stream.read_line_max(5).unwrap())
    };
    let some = |parts: [&str; 3]| parts.map(|part| Some(part.to_owned()));
    assert_eq!(parts("Hey"), [Some("Hey".to_owned()), None, None]);
    assert_eq!(parts("Hey\n"), [Some("Hey".to_owned()), None, None]);
    assert_eq!(parts("HelloWorld!"), some(["Hello", "World", "!"]));
    assert_eq!(parts("Helo\nWorlds"), some(["Helo", "World", "s"]));
    assert_eq!(parts("Hello\nWorld"), some(["Hello", "", "World"]));
    assert_eq!(parts("ᛒᛖᚩᚹᚢᛚᚠ\n…"), some(["ᛒᛖᚩᚹᚢ", "ᛚᚠ", "…"]));
    assert_eq!(QTextStream::from_text("one").read_line_max(0).unwrap(), None);
}

#[test]
fn a_line_end_is_in_no_two_parts_of_a_line() {
    for encoding in [Encoding::Utf8, Encoding::Utf16Be, Encoding::Utf32Le, Encoding::Latin1] {
        let parts = |text: &str, max| {
            let bytes = encoded(encoding, text);
            let mut stream = QTextStream::from_bytes(&bytes).with_encoding(encoding);
            let mut parts = Vec::new();
            while let Some(part) = stream.read_line_max(max).unwrap() {
                parts.push(part);
            }
            assert!(stream.at_end());
            parts
        };
        assert_eq!(parts("ab\r\ncd", 4), ["ab", "cd"]);
        assert_eq!(parts("ab\r\ncd", 3), ["ab", "", "cd"]);
        assert_eq!(parts("ab\r\ncd", 2), ["ab", "", "cd"]);
        assert_eq!(parts("a\r\nb\r\n", 1), ["a", "", "b", ""]);
        assert_eq!(parts("\r\n", 1), [""]);
        // Only the last one belongs to the line end.
        assert_eq!(parts("a\r\r\nb", 2), ["a\r", "", "b"]);
        assert_eq!(parts("a\rb", 2), ["a\r", "b"]);
        assert_eq!(parts("ab\r", 3), ["ab"]);
        assert_eq!(parts("ab\r", 2), ["ab", ""]);
    }
}

#[test]
fn a_carriage_return_waits_for_what_follows_it() {
    /// Gives what has come, and the end if there is no more than that.
    struct Come(Rc<RefCell<Option<&'static [u8]>>>);

    impl Read for Come {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match &mut *self.0.borrow_mut() {
                Some(b"") => Err(ErrorKind::WouldBlock.into()),
                Some(bytes) => bytes.read(buffer),
                None => Ok(0),
            }
        }
    }

    let come = Rc::new(RefCell::new(None));
    let mut stream = QTextStream::new(Reader::new(Come(come.clone())));
    for (bytes, parts) in [
        (Some(&b"ab\r"[..]), &["ab"][..]),
        (Some(b""), &[]),
        (Some(b"\ncd\r"), &["", "cd"]),
        (Some(b"e\r"), &["\re"]),
        (Some(b"\n\r"), &[""]),
        (Some(b"\nf"), &["", "f"]),
        (Some(b"\r"), &[]),
        (None, &[""]),
    ] {
        come.replace(bytes);
        for part in parts {
            assert_eq!(stream.read_line_max(80).unwrap().as_deref(), Some(*part), "{bytes:?}");
        }
        assert_eq!(stream.read_line_max(80).unwrap(), None, "{bytes:?}");
    }
}

#[test]
fn a_line_is_read_into_a_string_that_keeps_its_memory() {
    let mut stream = QTextStream::from_text("1\n2\n3");
    let mut line = String::with_capacity(64);
    let memory = line.as_ptr();
    for expected in ["1", "2", "3"] {
        assert!(stream.read_line_into(&mut line).unwrap());
        assert_eq!(line, expected);
    }
    assert_eq!(line.as_ptr(), memory);
    assert!(!stream.read_line_into(&mut line).unwrap());
    assert_eq!(line, "");
}

#[test]
fn characters_are_read_and_not_bytes() {
    let mut stream = QTextStream::from_bytes("héllo w€rld".as_bytes());
    assert_eq!(stream.read_chars(0).unwrap(), "");
    assert_eq!(stream.read_chars(3).unwrap(), "hél");
    assert_eq!(stream.read_chars(100).unwrap(), "lo w€rld");
    assert_eq!(stream.read_chars(1).unwrap(), "");
    let long = "01234567".repeat(2048) + "0";
    let mut stream = QTextStream::from_text(long.as_str());
    assert_eq!(stream.read_chars(10).unwrap(), "0123456701");
    assert_eq!(stream.read_chars(10).unwrap(), "2345670123");
    assert_eq!(stream.read_all().unwrap(), long[20..]);
    assert!(stream.at_end());
}

#[test]
fn all_of_a_text_has_its_line_ends() {
    for text in ["", "a", "a\r", "a\r\n", "a\n", "åge\r\någe\r\n"] {
        assert_eq!(QTextStream::from_bytes(text.as_bytes()).read_all().unwrap(), text);
        for encoding in [Encoding::Utf16Le, Encoding::Utf32Be] {
            let bytes = encoded(encoding, text);
            let mut stream = QTextStream::from_bytes(&bytes).with_encoding(encoding);
            assert_eq!(stream.read_all().unwrap(), text);
        }
    }
}

#[test]
fn a_stream_moves_to_a_position_and_goes_on_there() {
    let mut stream = QTextStream::from_bytes(b"4.15 abc ole");
    assert_eq!(stream.read::<f64>().unwrap(), 4.15);
    assert_eq!(stream.pos(), 4);
    assert_eq!(stream.read_chars(4).unwrap(), " abc");
    for position in [1, 1, 2] {
        stream.seek(position).unwrap();
        assert_eq!(stream.pos(), position);
        assert_eq!(stream.read_chars(4).unwrap(), "4.15 abc"[position as usize..][..4]);
    }
    stream.seek(9).unwrap();
    assert_eq!(stream.read::<String>().unwrap(), "ole");
    assert_eq!(stream.pos(), 12);
    assert!(stream.seek(13).is_err());
    let mut stream = QTextStream::from_text("é");
    let error = stream.seek(1).unwrap_err();
    assert_eq!(error.to_string(), "position 1 is in the middle of a character");
}

#[test]
fn the_device_stands_where_the_stream_stands() {
    let mut buffer = QBuffer::from(b"one two\nthree\nfour".to_vec());
    buffer.open(OpenMode::READ_ONLY).unwrap();
    assert_eq!(QTextStream::new(&mut buffer).read::<String>().unwrap(), "one");
    assert_eq!(buffer.pos(), 3);
    assert_eq!(buffer.read_line_string().as_deref(), Some(" two"));
    assert_eq!(QTextStream::new(&mut buffer).read_line().unwrap().as_deref(), Some("three"));
    assert_eq!(buffer.pos(), 14);
}

#[test]
fn a_device_in_text_mode_has_no_carriage_returns_in_any_encoding() {
    let open = |bytes: &[u8]| {
        let mut buffer = QBuffer::from(bytes.to_vec());
        buffer.open(OpenMode::READ_ONLY | OpenMode::TEXT).unwrap();
        buffer
    };
    for (bytes, text) in [
        (&b""[..], ""),
        (b"\r\n", "\n"),
        (b"\r\r\n", "\n"),
        (b"\r\n\r\n", "\n\n"),
        (b"\n\n", "\n\n"),
        // The bytes 13 in U+0D0D and U+010D are no carriage returns.
        (b"\xfe\xff\x0d\x0d\x01\x0d\0\r\0\n", "\u{d0d}č\n"),
    ] {
        let mut buffer = open(bytes);
        assert_eq!(QTextStream::new(&mut buffer).read_all().unwrap(), text);
        assert!(buffer.is_text_mode_enabled());
    }
    let mut buffer = open(&b"0123456789\r\r\n".repeat(10));
    let mut stream = QTextStream::new(&mut buffer);
    for _ in 0..10 {
        assert_eq!(stream.read_line().unwrap().as_deref(), Some("0123456789"));
    }
    assert!(stream.at_end());
    let mut buffer = open(b"abcdef\r\nghijkl\r\n");
    let mut stream = QTextStream::new(&mut buffer);
    assert_eq!(stream.read::<char>().unwrap(), 'a');
    assert_eq!(stream.read::<String>().unwrap(), "bcdef");
    assert_eq!(stream.pos(), 6);
    assert_eq!(stream.read::<String>().unwrap(), "ghijkl");
    assert_eq!(stream.pos(), 14);
    stream.seek(1).unwrap();
    assert_eq!(stream.read::<String>().unwrap(), "bcdef");
}

#[test]
fn a_device_that_is_not_open_has_nothing_to_read() {
    let mut buffer = QBuffer::from(b"text".to_vec());
    let mut stream = QTextStream::new(&mut buffer);
    assert!(stream.at_end());
    assert_eq!(stream.read_line().unwrap(), None);
    assert_eq!(stream.read_all().unwrap(), "");
    assert!(matches!(stream.read::<char>(), Err(TextStreamError::ReadPastEnd)));
    stream.reset_status();
    assert!(matches!(stream.write("text"), Err(TextStreamError::WriteFailed(_))));
}

#[test]
fn a_line_longer_than_the_limit_is_refused_before_memory_is_taken_for_it() {
    let mut stream = QTextStream::from_text("12345\n123456\n7");
    stream.set_limit(5);
    assert_eq!(stream.read_line().unwrap().as_deref(), Some("12345"));
    let error = stream.read_line().unwrap_err();
    assert_eq!(error.to_string(), "a line or a word is longer than the limit, which is 5 bytes");
    assert!(stream.read::<String>().is_err());
    assert_eq!(stream.read_line_max(6).unwrap().as_deref(), Some("123456"), "nothing was taken");
}

#[test]
fn a_long_line_that_has_not_come_whole_is_not_searched_again_whatever_its_encoding_is() {
    /// A device that knows that it has no line feed, and counts how often its bytes are looked at.
    struct Unfinished {
        bytes: Vec<u8>,
        looks: usize,
    }

    impl StreamDevice for Unfinished {
        fn look(&mut self, count: usize) -> &[u8] {
            self.look_to_end(count).0
        }

        fn look_to_end(&mut self, count: usize) -> (&[u8], bool) {
            self.looks += 1;
            (&self.bytes[..count.min(self.bytes.len())], false)
        }

        fn take(&mut self, count: usize) {
            self.bytes.drain(..count);
        }

        fn put(&mut self, _: &[u8]) -> io::Result<()> {
            Ok(())
        }

        fn begin(&mut self) -> bool {
            true
        }

        fn end(&mut self, _: bool) {}

        fn lacks_line_feed(&mut self) -> bool {
            true
        }
    }

    for (encoding, has_mark) in [
        (Encoding::Utf8, false),
        (Encoding::Utf8, true),
        (Encoding::Utf16Le, true),
        (Encoding::Utf32Be, true),
    ] {
        let mut stream = QTextStream::new(Vec::new()).with_encoding(encoding);
        stream.set_generate_byte_order_mark(has_mark);
        stream.write(&"x".repeat(1 << 18)).unwrap();
        let bytes = stream.into_device();
        let mut stream = QTextStream::new(Unfinished { bytes, looks: 0 });
        assert_eq!(stream.read_line().unwrap(), None);
        assert!(stream.device().looks < 5, "{encoding} {}", stream.device().looks);
        stream.set_limit((1 << 18) - 1);
        assert!(matches!(stream.read_line(), Err(TextStreamError::LimitExceeded { .. })));
    }
}

#[test]
fn a_reader_is_read_no_further_than_a_line_needs() {
    /// Gives a piece at a time, and fails the test if it is asked for more than there are.
    struct Pieces(Vec<&'static [u8]>);

    impl Read for Pieces {
        fn read(&mut self, mut place: &mut [u8]) -> io::Result<usize> {
            assert!(!self.0.is_empty(), "a terminal would wait here for its user");
            place.write(self.0.remove(0))
        }
    }

    let pieces = Pieces(vec![b"first\nsec", b"ond\n", b"4", b"2\n"]);
    let mut stream = QTextStream::new(Reader::new(pieces));
    assert_eq!(stream.read_line().unwrap().as_deref(), Some("first"));
    assert_eq!(stream.read_line().unwrap().as_deref(), Some("second"));
    assert_eq!(stream.read::<u8>().unwrap(), 42);
}

#[test]
fn what_came_before_the_error_of_a_reader_is_read() {
    struct Broken(bool);

    impl Read for Broken {
        fn read(&mut self, mut place: &mut [u8]) -> io::Result<usize> {
            match std::mem::replace(&mut self.0, true) {
                false => place.write(b"one\ntwo"),
                true => Err(io::Error::other("broken")),
            }
        }
    }

    let mut stream = QTextStream::new(Reader::new(Broken(false)));
    assert_eq!(stream.read_line().unwrap().as_deref(), Some("one"));
    assert_eq!(stream.read_line().unwrap(), None, "the line has not come whole");
    assert!(!stream.at_end(), "what came of it can be read");
    assert_eq!(stream.read_all().unwrap(), "two");
    assert!(stream.at_end());
    assert_eq!(stream.device().error().unwrap().to_string(), "broken");
}

proptest! {
    #[test]
    fn lines_are_those_of_the_standard_library(text in "[a\u{e5}\u{20ac}\u{1f600} \r\n]{0,40}") {
        // `lines` keeps a carriage return at the very end.
        let text = text.trim_end_matches('\r');
        let expected: Vec<_> = text.lines().collect();
        prop_assert_eq!(lines_of(text.as_bytes()), &expected[..]);
        for encoding in [Encoding::Utf16Be, Encoding::Utf32Le] {
            let bytes = encoded(encoding, text);
            let mut stream = QTextStream::from_bytes(&bytes).with_encoding(encoding);
            for line in &expected {
                prop_assert_eq!(stream.read_line().unwrap(), Some((*line).to_owned()));
            }
            prop_assert_eq!(stream.read_line().unwrap(), None);
        }
    }
}
