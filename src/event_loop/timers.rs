//! The timers of a runtime: the service that objects arm them with.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::clock::{Clock, saturating_add};
use super::timer_queue::{TimerKey, TimerQueue};
use crate::object::{Context, Obj, ObjectKey, QObject, Slot, World};

/// What a timer does when it is due.
pub(crate) enum Alarm {
    /// Calls a function for an object, which rearms or disarms the timer itself.
    Ring(ObjectKey, fn(&mut World, ObjectKey)),
    /// Runs a closure, once.
    Call(Box<dyn FnOnce(&mut World)>),
}

/// The steps, in milliseconds, between the moments at which coarse timers meet.
const GRAINS: [u64; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/// The armed timers of one runtime and the clock that they go by.
pub(crate) struct Timers {
    clock: Rc<dyn Clock>,
    /// From here the shared moments of coarse timers are counted.
    epoch: Instant,
    queue: RefCell<TimerQueue<Alarm>>,
    /// What is due in this pass and not fired yet.
    due: RefCell<VecDeque<(TimerKey, u64)>>,
}

impl Timers {
    pub(crate) fn new(clock: Rc<dyn Clock>) -> Self {
        let epoch = clock.now();
        Self { clock, epoch, queue: RefCell::new(TimerQueue::new()), due: RefCell::default() }
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

    /// The moment nearest to `nominal` that timers share, no further from it than `tolerance`.
    pub(crate) fn align(&self, nominal: Instant, tolerance: Duration) -> Instant {
        if tolerance.is_zero() {
            return nominal;
        }
        let mut shared = GRAINS.iter().rev().map(|&millis| Duration::from_millis(millis));
        let Some(grain) = shared.find(|&grain| grain <= tolerance * 2) else {
            return nominal;
        };
        let since = nominal.saturating_duration_since(self.epoch) + grain / 2;
        let past = Duration::from_nanos((since.as_nanos() % grain.as_nanos()) as u64);
        self.epoch.checked_add(since.saturating_sub(past)).unwrap_or(nominal)
    }

    pub(crate) fn arm(&self, deadline: Instant, alarm: Alarm) -> TimerKey {
        self.queue.borrow_mut().arm(deadline, alarm)
    }

    pub(crate) fn rearm(&self, timer: TimerKey, deadline: Instant) {
        self.queue.borrow_mut().rearm(timer, deadline);
    }

    pub(crate) fn disarm(&self, timer: TimerKey) {
        let alarm = self.queue.borrow_mut().cancel(timer);
        drop(alarm);
    }

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

/// Waiting without an object.
impl World {
    /// Calls a slot once, after a delay. Nothing happens if the receiver is gone by then.
    ///
    /// A delay of zero is a call in the next turn of the loop, in order with what was posted.
    ///
    /// # Panics
    ///
    /// Panics if the receiver's handle is of another runtime.
    #[doc(alias = "singleShot")]
    #[track_caller]
    pub fn single_shot<R, F, Form>(&mut self, delay: Duration, receiver: Obj<R>, slot: F)
    where
        R: QObject,
        F: Slot<R, (), Form>,
        Form: 'static,
    {
        assert!(self.own(receiver).is_some(), "{receiver:?} is a handle of another runtime");
        self.single_shot_fn(delay, move |world| {
            world.call_slot(receiver, slot, &());
        });
    }

    /// Runs a closure once, after a delay.
    ///
    /// A delay of zero is a call in the next turn of the loop, in order with what was posted.
    ///
    /// ```
    /// use std::time::Duration;
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::with_clock(slotwire::VirtualClock::new())?;
    /// rt.single_shot_fn(Duration::from_secs(5), |world| world.exit(7));
    /// assert_eq!(rt.exec()?, 7);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "singleShot")]
    pub fn single_shot_fn(&mut self, delay: Duration, call: impl FnOnce(&mut Self) + 'static) {
        if delay.is_zero() {
            return self.post(call);
        }
        let timers = self.timers();
        timers.arm(timers.after(delay), Alarm::Call(Box::new(call)));
    }

    /// The timers of this runtime.
    pub(crate) fn timers(&self) -> Rc<Timers> {
        self.service().expect("a world is only ever made by a runtime, which hangs timers on it")
    }
}

impl<T: QObject> Context<'_, T> {
    /// Calls a slot once, after a delay: [`World::single_shot`].
    ///
    /// Here so that `cx.this()` may stand among the arguments.
    pub fn single_shot<R, F, Form>(&mut self, delay: Duration, receiver: Obj<R>, slot: F)
    where
        R: QObject,
        F: Slot<R, (), Form>,
        Form: 'static,
    {
        let world: &mut World = self;
        world.single_shot(delay, receiver, slot);
    }
}
