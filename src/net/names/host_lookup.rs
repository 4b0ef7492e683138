//! `HostLookup`: which lookup it is.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// Names a lookup among all of the process: a later one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostLookup(NonZeroU64);

impl HostLookup {
    /// Returns a number that no lookup has had.
    pub(in crate::net) fn next() -> Self {
        static LOOKUPS: AtomicU64 = AtomicU64::new(1);
        let number = LOOKUPS.fetch_add(1, Ordering::Relaxed);
        Self(NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN))
    }
}
