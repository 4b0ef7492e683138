//! The tally of a signal: how many connections were made to it, and what stands between its emissions
//! and those who listen.
//!
//! Both are in one word, so that the core of a signal is among the small blocks of memory that an
//! allocator has at hand.

use std::cell::Cell;
use std::num::NonZeroU64;

use bitflags::bitflags;

/// Looked at before every emission.
pub(crate) struct Tally(Cell<Count>);

/// What a tally was at some moment. Never zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Count(NonZeroU64);

bitflags! {
    /// What stands between an emission and those who listen. Mostly nothing.
    #[derive(Clone, Copy)]
    struct Watch: u64 {
        /// The object's signals are blocked.
        const BLOCKED = 1;
        /// The observer gets each emission.
        const OBSERVED = 2;
        /// The signal has a core only for the observer: it has no connection yet.
        const UNHEARD = 4;
        /// Only in what an emission keeps of the tally: it has met a dead connection.
        const MET_DEAD = 8;
    }
}

impl Tally {
    pub(super) fn new(is_blocked: bool, is_observed: bool) -> Self {
        let tally = Self(Cell::new(Count::FIRST));
        tally.block(is_blocked);
        tally.observe(is_observed);
        tally
    }

    #[inline]
    pub(super) fn count(&self) -> Count {
        self.0.get()
    }

    /// Counts a connection. Returns its number.
    #[inline]
    pub(super) fn add(&self) -> u64 {
        let count = self.count();
        self.0.set(Count(count.0.saturating_add(1 << Count::WATCH)));
        count.number()
    }

    /// Returns true if nothing stands between an emission and those who listen.
    #[inline]
    pub(super) fn is_unwatched(&self) -> bool {
        self.count().watch().is_empty()
    }

    /// Returns true if the object's signals are blocked.
    pub(in crate::object) fn is_blocked(&self) -> bool {
        self.count().watch().contains(Watch::BLOCKED)
    }

    /// Blocks or unblocks the signal.
    pub(in crate::object) fn block(&self, block: bool) {
        self.set(Watch::BLOCKED, block);
    }

    /// Returns true if the observer gets each emission.
    pub(super) fn is_observed(&self) -> bool {
        self.count().watch().contains(Watch::OBSERVED)
    }

    /// Tells the observer of each emission from now on, or of none.
    pub(in crate::object) fn observe(&self, observe: bool) {
        self.set(Watch::OBSERVED, observe);
    }

    /// Returns true if the signal has a core for the observer's sake, and nobody has connected to it
    /// yet.
    #[inline]
    pub(in crate::object) fn is_unheard(&self) -> bool {
        self.count().watch().contains(Watch::UNHEARD)
    }

    /// Notes that the signal has a core for the observer's sake, or that somebody connects to it.
    pub(in crate::object) fn set_unheard(&self, unheard: bool) {
        self.set(Watch::UNHEARD, unheard);
    }

    #[inline]
    fn set(&self, watch: Watch, on: bool) {
        let bits = self.count().0.get();
        let bits = if on { bits | watch.bits() } else { bits & !watch.bits() };
        // A number is at least one, so the bits are not zero.
        self.0.set(Count(NonZeroU64::new(bits).unwrap_or(Count::FIRST.0)));
    }
}

impl Count {
    /// How many bits the watch takes.
    const WATCH: u32 = 4;
    /// Before the first connection, which has the number 1.
    const FIRST: Self = Self(NonZeroU64::new(1 << Self::WATCH).unwrap());

    /// Returns the number of the next connection.
    #[inline]
    pub(super) fn number(self) -> u64 {
        self.0.get() >> Self::WATCH
    }

    /// Returns the same for an emission that has met a dead connection.
    pub(super) fn having_met_dead(self) -> Self {
        Self(self.0 | Watch::MET_DEAD.bits())
    }

    /// Returns true if the emission that keeps this has met a dead connection.
    #[inline]
    pub(super) fn has_met_dead(self) -> bool {
        self.watch().contains(Watch::MET_DEAD)
    }

    #[inline]
    fn watch(self) -> Watch {
        Watch::from_bits_truncate(self.0.get())
    }
}
