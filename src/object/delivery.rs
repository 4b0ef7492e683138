//! Delivery: the order in which things happen.
//!
//! Keeps two promises. Run to completion: a method is never interrupted; what it did is carried
//! out when it has returned. Depth first: what a slot did is carried out before the next slot of
//! the signal that called it. So a chain of slots runs in the order in which direct calls would
//! have run it.
//!
//! What is still to be done is a stack of [`Effect`]s, data and not native recursion. A turn
//! carries out a bounded number of them and puts the rest aside for a later turn.

use std::rc::Rc;

use super::audience::Audience;
use super::class::QObject;
use super::context::Context;
use super::handle::{Obj, ObjectKey, Target};
use super::recorder::Effect;
use super::signal::{Core, Signal, call_slots};
use super::slot::{Outcome, Slot};
use super::world::World;

/// How many deliveries a turn outside the loop's passes makes before it is put aside. A delivery is the
/// call of a slot, or a step between them. More than anything that ends by itself needs in one go, so
/// that it is delivered when the call returns.
pub(super) const TURN_BUDGET: usize = 1 << 20;

/// How many deliveries what was put aside makes each time that it is gone on with, outside the loop's
/// passes. It mostly has no end, and others are to have theirs.
const SLICE: usize = 1 << 14;

/// How many deliveries a turn in a pass of the loop makes in any case. A cascade of so many is never
/// cut, so nothing that comes later overtakes it.
pub(crate) const CASCADE: usize = 1 << 10;

/// How many deliveries a turn makes that a posted call has begun, or a call of another thread, until it
/// holds up other calls no longer. At a microsecond each they wait for 66 ms. Fewer than for an object,
/// whose turn holds up that object alone: calls come from everybody, and a `quit` may be among them.
const PATIENCE_OF_CALLS: usize = 1 << 16;

/// For whom the loop begins a turn. What comes from there later has to wait while the turn is put aside,
/// or it would overtake.
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
pub(super) struct Suspended {
    stack: Vec<Effect>,
    /// `None` if the program around the loop has begun the turn, or a call after a delay.
    origin: Option<Origin>,
    /// How many deliveries it has made.
    made: usize,
}

/// Measures a pass of the loop, in which turns share what it may do.
pub(crate) trait Meter {
    /// Returns true if a turn may go on that has made so many deliveries since it was last asked for.
    fn may_go_on(&self, deliveries: usize) -> bool;
}

impl World {
    /// Emits a signal of another object, as [`Signal::emit`] in a method of its own would: it is
    /// delivered when the running method has returned.
    ///
    /// Outside a method [`Runtime::emit`](crate::Runtime::emit) delivers it at once.
    ///
    /// # Panics
    ///
    /// Panics if the sender's handle is stale or of another runtime, or if the sender is busy: it
    /// emits by `self`.
    #[track_caller]
    pub fn emit<S: ?Sized + Target, A: 'static>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        argument: A,
    ) {
        signal(&self[sender]).emit(argument);
    }

    /// Posts a closure to be run in a later turn of the event loop, after what was posted before and what
    /// that has caused. Mostly that is the next turn; the [`Allowance`](crate::Allowance) of a turn says
    /// when it is not.
    #[doc(alias = "postEvent")]
    pub fn post(&mut self, call: impl FnOnce(&mut Self) + 'static) {
        self.recorder.post(Box::new(call));
    }

    /// Posts a call of a slot, to be made in a later turn of the event loop, as [`post`](Self::post)
    /// posts a closure.
    ///
    /// Nothing happens if the receiver is gone by then.
    ///
    /// ```
    /// # use slotwire::prelude::*;
    /// # #[derive(QObject, Default)]
    /// # struct Lamp { on: bool }
    /// #[slots]
    /// impl Lamp {
    ///     #[slot]
    ///     fn switch(&mut self, on: bool) {
    ///         self.on = on;
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// # let mut rt = Runtime::new()?;
    /// let lamp = rt.add(Lamp::default());
    /// rt.invoke(lamp, Lamp::switch, true);
    /// assert!(!rt[lamp].on);
    /// rt.process_events(Some(std::time::Duration::ZERO))?;
    /// assert!(rt[lamp].on);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "invokeMethod")]
    pub fn invoke<R, A, F, Form>(&mut self, receiver: Obj<R>, slot: F, argument: A)
    where
        R: QObject,
        A: 'static,
        F: Slot<R, A, Form>,
        Form: 'static,
    {
        self.post(move |world| {
            world.call_slot(receiver, slot, &argument);
        });
    }

    /// Calls a slot in the turn that runs; says whether the receiver was there.
    pub(crate) fn call_slot<R, A, F, Form>(
        &mut self,
        receiver: Obj<R>,
        slot: F,
        argument: &A,
    ) -> bool
    where
        R: QObject,
        F: Slot<R, A, Form>,
    {
        let Some(key) = self.own(receiver).filter(|_| self.contains(receiver)) else {
            return false;
        };
        self.run_slot(key, |object, cx| slot.call(object, cx, argument));
        true
    }

    /// Calls a closure as a slot of the receiver in the turn that runs, if the receiver is there.
    pub(crate) fn call_closure<R: QObject, O: Outcome>(
        &mut self,
        receiver: Obj<R>,
        closure: impl FnOnce(&mut R, &mut Context<'_, R>) -> O,
    ) {
        if let Some(key) = self.own(receiver) {
            self.run_slot(key, |object, cx| {
                let outcome = closure(object, cx);
                cx.settle(outcome);
            });
        }
    }

    /// Returns the object whose signal called the running slot; `None` outside a slot, or if that
    /// object is gone.
    pub fn sender(&self) -> Option<Obj<dyn QObject>> {
        self.sender.filter(|&key| self.nodes.contains_key(key)).map(|key| self.handle(key))
    }

    /// Returns the object whose signal called the running slot, if it is a `T` or extends one.
    ///
    /// For a slot that serves many senders of one class.
    #[doc(alias = "qobject_cast")]
    pub fn sender_as<T: QObject>(&self) -> Option<Obj<T>> {
        self.downcast(self.sender()?)
    }

    #[inline]
    pub(super) fn set_sender(&mut self, sender: Option<ObjectKey>) {
        self.sender = sender;
    }

    /// Runs `f` as a turn of its own: what it records is carried out, within the budget.
    pub(crate) fn turn<O>(&mut self, f: impl FnOnce(&mut Self) -> O) -> O {
        let mut turn = Turn::begin(self);
        let out = f(turn.world);
        if turn.world.has_recorded() {
            turn.carry_out_all();
        }
        out
    }

    /// Emits a signal from outside any turn: the slots are called directly, without a record. Returns
    /// how many there are, if these calls are all that the turn has made; they are not counted.
    #[inline]
    #[track_caller]
    pub(crate) fn emit_now<S: ?Sized + Target, A: 'static>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        argument: A,
    ) -> usize {
        if !self.recorder.is_idle() {
            self.deliver();
        }
        let Some(core) = signal(&self[sender]).existing_core() else { return 0 };
        let Some(audience) = Core::audience_unless_blocked(core, &argument) else { return 0 };
        let mut turn = Turn::begin(self);
        let world = &mut *turn.world;
        world.set_sender(Some(sender.key));
        let next = call_slots(world, audience.links(), &argument, 0);
        if next.is_none() && world.recorder.is_settled() {
            return audience.links().len();
        }
        world.spend(next.unwrap_or(audience.links().len()));
        if next.is_some() || world.recorder.met_dead() {
            world.finish_emission(sender, signal, audience, argument, next);
        }
        turn.carry_out_all();
        0
    }

    /// Does what is left to do for an emission that did not simply go through.
    #[cold]
    fn finish_emission<S: ?Sized + Target, A: 'static>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        audience: Audience<A>,
        argument: A,
        next: Option<usize>,
    ) {
        // The sender is still there, since nothing was carried out; unless a slot dropped its signal.
        let object = self.get(sender);
        if let Some(core) = object.and_then(|object| signal(object).existing_core().cloned()) {
            core.finish(self, audience, argument, next);
        }
    }

    /// Lets turns share the loop's passes, which `meter` measures.
    pub(crate) fn begin_passes(&mut self, meter: Rc<dyn Meter>) {
        self.meter = Some(meter);
        self.grant = CASCADE;
    }

    /// Lets turns go by their own count again.
    pub(crate) fn end_passes(&mut self) {
        self.meter = None;
        self.grant = TURN_BUDGET;
    }

    /// Returns how many deliveries the last turn has made of which the meter does not know, and takes
    /// them for told.
    pub(crate) fn take_spent(&mut self) -> usize {
        self.granted = self.grant;
        std::mem::take(&mut self.spent)
    }

    /// Returns true if the last turn has used up what it was granted, so that it took its time.
    #[inline]
    pub(crate) fn was_cut(&self) -> bool {
        self.spent >= self.granted
    }

    /// Carries out what was recorded outside any turn, then what earlier turns left: a cascade of each,
    /// in rotation, while `may_go_on`.
    pub(crate) fn deliver_in_pass(&mut self, mut may_go_on: impl FnMut(&mut Self) -> bool) {
        if self.has_recorded() {
            self.turn(|_| ());
            // One of the others is to have its share in any case.
            may_go_on(self);
        }
        while !self.suspended.is_empty() {
            self.resume_next(CASCADE);
            if !may_go_on(self) {
                break;
            }
        }
    }

    /// Runs `f`, whose turns have this origin.
    pub(crate) fn on_behalf_of<O>(&mut self, origin: Origin, f: impl FnOnce(&mut Self) -> O) -> O {
        /// Turns that are begun for somebody. Their end, a panic's included, forgets for whom.
        struct Errand<'a>(&'a mut World);

        impl Drop for Errand<'_> {
            fn drop(&mut self) {
                self.0.origin = None;
            }
        }

        self.origin = Some(origin);
        f(Errand(self).0)
    }

    /// Returns true if a turn of this origin was put aside, so that what comes from there has to wait. A
    /// turn that seems to have no end holds up nothing.
    #[inline]
    pub(crate) fn is_held_up(&self, origin: Origin) -> bool {
        !self.suspended.is_empty() && self.holds_up(origin)
    }

    #[cold]
    fn holds_up(&self, origin: Origin) -> bool {
        let mut turns = self.suspended.iter();
        turns.any(|turn| turn.origin == Some(origin) && turn.made < origin.patience())
    }

    /// Goes on with what an earlier turn left, for so many deliveries.
    fn resume_next(&mut self, budget: usize) {
        let Some(Suspended { stack, origin, made }) = self.suspended.pop_front() else { return };
        self.recorder.set_backlog(!self.suspended.is_empty());
        let resume = |world: &mut Self| {
            let mut turn = Turn::begin(world);
            turn.made = made;
            (turn.world.stack, turn.world.granted) = (stack, budget);
            turn.world.carry_out_some();
        };
        match origin {
            Some(origin) => self.on_behalf_of(origin, resume),
            None => resume(self),
        }
    }

    /// Carries out a part of what each earlier turn left, and then what was recorded outside any turn;
    /// says whether nothing is left.
    pub(crate) fn deliver(&mut self) -> bool {
        let earlier = self.suspended.len();
        let has_recorded = self.has_recorded();
        if earlier > 0 && has_recorded {
            // On its own, since on top of what earlier turns left it might bury that for ever.
            self.put_aside(0);
        }
        for _ in 0..earlier {
            self.resume_next(SLICE);
        }
        if earlier > 0 && has_recorded {
            self.resume_next(TURN_BUDGET);
        } else if has_recorded {
            self.turn(|_| ());
        }
        self.suspended.is_empty()
    }

    /// Runs the calls that are posted now, each as a turn of its own, while none is held up and
    /// `may_go_on`. Those that they post wait.
    pub(crate) fn run_posted(&mut self, mut may_go_on: impl FnMut(&mut Self) -> bool) {
        for _ in 0..self.recorder.posted() {
            if self.is_held_up(Origin::Posted) {
                break;
            }
            if let Some(call) = self.recorder.next_posted() {
                self.on_behalf_of(Origin::Posted, |world| world.turn(call));
            }
            if !may_go_on(self) {
                break;
            }
        }
    }

    /// Returns true if the loop has something recorded or left to deliver.
    pub(crate) fn has_undelivered(&self) -> bool {
        !self.recorder.is_idle()
    }

    /// Returns true if the loop has something to do already.
    pub(crate) fn has_work(&self) -> bool {
        !self.recorder.is_idle() || self.recorder.posted() > 0
    }

    /// Sets what is called when something is posted, or is recorded while no turn runs.
    pub(crate) fn set_alarm(&self, alarm: Box<dyn Fn()>) {
        self.recorder.set_alarm(alarm);
    }

    #[inline]
    pub(super) fn has_recorded(&self) -> bool {
        self.recorder.has_recorded()
    }

    /// Counts deliveries of this turn.
    #[inline]
    pub(crate) fn spend(&mut self, deliveries: usize) {
        self.spent += deliveries;
    }

    /// Puts an effect on the stack, to be carried out after what is recorded now.
    pub(super) fn push_frame(&mut self, effect: Effect) {
        self.stack.push(effect);
    }

    /// Carries out what is on the stack and recorded, as far as the pass of the loop leaves time.
    /// Returns how many deliveries that were, without those that are still counted as spent.
    fn carry_out_all(&mut self) -> usize {
        let mut made = 0;
        while !self.carry_out_some() {
            made += self.spent;
            if !self.may_go_on() {
                break;
            }
        }
        made
    }

    /// Carries out what is on the stack and recorded, as far as the grant goes. Returns true if nothing
    /// is left.
    #[inline]
    fn carry_out_some(&mut self) -> bool {
        while self.spent < self.granted {
            let Some(effect) = self.recorder.next(&mut self.stack) else { return true };
            self.carry_out(effect);
        }
        false
    }

    /// Returns true if the pass of the loop leaves time for more of this turn, which gets it granted.
    #[cold]
    fn may_go_on(&mut self) -> bool {
        let spent = std::mem::take(&mut self.spent);
        let goes_on = self.meter.as_ref().is_some_and(|meter| meter.may_go_on(spent));
        self.granted = if goes_on { CASCADE } else { 0 };
        goes_on
    }

    #[inline]
    fn carry_out(&mut self, effect: Effect) {
        match effect {
            // Counts the slots that it calls.
            Effect::Emit { emission, entry, next } => emission.resume(self, entry, next),
            // Costs nothing: it comes to an end by itself, and a tree of whatever size is to go in one
            // turn. The slots that hear of it are paid for.
            Effect::Destroy(object, phase) => self.go_on_destroying(object, phase),
            Effect::Disconnect(link) => {
                self.spend(1);
                link.kill();
            }
            Effect::Step { object, number, step } => {
                self.spend(1);
                step(self, object, number);
            }
            Effect::Later(call) => {
                self.spend(1);
                self.set_sender(None);
                call(self);
            }
        }
    }

    /// Puts what a turn did not come to at the end of the queue for later turns.
    #[cold]
    fn put_aside(&mut self, made: usize) {
        self.recorder.move_to(&mut self.stack);
        let (stack, origin) = (std::mem::take(&mut self.stack), self.origin);
        self.suspended.push_back(Suspended { stack, origin, made });
        self.recorder.set_backlog(true);
        self.recorder.raise_alarm();
    }
}

/// A turn that is running. Its end, a panic's included, puts the rest aside and leaves the world
/// ready for the next.
struct Turn<'a> {
    world: &'a mut World,
    /// How many deliveries it has made, without those that the world counts as spent.
    made: usize,
}

impl<'a> Turn<'a> {
    #[inline]
    fn begin(world: &'a mut World) -> Self {
        debug_assert!(!world.recorder.in_turn(), "a turn within a turn");
        world.recorder.begin_turn();
        (world.spent, world.granted) = (0, world.grant);
        Self { world, made: 0 }
    }

    /// Carries out what is on the stack and recorded, as far as the pass of the loop leaves time.
    #[inline]
    fn carry_out_all(&mut self) {
        self.made += self.world.carry_out_all();
    }
}

impl Drop for Turn<'_> {
    #[inline]
    fn drop(&mut self) {
        let world = &mut *self.world;
        if world.recorder.end_turn() || !world.stack.is_empty() {
            world.put_aside(self.made + world.spent);
        }
        world.sender = None;
    }
}
