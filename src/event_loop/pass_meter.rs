//! The meter of a pass: how much of its allowance is left.
//!
//! Keeps two promises. A pass ends: what goes on without end, or comes without end, waits for the
//! next pass and keeps its order. And each kind of work (what earlier turns left, calls of other
//! threads, posted calls, what is ready, timers, postponed work) has a share of every pass,
//! whatever the others take. A cascade of up to 1,024 deliveries is never cut.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::allowance::Allowance;
use super::clock::{Clock, saturating_add};
use crate::object::{Meter, World};

/// The share of the allowance that each kind of work has in any case: one in so many.
const KINDS: u32 = 6;

/// How many calls of one kind are made at most before the clock is looked at again. If each of them
/// takes a millisecond, the others wait for 16 ms more than the allowance; the cheapest calls pay a
/// few instructions each for the look.
const LOOK_AFTER: u32 = 16;

/// Measures what is left of a pass's allowance.
pub(super) struct PassMeter {
    clock: Rc<dyn Clock>,
    measure: Measure,
}

enum Measure {
    Time {
        allowance: Duration,
        /// The share of each kind of work.
        share: Duration,
        /// When the pass is over. Not known before the clock was looked at in it.
        end: Cell<Option<Instant>>,
        /// When the present kind of work has had its share as well.
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

    /// Returns true if something is left to the present kind of work.
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

/// Takes so many calls off what is left to a pass and to the present kind of work.
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

/// A kind of work of which calls are made one by one.
pub(super) struct Kind {
    /// How many calls are made until the clock is looked at again.
    until_look: u32,
    /// How many calls were made when the clock is looked at again.
    calls: u32,
}

impl Kind {
    /// Counts a call that was made in `world`. Returns true if the caller has to [look](Self::look)
    /// at the allowance before the next call: on a virtual clock after every call, on the system's
    /// after fewer and fewer. Nobody looks after the last call, which no other is to follow.
    #[inline]
    pub(super) fn count(&mut self, meter: &PassMeter, world: &mut World) -> bool {
        if let Measure::Calls { left, limit, .. } = &meter.measure {
            charge(left, limit, world.take_spent() + 1);
            return true;
        }
        self.until_look -= 1;
        self.until_look == 0 || world.was_cut()
    }

    /// Looks at the allowance. Returns true if there is some left for another call.
    #[inline]
    pub(super) fn look(&mut self, meter: &PassMeter) -> bool {
        match &meter.measure {
            Measure::Calls { limit, .. } => limit.get() > 0,
            Measure::Time { .. } => self.look_at_clock(meter),
        }
    }

    #[inline(never)]
    fn look_at_clock(&mut self, meter: &PassMeter) -> bool {
        // Later each time, so that cheap calls pay little and dear ones are few.
        self.calls -= self.until_look;
        self.until_look = self.calls.min(LOOK_AFTER);
        self.calls += self.until_look;
        meter.has_left()
    }
}
