//! The world: every object of one runtime, and the ways to reach them.
//!
//! Keeps one promise: a method has its object to itself. While it runs, the object is out of the
//! arena, on loan to it; everybody else is reachable, and nobody reaches the object twice.
//!
//! The tree is in `tree.rs`, connecting in `connect.rs`, the end of objects in `destroy.rs`, and
//! the order in which slots run in `delivery.rs`.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroU32;
use std::ops::{Index, IndexMut};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use qcell::QCellOwner;
use slotmap::SlotMap;

use super::class::QObject;
use super::delivery::{Meter, Origin, Suspended, TURN_BUDGET};
use super::emitter::Emitter;
use super::handle::{Number, Obj, ObjectKey, RuntimeTag, Target, short_type_name};
use super::lend::Deferred;
use super::node::Node;
use super::recorder::{Effect, Recorder};
use super::shelf::{Stand, StandMut};
use super::slot::{OnSlotError, SlotError};

/// The objects of one runtime.
///
/// [`Runtime`](crate::Runtime) and [`Context`](super::Context) both dereference to it, so its methods are the ones
/// that a program uses everywhere: outside, in slots and in constructors.
pub struct World {
    pub(super) nodes: SlotMap<ObjectKey, Node>,
    /// The key to all shelves.
    pub(super) owner: QCellOwner,
    pub(super) tag: RuntimeTag,
    pub(super) recorder: Rc<Recorder>,
    /// What is still to be carried out in this turn, the next uppermost.
    pub(super) stack: Vec<Effect>,
    /// Earlier turns that had used up their budget.
    pub(super) suspended: VecDeque<Suspended>,
    /// For whom the loop begins turns just now.
    pub(super) origin: Option<Origin>,
    /// How many deliveries this turn has made of what it was granted.
    pub(super) spent: usize,
    /// How many deliveries this turn may make until it asks the meter; none if the meter has refused
    /// more.
    pub(super) granted: usize,
    /// How many a turn may make at first.
    pub(super) grant: usize,
    /// Says whether a turn may make more, while the loop makes a pass.
    pub(super) meter: Option<Rc<dyn Meter>>,
    pub(super) sender: Option<ObjectKey>,
    /// The connections that wait for their sender to come back from its method.
    pub(super) deferred: Vec<Deferred>,
    /// For each type its `Rc`.
    services: RefCell<Vec<(TypeId, Box<dyn Any>)>>,
    on_slot_error: Option<OnSlotError>,
}

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
            origin: None,
            spent: 0,
            granted: TURN_BUDGET,
            grant: TURN_BUDGET,
            meter: None,
            sender: None,
            deferred: Vec::new(),
            services: RefCell::default(),
            on_slot_error: None,
        }
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
        let node = self.nodes.get(key)?;
        T::look_mut(StandMut::new(&*node.shelf, &mut self.owner), object.cast)
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

    /// Returns the handle as one to class `T`, if the object is of that class or extends it.
    #[doc(alias = "qobject_cast")]
    pub fn downcast<T: QObject>(&self, object: Obj<impl ?Sized + Target>) -> Option<Obj<T>> {
        let key = self.own(object)?;
        let class = self.nodes.get(key)?.shelf.meta();
        let target = self.handle(key);
        // The meta object knows even of an object that is busy.
        (class.inherits(T::static_meta_object()) || self.get::<T>(target).is_some())
            .then_some(target)
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
        self.services.borrow_mut().push((TypeId::of::<S>(), Box::new(service)));
    }

    /// Returns the service of type `S`, if somebody offers it.
    pub(crate) fn service<S: 'static>(&self) -> Option<Rc<S>> {
        self.with_service(Rc::clone)
    }

    /// Calls `f` with the service of type `S`, if somebody offers it.
    #[inline]
    pub(crate) fn with_service<S: 'static, O>(&self, f: impl FnOnce(&Rc<S>) -> O) -> Option<O> {
        let services = self.services.borrow();
        let (_, service) = services.iter().find(|(id, _)| *id == TypeId::of::<S>())?;
        service.downcast_ref().map(f)
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
    #[track_caller]
    pub(super) fn expect_node<T: ?Sized + Target>(&self, object: Obj<T>) -> ObjectKey {
        match self.own(object) {
            Some(key) if self.nodes.contains_key(key) => key,
            _ => self.refuse(object),
        }
    }

    /// Panics with the reason why `object` cannot be had.
    #[cold]
    #[track_caller]
    fn refuse<T: ?Sized + Target>(&self, object: Obj<T>) -> ! {
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
        self.nodes[key].emitter_or(|| Rc::new(Emitter::new(key, tag, recorder))).clone()
    }
}

impl<T: ?Sized + Target> Index<Obj<T>> for World {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, object: Obj<T>) -> &T {
        match self.get(object) {
            Some(object) => object,
            None => self.refuse(object),
        }
    }
}

impl<T: ?Sized + Target> IndexMut<Obj<T>> for World {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, object: Obj<T>) -> &mut T {
        // Looked up twice, since the borrow checker ties the first borrow to the result.
        if self.get(object).is_none() {
            self.refuse(object);
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
