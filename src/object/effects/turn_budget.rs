//! Turns: how much of what is pending is carried out at a time, and what was put aside.
//!
//! Keeps three promises. What is pending is a stack, and comes out uppermost first. A turn that is
//! cut keeps its stack as it is, and for whom it was begun. And how much a turn may make is counted
//! in one place, whatever it does. It does not know what effects are; in which order everything is
//! carried out is in `delivery.rs`.

use std::collections::VecDeque;
use std::rc::Rc;

use super::effect::{Effect, Steps, discard_all};
use super::queue::Queue;
use crate::object::store::ObjectKey;

/// How many deliveries a turn outside the loop's passes makes before it is put aside. A delivery is
/// the call of a slot, or a step between them. More than anything that ends by itself needs in one
/// go, so that it is delivered when the call returns.
pub(in crate::object) const TURN_BUDGET: usize = 1 << 20;

/// How many deliveries what was put aside makes each time that it is gone on with, outside the
/// loop's passes. It mostly has no end, and others are to have theirs.
pub(in crate::object) const SLICE: usize = 1 << 14;

/// How many deliveries a turn in a pass of the loop makes in any case. A cascade of so many is
/// never cut, so nothing that comes later overtakes it.
pub(in crate::object) const CASCADE: usize = 1 << 10;

/// How many deliveries a turn makes that a posted call has begun, or a call of another thread,
/// until it holds up other calls no longer. At a microsecond each they wait for 66 ms. Fewer than
/// for an object, whose turn holds up that object alone: calls come from everybody, and a `quit`
/// may be among them.
const PATIENCE_OF_CALLS: usize = 1 << 16;

/// For whom the loop begins a turn. What comes from there later has to wait while the turn is put
/// aside, or it would overtake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Something has happened to an object: its source is ready, its timer is due, or its postponed
    /// work is.
    Object(ObjectKey),
    /// A call was posted.
    Posted,
    /// A call came from another thread.
    Remote,
}

impl Origin {
    /// How many deliveries a turn makes until it seems to have no end, and holds up nothing more.
    fn patience(self) -> usize {
        match self {
            Self::Object(_) => TURN_BUDGET,
            Self::Posted | Self::Remote => PATIENCE_OF_CALLS,
        }
    }
}

/// A turn that was put aside: what it has still to carry out, the next uppermost.
struct Suspended<W> {
    stack: Vec<Effect<W>>,
    /// `None` if the program around the loop has begun the turn, or a call after a delay.
    origin: Option<Origin>,
    /// How many deliveries it has made.
    made: usize,
}

/// Measures a pass of the loop, in which turns share what it may do.
pub(crate) trait Meter {
    /// Returns true if a turn may go on that has made so many deliveries since it was last asked
    /// for.
    fn may_go_on(&self, deliveries: usize) -> bool;
}

/// The turn that runs, and those that were put aside.
pub(in crate::object) struct Turns<W> {
    /// What is still to be carried out in this turn, the next uppermost.
    stack: Vec<Effect<W>>,
    /// Earlier turns that had used up what they were granted.
    suspended: VecDeque<Suspended<W>>,
    /// For whom the loop begins turns just now.
    origin: Option<Origin>,
    /// How many deliveries this turn has made of what it was granted.
    spent: usize,
    /// How many deliveries this turn may make until it asks the meter; none if the meter has
    /// refused more.
    granted: usize,
    /// How many a turn may make at first.
    grant: usize,
    /// Tells whether a turn may make more, while the loop makes a pass.
    meter: Option<Rc<dyn Meter>>,
}

impl<W: Steps + 'static> Turns<W> {
    pub(in crate::object) fn new() -> Self {
        Self {
            stack: Vec::new(),
            suspended: VecDeque::new(),
            origin: None,
            spent: 0,
            granted: TURN_BUDGET,
            grant: TURN_BUDGET,
            meter: None,
        }
    }

    /// Lets turns share the loop's passes, which `meter` measures.
    pub(in crate::object) fn begin_passes(&mut self, meter: Rc<dyn Meter>) {
        self.meter = Some(meter);
        self.grant = CASCADE;
    }

    /// Lets turns go by their own count again.
    pub(in crate::object) fn end_passes(&mut self) {
        self.meter = None;
        self.grant = TURN_BUDGET;
    }

    /// Notes for whom turns are begun from now on.
    pub(in crate::object) fn set_origin(&mut self, origin: Option<Origin>) {
        self.origin = origin;
    }

    /// Notes that a turn begins.
    #[inline]
    pub(in crate::object) fn begin(&mut self) {
        (self.spent, self.granted) = (0, self.grant);
    }

    /// Notes that the turn which has begun goes on with the one that was put aside first, for so
    /// many deliveries.
    pub(in crate::object) fn resume(&mut self, stack: Vec<Effect<W>>, granted: usize) {
        (self.stack, self.granted) = (stack, granted);
    }

    /// Takes the turn that was put aside first: its stack, for whom it was begun, and how many
    /// deliveries it has made.
    pub(in crate::object) fn take_suspended(
        &mut self,
        queue: &Queue<W>,
    ) -> Option<(Vec<Effect<W>>, Option<Origin>, usize)> {
        let Suspended { stack, origin, made } = self.suspended.pop_front()?;
        queue.set_backlog(!self.suspended.is_empty());
        Some((stack, origin, made))
    }

    /// Returns how many turns were put aside.
    pub(in crate::object) fn suspended(&self) -> usize {
        self.suspended.len()
    }

    /// Puts what the turn did not come to behind the others that were put aside, with the number of
    /// deliveries that it has made.
    #[cold]
    pub(in crate::object) fn put_aside(&mut self, queue: &Queue<W>, made: usize) {
        queue.move_to(&mut self.stack);
        let (stack, origin) = (std::mem::take(&mut self.stack), self.origin);
        self.suspended.push_back(Suspended { stack, origin, made });
        queue.set_backlog(true);
        queue.ring();
    }

    /// Returns true if a turn of this origin was put aside, so that what comes from there has to
    /// wait. A turn that seems to have no end holds up nothing.
    #[inline]
    pub(in crate::object) fn is_held_up(&self, origin: Origin) -> bool {
        !self.suspended.is_empty() && self.holds_up(origin)
    }

    /// Returns true if a turn of this object was put aside: see [`is_held_up`](Self::is_held_up).
    #[inline]
    pub(in crate::object) fn is_object_held_up(&self, object: ObjectKey) -> bool {
        !self.suspended.is_empty() && self.holds_up_object(object)
    }

    #[cold]
    fn holds_up_object(&self, object: ObjectKey) -> bool {
        self.holds_up(Origin::Object(object))
    }

    #[cold]
    fn holds_up(&self, origin: Origin) -> bool {
        let mut turns = self.suspended.iter();
        turns.any(|turn| turn.origin == Some(origin) && turn.made < origin.patience())
    }

    /// Counts deliveries of this turn.
    #[inline]
    pub(in crate::object) fn spend(&mut self, deliveries: usize) {
        self.spent += deliveries;
    }

    /// Returns how many deliveries this turn has made since it began, or last asked for more.
    pub(in crate::object) fn spent(&self) -> usize {
        self.spent
    }

    /// Returns how many deliveries the last turn has made of which the meter does not know, and
    /// takes them for told.
    pub(in crate::object) fn take_spent(&mut self) -> usize {
        self.granted = self.grant;
        std::mem::take(&mut self.spent)
    }

    /// Returns true if this turn has used up what it was granted.
    #[inline]
    pub(in crate::object) fn is_used_up(&self) -> bool {
        self.spent >= self.granted
    }

    /// Returns true if the pass of the loop leaves time for more of this turn, which gets it
    /// granted.
    #[cold]
    pub(in crate::object) fn ask_for_more(&mut self) -> bool {
        let spent = std::mem::take(&mut self.spent);
        let goes_on = self.meter.as_ref().is_some_and(|meter| meter.may_go_on(spent));
        self.granted = if goes_on { CASCADE } else { 0 };
        goes_on
    }

    /// Returns the next effect of all.
    #[inline]
    pub(in crate::object) fn next(&mut self, queue: &Queue<W>) -> Option<Effect<W>> {
        queue.next(&mut self.stack)
    }

    /// Returns true if something is on the stack.
    #[inline]
    pub(in crate::object) fn has_rest(&self) -> bool {
        !self.stack.is_empty()
    }

    /// Puts an effect on the stack, to be carried out after what is recorded now.
    pub(in crate::object) fn push(&mut self, effect: Effect<W>) {
        self.stack.push(effect);
    }

    /// Takes the effect off the stack that was put there last.
    pub(in crate::object) fn pop(&mut self) -> Option<Effect<W>> {
        self.stack.pop()
    }

    /// Drops everything.
    pub(in crate::object) fn clear(&mut self) {
        let suspended = std::mem::take(&mut self.suspended);
        let suspended = suspended.into_iter().flat_map(|turn| turn.stack);
        discard_all(std::mem::take(&mut self.stack).into_iter().chain(suspended));
    }
}

#[cfg(test)]
mod tests {
    use super::super::queue::tests::note;
    use super::*;

    #[test]
    fn a_turn_that_was_put_aside_comes_back_as_it_was() {
        let (queue, mut turns) = (Queue::new(), Turns::new());
        let origin = Origin::Object(ObjectKey::default());
        turns.set_origin(Some(origin));
        turns.push(note(3));
        queue.record(note(1));
        queue.record(note(2));
        turns.put_aside(&queue, 7);
        turns.set_origin(None);
        assert!(turns.is_held_up(origin) && !turns.is_held_up(Origin::Posted));
        assert!(!turns.has_rest() && !queue.has_recorded() && !queue.is_idle());
        let (stack, from, made) = turns.take_suspended(&queue).unwrap();
        assert_eq!((from, made), (Some(origin), 7));
        assert!(queue.is_idle() && !turns.is_held_up(origin));
        turns.resume(stack, 10);
        let mut heard = Vec::new();
        while let Some(effect) = turns.next(&queue) {
            effect.carry_out(&mut heard);
        }
        assert_eq!(heard, [1, 2, 3]);
    }

    #[test]
    fn a_turn_without_end_holds_up_nothing() {
        let (queue, mut turns) = (Queue::new(), Turns::<Vec<u32>>::new());
        turns.set_origin(Some(Origin::Posted));
        turns.put_aside(&queue, PATIENCE_OF_CALLS);
        assert!(!turns.is_held_up(Origin::Posted));
    }

    #[test]
    fn outside_a_pass_a_turn_gets_its_budget_and_no_more() {
        let mut turns = Turns::<Vec<u32>>::new();
        turns.begin();
        turns.spend(TURN_BUDGET - 1);
        assert!(!turns.is_used_up());
        turns.spend(1);
        assert!(turns.is_used_up() && !turns.ask_for_more() && turns.is_used_up());
    }
}
