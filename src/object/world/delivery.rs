//! Delivery: the order in which things happen.
//!
//! Keeps two promises. Run to completion: a method is never interrupted; what it did is carried out
//! after it has returned. Depth first: what a slot did is carried out before the signal that called
//! the slot calls the next one. So a chain of slots runs in the order of direct calls.
//!
//! What is still to be carried out is a stack of [`Effect`]s: data, not native recursion. A turn
//! carries out a limited number of them and puts the rest aside for later.

use std::rc::Rc;

use super::World;
use crate::object::class::{Obj, Outcome, QObject, Signal, Slot, Target, Undelivered};
use crate::object::connections::{Core, Walker};
use crate::object::context::Context;
use crate::object::effects::{CASCADE, Effect, KeptCall, Meter, Origin, Queue, SLICE, TURN_BUDGET};
use crate::object::store::ObjectKey;

impl World {
    /// Emits a signal of another object.
    ///
    /// In a method, the emission is delivered after the running method has returned, as with
    /// [`Signal::emit`] in a method of the sender. Where no method runs, the emission is delivered
    /// before this returns, with all that follows from it, and after what was recorded before. A
    /// turn is bounded: if objects keep each other busy without end, this returns nevertheless, and
    /// later turns go on.
    ///
    /// # Panics
    ///
    /// Panics if the sender's handle is stale or of another runtime, or if the sender is busy; its
    /// own method emits by `self` instead. Where no method runs, panics if a slot panics.
    #[inline(always)]
    #[track_caller]
    pub fn emit<S: ?Sized + Target, A: 'static>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        argument: A,
    ) {
        if !self.queue.is_idle() {
            if self.is_running() {
                return signal(&self[sender]).emit(argument);
            }
            self.deliver_recorded();
        }
        self.emit_now(sender, signal, argument);
    }

    /// Posts a closure. The event loop runs it in a later pass, after what was posted before and
    /// what that has caused. In most cases it is the next pass; if the
    /// [`Allowance`](crate::Allowance) of that pass is used up before, a later one.
    #[doc(alias = "postEvent")]
    pub fn post(&mut self, call: impl FnOnce(&mut Self) + 'static) {
        self.queue.post(self.queue.later(call));
    }

    /// Posts a call of a slot. The event loop makes it in a later pass, as [`post`](Self::post)
    /// does with a closure.
    ///
    /// Nothing is called if the receiver is gone by then;
    /// [`on_undelivered`](Self::on_undelivered) tells of it.
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
    /// # Panics
    ///
    /// Panics if the handle is of another runtime.
    #[doc(alias = "invokeMethod")]
    #[track_caller]
    pub fn invoke<R, A, F, Form>(&mut self, receiver: Obj<R>, slot: F, argument: A)
    where
        R: QObject,
        A: 'static,
        F: Slot<R, A, Form>,
        Form: 'static,
    {
        self.expect_own(receiver);
        self.post(move |world| {
            world.call_slot(receiver, slot, &argument);
        });
    }

    /// Calls a slot in the turn that runs. Returns true if the receiver was there, and reports the
    /// call as undelivered otherwise.
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
        let called = self
            .own(receiver)
            .is_some_and(|key| self.run_slot(key, |object, cx| slot.call(object, cx, argument)));
        if !called {
            self.report_undelivered(Undelivered::call::<F, R>(self, receiver));
        }
        called
    }

    /// Calls a closure as a slot of the receiver in the turn that runs, if the receiver is there,
    /// and reports the call as undelivered otherwise.
    pub(crate) fn call_closure<R, F, O>(&mut self, receiver: Obj<R>, closure: F)
    where
        R: QObject,
        F: FnOnce(&mut R, &mut Context<'_, R>) -> O,
        O: Outcome,
    {
        let called = self.own(receiver).is_some_and(|key| {
            self.run_slot(key, |object, cx| {
                let outcome = closure(object, cx);
                cx.report::<F>(outcome);
            })
        });
        if !called {
            self.report_undelivered(Undelivered::call::<F, R>(self, receiver));
        }
    }

    /// Reports a call of an `F` as undelivered, since the receiver is gone.
    #[cold]
    pub(crate) fn refuse_call<F, R: ?Sized + Target>(&mut self, receiver: Obj<R>) {
        self.report_undelivered(Undelivered::call::<F, R>(self, receiver));
    }

    /// Emits a signal for a call that comes from elsewhere, and reports it as undelivered if the
    /// sender is gone.
    pub(crate) fn emit_from_afar<S: ?Sized + Target, A: 'static>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        argument: A,
    ) {
        match self.get(sender) {
            Some(sender) => signal(sender).emit(argument),
            None => self.report_undelivered(Undelivered::emission(self, sender)),
        }
    }

    /// Returns the object whose signal called the running slot. Returns `None` outside a slot, or
    /// if that object is gone.
    pub fn sender(&self) -> Option<Obj<dyn QObject>> {
        self.sender.filter(|&key| self.arena.contains(key)).map(|key| self.handle(key))
    }

    /// Returns the object whose signal called the running slot, if it is a `T` or extends one.
    ///
    /// Useful in a slot that serves many senders of one class.
    #[doc(alias = "qobject_cast")]
    pub fn sender_as<T: QObject>(&self) -> Option<Obj<T>> {
        self.downcast(self.sender()?)
    }

    /// Returns the object whose signal called the running slot, mutably, if it is a `T` or extends
    /// one. Does the work of [`sender_as`](Self::sender_as) and [`get_mut`](Self::get_mut) in one
    /// step. Returns `None` if the object is busy.
    ///
    /// ```
    /// # use slotwire::prelude::*;
    /// # use slotwire::QTcpSocket;
    /// # #[derive(QObject, Default)]
    /// # struct Echo {}
    /// #[slots]
    /// impl Echo {
    ///     #[slot]
    ///     fn echo(&mut self, cx: &mut Context<Self>) -> std::io::Result<()> {
    ///         let Some(socket) = cx.sender_mut::<QTcpSocket>() else { return Ok(()) };
    ///         let bytes = socket.read_all();
    ///         socket.write_all(&bytes)
    ///     }
    /// }
    /// ```
    #[inline]
    pub fn sender_mut<T: QObject>(&mut self) -> Option<&mut T> {
        let sender = self.handle(self.sender?);
        self.get_mut::<T>(sender)
    }

    /// Returns true if a method runs: a slot, a constructor, or the closure of
    /// [`with`](Self::with). What is recorded then takes effect after the method has returned.
    #[inline]
    pub(super) fn is_running(&self) -> bool {
        self.queue.is_running()
    }

    /// Runs a method: in the running turn or, if none runs, in a turn of its own, after what was
    /// recorded before.
    #[inline]
    pub(super) fn run<O>(&mut self, method: impl FnOnce(&mut Self) -> O) -> O {
        if self.is_running() {
            return method(self);
        }
        self.settle();
        self.turn(method)
    }

    /// Delivers what was recorded, unless a method runs: then the end of that method delivers.
    #[inline]
    pub(super) fn settle(&mut self) {
        if !self.queue.is_idle() && !self.is_running() {
            self.deliver_recorded();
        }
    }

    /// Runs `f` as a turn of its own. What `f` records is carried out, within the budget.
    #[inline]
    pub(crate) fn turn<O>(&mut self, f: impl FnOnce(&mut Self) -> O) -> O {
        let turn = Turn::begin(self);
        let out = f(turn.world);
        if turn.world.has_recorded() || turn.world.turns.has_rest() {
            turn.end();
        } else {
            turn.end_at_once();
        }
        out
    }

    /// Emits a signal outside any turn: the slots are called directly, nothing is recorded.
    ///
    /// Inlined into the caller, which saves a sixth of the cost of an emission to one slot.
    #[inline(always)]
    #[track_caller]
    fn emit_now<S: ?Sized + Target, A: 'static>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        argument: A,
    ) {
        let Some(core) = signal(&self[sender]).existing_core() else { return };
        if !Core::is_let_through(core, &argument) {
            return;
        }
        // A slot may drop the signal.
        let core = core.clone();
        let turn = Turn::begin(self);
        turn.world.set_sender(Some(sender.key));
        if core.emit_now(turn.world, argument) {
            turn.end_at_once();
        } else {
            turn.end();
        }
    }

    /// Sets what measures the passes of the loop.
    pub(crate) fn set_meter(&mut self, meter: Rc<dyn Meter>) {
        self.turns.set_meter(meter);
    }

    /// Makes turns share the allowance of the loop's passes, which the meter measures. The loop is
    /// awake from now on.
    #[inline]
    pub(crate) fn begin_passes(&mut self) {
        self.turns.begin_passes();
        self.set_loop_is_awake(true);
    }

    /// Makes turns count their deliveries by themselves again. From now on no loop looks at what is
    /// recorded, posted and postponed, so the bell is rung for each of these.
    #[inline]
    pub(crate) fn end_passes(&mut self) {
        self.set_loop_is_awake(false);
        self.turns.end_passes();
    }

    /// Notes whether the loop is awake. While it is, the bell is not rung for what is recorded,
    /// posted and postponed, since the loop looks at these before it sleeps.
    #[inline]
    pub(crate) fn set_loop_is_awake(&self, is_awake: bool) {
        self.queue.set_loop_is_awake(is_awake);
    }

    /// Returns how many deliveries of the last turn the meter has not counted yet. They are taken
    /// as counted from now on.
    pub(crate) fn take_spent(&mut self) -> usize {
        self.turns.take_spent()
    }

    /// Counts deliveries of earlier turns as deliveries of the last one.
    pub(crate) fn add_spent(&mut self, deliveries: usize) {
        self.turns.spend(deliveries);
    }

    /// Returns true if the last turn used up its grant.
    #[inline]
    pub(crate) fn was_cut(&self) -> bool {
        self.turns.is_used_up()
    }

    /// Carries out what was recorded outside any turn. Then goes on with the turns that were put
    /// aside, a cascade of each in rotation, while `may_go_on` returns true.
    pub(crate) fn deliver_in_pass(&mut self, mut may_go_on: impl FnMut(&mut Self) -> bool) {
        if self.has_recorded() {
            self.turn(|_| ());
            // At least one of the turns that were put aside goes on.
            may_go_on(self);
        }
        while self.turns.suspended() > 0 {
            self.resume_next(CASCADE);
            if !may_go_on(self) {
                break;
            }
        }
    }

    /// Runs `f`. The turns that `f` begins have this origin.
    #[inline]
    pub(crate) fn on_behalf_of<O>(&mut self, origin: Origin, f: impl FnOnce(&mut Self) -> O) -> O {
        /// The turns that `f` begins. When `f` returns or panics, the origin is cleared.
        struct Errand<'a>(&'a mut World);

        impl Drop for Errand<'_> {
            fn drop(&mut self) {
                self.0.turns.set_origin(None);
            }
        }

        self.turns.set_origin(Some(origin));
        f(Errand(self).0)
    }

    /// Returns true if a turn of this origin was put aside, so that the origin must wait. A turn
    /// that seems to be endless holds up nothing.
    #[inline]
    pub(crate) fn is_held_up(&self, origin: Origin) -> bool {
        self.turns.is_held_up(origin)
    }

    /// Returns true if a turn of this object was put aside: see [`is_held_up`](Self::is_held_up).
    #[inline]
    pub(crate) fn is_object_held_up(&self, object: ObjectKey) -> bool {
        self.turns.is_object_held_up(object)
    }

    /// Goes on with the turn that was put aside first, for `budget` deliveries.
    fn resume_next(&mut self, budget: usize) {
        let Some((stack, origin, made)) = self.turns.take_suspended(&self.queue) else { return };
        let resume = |world: &mut Self| {
            let mut turn = Turn::begin(world);
            turn.made = made;
            turn.world.turns.resume(stack, budget);
            turn.world.carry_out_some();
        };
        match origin {
            Some(origin) => self.on_behalf_of(origin, resume),
            None => resume(self),
        }
    }

    /// Goes on with each turn that was put aside, for a part of it. Then carries out what was
    /// recorded outside any turn. Returns true if nothing is left.
    pub(crate) fn deliver_recorded(&mut self) -> bool {
        let earlier = self.turns.suspended();
        let has_recorded = self.has_recorded();
        if earlier > 0 && has_recorded {
            // A turn of its own: on the stack of a turn that was put aside, it could delay that
            // turn for ever.
            self.turns.put_aside(&self.queue, 0);
        }
        for _ in 0..earlier {
            self.resume_next(SLICE);
        }
        if earlier > 0 && has_recorded {
            self.resume_next(TURN_BUDGET);
        } else if has_recorded {
            self.turn(|_| ());
        }
        self.turns.suspended() == 0
    }

    /// Keeps a closure until it is called.
    pub(crate) fn keep_call(&self, call: impl FnOnce(&mut Self) + 'static) -> KeptCall<Self> {
        KeptCall::new(self.queue.later(call))
    }

    /// Returns the number of posted calls.
    pub(crate) fn posted(&self) -> usize {
        self.queue.posted()
    }

    /// Takes the next posted call and counts `left` down. Returns `None` if `left` is 0 or posted
    /// calls are held up.
    pub(crate) fn next_posted(&mut self, left: &mut usize) -> Option<PostedCall> {
        *left = left.checked_sub(1)?;
        if self.is_held_up(Origin::Posted) {
            return None;
        }
        self.queue.next_posted().map(PostedCall)
    }

    /// Returns true if something was recorded or put aside.
    pub(crate) fn has_undelivered(&self) -> bool {
        !self.queue.is_idle()
    }

    /// Returns true if something was recorded, put aside or posted.
    pub(crate) fn has_work(&self) -> bool {
        !self.queue.is_idle() || self.queue.posted() > 0
    }

    /// Sets the function that is called when something is posted or postponed, or is recorded while
    /// no turn runs.
    pub(crate) fn set_bell(&self, bell: Box<dyn Fn()>) {
        self.queue.set_bell(bell);
    }

    #[inline]
    pub(super) fn has_recorded(&self) -> bool {
        self.queue.has_recorded()
    }

    /// Carries out what is on the stack and recorded, as far as the pass of the loop has time.
    /// Returns the number of deliveries, without those that are still counted as spent.
    fn carry_out_all(&mut self) -> usize {
        let mut made = 0;
        while !self.carry_out_some() {
            made += self.turns.spent();
            if !self.turns.ask_for_more() {
                break;
            }
        }
        made
    }

    /// Carries out what is on the stack and recorded, as far as the grant allows. Returns true if
    /// nothing is left.
    #[inline]
    fn carry_out_some(&mut self) -> bool {
        while !self.turns.is_used_up() {
            let Some(effect) = self.turns.next(&self.queue) else { return true };
            // Acts count their deliveries by themselves.
            if matches!(effect, Effect::Step { .. }) {
                self.spend(1);
            }
            effect.carry_out(self);
        }
        false
    }
}

impl Walker for World {
    #[inline]
    fn queue(&self) -> &Queue<Self> {
        &self.queue
    }

    #[inline]
    fn set_sender(&mut self, sender: Option<ObjectKey>) {
        self.sender = sender;
    }

    #[inline]
    fn spend(&mut self, deliveries: usize) {
        self.turns.spend(deliveries);
    }

    #[inline]
    fn push_frame(&mut self, effect: Effect<Self>) {
        self.turns.push(effect);
    }
}

/// A posted call that the loop has taken.
pub(crate) struct PostedCall(Effect<World>);

impl PostedCall {
    /// Makes the call, in a turn of its own.
    pub(crate) fn make(self, world: &mut World) {
        world.on_behalf_of(Origin::Posted, |world| world.turn(|world| self.0.carry_out(world)));
    }
}

/// A turn that is running. When it returns or panics, its rest is put aside, and the next turn can
/// begin.
struct Turn<'a> {
    world: &'a mut World,
    /// The number of its deliveries, without those that the world counts as spent.
    made: usize,
}

impl<'a> Turn<'a> {
    #[inline]
    fn begin(world: &'a mut World) -> Self {
        world.begin_turn();
        Self { world, made: 0 }
    }

    /// Carries out what is on the stack and recorded, as far as the pass of the loop has time, and
    /// ends the turn.
    #[inline]
    fn end(mut self) {
        self.made += self.world.carry_out_all();
    }

    /// Ends a turn that has left nothing on the stack, and nothing recorded.
    #[inline]
    fn end_at_once(self) {
        self.world.end_empty_turn();
        std::mem::forget(self);
    }
}

impl Drop for Turn<'_> {
    #[inline]
    fn drop(&mut self) {
        let world = &mut *self.world;
        if world.queue.end_turn() || world.turns.has_rest() {
            world.turns.put_aside(&world.queue, self.made + world.turns.spent());
        }
        world.sender = None;
    }
}

/// A turn that the loop begins for an object. It does what a [`Turn`] does within
/// [`World::on_behalf_of`], but sets the origin only at its end, and only if something is left.
pub(super) struct ObjectTurn<'a> {
    pub(super) world: &'a mut World,
    object: ObjectKey,
    made: usize,
}

impl<'a> ObjectTurn<'a> {
    #[inline]
    pub(super) fn begin(world: &'a mut World, object: ObjectKey) -> Self {
        world.begin_turn();
        Self { world, object, made: 0 }
    }

    /// Carries out what is on the stack and recorded, as far as the pass of the loop has time, and
    /// ends the turn.
    #[inline]
    pub(super) fn end(mut self) {
        self.made += self.world.carry_out_all();
    }

    /// Ends a turn that has left nothing on the stack and nothing recorded.
    #[inline]
    pub(super) fn end_at_once(self) {
        self.world.end_empty_turn();
        std::mem::forget(self);
    }
}

impl Drop for ObjectTurn<'_> {
    #[inline]
    fn drop(&mut self) {
        self.world.end_turn_of(self.object, self.made);
    }
}

impl World {
    #[inline(never)]
    fn end_turn_of(&mut self, object: ObjectKey, made: usize) {
        self.on_behalf_of(Origin::Object(object), |world| drop(Turn { world, made }));
    }

    #[inline]
    fn begin_turn(&mut self) {
        debug_assert!(!self.queue.in_turn(), "a turn within a turn");
        self.queue.begin_turn();
        self.turns.begin();
    }

    #[inline]
    fn end_empty_turn(&mut self) {
        debug_assert!(!self.has_recorded() && !self.turns.has_rest(), "something is left");
        self.queue.end_turn();
        self.sender = None;
    }
}
