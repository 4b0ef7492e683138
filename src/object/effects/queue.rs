//! The queue: what running methods did that others are to notice.
//!
//! Keeps two promises. What is recorded comes out in the order in which it was written, and before
//! what was recorded earlier in the methods around it. Recording, posting or postponing something
//! while the loop sleeps wakes the loop. The queue knows nothing of what is recorded but how to
//! have it carried out, and nothing of the world (`W`) in which that happens.
//!
//! Every signal of a runtime holds on to the queue, so that emitting needs no context. When what is
//! recorded is carried out is in `delivery.rs`.

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

/// How often the queue is cleared at its end at most: captures may emit without end.
const MOST_CLEARINGS: usize = 1000;

/// What the loop is to wake an object for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::object) enum Postponed {
    /// Work of its own, which it put off.
    Work,
    /// The answer to something that it asked another thread for.
    Answer,
}

bitflags! {
    /// What runs and what waits. If it is nothing, an effect may be immediate.
    #[derive(Clone, Copy, PartialEq, Eq)]
    struct Status: u8 {
        /// A turn is running, which will come for what is recorded.
        const IN_TURN = 1;
        /// There are effects.
        const RECORDED = 2;
        /// There is more than one.
        const SEVERAL = 4;
        /// Earlier turns left something undelivered.
        const BACKLOG = 8;
        /// An emission of this turn met a dead connection, and nobody has swept it yet.
        const MET_DEAD = 16;
        /// A constructor runs, and no turn.
        const CONSTRUCTING = 32;
        /// There is an observer.
        const OBSERVED = 64;
        /// The observer has been told of an emission of this turn, or of what is recorded for it.
        const TOLD = 128;
    }
}

/// Collects effects and posted calls.
pub(in crate::object) struct Queue<W: Observed> {
    /// Looked at before every emission and after every slot.
    status: Cell<Status>,
    /// The effects in the order in which they were recorded: mostly one or two.
    first: Cell<Option<Effect<W>>>,
    second: Cell<Option<Effect<W>>>,
    others: RefCell<Vec<Effect<W>>>,
    /// What was posted for a later pass of the loop.
    posted: RefCell<VecDeque<Effect<W>>>,
    /// The objects that are to be woken by the loop, in the order in which that was asked for, and
    /// what for.
    postponed: RefCell<Vec<(ObjectKey, Postponed)>>,
    /// The closures among the effects.
    calls: Calls,
    /// The loop is awake, so that it looks by itself.
    loop_is_awake: Cell<bool>,
    /// Wakes a loop that sleeps.
    bell: OnceCell<Box<dyn Fn()>>,
    /// Looks on. Kept here, since every signal reaches the queue.
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

    /// Keeps a closure and returns the effect that calls it.
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
        // There is nothing to drop, which the compiler cannot know.
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

    /// Returns the next effect of all: the first that was recorded, or else the uppermost of
    /// `stack`. What else was recorded moves there, first recorded uppermost.
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

    /// Moves what was recorded to the top of `stack`, first recorded uppermost.
    #[cold]
    pub(super) fn move_to(&self, stack: &mut Vec<Effect<W>>) {
        self.move_others_to(stack);
        stack.extend(self.first.take());
        self.set(Status::RECORDED | Status::SEVERAL, false);
    }

    #[inline(never)]
    fn move_others_to(&self, stack: &mut Vec<Effect<W>>) {
        let mut others = self.others.borrow_mut();
        while let Some(effect) = others.pop() {
            stack.push(effect);
        }
        if let Some(second) = self.second.take() {
            stack.push(second);
        }
    }

    pub(in crate::object) fn post(&self, call: Effect<W>) {
        self.posted.borrow_mut().push_back(call);
        // Also in a turn, since that may be one which no pass of the loop has begun.
        self.ring();
    }

    pub(in crate::object) fn posted(&self) -> usize {
        self.posted.borrow().len()
    }

    pub(in crate::object) fn next_posted(&self) -> Option<Effect<W>> {
        self.posted.borrow_mut().pop_front()
    }

    /// Makes the loop wake an object.
    #[inline]
    pub(in crate::object) fn postpone(&self, object: ObjectKey, what: Postponed) {
        self.postponed.borrow_mut().push((object, what));
        self.ring();
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

    /// Returns true if a turn is running that left nothing to see to, nor did earlier turns, and
    /// nobody looks on.
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

    /// Notes that a constructor begins. Returns true if no other method runs, so that its
    /// [end](Self::end_constructor) has to be told.
    #[inline]
    pub(in crate::object) fn begin_constructor(&self) -> bool {
        let is_outermost = !self.is_running();
        if is_outermost {
            self.set(Status::CONSTRUCTING, true);
        }
        is_outermost
    }

    /// Notes that the constructor has ended that began while no other method ran.
    #[inline]
    pub(in crate::object) fn end_constructor(&self) {
        self.set(Status::CONSTRUCTING, false);
    }

    #[inline]
    pub(in crate::object) fn begin_turn(&self) {
        self.set(Status::IN_TURN, true);
    }

    /// Ends the turn. Returns true if it has left something that was recorded.
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

    /// Notes that the observer is told of an emission. Returns true if it is the first of this
    /// turn. What is emitted outside any turn counts to the next.
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
        // By the status, since every object asks as it comes and goes, and mostly there is none.
        if self.is_observed() { self.kept_observer() } else { None }
    }

    #[cold]
    fn kept_observer(&self) -> Option<Rc<dyn Observer<W>>> {
        self.observer.borrow().clone()
    }

    /// Lets another observer look on, or nobody.
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

    /// Sets what is called when something is posted or postponed, or is recorded while no turn
    /// runs.
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

    /// Drops everything, so that nothing keeps the runtime's parts alive in a circle.
    pub(in crate::object) fn clear(&self) {
        self.set_observer(None);
        // More than once, since what was captured may emit and post as it is dropped.
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

    /// What has been carried out.
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
