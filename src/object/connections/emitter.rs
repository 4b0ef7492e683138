//! The emitter: what a signal knows of its object.
//!
//! Every signal that somebody connected to has it, so that emitting needs no context. It knows
//! nothing of the world (`W`).

use std::any::Any;
use std::cell::Cell;
use std::rc::{Rc, Weak};

use super::any_core::AnyCore;
use super::tally::Tally;
use crate::object::effects::{Observed, Queue, Steps};
use crate::object::store::ObjectKey;

/// What a signal knows of its object: who emits, and where to.
pub(in crate::object) struct Emitter<W: Observed> {
    pub(in crate::object) key: ObjectKey,
    pub(in crate::object) tally: Tally,
    pub(in crate::object) queue: Rc<Queue<W>>,
    /// The signal of the same object that somebody connected to after this one.
    next: Cell<Option<Rc<dyn AnyCore>>>,
}

impl<W: Steps + Observed<Signal = dyn AnyCore> + 'static> Emitter<W> {
    /// Makes the emitter of an object whose signals are blocked or not.
    pub(in crate::object) fn new(key: ObjectKey, queue: &Rc<Queue<W>>, is_blocked: bool) -> Self {
        let tally = Tally::new(is_blocked, queue.is_observed());
        Self { key, tally, queue: queue.clone(), next: Cell::default() }
    }

    /// Returns the signal of the same object that somebody connected to after this one.
    pub(super) fn next(&self) -> Option<Rc<dyn AnyCore>> {
        let next = self.next.take();
        self.next.set(next.clone());
        next
    }

    pub(super) fn set_next(&self, next: Option<Rc<dyn AnyCore>>) {
        self.next.set(next);
    }

    /// Passes an emission to the observer, if there is one.
    pub(super) fn tell_observer(&self, signal: Weak<dyn AnyCore>, argument: &dyn Any) {
        if !self.tally.is_observed() {
            return;
        }
        let goes_on = self.queue.observer().is_some_and(|observer| {
            if self.queue.note_told() {
                observer.turn_begun();
            }
            observer.signal_emitted(self.key, signal, argument)
        });
        if !goes_on {
            // The other signals find out in the same way.
            self.tally.observe(false);
            self.queue.set_observer(None);
        }
    }
}
