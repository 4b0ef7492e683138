//! Connecting.
//!
//! Every way to connect makes a link and hands it to [`World::join`], or to [`Signal::join`] for
//! an object's own signals. A sender that is busy (its constructor runs, or its slot) is joined
//! when it comes back.

use std::any::{Any, TypeId};
use std::rc::Rc;

use super::class::QObject;
use super::connection::{Connection, ConnectionType};
use super::context::Context;
use super::handle::{Obj, ObjectKey, Target};
use super::lend::Deferred;
use super::link::{
    AnyLink, ClosureLink, Dependent, DependentLink, Link, MethodLink, Nobody, QueuedLink,
    SignalLink,
};
use super::shelf::Shelf;
use super::signal::{Core, Signal};
use super::slot::{Outcome, Slot};
use super::world::World;

/// Connecting.
impl World {
    /// Connects a signal to a slot.
    ///
    /// The types are checked: `signal` is a signal of the sender's class, `slot` a method of the
    /// receiver's class that takes what the signal carries (see [`Slot`] for the shapes). The
    /// connection ends with the sender or the receiver.
    ///
    /// A connection made while the signal is being delivered does not see that emission. One made
    /// while the sender is busy, in its own method or constructor, sees what is emitted from when
    /// that has returned; for an object's own signals, [`Signal::connect`] is there at once. If a
    /// handle is stale nothing is connected, and [`Connection::is_connected`] says so.
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
        match self.method_link(ConnectionType::DIRECT, receiver, slot) {
            Some(link) => self.join(sender, signal, Some(receiver.erase()), link, None),
            None => Connection::refused(),
        }
    }

    /// Connects a signal to a slot in one of the ways of [`ConnectionType`].
    ///
    /// A unique connection that exists already is refused, which [`Connection::is_connected`]
    /// tells.
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
        let unique = kind.contains(ConnectionType::UNIQUE).then(TypeId::of::<F>);
        match self.method_link(kind, receiver, slot) {
            Some(link) => {
                let link = queued_if(kind, link);
                self.join(sender, signal, Some(receiver.erase()), link, unique)
            }
            None => Connection::refused(),
        }
    }

    /// Connects a signal to a closure, which gets the world and the argument.
    ///
    /// The connection ends with the sender. A closure that returns a `Result` may fail, as slots
    /// may.
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
        let link = ClosureLink::<Nobody, F>::new(None, ConnectionType::DIRECT, closure);
        self.join(sender, signal, None, Rc::new(link), None)
    }

    /// Connects a signal to a closure in one of the ways of [`ConnectionType`].
    ///
    /// [`UNIQUE`](ConnectionType::UNIQUE) means nothing here: each closure is one of its own.
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
        let link = Rc::new(ClosureLink::<Nobody, F>::new(None, kind, closure));
        self.join(sender, signal, None, queued_if(kind, link), None)
    }

    /// Connects a signal to a closure that acts on a receiver, and ends with it.
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
        let link = ClosureLink::<R, F>::new(Some(receiver.key), ConnectionType::DIRECT, closure);
        self.join(sender, signal, Some(receiver.erase()), Rc::new(link), None)
    }

    /// Connects a signal to a closure that acts on a receiver, in one of the ways of
    /// [`ConnectionType`].
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
        let link = Rc::new(ClosureLink::<R, F>::new(Some(receiver.key), kind, closure));
        self.join(sender, signal, Some(receiver.erase()), queued_if(kind, link), None)
    }

    /// Connects a signal to another signal, which is then emitted with the same argument.
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

    /// Connects a signal to another signal in one of the ways of [`ConnectionType`].
    ///
    /// [`UNIQUE`](ConnectionType::UNIQUE) means nothing here.
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
        let link = Rc::new(SignalLink::new(target, kind, target_signal));
        self.join(sender, signal, Some(target.erase()), queued_if(kind, link), None)
    }

    /// Connects a slot to the end of an object: it runs while the object can still be looked at,
    /// just before its children go.
    ///
    /// The argument is the dying object's handle. Emitted even if the object's signals are
    /// blocked.
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
        match self.method_link(ConnectionType::DIRECT, receiver, slot) {
            Some(link) => self.join_destroyed(object, Some(receiver.erase()), link),
            None => Connection::refused(),
        }
    }

    /// Connects a closure to the end of an object; see [`connect_destroyed`](Self::connect_destroyed).
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
        let link = ClosureLink::<Nobody, F>::new(None, ConnectionType::DIRECT, closure);
        self.join_destroyed(object, None, Rc::new(link))
    }

    /// Connects a closure to the change of an object's name.
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
        let link = Rc::new(ClosureLink::<Nobody, F>::new(None, ConnectionType::DIRECT, closure));
        let Some(key) = self.joinable(object) else { return Connection::refused() };
        let emitter = self.emitter(key);
        let core = self.nodes[key].extra().name_changed.core(|| emitter).clone();
        self.join_core(&core, None, link, None)
    }

    #[track_caller]
    fn join_destroyed(
        &mut self,
        object: Obj<impl ?Sized + Target>,
        receiver: Option<Obj<dyn QObject>>,
        link: Rc<dyn Link<Obj<dyn QObject>>>,
    ) -> Connection {
        let Some(key) = self.joinable(object) else { return Connection::refused() };
        let emitter = self.emitter(key);
        let core = self.nodes[key].extra().destroyed.core(|| emitter).clone();
        self.join_core(&core, receiver, link, None)
    }

    /// Adds the link to the signal's list and the receiver's.
    #[track_caller]
    fn join<S: ?Sized + Target, A: 'static>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        receiver: Option<Obj<dyn QObject>>,
        link: Rc<dyn Link<A>>,
        unique: Option<TypeId>,
    ) -> Connection {
        let Some(key) = self.joinable(sender) else { return Connection::refused() };
        let Some(core) = self.core_of(key, sender, signal) else {
            // The sender is busy. Only refuse what is certain, and join when it is back.
            if !self.add_to_receiver(receiver, link.clone()) {
                return Connection::refused();
            }
            let erased: Rc<dyn AnyLink> = link.clone();
            let connection = Connection::new(&erased, &self.recorder);
            let join = Box::new({
                let link = link.clone();
                move |world: &mut Self| match world.core_of(key, sender, signal) {
                    Some(core) if link.is_open() && !duplicates(&core, &*link, unique) => {
                        Core::connect(&core, link);
                    }
                    _ => link.kill(),
                }
            });
            self.when_free(Deferred { of: key, link, join });
            return connection;
        };
        self.join_core(&core, receiver, link, unique)
    }

    /// Adds the link to the list of a signal that is at hand, and to the receiver's.
    #[track_caller]
    pub(super) fn join_core<A: 'static>(
        &mut self,
        core: &Rc<Core<A>>,
        receiver: Option<Obj<dyn QObject>>,
        link: Rc<dyn Link<A>>,
        unique: Option<TypeId>,
    ) -> Connection {
        if duplicates(core, &*link, unique) || !self.add_to_receiver(receiver, link.clone()) {
            return Connection::refused();
        }
        let erased: Rc<dyn AnyLink> = link.clone();
        Core::connect(core, link);
        Connection::new(&erased, &self.recorder)
    }

    /// The core of a signal of an object that is not busy.
    fn core_of<S: ?Sized + Target, A: 'static>(
        &mut self,
        key: ObjectKey,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
    ) -> Option<Rc<Core<A>>> {
        if let Some(core) = signal(self.get(sender)?).existing_core() {
            return Some(core.clone());
        }
        let emitter = self.emitter(key);
        Some(signal(self.get(sender)?).core(|| emitter).clone())
    }

    /// A link to a method of an object that exists.
    #[track_caller]
    pub(super) fn method_link<A, R, F, Form>(
        &self,
        kind: ConnectionType,
        receiver: Obj<R>,
        slot: F,
    ) -> Option<Rc<dyn Link<A>>>
    where
        A: 'static,
        R: QObject,
        F: Slot<R, A, Form>,
        Form: 'static,
    {
        let key = self.joinable(receiver)?;
        let shelf: Rc<dyn Any> = self.nodes[key].shelf.clone();
        Some(match shelf.downcast::<Shelf<R>>() {
            Ok(shelf) => Rc::new(MethodLink::<_, R, F, Form>::new(shelf, kind, slot)),
            Err(_) => Rc::new(MethodLink::<_, R, F, Form>::new(key, kind, slot)),
        })
    }

    /// Ends `dependent` when the object is destroyed.
    pub(crate) fn add_dependent<T: ?Sized + Target>(
        &mut self,
        object: Obj<T>,
        dependent: impl Dependent + 'static,
    ) {
        self.add_to_receiver(Some(object.erase()), Rc::new(DependentLink::new(dependent)));
    }

    /// The key of an object that exists.
    #[track_caller]
    fn joinable<T: ?Sized + Target>(&self, object: Obj<T>) -> Option<ObjectKey> {
        assert!(object.tag == self.tag, "{object:?} is a handle of another runtime");
        self.nodes.contains_key(object.key).then_some(object.key)
    }

    /// Adds the link to its receiver, if it has one; says whether that is still there.
    #[track_caller]
    fn add_to_receiver(
        &mut self,
        receiver: Option<Obj<dyn QObject>>,
        link: Rc<dyn AnyLink>,
    ) -> bool {
        let Some(receiver) = receiver else { return true };
        match self.joinable(receiver) {
            Some(key) => self.nodes[key].add_incoming(link),
            None => return false,
        }
        true
    }
}

/// Says whether the signal is already connected to the slot that `link` leads to.
fn duplicates<A: 'static>(core: &Core<A>, link: &dyn Link<A>, unique: Option<TypeId>) -> bool {
    let receiver = link.receiver();
    unique.is_some_and(|slot| {
        core.has(|other| other.receiver() == receiver && other.slot_type() == Some(slot))
    })
}

/// Puts a queued link in front of `link` if `kind` asks for it.
pub(super) fn queued_if<A: Clone + 'static>(
    kind: ConnectionType,
    link: Rc<dyn Link<A>>,
) -> Rc<dyn Link<A>> {
    if kind.contains(ConnectionType::QUEUED) { Rc::new(QueuedLink::new(kind, link)) } else { link }
}
