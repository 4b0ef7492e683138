//! Clocks: where a runtime gets the time.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::allowance::Allowance;

/// Tells the time, and lets time pass.
///
/// A runtime takes the time from its clock alone, so a test with a [`VirtualClock`] decides how
/// fast an hour passes.
pub trait Clock {
    /// Returns the current time. The time must never go back.
    fn now(&self) -> Instant;

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

/// The system's monotonic clock.
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
    elapsed: Rc<Cell<Duration>>,
}

impl VirtualClock {
    /// Creates a clock at which no time has passed yet.
    pub fn new() -> Self {
        Self { start: Instant::now(), elapsed: Rc::default() }
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

    fn sleep(&self, timeout: Option<Duration>) -> Option<Duration> {
        timeout.map(|_| Duration::ZERO)
    }

    fn waited(&self, timeout: Duration) {
        self.advance(timeout);
    }
}
