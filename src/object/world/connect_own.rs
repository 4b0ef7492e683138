//! Connecting an object's own signals.
//!
//! While a method of an object runs, the object is busy and cannot be found in the arena; but the
//! method has the object's signals, and connecting them takes effect at once.

use std::rc::Rc;

use super::World;
use super::connection_kinds::{ClosureLink, Nobody};
use super::joining::Joining;
use crate::object::class::{Obj, Outcome, QObject, Signal, Slot};
use crate::object::connections::{Connection, ConnectionType};
use crate::object::context::Context;

/// Connecting an object's own signals, in its constructor or its slots.
impl<A: 'static> Signal<A> {
    /// Connects this signal of the running object to a slot.
    ///
    /// `cx` must be the context of the object that owns the signal.
    ///
    /// ```
    /// # use slotwire::prelude::*;
    /// #[derive(QObject)]
    /// struct Echo {
    ///     heard: u32,
    ///     #[signal]
    ///     said: Signal<u32>,
    /// }
    ///
    /// #[slots]
    /// impl Echo {
    ///     fn new(cx: &mut Context<Self>) -> Self {
    ///         let echo = Self { heard: 0, said: Signal::new() };
    ///         echo.said.connect(cx, cx.this(), Self::hear);
    ///         echo
    ///     }
    ///
    ///     #[slot]
    ///     fn hear(&mut self, what: u32) {
    ///         self.heard = what;
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::new()?;
    /// let echo = rt.add_with(Echo::new);
    /// rt.emit(echo, Echo::said, 5);
    /// assert_eq!(rt[echo].heard, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the receiver's handle is of another runtime, or if the signal was connected before
    /// with the context of another object.
    #[track_caller]
    pub fn connect<T, R, F, Form>(
        &self,
        cx: &mut Context<'_, T>,
        receiver: Obj<R>,
        slot: F,
    ) -> Connection
    where
        T: QObject,
        R: QObject,
        F: Slot<R, A, Form>,
        Form: 'static,
    {
        match cx.method(receiver, slot) {
            Some(method) => self.join(cx, method),
            None => cx.refuse(receiver),
        }
    }

    /// Connects this signal of the running object to a slot, with a [`ConnectionType`].
    ///
    /// # Panics
    ///
    /// Panics as [`connect`](Self::connect) does.
    #[track_caller]
    pub fn connect_with<T, R, F, Form>(
        &self,
        kind: ConnectionType,
        cx: &mut Context<'_, T>,
        receiver: Obj<R>,
        slot: F,
    ) -> Connection
    where
        T: QObject,
        A: Clone,
        R: QObject,
        F: Slot<R, A, Form>,
        Form: 'static,
    {
        match cx.method(receiver, slot) {
            Some(method) => self.join(cx, method.of_kind(kind)),
            None => cx.refuse(receiver),
        }
    }

    /// Connects this signal of the running object to a closure.
    ///
    /// # Panics
    ///
    /// Panics as [`connect`](Self::connect) does.
    #[track_caller]
    pub fn connect_fn<T, F, O>(&self, cx: &mut Context<'_, T>, closure: F) -> Connection
    where
        T: QObject,
        F: FnMut(&mut World, &A) -> O + 'static,
        O: Outcome + 'static,
    {
        let link = ClosureLink::<_, World, F>::new(Nobody, closure);
        self.join(cx, Joining::direct(Box::new(link)))
    }

    #[track_caller]
    fn join<T: QObject>(&self, cx: &mut Context<'_, T>, joining: Joining<A>) -> Connection {
        let this = cx.this();
        let is_own = self.existing_core().is_none_or(|core| {
            let emitter = core.emitter();
            emitter.key == this.key && Rc::ptr_eq(&emitter.queue, &cx.queue)
        });
        assert!(is_own, "the signal belongs to another object than the context");
        let core = cx.core_of_own(this.key, self);
        cx.join_core(&core, joining)
    }
}
