//! A map from types, whose keys are hashes already.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Values by types.
pub(crate) type ByType<V> = HashMap<TypeId, V, BuildHasherDefault<TypeHasher>>;

/// The number of bytes at most that are kept for the closures of a type while none waits.
pub(crate) const KEPT: usize = 1 << 14;

/// A hasher for `TypeId`: takes the number of the type, which is a hash already.
#[derive(Default)]
pub(crate) struct TypeHasher(u64);

impl Hasher for TypeHasher {
    /// Not called for a `TypeId`, whose hash the standard library writes as one `u64`.
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}
