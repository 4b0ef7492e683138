//! Keys: the numbers by which a runtime identifies its objects.

use std::fmt;
use std::num::NonZeroU32;

use slotmap::{Key, KeyData, new_key_type};

new_key_type! {
    /// Identifies an object among all that one runtime ever had: a number and a generation.
    pub struct ObjectKey;
}

new_key_type! {
    /// Identifies a task among all that one runtime ever had.
    pub(crate) struct TaskKey;
}

impl ObjectKey {
    /// The key of no object: a wake-up of it wakes nobody.
    pub(in crate::object) fn nobody() -> Self {
        Self::null()
    }

    /// Returns the number, which another object may get later, and the generation, which tells the
    /// two apart.
    pub(in crate::object) fn parts(self) -> (u32, u32) {
        let bits = self.bits();
        ((bits & 0xffff_ffff) as u32, (bits >> 32) as u32)
    }

    /// Returns the key with these parts.
    pub(super) fn from_parts(number: u32, generation: u32) -> Self {
        Self::from_bits(u64::from(generation) << 32 | u64::from(number))
    }

    /// Returns the key as one number.
    pub(in crate::object) fn bits(self) -> u64 {
        self.data().as_ffi()
    }

    /// Returns the key that was turned into this number by [`bits`](Self::bits).
    pub(in crate::object) fn from_bits(bits: u64) -> Self {
        KeyData::from_ffi(bits).into()
    }
}

/// Identifies one runtime among all of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RuntimeTag(pub(crate) NonZeroU32);

/// An [`ObjectKey`] as it is displayed: its number and its generation.
#[derive(Clone, Copy)]
pub(crate) struct Number(pub(crate) ObjectKey);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, generation) = self.0.parts();
        write!(f, "{number}v{generation}")
    }
}
