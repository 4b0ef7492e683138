//! Connecting.
//!
//! Every way to connect describes the connection by a [`Joining`], and passes it to
//! [`World::join`], or to [`Signal::join`] for an object's own signals. If the sender is busy,
//! because its constructor or a slot of it runs, the connection is made when that has returned.

use std::any::Any;
use std::rc::Rc;

use super::World;
use super::connection_kinds::{ClosureLink, MethodLink, Nobody, Receiver, SignalLink};
use super::joining::Joining;
use crate::object::class::{Obj, Outcome, PlaceRef, QObject, Signal, Slot, Target, Undelivered};
use crate::object::connections::{
    AwaitedConnection, Connection, ConnectionType, Core, Deferred, Dependent, Link, MadeConnection,
};
use crate::object::context::Context;
use crate::object::store::ObjectKey;

/// Connecting.
impl World {
    /// Connects a signal to a slot.
    ///
    /// The compiler checks the types: `signal` is a signal of the sender's class, `slot` a method
    /// of the receiver's class that takes what the signal carries ([`Slot`] lists the shapes). The
    /// connection ends when the sender or the receiver is destroyed.
    ///
    /// An emission that is being delivered does not reach a connection that is made meanwhile. If
    /// the sender is busy, because its constructor or a method of it runs, the connection is made
    /// when that has returned; [`Signal::connect`] connects an object's own signals at once. If a
    /// handle is stale, nothing is connected, [`Connection::is_connected`] returns false, and
    /// [`on_undelivered`](Self::on_undelivered) tells of it.
    ///
    /// ```
    /// use slotwire::prelude::*;
    ///
    /// #[derive(QObject, Default)]
    /// struct Dial {
    ///     #[signal]
    ///     turned: Signal<i32>,
    /// }
    ///
    /// #[derive(QObject, Default)]
    /// struct Display {
    ///     shown: String,
    /// }
    ///
    /// #[slots]
    /// impl Display {
    ///     #[slot]
    ///     fn show(&mut self, value: i32) {
    ///         self.shown = value.to_string();
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::new()?;
    /// let dial = rt.add(Dial::default());
    /// let display = rt.add(Display::default());
    /// rt.connect(dial, Dial::turned, display, Display::show);
    /// rt.emit(dial, Dial::turned, 11);
    /// assert_eq!(rt[display].shown, "11");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if a handle is of another runtime.
    #[track_caller]
    pub fn connect<S, A, R, F, Form>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        receiver: Obj<R>,
        slot: F,
    ) -> Connection
    where
        S: ?Sized + Target,
        A: 'static,
        R: QObject,
        F: Slot<R, A, Form>,
        Form: 'static,
    {
        match self.method(receiver, slot) {
            Some(method) if method.is_plain() => self.join_plain(sender, signal, method.link),
            Some(method) => self.join(sender, signal, method),
            None => self.refuse(receiver),
        }
    }

    /// Connects a signal to a slot, with a [`ConnectionType`].
    ///
    /// If `kind` has [`UNIQUE`](ConnectionType::UNIQUE) and the signal is connected to the slot
    /// already, nothing is connected, and [`Connection::is_connected`] returns false.
    ///
    /// # Panics
    ///
    /// Panics if a handle is of another runtime.
    #[track_caller]
    pub fn connect_with<S, A, R, F, Form>(
        &mut self,
        kind: ConnectionType,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        receiver: Obj<R>,
        slot: F,
    ) -> Connection
    where
        S: ?Sized + Target,
        A: Clone + 'static,
        R: QObject,
        F: Slot<R, A, Form>,
        Form: 'static,
    {
        match self.method(receiver, slot) {
            Some(method) => self.join(sender, signal, method.of_kind(kind)),
            None => self.refuse(receiver),
        }
    }

    /// Connects a signal to a closure, which gets the world and the argument.
    ///
    /// The connection ends when the sender is destroyed. The closure may return a `Result`, as a
    /// slot may.
    ///
    /// # Panics
    ///
    /// Panics if the handle is of another runtime.
    #[track_caller]
    pub fn connect_fn<S, A, F, O>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        closure: F,
    ) -> Connection
    where
        S: ?Sized + Target,
        A: 'static,
        F: FnMut(&mut Self, &A) -> O + 'static,
        O: Outcome + 'static,
    {
        let link = ClosureLink::<_, Self, F>::new(Nobody, closure);
        self.join(sender, signal, Joining::direct(Box::new(link)))
    }

    /// Connects a signal to a closure, with a [`ConnectionType`].
    ///
    /// [`UNIQUE`](ConnectionType::UNIQUE) has no effect here: no two closures are the same.
    ///
    /// # Panics
    ///
    /// Panics if the handle is of another runtime.
    #[track_caller]
    pub fn connect_fn_with<S, A, F, O>(
        &mut self,
        kind: ConnectionType,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        closure: F,
    ) -> Connection
    where
        S: ?Sized + Target,
        A: Clone + 'static,
        F: FnMut(&mut Self, &A) -> O + 'static,
        O: Outcome + 'static,
    {
        let link = ClosureLink::<_, Self, F>::new(Nobody, closure);
        self.join(sender, signal, Joining::direct(Box::new(link)).of_kind(kind))
    }

    /// Connects a signal to a closure that gets a receiver. The connection ends when the sender or
    /// the receiver is destroyed.
    ///
    /// ```
    /// # use slotwire::prelude::*;
    /// # #[derive(QObject, Default)]
    /// # struct Dial { #[signal] turned: Signal<i32> }
    /// # #[derive(QObject, Default)]
    /// # struct Display { shown: String }
    /// # fn main() -> Result<(), slotwire::Error> {
    /// # let mut rt = Runtime::new()?;
    /// # let dial = rt.add(Dial::default());
    /// # let display = rt.add(Display::default());
    /// rt.connect_fn_on(dial, Dial::turned, display, |display, _cx, value| {
    ///     display.shown = format!("{value:+}");
    /// });
    /// rt.emit(dial, Dial::turned, 11);
    /// assert_eq!(rt[display].shown, "+11");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if a handle is of another runtime.
    #[track_caller]
    pub fn connect_fn_on<S, A, R, F, O>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        receiver: Obj<R>,
        closure: F,
    ) -> Connection
    where
        S: ?Sized + Target,
        A: 'static,
        R: QObject,
        F: FnMut(&mut R, &mut Context<'_, R>, &A) -> O + 'static,
        O: Outcome + 'static,
    {
        match self.closure(receiver, closure) {
            Some(closure) => self.join(sender, signal, closure),
            None => self.refuse(receiver),
        }
    }

    /// Connects a signal to a closure that gets a receiver, with a [`ConnectionType`].
    ///
    /// # Panics
    ///
    /// Panics if a handle is of another runtime.
    #[track_caller]
    pub fn connect_fn_on_with<S, A, R, F, O>(
        &mut self,
        kind: ConnectionType,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        receiver: Obj<R>,
        closure: F,
    ) -> Connection
    where
        S: ?Sized + Target,
        A: Clone + 'static,
        R: QObject,
        F: FnMut(&mut R, &mut Context<'_, R>, &A) -> O + 'static,
        O: Outcome + 'static,
    {
        match self.closure(receiver, closure) {
            Some(closure) => self.join(sender, signal, closure.of_kind(kind)),
            None => self.refuse(receiver),
        }
    }

    /// Connects a signal to another signal: when the first is emitted, the second is emitted with
    /// the same argument.
    ///
    /// # Panics
    ///
    /// Panics if a handle is of another runtime.
    #[track_caller]
    pub fn connect_signal<S, A, T>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        target: Obj<T>,
        target_signal: fn(&T) -> &Signal<A>,
    ) -> Connection
    where
        S: ?Sized + Target,
        A: Clone + 'static,
        T: ?Sized + Target,
    {
        self.connect_signal_with(ConnectionType::DIRECT, sender, signal, target, target_signal)
    }

    /// Connects a signal to another signal, with a [`ConnectionType`].
    ///
    /// [`UNIQUE`](ConnectionType::UNIQUE) has no effect here.
    ///
    /// # Panics
    ///
    /// Panics if a handle is of another runtime.
    #[track_caller]
    pub fn connect_signal_with<S, A, T>(
        &mut self,
        kind: ConnectionType,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        target: Obj<T>,
        target_signal: fn(&T) -> &Signal<A>,
    ) -> Connection
    where
        S: ?Sized + Target,
        A: Clone + 'static,
        T: ?Sized + Target,
    {
        let Some(receiver) = self.joinable(target) else { return self.refuse(target) };
        let link = Box::new(SignalLink::new(target, target_signal));
        self.join(sender, signal, Joining::direct(link).ending_with(receiver).of_kind(kind))
    }

    /// Connects a slot to the end of an object. The slot runs just before the object's children are
    /// destroyed; the object can still be reached then. A parent does not hear the end of a child
    /// that goes with it.
    ///
    /// The argument is the handle of the object that is being destroyed. This signal is emitted
    /// even if the object's signals are blocked.
    ///
    /// # Panics
    ///
    /// Panics if a handle is of another runtime.
    #[doc(alias = "destroyed")]
    #[track_caller]
    pub fn connect_destroyed<S, R, F, Form>(
        &mut self,
        object: Obj<S>,
        receiver: Obj<R>,
        slot: F,
    ) -> Connection
    where
        S: ?Sized + Target,
        R: QObject,
        F: Slot<R, Obj<dyn QObject>, Form>,
        Form: 'static,
    {
        match self.method(receiver, slot) {
            Some(method) => self.join_destroyed(object, method),
            None => self.refuse(receiver),
        }
    }

    /// Connects a closure to the end of an object, as
    /// [`connect_destroyed`](Self::connect_destroyed) does a slot.
    ///
    /// # Panics
    ///
    /// Panics if the handle is of another runtime.
    #[track_caller]
    pub fn connect_destroyed_fn<S, F, O>(&mut self, object: Obj<S>, closure: F) -> Connection
    where
        S: ?Sized + Target,
        F: FnMut(&mut Self, &Obj<dyn QObject>) -> O + 'static,
        O: Outcome + 'static,
    {
        let link = ClosureLink::<_, Self, F>::new(Nobody, closure);
        self.join_destroyed(object, Joining::direct(Box::new(link)))
    }

    /// Connects a closure to changes of an object's name. The closure gets the new name.
    ///
    /// # Panics
    ///
    /// Panics if the handle is of another runtime.
    #[doc(alias = "objectNameChanged")]
    #[track_caller]
    pub fn connect_object_name_changed_fn<S, F, O>(
        &mut self,
        object: Obj<S>,
        closure: F,
    ) -> Connection
    where
        S: ?Sized + Target,
        F: FnMut(&mut Self, &String) -> O + 'static,
        O: Outcome + 'static,
    {
        let link = ClosureLink::<_, Self, F>::new(Nobody, closure);
        let Some(key) = self.joinable(object) else { return self.refuse(object) };
        let core = self.arena[key].name_changed_core(key, &self.queue);
        self.join_core(&core, Joining::direct(Box::new(link)))
    }

    #[track_caller]
    fn join_destroyed(
        &mut self,
        object: Obj<impl ?Sized + Target>,
        joining: Joining<Obj<dyn QObject>>,
    ) -> Connection {
        let Some(key) = self.joinable(object) else { return self.refuse(object) };
        let core = self.arena[key].destroyed_core(key, &self.queue);
        self.join_core(&core, joining)
    }

    /// Adds a connection to a signal, now or when the running method of its object has returned.
    #[track_caller]
    fn join<S: ?Sized + Target, A: 'static>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        joining: Joining<A>,
    ) -> Connection {
        self.expect_own(sender);
        if let Some(core) = self.core_of(sender, signal) {
            let (made, ends_with) = joining.make(core);
            return self.connection(made, ends_with);
        }
        self.join_later(sender, signal, joining)
    }

    /// Adds a connection that is [plain](Joining::is_plain) to a signal, as [`join`](Self::join) does.
    #[track_caller]
    fn join_plain<S: ?Sized + Target, A: 'static>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        link: Box<dyn Link<A, Self>>,
    ) -> Connection {
        self.expect_own(sender);
        if let Some(core) = self.core_of(sender, signal) {
            return Connection::made(Core::connect(core, ConnectionType::DIRECT, link));
        }
        self.join_later(sender, signal, Joining::direct(link))
    }

    /// Adds a connection to a signal of a busy object when its method has returned, unless the
    /// object is gone.
    #[cold]
    #[track_caller]
    fn join_later<S: ?Sized + Target, A: 'static>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        joining: Joining<A>,
    ) -> Connection {
        if !self.arena.contains(sender.key) {
            return self.refuse(sender);
        }
        let awaited = Rc::new(AwaitedConnection::default());
        let (connection, receiver) = (awaited.clone(), joining.link.receiver());
        if let Some(receiver) = receiver.filter(|&key| self.arena.contains(key)) {
            self.arena[receiver].add_dependent(Box::new(awaited.clone()));
        }
        let join = move |world: &mut Self| {
            let is_wanted = connection.is_wanted() && !joining.link.is_over();
            let core = if is_wanted { world.core_of(sender, signal) } else { None };
            let (made, ends_with) = core.map(|core| joining.make(core)).unwrap_or_default();
            if let (Some(receiver), Some(made)) = (ends_with, &made) {
                world.end_with(receiver, made);
            }
            connection.made_or_refused(made);
        };
        self.when_free(
            sender.key,
            Deferred { receiver, connection: awaited.clone(), join: Box::new(join) },
        );
        Connection::awaited(awaited)
    }

    /// Adds a connection to a signal whose core is known.
    #[inline]
    pub(super) fn join_core<A: 'static>(
        &mut self,
        core: &Rc<Core<A, Self>>,
        joining: Joining<A>,
    ) -> Connection {
        let (made, ends_with) = joining.make(core);
        self.connection(made, ends_with)
    }

    /// Returns the handle of a connection that was made, or refused, and lets the end of an object
    /// close it.
    #[inline(always)]
    fn connection(
        &mut self,
        made: Option<MadeConnection>,
        ends_with: Option<ObjectKey>,
    ) -> Connection {
        let Some(made) = made else { return Connection::refused() };
        if let Some(receiver) = ends_with {
            self.end_with(receiver, &made);
        }
        Connection::made(made)
    }

    /// Returns the handle of a connection that is not made since an object is gone, and reports it.
    #[cold]
    #[track_caller]
    pub(super) fn refuse(&mut self, gone: Obj<impl ?Sized + Target>) -> Connection {
        self.report_unconnected(Undelivered::connection(self, gone));
        Connection::refused()
    }

    /// Returns the core of a signal of an object that is not busy.
    #[inline]
    fn core_of<S: ?Sized + Target, A: 'static>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
    ) -> Option<&Rc<Core<A, Self>>> {
        let Self { arena, queue, .. } = self;
        let (place, node, keyring) = arena.look_with_node(sender.key)?;
        let object = S::look(PlaceRef::new((place, keyring)), sender.cast)?;
        Some(node.core_of(signal(object), sender.key, queue))
    }

    /// Ends a connection when an object is destroyed, or now if the object is gone.
    #[inline(never)]
    fn end_with(&mut self, receiver: ObjectKey, connection: &MadeConnection) {
        match self.arena.node_mut(receiver) {
            Some(node) => node.add_dependent(Box::new(connection.clone())),
            None => connection.end(),
        }
    }

    /// Makes the connection that calls a method of the receiver. Returns `None` if the receiver is gone.
    #[inline(always)]
    #[track_caller]
    pub(super) fn method<A, R, F, Form>(&self, receiver: Obj<R>, slot: F) -> Option<Joining<A>>
    where
        A: 'static,
        R: QObject,
        F: Slot<R, A, Form>,
        Form: 'static,
    {
        Some(match self.way_to(receiver)? {
            Ok(way) => Joining::direct(Box::new(MethodLink::<_, R, F, Form>::new(way, slot))),
            Err(key) => Joining::direct(link_to_base(key, slot)).ending_with(key),
        })
    }

    /// Makes the connection that calls a closure with the receiver. Returns `None` if the receiver is
    /// gone.
    #[track_caller]
    fn closure<A, R, F, O>(&self, receiver: Obj<R>, closure: F) -> Option<Joining<A>>
    where
        A: 'static,
        R: QObject,
        F: FnMut(&mut R, &mut Context<'_, R>, &A) -> O + 'static,
        O: Outcome + 'static,
    {
        let link: Box<dyn Link<A, Self>> = match self.way_to(receiver)? {
            Ok(way) => Box::new(ClosureLink::<_, R, F>::new(way, closure)),
            Err(key) => Box::new(ClosureLink::<_, R, F>::new(key, closure)),
        };
        Some(Joining::direct(link).ending_with(receiver.key))
    }

    /// Returns the way from a connection to its receiver, or the receiver's key if its class extends
    /// `R`. Returns `None` if the receiver is gone.
    #[inline(always)]
    #[track_caller]
    fn way_to<R: QObject>(&self, receiver: Obj<R>) -> Option<Result<Receiver<R>, ObjectKey>> {
        let key = self.expect_own(receiver);
        let place: Rc<dyn Any> = self.arena.place(key)?.clone();
        Some(place.downcast().map(|place| Receiver { key, place }).map_err(|_| key))
    }

    /// Ends `dependent` when the object is destroyed. Does nothing if the object is gone.
    pub(crate) fn add_dependent<T: ?Sized + Target>(
        &mut self,
        object: Obj<T>,
        dependent: impl Dependent + 'static,
    ) {
        if let Some(key) = self.joinable(object) {
            self.arena[key].add_dependent(Box::new(dependent));
        }
    }

    /// Returns the key of an object, if the object exists.
    #[track_caller]
    fn joinable<T: ?Sized + Target>(&self, object: Obj<T>) -> Option<ObjectKey> {
        Some(self.expect_own(object)).filter(|&key| self.arena.contains(key))
    }
}

/// Makes a link to a method of an `R` that the receiver extends. A function of its own, to keep the
/// common path short.
#[inline(never)]
fn link_to_base<A, R, F, Form>(receiver: ObjectKey, slot: F) -> Box<dyn Link<A, World>>
where
    R: QObject,
    F: Slot<R, A, Form>,
    Form: 'static,
{
    Box::new(MethodLink::<_, R, F, Form>::new(receiver, slot))
}
