//! The kinds of connections: the links by which a signal reaches its slots.
//!
//! A link is what a connection owns in addition to its number and its state: the way to the
//! receiver, and the slot. A method takes no room in a link, a closure is stored inline.
//! Connections are in `connection_list.rs`.

use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::rc::Rc;

use super::World;
use crate::object::class::{Obj, Outcome, QObject, Signal, Slot, SlotType, Target};
use crate::object::connections::{AnyLink, Link, Walker};
use crate::object::context::Context;
use crate::object::effects::{Act, Effect};
use crate::object::store::{Life, ObjectKey, Place};

/// The number of calls for which a queued connection keeps room while none waits. Small, since
/// there may be many such connections.
const KEPT: usize = 16;

/// A connection to a method of an `R`, which is reached by a `P`.
pub(super) struct MethodLink<P, R, F, Form> {
    receiver: P,
    slot: F,
    shape: PhantomData<fn(R, Form)>,
}

impl<P, R, F: 'static, Form> MethodLink<P, R, F, Form> {
    pub(super) fn new(receiver: P, slot: F) -> Self {
        const {
            assert!(
                size_of::<F>() == 0,
                "a slot is a method named by its path, like `Class::slot`; for a function pointer or a closure with captures use `connect_fn`"
            );
        }
        Self { receiver, slot, shape: PhantomData }
    }
}

impl<P: WayTo<R>, R: QObject, F: 'static, Form> AnyLink for MethodLink<P, R, F, Form> {
    fn receiver(&self) -> Option<ObjectKey> {
        Some(self.receiver.key())
    }

    fn slot_type(&self) -> Option<TypeId> {
        Some(TypeId::of::<F>())
    }

    fn is_over(&self) -> bool {
        self.receiver.is_gone()
    }
}

impl<P, R, A, F, Form> Link<A, World> for MethodLink<P, R, F, Form>
where
    P: WayTo<R>,
    R: QObject,
    F: Slot<R, A, Form>,
{
    #[inline]
    fn fire(&self, world: &mut World, argument: &A) {
        if !self.receiver.run(world, |object, cx| self.slot.call(object, cx, argument)) {
            world.queue.set_met_dead(true);
        }
    }
}

/// A way to a receiver of class `R`.
pub(super) trait WayTo<R> {
    fn key(&self) -> ObjectKey;

    /// Returns true if the receiver's connections are cut.
    fn is_gone(&self) -> bool;

    /// Runs a slot of the receiver. Returns false if the receiver is not there.
    fn run(&self, world: &mut World, slot: impl FnOnce(&mut R, &mut Context<'_, R>)) -> bool;
}

/// The way to a receiver that is exactly an `R`: its place.
pub(super) struct Receiver<R> {
    pub(super) key: ObjectKey,
    pub(super) place: Rc<Place<R>>,
}

impl<R: QObject> WayTo<R> for Receiver<R> {
    fn key(&self) -> ObjectKey {
        self.key
    }

    fn is_gone(&self) -> bool {
        self.place.life() == Life::Gone
    }

    #[inline]
    fn run(&self, world: &mut World, slot: impl FnOnce(&mut R, &mut Context<'_, R>)) -> bool {
        world.run_slot_in(&self.place, self.key, slot)
    }
}

/// The way to a receiver that extends an `R`: its key, through the arena.
impl<R: QObject> WayTo<R> for ObjectKey {
    fn key(&self) -> ObjectKey {
        *self
    }

    /// Returns false: the end of the receiver closes the connection.
    fn is_gone(&self) -> bool {
        false
    }

    fn run(&self, world: &mut World, slot: impl FnOnce(&mut R, &mut Context<'_, R>)) -> bool {
        world.run_slot(*self, slot)
    }
}

/// A connection to a closure, which is called with an `R`. The way `P` leads to that object.
pub(super) struct ClosureLink<P, R, F> {
    receiver: P,
    /// `None` after the connection was closed, so that the captured values are dropped then.
    closure: RefCell<Option<F>>,
    /// The connection was closed while the closure ran.
    is_released: Cell<bool>,
    shape: PhantomData<fn(R)>,
}

/// The way of a closure without a receiver, which is called with the world.
pub(super) struct Nobody;

impl<P, R, F> ClosureLink<P, R, F> {
    pub(super) fn new(receiver: P, closure: F) -> Self {
        let (closure, is_released) = (RefCell::new(Some(closure)), Cell::new(false));
        Self { receiver, closure, is_released, shape: PhantomData }
    }

    /// Runs `call` with the closure. Drops the closure afterwards if the connection was closed
    /// meanwhile.
    fn borrow_closure(&self, call: impl FnOnce(&mut F)) {
        // Only a closure that runs inside itself would find it borrowed, which run to completion
        // excludes.
        if let Ok(mut closure) = self.closure.try_borrow_mut()
            && let Some(closure) = &mut *closure
        {
            call(closure);
        }
        if self.is_released.get() {
            self.drop_closure();
        }
    }

    /// Drops what the closure captured: at once, or when the closure has returned.
    fn drop_closure(&self) {
        self.is_released.set(true);
        // Taken out of the cell first: dropping the captured values may look at the connection.
        let closure = self.closure.try_borrow_mut().ok().and_then(|mut closure| closure.take());
        drop(closure);
    }
}

impl<P: WayTo<R>, R: QObject, F> AnyLink for ClosureLink<P, R, F> {
    fn receiver(&self) -> Option<ObjectKey> {
        Some(self.receiver.key())
    }

    fn is_over(&self) -> bool {
        self.is_released.get()
    }

    fn release(&self) {
        self.drop_closure();
    }
}

impl<F> AnyLink for ClosureLink<Nobody, World, F> {
    fn receiver(&self) -> Option<ObjectKey> {
        None
    }

    fn is_over(&self) -> bool {
        self.is_released.get()
    }

    fn release(&self) {
        self.drop_closure();
    }
}

impl<P, R, A, F, O> Link<A, World> for ClosureLink<P, R, F>
where
    P: WayTo<R>,
    R: QObject,
    F: FnMut(&mut R, &mut Context<'_, R>, &A) -> O + 'static,
    O: Outcome,
{
    fn fire(&self, world: &mut World, argument: &A) {
        // A receiver that is gone has closed the connection.
        self.receiver.run(world, |object, cx| {
            self.borrow_closure(|closure| {
                let outcome = closure(object, cx, argument);
                cx.report::<F>(outcome);
            });
        });
    }
}

impl<A, F, O> Link<A, World> for ClosureLink<Nobody, World, F>
where
    F: FnMut(&mut World, &A) -> O + 'static,
    O: Outcome,
{
    fn fire(&self, world: &mut World, argument: &A) {
        /// Closes the connection if its closure panics, as a panic destroys the receiver of a slot.
        struct OnPanic<'a>(&'a dyn AnyLink);

        impl Drop for OnPanic<'_> {
            fn drop(&mut self) {
                self.0.release();
            }
        }

        let on_panic = OnPanic(self);
        self.borrow_closure(|closure| {
            closure(world, argument).report(world, None, SlotType::of::<F>());
        });
        std::mem::forget(on_panic);
    }
}

/// A connection to another signal.
pub(super) struct SignalLink<T: ?Sized + Target, A: 'static> {
    target: Obj<T>,
    signal: fn(&T) -> &Signal<A>,
}

impl<T: ?Sized + Target, A: 'static> SignalLink<T, A> {
    pub(super) fn new(target: Obj<T>, signal: fn(&T) -> &Signal<A>) -> Self {
        Self { target, signal }
    }
}

impl<T: ?Sized + Target, A: 'static> AnyLink for SignalLink<T, A> {
    fn receiver(&self) -> Option<ObjectKey> {
        Some(self.target.key)
    }
}

impl<T: ?Sized + Target, A: Clone + 'static> Link<A, World> for SignalLink<T, A> {
    fn fire(&self, world: &mut World, argument: &A) {
        if let Some(target) = world.get(self.target) {
            (self.signal)(target).emit(argument.clone());
        }
    }
}

/// A connection that posts its calls to a later pass of the loop.
pub(super) struct QueuedLink<A> {
    calls: Rc<QueuedCalls<A>>,
}

/// The calls that a queued connection has posted. They and the slot stay after the connection is
/// closed, until the calls are made.
struct QueuedCalls<A> {
    /// `None` after the connection was closed and the last call was made.
    direct: RefCell<Option<Box<dyn Link<A, World>>>>,
    is_closed: Cell<bool>,
    /// The argument and the sender of each call, the oldest first.
    waiting: RefCell<VecDeque<(A, Option<ObjectKey>)>>,
}

impl<A> QueuedLink<A> {
    pub(super) fn new(direct: Box<dyn Link<A, World>>) -> Self {
        Self {
            calls: Rc::new(QueuedCalls {
                direct: RefCell::new(Some(direct)),
                is_closed: Cell::new(false),
                waiting: RefCell::default(),
            }),
        }
    }
}

impl<A> QueuedCalls<A> {
    /// Takes the argument and the sender of the next call.
    fn next(&self) -> Option<(A, Option<ObjectKey>)> {
        let mut waiting = self.waiting.borrow_mut();
        let next = waiting.pop_front();
        if waiting.is_empty() {
            waiting.shrink_to(KEPT);
        }
        next
    }

    /// Drops the slot if the connection is closed and no call waits.
    fn release_if_done(&self) {
        if self.is_closed.get() && self.waiting.borrow().is_empty() {
            // While the slot runs it cannot be taken. The end of the call tries once more.
            let direct = self.direct.try_borrow_mut().ok().and_then(|mut direct| direct.take());
            drop(direct);
        }
    }
}

impl<A> AnyLink for QueuedLink<A> {
    fn receiver(&self) -> Option<ObjectKey> {
        self.calls.direct.borrow().as_ref()?.receiver()
    }

    fn slot_type(&self) -> Option<TypeId> {
        self.calls.direct.borrow().as_ref()?.slot_type()
    }

    fn is_over(&self) -> bool {
        let direct = self.calls.direct.borrow();
        self.calls.is_closed.get() || direct.as_ref().is_none_or(|direct| direct.is_over())
    }

    fn release(&self) {
        self.calls.is_closed.set(true);
        self.calls.release_if_done();
    }
}

impl<A> Drop for QueuedLink<A> {
    fn drop(&mut self) {
        self.release();
    }
}

impl<A: Clone + 'static> Link<A, World> for QueuedLink<A> {
    fn fire(&self, world: &mut World, argument: &A) {
        if self.is_over() {
            return world.queue.set_met_dead(true);
        }
        // Cloned first: cloning may end the signal.
        let call = (argument.clone(), world.sender);
        self.calls.waiting.borrow_mut().push_back(call);
        world.queue.post(Effect::Act { act: self.calls.clone(), what: 0 });
    }
}

impl<A: 'static> Act<World> for QueuedCalls<A> {
    fn carry_out(self: Rc<Self>, world: &mut World, _: u64) {
        /// A call that is being made. When it returns or panics, the slot is dropped if it is not
        /// needed any more.
        struct Call<'a, A>(&'a QueuedCalls<A>);

        impl<A> Drop for Call<'_, A> {
            fn drop(&mut self) {
                self.0.release_if_done();
            }
        }

        let _call = Call(&self);
        let direct = self.direct.borrow();
        if let (Some((argument, sender)), Some(direct)) = (self.next(), &*direct) {
            world.set_sender(sender);
            direct.fire(world, &argument);
        }
    }

    fn discard(&self, _: u64) {
        drop(self.next());
    }
}
