//! The manipulators: settings that can be written one after another.

use super::format::{FieldAlignment, IntegerBase, NumberFlags, RealNumberNotation};
use super::text_stream::QTextStream;
use crate::stream::device::StreamDevice;

impl<D: StreamDevice> QTextStream<D> {
    /// Sets the [base](Self::set_integer_base) 2.
    pub fn bin(&mut self) -> &mut Self {
        self.set_integer_base(IntegerBase::Binary);
        self
    }

    /// Sets the [base](Self::set_integer_base) 8.
    pub fn oct(&mut self) -> &mut Self {
        self.set_integer_base(IntegerBase::Octal);
        self
    }

    /// Sets the [base](Self::set_integer_base) 10.
    pub fn dec(&mut self) -> &mut Self {
        self.set_integer_base(IntegerBase::Decimal);
        self
    }

    /// Sets the [base](Self::set_integer_base) 16.
    pub fn hex(&mut self) -> &mut Self {
        self.set_integer_base(IntegerBase::Hexadecimal);
        self
    }

    /// Adds [`NumberFlags::SHOW_BASE`].
    pub fn showbase(&mut self) -> &mut Self {
        self.flag(NumberFlags::SHOW_BASE, true)
    }

    /// Adds [`NumberFlags::FORCE_SIGN`].
    pub fn forcesign(&mut self) -> &mut Self {
        self.flag(NumberFlags::FORCE_SIGN, true)
    }

    /// Adds [`NumberFlags::FORCE_POINT`].
    pub fn forcepoint(&mut self) -> &mut Self {
        self.flag(NumberFlags::FORCE_POINT, true)
    }

    /// Removes [`NumberFlags::SHOW_BASE`].
    pub fn noshowbase(&mut self) -> &mut Self {
        self.flag(NumberFlags::SHOW_BASE, false)
    }

    /// Removes [`NumberFlags::FORCE_SIGN`].
    pub fn noforcesign(&mut self) -> &mut Self {
        self.flag(NumberFlags::FORCE_SIGN, false)
    }

    /// Removes [`NumberFlags::FORCE_POINT`].
    pub fn noforcepoint(&mut self) -> &mut Self {
        self.flag(NumberFlags::FORCE_POINT, false)
    }

    /// Adds [`NumberFlags::UPPERCASE_BASE`].
    pub fn uppercasebase(&mut self) -> &mut Self {
        self.flag(NumberFlags::UPPERCASE_BASE, true)
    }

    /// Adds [`NumberFlags::UPPERCASE_DIGITS`].
    pub fn uppercasedigits(&mut self) -> &mut Self {
        self.flag(NumberFlags::UPPERCASE_DIGITS, true)
    }

    /// Removes [`NumberFlags::UPPERCASE_BASE`].
    pub fn lowercasebase(&mut self) -> &mut Self {
        self.flag(NumberFlags::UPPERCASE_BASE, false)
    }

    /// Removes [`NumberFlags::UPPERCASE_DIGITS`].
    pub fn lowercasedigits(&mut self) -> &mut Self {
        self.flag(NumberFlags::UPPERCASE_DIGITS, false)
    }

    /// Sets [`RealNumberNotation::Fixed`].
    pub fn fixed(&mut self) -> &mut Self {
        self.set_real_number_notation(RealNumberNotation::Fixed);
        self
    }

    /// Sets [`RealNumberNotation::Scientific`].
    pub fn scientific(&mut self) -> &mut Self {
        self.set_real_number_notation(RealNumberNotation::Scientific);
        self
    }

    /// Sets [`FieldAlignment::Left`].
    pub fn left(&mut self) -> &mut Self {
        self.set_field_alignment(FieldAlignment::Left);
        self
    }

    /// Sets [`FieldAlignment::Right`].
    pub fn right(&mut self) -> &mut Self {
        self.set_field_alignment(FieldAlignment::Right);
        self
    }

    /// Sets [`FieldAlignment::Center`].
    pub fn center(&mut self) -> &mut Self {
        self.set_field_alignment(FieldAlignment::Center);
        self
    }

    /// Lets the stream [write a byte order mark](Self::set_generate_byte_order_mark).
    pub fn bom(&mut self) -> &mut Self {
        self.set_generate_byte_order_mark(true);
        self
    }

    /// [Passes white space](Self::skip_white_space).
    pub fn ws(&mut self) -> &mut Self {
        self.skip_white_space();
        self
    }

    fn flag(&mut self, flag: NumberFlags, is_set: bool) -> &mut Self {
        let mut flags = self.number_flags();
        flags.set(flag, is_set);
        self.set_number_flags(flags);
        self
    }
}
