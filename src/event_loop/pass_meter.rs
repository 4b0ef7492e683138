//! The meter of a pass: how much of its allowance is left.
//!
//! Keeps two promises. A pass ends: work that has no end waits for the next pass and keeps its
//! order. And each kind of work (the rest of earlier turns, calls of other threads, posted calls,
//! ready sources, timers, postponed work) has a share of every pass, whatever the other kinds use.
//! A cascade of up to 1,024 deliveries is never cut.
//!
//! Reading the clock costs as much as a cheap call, so a kind of work reads it after fewer and fewer
//! calls, and never after its last call.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::allowance::Allowance;
use super::clock::{Clock, saturating_add};
use crate::object::{Meter, World};

/// Each kind of work has this part of the allowance in any case: one seventh. The kinds are what was
/// recorded, calls of other threads, posted calls, postponed work, ready sources, timers and tasks.
/// Postponed work comes twice in a pass. So a pass in which all of them are busy takes no more than
/// twice its allowance: the first takes all of it, and each of the other seven takes its part.
const KINDS: u32 = 7;

/// How many calls of one kind are made at most between two readings of the clock. If each call takes
/// a millisecond, the other kinds wait for 16 ms more than the allowance. If the calls are cheap,
/// each pays a few instructions for the reading.
const LOOK_AFTER: u32 = 16;

/// Measures how much of the allowance of a pass is left.
pub(super) struct PassMeter {
    clock: Rc<dyn Clock>,
    measure: Measure,
}

enum Measure {
    Time {
        allowance: Duration,
        /// The share of each kind of work.
        share: Duration,
        /// When the pass is over. Not known before the first reading of the clock in the pass.
        end: Cell<Option<Instant>>,
        /// When the pass is over and the present kind of work has had its share.
        limit: Cell<Option<Instant>>,
    },
    Calls {
        allowance: usize,
        /// How many calls are left to the pass, and to the present kind of work.
        left: Cell<usize>,
        limit: Cell<usize>,
    },
}

impl PassMeter {
    pub(super) fn new(clock: Rc<dyn Clock>) -> Rc<Self> {
        let measure = match clock.allowance() {
            Allowance::Time(allowance) => Measure::Time {
                allowance,
                share: allowance / KINDS,
                end: Cell::new(None),
                limit: Cell::new(None),
            },
            Allowance::Calls(allowance) => {
                Measure::Calls { allowance, left: Cell::new(allowance), limit: Cell::new(0) }
            }
        };
        Rc::new(Self { clock, measure })
    }

    /// Begins a pass.
    #[inline]
    pub(super) fn begin_pass(&self) {
        match &self.measure {
            Measure::Time { end, .. } => end.set(None),
            Measure::Calls { allowance, left, .. } => left.set(*allowance),
        }
    }

    /// Begins another kind of work.
    #[inline]
    pub(super) fn begin_kind(&self) -> Kind {
        match &self.measure {
            Measure::Time { limit, .. } => limit.set(None),
            Measure::Calls { allowance, left, limit } => {
                limit.set(left.get().max(*allowance / KINDS as usize));
            }
        }
        Kind { until_look: 1, calls: 1 }
    }

    /// Returns true if the present kind of work may go on.
    fn has_left(&self) -> bool {
        match &self.measure {
            Measure::Time { allowance, share, end, limit } => {
                let now = self.clock.now();
                let limit_of_kind = limit.get().unwrap_or_else(|| {
                    let end_of_pass = end.get().unwrap_or_else(|| saturating_add(now, *allowance));
                    end.set(Some(end_of_pass));
                    let limit_of_kind = end_of_pass.max(saturating_add(now, *share));
                    limit.set(Some(limit_of_kind));
                    limit_of_kind
                });
                now < limit_of_kind
            }
            Measure::Calls { limit, .. } => limit.get() > 0,
        }
    }
}

/// Takes `spent` calls from those that are left to a pass and to the present kind of work.
#[inline]
fn charge(left: &Cell<usize>, limit: &Cell<usize>, spent: usize) {
    left.set(left.get().saturating_sub(spent));
    limit.set(limit.get().saturating_sub(spent));
}

impl Meter for PassMeter {
    fn may_go_on(&self, deliveries: usize) -> bool {
        if let Measure::Calls { left, limit, .. } = &self.measure {
            charge(left, limit, deliveries);
        }
        self.has_left()
    }
}

/// A kind of work, which makes one call after the other.
pub(super) struct Kind {
    /// The number of calls from now until the next reading of the clock.
    until_look: u32,
    /// The number of calls from the beginning until the next reading of the clock.
    calls: u32,
}

impl Kind {
    /// Counts a call that was made in `world`. Returns true if the caller has to
    /// [check](Self::look) the allowance before the next call: after every call if the allowance is
    /// a number of calls, and after fewer and fewer calls if it is a time.
    #[inline]
    pub(super) fn count(&mut self, meter: &PassMeter, world: &mut World) -> bool {
        if let Measure::Calls { left, limit, .. } = &meter.measure {
            charge(left, limit, world.take_spent() + 1);
            return true;
        }
        self.until_look -= 1;
        self.until_look == 0 || world.was_cut()
    }

    /// Checks the allowance. Returns true if another call may be made.
    #[inline]
    pub(super) fn look(&mut self, meter: &PassMeter) -> bool {
        match &meter.measure {
            Measure::Calls { limit, .. } => limit.get() > 0,
            Measure::Time { .. } => self.look_at_clock(meter),
        }
    }

    #[inline(never)]
    fn look_at_clock(&mut self, meter: &PassMeter) -> bool {
        // Later each time, so that cheap calls pay little, and costly calls are few.
        self.calls -= self.until_look;
        self.until_look = self.calls.min(LOOK_AFTER);
        self.calls += self.until_look;
        meter.has_left()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VirtualClock;

    #[test]
    fn a_pass_whose_kinds_of_work_are_all_busy_takes_at_most_twice_its_allowance() {
        let clock = VirtualClock::new();
        let Allowance::Calls(allowance) = clock.allowance() else { panic!("it counts calls") };
        let (meter, mut world, mut calls) = (PassMeter::new(Rc::new(clock)), World::new(), 0);
        let before_the_poll = ["recorded", "remote calls", "posted calls", "postponed work"];
        let after_the_poll = ["ready sources", "timers", "tasks", "postponed work"];
        meter.begin_pass();
        for _ in before_the_poll.into_iter().chain(after_the_poll) {
            let mut kind = meter.begin_kind();
            let began = calls;
            calls += 1;
            while !kind.count(&meter, &mut world) || kind.look(&meter) {
                calls += 1;
            }
            assert!(calls - began >= allowance / 8, "each kind has a part");
        }
        assert!(calls <= 2 * allowance, "{calls} calls of {allowance}");
    }
}
