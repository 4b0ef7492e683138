//! Integers, in all bases.

use super::format::{Format, IntegerBase, NumberFlags};
use super::scan::{End, Next};
use super::status::TextStreamError;
use super::text_stream::QTextStream;
use super::value::{FromTextStream, ToTextStream};
use crate::stream::device::StreamDevice;

/// How much of a number an error shows.
const SHOWN: usize = 40;

macro_rules! integers {
    ($($integer:ident as $magnitude:expr, $is_negative:expr;)*) => {$(
        impl ToTextStream for $integer {
            fn write_to<D: StreamDevice>(
                &self,
                stream: &mut QTextStream<D>,
            ) -> Result<(), TextStreamError> {
                let text = text_of($magnitude(*self).into(), $is_negative(*self), &stream.format);
                stream.push_field(&text, true)
            }
        }

        impl FromTextStream for $integer {
            fn read_from<D: StreamDevice>(
                stream: &mut QTextStream<D>,
            ) -> Result<Self, TextStreamError> {
                let number = read_number(stream)?;
                let value = number.magnitude.and_then(|magnitude| match number.is_negative {
                    false => Self::try_from(magnitude).ok(),
                    true => 0_i128.checked_sub_unsigned(magnitude)?.try_into().ok(),
                });
                value.ok_or(TextStreamError::NumberOutOfRange {
                    number: number.text,
                    type_name: stringify!($integer),
                })
            }

            const SKIPS_WHITE_SPACE: bool = true;
        }
    )*};
}

integers! {
    i8 as i8::unsigned_abs, i8::is_negative;
    i16 as i16::unsigned_abs, i16::is_negative;
    i32 as i32::unsigned_abs, i32::is_negative;
    i64 as i64::unsigned_abs, i64::is_negative;
    i128 as i128::unsigned_abs, i128::is_negative;
    u8 as u8::from, |_| false;
    u16 as u16::from, |_| false;
    u32 as u32::from, |_| false;
    u64 as u64::from, |_| false;
    u128 as u128::from, |_| false;
}

macro_rules! sizes {
    ($($size:ident as $same:ident),*) => {$(
        impl ToTextStream for $size {
            fn write_to<D: StreamDevice>(
                &self,
                stream: &mut QTextStream<D>,
            ) -> Result<(), TextStreamError> {
                (*self as $same).write_to(stream)
            }
        }

        impl FromTextStream for $size {
            fn read_from<D: StreamDevice>(
                stream: &mut QTextStream<D>,
            ) -> Result<Self, TextStreamError> {
                let number = $same::read_from(stream)?;
                Self::try_from(number).map_err(|_| TextStreamError::NumberOutOfRange {
                    number: number.to_string(),
                    type_name: stringify!($size),
                })
            }

            const SKIPS_WHITE_SPACE: bool = true;
        }
    )*};
}

sizes!(isize as i64, usize as u64);

/// Returns a number as the format has it: the sign, the base, the digits.
fn text_of(mut magnitude: u128, is_negative: bool, format: &Format) -> String {
    let shows_base = format.flags.contains(NumberFlags::SHOW_BASE);
    let (base, prefix) = match format.base {
        IntegerBase::Detected | IntegerBase::Decimal => (10, ""),
        IntegerBase::Binary => (2, "0b"),
        IntegerBase::Octal => (8, "0"),
        IntegerBase::Hexadecimal => (16, "0x"),
    };
    let in_upper_case = format.flags.contains(NumberFlags::UPPERCASE_DIGITS);
    let digits = match in_upper_case {
        true => b"0123456789ABCDEF",
        false => b"0123456789abcdef",
    };
    let sign = match is_negative {
        true => "-",
        false if format.flags.contains(NumberFlags::FORCE_SIGN) => "+",
        false => "",
    };
    let mut text = sign.to_owned();
    // As in Qt, a zero with a sign has no second zero before it.
    let shows_base = shows_base && !(magnitude == 0 && prefix == "0" && !sign.is_empty());
    match (shows_base, format.flags.contains(NumberFlags::UPPERCASE_BASE)) {
        (false, _) => {}
        (true, false) => text.push_str(prefix),
        (true, true) => text.push_str(&prefix.to_ascii_uppercase()),
    }
    let mut reversed = Vec::new();
    loop {
        // The remainder is below 16.
        reversed.push(digits[(magnitude % base) as usize]);
        magnitude /= base;
        if magnitude == 0 {
            break;
        }
    }
    text.extend(reversed.into_iter().rev().map(char::from));
    text
}

/// A number that was read.
struct Number {
    is_negative: bool,
    /// `None` if it has more than 128 bits.
    magnitude: Option<u128>,
    /// The beginning of its text.
    text: String,
}

/// Where the reader of a number is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the sign, or the first digit.
    Start,
    /// Behind the sign.
    Signed,
    /// Behind a zero at the beginning, which may belong to a prefix.
    Zero,
    /// Behind a prefix.
    Prefixed,
    /// Behind a digit.
    Digits,
    /// Behind something that is no number.
    Wrong,
}

/// Reads a number: a sign, the prefix of a base, digits.
fn read_number<D: StreamDevice>(stream: &mut QTextStream<D>) -> Result<Number, TextStreamError> {
    stream.pass_white_space()?;
    let chosen = stream.format.base;
    let mut base = match chosen {
        IntegerBase::Detected => 10,
        chosen => chosen.number(),
    };
    let mut place = Place::Start;
    let mut number = Number { is_negative: false, magnitude: Some(0), text: String::new() };
    let reach = stream.scan(stream.limit, |character| {
        let may_be = |wanted| chosen == IntegerBase::Detected || chosen == wanted;
        let (next, digit) = match (place, character) {
            (Place::Start, '+' | '-') => (Place::Signed, None),
            (Place::Start | Place::Signed, '0') => (Place::Zero, Some(0)),
            (Place::Zero, 'x' | 'X') if may_be(IntegerBase::Hexadecimal) => {
                base = 16;
                (Place::Prefixed, None)
            }
            (Place::Zero, 'b' | 'B') if may_be(IntegerBase::Binary) => {
                base = 2;
                (Place::Prefixed, None)
            }
            _ => {
                if place == Place::Zero && chosen == IntegerBase::Detected && character < '8' {
                    base = 8;
                }
                match character.to_digit(base) {
                    Some(digit) => (Place::Digits, Some(digit)),
                    None if matches!(place, Place::Zero | Place::Digits) => return Next::Before,
                    None => (Place::Wrong, None),
                }
            }
        };
        place = next;
        number.is_negative |= character == '-';
        if let Some(digit) = digit {
            number.magnitude = number.magnitude.and_then(|magnitude| {
                magnitude.checked_mul(base.into())?.checked_add(digit.into())
            });
        }
        if number.text.len() < SHOWN {
            number.text.push(character);
        }
        if place == Place::Wrong { Next::Before } else { Next::Further }
    });
    let is_number = matches!(place, Place::Zero | Place::Digits);
    match reach.end {
        End::Found if !is_number => {
            Err(TextStreamError::corrupt(format!("{:?} does not begin an integer", number.text)))
        }
        // More digits could come.
        End::Device if !is_number => Err(TextStreamError::ReadPastEnd),
        // What comes before bytes that are refused is whole.
        End::Malformed if is_number => {
            stream.advance(reach.len);
            Ok(number)
        }
        _ => {
            let len = stream.whole(reach)?;
            stream.advance(len);
            Ok(number)
        }
    }
}
