//! Floating-point numbers.

use super::format::{Format, NumberFlags, RealNumberNotation};
use super::scan::{End, Next};
use super::status::TextStreamError;
use super::text_stream::QTextStream;
use super::value::{FromTextStream, ToTextStream};
use crate::stream::device::StreamDevice;

/// How much of a number an error shows.
const SHOWN: usize = 40;

/// How many digits an `f64` has behind the point at most. All digits behind these are zeros.
const LONGEST_FRACTION: usize = 1074;

impl ToTextStream for f64 {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QTextStream<D>,
    ) -> Result<(), TextStreamError> {
        let text = text_of(*self, &stream.format);
        stream.push_field(&text, true)
    }
}

impl ToTextStream for f32 {
    fn write_to<D: StreamDevice>(
        &self,
        stream: &mut QTextStream<D>,
    ) -> Result<(), TextStreamError> {
        f64::from(*self).write_to(stream)
    }
}

macro_rules! reals {
    ($($real:ident),*) => {$(
        impl FromTextStream for $real {
            fn read_from<D: StreamDevice>(
                stream: &mut QTextStream<D>,
            ) -> Result<Self, TextStreamError> {
                let token = read_token(stream)?;
                let value: Self = token.text.parse().map_err(|_| token.is_no_number())?;
                match value.is_infinite() && !token.is_name {
                    true => Err(TextStreamError::NumberOutOfRange {
                        number: token.shown(),
                        type_name: stringify!($real),
                    }),
                    false => Ok(value),
                }
            }

            const SKIPS_WHITE_SPACE: bool = true;
        }
    )*};
}

reals!(f32, f64);

/// Returns a number as the format has it.
fn text_of(value: f64, format: &Format) -> String {
    let flags = format.flags;
    let digits = match () {
        () if value.is_nan() => "nan".to_owned(),
        () if value.is_infinite() => "inf".to_owned(),
        () => digits_of(value.abs(), format),
    };
    // As in Qt, zero has no minus.
    let sign = match () {
        () if value < 0.0 => "-",
        () if flags.contains(NumberFlags::FORCE_SIGN) => "+",
        () => "",
    };
    let mut text = format!("{sign}{digits}");
    if flags.contains(NumberFlags::UPPERCASE_DIGITS) {
        text.make_ascii_uppercase();
    }
    text
}

/// Returns the digits of a number that is finite and not negative.
fn digits_of(value: f64, format: &Format) -> String {
    let precision = usize::from(format.precision);
    let has_point = format.flags.contains(NumberFlags::FORCE_POINT);
    match format.notation {
        RealNumberNotation::Fixed => with_point(fixed(value, precision), has_point),
        RealNumberNotation::Scientific => {
            let (mantissa, exponent) = scientific(value, precision);
            with_exponent(&with_point(mantissa, has_point), exponent)
        }
        RealNumberNotation::Smart => {
            let precision = precision.max(1);
            let (mantissa, exponent) = scientific(value, precision - 1);
            let is_fixed = (-4..i64::from(format.precision.max(1))).contains(&exponent);
            let digits = match is_fixed {
                // `exponent` is in this range.
                true => {
                    let behind = (precision as i64 - 1 - exponent) as usize;
                    fixed(value, behind)
                }
                false => mantissa,
            };
            let digits = match has_point {
                true => with_point(digits, true),
                false => without_zeros(digits),
            };
            if is_fixed { digits } else { with_exponent(&digits, exponent) }
        }
    }
}

/// Returns the digits of the fixed notation.
fn fixed(value: f64, precision: usize) -> String {
    let exact = precision.min(LONGEST_FRACTION);
    with_zeros(format!("{value:.exact$}"), precision - exact)
}

/// Returns the digits of the scientific notation, and the exponent.
fn scientific(value: f64, precision: usize) -> (String, i64) {
    let exact = precision.min(LONGEST_FRACTION);
    let text = format!("{value:.exact$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (with_zeros(mantissa.to_owned(), precision - exact), exponent.parse().unwrap_or_default())
}

/// Appends zeros. The standard library panics if it is to write 65,535 digits or more behind the point.
fn with_zeros(mut digits: String, count: usize) -> String {
    digits.extend(std::iter::repeat_n('0', count));
    digits
}

fn with_exponent(mantissa: &str, exponent: i64) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

fn with_point(mut digits: String, has_point: bool) -> String {
    if has_point && !digits.contains('.') {
        digits.push('.');
    }
    digits
}

fn without_zeros(digits: String) -> String {
    match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => digits,
    }
}

/// The text of a number.
#[derive(Default)]
struct Token {
    text: String,
    /// It is infinite, or no number, by its name.
    is_name: bool,
}

impl Token {
    fn shown(&self) -> String {
        self.text.chars().take(SHOWN).collect()
    }

    fn is_no_number(&self) -> TextStreamError {
        TextStreamError::corrupt(format!("{:?} is no number", self.shown()))
    }
}

/// Where the reader of a number is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Signed,
    /// In the digits before the point.
    Whole,
    /// Behind a point without digits before it.
    BarePoint,
    /// Behind a point.
    Point,
    /// In the digits behind the point.
    Fraction,
    /// Behind the `e`.
    Mark,
    /// Behind the sign of the exponent.
    MarkSigned,
    Exponent,
    /// In `inf` or `nan`, with what is missing.
    Name(&'static str),
}

impl Place {
    /// Returns the place behind a character; `None` if it does not belong to the number.
    fn behind(self, character: char) -> Option<Self> {
        Some(match (self, character.to_ascii_lowercase()) {
            (Self::Start, '+' | '-') => Self::Signed,
            (Self::Start | Self::Signed, 'i') => Self::Name("nf"),
            (Self::Start | Self::Signed, 'n') => Self::Name("an"),
            (Self::Start | Self::Signed | Self::Whole, '0'..='9') => Self::Whole,
            (Self::Start | Self::Signed, '.') => Self::BarePoint,
            (Self::Whole, '.') => Self::Point,
            (Self::BarePoint | Self::Point | Self::Fraction, '0'..='9') => Self::Fraction,
            (Self::Whole | Self::Fraction, 'e') => Self::Mark,
            (Self::Mark, '+' | '-') => Self::MarkSigned,
            (Self::Mark | Self::MarkSigned | Self::Exponent, '0'..='9') => Self::Exponent,
            (Self::Name(rest), letter) => Self::Name(rest.strip_prefix(letter)?),
            _ => return None,
        })
    }

    /// Returns true if a number may end here.
    fn is_end(self) -> bool {
        matches!(self, Self::Whole | Self::Point | Self::Fraction | Self::Exponent | Self::Name(""))
    }
}

/// Reads the text of a number, as far as it can be one.
fn read_token<D: StreamDevice>(stream: &mut QTextStream<D>) -> Result<Token, TextStreamError> {
    stream.pass_white_space()?;
    let (mut token, mut place) = (Token::default(), Place::Start);
    // Until the number has come whole, no more of it is kept than an error shows.
    let reach = stream.scan(stream.limit, |character| {
        if token.text.len() < SHOWN {
            token.text.push(character);
        }
        match place.behind(character) {
            Some(next) => {
                place = next;
                Next::Further
            }
            None => Next::Before,
        }
    });
    token.is_name = matches!(place, Place::Name(_));
    let len = match reach.end {
        End::Found if !place.is_end() => return Err(token.is_no_number()),
        // More of it could come.
        End::Device if !place.is_end() => return Err(TextStreamError::ReadPastEnd),
        // What comes before bytes that are refused is whole.
        End::Malformed if place.is_end() => reach.len,
        _ => stream.whole(reach)?,
    };
    token.text.clear();
    stream.take_text(len, &mut token.text)?;
    token.text.make_ascii_lowercase();
    Ok(token)
}
