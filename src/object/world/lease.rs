//! Leases: what happens while a method has its object.
//!
//! The object is lent for the length of a call and given back afterwards, also if the call panics.
//! Others that need it meanwhile find it busy, or wait until it is back. Where the objects are is
//! in `arena.rs`.

use std::any::Any;
use std::ops::DerefMut;

use super::World;
use crate::object::class::{Obj, ObjectPlace, QObject, Target};
use crate::object::connections::{Deferred, Walker};
use crate::object::context::Context;
use crate::object::store::{Keyring, Lent, ObjectKey, Place};

impl World {
    /// Calls `f` with the object and a context of its own: the way to call a method of another
    /// object that itself needs a context.
    ///
    /// What `f` does takes effect when the running method has returned. Where none runs, `f` is one:
    /// what was recorded before is delivered first, and what `f` did before this returns.
    ///
    /// Returns `None` without calling `f` if the object is gone or busy, as [`get`](Self::get)
    /// does.
    ///
    /// # Panics
    ///
    /// Panics when `f` does, or, where no method runs, a slot. Unlike a slot's, a panic in `f` leaves
    /// the object there.
    #[track_caller]
    pub fn with<T: QObject, O>(
        &mut self,
        object: Obj<T>,
        f: impl FnOnce(&mut T, &mut Context<'_, T>) -> O,
    ) -> Option<O> {
        let key = self.own(object)?;
        self.run(|world| world.lend(key, OnPanic::Keep, f))
    }

    /// Runs `f` with the object when the running method has returned: after what the method did
    /// before, before what it does afterwards, and before any other slot. Where no method runs, when
    /// the runtime is called next.
    ///
    /// Does nothing if the object is gone by then.
    pub fn later<T: QObject>(
        &mut self,
        object: Obj<T>,
        f: impl FnOnce(&mut T, &mut Context<'_, T>) + 'static,
    ) {
        if let Some(key) = self.own(object) {
            let effect = self.queue.later(move |world: &mut Self| {
                world.spend(1);
                world.set_sender(None);
                world.run_slot(key, f);
            });
            self.queue.record(effect);
        }
    }

    /// Runs `f` with the object as one of its slots: a panic destroys it. Returns false if the
    /// object is not there.
    pub(crate) fn run_slot<T: QObject>(
        &mut self,
        key: ObjectKey,
        f: impl FnOnce(&mut T, &mut Context<'_, T>),
    ) -> bool {
        self.lend(key, OnPanic::Destroy, f).is_some()
    }

    /// Runs `f` with the object in this place as one of its slots: a panic destroys it. Returns
    /// false if the object is not there.
    #[inline]
    pub(super) fn run_slot_in<T: QObject>(
        &mut self,
        place: &Place<T>,
        key: ObjectKey,
        f: impl FnOnce(&mut T, &mut Context<'_, T>),
    ) -> bool {
        let done = self.lend_from(place, key, OnPanic::Destroy, |object, world| {
            f(object, &mut Context::new(world, key));
        });
        done.is_some()
    }

    /// Lends the object for the length of a call.
    fn lend<T: QObject, O>(
        &mut self,
        key: ObjectKey,
        on_panic: OnPanic,
        f: impl FnOnce(&mut T, &mut Context<'_, T>) -> O,
    ) -> Option<O> {
        let place = self.arena.place(key)?.clone();
        match (&*place as &dyn Any).downcast_ref::<Place<T>>() {
            Some(place) => self.lend_from(place, key, on_panic, |object, world| {
                f(object, &mut Context::new(world, key))
            }),
            // It is of a class that extends `T`.
            None => self.lend_from(&*place, key, on_panic, |object, world| {
                let object = T::project_mut(object, ())?;
                Some(f(object, &mut Context::new(world, key)))
            })?,
        }
    }

    #[inline]
    fn lend_from<L: Lender + ?Sized, O>(
        &mut self,
        place: &L,
        key: ObjectKey,
        on_panic: OnPanic,
        f: impl FnOnce(&mut L::Object, &mut Self) -> O,
    ) -> Option<O> {
        /// A call that runs. It is dropped only if the call panics.
        struct Lease<'a, L: Lender + ?Sized> {
            world: &'a mut World,
            place: &'a L,
            key: ObjectKey,
            object: Option<L::Lent>,
            on_panic: OnPanic,
        }

        impl<L: Lender + ?Sized> Drop for Lease<'_, L> {
            #[inline]
            fn drop(&mut self) {
                if let Some(object) = self.object.take() {
                    self.world.give_back_after_panic(self.place, self.key, object, self.on_panic);
                }
            }
        }

        let object = place.lend(self.arena.keyring_mut())?;
        let mut lease = Lease { world: self, place, key, object: Some(object), on_panic };
        let out = lease.object.as_mut().map(|object| f(object, lease.world));
        if let Some(object) = lease.object.take() {
            lease.world.give_back(place, key, object);
        }
        out
    }

    #[cold]
    fn give_back_after_panic<L: Lender + ?Sized>(
        &mut self,
        place: &L,
        key: ObjectKey,
        object: L::Lent,
        on_panic: OnPanic,
    ) {
        self.give_back(place, key, object);
        if on_panic == OnPanic::Destroy {
            self.record_end(key);
        }
    }

    #[inline]
    fn give_back<L: Lender + ?Sized>(&mut self, place: &L, key: ObjectKey, object: L::Lent) {
        place.give_back(self.arena.keyring_mut(), object);
        self.came_back(key);
    }

    /// Does what waited for the object, which is in its place from now on.
    #[inline]
    pub(super) fn came_back(&mut self, key: ObjectKey) {
        if !self.deferred.is_empty() {
            self.run_deferred(key);
        }
    }

    /// Makes a connection when its sender is back in its place, or gone.
    pub(super) fn when_free(&mut self, sender: ObjectKey, deferred: Deferred<Self>) {
        match self.deferred.get_mut(sender) {
            Some(waiting) => waiting.push(deferred),
            None => {
                self.deferred.insert(sender, vec![deferred]);
            }
        }
    }

    /// Does what waited for the object, or for its end, in order. What waits for others stays.
    #[cold]
    fn run_deferred(&mut self, key: ObjectKey) {
        for deferred in self.deferred.remove(key).into_iter().flatten() {
            (deferred.join)(self);
        }
    }
}

/// A place that an object is lent from.
trait Lender {
    type Object: ?Sized;
    /// How the object travels.
    type Lent: DerefMut<Target = Self::Object>;

    /// Lends the object, if it is there.
    fn lend(&self, keyring: &mut Keyring) -> Option<Self::Lent>;

    /// Takes the object back.
    fn give_back(&self, keyring: &mut Keyring, object: Self::Lent);
}

impl<T: QObject> Lender for Place<T> {
    type Object = T;
    type Lent = Lent<T>;

    #[inline]
    fn lend(&self, keyring: &mut Keyring) -> Option<Lent<T>> {
        Place::lend(self, keyring)
    }

    #[inline]
    fn give_back(&self, keyring: &mut Keyring, object: Lent<T>) {
        Place::give_back(self, keyring, object);
    }
}

impl Lender for dyn ObjectPlace {
    type Object = dyn QObject;
    type Lent = Box<dyn QObject>;

    fn lend(&self, keyring: &mut Keyring) -> Option<Box<dyn QObject>> {
        self.take(keyring)
    }

    fn give_back(&self, keyring: &mut Keyring, object: Box<dyn QObject>) {
        ObjectPlace::give_back(self, keyring, object);
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
