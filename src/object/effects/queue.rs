//! The queue: the effects that running methods have recorded, and what was posted and postponed.
//!
//! Keeps two promises. Effects come out in the order in which they were recorded, and before the
//! effects of earlier methods that still wait on the stack. And recording, posting or postponing
//! something wakes the loop if it sleeps. The queue does not know what the effects do, or the world
//! (`W`) in which they are carried out.
//!
//! Every signal of a runtime has a reference to the queue, so emitting needs no context.
//! `delivery.rs` decides when effects are carried out.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use bitflags::bitflags;

use super::batch::Batch;
use super::call::Calls;
use super::effect::{Effect, Steps, discard_all};
use super::observer::{Observed, Observer};
use crate::object::store::ObjectKey;

/// The number of times at most that the queue is cleared at its end: captured values may emit
/// without end.
const MOST_CLEARINGS: usize = 1000;

/// What the loop must wake an object for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::object) enum Postponed {
    /// Work that the object postponed.
    Work,
    /// Work that the object does at the end of its wake-up, if it is being woken.
    FollowUp,
    /// An answer from another thread.
    Answer,
}

bitflags! {
    /// What runs and what waits. If no flag is set, an effect may be carried out at once.
    #[derive(Clone, Copy, PartialEq, Eq)]
    struct Status: u8 {
        /// A turn is running, which will carry out what is recorded.
        const IN_TURN = 1;
        /// There is an effect.
        const RECORDED = 2;
        /// There is more than one effect.
        const SEVERAL = 4;
        /// Turns were put aside.
        const BACKLOG = 8;
        /// An emission of this turn met a dead connection that nobody has swept yet.
        const MET_DEAD = 16;
        /// A constructor runs outside any turn.
        const CONSTRUCTING = 32;
        /// There is an observer.
        const OBSERVED = 64;
        /// The observer has got an emission of this turn, or one outside any turn that belongs to
        /// the next.
        const TOLD = 128;
    }
}

/// Collects effects and posted calls.
pub(in crate::object) struct Queue<W: Observed> {
    /// Read before every emission and after every slot.
    status: Cell<Status>,
    /// The effects in the order in which they were recorded: in most cases one or two.
    first: Cell<Option<Effect<W>>>,
    second: Cell<Option<Effect<W>>>,
    others: RefCell<Vec<Effect<W>>>,
    /// What was posted to a later pass of the loop.
    posted: RefCell<VecDeque<Effect<W>>>,
    /// The objects that the loop must wake, in the order in which that was asked for, and what for.
    postponed: RefCell<Vec<(ObjectKey, Postponed)>>,
    /// The closures among the effects.
    calls: Calls,
    /// True while the loop is awake: it looks at the queue before it sleeps, so no bell is needed.
    loop_is_awake: Cell<bool>,
    /// Wakes the loop if it sleeps.
    bell: OnceCell<Box<dyn Fn()>>,
    /// The observer. Kept here, since every signal can reach the queue.
    observer: RefCell<Option<Rc<dyn Observer<W>>>>,
}

impl<W: Steps + 'static> Queue<W> {
    pub(in crate::object) fn new() -> Rc<Self> {
        Rc::new(Self {
            status: Cell::new(Status::empty()),
            first: Cell::default(),
            second: Cell::default(),
            others: RefCell::default(),
            posted: RefCell::default(),
            postponed: RefCell::default(),
            calls: Calls::default(),
            loop_is_awake: Cell::new(false),
            bell: OnceCell::new(),
            observer: RefCell::new(None),
        })
    }

    /// Keeps a closure. Returns the effect that calls it.
    #[inline]
    pub(in crate::object) fn later(&self, call: impl FnOnce(&mut W) + 'static) -> Effect<W> {
        self.calls.keep(call)
    }

    #[inline]
    pub(in crate::object) fn record(&self, effect: Effect<W>) {
        let status = self.status.get();
        if status.contains(Status::RECORDED) {
            return self.record_beside(effect);
        }
        // The place is empty, which the compiler cannot know.
        std::mem::forget(self.first.replace(Some(effect)));
        self.status.set(status | Status::RECORDED);
        if !status.contains(Status::IN_TURN) {
            self.ring();
        }
    }

    #[inline(never)]
    fn record_beside(&self, effect: Effect<W>) {
        let status = self.status.get();
        if status.contains(Status::SEVERAL) {
            self.others.borrow_mut().push(effect);
        } else {
            std::mem::forget(self.second.replace(Some(effect)));
            self.status.set(status | Status::SEVERAL);
        }
        if !status.contains(Status::IN_TURN) {
            self.ring();
        }
    }

    #[inline]
    pub(in crate::object) fn has_recorded(&self) -> bool {
        self.status.get().contains(Status::RECORDED)
    }

    /// Returns the next effect: the first that was recorded, or the uppermost of `stack` if nothing
    /// was recorded. Moves the other recorded effects to the top of `stack`, the first recorded
    /// uppermost.
    #[inline]
    pub(in crate::object) fn next(&self, stack: &mut Vec<Effect<W>>) -> Option<Effect<W>> {
        let status = self.status.get();
        if !status.contains(Status::RECORDED) {
            return stack.pop();
        }
        if status.contains(Status::SEVERAL) {
            self.move_others_to(stack);
        }
        self.status.set(status - Status::RECORDED - Status::SEVERAL);
        self.first.take()
    }

    /// Moves what was recorded to the top of `stack`, the first recorded uppermost.
    #[cold]
    pub(super) fn move_to(&self, stack: &mut Vec<Effect<W>>) {
        self.move_others_to(stack);
        stack.extend(self.first.take());
        self.set(Status::RECORDED | Status::SEVERAL, false);
    }

    #[inline(never)]
    fn move_others_to(&self, stack: &mut Vec<Effect<W>>) {
        if !self.others.borrow().is_empty() {
            self.move_third_and_further_to(stack);
        }
        if let Some(second) = self.second.take() {
            stack.push(second);
        }
    }

    #[inline(never)]
    fn move_third_and_further_to(&self, stack: &mut Vec<Effect<W>>) {
        stack.extend(self.others.borrow_mut().drain(..).rev());
    }

    pub(in crate::object) fn post(&self, call: Effect<W>) {
        self.posted.borrow_mut().push_back(call);
        // In a turn as well, since it may be a turn outside any pass of the loop.
        self.ring();
    }

    pub(in crate::object) fn posted(&self) -> usize {
        self.posted.borrow().len()
    }

    pub(in crate::object) fn next_posted(&self) -> Option<Effect<W>> {
        self.posted.borrow_mut().pop_front()
    }

    /// Makes the loop wake an object.
    ///
    /// Inlined into the caller: most sockets postpone their sending once for each message.
    #[inline(always)]
    pub(in crate::object) fn postpone(&self, object: ObjectKey, what: Postponed) {
        self.postponed.borrow_mut().push((object, what));
        self.ring();
    }

    /// Takes back the wake-up that was asked for last, if it is this object's. Returns true if it was.
    #[inline]
    pub(in crate::object) fn take_back(&self, object: ObjectKey, what: Postponed) -> bool {
        let mut postponed = self.postponed.borrow_mut();
        let is_last = postponed.last().is_some_and(|last| *last == (object, what));
        if is_last {
            postponed.pop();
        }
        is_last
    }

    /// Returns true if the loop is to wake an object.
    #[inline]
    pub(in crate::object) fn has_postponed(&self) -> bool {
        !self.postponed.borrow().is_empty()
    }

    /// Moves the objects that the loop is to wake behind those that are in the batch.
    #[inline]
    pub(in crate::object) fn move_postponed(&self, batch: &mut Batch<(ObjectKey, Postponed)>) {
        let (mut postponed, batch) = (self.postponed.borrow_mut(), batch.arrivals());
        if batch.is_empty() {
            std::mem::swap(batch, &mut postponed);
        } else {
            batch.append(&mut postponed);
        }
    }

    /// Returns true if nothing runs and nothing waits, so that an effect may be immediate.
    #[inline]
    pub(in crate::object) fn is_idle(&self) -> bool {
        (self.status.get() - Status::OBSERVED - Status::TOLD).is_empty()
    }

    /// Returns true if a turn is running, and there is nothing else: no effect, no turn that was
    /// put aside, no dead connection to sweep, no observer.
    #[inline]
    pub(in crate::object) fn is_settled(&self) -> bool {
        self.status.get() == Status::IN_TURN
    }

    pub(super) fn set_backlog(&self, backlog: bool) {
        self.set(Status::BACKLOG, backlog);
    }

    #[inline]
    pub(in crate::object) fn in_turn(&self) -> bool {
        self.status.get().contains(Status::IN_TURN)
    }

    /// Returns true if a method runs, in a turn or as a constructor outside any.
    #[inline]
    pub(in crate::object) fn is_running(&self) -> bool {
        self.status.get().intersects(Status::IN_TURN | Status::CONSTRUCTING)
    }

    /// Takes note that a constructor begins. Returns true if no other method runs: then
    /// [`end_constructor`](Self::end_constructor) must be called.
    #[inline]
    pub(in crate::object) fn begin_constructor(&self) -> bool {
        let is_outermost = !self.is_running();
        if is_outermost {
            self.set(Status::CONSTRUCTING, true);
        }
        is_outermost
    }

    /// Takes note that a constructor has ended that began while no other method ran.
    #[inline]
    pub(in crate::object) fn end_constructor(&self) {
        self.set(Status::CONSTRUCTING, false);
    }

    #[inline]
    pub(in crate::object) fn begin_turn(&self) {
        self.set(Status::IN_TURN, true);
    }

    /// Ends the turn. Returns true if an effect is left.
    #[inline]
    pub(in crate::object) fn end_turn(&self) -> bool {
        let has_recorded = self.has_recorded();
        self.set(Status::IN_TURN | Status::MET_DEAD | Status::TOLD, false);
        has_recorded
    }

    pub(in crate::object) fn met_dead(&self) -> bool {
        self.status.get().contains(Status::MET_DEAD)
    }

    pub(in crate::object) fn set_met_dead(&self, met_dead: bool) {
        self.set(Status::MET_DEAD, met_dead);
    }

    /// Takes note that the observer gets an emission. Returns true if it is the first of its turn.
    /// An emission outside any turn belongs to the next turn.
    pub(in crate::object) fn note_told(&self) -> bool {
        let is_first = !self.status.get().contains(Status::TOLD);
        self.set(Status::TOLD, true);
        is_first
    }

    /// Returns true if there is an observer.
    #[inline]
    pub(in crate::object) fn is_observed(&self) -> bool {
        self.status.get().contains(Status::OBSERVED)
    }

    /// Returns the observer, if there is one.
    #[inline]
    pub(in crate::object) fn observer(&self) -> Option<Rc<dyn Observer<W>>> {
        // Checked by the status, since every object asks when it is added and removed, and in most
        // cases there is no observer.
        if self.is_observed() { self.kept_observer() } else { None }
    }

    #[cold]
    fn kept_observer(&self) -> Option<Rc<dyn Observer<W>>> {
        self.observer.borrow().clone()
    }

    /// Sets the observer, or removes it.
    pub(in crate::object) fn set_observer(&self, observer: Option<Rc<dyn Observer<W>>>) {
        self.set(Status::OBSERVED, observer.is_some());
        self.set(Status::TOLD, false);
        let before = self.observer.replace(observer);
        drop(before);
    }

    #[inline]
    fn set(&self, status: Status, on: bool) {
        let mut all = self.status.get();
        all.set(status, on);
        self.status.set(all);
    }

    /// Sets the function that is called when something is posted or postponed, or is recorded while
    /// no turn runs.
    pub(in crate::object) fn set_bell(&self, bell: Box<dyn Fn()>) {
        self.bell.get_or_init(|| bell);
    }

    /// Notes whether the loop is awake, so that it looks by itself at what waits here.
    #[inline]
    pub(in crate::object) fn set_loop_is_awake(&self, is_awake: bool) {
        self.loop_is_awake.set(is_awake);
    }

    /// Wakes the loop, unless it is awake.
    #[inline]
    pub(super) fn ring(&self) {
        if !self.loop_is_awake.get() {
            self.wake_loop();
        }
    }

    #[cold]
    fn wake_loop(&self) {
        if let Some(bell) = self.bell.get() {
            bell();
        }
    }

    /// Drops everything, so that no circle of references keeps the runtime's parts alive.
    pub(in crate::object) fn clear(&self) {
        self.set_observer(None);
        // More than once, since captured values may emit and post when they are dropped.
        for _ in 0..MOST_CLEARINGS {
            let mut effects = Vec::new();
            self.move_to(&mut effects);
            let posted = self.posted.take();
            self.postponed.take();
            if effects.is_empty() && posted.is_empty() {
                break;
            }
            discard_all(effects.into_iter().chain(posted));
        }
    }
}

impl<W: Observed> fmt::Debug for Queue<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("has_recorded", &self.status.get().contains(Status::RECORDED))
            .field("posted", &self.posted.borrow().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The numbers of the effects that were carried out.
    pub(in crate::object) type Heard = Vec<u32>;

    impl Observed for Heard {
        type Object = ();
        type Signal = ();
    }

    impl Steps for Heard {
        fn take_step(&mut self, _: ObjectKey, number: u32) {
            self.push(number);
        }
    }

    pub(in crate::object) fn note(number: u32) -> Effect<Heard> {
        Effect::Step { object: ObjectKey::default(), number }
    }

    fn carry_out_all(queue: &Queue<Heard>) -> Heard {
        let (mut heard, mut stack) = (Vec::new(), Vec::new());
        while let Some(effect) = queue.next(&mut stack) {
            effect.carry_out(&mut heard);
        }
        heard
    }

    #[test]
    fn effects_come_out_in_the_order_in_which_they_were_recorded() {
        for count in 0..6 {
            let queue = Queue::new();
            (0..count).for_each(|number| queue.record(note(number)));
            assert_eq!(carry_out_all(&queue), (0..count).collect::<Vec<_>>());
            assert!(queue.is_idle());
        }
    }

    #[test]
    fn what_an_effect_records_comes_before_the_effects_after_it() {
        let queue = Queue::new();
        let nested = queue.clone();
        queue.record(note(1));
        queue.record(queue.later(move |heard: &mut Heard| {
            heard.push(2);
            (21..24).for_each(|number| nested.record(note(number)));
        }));
        queue.record(note(3));
        assert_eq!(carry_out_all(&queue), [1, 2, 21, 22, 23, 3]);
    }

    #[test]
    fn what_is_put_aside_keeps_its_order() {
        let queue = Queue::new();
        (1..5).for_each(|number| queue.record(note(number)));
        let mut stack = vec![note(5)];
        queue.move_to(&mut stack);
        let mut heard = Vec::new();
        while let Some(effect) = stack.pop() {
            effect.carry_out(&mut heard);
        }
        assert_eq!(heard, [1, 2, 3, 4, 5]);
    }
}
