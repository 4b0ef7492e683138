//! `HostLookup`: the id of a lookup.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// The id of a lookup, unique in the process. A later lookup has a greater id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostLookup(NonZeroU64);

impl HostLookup {
    /// Returns an id that no lookup has had.
    pub(in crate::net) fn next() -> Self {
        static LOOKUPS: AtomicU64 = AtomicU64::new(1);
        let number = LOOKUPS.fetch_add(1, Ordering::Relaxed);
        Self(NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN))
    }
}
