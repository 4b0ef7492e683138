//! Leases: lending an object to a method.
//!
//! The object is lent for the length of a call and given back afterwards, also if the call panics.
//! Meanwhile the object is busy for others, and connections from it wait until it is back.
//! `arena.rs` has the objects.

use std::any::Any;
use std::ops::DerefMut;

use super::World;
use crate::object::class::{Obj, ObjectPlace, QObject, Target};
use crate::object::connections::{Deferred, Walker};
use crate::object::context::Context;
use crate::object::store::{Keyring, Lent, ObjectKey, Place};

impl World {
    /// Calls `f` with the object and a context of its own. Use it to call a method of another
    /// object that itself takes a context.
    ///
    /// What `f` does takes effect after the running method has returned. Where no method runs, `f`
    /// is one: what was recorded before is delivered before `f`, and what `f` does is delivered
    /// before this returns.
    ///
    /// Returns `None` without calling `f` in the cases in which [`get`](Self::get) returns `None`.
    ///
    /// # Panics
    ///
    /// Panics if `f` panics, or, where no method runs, if a slot panics. A panic in `f` does not
    /// destroy the object, unlike a panic in a slot.
    #[track_caller]
    pub fn with<T: QObject, O>(
        &mut self,
        object: Obj<T>,
        f: impl FnOnce(&mut T, &mut Context<'_, T>) -> O,
    ) -> Option<O> {
        let key = self.own(object)?;
        self.run(|world| world.lend(key, OnPanic::Keep, f))
    }

    /// Calls `f` with the object after the running method has returned: after what the method did
    /// before this call, before what it does afterwards, and before any other slot. Where no method
    /// runs, `f` is called when the runtime is called next.
    ///
    /// Nothing is called if the object is gone by then;
    /// [`on_undelivered`](Self::on_undelivered) tells of it.
    ///
    /// # Panics
    ///
    /// Panics if the handle is of another runtime.
    #[track_caller]
    pub fn later<T, F>(&mut self, object: Obj<T>, f: F)
    where
        T: QObject,
        F: FnOnce(&mut T, &mut Context<'_, T>) + 'static,
    {
        // Keeps the key alone, which is less to move than the handle.
        let key = self.expect_own(object);
        let effect = self.queue.later(move |world: &mut Self| {
            world.spend(1);
            world.set_sender(None);
            if !world.run_slot(key, f) {
                world.refuse_call::<F, T>(world.handle(key));
            }
        });
        self.queue.record(effect);
    }

    /// Calls `f` with the object as one of its slots: a panic destroys the object. Returns false if
    /// the object is not there.
    pub(crate) fn run_slot<T: QObject>(
        &mut self,
        key: ObjectKey,
        f: impl FnOnce(&mut T, &mut Context<'_, T>),
    ) -> bool {
        self.lend(key, OnPanic::Destroy, f).is_some()
    }

    /// Calls `f` with the object in this place as one of its slots: a panic destroys the object.
    /// Returns false if the object is not there.
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
            // The object's class extends `T`.
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
        /// A call that runs. This is dropped with the object in it only if the call panics.
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

    /// Makes the connections that waited for the object, which is back in its place or gone.
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

    /// Makes the connections that waited for the object, or for its end, in order.
    #[cold]
    fn run_deferred(&mut self, key: ObjectKey) {
        for deferred in self.deferred.remove(key).into_iter().flatten() {
            (deferred.join)(self);
        }
    }
}

/// A place from which an object is lent.
trait Lender {
    type Object: ?Sized;
    /// How the object is lent.
    type Lent: DerefMut<Target = Self::Object>;

    /// Lends the object, if it is there.
    fn lend(&self, keyring: &mut Keyring) -> Option<Self::Lent>;

    /// Puts the object back.
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

/// What happens to an object whose method panics.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnPanic {
    /// A slot panicked, and left the object half-updated.
    Destroy,
    /// A closure of the caller panicked, and the caller is responsible.
    Keep,
}
