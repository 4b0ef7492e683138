//! Numbers: what is read, and what is written of them.

use proptest::prelude::*;
use slotwire::stream::{
    FieldAlignment, FromTextStream, IntegerBase, NumberFlags, QTextStream, RealNumberNotation,
    TextStreamError, TextStreamStatus, ToTextStream,
};

use crate::{read, written};

/// Reads a value, and what is left behind it.
fn read_and_rest<T: FromTextStream>(text: &str) -> (Result<T, TextStreamError>, String) {
    let mut stream = QTextStream::from_text(text);
    let value = stream.read();
    (value, stream.read_all().unwrap())
}

#[track_caller]
fn reads<T: FromTextStream + std::fmt::Debug + PartialEq>(text: &str, value: T, rest: &str) {
    let (read, left) = read_and_rest::<T>(text);
    assert_eq!((read.unwrap(), left.as_str()), (value, rest), "{text:?}");
}

#[track_caller]
fn fails<T: FromTextStream>(text: &str, status: TextStreamStatus) {
    let (read, left) = read_and_rest::<T>(text);
    let error = read.err().unwrap_or_else(|| panic!("{text:?} is read"));
    assert_eq!(error.status(), status, "{text:?}: {error}");
    assert_eq!(left, text.trim_start(), "only white space is taken");
}

fn integer(value: i64, base: IntegerBase, flags: NumberFlags) -> String {
    let mut stream = QTextStream::new(String::new());
    stream.set_integer_base(base);
    stream.set_number_flags(flags);
    stream.write(&value).unwrap();
    stream.into_device()
}

fn real(value: f64, notation: RealNumberNotation, precision: u16, flags: NumberFlags) -> String {
    let mut stream = QTextStream::new(String::new());
    stream.set_real_number_notation(notation);
    stream.set_real_number_precision(precision);
    stream.set_number_flags(flags);
    stream.write(&value).unwrap();
    stream.into_device()
}

#[test]
fn an_integer_ends_at_the_first_character_that_does_not_belong_to_it() {
    reads("0", 0, "");
    reads("12", 12, "");
    reads("-12", -12, "");
    reads("-0", 0_u8, "");
    reads("+123 ", 123, " ");
    reads(" \r\n\r\n123", 123, "");
    reads("12,345", 12, ",345");
    reads("12.345", 12, ".345");
    reads("0 1", 0, " 1");
    reads("7seven", 7_u8, "seven");
}

#[test]
fn the_beginning_of_an_integer_tells_its_base() {
    reads("0x0", 0, "");
    reads("0xf", 15, "");
    reads("0XDEADBEEF", 0xdead_beef_u32, "");
    reads("  0xdeadbeefZzzzz", 0xdead_beef_u64, "Zzzzz");
    reads("00", 0, "");
    reads("0141", 97, "");
    reads("  01419999", 97, "9999");
    reads("09", 9, "");
    reads("0b0", 0, "");
    reads("0B10", 2, "");
    reads("0b1010102345", 42, "2345");
    // A sign changes nothing of it, so that what is written is read.
    reads("-0x10", -16, "");
    reads("-017", -15, "");
    reads("+0b11", 3, "");
}

#[test]
fn a_base_that_is_set_needs_no_prefix() {
    let read = |base, text: &str| {
        let mut stream = QTextStream::from_text(text.to_owned());
        stream.set_integer_base(base);
        (stream.read::<i32>().ok(), stream.read_all().unwrap())
    };
    let some = |value, rest: &str| (Some(value), rest.to_owned());
    assert_eq!(read(IntegerBase::Hexadecimal, "ff"), some(255, ""));
    assert_eq!(read(IntegerBase::Hexadecimal, "0xfg"), some(15, "g"));
    assert_eq!(read(IntegerBase::Hexadecimal, "-0b1"), some(-0xb1, ""));
    assert_eq!(read(IntegerBase::Octal, "178"), some(15, "8"));
    assert_eq!(read(IntegerBase::Octal, "017"), some(15, ""));
    assert_eq!(read(IntegerBase::Binary, "0b102"), some(2, "2"));
    assert_eq!(read(IntegerBase::Binary, "11"), some(3, ""));
    assert_eq!(read(IntegerBase::Decimal, "017"), some(17, ""));
    assert_eq!(read(IntegerBase::Decimal, "0x17"), some(0, "x17"));
    assert_eq!(read(IntegerBase::Binary, "2"), (None, "2".to_owned()));
}

#[test]
fn text_that_begins_no_integer_is_wrong_and_the_beginning_of_one_is_not_whole() {
    for text in ["a", " a", ".5", "-a", "--1", "+-1", "0xg", "0b2", "７", "- 1"] {
        fails::<i32>(text, TextStreamStatus::ReadCorruptData);
    }
    for text in ["", " ", "-", "+", "0x", "-0b"] {
        fails::<i32>(text, TextStreamStatus::ReadPastEnd);
    }
}

#[test]
fn a_number_that_the_type_does_not_have_is_an_error_and_no_other_number() {
    reads("127", 127_i8, "");
    reads("-128", i8::MIN, "");
    reads("-32768", i16::MIN, "");
    reads("2147483647", i32::MAX, "");
    reads("-9223372036854775808", i64::MIN, "");
    reads("18446744073709551615", u64::MAX, "");
    reads("0xffffffffffffffff", u64::MAX, "");
    reads("-170141183460469231731687303715884105728", i128::MIN, "");
    reads("340282366920938463463374607431768211455", u128::MAX, "");
    reads("18446744073709551615", usize::MAX, "");
    fails::<i8>("128", TextStreamStatus::ReadCorruptData);
    fails::<i16>("-32769", TextStreamStatus::ReadCorruptData);
    fails::<u8>("-1", TextStreamStatus::ReadCorruptData);
    fails::<u64>("18446744073709551616", TextStreamStatus::ReadCorruptData);
    fails::<u128>("340282366920938463463374607431768211456", TextStreamStatus::ReadCorruptData);
    fails::<i128>(&"9".repeat(500), TextStreamStatus::ReadCorruptData);
    let error = read::<u8>("-0x100").unwrap_err();
    assert_eq!(error.to_string(), "the number -0x100 is out of the range of u8");
}

#[test]
fn a_floating_point_number_is_read_to_its_last_digit() {
    reads("1.0", 1.0, "");
    reads(" \r\n1.2", 1.2, "");
    reads("-4.15", -4.15, "");
    reads("415e-02", 4.15, "");
    reads("314E+02", 31400.0, "");
    reads("1.", 1.0, "");
    reads("-.5", -0.5, "");
    reads("1.e5", 1.0, "e5");
    reads("1.5.3", 1.5, ".3");
    reads("1-2", 1.0, "-2");
    reads("1e5e3", 1e5, "e3");
    reads("0x10", 0.0, "x10");
    reads("0.30000000000000004", 0.300_000_000_000_000_04, "");
    reads("1.7976931348623157e308", f64::MAX, "");
    reads("1e-400", 0.0, "");
    reads("16777217", 16_777_216_f32, "");
    reads(&format!("1{}", "0".repeat(200)), 1e200, "");
}

#[test]
fn what_is_no_floating_point_number_is_wrong_or_not_whole() {
    for text in ["a", "--1", "1e5x", ".e5", "-.x", "1e--5", "1ex", "nax", "infinity", "E", "- 1"] {
        match text {
            "1e5x" | "infinity" => assert!(read::<f64>(text).is_ok()),
            _ => fails::<f64>(text, TextStreamStatus::ReadCorruptData),
        }
    }
    for text in ["", ".", "-", "-.", "1e", "1e+", "n", "in"] {
        fails::<f64>(text, TextStreamStatus::ReadPastEnd);
    }
    let error = read::<f32>("1e39").unwrap_err();
    assert_eq!(error.to_string(), "the number 1e39 is out of the range of f32");
    assert!(read::<f64>("-1e999").is_err());
}

#[test]
fn infinities_and_nan_are_read_in_any_case_and_with_a_sign() {
    for text in ["nan", "NAN", "nAn", "+nan", "-NaN"] {
        assert!(read::<f64>(text).unwrap().is_nan(), "{text}");
        assert!(read::<f32>(text).unwrap().is_nan(), "{text}");
    }
    for text in ["inf", "INF", "+iNf"] {
        assert_eq!(read::<f64>(text).unwrap(), f64::INFINITY);
    }
    for text in ["-inf", "-INF"] {
        assert_eq!(read::<f32>(text).unwrap(), f32::NEG_INFINITY);
    }
}

#[test]
fn integers_are_written_in_every_base_with_the_sign_before_the_prefix() {
    use IntegerBase::{Binary, Decimal, Detected, Hexadecimal, Octal};

    let none = NumberFlags::empty();
    let base = NumberFlags::SHOW_BASE;
    assert_eq!(integer(31, Detected, base), "31");
    assert_eq!(integer(-40, Decimal, base), "-40");
    assert_eq!(integer(31, Hexadecimal, none), "1f");
    assert_eq!(integer(31, Hexadecimal, NumberFlags::UPPERCASE_BASE), "1f");
    assert_eq!(integer(31, Hexadecimal, base | NumberFlags::UPPERCASE_BASE), "0X1f");
    assert_eq!(integer(31, Hexadecimal, base | NumberFlags::UPPERCASE_DIGITS), "0x1F");
    assert_eq!(integer(-1, Hexadecimal, base), "-0x1");
    assert_eq!(integer(0, Hexadecimal, base), "0x0");
    assert_eq!(integer(i64::MAX, Hexadecimal, base), "0x7fffffffffffffff");
    assert_eq!(integer(5, Binary, base), "0b101");
    assert_eq!(integer(31, Binary, base | NumberFlags::UPPERCASE_BASE), "0B11111");
    assert_eq!(integer(-1, Binary, base), "-0b1");
    assert_eq!(integer(40, Octal, base), "050");
    assert_eq!(integer(0, Octal, base), "00", "as in Qt");
    assert_eq!(integer(0, Octal, base | NumberFlags::FORCE_SIGN), "+0", "as in Qt");
    assert_eq!(integer(31, Octal, none), "37");
    assert_eq!(integer(0, Detected, NumberFlags::FORCE_SIGN), "+0");
    assert_eq!(integer(i64::MIN, Detected, none), "-9223372036854775808");
    assert_eq!(written(&u64::MAX), "18446744073709551615");
    assert_eq!(written(&(i8::MIN, ' ', u128::MAX)), format!("-128 {}", u128::MAX));
    assert_eq!(written(&(true, false, 7_usize, -7_isize)), "107-7");
}

#[test]
fn floating_point_numbers_are_written_as_in_c() {
    use RealNumberNotation::{Fixed, Scientific, Smart};

    let none = NumberFlags::empty();
    for (value, text) in [
        (0.0, "0"),
        (-0.0, "0"),
        (4.15, "4.15"),
        (-4.15, "-4.15"),
        (1.2e10, "1.2e+10"),
        (12345.0, "12345"),
        (123_456.0, "123456"),
        (1_234_567.0, "1.23457e+06"),
        (999_999.5, "1e+06"),
        (0.0001, "0.0001"),
        (0.000_01, "1e-05"),
        (5e-324, "4.94066e-324"),
        (f64::MAX, "1.79769e+308"),
    ] {
        assert_eq!(written(&value), text);
    }
    assert_eq!(written(&0.1_f32), "0.1");
    for (precision, text) in [(0, "4"), (1, "4"), (2, "4.1"), (5, "4.1416"), (10, "4.14159")] {
        assert_eq!(real(4.14159, Smart, precision, none), text);
    }
    assert_eq!(real(0.1, Smart, 20, none), "0.10000000000000000555");
    assert_eq!(real(123.4567, Fixed, 2, none), "123.46");
    assert_eq!(real(2.5, Fixed, 0, none), "2", "half to even, as in C");
    assert_eq!(real(1e22, Fixed, 0, none), "10000000000000000000000");
    assert_eq!(real(123.4567, Scientific, 6, none), "1.234567e+02");
    assert_eq!(real(0.0, Scientific, 0, none), "0e+00");
    assert_eq!(real(1e-100, Scientific, 1, none), "1.0e-100");
    assert_eq!(real(0.5, Fixed, u16::MAX, none).len(), 2 + usize::from(u16::MAX));
}

#[test]
fn flags_force_a_point_a_sign_and_upper_case() {
    use RealNumberNotation::{Fixed, Scientific, Smart};

    let point = NumberFlags::FORCE_POINT;
    assert_eq!(real(1.0, Fixed, 6, point), "1.000000");
    assert_eq!(real(1.0, Fixed, 0, point), "1.");
    assert_eq!(real(-1.0, Scientific, 6, point), "-1.000000e+00");
    assert_eq!(real(1.0, Scientific, 0, point), "1.e+00");
    assert_eq!(real(1.0, Smart, 6, point), "1.00000");
    assert_eq!(real(0.0001, Smart, 3, point), "0.000100");
    assert_eq!(integer(1, IntegerBase::Decimal, point), "1", "an integer has none");
    let sign = NumberFlags::FORCE_SIGN;
    assert_eq!(real(1.2, Smart, 6, sign), "+1.2");
    assert_eq!(real(-1.2, Smart, 6, sign), "-1.2");
    let upper = NumberFlags::UPPERCASE_DIGITS;
    assert_eq!(real(123.4567, Scientific, 6, upper), "1.234567E+02");
    assert_eq!(real(123.4567, Scientific, 6, NumberFlags::UPPERCASE_BASE), "1.234567e+02");
    assert_eq!(real(f64::INFINITY, Smart, 6, upper), "INF");
    assert_eq!(real(f64::NEG_INFINITY, Fixed, 6, NumberFlags::empty()), "-inf");
    assert_eq!(real(f64::NAN, Scientific, 6, upper), "NAN");
    assert_eq!(real(f64::INFINITY, Smart, 6, sign), "+inf");
}

#[test]
fn fields_are_filled_and_the_sign_of_accounting_style_is_at_the_left() {
    use FieldAlignment::{AccountingStyle, Center, Left, Right};

    fn field(
        value: &impl ToTextStream,
        width: usize,
        pad: char,
        alignment: FieldAlignment,
    ) -> String {
        let mut stream = QTextStream::new(String::new());
        stream.set_field_width(width);
        stream.set_pad_char(pad);
        stream.set_field_alignment(alignment);
        stream.write(value).unwrap();
        stream.into_device()
    }

    assert_eq!(field(&(5.0, 5, "five"), 10, ' ', Right), "         5         5      five");
    assert_eq!(field(&(5.0, 5, "five"), 10, ' ', Left), "5         5         five      ");
    assert_eq!(field(&(4.15, i64::MIN, "five"), 5, ' ', Right), " 4.15-9223372036854775808 five");
    assert_eq!(field(&"ab", 5, '·', Center), "·ab··");
    assert_eq!(field(&"five", 4, '·', Center), "five");
    assert_eq!(field(&"äöü", 5, ' ', Right), "  äöü", "characters are counted");
    assert_eq!(field(&-1, 4, '0', AccountingStyle), "-001");
    assert_eq!(field(&"-1", 4, '0', AccountingStyle), "00-1", "a text has no sign");
    assert_eq!(field(&-1.2, 6, '0', AccountingStyle), "-001.2");
    assert_eq!(field(&1, 4, '0', AccountingStyle), "0001");
    assert_eq!(field(&-1, 4, '0', Right), "00-1");
    assert_eq!(field(&'x', 3, '.', Right), "..x");
}

#[test]
fn a_field_for_which_there_is_no_memory_is_an_error() {
    let mut stream = QTextStream::new(String::new());
    stream.set_field_width(usize::MAX);
    assert!(matches!(stream.write("x"), Err(TextStreamError::WriteFailed(_))));
    assert_eq!(stream.status(), TextStreamStatus::WriteFailed);
    assert_eq!(stream.into_device(), "");
}

proptest! {
    #[test]
    fn what_is_written_of_an_integer_is_read_in_every_base(
        value: i64,
        base in prop::sample::select(&[0, 2, 8, 10, 16]),
        bits in 0..32_u8,
    ) {
        let base = IntegerBase::from_number(base).unwrap();
        let flags = NumberFlags::from_bits(bits).unwrap();
        let text = integer(value, base, flags | NumberFlags::SHOW_BASE);
        prop_assert_eq!(read::<i64>(&text).unwrap(), value, "{}", text);
        let mut stream = QTextStream::from_text(integer(value, base, flags));
        stream.set_integer_base(base);
        prop_assert_eq!(stream.read::<i64>().unwrap(), value);
        prop_assert!(stream.at_end());
    }

    #[test]
    fn what_is_written_of_a_floating_point_number_is_read(
        value: f64,
        notation in prop::sample::select(&[RealNumberNotation::Smart, RealNumberNotation::Scientific]),
        bits in 0..32_u8,
    ) {
        let text = real(value, notation, 17, NumberFlags::from_bits(bits).unwrap());
        let back = read::<f64>(&text).unwrap();
        prop_assert!(back == value || back.is_nan() && value.is_nan(), "{text} {back}");
        let fixed = real(value, RealNumberNotation::Fixed, 3, NumberFlags::empty());
        prop_assert_eq!(fixed.parse::<f64>().unwrap().to_bits() << 1, format!("{value:.3}").parse::<f64>().unwrap().to_bits() << 1);
    }

    #[test]
    fn any_text_is_a_number_or_an_error_and_nothing_is_lost(text in "[-+0-9a-fnixbXB. eE]{0,12}") {
        fn check<T: FromTextStream>(text: &str) -> Result<(), TestCaseError> {
            let mut stream = QTextStream::from_text(text);
            let is_read = stream.read::<T>().is_ok();
            let rest = stream.read_all().unwrap();
            prop_assert!(text.ends_with(&rest));
            prop_assert!(is_read != (rest == text.trim_start()), "{text:?} {rest:?}");
            Ok(())
        }
        check::<i8>(&text)?;
        check::<u64>(&text)?;
        check::<f32>(&text)?;
        check::<f64>(&text)?;
    }
}

#[test]
fn the_largest_precision_fits_every_number_in_every_notation() {
    for notation in
        [RealNumberNotation::Smart, RealNumberNotation::Fixed, RealNumberNotation::Scientific]
    {
        for value in [0.0, 1.0, 0.001, 0.000_123, 5e-324, f64::MAX, -2.5] {
            for precision in [u16::MAX - 4, u16::MAX - 1, u16::MAX] {
                let mut stream = QTextStream::new(String::new());
                stream.set_real_number_notation(notation);
                stream.set_real_number_precision(precision);
                stream.write(&value).unwrap();
                let text = stream.into_device();
                assert_eq!(text.parse::<f64>().unwrap(), value, "{notation:?} {precision}");
            }
        }
    }
}
