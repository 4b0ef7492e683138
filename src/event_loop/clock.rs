//! Clocks: where a runtime gets the time.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use super::allowance::Allowance;

/// Tells the time, and lets time pass.
///
/// A runtime takes the time from its clock alone, so a test with a [`VirtualClock`] decides how
/// fast an hour passes.
pub trait Clock {
    /// Returns the current time. The time must never go back.
    fn now(&self) -> Instant;

    /// Returns the current date, by which certificates are valid or not. The default is the
    /// system's date.
    fn system_time(&self) -> SystemTime {
        SystemTime::now()
    }

    /// Returns how long the poller may sleep when the loop has nothing to do for `timeout`. `None`
    /// means for ever, in both places.
    fn sleep(&self, timeout: Option<Duration>) -> Option<Duration> {
        timeout
    }

    /// Called after the poller has slept for what [`sleep`](Self::sleep) returned for `timeout`, if
    /// nothing came. A virtual clock lets `timeout` pass here.
    fn waited(&self, timeout: Duration) {
        let _ = timeout;
    }

    /// Returns how much work one pass of the loop may do. Called once, when the runtime is created.
    ///
    /// The default is 16,384 deliveries and calls, which is the same in each run. A clock whose
    /// time passes while slots run returns [`Allowance::Time`]; the system's clock returns 10 ms.
    fn allowance(&self) -> Allowance {
        Allowance::Calls(16_384)
    }
}

/// Returns the moment `delay` after `from`, or a moment very far ahead if an `Instant` cannot hold
/// that.
pub(crate) fn saturating_add(from: Instant, mut delay: Duration) -> Instant {
    loop {
        match from.checked_add(delay) {
            Some(moment) => return moment,
            None => delay /= 2,
        }
    }
}

/// Returns the date `elapsed` after `from`, or `from` if a `SystemTime` cannot hold that.
pub(crate) fn date_after(from: SystemTime, elapsed: Duration) -> SystemTime {
    from.checked_add(elapsed).unwrap_or(from)
}

/// Returns the date at which virtual clocks start, the same in each run: 1 January 2000, 0:00 UTC.
pub(crate) fn first_date() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(946_684_800)
}

/// The system's monotonic clock, and the system's date.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn allowance(&self) -> Allowance {
        Allowance::Time(Duration::from_millis(10))
    }
}

/// A clock that moves only when the program or the loop moves it.
///
/// While a runtime with this clock waits for its next timer, the time jumps to that timer at once,
/// unless the kernel has something ready. A clone is the same clock.
///
/// Its date begins at 1 January 2000, 0:00 UTC, in each run, or at the date of
/// [`starting_at`](Self::starting_at).
///
/// ```
/// use std::time::Duration;
/// use slotwire::prelude::*;
/// use slotwire::VirtualClock;
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let clock = VirtualClock::new();
/// let mut rt = Runtime::with_clock(clock.clone())?;
/// let timer = rt.add(QTimer::new());
/// rt[timer].start_with(Duration::from_secs(3600));
/// rt.connect_fn(timer, QTimer::timeout, |world, _| world.quit());
/// rt.exec()?;
/// assert_eq!(clock.elapsed(), Duration::from_secs(3600));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VirtualClock {
    start: Instant,
    start_date: SystemTime,
    elapsed: Rc<Cell<Duration>>,
}

impl VirtualClock {
    /// Creates a clock at which no time has passed yet.
    pub fn new() -> Self {
        Self::starting_at(first_date())
    }

    /// Creates a clock at which no time has passed since this date.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use slotwire::{Clock, VirtualClock};
    ///
    /// let date = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
    /// let clock = VirtualClock::starting_at(date);
    /// clock.advance(Duration::from_secs(1));
    /// assert_eq!(clock.system_time(), date + Duration::from_secs(1));
    /// ```
    pub fn starting_at(date: SystemTime) -> Self {
        Self { start: Instant::now(), start_date: date, elapsed: Rc::default() }
    }

    /// Lets time pass. Timers that become due fire in the next passes of the runtime.
    pub fn advance(&self, by: Duration) {
        self.elapsed.set(self.elapsed.get().saturating_add(by));
    }

    /// Returns the time that has passed since the clock was created.
    pub fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        saturating_add(self.start, self.elapsed.get())
    }

    fn system_time(&self) -> SystemTime {
        date_after(self.start_date, self.elapsed.get())
    }

    fn sleep(&self, timeout: Option<Duration>) -> Option<Duration> {
        timeout.map(|_| Duration::ZERO)
    }

    fn waited(&self, timeout: Duration) {
        self.advance(timeout);
    }
}
