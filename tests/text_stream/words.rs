//! Words and characters, and what a read that fails leaves.

use slotwire::stream::{
    FromTextStream, MalformedText, QTextStream, StreamDevice, TextStreamError, TextStreamStatus,
};

use crate::read;

#[test]
fn a_word_ends_before_white_space_and_that_before_it_is_passed() {
    for (text, word) in [
        ("a", "a"),
        ("a b", "a"),
        (" a b", "a"),
        (" a1\tb1", "a1"),
        ("\n\n\nole i dole\n", "ole"),
        ("\u{a0}\u{3000}å\u{2003}", "å"),
        ("\u{200b}q", "\u{200b}q"),
    ] {
        assert_eq!(read::<String>(text).unwrap(), word, "{text:?}");
    }
    for text in ["", " ", "\r\n\t"] {
        assert!(matches!(read::<String>(text), Err(TextStreamError::ReadPastEnd)), "{text:?}");
    }
}

#[test]
fn a_character_may_be_white_space() {
    let mut stream = QTextStream::from_text("a b\n");
    let characters = [(); 4].map(|()| stream.read::<char>().unwrap());
    assert_eq!(characters, ['a', ' ', 'b', '\n']);
    assert!(matches!(stream.read::<char>(), Err(TextStreamError::ReadPastEnd)));
}

#[test]
fn white_space_is_passed_if_the_program_says_so() {
    for (text, first) in [(" one", 'o'), ("\none", 'o'), (" \r\n one", 'o'), ("two", 't')] {
        let mut stream = QTextStream::from_text(text);
        stream.skip_white_space();
        assert_eq!(stream.read::<char>().unwrap(), first);
    }
    let mut stream = QTextStream::from_text("a b  c");
    let mut next = || stream.ws().read::<char>().unwrap();
    assert_eq!([next(), next(), next()], ['a', 'b', 'c']);
    let mut stream = QTextStream::from_text("   ");
    stream.skip_white_space();
    assert!(stream.at_end());
    let spaces = " ".repeat(200_000) + "x";
    assert_eq!(QTextStream::from_text(spaces.as_str()).read::<char>().unwrap(), ' ');
    assert_eq!(QTextStream::from_text(spaces.as_str()).read::<String>().unwrap(), "x");
}

#[test]
fn what_is_no_number_can_be_read_as_a_word() {
    let mut stream = QTextStream::from_text("123 abc   ");
    assert_eq!(stream.read::<i32>().unwrap(), 123);
    let error = stream.read::<i32>().unwrap_err();
    assert_eq!(error.to_string(), "the text is wrong: \"a\" does not begin an integer");
    assert_eq!(stream.status(), TextStreamStatus::ReadCorruptData);
    stream.reset_status();
    assert_eq!(stream.read::<String>().unwrap(), "abc");
    assert_eq!(stream.status(), TextStreamStatus::Ok);
    assert!(matches!(stream.read::<i32>(), Err(TextStreamError::ReadPastEnd)));
    assert_eq!(stream.status(), TextStreamStatus::ReadPastEnd);
    assert!(stream.at_end(), "the white space was passed");
}

#[test]
fn what_is_no_floating_point_number_can_be_read_as_a_word() {
    let mut stream = QTextStream::from_text("1.23 abc   ");
    assert_eq!(stream.read::<f64>().unwrap(), 1.23);
    let error = stream.read::<f64>().unwrap_err();
    assert_eq!(error.to_string(), "the text is wrong: \"a\" is no number");
    stream.reset_status();
    assert_eq!(stream.read::<String>().unwrap(), "abc");
    assert!(stream.read::<f64>().is_err());
    assert_eq!(stream.status(), TextStreamStatus::ReadPastEnd);
}

#[test]
fn the_first_failure_stays_in_the_status_and_stops_writing_but_not_reading() {
    let mut stream = QTextStream::from_text("x 1");
    assert!(stream.read::<u8>().is_err());
    assert_eq!(stream.read::<String>().unwrap(), "x");
    assert_eq!(stream.read::<u8>().unwrap(), 1);
    assert!(stream.read::<u8>().is_err());
    assert_eq!(stream.status(), TextStreamStatus::ReadCorruptData);
    let refused = stream.write("y").unwrap_err();
    let corrupt = TextStreamStatus::ReadCorruptData;
    assert!(matches!(refused, TextStreamError::AfterFailure(status) if status == corrupt));
    stream.reset_status();
    stream.write("y").unwrap();
    assert_eq!(stream.into_device().into_string(), "x 1y");
}

#[test]
fn a_text_is_read_from_its_position_and_written_at_its_end() {
    let mut stream = QTextStream::from_text("exp");
    let read = [(); 3].map(|()| stream.read::<char>().unwrap());
    assert_eq!(read, ['e', 'x', 'p']);
    stream.write("ectation").unwrap();
    assert_eq!(stream.device().as_str(), "expectation");
    assert_eq!(stream.read_all().unwrap(), "ectation");
}

#[test]
fn a_tuple_is_read_whole_or_nothing_of_it_is_taken() {
    let mut stream = QTextStream::from_text("set attic 21.5 set cellar");
    let expected = ("set".to_owned(), "attic".to_owned(), 21.5);
    assert_eq!(stream.read::<(String, String, f64)>().unwrap(), expected);
    assert!(stream.read::<(String, u8)>().is_err());
    assert_eq!(stream.read_all().unwrap(), "set cellar", "only the white space was taken");
}

#[test]
fn what_has_not_come_whole_leaves_the_status_as_it_was() {
    let mut stream = QTextStream::from_text("1 ");
    assert_eq!(stream.read_whole::<(u8, u8)>().unwrap(), None);
    assert_eq!(stream.status(), TextStreamStatus::Ok);
    assert_eq!(stream.pos(), 0);
    let error = stream.read_whole::<char>().and_then(|_| stream.read_whole::<u8>());
    assert_eq!(error.unwrap(), None);
    assert!(stream.read::<u8>().is_err());
    assert_eq!(stream.read_whole::<u8>().unwrap(), None);
    assert_eq!(stream.status(), TextStreamStatus::ReadPastEnd, "of the read before");
}

#[test]
fn white_space_before_a_whole_value_is_passed_also_if_it_is_longer_than_the_limit() {
    let text = " ".repeat(100) + "7 ";
    let mut stream = QTextStream::from_text(text.as_str());
    stream.set_limit(10);
    assert_eq!(stream.read_whole::<u8>().unwrap(), Some(7));
    assert_eq!(stream.read_whole::<u8>().unwrap(), None);
    assert_eq!(stream.pos(), 102, "white space is not left for the next time");
}

#[test]
fn an_error_in_a_transaction_puts_everything_back() {
    let mut stream = QTextStream::from_text("one two three");
    let read = stream.transaction(|stream| {
        assert_eq!(stream.read::<String>()?, "one");
        stream.transaction(|stream| {
            let _ = stream.read::<u8>();
            stream.read::<String>()
        })
    });
    let corrupt = TextStreamStatus::ReadCorruptData;
    assert!(matches!(read, Err(TextStreamError::AfterFailure(status)) if status == corrupt));
    assert_eq!(stream.pos(), 0);
    stream.reset_status();
    let refused = stream.transaction(|stream| {
        assert!(stream.seek(4).is_err(), "a transaction puts back what was read here");
        stream.read::<String>()
    });
    assert_eq!(refused.unwrap().as_deref(), Some("one"));
}

#[test]
fn a_value_whose_code_panics_leaves_the_stream_usable() {
    struct Bomb;

    impl FromTextStream for Bomb {
        fn read_from<D: StreamDevice>(
            stream: &mut QTextStream<D>,
        ) -> Result<Self, TextStreamError> {
            stream.read::<String>()?;
            panic!("in the middle of a value")
        }
    }

    let mut stream = QTextStream::from_text("one two");
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| stream.read::<Bomb>()));
    assert!(read.is_err());
    assert_eq!(stream.read::<(String, String)>().unwrap().0, "one");
    assert_eq!(stream.pos(), 7);
}

#[test]
fn a_word_longer_than_the_limit_is_refused() {
    let mut stream = QTextStream::from_text("12345678");
    stream.set_limit(7);
    assert!(matches!(stream.read::<String>(), Err(TextStreamError::LimitExceeded { limit: 7 })));
    assert!(matches!(stream.read::<u64>(), Err(TextStreamError::LimitExceeded { .. })));
    assert!(matches!(stream.read::<f64>(), Err(TextStreamError::LimitExceeded { .. })));
    assert_eq!(stream.status(), TextStreamStatus::ReadCorruptData);
    stream.set_limit(8);
    assert_eq!(stream.read::<u64>().unwrap(), 12_345_678);
    let mut stream = QTextStream::from_text("1 2 3 4 5");
    stream.set_limit(5);
    assert!(stream.read::<(u8, u8, u8)>().is_ok());
    stream.seek(0).unwrap();
    let error = stream.read::<(u8, u8, u8, u8)>().unwrap_err();
    assert!(matches!(error, TextStreamError::LimitExceeded { .. }), "{error}");
}

#[test]
fn a_word_or_a_number_of_exactly_the_limit_is_read_whatever_follows_it() {
    for rest in ["", " ", "\n12345", "\u{3000}"] {
        let text = format!("12345{rest}");
        let mut stream = QTextStream::from_text(text.as_str());
        stream.set_limit(5);
        assert_eq!(stream.read::<u32>().unwrap(), 12_345, "{text:?}");
        stream.seek(0).unwrap();
        assert_eq!(stream.read::<f64>().unwrap(), 12_345.0, "{text:?}");
        stream.seek(0).unwrap();
        assert_eq!(stream.read::<String>().unwrap(), "12345", "{text:?}");
        stream.seek(0).unwrap();
        stream.set_limit(4);
        let error = stream.read::<String>().unwrap_err();
        assert!(matches!(error, TextStreamError::LimitExceeded { limit: 4 }), "{error}");
    }
}

#[test]
fn a_value_before_refused_bytes_is_read() {
    let mut stream =
        QTextStream::from_bytes(b"12\xff 3").with_malformed_text(MalformedText::Refuse);
    assert_eq!(stream.read::<u8>().unwrap(), 12);
    let error = stream.read::<String>().unwrap_err();
    assert_eq!(error.to_string(), "the bytes at position 2 are no UTF-8");
    stream.set_malformed_text(MalformedText::Replace);
    assert_eq!(stream.read::<String>().unwrap(), "\u{fffd}");
}
