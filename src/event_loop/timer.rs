//! `QTimer`: a timer that is an object.

use std::fmt;
use std::time::Duration;

use slotwire_macros::{QObject, slots};

use super::home::Home;
use super::timing::TimerKey;
use super::timing::{Beat, Pace, TimerType};
use crate::object::{Anchor, Occasion, Response, Signal};

/// Emits a signal after an interval, once or again and again.
///
/// The ticks of a repeating timer do not drift: each is due at a multiple of the interval after the
/// start, however late the previous one came. Ticks that were missed because the loop was busy are
/// dropped, and at most one comes in each pass of the loop. If the slots of a tick need longer than
/// one pass may take, the next tick comes after they have finished, or is dropped. Timers that are
/// due at the same moment fire in the order in which they were started. A timer with an interval of
/// zero fires once in each pass whose [`Allowance`](crate::Allowance) is not used up before, after
/// the sockets were served.
///
/// ```
/// use std::time::Duration;
/// use slotwire::prelude::*;
/// use slotwire::VirtualClock;
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::with_clock(VirtualClock::new())?;
/// let timer = rt.add(QTimer::new());
/// let ticks = rt.spy(timer, QTimer::timeout);
/// rt[timer].start_with(Duration::from_millis(100));
/// rt.single_shot_fn(Duration::from_millis(350), |world| world.quit());
/// rt.exec()?;
/// assert_eq!(ticks.len(), 3);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "QBasicTimer")]
#[doc(alias = "QChronoTimer")]
#[derive(QObject)]
#[qobject(enter = Self::entered, wake = Self::woken)]
pub struct QTimer {
    /// Emitted when the timer is due.
    #[signal]
    timeout: Signal<()>,
    interval: Duration,
    single_shot: bool,
    timer_type: TimerType,
    /// The interval and the grain with which the timer was started last.
    pace: Pace,
    /// True if the interval or the type was set since then.
    has_new_pace: bool,
    /// The key of the armed timer. Kept while the timer is stopped, since most timers start again.
    timer: Option<TimerKey>,
    state: State,
    home: Option<Home>,
}

/// Whether the timer runs.
#[derive(Clone, Copy, Debug)]
enum State {
    Stopped,
    /// Was started before it had a runtime, and will run from the moment when it enters one.
    Waiting,
    /// Runs.
    Armed(Beat),
}

#[slots]
impl QTimer {
    /// Creates a stopped, repeating, coarse timer with an interval of zero.
    pub fn new() -> Self {
        Self {
            timeout: Signal::new(),
            interval: Duration::ZERO,
            single_shot: false,
            timer_type: TimerType::default(),
            pace: Pace::default(),
            has_new_pace: false,
            timer: None,
            state: State::Stopped,
            home: None,
        }
    }

    /// Starts the timer with its interval, or restarts it if it runs.
    ///
    /// A timer that is not in a runtime yet starts when it is added to one.
    #[slot]
    pub fn start(&mut self) {
        let Some(home) = &self.home else {
            self.state = State::Waiting;
            return;
        };
        if self.has_new_pace {
            self.has_new_pace = false;
            self.pace = Pace::of(self.timer_type, self.interval);
        }
        let (timer, beat) = home.timers.start(home.key(), self.timer, self.pace);
        self.timer = Some(timer);
        self.state = State::Armed(beat);
    }

    /// Sets the interval, and starts or restarts the timer.
    #[doc(alias = "start")]
    #[doc(alias = "startTimer")]
    pub fn start_with(&mut self, interval: Duration) {
        self.interval = interval;
        self.has_new_pace = true;
        self.start();
    }

    /// Stops the timer.
    #[slot]
    #[doc(alias = "killTimer")]
    pub fn stop(&mut self) {
        if let (State::Armed(_), Some(timer), Some(home)) = (self.state, self.timer, &self.home) {
            home.timers.park(timer);
        }
        self.state = State::Stopped;
    }

    /// Returns true if the timer runs.
    #[doc(alias = "isActive")]
    #[doc(alias = "active")]
    pub fn is_active(&self) -> bool {
        !matches!(self.state, State::Stopped)
    }

    /// Returns the time until the timer is due. Returns zero if it is overdue, and `None` if the
    /// timer does not run.
    ///
    /// For an interval of centuries, the time is [`Duration::MAX`].
    #[doc(alias = "remainingTime")]
    #[doc(alias = "remainingTimeAsDuration")]
    pub fn remaining_time(&self) -> Option<Duration> {
        match (self.state, self.timer, &self.home) {
            (State::Stopped, ..) => None,
            (State::Armed(_), Some(timer), Some(home)) => home.timers.remaining(timer),
            _ => Some(self.interval),
        }
    }

    /// Returns the interval.
    #[doc(alias = "intervalAsDuration")]
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// Sets the interval. If the timer runs, it is restarted.
    #[doc(alias = "setInterval")]
    pub fn set_interval(&mut self, interval: Duration) {
        self.interval = interval;
        self.has_new_pace = true;
        if self.is_active() {
            self.start();
        }
    }

    /// Returns true if the timer fires once and stops. The timer has already stopped when its slots
    /// run.
    #[doc(alias = "isSingleShot")]
    pub fn is_single_shot(&self) -> bool {
        self.single_shot
    }

    /// Makes the timer fire once and stop, or fire repeatedly. The default is repeatedly.
    #[doc(alias = "setSingleShot")]
    pub fn set_single_shot(&mut self, single_shot: bool) {
        self.single_shot = single_shot;
    }

    /// Returns how exactly the timer keeps its times.
    #[doc(alias = "timerType")]
    pub fn timer_type(&self) -> TimerType {
        self.timer_type
    }

    /// Sets how exactly the timer keeps its times. Takes effect when the timer is started the next
    /// time.
    #[doc(alias = "setTimerType")]
    pub fn set_timer_type(&mut self, timer_type: TimerType) {
        self.timer_type = timer_type;
        self.has_new_pace = true;
    }

    fn entered(&mut self, anchor: &Anchor<'_>) {
        self.home = Some(Home::of(anchor));
        if let State::Waiting = self.state {
            self.start();
        }
    }

    fn woken(&mut self, occasion: Occasion) -> Response {
        if occasion != Occasion::Due {
            return Response::DONE;
        }
        self.tick();
        Response::emit(&self.timeout)
    }

    /// Arms the timer for its next tick, before the slots of this one run.
    #[inline]
    fn tick(&mut self) {
        if self.single_shot {
            // A timer that has fired is no longer armed.
            self.state = State::Stopped;
        } else if let (State::Armed(beat), Some(timer), Some(home)) =
            (&mut self.state, self.timer, &self.home)
        {
            home.timers.tick(timer, self.pace, beat);
        }
    }
}

impl Default for QTimer {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for QTimer {
    fn drop(&mut self) {
        if let (Some(timer), Some(home)) = (self.timer, &self.home) {
            home.timers.disarm(timer);
        }
    }
}

impl fmt::Debug for QTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QTimer")
            .field("interval", &self.interval)
            .field("single_shot", &self.single_shot)
            .field("timer_type", &self.timer_type)
            .field("is_active", &self.is_active())
            .finish_non_exhaustive()
    }
}
