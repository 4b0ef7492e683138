//! The context: a running method's access to the world.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use crate::object::class::{Obj, Outcome, QObject, Signal, Slot, SlotType, Target, Upcast};
use crate::object::connections::{Connection, ConnectionType};
use crate::object::store::ObjectKey;
use crate::object::world::World;
use crate::object::world::constructed::Constructed;

/// Gives a running method access to all other objects.
///
/// A slot of `T` can take a `&mut Context<T>` after its `&mut self`. The context dereferences to
/// [`World`], so every method of a world can be called on it: `cx[other]`, `cx.connect(…)`,
/// `cx.add(…)`, `cx.destroy(…)`. A slot cannot start a nested event loop, cannot block and cannot
/// deliver in the middle of a method: the context has no function for that.
///
/// The running object itself is lent to its method: `cx.get(cx.this())` is `None`, and
/// `cx[cx.this()]` panics. Use `self`.
///
/// ```
/// use slotwire::prelude::*;
///
/// #[derive(QObject, Default)]
/// struct Sum {
///     total: i32,
/// }
///
/// #[derive(QObject)]
/// struct Forwarder {
///     to: Obj<Sum>,
/// }
///
/// #[slots]
/// impl Forwarder {
///     #[slot]
///     fn forward(&mut self, cx: &mut Context<Self>, value: i32) {
///         cx[self.to].total += value;
///     }
/// }
///
/// # #[derive(QObject, Default)]
/// # struct Source { #[signal] value: Signal<i32> }
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let source = rt.add(Source::default());
/// let sum = rt.add(Sum::default());
/// let forwarder = rt.add(Forwarder { to: sum });
/// rt.connect(source, Source::value, forwarder, Forwarder::forward);
/// rt.emit(source, Source::value, 40);
/// rt.emit(source, Source::value, 2);
/// assert_eq!(rt[sum].total, 42);
/// # Ok(())
/// # }
/// ```
pub struct Context<'a, T: ?Sized> {
    world: &'a mut World,
    key: ObjectKey,
    class: PhantomData<fn(&T)>,
}

impl<'a, T: QObject> Context<'a, T> {
    #[inline]
    pub(super) fn new(world: &'a mut World, key: ObjectKey) -> Self {
        Self { world, key, class: PhantomData }
    }

    /// Returns the handle of the object whose method runs.
    pub fn this(&self) -> Obj<T> {
        self.world.handle(self.key)
    }

    /// Adds `object` as a child of this one.
    ///
    /// The child is destroyed together with its parent. Children are destroyed in the order in
    /// which they were added, before their parent is removed.
    pub fn add_child<C: QObject>(&mut self, object: C) -> Obj<C> {
        self.world.add_child_of(self.this(), object)
    }

    /// Adds a child that is constructed with a context of its own, as [`World::add_with`] does.
    ///
    /// A constructor that returns a `Result` goes to
    /// [`try_add_child_with`](Self::try_add_child_with).
    pub fn add_child_with<C: QObject, R: Constructed<C>>(
        &mut self,
        construct: impl FnOnce(&mut Context<'_, C>) -> R,
    ) -> Obj<C> {
        self.world.add_child_of_with(self.this(), construct)
    }

    /// Adds a child whose constructor returns a `Result`, as [`World::try_add_with`] does.
    ///
    /// # Errors
    ///
    /// Returns the constructor's error.
    pub fn try_add_child_with<C: QObject, E>(
        &mut self,
        construct: impl FnOnce(&mut Context<'_, C>) -> Result<C, E>,
    ) -> Result<Obj<C>, E> {
        self.world.try_add_child_of_with(self.this(), construct)
    }

    /// Reports the error of a slot, which is an `F`, to the runtime.
    #[inline]
    pub(super) fn report<F>(&mut self, outcome: impl Outcome) {
        let receiver = self.this().erase();
        outcome.report(self.world, Some(receiver), SlotType::of::<F>());
    }

    /// Returns the context of the same object as one of the class that `T` extends, for the
    /// constructor and the methods of that class.
    ///
    /// ```
    /// use slotwire::prelude::*;
    ///
    /// #[derive(QObject)]
    /// struct Clock {
    ///     timer: Obj<QTimer>,
    /// }
    ///
    /// impl Clock {
    ///     fn new(cx: &mut Context<Self>) -> Self {
    ///         Self { timer: cx.add_child(QTimer::new()) }
    ///     }
    ///
    ///     fn stop(&mut self, cx: &mut Context<Self>) {
    ///         cx[self.timer].stop();
    ///     }
    /// }
    ///
    /// #[derive(QObject)]
    /// struct AlarmClock {
    ///     #[qobject(base)]
    ///     clock: Clock,
    /// }
    ///
    /// impl AlarmClock {
    ///     fn new(cx: &mut Context<Self>) -> Self {
    ///         Self { clock: Clock::new(&mut cx.as_base()) }
    ///     }
    ///
    ///     fn stop(&mut self, cx: &mut Context<Self>) {
    ///         self.clock.stop(&mut cx.as_base());
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::new()?;
    /// let clock = rt.add_with(AlarmClock::new);
    /// rt.with(clock, |clock, cx| clock.stop(cx));
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_base<B: QObject + Upcast<T>>(&mut self) -> Context<'_, B> {
        self.of_base()
    }

    /// Does what [`as_base`](Self::as_base) does, for a `B` that the derive knows to be the base.
    pub(crate) fn of_base<B: QObject>(&mut self) -> Context<'_, B> {
        Context::new(self.world, self.key)
    }
}

/// Connecting other objects to this one. An object connects its own signals by [`Signal::connect`];
/// [`World::connect`] and its like connect any two objects.
///
/// All of these panic if the handle of the sender belongs to another runtime.
impl<T: QObject> Context<'_, T> {
    /// Connects another object's signal to a slot of this one: [`World::connect`].
    #[track_caller]
    pub fn on<S, A, F, Form>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        slot: F,
    ) -> Connection
    where
        S: ?Sized + Target,
        A: 'static,
        F: Slot<T, A, Form>,
        Form: 'static,
    {
        let this = self.this();
        self.world.connect(sender, signal, this, slot)
    }

    /// Connects another object's signal to a slot of this one, with a [`ConnectionType`]:
    /// [`World::connect_with`].
    #[track_caller]
    pub fn on_with<S, A, F, Form>(
        &mut self,
        kind: ConnectionType,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        slot: F,
    ) -> Connection
    where
        S: ?Sized + Target,
        A: Clone + 'static,
        F: Slot<T, A, Form>,
        Form: 'static,
    {
        let this = self.this();
        self.world.connect_with(kind, sender, signal, this, slot)
    }

    /// Connects another object's signal to a closure that gets this object, and ends the connection
    /// with this object: [`World::connect_fn_on`].
    #[track_caller]
    pub fn on_fn<S, A, F, O>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        closure: F,
    ) -> Connection
    where
        S: ?Sized + Target,
        A: 'static,
        F: FnMut(&mut T, &mut Context<'_, T>, &A) -> O + 'static,
        O: Outcome + 'static,
    {
        let this = self.this();
        self.world.connect_fn_on(sender, signal, this, closure)
    }

    /// Connects the end of another object to a slot of this one: [`World::connect_destroyed`].
    #[doc(alias = "destroyed")]
    #[track_caller]
    pub fn on_destroyed<S, F, Form>(&mut self, object: Obj<S>, slot: F) -> Connection
    where
        S: ?Sized + Target,
        F: Slot<T, Obj<dyn QObject>, Form>,
        Form: 'static,
    {
        let this = self.this();
        self.world.connect_destroyed(object, this, slot)
    }

    /// Makes this object emit a signal of its own whenever another object emits `signal`, with the
    /// same argument: [`World::connect_signal`].
    #[track_caller]
    pub fn forward<S, A>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        own_signal: fn(&T) -> &Signal<A>,
    ) -> Connection
    where
        S: ?Sized + Target,
        A: Clone + 'static,
    {
        let this = self.this();
        self.world.connect_signal(sender, signal, this, own_signal)
    }
}

/// What methods often do to their own object. [`World`] has the same methods; through these,
/// `cx.this()` can be an argument, which the borrow checker refuses where `cx` is dereferenced.
impl<T: QObject> Context<'_, T> {
    /// Ends the connections from a signal to one slot of one receiver: [`World::disconnect`].
    pub fn disconnect<S, A, R, F, Form>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        receiver: Obj<R>,
        slot: F,
    ) -> bool
    where
        S: ?Sized + Target,
        A: 'static,
        R: QObject,
        F: Slot<R, A, Form>,
    {
        self.world.disconnect(sender, signal, receiver, slot)
    }

    /// Ends all connections from one object to another: [`World::disconnect_receiver`].
    pub fn disconnect_receiver<S, R>(&mut self, sender: Obj<S>, receiver: Obj<R>) -> bool
    where
        S: ?Sized + Target,
        R: ?Sized + Target,
    {
        self.world.disconnect_receiver(sender, receiver)
    }

    /// Ends all connections from an object: [`World::disconnect_all`].
    pub fn disconnect_all<S: ?Sized + Target>(&mut self, sender: Obj<S>) -> bool {
        self.world.disconnect_all(sender)
    }

    /// Makes an object a child of another: [`World::set_parent`].
    #[doc(alias = "setParent")]
    pub fn set_parent<R: ?Sized + Target, P: ?Sized + Target>(
        &mut self,
        object: Obj<R>,
        parent: impl Into<Option<Obj<P>>>,
    ) {
        self.world.set_parent(object, parent);
    }

    /// Calls `f` with the object after the running method has returned: [`World::later`].
    #[track_caller]
    pub fn later<R: QObject>(
        &mut self,
        object: Obj<R>,
        f: impl FnOnce(&mut R, &mut Context<'_, R>) + 'static,
    ) {
        self.world.later(object, f);
    }

    /// Posts a call of a slot to a later pass of the event loop: [`World::invoke`].
    #[doc(alias = "invokeMethod")]
    #[track_caller]
    pub fn invoke<R, A, F, Form>(&mut self, receiver: Obj<R>, slot: F, argument: A)
    where
        R: QObject,
        A: 'static,
        F: Slot<R, A, Form>,
        Form: 'static,
    {
        self.world.invoke(receiver, slot, argument);
    }

    /// Destroys an object after the effects that were recorded before: [`World::destroy`].
    pub fn destroy<R: ?Sized + Target>(&mut self, object: Obj<R>) -> bool {
        self.world.destroy(object)
    }

    /// Destroys an object in a later pass of the event loop: [`World::delete_later`].
    #[doc(alias = "deleteLater")]
    pub fn delete_later<R: ?Sized + Target>(&mut self, object: Obj<R>) -> bool {
        self.world.delete_later(object)
    }

    /// Destroys the running object after its method has returned.
    pub fn destroy_this(&mut self) {
        self.destroy(self.this());
    }

    /// Sets the name of an object: [`World::set_object_name`].
    #[doc(alias = "setObjectName")]
    pub fn set_object_name<R: ?Sized + Target>(&mut self, object: Obj<R>, name: impl Into<String>) {
        self.world.set_object_name(object, name);
    }

    /// Blocks or unblocks an object's signals: [`World::block_signals`].
    #[doc(alias = "blockSignals")]
    pub fn block_signals<R: ?Sized + Target>(&mut self, object: Obj<R>, block: bool) -> bool {
        self.world.block_signals(object, block)
    }
}

impl<T: ?Sized> Deref for Context<'_, T> {
    type Target = World;

    #[inline]
    fn deref(&self) -> &World {
        self.world
    }
}

impl<T: ?Sized> DerefMut for Context<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut World {
        self.world
    }
}

impl<T: ?Sized> fmt::Debug for Context<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("key", &self.key).finish_non_exhaustive()
    }
}
