//! Clocks: what a runtime takes for the time.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::allowance::Allowance;

/// Tells the time, and lets it pass.
///
/// A runtime asks nothing else for the time, so a test that brings a [`VirtualClock`] decides how
/// fast an hour is.
pub trait Clock {
    /// Returns the current time. Never goes back.
    fn now(&self) -> Instant;

    /// Says how long the poller is to sleep when the loop has nothing to do for `timeout`; `None`
    /// is for ever.
    fn sleep(&self, timeout: Option<Duration>) -> Option<Duration> {
        timeout
    }

    /// Is told that the loop waited up to `timeout` and nothing came.
    fn waited(&self, timeout: Duration) {
        let _ = timeout;
    }

    /// Returns how much one pass of the loop may do. It is asked once, when the runtime is created.
    ///
    /// The default is 16,384 deliveries and calls, which is the same in each run. A clock by which
    /// time passes while slots run gives [`Allowance::Time`]: the system's clock gives 10 ms.
    fn allowance(&self) -> Allowance {
        Allowance::Calls(16_384)
    }
}

/// The moment after `delay`, or one about as far away as can be told if that is beyond it.
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

/// A clock that stands still until it is told otherwise.
///
/// While a runtime with this clock waits for its next timer, time jumps there at once, unless the
/// kernel has something ready. A copy is the same clock.
///
/// ```
/// use std::time::Duration;
/// use slotwire::prelude::*;
/// use slotwire::{QTimer, VirtualClock};
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
    /// Creates a clock at which no time has passed.
    pub fn new() -> Self {
        Self { start: Instant::now(), elapsed: Rc::default() }
    }

    /// Lets time pass. Timers that become due fire in the runtime's next passes.
    pub fn advance(&self, by: Duration) {
        self.elapsed.set(self.elapsed.get().saturating_add(by));
    }

    /// Returns how much time has passed.
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
