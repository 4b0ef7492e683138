//! Turns: how many effects are carried out at a time, and the turns that were put aside.
//!
//! Keeps three promises. What a turn still has to do is a stack, and the uppermost effect comes out
//! first. A turn that is put aside keeps its stack and its origin. And the deliveries of a turn are
//! counted in one place, whatever kind they are. `delivery.rs` decides in which order everything is
//! carried out.

use std::collections::VecDeque;
use std::rc::Rc;

use super::effect::{Effect, Steps, discard_all};
use super::queue::Queue;
use crate::object::store::{ObjectKey, TaskKey};

/// The number of deliveries that a turn outside the loop's passes makes before it is put aside. A
/// delivery is the call of a slot, or a step. Large enough for everything that ends by itself,
/// which is thus delivered before the call returns.
pub(in crate::object) const TURN_BUDGET: usize = 1 << 20;

/// The number of deliveries that a turn which was put aside makes each time that it goes on outside
/// the loop's passes. In most cases such a turn is endless, and other turns must go on too.
pub(in crate::object) const SLICE: usize = 1 << 14;

/// The number of deliveries that a turn in a pass of the loop always makes. A cascade, which has no
/// more, is never cut, so nothing that comes later overtakes it.
pub(in crate::object) const CASCADE: usize = 1 << 10;

/// The number of deliveries after which a turn no longer holds up posted calls or calls from other
/// threads, if it was begun by one. At a microsecond each, the other calls wait for 66 ms. Fewer
/// than for a turn of an object, which holds up that object alone: calls come from everywhere, and
/// one of them may be a `quit`.
const PATIENCE_OF_CALLS: usize = 1 << 16;

/// The cause for which the loop begins a turn. While the turn is put aside, later turns of the same
/// origin must wait, or they would overtake it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An object was woken: its source is ready, its timer is due, or it postponed work.
    Object(ObjectKey),
    /// A task was polled, and has reached the world.
    Task(TaskKey),
    /// A call was posted.
    Posted,
    /// A call came from another thread.
    Remote,
}

impl Origin {
    /// Returns the number of deliveries after which a turn of this origin seems endless, and holds
    /// up nothing more.
    fn patience(self) -> usize {
        match self {
            Self::Object(_) | Self::Task(_) => TURN_BUDGET,
            Self::Posted | Self::Remote => PATIENCE_OF_CALLS,
        }
    }
}

/// A turn that was put aside: what it still has to carry out, the next effect uppermost.
struct Suspended<W> {
    stack: Vec<Effect<W>>,
    /// `None` if the program around the loop began the turn, or a call after a delay.
    origin: Option<Origin>,
    /// The number of deliveries that it has made.
    made: usize,
}

/// Measures a pass of the loop, whose allowance the turns share.
pub(crate) trait Meter {
    /// Counts the deliveries that a turn has made since the last call. Returns true if the turn may
    /// go on.
    fn may_go_on(&self, deliveries: usize) -> bool;
}

/// The turn that runs, and the turns that were put aside.
pub(in crate::object) struct Turns<W> {
    /// What this turn still has to carry out, the next effect uppermost.
    stack: Vec<Effect<W>>,
    /// The turns that were put aside, the oldest first.
    suspended: VecDeque<Suspended<W>>,
    /// The origin of the turns that the loop begins now.
    origin: Option<Origin>,
    /// The number of deliveries that this turn has made of its grant.
    spent: usize,
    /// The number of deliveries that this turn may make before it asks the meter; 0 if the meter
    /// has refused more.
    granted: usize,
    /// The number of deliveries that each turn is granted when it begins: [`CASCADE`] while the loop
    /// makes passes, and otherwise [`TURN_BUDGET`].
    grant: usize,
    /// Decides if a turn may make more deliveries, while the loop makes passes.
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

    /// Sets what measures the passes of the loop.
    pub(in crate::object) fn set_meter(&mut self, meter: Rc<dyn Meter>) {
        self.meter = Some(meter);
    }

    /// Makes turns share the allowance of the loop's passes, which the meter measures.
    #[inline]
    pub(in crate::object) fn begin_passes(&mut self) {
        self.grant = CASCADE;
    }

    /// Makes turns count their deliveries by themselves again.
    #[inline]
    pub(in crate::object) fn end_passes(&mut self) {
        self.grant = TURN_BUDGET;
    }

    /// Sets the origin of the turns that begin from now on.
    pub(in crate::object) fn set_origin(&mut self, origin: Option<Origin>) {
        self.origin = origin;
    }

    /// Takes note that a turn begins.
    #[inline]
    pub(in crate::object) fn begin(&mut self) {
        (self.spent, self.granted) = (0, self.grant);
    }

    /// Makes the turn that has begun go on with the stack of one that was put aside, for `granted`
    /// deliveries.
    pub(in crate::object) fn resume(&mut self, stack: Vec<Effect<W>>, granted: usize) {
        (self.stack, self.granted) = (stack, granted);
    }

    /// Takes the turn that was put aside first: its stack, its origin, and the number of deliveries
    /// that it has made.
    pub(in crate::object) fn take_suspended(
        &mut self,
        queue: &Queue<W>,
    ) -> Option<(Vec<Effect<W>>, Option<Origin>, usize)> {
        let Suspended { stack, origin, made } = self.suspended.pop_front()?;
        queue.set_backlog(!self.suspended.is_empty());
        Some((stack, origin, made))
    }

    /// Returns the number of turns that were put aside.
    pub(in crate::object) fn suspended(&self) -> usize {
        self.suspended.len()
    }

    /// Puts the rest of the turn aside, behind the others, with the number of deliveries that it
    /// has made.
    #[cold]
    pub(in crate::object) fn put_aside(&mut self, queue: &Queue<W>, made: usize) {
        queue.move_to(&mut self.stack);
        let (stack, origin) = (std::mem::take(&mut self.stack), self.origin);
        self.suspended.push_back(Suspended { stack, origin, made });
        queue.set_backlog(true);
        queue.ring();
    }

    /// Returns true if a turn of this origin was put aside, so that the origin must wait. A turn
    /// that seems endless holds up nothing.
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

    /// Returns the number of deliveries that this turn has made since it began or last asked for
    /// more.
    pub(in crate::object) fn spent(&self) -> usize {
        self.spent
    }

    /// Returns how many deliveries of the last turn the meter has not counted yet. They are taken
    /// as counted from now on.
    pub(in crate::object) fn take_spent(&mut self) -> usize {
        self.granted = self.grant;
        std::mem::take(&mut self.spent)
    }

    /// Returns true if this turn has used up its grant.
    #[inline]
    pub(in crate::object) fn is_used_up(&self) -> bool {
        self.spent >= self.granted
    }

    /// Asks the meter for more deliveries, and grants them to this turn. Returns false if the meter
    /// refuses.
    #[cold]
    pub(in crate::object) fn ask_for_more(&mut self) -> bool {
        let spent = std::mem::take(&mut self.spent);
        let meter = self.meter.as_ref().filter(|_| self.grant == CASCADE);
        let goes_on = meter.is_some_and(|meter| meter.may_go_on(spent));
        self.granted = if goes_on { CASCADE } else { 0 };
        goes_on
    }

    /// Returns the next effect.
    #[inline]
    pub(in crate::object) fn next(&mut self, queue: &Queue<W>) -> Option<Effect<W>> {
        queue.next(&mut self.stack)
    }

    /// Returns true if something is on the stack.
    #[inline]
    pub(in crate::object) fn has_rest(&self) -> bool {
        !self.stack.is_empty()
    }

    /// Puts an effect on the stack. It is carried out after what is recorded now.
    pub(in crate::object) fn push(&mut self, effect: Effect<W>) {
        self.stack.push(effect);
    }

    /// Removes the uppermost effect from the stack and returns it.
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
