//! The timers of a runtime, and arming them.
//!
//! Keeps one promise: nothing fires before its interval has passed on the clock since it was
//! started, except as far as its type allows. So a start always reads the clock, since the slot
//! that starts the timer may have run for long. The ticks of a repeating timer are at multiples of
//! the interval in any case, so they use the last reading of the clock in this pass: when the loop
//! began to fire timers, or after one of them.
//!
//! Inside, times are [moments](super::moment) of an era. No moment is kept outside this file and
//! the queue, since the next reading of the clock may begin another era.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use mio::Waker;

use super::moment::{Era, Moment, nanos};
use super::tick_times::{Beat, Pace};
use super::timer_queue::TimerQueue;
use super::timer_slots::TimerKey;
use crate::event_loop::clock::{Clock, saturating_add};
use crate::event_loop::threads::Bell;
use crate::object::{KeptCall, ObjectKey, World};

/// What a timer does when it is due.
pub(in crate::event_loop) enum Alarm {
    /// Wakes an object, which rearms or disarms the timer itself.
    Wake(ObjectKey),
    /// Runs a closure, once.
    Call(KeptCall<World>),
}

/// What to do for a timer that is due.
pub(in crate::event_loop) enum Due {
    /// Wake the object.
    Wake(ObjectKey),
    /// [Take](Timers::take_call) the call of this timer and make it.
    Call(TimerKey),
}

/// The armed timers of one runtime, and its clock.
pub(crate) struct Timers {
    clock: Rc<dyn Clock>,
    /// Converts the moments of the queue.
    era: Cell<Era>,
    /// The last reading. If the clock stands still while slots run, the reading is converted only
    /// once.
    read: Cell<(Instant, Moment)>,
    queue: RefCell<TimerQueue<Alarm>>,
    /// The present moment for ticks. `None` if the clock must be read again.
    pass: Cell<Option<Moment>>,
    /// Wakes a loop around this one, which sleeps until the deadline that it knows.
    bell: Bell<Waker>,
}

impl Timers {
    pub(in crate::event_loop) fn new(clock: Rc<dyn Clock>, bell: Bell<Waker>) -> Self {
        let began = clock.now();
        Self {
            clock,
            era: Cell::new(Era::new(began)),
            read: Cell::new((began, Era::BEGIN)),
            queue: RefCell::new(TimerQueue::new()),
            pass: Cell::new(None),
            bell,
        }
    }

    pub(crate) fn clock(&self) -> &Rc<dyn Clock> {
        &self.clock
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Returns the date on the clock.
    pub(crate) fn system_time(&self) -> SystemTime {
        self.clock.system_time()
    }

    /// Returns the time after `delay`, or a time very far ahead if the clock cannot hold that.
    pub(crate) fn after(&self, delay: Duration) -> Instant {
        saturating_add(self.now(), delay)
    }

    /// Arms a timer that wakes an object at `deadline`.
    pub(crate) fn arm(&self, deadline: Instant, object: ObjectKey) -> TimerKey {
        self.arm_for(deadline, Alarm::Wake(object))
    }

    /// Arms a timer that makes a call at `deadline`, once.
    pub(crate) fn arm_call(&self, deadline: Instant, call: KeptCall<World>) -> TimerKey {
        self.arm_for(deadline, Alarm::Call(call))
    }

    fn arm_for(&self, deadline: Instant, alarm: Alarm) -> TimerKey {
        // Another era may begin here; the deadline is converted afterwards.
        self.present();
        self.arm_at(self.era.get().moment(deadline), alarm)
    }

    /// Arms a timer that is due after `delay`.
    pub(in crate::event_loop) fn arm_after(&self, delay: Duration, alarm: Alarm) -> TimerKey {
        self.arm_at(self.present().0.after(nanos(delay)), alarm)
    }

    fn arm_at(&self, due: Moment, alarm: Alarm) -> TimerKey {
        self.wake_for(due);
        self.queue.borrow_mut().arm(due, alarm)
    }

    /// Starts a timer that wakes an object at a pace, or restarts it if it is armed or parked.
    #[inline]
    pub(in crate::event_loop) fn start(
        &self,
        object: ObjectKey,
        timer: Option<TimerKey>,
        pace: Pace,
    ) -> (TimerKey, Beat) {
        let (now, started) = self.present();
        let (due, beat) = pace.first(now, started);
        self.wake_for(due);
        let mut queue = self.queue.borrow_mut();
        let key = match timer {
            Some(key) => {
                queue.rearm(key, |_| due);
                key
            }
            None => queue.arm(due, Alarm::Wake(object)),
        };
        (key, beat)
    }

    /// Arms a timer that fires in this pass for its next tick.
    #[inline]
    pub(in crate::event_loop) fn tick(&self, timer: TimerKey, pace: Pace, beat: &mut Beat) {
        let now = self.pass.get().unwrap_or_else(|| self.begin_ticks());
        // No loop sleeps in the middle of a pass, so none must be woken.
        self.queue
            .borrow_mut()
            .rearm(timer, |due| pace.next(beat, due, now, || self.era.get().instant(now)));
    }

    /// Wakes the loop if it sleeps and would miss this moment.
    #[inline]
    fn wake_for(&self, due: Moment) {
        if self.bell.loop_sleeps() {
            self.wake_sleeper_for(due);
        }
    }

    #[inline(never)]
    fn wake_sleeper_for(&self, due: Moment) {
        if self.queue.borrow().would_be_next(due) {
            self.bell.ring();
        }
    }

    /// Parks a timer: it does not fire until it is [started](Self::start) again.
    pub(in crate::event_loop) fn park(&self, timer: TimerKey) {
        self.queue.borrow_mut().rearm(timer, |_| Moment::NEVER);
    }

    /// Keeps an alarm that has no deadline until somebody [takes](Self::take_call) or
    /// [disarms](Self::disarm) it.
    pub(in crate::event_loop) fn keep(&self, alarm: Alarm) -> TimerKey {
        self.queue.borrow_mut().arm(Moment::NEVER, alarm)
    }

    /// Takes the call of a timer that is due or was kept, unless the timer was disarmed.
    #[inline]
    pub(in crate::event_loop) fn take_call(&self, timer: TimerKey) -> Option<KeptCall<World>> {
        match self.queue.borrow_mut().cancel(timer)? {
            Alarm::Call(call) => Some(call),
            Alarm::Wake(_) => None,
        }
    }

    /// Disarms a timer and drops its alarm. Returns true if the timer was armed.
    pub(crate) fn disarm(&self, timer: TimerKey) -> bool {
        let alarm = self.queue.borrow_mut().cancel(timer);
        // Dropped after the borrow has ended: captured values may arm and disarm timers when they
        // are dropped.
        alarm.is_some()
    }

    /// Disarms all timers and drops their alarms.
    pub(in crate::event_loop) fn clear(&self) {
        let alarms = self.queue.borrow_mut().drain();
        // Dropped after the borrow has ended: captured values may arm and disarm timers when they
        // are dropped.
        drop(alarms);
    }

    /// Returns true if the timer is armed, or kept.
    pub(in crate::event_loop) fn is_armed(&self, timer: TimerKey) -> bool {
        self.queue.borrow().due(timer).is_some()
    }

    /// Returns the time until a timer is due, if it is armed. Returns zero if it is overdue, and
    /// [`Duration::MAX`] if it is due centuries ahead.
    pub(in crate::event_loop) fn remaining(&self, timer: TimerKey) -> Option<Duration> {
        let (now, _) = self.present();
        match self.queue.borrow().due(timer)? {
            Moment::NEVER => Some(Duration::MAX),
            due => Some(due.since(now)),
        }
    }

    /// Returns when the next timer is due. Returns the present time if timers are being fired.
    pub(in crate::event_loop) fn next_deadline(&self) -> Option<Instant> {
        let mut queue = self.queue.borrow_mut();
        if queue.has_collected() {
            return Some(self.now());
        }
        queue.next_due().map(|due| self.era.get().instant(due))
    }

    /// Returns the time until the next timer is due. Returns zero if timers are being fired or
    /// overdue.
    pub(in crate::event_loop) fn until_due(&self) -> Option<Duration> {
        if self.queue.borrow().has_collected() {
            return Some(Duration::ZERO);
        }
        self.queue.borrow_mut().next_due()?;
        let (now, _) = self.present();
        // Read again, since another era may have begun.
        self.queue.borrow_mut().next_due().map(|due| due.since(now))
    }

    /// Collects the timers that are due in this pass. Timers that are armed from now on wait for
    /// the next pass. Returns true if there may be any.
    #[inline]
    pub(in crate::event_loop) fn begin_pass(&self) -> bool {
        if self.queue.borrow().is_idle() {
            return false;
        }
        let now = self.begin_ticks();
        let mut queue = self.queue.borrow_mut();
        queue.collect_due(now);
        queue.has_collected()
    }

    /// Returns true if something that was due when the pass began may be left.
    #[inline]
    pub(in crate::event_loop) fn has_due(&self) -> bool {
        self.queue.borrow().has_collected()
    }

    /// Makes the next tick of this pass read the clock, since time has passed since the last
    /// reading.
    pub(in crate::event_loop) fn time_passed(&self) {
        self.pass.set(None);
    }

    /// Reads the clock for the next ticks.
    fn begin_ticks(&self) -> Moment {
        let (now, _) = self.present();
        self.pass.set(Some(now));
        now
    }

    /// Takes the next timer that is due in this pass and whose object is not held up. Timers of
    /// objects that are held up stay due.
    #[inline]
    pub(in crate::event_loop) fn next_due(
        &self,
        is_held_up: impl Fn(ObjectKey) -> bool,
    ) -> Option<Due> {
        self.queue.borrow_mut().next_collected(|key, alarm| match *alarm {
            Alarm::Wake(object) => (!is_held_up(object)).then_some(Due::Wake(object)),
            Alarm::Call(_) => Some(Due::Call(key)),
        })
    }

    /// Reads the clock.
    #[inline]
    fn present(&self) -> (Moment, Instant) {
        let now = self.clock.now();
        let (before, moment) = self.read.get();
        if now == before { (moment, now) } else { (self.moment(now), now) }
    }

    /// Returns the moment of `now`. Begins another era if this one is over.
    #[inline(never)]
    fn moment(&self, now: Instant) -> Moment {
        let mut moment = self.era.get().moment(now);
        if Era::is_over(moment) {
            moment = self.begin_era(now);
        }
        self.read.set((now, moment));
        moment
    }

    /// Converts the timers to the era that begins now, and returns the present moment in it.
    #[cold]
    fn begin_era(&self, now: Instant) -> Moment {
        let (era, less) = self.era.get().next(now);
        self.queue.borrow_mut().shift_back(less);
        self.era.set(era);
        self.pass.set(None);
        era.moment(now)
    }
}

impl fmt::Debug for Timers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timers").finish_non_exhaustive()
    }
}
