//! What is kept of each type: a map from types, whose keys are hashes already.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Values by types.
pub(crate) type ByType<V> = HashMap<TypeId, V, BuildHasherDefault<TypeHasher>>;

/// How many bytes at most are kept for the closures of a type when none waits.
pub(crate) const KEPT: usize = 1 << 14;

/// Takes of a type's number, which is a hash itself, what it is given to hash.
#[derive(Default)]
pub(crate) struct TypeHasher(u64);

impl Hasher for TypeHasher {
    /// Not what the standard library calls for a type, which gives its number in one piece.
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
