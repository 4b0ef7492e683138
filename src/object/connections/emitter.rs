//! The emitter: what the signals of one object share.
//!
//! Every signal that somebody connected to has a reference to it, so emitting needs no context. The
//! emitter does not know the world (`W`).

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use bitflags::bitflags;
use smallvec::SmallVec;

use super::any_core::AnyCore;
use crate::object::effects::{Observed, Queue, Steps};
use crate::object::store::ObjectKey;

/// What the signals of one object share: the sender, and the queue in which emissions are recorded.
pub(in crate::object) struct Emitter<W: Observed> {
    pub(in crate::object) key: ObjectKey,
    /// Read before every emission.
    watch: Cell<Watch>,
    pub(in crate::object) queue: Rc<Queue<W>>,
    /// The signals of the object that somebody connected to.
    cores: RefCell<SmallVec<[Weak<dyn AnyCore>; 1]>>,
}

bitflags! {
    /// What must be done with an emission before it is recorded. In most cases nothing.
    #[derive(Clone, Copy)]
    struct Watch: u8 {
        /// The object's signals are blocked.
        const BLOCKED = 1;
        /// The observer gets the emission.
        const OBSERVED = 2;
    }
}

impl<W: Steps + Observed<Signal = dyn AnyCore> + 'static> Emitter<W> {
    pub(in crate::object) fn new(key: ObjectKey, queue: &Rc<Queue<W>>) -> Self {
        let watch = if queue.is_observed() { Watch::OBSERVED } else { Watch::empty() };
        let (watch, queue) = (Cell::new(watch), queue.clone());
        Self { key, watch, queue, cores: RefCell::default() }
    }

    /// Returns true if nothing must be done with an emission before it is recorded.
    #[inline]
    pub(super) fn is_unwatched(&self) -> bool {
        self.watch.get().is_empty()
    }

    pub(in crate::object) fn is_blocked(&self) -> bool {
        self.watch.get().contains(Watch::BLOCKED)
    }

    /// Blocks or unblocks. Returns true if the signals were blocked before.
    pub(in crate::object) fn block(&self, block: bool) -> bool {
        let before = self.is_blocked();
        self.set(Watch::BLOCKED, block);
        before
    }

    /// Passes each emission to the observer from now on.
    pub(in crate::object) fn begin_to_observe(&self) {
        self.set(Watch::OBSERVED, true);
    }

    /// Passes an emission to the observer, if there is one.
    pub(super) fn tell_observer(&self, signal: Weak<dyn AnyCore>, argument: &dyn Any) {
        if !self.watch.get().contains(Watch::OBSERVED) {
            return;
        }
        let goes_on = self.queue.observer().is_some_and(|observer| {
            if self.queue.note_told() {
                observer.turn_begun();
            }
            observer.signal_emitted(self.key, signal, argument)
        });
        if !goes_on {
            // The emitters of the other objects notice this in the same way.
            self.set(Watch::OBSERVED, false);
            self.queue.set_observer(None);
        }
    }

    fn set(&self, watch: Watch, on: bool) {
        let mut all = self.watch.get();
        all.set(watch, on);
        self.watch.set(all);
    }

    /// Adds a signal on its first connection.
    pub(super) fn add(&self, signal: Weak<dyn AnyCore>) {
        let mut cores = self.cores.borrow_mut();
        if cores.iter().any(|core| core.ptr_eq(&signal)) {
            return;
        }
        if cores.len() == cores.capacity() {
            cores.retain(|core| core.strong_count() > 0);
        }
        cores.push(signal);
    }

    /// Returns the signals that somebody has connected to and that still exist.
    pub(in crate::object) fn cores(&self) -> SmallVec<[Rc<dyn AnyCore>; 4]> {
        self.cores.borrow().iter().filter_map(Weak::upgrade).collect()
    }

    /// Closes every connection of every signal of the object.
    pub(in crate::object) fn cut(&self) {
        for core in self.cores() {
            core.kill_all();
        }
    }
}
