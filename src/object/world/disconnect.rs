//! Disconnecting, and blocking.
//!
//! Every form of disconnecting selects connections and closes them. What was emitted before is
//! still delivered to them, nothing else is.

use std::any::TypeId;
use std::rc::Rc;

use super::World;
use super::node::Node;
use crate::object::class::{Obj, QObject, Signal, Slot, Target};
use crate::object::connections::{AnyCore, AnyLink};
use crate::object::store::ObjectKey;

/// Disconnecting, and blocking.
impl World {
    /// Ends the connections from a signal to one slot of one receiver. Returns true if there were
    /// any.
    ///
    /// What was emitted before is still delivered: this holds for every form of disconnecting.
    /// While the sender is busy, this form finds nothing and returns false. So a slot of the sender
    /// itself uses [`disconnect_receiver`](Self::disconnect_receiver), [`Signal::disconnect_all`]
    /// or the [`Connection`](crate::Connection) instead.
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
        let _ = slot;
        self.disconnect_where(sender, signal, |link| {
            link.receiver() == Some(receiver.key) && link.slot_type() == Some(TypeId::of::<F>())
        })
    }

    /// Ends the connections from a signal to any slot of a receiver. Returns true if there were
    /// any.
    pub fn disconnect_signal_from<S, A, R>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        receiver: Obj<R>,
    ) -> bool
    where
        S: ?Sized + Target,
        A: 'static,
        R: ?Sized + Target,
    {
        self.disconnect_where(sender, signal, |link| link.receiver() == Some(receiver.key))
    }

    /// Ends all connections of a signal. Returns true if there were any.
    pub fn disconnect_signal<S, A>(&mut self, sender: Obj<S>, signal: fn(&S) -> &Signal<A>) -> bool
    where
        S: ?Sized + Target,
        A: 'static,
    {
        self.disconnect_where(sender, signal, |_| true)
    }

    /// Ends all connections from one object to another, of any signal to any slot. Returns true if
    /// there were any.
    pub fn disconnect_receiver<S, R>(&mut self, sender: Obj<S>, receiver: Obj<R>) -> bool
    where
        S: ?Sized + Target,
        R: ?Sized + Target,
    {
        self.disconnect_object(sender, Some(receiver.key))
    }

    /// Ends all connections from an object, of any signal. Returns true if there were any.
    pub fn disconnect_all<S: ?Sized + Target>(&mut self, sender: Obj<S>) -> bool {
        self.disconnect_object(sender, None)
    }

    /// Blocks or unblocks an object's signals. Returns true if they were blocked before.
    ///
    /// While signals are blocked, emitting does nothing; what was emitted before is still
    /// delivered. The end of the object is announced nevertheless.
    ///
    /// # Panics
    ///
    /// Panics if the handle is stale or of another runtime.
    #[doc(alias = "blockSignals")]
    #[track_caller]
    pub fn block_signals<T: ?Sized + Target>(&mut self, object: Obj<T>, block: bool) -> bool {
        let key = self.expect_node(object);
        self.arena[key].block(block)
    }

    /// Returns true if an object's signals are blocked.
    #[doc(alias = "signalsBlocked")]
    pub fn signals_blocked<T: ?Sized + Target>(&self, object: Obj<T>) -> bool {
        let node = self.own(object).and_then(|key| self.arena.node(key));
        node.is_some_and(Node::is_blocked)
    }

    fn disconnect_where<S: ?Sized + Target, A: 'static>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        matches: impl Fn(&dyn AnyLink) -> bool,
    ) -> bool {
        let core = self.get(sender).and_then(|object| signal(object).existing_core().cloned());
        core.is_some_and(|core| disconnect_where(&(core as _), &matches))
    }

    /// Closes the connections from an object to one receiver, or to all if `receiver` is `None`.
    fn disconnect_object(
        &mut self,
        sender: Obj<impl ?Sized + Target>,
        receiver: Option<ObjectKey>,
    ) -> bool {
        let Some(key) = self.own(sender) else { return false };
        let matches = |of: Option<ObjectKey>| receiver.is_none() || of == receiver;
        let mut any = false;
        if let Some(node) = self.arena.node(key) {
            for core in node.signals().iter() {
                any |= disconnect_where(&core, &|link| matches(link.receiver()));
            }
        }
        // Also the connections that are to be made when the method of the sender has returned.
        let deferred = self.deferred.get(key).into_iter().flatten();
        for deferred in deferred.filter(|deferred| matches(deferred.receiver)) {
            any |= deferred.connection.cancel();
        }
        any
    }
}

/// Closes the connections of a signal for which `matches` holds. Returns true if there were any.
fn disconnect_where(core: &Rc<dyn AnyCore>, matches: &dyn Fn(&dyn AnyLink) -> bool) -> bool {
    let numbers = core.open_where(matches);
    numbers.into_iter().fold(false, |any, number| core.clone().disconnect(number) | any)
}

impl<A: 'static> Signal<A> {
    /// Ends all connections of this signal. Returns true if there were any.
    #[doc(alias = "disconnect")]
    pub fn disconnect_all(&self) -> bool {
        self.existing_core().is_some_and(|core| disconnect_where(&(core.clone() as _), &|_| true))
    }
}
