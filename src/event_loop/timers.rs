//! The timers of a runtime: the service that objects arm them with.

use std::cell::{OnceCell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use mio::Waker;

use super::clock::{Clock, saturating_add};
use super::inbox::Bell;
use super::remote::RemoteCall;
use super::timer_queue::{TimerKey, TimerQueue};
use crate::object::{ObjectKey, World};

/// What a timer does when it is due.
pub(crate) enum Alarm {
    /// Calls a function for an object, which rearms or disarms the timer itself.
    Ring(ObjectKey, fn(&mut World, ObjectKey)),
    /// Runs a closure, once.
    Call(Box<dyn FnOnce(&mut World)>),
}

/// The armed timers of one runtime and the clock that they go by.
pub(crate) struct Timers {
    clock: Rc<dyn Clock>,
    /// From here the shared moments of coarse timers are counted.
    epoch: Instant,
    queue: RefCell<TimerQueue<Alarm>>,
    /// What is due in this pass and not fired yet.
    due: RefCell<VecDeque<(TimerKey, u64)>>,
    /// Wakes somebody else's loop, which sleeps until the deadline that it knows.
    bell: OnceCell<Bell<RemoteCall, Waker>>,
}

impl Timers {
    pub(crate) fn new(clock: Rc<dyn Clock>) -> Self {
        let epoch = clock.now();
        let queue = RefCell::new(TimerQueue::new());
        Self { clock, epoch, queue, due: RefCell::default(), bell: OnceCell::new() }
    }

    /// Sets what is rung when a timer is armed while nobody's loop is awake.
    pub(super) fn set_bell(&self, bell: Bell<RemoteCall, Waker>) {
        self.bell.get_or_init(|| bell);
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The moment after `delay`; some age of the universe ahead if the clock cannot tell it.
    pub(crate) fn after(&self, delay: Duration) -> Instant {
        saturating_add(self.now(), delay)
    }

    /// The moment nearest to `nominal` that is a multiple of `grain` nanoseconds after the epoch,
    /// and so is shared with other timers; `nominal` itself for a grain of zero.
    #[inline]
    pub(crate) fn align(&self, nominal: Instant, grain: u64) -> Instant {
        if grain == 0 {
            return nominal;
        }
        // Nobody shares a moment that is centuries ahead.
        let Ok(since) = u64::try_from(nominal.saturating_duration_since(self.epoch).as_nanos())
        else {
            return nominal;
        };
        let shared = since.saturating_add(grain / 2) / grain * grain;
        self.epoch.checked_add(Duration::from_nanos(shared)).unwrap_or(nominal)
    }

    /// Arms a timer.
    pub(crate) fn arm(&self, deadline: Instant, alarm: Alarm) -> TimerKey {
        self.wake_for(deadline);
        self.queue.borrow_mut().arm(deadline, alarm)
    }

    /// Gives a timer another deadline.
    pub(crate) fn rearm(&self, timer: TimerKey, deadline: Instant) {
        self.wake_for(deadline);
        self.queue.borrow_mut().rearm(timer, deadline);
    }

    /// Wakes the loop if it sleeps on and would miss this deadline.
    #[inline]
    fn wake_for(&self, deadline: Instant) {
        if let Some(bell) = self.bell.get()
            && bell.loop_sleeps()
            && self.queue.borrow().would_be_next(deadline)
        {
            bell.ring();
        }
    }

    /// Keeps an alarm that has no deadline until somebody [takes](Self::take) or
    /// [disarms](Self::disarm) it.
    pub(super) fn keep(&self, alarm: Alarm) -> TimerKey {
        self.queue.borrow_mut().keep(self.now(), alarm)
    }

    /// Takes an alarm that was kept, unless it was disarmed.
    pub(super) fn take(&self, timer: TimerKey) -> Option<Alarm> {
        self.queue.borrow_mut().cancel(timer)
    }

    /// Disarms a timer and drops what it was to do; returns true if it was armed.
    pub(crate) fn disarm(&self, timer: TimerKey) -> bool {
        let alarm = self.queue.borrow_mut().cancel(timer);
        // Not under the borrow: what was captured may arm and disarm timers as it goes.
        alarm.is_some()
    }

    /// Returns when a timer is due, if it is armed.
    pub(crate) fn deadline(&self, timer: TimerKey) -> Option<Instant> {
        self.queue.borrow().deadline(timer)
    }

    /// When the next timer is due: now, if some are being fired.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        if self.due.borrow().is_empty() {
            self.queue.borrow_mut().next_deadline()
        } else {
            Some(self.now())
        }
    }

    /// Marks what is due for this pass. What is armed from now on waits for the next.
    pub(crate) fn begin_pass(&self) {
        self.queue.borrow_mut().collect_due(self.now(), &mut *self.due.borrow_mut());
    }

    /// Takes the next timer that is due in this pass.
    pub(crate) fn next_due(&self) -> Option<Alarm> {
        loop {
            let (timer, start) = self.due.borrow_mut().pop_front()?;
            let mut queue = self.queue.borrow_mut();
            match queue.still_due(timer, start) {
                Some(&mut Alarm::Ring(object, ring)) => return Some(Alarm::Ring(object, ring)),
                Some(Alarm::Call(_)) => return queue.cancel(timer),
                None => {}
            }
        }
    }
}

impl fmt::Debug for Timers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timers").finish_non_exhaustive()
    }
}

impl World {
    /// The timers of this runtime.
    pub(crate) fn timers(&self) -> Rc<Timers> {
        self.with_timers(Rc::clone)
    }

    /// Calls `f` with the timers of this runtime.
    pub(super) fn with_timers<O>(&self, f: impl FnOnce(&Rc<Timers>) -> O) -> O {
        let done = self.with_service(f);
        done.expect("a world is only ever made by a runtime, which hangs timers on it")
    }
}
