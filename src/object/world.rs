//! The world: the objects of one runtime, and the ways to reach them.
//!
//! This file keeps the objects (`arena.rs`), their parents and children (`tree.rs`) and what is
//! still to be carried out. The methods of the world are in files by topic: adding objects in
//! `insert.rs`, calling them in `lease.rs`, parents and children in `family.rs`, connecting in
//! `connect.rs` and `disconnect.rs`, destroying in `destroy.rs`, what went wrong in `failures.rs`,
//! and the order in which slots run in `delivery.rs`.

mod connect;
mod connect_own;
mod connection_kinds;
pub(super) mod constructed;
mod delivery;
mod destroy;
mod disconnect;
mod failures;
mod family;
mod insert;
mod joining;
mod lease;
pub(super) mod name_pattern;
mod node;
pub(super) mod property;
pub(super) mod signal_blocker;
pub(super) mod wakeups;

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::num::NonZeroU32;
use std::ops::{Index, IndexMut};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use slotmap::SparseSecondaryMap;

use self::node::Node;
use crate::object::class::{
    MetaObject, Obj, ObjectPlace, OnSlotError, OnUndelivered, PlaceMut, PlaceRef, QObject, Shown,
    Signal, SignalOwner, Target,
};
use crate::object::connections::{AnyCore, Core, Deferred};
use crate::object::effects::{Batch, Ends, Observed, Observer, Postponed, Queue, Turns};
use crate::object::store::{Arena, ObjectKey, RuntimeTag, Tree};

/// The objects of one runtime.
///
/// [`Runtime`](crate::Runtime) and [`Context`](crate::Context) dereference to it, so a program can
/// call its methods everywhere: outside methods, in slots and in constructors.
pub struct World {
    arena: Arena<dyn ObjectPlace, Node>,
    tree: Tree,
    tag: RuntimeTag,
    queue: Rc<Queue<Self>>,
    ends: Ends<Self>,
    turns: Turns<Self>,
    /// The objects that the loop wakes next for what they have postponed.
    postponed: Batch<(ObjectKey, Postponed)>,
    sender: Option<ObjectKey>,
    /// The connections that are made when their sender returns from its method.
    deferred: SparseSecondaryMap<ObjectKey, Vec<Deferred<Self>>>,
    /// What the floors above keep with the world, at most one value of each type.
    kept: RefCell<Vec<Rc<dyn Any>>>,
    on_slot_error: Option<OnSlotError>,
    on_undelivered: Option<OnUndelivered>,
}

impl World {
    pub(crate) fn new() -> Self {
        /// Counts the runtimes of the process. After 2^32 runtimes, tags repeat.
        static RUNTIMES: AtomicU32 = AtomicU32::new(1);
        let tag = RUNTIMES.fetch_add(1, Ordering::Relaxed);
        Self {
            arena: Arena::new(),
            tree: Tree::default(),
            tag: RuntimeTag(NonZeroU32::new(tag).unwrap_or(NonZeroU32::MIN)),
            queue: Queue::new(),
            ends: Ends::new(),
            turns: Turns::new(),
            postponed: Batch::default(),
            sender: None,
            deferred: SparseSecondaryMap::new(),
            kept: RefCell::default(),
            on_slot_error: None,
            on_undelivered: None,
        }
    }

    /// Returns the object. Returns `None` if the handle is stale or of another runtime, or if the
    /// object is busy, which means that a method of it is running.
    #[inline]
    pub fn get<T: ?Sized + Target>(&self, object: Obj<T>) -> Option<&T> {
        T::look(PlaceRef::new(self.arena.look(self.own(object)?)?), object.cast)
    }

    /// Returns the object mutably, or `None` in the cases of [`get`](Self::get).
    #[inline]
    pub fn get_mut<T: ?Sized + Target>(&mut self, object: Obj<T>) -> Option<&mut T> {
        let key = self.own(object)?;
        T::look_mut(PlaceMut::new(self.arena.look_mut(key)?), object.cast)
    }

    /// Returns two different objects at once. Returns `None` if [`get`](Self::get) would for
    /// either, or if both handles are of the same object.
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
        let keys = (self.own(a)?, self.own(b)?);
        let (first, second, keyring) = self.arena.look_at_two(keys.0, keys.1)?;
        let (first, second) = keyring.open_two(first.cell(), second.cell());
        let first = A::project_mut(first.object_mut()?, a.cast)?;
        let second = B::project_mut(second.object_mut()?, b.cast)?;
        Some((first, second))
    }

    /// Returns true if the object exists: also if it is busy or under construction.
    pub fn contains<T: ?Sized + Target>(&self, object: Obj<T>) -> bool {
        self.own(object).is_some_and(|key| self.arena.contains(key))
    }

    /// Returns the number of objects.
    pub fn len(&self) -> usize {
        self.arena.len()
    }

    /// Returns true if there are no objects.
    pub fn is_empty(&self) -> bool {
        self.arena.len() == 0
    }

    /// Returns a handle of class `T` to the object, if the object is of that class or extends it.
    #[doc(alias = "qobject_cast")]
    pub fn downcast<T: QObject>(&self, object: Obj<impl ?Sized + Target>) -> Option<Obj<T>> {
        let key = self.own(object)?;
        let class = self.class(key)?;
        let target = self.handle(key);
        // The meta object is known even if the object is busy.
        (class.inherits(T::static_meta_object()) || self.get::<T>(target).is_some())
            .then_some(target)
    }
}

/// What the floors above keep with the world, and how they get it.
impl World {
    /// Keeps what a floor above shares among the objects of this runtime: at most one value of a
    /// type.
    pub(crate) fn keep<P: 'static>(&self, parts: Rc<P>) {
        debug_assert!(self.kept::<P>().is_none(), "one value of a type is kept");
        self.kept.borrow_mut().push(parts);
    }

    /// Returns what a floor above keeps with this world, if it keeps a `P`.
    pub(crate) fn kept<P: 'static>(&self) -> Option<Rc<P>> {
        let kept = self.kept.borrow();
        kept.iter().find(|kept| kept.is::<P>())?.clone().downcast().ok()
    }

    /// Returns the tag of the runtime to which this world belongs.
    #[inline]
    pub(crate) fn tag(&self) -> RuntimeTag {
        self.tag
    }

    /// Returns the handle of the object with this key.
    #[inline]
    pub(crate) fn handle<T: Target<Cast = ()> + ?Sized>(&self, key: ObjectKey) -> Obj<T> {
        Obj { key, tag: self.tag, cast: () }
    }

    /// Returns the key in the handle, if the handle is of this runtime.
    #[inline]
    pub(crate) fn own<T: ?Sized + Target>(&self, object: Obj<T>) -> Option<ObjectKey> {
        (object.tag == self.tag).then_some(object.key)
    }

    /// Returns the key in the handle, and panics if the handle is of another runtime.
    #[inline]
    #[track_caller]
    pub(crate) fn expect_own<T: ?Sized + Target>(&self, object: Obj<T>) -> ObjectKey {
        match self.own(object) {
            Some(key) => key,
            None => refuse_foreign::<T>(object.key),
        }
    }

    /// Returns the key of an object that exists.
    #[track_caller]
    fn expect_node<T: ?Sized + Target>(&self, object: Obj<T>) -> ObjectKey {
        let key = self.expect_own(object);
        if self.arena.contains(key) { key } else { refuse_stale::<T>(key) }
    }

    /// Returns the class of an object, which may be busy, or `None` if the object is gone.
    pub(in crate::object) fn class(&self, key: ObjectKey) -> Option<&'static MetaObject> {
        Some(self.arena.place(key)?.meta())
    }

    /// Returns the core of a signal of the object with this key, made if it is not there.
    pub(super) fn core_of_own<A: 'static>(
        &mut self,
        key: ObjectKey,
        signal: &Signal<A>,
    ) -> Rc<Core<A, Self>> {
        self.arena[key].core_of(signal, key, &self.queue).clone()
    }
}

/// What inspection needs.
impl World {
    /// Reports objects and emissions to this observer from now on, and to no other. Returns the
    /// objects that exist.
    pub(super) fn observe(&mut self, observer: Rc<dyn Observer<Self>>) -> Vec<ObjectKey> {
        self.queue.set_observer(Some(observer));
        self.arena.keys().collect()
    }

    /// Tells the observer of what an object emits from now on. Returns what its signals need to get
    /// cores.
    pub(super) fn observe_object(&self, key: ObjectKey) -> SignalOwner {
        let node = &self.arena[key];
        node.signals().iter().for_each(|signal| signal.tally().observe(true));
        SignalOwner::new(key, self.queue.clone(), node.is_blocked())
    }

    /// Takes note of the signals that have got cores.
    pub(super) fn add_signals(&mut self, owner: &SignalOwner) {
        let node = &mut self.arena[owner.key()];
        owner.take_made().into_iter().for_each(|signal| node.add_signal(signal));
    }

    /// Returns the signals that every object has: `destroyed`, and that of its name.
    pub(super) fn signals_of_all(
        &mut self,
        key: ObjectKey,
    ) -> (&Signal<Obj<dyn QObject>>, &Signal<String>) {
        let extra = self.arena[key].extra();
        (&extra.destroyed, &extra.name_changed)
    }
}

impl Observed for World {
    type Object = dyn QObject;
    type Signal = dyn AnyCore;
}

impl<T: ?Sized + Target> Index<Obj<T>> for World {
    type Output = T;

    #[inline(always)]
    #[track_caller]
    fn index(&self, object: Obj<T>) -> &T {
        let key = self.expect_own(object);
        let Some((place, keyring)) = self.arena.look(key) else { refuse_stale::<T>(object.key) };
        match T::look(PlaceRef::new((place, keyring)), object.cast) {
            Some(object) => object,
            None => refuse_absent::<T>(object.key, place),
        }
    }
}

impl<T: ?Sized + Target> IndexMut<Obj<T>> for World {
    #[inline(always)]
    #[track_caller]
    fn index_mut(&mut self, object: Obj<T>) -> &mut T {
        let key = self.expect_own(object);
        let Some((place, keyring)) = self.arena.look_mut(key) else {
            refuse_stale::<T>(object.key)
        };
        match T::look_mut(PlaceMut::new((place, keyring)), object.cast) {
            Some(object) => object,
            None => refuse_absent::<T>(object.key, place),
        }
    }
}

/// Panics with the message for a handle of another runtime.
#[cold]
#[track_caller]
fn refuse_foreign<T: ?Sized>(key: ObjectKey) -> ! {
    panic!("{} is a handle of another runtime", Shown::<T>::new(key))
}

/// Panics with the message for an object that was destroyed.
#[cold]
#[track_caller]
fn refuse_stale<T: ?Sized>(key: ObjectKey) -> ! {
    panic!("{} is stale: its object was destroyed", Shown::<T>::new(key))
}

/// Panics with the message for an object that is busy, or of another class.
#[cold]
#[track_caller]
fn refuse_absent<T: ?Sized + Target>(key: ObjectKey, place: &dyn ObjectPlace) -> ! {
    let handle = Shown::<T>::new(key);
    if T::fits(place.meta()) {
        panic!(
            "{handle} is busy: one of its methods is running further up the call chain; use `self` \
             there, or `later`"
        )
    }
    panic!("{handle} is of class {}", place.meta().short_name())
}

impl Drop for World {
    fn drop(&mut self) {
        /// Clears what is pending, after the objects and also if one of them panics: what the
        /// objects still record keeps their signals alive until it is cleared.
        struct Pending<'a>(&'a mut World);

        impl Drop for Pending<'_> {
            fn drop(&mut self) {
                self.0.turns.clear();
                self.0.queue.clear();
            }
        }

        let pending = Pending(self);
        let arena = &mut pending.0.arena;
        for (place, node) in arena.drain() {
            // Taken out of its place: a connection from the object to itself would keep the place
            // for ever.
            let object = place.take(arena.keyring_mut());
            drop((node, object));
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("objects", &self.arena.len())
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}
