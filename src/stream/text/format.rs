//! How values stand in a text: bases, notations, fields.

use bitflags::bitflags;

/// The base of integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum IntegerBase {
    /// Decimal in writing. In reading, what the beginning of the number tells: `0x`, `0b`, a `0` before
    /// other octal digits, or decimal.
    #[default]
    Detected,
    /// Base 2.
    Binary,
    /// Base 8.
    Octal,
    /// Base 10.
    Decimal,
    /// Base 16.
    Hexadecimal,
}

impl IntegerBase {
    /// Returns Qt's number of this base: 0 for a detected one.
    pub fn number(self) -> u32 {
        match self {
            Self::Detected => 0,
            Self::Binary => 2,
            Self::Octal => 8,
            Self::Decimal => 10,
            Self::Hexadecimal => 16,
        }
    }

    /// Returns the base with Qt's number; `None` for a number that is none of these.
    pub fn from_number(number: u32) -> Option<Self> {
        const ALL: [IntegerBase; 5] = [
            IntegerBase::Detected,
            IntegerBase::Binary,
            IntegerBase::Octal,
            IntegerBase::Decimal,
            IntegerBase::Hexadecimal,
        ];
        ALL.into_iter().find(|base| base.number() == number)
    }
}

/// Where a text that is shorter than its field stands in it.
#[doc(alias = "QTextStream::FieldAlignment")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FieldAlignment {
    /// At the left end.
    #[doc(alias = "AlignLeft")]
    Left,
    /// At the right end.
    #[default]
    #[doc(alias = "AlignRight")]
    Right,
    /// In the middle. If the padding is odd, there is one more on the right.
    #[doc(alias = "AlignCenter")]
    Center,
    /// At the right end, but with the sign of a number at the left end.
    #[doc(alias = "AlignAccountingStyle")]
    AccountingStyle,
}

/// The notation of floating-point numbers.
#[doc(alias = "QTextStream::RealNumberNotation")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RealNumberNotation {
    /// The shorter of the other two, without zeros at the end: `%g` of C. The precision is the number
    /// of significant digits.
    #[default]
    #[doc(alias = "SmartNotation")]
    Smart,
    /// Digits before and after the point: `%f` of C. The precision is the number of digits after the
    /// point.
    #[doc(alias = "FixedNotation")]
    Fixed,
    /// One digit before the point, and an exponent: `%e` of C. The precision is the number of digits
    /// after the point.
    #[doc(alias = "ScientificNotation")]
    Scientific,
}

bitflags! {
    /// What is written of a number besides its digits.
    #[doc(alias = "QTextStream::NumberFlag")]
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct NumberFlags: u8 {
        /// Writes `0x`, `0b` or `0` before integers that are hexadecimal, binary or octal.
        #[doc(alias = "ShowBase")]
        const SHOW_BASE = 1;
        /// Writes the point of floating-point numbers also if nothing is behind it, and, in the smart
        /// notation, the zeros at the end.
        #[doc(alias = "ForcePoint")]
        const FORCE_POINT = 2;
        /// Writes the sign of positive numbers too.
        #[doc(alias = "ForceSign")]
        const FORCE_SIGN = 4;
        /// Writes `0X` and `0B`.
        #[doc(alias = "UppercaseBase")]
        const UPPERCASE_BASE = 8;
        /// Writes digits that are letters, the `e` of exponents, `inf` and `nan` in upper case.
        #[doc(alias = "UppercaseDigits")]
        const UPPERCASE_DIGITS = 16;
    }
}

/// How values are written, and integers read: what
/// [`QTextStream::reset`](super::QTextStream::reset) sets back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) base: IntegerBase,
    pub(super) field_width: usize,
    pub(super) pad_char: char,
    pub(super) alignment: FieldAlignment,
    pub(super) notation: RealNumberNotation,
    pub(super) precision: u16,
    pub(super) flags: NumberFlags,
}

impl Default for Format {
    fn default() -> Self {
        Self {
            base: IntegerBase::default(),
            field_width: 0,
            pad_char: ' ',
            alignment: FieldAlignment::default(),
            notation: RealNumberNotation::default(),
            precision: 6,
            flags: NumberFlags::default(),
        }
    }
}
