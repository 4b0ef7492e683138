//! Moments: points in time as 64 bits of nanoseconds, by which the timers are ordered.
//!
//! Keeps two promises. Within an era, two moments are exactly as far from each other as their
//! instants, so no timer fires early because of the conversion. And arithmetic never wraps: a
//! moment too far ahead is [`Moment::NEVER`], which is later than all others.
//!
//! An era lasts for 127 years. When it is over, `timers.rs` begins another one and converts its
//! timers.

use std::time::{Duration, Instant};

use crate::event_loop::clock::saturating_add;

const SECOND: u64 = 1_000_000_000;

/// A point in time, in nanoseconds of the present [`Era`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

impl Moment {
    /// The moment that is never reached, since the era ends before.
    pub(super) const NEVER: Self = Self(u64::MAX);

    #[cfg(test)]
    pub(super) const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub(super) const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Returns the moment this many nanoseconds later.
    pub(super) const fn after(self, nanos: u64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// Returns the moment this many nanoseconds earlier, or the earliest moment of all if that is
    /// later.
    pub(super) const fn before(self, nanos: u64) -> Self {
        Self(self.0.saturating_sub(nanos))
    }

    /// Returns the moment this many nanoseconds later, or earlier if the number is negative.
    pub(super) const fn shifted(self, nanos: i64) -> Self {
        Self(self.0.saturating_add_signed(nanos))
    }

    /// Returns the time since another moment, or zero if that one is later.
    pub(super) const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Returns the nearest multiple of `grain` nanoseconds, so that timers of about the same moment
    /// share one. Returns the moment itself if the grain is zero. A second must be a multiple of
    /// the grain.
    #[inline]
    pub(super) const fn aligned(self, grain: u64) -> Self {
        if grain == 0 || self.0 == u64::MAX {
            return self;
        }
        Self(self.0.saturating_add(grain / 2) / grain * grain)
    }
}

/// Converts between instants and moments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Era {
    /// The instant of [`BEGIN`](Self::BEGIN).
    began: Instant,
}

impl Era {
    /// The first moment of an era. There are moments for the 127 years before it too, for timers
    /// that have been overdue since an earlier era.
    pub(super) const BEGIN: Moment = Moment(4_000_000_000 * SECOND);

    /// The moment at which another era must begin. There are moments for 330 years after it.
    const END: Moment = Moment(2 * Self::BEGIN.0);

    pub(in crate::event_loop) fn new(began: Instant) -> Self {
        Self { began }
    }

    /// Returns the moment of an instant.
    #[inline]
    pub(super) fn moment(&self, instant: Instant) -> Moment {
        match instant.checked_duration_since(self.began) {
            Some(since) => Self::BEGIN.after(nanos(since)),
            None => self.moment_before(instant),
        }
    }

    /// Returns the moment of an instant before the era began.
    #[cold]
    fn moment_before(&self, instant: Instant) -> Moment {
        Self::BEGIN.before(nanos(self.began.saturating_duration_since(instant)))
    }

    /// Returns the instant of a moment. For [`Moment::NEVER`], returns an instant very far ahead.
    pub(super) fn instant(&self, moment: Moment) -> Instant {
        if moment == Moment::NEVER {
            return saturating_add(self.began, Duration::MAX);
        }
        let before = Self::BEGIN.since(moment);
        let began = self.began.checked_sub(before).unwrap_or(self.began);
        saturating_add(began, moment.since(Self::BEGIN))
    }

    /// Returns true if the era is over at this moment, so that another one must begin.
    pub(super) fn is_over(moment: Moment) -> bool {
        moment >= Self::END
    }

    /// Returns the era that begins at `now`, and the nanoseconds by which each moment is less in it
    /// than in this one. These are full seconds, so that the multiples that timers share stay the
    /// same.
    pub(in crate::event_loop) fn next(&self, now: Instant) -> (Self, u64) {
        let passed = Duration::from_secs(now.saturating_duration_since(self.began).as_secs());
        (Self::new(saturating_add(self.began, passed)), nanos(passed))
    }
}

/// Returns the nanoseconds of a duration, or the greatest number if there are more.
#[inline]
pub(super) fn nanos(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(SECOND);
    seconds.saturating_add(u64::from(duration.subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CENTURY: u64 = 100 * 365 * 24 * 3600 * SECOND;

    proptest! {
        #[test]
        fn moments_are_as_far_apart_as_their_instants(
            a in 0..CENTURY,
            b in prop_oneof![0..CENTURY, 0..10_u64],
        ) {
            let start = Instant::now();
            let era = Era::new(start);
            let [near, far] = [a, a + b].map(|nanos| start + Duration::from_nanos(nanos));
            prop_assert_eq!(era.moment(far).since(era.moment(near)), Duration::from_nanos(b));
            prop_assert_eq!(era.moment(near).since(era.moment(far)), Duration::ZERO);
            prop_assert_eq!(era.instant(era.moment(far)), far);
            prop_assert_eq!(Era::new(far).moment(near), Era::BEGIN.before(a + b - a));
        }

        #[test]
        fn the_next_era_is_whole_seconds_on(passed in CENTURY..u64::MAX, later in 0..CENTURY) {
            let start = Instant::now();
            let old = Era::new(start);
            let now = start + Duration::from_nanos(passed);
            let (new, less) = old.next(now);
            prop_assert_eq!(less, passed / SECOND * SECOND);
            prop_assert_eq!(new.moment(now), Era::BEGIN.after(passed % SECOND));
            let then = now + Duration::from_nanos(later);
            prop_assert_eq!(new.instant(new.moment(then)), then);
            if passed < CENTURY * 2 {
                prop_assert_eq!(old.moment(then).before(less), new.moment(then));
            }
        }

        #[test]
        fn an_aligned_moment_is_the_nearest_multiple(
            nanos in any::<u64>(),
            grain in (0..10_usize).prop_map(|at| {
                [0, 1, 2, 5, 10, 20, 50, 100, 500, 1000][at] * 1_000_000
            }),
        ) {
            let aligned = Moment(nanos).aligned(grain);
            prop_assert_eq!(aligned.0.checked_rem(grain).unwrap_or(0), 0);
            // After the last multiple that fits, there is no next one to round up to.
            let most = if nanos > u64::MAX - grain { grain } else { grain / 2 };
            prop_assert!(aligned.0.abs_diff(nanos) <= most);
        }
    }

    #[test]
    fn what_is_beyond_all_counting_is_never() {
        let start = Instant::now();
        let era = Era::new(start);
        let ages = start + Duration::from_secs(1 << 45);
        assert_eq!(era.moment(ages), Moment::NEVER);
        assert_eq!(Era::BEGIN.after(nanos(Duration::MAX)), Moment::NEVER);
        assert_eq!(Moment::NEVER.aligned(SECOND), Moment::NEVER);
        assert!(era.instant(Moment::NEVER) > ages);
        assert!(Era::is_over(era.moment(ages)));
        assert!(!Era::is_over(era.moment(start + Duration::from_nanos(CENTURY))));
        let (next, less) = era.next(ages);
        assert_eq!((next.moment(ages), less), (Era::BEGIN, u64::MAX));
    }
}
