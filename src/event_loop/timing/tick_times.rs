//! Paces: the moments at which a timer ticks.
//!
//! Keeps one promise: every tick is due at a multiple of the interval after the start, as nearly as
//! the timer's type says; and at a time that is still to come when the tick is computed, except for
//! an interval of zero. `timers.rs` keeps the ticks.

use std::time::{Duration, Instant};

use super::moment::{Moment, nanos};

/// How exactly a timer keeps its times.
#[doc(alias = "Qt::TimerType")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimerType {
    /// As exactly as the system's poller allows.
    #[doc(alias = "PreciseTimer")]
    Precise,
    /// Up to 5 % of the interval early or late, at a moment that the timer shares with others, so
    /// that the machine wakes up less often. Exact for intervals of up to 20 ms. The default.
    #[doc(alias = "CoarseTimer")]
    #[default]
    Coarse,
    /// At full seconds. The interval is rounded to the nearest second, and is at least one.
    #[doc(alias = "VeryCoarseTimer")]
    VeryCoarse,
}

/// How far apart the ticks are, and at which moments they come.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::event_loop) struct Pace {
    /// In nanoseconds.
    interval: u64,
    /// The ticks come at multiples of this many nanoseconds, which timers share; at any moment if
    /// zero.
    grain: u64,
}

/// The position of a running timer in its pace.
#[derive(Clone, Copy, Debug)]
pub(in crate::event_loop) struct Beat {
    started: Instant,
    /// The nanoseconds from the moment at which the tick is due to the multiple of the interval;
    /// negative if the multiple is earlier.
    rest: i64,
}

/// The possible grains of coarse timers, in nanoseconds. A second is a multiple of each.
const GRAINS: [u64; 10] = {
    const MS: u64 = 1_000_000;
    [MS, 2 * MS, 5 * MS, 10 * MS, 20 * MS, 50 * MS, 100 * MS, 200 * MS, 500 * MS, 1000 * MS]
};

impl Pace {
    #[inline(never)]
    pub(in crate::event_loop) fn of(timer_type: TimerType, interval: Duration) -> Self {
        let exact = Self { interval: nanos(interval), grain: 0 };
        match timer_type {
            _ if interval.is_zero() => exact,
            TimerType::Coarse if interval > Duration::from_millis(20) => {
                // At most a twentieth of the interval from the exact moment, on either side.
                let span = exact.interval / 10;
                let grain = GRAINS.into_iter().rev().find(|&grain| grain <= span);
                Self { grain: grain.unwrap_or(0), ..exact }
            }
            TimerType::Precise | TimerType::Coarse => exact,
            TimerType::VeryCoarse => {
                let rounded = interval.saturating_add(Duration::from_millis(500));
                let interval = nanos(Duration::from_secs(rounded.as_secs().max(1)));
                Self { interval, grain: GRAINS[GRAINS.len() - 1] }
            }
        }
    }

    /// Returns when the first tick of a timer is due that starts at `now`.
    #[inline]
    pub(super) fn first(self, now: Moment, started: Instant) -> (Moment, Beat) {
        let exact = now.after(self.interval);
        let due = exact.aligned(self.grain);
        (due, Beat { started, rest: rest(exact, due) })
    }

    /// Returns when the tick after the one at `due` is due. Skips the ticks that would have been
    /// due by `now`. `instant` returns the instant of `now`.
    #[inline]
    pub(super) fn next(
        self,
        beat: &mut Beat,
        due: Moment,
        now: Moment,
        instant: impl FnOnce() -> Instant,
    ) -> Moment {
        let mut exact = due.shifted(beat.rest).after(self.interval);
        let mut due = exact.aligned(self.grain);
        if due <= now {
            exact = now.after(self.until_multiple(beat.started, instant()));
            due = exact.aligned(self.grain);
            if due <= now {
                // The moment of a coarse timer may be a little before the multiple.
                exact = exact.after(self.interval);
                due = exact.aligned(self.grain);
            }
        }
        beat.rest = rest(exact, due);
        due
    }

    /// Returns the time from `now` to the first multiple of the interval after it, or zero for an
    /// interval of zero. Uses instants, since the start may be in an earlier era.
    #[cold]
    fn until_multiple(self, started: Instant, now: Instant) -> u64 {
        let since = now.saturating_duration_since(started).as_nanos();
        match since.checked_rem(u128::from(self.interval)) {
            // The remainder is less than the interval.
            Some(past) => self.interval - past as u64,
            None => 0,
        }
    }
}

#[inline]
fn rest(exact: Moment, due: Moment) -> i64 {
    exact.as_nanos().wrapping_sub(due.as_nanos()).cast_signed()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::moment::Era;
    use super::*;

    proptest! {
        #[test]
        fn a_tick_comes_after_the_present_and_near_a_multiple(
            timer_type in prop_oneof![
                Just(TimerType::Precise), Just(TimerType::Coarse), Just(TimerType::VeryCoarse)
            ],
            interval in prop_oneof![1..1_000_u64, 1..100_000_000_u64, 1..1_u64 << 50],
            began in 0..10_000_000_000_u64,
            lates in proptest::collection::vec(0..5_000_u64, 1..30),
        ) {
            let begin = Instant::now();
            let era = Era::new(begin);
            let started = begin + Duration::from_nanos(began);
            let pace = Pace::of(timer_type, Duration::from_nanos(interval));
            let (mut due, mut beat) = pace.first(era.moment(started), started);
            let tolerance = match timer_type {
                TimerType::Precise => 0,
                TimerType::Coarse if interval <= 20_000_000 => 0,
                TimerType::Coarse => interval / 20,
                TimerType::VeryCoarse => 500_000_000,
            };
            for late in lates {
                let exact = due.shifted(beat.rest).since(era.moment(started)).as_nanos();
                prop_assert_eq!(exact % u128::from(pace.interval), 0);
                prop_assert!(beat.rest.unsigned_abs() <= tolerance);
                // Late by up to five intervals, in most cases by less than one.
                let late = u128::from(late * late) * u128::from(pace.interval) / 5_000_000;
                let now = due.after(u64::try_from(late).unwrap());
                let before = due;
                due = pace.next(&mut beat, due, now, || era.instant(now));
                prop_assert!(due > now && due > before);
                prop_assert!(due.since(now) <= Duration::from_nanos(pace.interval + 2 * tolerance));
            }
        }
    }

    #[test]
    fn the_ticks_of_an_interval_of_zero_are_due_at_once() {
        let begin = Instant::now();
        let now = Era::BEGIN;
        let pace = Pace::of(TimerType::Coarse, Duration::ZERO);
        let (due, mut beat) = pace.first(now, begin);
        assert_eq!(due, now);
        let later = now.after(7);
        assert_eq!(pace.next(&mut beat, due, later, || begin + Duration::from_nanos(7)), later);
    }

    #[test]
    fn an_interval_of_ages_is_never_over() {
        for timer_type in [TimerType::Precise, TimerType::Coarse, TimerType::VeryCoarse] {
            let pace = Pace::of(timer_type, Duration::MAX);
            assert_eq!(pace.first(Era::BEGIN, Instant::now()).0, Moment::NEVER);
        }
    }
}
