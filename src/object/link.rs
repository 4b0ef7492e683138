//! Links: what a connection is made of.
//!
//! A link is one reference-counted allocation: how far the connection has come, the way to the
//! receiver, and the slot. A method takes no room in it, a closure sits inline. The signal's list
//! holds it, and so does the receiver's list of incoming links, by which a dead receiver closes its
//! own.

use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::rc::Rc;

use super::class::QObject;
use super::connection::ConnectionType;
use super::context::Context;
use super::handle::{Obj, ObjectKey, Target};
use super::shelf::{Lender, Shelf};
use super::signal::Signal;
use super::slot::{Outcome, Slot};
use super::world::World;

/// How far a connection has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// Delivers.
    Open,
    /// Delivers once.
    OpenOnce,
    /// Was disconnected, and delivers what was emitted before that.
    Doomed,
    /// The same for a single shot.
    DoomedOnce,
    /// Delivers nothing any more.
    Dead,
}

/// What every connection has: how far it has come.
pub(super) struct Head {
    state: Cell<State>,
}

impl Head {
    fn new(kind: ConnectionType) -> Self {
        let once = kind.contains(ConnectionType::SINGLE_SHOT);
        Self { state: Cell::new(if once { State::OpenOnce } else { State::Open }) }
    }

    fn is_open(&self) -> bool {
        matches!(self.state.get(), State::Open | State::OpenOnce)
    }

    fn is_dead(&self) -> bool {
        self.state.get() == State::Dead
    }

    /// Closes the connection; says whether it was not closed yet.
    pub(super) fn kill(&self) -> bool {
        self.state.replace(State::Dead) != State::Dead
    }

    pub(super) fn doom(&self) {
        self.state.set(match self.state.get() {
            State::Open | State::Doomed => State::Doomed,
            State::OpenOnce | State::DoomedOnce => State::DoomedOnce,
            State::Dead => State::Dead,
        });
    }
}

/// A connection with its argument's type forgotten.
pub(super) trait AnyLink {
    fn head(&self) -> &Head;

    /// The object that the connection ends with, if there is one.
    fn receiver(&self) -> Option<ObjectKey>;

    /// The type of the slot, by which a method is told from another; none for what has no name.
    fn slot_type(&self) -> Option<TypeId>;

    /// Drops what a closure captured.
    fn release(&self);

    fn is_open(&self) -> bool {
        self.head().is_open()
    }

    fn is_dead(&self) -> bool {
        self.head().is_dead()
    }

    /// Closes the connection at once.
    fn kill(&self) {
        if self.head().kill() {
            self.release();
        }
    }
}

/// A connection of a signal that carries an `A`.
pub(super) trait Link<A>: AnyLink {
    /// Calls the slot, whatever state the connection is in.
    fn fire(&self, world: &mut World, argument: &A);

    /// Calls the slot, unless the connection is dead.
    #[inline]
    fn call(&self, world: &mut World, argument: &A) {
        if self.head().state.get() == State::Open {
            self.fire(world, argument);
        } else {
            self.call_unless_dead(world, argument);
        }
    }

    /// What [`call`](Self::call) does for a connection that is not simply open.
    #[cold]
    fn call_unless_dead(&self, world: &mut World, argument: &A) {
        match self.head().state.get() {
            State::Open | State::Doomed => self.fire(world, argument),
            State::OpenOnce | State::DoomedOnce => {
                self.head().state.set(State::Dead);
                let _spent = Spent(self);
                self.fire(world, argument);
            }
            State::Dead => world.recorder.set_met_dead(true),
        }
    }
}

/// A single shot that runs. Its end, a panic's included, drops what it captured.
struct Spent<'a, L: AnyLink + ?Sized>(&'a L);

impl<L: AnyLink + ?Sized> Drop for Spent<'_, L> {
    #[inline]
    fn drop(&mut self) {
        self.0.release();
    }
}

/// A connection to a method of an `R` that is reached by a `P`.
pub(super) struct MethodLink<P, R, F, Form> {
    head: Head,
    receiver: P,
    slot: F,
    shape: PhantomData<fn(R, Form)>,
}

impl<P, R, F: 'static, Form> MethodLink<P, R, F, Form> {
    pub(super) fn new(receiver: P, kind: ConnectionType, slot: F) -> Self {
        const {
            assert!(
                size_of::<F>() == 0,
                "a slot is a method named by its path, like `Class::slot`; for a function pointer or a closure with captures use `connect_fn`"
            );
        }
        Self { head: Head::new(kind), receiver, slot, shape: PhantomData }
    }
}

impl<P: Receiver<R>, R: QObject, F: 'static, Form> AnyLink for MethodLink<P, R, F, Form> {
    #[inline]
    fn head(&self) -> &Head {
        &self.head
    }

    fn receiver(&self) -> Option<ObjectKey> {
        Some(self.receiver.key())
    }

    fn slot_type(&self) -> Option<TypeId> {
        Some(TypeId::of::<F>())
    }

    fn release(&self) {}
}

impl<P, R, A, F, Form> Link<A> for MethodLink<P, R, F, Form>
where
    P: Receiver<R>,
    R: QObject,
    F: Slot<R, A, Form>,
{
    #[inline]
    fn fire(&self, world: &mut World, argument: &A) {
        self.receiver.run(world, |object, cx| self.slot.call(object, cx, argument));
    }
}

/// The way to a receiver of class `R`.
pub(super) trait Receiver<R> {
    fn key(&self) -> ObjectKey;

    /// Runs a slot of the receiver, if that is there.
    fn run(&self, world: &mut World, slot: impl FnOnce(&mut R, &mut Context<'_, R>));
}

/// Straight to the object's shelf.
impl<R: QObject> Receiver<R> for Rc<Shelf<R>> {
    fn key(&self) -> ObjectKey {
        Lender::label(&**self).key
    }

    #[inline]
    fn run(&self, world: &mut World, slot: impl FnOnce(&mut R, &mut Context<'_, R>)) {
        world.run_slot_from(self, slot);
    }
}

/// Through the arena: for a receiver that is not an `R` itself but extends one.
impl<R: QObject> Receiver<R> for ObjectKey {
    fn key(&self) -> ObjectKey {
        *self
    }

    fn run(&self, world: &mut World, slot: impl FnOnce(&mut R, &mut Context<'_, R>)) {
        world.run_slot(*self, slot);
    }
}

/// A connection to a closure.
///
/// `Receiver` says what the closure is called with.
pub(super) struct ClosureLink<Receiver, F> {
    head: Head,
    receiver: Option<ObjectKey>,
    /// Emptied when the connection closes, so that what was captured goes then.
    closure: RefCell<Option<F>>,
    shape: PhantomData<fn(Receiver)>,
}

/// The `Receiver` of a closure that has none.
pub(super) enum Nobody {}

impl<Receiver, F> ClosureLink<Receiver, F> {
    pub(super) fn new(receiver: Option<ObjectKey>, kind: ConnectionType, closure: F) -> Self {
        let closure = RefCell::new(Some(closure));
        Self { head: Head::new(kind), receiver, closure, shape: PhantomData }
    }

    /// Runs `call` with the closure, and sees to it that one that closed meanwhile goes.
    fn borrow_closure(&self, call: impl FnOnce(&mut F)) {
        // Only a closure that runs itself again finds it taken, and none can: nothing re-enters.
        if let Ok(mut closure) = self.closure.try_borrow_mut()
            && let Some(closure) = &mut *closure
        {
            call(closure);
        }
        if self.is_dead() {
            self.release();
        }
    }
}

impl<Receiver, F> AnyLink for ClosureLink<Receiver, F> {
    fn head(&self) -> &Head {
        &self.head
    }

    fn receiver(&self) -> Option<ObjectKey> {
        self.receiver
    }

    fn slot_type(&self) -> Option<TypeId> {
        None
    }

    fn release(&self) {
        // Out of the cell first: what was captured may want to look at the connection as it goes.
        let closure = self.closure.try_borrow_mut().ok().and_then(|mut closure| closure.take());
        drop(closure);
    }
}

impl<R, A, F, O> Link<A> for ClosureLink<R, F>
where
    R: QObject,
    F: FnMut(&mut R, &mut Context<'_, R>, &A) -> O + 'static,
    O: Outcome,
{
    fn fire(&self, world: &mut World, argument: &A) {
        let Some(receiver) = self.receiver else { return };
        world.run_slot(receiver, |object, cx| {
            self.borrow_closure(|closure| {
                let outcome = closure(object, cx, argument);
                cx.settle(outcome);
            });
        });
    }
}

impl<A, F, O> Link<A> for ClosureLink<Nobody, F>
where
    F: FnMut(&mut World, &A) -> O + 'static,
    O: Outcome,
{
    fn fire(&self, world: &mut World, argument: &A) {
        /// Closes a connection whose closure panicked: it stands for the receiver.
        struct OnPanic<'a>(&'a dyn AnyLink);

        impl Drop for OnPanic<'_> {
            fn drop(&mut self) {
                self.0.kill();
            }
        }

        let on_panic = OnPanic(self);
        self.borrow_closure(|closure| closure(world, argument).settle(world, None));
        std::mem::forget(on_panic);
    }
}

/// A connection to another signal.
pub(super) struct SignalLink<T: ?Sized + Target, A: 'static> {
    head: Head,
    target: Obj<T>,
    signal: fn(&T) -> &Signal<A>,
}

impl<T: ?Sized + Target, A: 'static> SignalLink<T, A> {
    pub(super) fn new(target: Obj<T>, kind: ConnectionType, signal: fn(&T) -> &Signal<A>) -> Self {
        Self { head: Head::new(kind), target, signal }
    }
}

impl<T: ?Sized + Target, A: 'static> AnyLink for SignalLink<T, A> {
    fn head(&self) -> &Head {
        &self.head
    }

    fn receiver(&self) -> Option<ObjectKey> {
        Some(self.target.key)
    }

    fn slot_type(&self) -> Option<TypeId> {
        None
    }

    fn release(&self) {}
}

impl<T: ?Sized + Target, A: Clone + 'static> Link<A> for SignalLink<T, A> {
    fn fire(&self, world: &mut World, argument: &A) {
        if let Some(target) = world.get(self.target) {
            (self.signal)(target).emit(argument.clone());
        }
    }
}

/// A connection that posts its call for a later turn of the loop.
pub(super) struct QueuedLink<A> {
    head: Head,
    direct: RefCell<Option<Rc<dyn Link<A>>>>,
}

impl<A> QueuedLink<A> {
    pub(super) fn new(kind: ConnectionType, direct: Rc<dyn Link<A>>) -> Self {
        Self { head: Head::new(kind), direct: RefCell::new(Some(direct)) }
    }
}

impl<A> AnyLink for QueuedLink<A> {
    fn head(&self) -> &Head {
        &self.head
    }

    fn receiver(&self) -> Option<ObjectKey> {
        self.direct.borrow().as_ref()?.receiver()
    }

    fn slot_type(&self) -> Option<TypeId> {
        self.direct.borrow().as_ref()?.slot_type()
    }

    fn is_open(&self) -> bool {
        self.head.is_open() && !self.is_dead()
    }

    /// Dead is also one whose closure panicked, for that closed the link behind.
    fn is_dead(&self) -> bool {
        self.head.is_dead() || self.direct.borrow().as_ref().is_none_or(|link| link.is_dead())
    }

    fn release(&self) {
        let direct = self.direct.take();
        drop(direct);
    }
}

impl<A: Clone + 'static> Link<A> for QueuedLink<A> {
    fn fire(&self, world: &mut World, argument: &A) {
        // A call that was posted outlives the connection, so it holds the slot itself.
        let Some(direct) = self.direct.borrow().clone().filter(|link| !link.is_dead()) else {
            return;
        };
        let argument = argument.clone();
        let sender = world.sender;
        world.post(move |world| {
            world.set_sender(sender);
            direct.fire(world, &argument);
        });
    }
}

/// Something of the floors above that ends with an object.
pub(crate) trait Dependent {
    /// Returns true if it has ended already, so that the object can forget it.
    fn is_over(&self) -> bool;

    /// Ends it: the object is being destroyed.
    fn end(&self);
}

/// What an object has in its list of incoming connections for something that ends with it.
pub(super) struct DependentLink<D> {
    head: Head,
    dependent: D,
}

impl<D> DependentLink<D> {
    pub(super) fn new(dependent: D) -> Self {
        Self { head: Head::new(ConnectionType::DIRECT), dependent }
    }
}

impl<D: Dependent> AnyLink for DependentLink<D> {
    fn head(&self) -> &Head {
        &self.head
    }

    fn receiver(&self) -> Option<ObjectKey> {
        None
    }

    fn slot_type(&self) -> Option<TypeId> {
        None
    }

    fn is_dead(&self) -> bool {
        self.head.is_dead() || self.dependent.is_over()
    }

    fn release(&self) {
        self.dependent.end();
    }
}
