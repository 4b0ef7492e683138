//! Lending: how a method gets its object to itself.
//!
//! The object is taken off its shelf for the length of a call and put back afterwards, a panic or
//! not. Whoever needs it meanwhile finds it busy, or waits until it is back.

use std::any::Any;
use std::rc::Rc;

use super::class::QObject;
use super::context::Context;
use super::destroy::Phase;
use super::handle::{Obj, ObjectKey, Target};
use super::link::AnyLink;
use super::recorder::Effect;
use super::shelf::{Lender, Shelf};
use super::world::World;

/// A connection that is made once its sender is back on its shelf.
pub(super) struct Deferred {
    pub(super) of: ObjectKey,
    /// The connection that is then made.
    pub(super) link: Rc<dyn AnyLink>,
    pub(super) join: Box<dyn FnOnce(&mut World)>,
}

impl World {
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

    /// Runs `f` with the object as one of its slots: a panic destroys it.
    pub(crate) fn run_slot<T: QObject>(
        &mut self,
        key: ObjectKey,
        f: impl FnOnce(&mut T, &mut Context<'_, T>),
    ) {
        self.lend(key, OnPanic::Destroy, f);
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
    pub(super) fn give_back<L: Lender + ?Sized>(&mut self, shelf: &L, object: L::Object) {
        shelf.put(&mut self.owner, object);
        let label = shelf.label();
        if label.awaited.get() {
            label.awaited.set(false);
            self.run_deferred(label.key);
        }
    }

    /// Makes a connection when its sender is back in the arena, or gone.
    pub(super) fn when_free(&mut self, deferred: Deferred) {
        self.nodes[deferred.of].shelf.label().awaited.set(true);
        self.deferred.push(deferred);
    }

    /// Does what waited for the object, in order. What waits for others stays.
    #[cold]
    pub(super) fn run_deferred(&mut self, key: ObjectKey) {
        let waiting = std::mem::take(&mut self.deferred);
        let (ready, rest): (Vec<_>, _) =
            waiting.into_iter().partition(|deferred| deferred.of == key);
        self.deferred = rest;
        for Deferred { join, .. } in ready {
            join(self);
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
