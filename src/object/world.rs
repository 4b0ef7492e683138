//! The world: every object of one runtime, and the ways to reach them.
//!
//! Keeps one promise: a method has its object to itself. While it runs, the object is out of the
//! arena, on loan to it; everybody else is reachable, and nobody reaches the object twice.
//!
//! The tree is in `tree.rs`, connecting in `connect.rs`, the end of objects in `destroy.rs`, and
//! the order in which slots run in `delivery.rs`.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::num::NonZeroU32;
use std::ops::{Index, IndexMut};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use qcell::QCellOwner;
use slotmap::SlotMap;

use super::class::QObject;
use super::context::Context;
use super::destroy::Phase;
use super::handle::{Number, Obj, ObjectKey, RuntimeTag, Target, short_type_name};
use super::node::Node;
use super::recorder::{Effect, Recorder};
use super::shelf::{Lender, Life, Shelf, Stand};
use super::signal::Emitter;
use super::slot::{OnSlotError, SlotError};

/// The objects of one runtime.
///
/// [`Runtime`](crate::Runtime) and [`Context`] both dereference to it, so its methods are the ones
/// that a program uses everywhere: outside, in slots and in constructors.
pub struct World {
    pub(super) nodes: SlotMap<ObjectKey, Node>,
    /// The key to all shelves.
    pub(super) owner: QCellOwner,
    pub(super) tag: RuntimeTag,
    pub(super) recorder: Rc<Recorder>,
    /// What is still to be carried out in this turn, the next uppermost.
    pub(super) stack: Vec<Effect>,
    /// Stacks of earlier turns that had used up their budget.
    pub(super) suspended: VecDeque<Vec<Effect>>,
    /// How many more deliveries this turn may make.
    pub(super) budget: usize,
    pub(super) sender: Option<ObjectKey>,
    /// What waits for an object to come back from its method.
    deferred: Vec<(ObjectKey, Deferred)>,
    services: RefCell<Vec<(TypeId, Rc<dyn Any>)>>,
    on_slot_error: Option<OnSlotError>,
}

/// What is done with an object once it is back in the arena.
pub(super) type Deferred = Box<dyn FnOnce(&mut World)>;

impl World {
    pub(crate) fn new() -> Self {
        /// Counts the runtimes of the process. After 2^32 of them tags come again.
        static RUNTIMES: AtomicU32 = AtomicU32::new(1);
        let tag = RUNTIMES.fetch_add(1, Ordering::Relaxed);
        Self {
            nodes: SlotMap::with_key(),
            owner: QCellOwner::new(),
            tag: RuntimeTag(NonZeroU32::new(tag).unwrap_or(NonZeroU32::MIN)),
            recorder: Recorder::new(),
            stack: Vec::new(),
            suspended: VecDeque::new(),
            budget: 0,
            sender: None,
            deferred: Vec::new(),
            services: RefCell::default(),
            on_slot_error: None,
        }
    }

    /// Adds an object and returns its handle.
    ///
    /// ```
    /// # use slotwire::prelude::*;
    /// # #[derive(QObject)]
    /// # struct Counter { value: u32 }
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::new()?;
    /// let counter = rt.add(Counter { value: 1 });
    /// assert_eq!(rt[counter].value, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn add<T: QObject>(&mut self, object: T) -> Obj<T> {
        self.insert(None, |_| object)
    }

    /// Adds an object whose constructor gets a context, in which it has its handle already: it can
    /// create children, connect to them and connect itself.
    pub fn add_with<T: QObject>(
        &mut self,
        construct: impl FnOnce(&mut Context<'_, T>) -> T,
    ) -> Obj<T> {
        self.insert(None, construct)
    }

    /// Adds an object whose constructor can fail.
    ///
    /// # Errors
    ///
    /// Returns the constructor's error. Children that it added are destroyed: in a slot when that
    /// has returned, outside with the next delivery.
    pub fn try_add_with<T: QObject, E>(
        &mut self,
        construct: impl FnOnce(&mut Context<'_, T>) -> Result<T, E>,
    ) -> Result<Obj<T>, E> {
        self.try_insert(None, construct)
    }

    /// Adds an object as a child of `parent`, which is destroyed with it.
    ///
    /// # Panics
    ///
    /// Panics if `parent` is stale or of another runtime.
    pub fn add_child_of<P: ?Sized + Target, T: QObject>(
        &mut self,
        parent: Obj<P>,
        object: T,
    ) -> Obj<T> {
        self.add_child_of_with(parent, |_| object)
    }

    /// Adds a child of `parent` whose constructor gets a context.
    ///
    /// # Panics
    ///
    /// Panics if `parent` is stale or of another runtime.
    pub fn add_child_of_with<P: ?Sized + Target, T: QObject>(
        &mut self,
        parent: Obj<P>,
        construct: impl FnOnce(&mut Context<'_, T>) -> T,
    ) -> Obj<T> {
        let parent = self.expect_node(parent);
        self.insert(Some(parent), construct)
    }

    fn insert<T: QObject>(
        &mut self,
        parent: Option<ObjectKey>,
        construct: impl FnOnce(&mut Context<'_, T>) -> T,
    ) -> Obj<T> {
        match self.try_insert(parent, |cx| Ok::<_, Infallible>(construct(cx))) {
            Ok(object) => object,
            Err(never) => match never {},
        }
    }

    fn try_insert<T: QObject, E>(
        &mut self,
        parent: Option<ObjectKey>,
        construct: impl FnOnce(&mut Context<'_, T>) -> Result<T, E>,
    ) -> Result<Obj<T>, E> {
        /// A node whose constructor has not finished. It goes if the constructor fails.
        struct Reserved<'a> {
            world: &'a mut World,
            key: ObjectKey,
        }

        impl Drop for Reserved<'_> {
            fn drop(&mut self) {
                self.world.recorder.record(Effect::Destroy(self.key, Phase::Begin));
            }
        }

        let (owner, mut shelf) = (&self.owner, None);
        let key = self
            .nodes
            .insert_with_key(|key| Node::new(shelf.insert(Shelf::<T>::new(key, owner)).clone()));
        if let Some(parent) = parent {
            self.append_child(parent, key);
        }
        let reserved = Reserved { world: self, key };
        let mut object = Box::new(construct(&mut Context::new(reserved.world, key))?);
        object.anchored(&Anchor { world: reserved.world, key });
        object.wired(&mut Context::new(reserved.world, key));
        if let Some(shelf) = shelf {
            Lender::label(&*shelf).life.set(Life::Alive);
            reserved.world.give_back(&*shelf, object);
        }
        std::mem::forget(reserved);
        Ok(self.handle(key))
    }

    /// Returns the object, or `None` if the handle is stale or of another runtime, or the object
    /// is busy: its method is running further up the call chain.
    #[inline]
    pub fn get<T: ?Sized + Target>(&self, object: Obj<T>) -> Option<&T> {
        let node = self.nodes.get(self.own(object)?)?;
        T::look(Stand::new(&*node.shelf, &self.owner), object.cast)
    }

    /// Returns the object for a change, or `None` as [`get`](Self::get) does.
    #[inline]
    pub fn get_mut<T: ?Sized + Target>(&mut self, object: Obj<T>) -> Option<&mut T> {
        let key = self.own(object)?;
        let place = self.nodes.get(key)?.shelf.place();
        T::project_mut(place.rw(&mut self.owner).object_mut()?, object.cast)
    }

    /// Returns two different objects at once, or `None` if either cannot be had, or they are one
    /// and the same.
    ///
    /// ```
    /// # use slotwire::prelude::*;
    /// # #[derive(QObject)]
    /// # struct Purse { coins: u32 }
    /// # fn main() -> Result<(), slotwire::Error> {
    /// # let mut rt = Runtime::new()?;
    /// let mine = rt.add(Purse { coins: 5 });
    /// let yours = rt.add(Purse { coins: 0 });
    /// let (from, to) = rt.pair(mine, yours).unwrap();
    /// from.coins -= 2;
    /// to.coins += 2;
    /// assert_eq!((rt[mine].coins, rt[yours].coins), (3, 2));
    /// # Ok(())
    /// # }
    /// ```
    pub fn pair<A, B>(&mut self, a: Obj<A>, b: Obj<B>) -> Option<(&mut A, &mut B)>
    where
        A: ?Sized + Target,
        B: ?Sized + Target,
    {
        if a == b {
            return None;
        }
        let first = self.nodes.get(self.own(a)?)?.shelf.place();
        let second = self.nodes.get(self.own(b)?)?.shelf.place();
        let (first, second) = self.owner.rw2(first, second);
        let first = A::project_mut(first.object_mut()?, a.cast)?;
        let second = B::project_mut(second.object_mut()?, b.cast)?;
        Some((first, second))
    }

    /// Says whether the object exists: alive, busy or under construction, but not gone.
    pub fn contains<T: ?Sized + Target>(&self, object: Obj<T>) -> bool {
        self.own(object).is_some_and(|key| self.nodes.contains_key(key))
    }

    /// Returns how many objects there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Says whether there are no objects.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Calls `f` with the object and a context of its own: the way to call a method of another
    /// object that itself needs a context.
    ///
    /// Returns `None` without calling `f` if the object is gone or busy, as [`get`](Self::get)
    /// does.
    pub fn with<T: QObject, O>(
        &mut self,
        object: Obj<T>,
        f: impl FnOnce(&mut T, &mut Context<'_, T>) -> O,
    ) -> Option<O> {
        let key = self.own(object)?;
        self.lend(key, OnPanic::Keep, f)
    }

    /// Runs `f` with the object when the running method has returned: after what the method did
    /// before, before what it does afterwards, and before any other slot.
    ///
    /// Does nothing if the object is gone by then.
    pub fn later<T: QObject>(
        &mut self,
        object: Obj<T>,
        f: impl FnOnce(&mut T, &mut Context<'_, T>) + 'static,
    ) {
        if let Some(key) = self.own(object) {
            self.recorder.record(Effect::Later(Box::new(move |world: &mut World| {
                world.run_slot(key, f);
            })));
        }
    }

    /// Returns the handle as one to class `T`, if the object is of that class or extends it.
    #[doc(alias = "qobject_cast")]
    pub fn downcast<T: QObject>(&self, object: Obj<impl ?Sized + Target>) -> Option<Obj<T>> {
        let target = self.handle::<T>(self.own(object)?);
        self.get(target).map(|_| target)
    }

    /// Sets what is called with the error when a slot returns one.
    ///
    /// Without it the error is written to standard error, in one line.
    pub fn on_slot_error(&mut self, handler: impl FnMut(&mut World, SlotError) + 'static) {
        self.on_slot_error = Some(Box::new(handler));
    }

    #[cold]
    pub(super) fn report_slot_error(&mut self, error: SlotError) {
        /// A handler that runs. Its end, a panic's included, puts it back, unless it set another.
        struct Running<'a> {
            world: &'a mut World,
            handler: Option<OnSlotError>,
        }

        impl Drop for Running<'_> {
            fn drop(&mut self) {
                if self.world.on_slot_error.is_none() {
                    self.world.on_slot_error = self.handler.take();
                }
            }
        }

        let handler = self.on_slot_error.take();
        let mut running = Running { world: self, handler };
        match &mut running.handler {
            Some(handler) => handler(running.world, error),
            None => {
                let what = error.to_string();
                eprintln!("slotwire: {what}: {}", error.into_inner());
            }
        }
    }
}

/// What the floors above hang on the world, and what they reach it by.
impl World {
    /// Hangs a service on the world, under its own type.
    pub(crate) fn offer<S: 'static>(&self, service: Rc<S>) {
        self.services.borrow_mut().push((TypeId::of::<S>(), service));
    }

    /// Returns the service of type `S`, if somebody offers it.
    pub(crate) fn service<S: 'static>(&self) -> Option<Rc<S>> {
        let services = self.services.borrow();
        let (_, service) = services.iter().find(|(id, _)| *id == TypeId::of::<S>())?;
        service.clone().downcast().ok()
    }

    /// Runs `f` with the object as one of its slots: a panic destroys it.
    pub(crate) fn run_slot<T: QObject>(
        &mut self,
        key: ObjectKey,
        f: impl FnOnce(&mut T, &mut Context<'_, T>),
    ) {
        self.lend(key, OnPanic::Destroy, f);
    }

    /// The handle of the object with this key.
    #[inline]
    pub(crate) fn handle<T: Target<Cast = ()> + ?Sized>(&self, key: ObjectKey) -> Obj<T> {
        Obj { key, tag: self.tag, cast: () }
    }

    /// The key in the handle, if the handle is of this runtime.
    #[inline]
    pub(crate) fn own<T: ?Sized + Target>(&self, object: Obj<T>) -> Option<ObjectKey> {
        (object.tag == self.tag).then_some(object.key)
    }

    /// The key of a node that exists, or a panic that says why there is none.
    pub(super) fn expect_node<T: ?Sized + Target>(&self, object: Obj<T>) -> ObjectKey {
        match self.own(object) {
            Some(key) if self.nodes.contains_key(key) => key,
            _ => self.unreachable(object),
        }
    }

    /// Panics with the reason why `object` cannot be had.
    #[cold]
    #[track_caller]
    fn unreachable<T: ?Sized + Target>(&self, object: Obj<T>) -> ! {
        let (class, number) = (short_type_name::<T>(), Number(object.key));
        let node = match self.own(object).map(|key| self.nodes.get(key)) {
            None => panic!("Obj<{class}> {number} is a handle of another runtime"),
            Some(None) => panic!("Obj<{class}> {number} is stale: its object was destroyed"),
            Some(Some(node)) => node,
        };
        match node.shelf.object(&self.owner) {
            Some(object) => {
                panic!("Obj<{class}> {number} is of class {}", object.meta_object().class_name())
            }
            None => panic!(
                "Obj<{class}> {number} is busy: one of its methods is running further up the call \
                 chain; use `self` there, or `later`"
            ),
        }
    }

    /// What the object's signals share.
    pub(super) fn emitter(&mut self, key: ObjectKey) -> Rc<Emitter> {
        let (tag, recorder) = (self.tag, &self.recorder);
        let make = || {
            Rc::new(Emitter {
                key,
                tag,
                blocked: Cell::new(false),
                recorder: recorder.clone(),
                cores: RefCell::default(),
            })
        };
        self.nodes[key].emitter_or(make).clone()
    }

    /// Runs `f` with the object on this shelf as one of its slots: a panic destroys it.
    #[inline]
    pub(super) fn run_slot_from<T: QObject>(
        &mut self,
        shelf: &Shelf<T>,
        f: impl FnOnce(&mut T, &mut Context<'_, T>),
    ) {
        let key = Lender::label(shelf).key;
        self.lend_from(shelf, OnPanic::Destroy, |object, world| {
            f(object, &mut Context::new(world, key));
        });
    }

    /// Takes the object off its shelf for the length of a call.
    fn lend<T: QObject, O>(
        &mut self,
        key: ObjectKey,
        on_panic: OnPanic,
        f: impl FnOnce(&mut T, &mut Context<'_, T>) -> O,
    ) -> Option<O> {
        let shelf = self.nodes.get(key)?.shelf.clone();
        match (&*shelf as &dyn Any).downcast_ref::<Shelf<T>>() {
            Some(shelf) => self.lend_from(shelf, on_panic, |object, world| {
                Some(f(object, &mut Context::new(world, key)))
            })?,
            // It is of a class that extends `T`.
            None => self.lend_from(&*shelf, on_panic, |object, world| {
                let object = T::project_mut(&mut **object, ())?;
                Some(f(object, &mut Context::new(world, key)))
            })?,
        }
    }

    #[inline]
    fn lend_from<L: Lender + ?Sized, O>(
        &mut self,
        shelf: &L,
        on_panic: OnPanic,
        f: impl FnOnce(&mut L::Object, &mut Self) -> O,
    ) -> Option<O> {
        /// An object that is out. Dropped only if its method panics.
        struct Loan<'a, L: Lender + ?Sized> {
            world: &'a mut World,
            shelf: &'a L,
            object: Option<L::Object>,
            on_panic: OnPanic,
        }

        impl<L: Lender + ?Sized> Drop for Loan<'_, L> {
            #[inline]
            fn drop(&mut self) {
                if let Some(object) = self.object.take() {
                    self.world.give_back_after_panic(self.shelf, object, self.on_panic);
                }
            }
        }

        let object = shelf.take(&mut self.owner)?;
        let mut loan = Loan { world: self, shelf, object: Some(object), on_panic };
        let out = loan.object.as_mut().map(|object| f(object, loan.world));
        if let Some(object) = loan.object.take() {
            loan.world.give_back(shelf, object);
        }
        out
    }

    #[cold]
    fn give_back_after_panic<L: Lender + ?Sized>(
        &mut self,
        shelf: &L,
        object: L::Object,
        on_panic: OnPanic,
    ) {
        self.give_back(shelf, object);
        if on_panic == OnPanic::Destroy {
            self.recorder.record(Effect::Destroy(shelf.label().key, Phase::Begin));
        }
    }

    #[inline]
    fn give_back<L: Lender + ?Sized>(&mut self, shelf: &L, object: L::Object) {
        shelf.put(&mut self.owner, object);
        let label = shelf.label();
        if label.awaited.get() {
            label.awaited.set(false);
            self.run_deferred(label.key);
        }
    }

    /// Does `f` when the object with this key is back in the arena, or gone.
    pub(super) fn when_free(&mut self, key: ObjectKey, f: Deferred) {
        self.nodes[key].shelf.label().awaited.set(true);
        self.deferred.push((key, f));
    }

    /// Does what waited for the object, in order. What waits for others stays.
    #[cold]
    pub(super) fn run_deferred(&mut self, key: ObjectKey) {
        let waiting = std::mem::take(&mut self.deferred);
        let (ready, rest): (Vec<_>, _) = waiting.into_iter().partition(|&(of, _)| of == key);
        self.deferred = rest;
        for (_, f) in ready {
            f(self);
        }
    }
}

/// What becomes of an object whose method panics.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnPanic {
    /// It was a slot, which left the object half-updated.
    Destroy,
    /// It was called by somebody who answers for it.
    Keep,
}

impl<T: ?Sized + Target> Index<Obj<T>> for World {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, object: Obj<T>) -> &T {
        match self.get(object) {
            Some(object) => object,
            None => self.unreachable(object),
        }
    }
}

impl<T: ?Sized + Target> IndexMut<Obj<T>> for World {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, object: Obj<T>) -> &mut T {
        // Looked up twice, since the borrow checker ties the first borrow to the result.
        if self.get(object).is_none() {
            self.unreachable(object);
        }
        self.get_mut(object).expect("it was there a moment ago")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // The objects first: what they still record keeps their signals alive until it is cleared.
        // Each off its shelf, which a connection to itself would keep for ever.
        for (_, node) in self.nodes.drain() {
            let object = node.shelf.take(&mut self.owner);
            drop((node, object));
        }
        self.stack.clear();
        self.suspended.clear();
        self.recorder.clear();
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("objects", &self.nodes.len())
            .field("recorder", &self.recorder)
            .finish_non_exhaustive()
    }
}

/// What an object sees of the runtime at the moment when it gets its place there.
pub struct Anchor<'a> {
    world: &'a World,
    key: ObjectKey,
}

impl Anchor<'_> {
    /// Returns the handle that the object has from now on.
    pub fn this(&self) -> Obj<dyn QObject> {
        self.world.handle(self.key)
    }

    /// The object's key.
    pub(crate) fn key(&self) -> ObjectKey {
        self.key
    }

    /// The service of type `S`, if somebody offers it.
    pub(crate) fn service<S: 'static>(&self) -> Option<Rc<S>> {
        self.world.service()
    }

    /// The service of type `S`, which `make` provides if nobody has yet.
    pub(crate) fn service_or<S: 'static>(&self, make: impl FnOnce() -> Rc<S>) -> Rc<S> {
        self.service().unwrap_or_else(|| {
            let service = make();
            self.world.offer(service.clone());
            service
        })
    }

    /// Where the object can record its steps.
    pub(crate) fn stepper(&self) -> Stepper {
        Stepper { recorder: self.world.recorder.clone(), key: self.key }
    }
}

impl fmt::Debug for Anchor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anchor").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Records the steps of one object: changes of its state that take effect between emissions.
#[derive(Clone, Debug)]
pub(crate) struct Stepper {
    recorder: Rc<Recorder>,
    key: ObjectKey,
}

impl Stepper {
    /// Runs `step` for the object, with this number, after what was recorded before and before what
    /// is recorded afterwards.
    pub(crate) fn step(&self, number: u32, step: fn(&mut World, ObjectKey, u32)) {
        self.recorder.record(Effect::Step { object: self.key, number, step });
    }

    /// The object's key.
    pub(crate) fn key(&self) -> ObjectKey {
        self.key
    }
}
