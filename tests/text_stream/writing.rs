//! Writing: settings, manipulators, formatted text, and devices that refuse it.

use std::fmt::Write as _;
use std::io::{self, Write};

use slotwire::prelude::*;
use slotwire::stream::{
    Encoding, FieldAlignment, IntegerBase, NumberFlags, QTextStream, RealNumberNotation,
    StreamDevice, TextStreamError, TextStreamStatus, ToTextStream, Writer,
};
use slotwire::{OpenMode, QBuffer};

use crate::written;

#[test]
fn every_setting_has_qts_default_and_is_set_back() {
    let mut stream = QTextStream::new(String::new());
    let check = |stream: &QTextStream<String>| {
        assert_eq!(stream.integer_base(), IntegerBase::Detected);
        assert_eq!(stream.field_width(), 0);
        assert_eq!(stream.pad_char(), ' ');
        assert_eq!(stream.field_alignment(), FieldAlignment::Right);
        assert_eq!(stream.real_number_notation(), RealNumberNotation::Smart);
        assert_eq!(stream.real_number_precision(), 6);
        assert_eq!(stream.number_flags(), NumberFlags::empty());
    };
    check(&stream);
    assert_eq!(stream.encoding(), Encoding::Utf8);
    assert!(stream.auto_detect_unicode());
    assert!(!stream.generate_byte_order_mark());
    stream.bin().showbase().forcesign().forcepoint().uppercasebase().uppercasedigits();
    stream.scientific().center().bom();
    stream.set_field_width(20);
    stream.set_pad_char('.');
    stream.set_real_number_precision(1);
    stream.set_encoding(Encoding::Latin1);
    assert_eq!(stream.number_flags(), NumberFlags::all());
    stream.write(&(5, 2.0)).unwrap();
    assert_eq!(stream.device(), ".......+0B101.............+2.0E+00......");
    stream.reset();
    check(&stream);
    assert_eq!(stream.encoding(), Encoding::Latin1, "how text stands in bytes stays");
    assert!(stream.generate_byte_order_mark());
}

#[test]
fn each_manipulator_sets_what_it_is_called_after() {
    let mut stream = QTextStream::new(String::new());
    assert_eq!(stream.bin().integer_base(), IntegerBase::Binary);
    assert_eq!(stream.oct().integer_base(), IntegerBase::Octal);
    assert_eq!(stream.dec().integer_base(), IntegerBase::Decimal);
    assert_eq!(stream.hex().integer_base(), IntegerBase::Hexadecimal);
    assert_eq!(stream.fixed().real_number_notation(), RealNumberNotation::Fixed);
    assert_eq!(stream.scientific().real_number_notation(), RealNumberNotation::Scientific);
    assert_eq!(stream.left().field_alignment(), FieldAlignment::Left);
    assert_eq!(stream.center().field_alignment(), FieldAlignment::Center);
    assert_eq!(stream.right().field_alignment(), FieldAlignment::Right);
    stream.set_number_flags(NumberFlags::all());
    let rest = [
        stream.noshowbase().number_flags(),
        stream.noforcesign().number_flags(),
        stream.noforcepoint().number_flags(),
        stream.lowercasebase().number_flags(),
        stream.lowercasedigits().number_flags(),
    ];
    assert_eq!(rest.map(|flags| flags.bits().count_ones()), [4, 3, 2, 1, 0]);
}

#[test]
fn bases_have_the_numbers_of_qt() {
    for number in 0..40 {
        let base = IntegerBase::from_number(number);
        assert_eq!(base.is_some(), [0, 2, 8, 10, 16].contains(&number));
        assert!(base.is_none_or(|base| base.number() == number));
    }
}

#[test]
fn each_part_of_a_value_is_a_field() {
    struct Point(i32, i32);

    impl ToTextStream for Point {
        fn write_to<D: StreamDevice>(
            &self,
            stream: &mut QTextStream<D>,
        ) -> Result<(), TextStreamError> {
            stream.write(&(self.0, self.1))
        }
    }

    let mut stream = QTextStream::new(String::new());
    stream.set_field_width(3);
    stream.write(&Point(1, -2)).unwrap();
    stream.endl().unwrap();
    assert_eq!(stream.device(), "  1 -2  \n", "the field of a line end too, as in Qt");
    Point(7, 8).write_to(&mut stream).unwrap();
    assert!(stream.into_device().ends_with("  7  8"));
}

#[test]
fn formatted_text_is_no_field() {
    let mut stream = QTextStream::new(String::new());
    stream.set_field_width(9);
    let name = 'a';
    write!(stream, "{name}-{:03}", 7).unwrap();
    stream.write_str("|").unwrap();
    stream.write_char('é').unwrap();
    writeln!(stream).unwrap();
    assert_eq!(stream.into_device(), "a-007|é\n");
}

#[test]
fn a_formatted_text_reaches_the_device_in_one_piece() {
    struct Pieces(Vec<String>);

    impl Write for Pieces {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(String::from_utf8(bytes.to_vec()).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.push("flushed".to_owned());
            Ok(())
        }
    }

    let mut stream = QTextStream::new(Writer::new(Pieces(Vec::new())));
    write!(stream, "{} and {}", 1, 2).unwrap();
    stream.write(&(3, ' ', 4.5)).unwrap();
    stream.write("").unwrap();
    stream.endl().unwrap();
    assert_eq!(stream.into_device().into_inner().0, ["1 and 2", "3 4.5", "\n", "flushed"]);
}

#[test]
fn a_value_that_cannot_be_formatted_is_an_error() {
    struct Broken;

    impl std::fmt::Display for Broken {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            Err(std::fmt::Error)
        }
    }

    let mut stream = QTextStream::new(String::new());
    let error = write!(stream, "begun {Broken}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the device does not take the text: a value could not be formatted"
    );
    assert_eq!(stream.into_device(), "");
}

#[test]
fn text_is_written_over_what_is_there_and_without_a_second_mark() {
    for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32Be] {
        let mut buffer = QBuffer::new();
        buffer.open(OpenMode::WRITE_ONLY).unwrap();
        let mut stream = QTextStream::new(&mut buffer).with_encoding(encoding);
        stream.bom().write(&("size=", "0000", "\nversion=14\n")).unwrap();
        let unit = stream.pos() / 21;
        stream.seek(unit * 6).unwrap();
        stream.write("0042").unwrap();
        assert_eq!(stream.status(), TextStreamStatus::Ok);
        buffer.close();
        buffer.open(OpenMode::READ_ONLY).unwrap();
        let text = QTextStream::new(&mut buffer).read_all().unwrap();
        match encoding {
            // The mark has three bytes there.
            Encoding::Utf8 => assert_eq!(text.len(), 21),
            _ => assert_eq!(text, "size=0042\nversion=14\n"),
        }
    }
}

#[test]
fn a_device_that_refuses_text_is_written_to_no_more_until_the_status_is_reset() {
    /// Takes text only while it is not locked.
    #[derive(Default)]
    struct Lock {
        is_locked: bool,
        text: String,
    }

    impl Write for &mut Lock {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.is_locked {
                true => Err(io::Error::other("locked")),
                false => {
                    self.text.push_str(str::from_utf8(bytes).unwrap());
                    Ok(bytes.len())
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut lock = Lock::default();
    let mut stream = QTextStream::new(Writer::new(&mut lock));
    stream.write("hello").unwrap();
    drop(stream);
    lock.is_locked = true;
    let mut stream = QTextStream::new(Writer::new(&mut lock));
    let error = stream.write("error").unwrap_err();
    assert_eq!(error.to_string(), "the device does not take the text: locked");
    assert_eq!(stream.status(), TextStreamStatus::WriteFailed);
    let refused = stream.write("can't do that").unwrap_err();
    assert_eq!(refused.to_string(), "an earlier call of the stream failed: WriteFailed");
    assert_eq!(lock.text, "hello");
}

#[test]
fn memory_that_is_only_read_or_written_refuses_the_other() {
    let mut stream = QTextStream::from_bytes(b"text");
    assert!(matches!(stream.write("x"), Err(TextStreamError::WriteFailed(_))));
    let mut stream = QTextStream::new(Vec::new());
    stream.write("x").unwrap();
    assert!(stream.at_end());
    assert_eq!(stream.read_line().unwrap(), None);
    assert_eq!(stream.seek(0).unwrap_err().kind(), io::ErrorKind::Unsupported);
    let error = io::Error::from(stream.read::<u8>().unwrap_err());
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn the_debug_form_has_the_device_and_not_its_memory() {
    let stream = QTextStream::new(String::from("x"));
    let text = format!("{stream:?}");
    assert_eq!(text, "QTextStream { device: \"x\", encoding: Utf8, status: Ok, .. }");
    assert_eq!(written("x"), "x");
}

#[test]
fn nothing_of_a_part_that_failed_is_written_if_another_one_takes_its_place() {
    struct Secret;

    impl ToTextStream for Secret {
        fn write_to<D: StreamDevice>(
            &self,
            stream: &mut QTextStream<D>,
        ) -> Result<(), TextStreamError> {
            stream.write("sec")?;
            Err(TextStreamError::corrupt("it is secret"))
        }
    }

    struct Shown;

    impl ToTextStream for Shown {
        fn write_to<D: StreamDevice>(
            &self,
            stream: &mut QTextStream<D>,
        ) -> Result<(), TextStreamError> {
            stream.write("it is ")?;
            if stream.write(&Secret).is_err() {
                stream.reset_status();
                stream.write("hidden")?;
            }
            Ok(())
        }
    }

    let mut stream = QTextStream::new(String::new());
    stream.write(&Shown).unwrap();
    assert_eq!(stream.into_device(), "it is hidden");
}
