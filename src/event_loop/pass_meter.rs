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
        /// When the pass is over. Not known before the clock was looked at in it.
        end: Cell<Option<Instant>>,
        /// When the present kind of work has had its share as well.
        limit: Cell<Option<Instant>>,
    },
    Calls {
        allowance: usize,
        /// How many are left of the pass, and to the present kind of work.
        left: Cell<usize>,
        limit: Cell<usize>,
    },
}

impl PassMeter {
    pub(super) fn new(clock: Rc<dyn Clock>) -> Rc<Self> {
        let measure = match clock.allowance() {
            Allowance::Time(allowance) => {
                Measure::Time { allowance, end: Cell::new(None), limit: Cell::new(None) }
            }
            Allowance::Calls(allowance) => {
                Measure::Calls { allowance, left: Cell::new(allowance), limit: Cell::new(0) }
            }
        };
        Rc::new(Self { clock, measure })
    }

    /// A pass begins.
    pub(super) fn begin_pass(&self) {
        match &self.measure {
            Measure::Time { end, .. } => end.set(None),
            Measure::Calls { allowance, left, .. } => left.set(*allowance),
        }
    }

    /// Another kind of work begins.
    pub(super) fn begin_kind(&self) -> Kind {
        match &self.measure {
            Measure::Time { limit, .. } => limit.set(None),
            Measure::Calls { allowance, left, limit } => {
                limit.set(left.get().max(*allowance / KINDS as usize));
            }
        }
        Kind { calls: 0, last_look: 0, next_look: 1 }
    }

    /// Returns true if the present kind of work may go on, after so many deliveries and calls.
    fn look(&self, spent: usize) -> bool {
        match &self.measure {
            Measure::Time { allowance, end, limit } => {
                let now = self.clock.now();
                let end_of_pass = end.get().unwrap_or_else(|| saturating_add(now, *allowance));
                end.set(Some(end_of_pass));
                let own = || end_of_pass.max(saturating_add(now, *allowance / KINDS));
                let limit_of_kind = limit.get().unwrap_or_else(own);
                limit.set(Some(limit_of_kind));
                now < limit_of_kind
            }
            Measure::Calls { left, limit, .. } => charge(left, limit, spent),
        }
    }
}

/// Takes so many calls off what is left of a pass and to the present kind of work. Returns true if
/// something is left to that.
#[inline]
fn charge(left: &Cell<usize>, limit: &Cell<usize>, spent: usize) -> bool {
    left.set(left.get().saturating_sub(spent));
    limit.set(limit.get().saturating_sub(spent));
    limit.get() > 0
}

impl Meter for PassMeter {
    fn may_go_on(&self, deliveries: usize) -> bool {
        self.look(deliveries)
    }
}

/// A kind of work of which calls are made one by one.
pub(super) struct Kind {
    calls: u32,
    /// The call after which the allowance was looked at.
    last_look: u32,
    /// The call after which it is looked at again.
    next_look: u32,
}

impl Kind {
    /// Returns true if there is time for another call, after one that was made in `world`.
    #[inline]
    pub(super) fn may_go_on(&mut self, meter: &PassMeter, world: &mut World) -> bool {
        if let Measure::Calls { left, limit, .. } = &meter.measure {
            return charge(left, limit, world.take_spent() + 1);
        }
        self.calls += 1;
        (self.calls < self.next_look && !world.was_cut()) || self.look(meter, world)
    }

    /// Returns true if the allowance was looked at after the last call: on the system's clock,
    /// after fewer and fewer calls.
    #[inline]
    pub(super) fn has_just_looked(&self) -> bool {
        self.last_look == self.calls
    }

    #[inline(never)]
    fn look(&mut self, meter: &PassMeter, world: &mut World) -> bool {
        self.last_look = self.calls;
        // Later each time, so that cheap calls pay little and dear ones are few.
        self.next_look = self.calls + self.calls.min(LOOK_AFTER);
        meter.look(world.take_spent() + 1)
    }
}
