//! The emitter: what the signals of one object share.
//!
//! Every signal that somebody connected to holds it, so that emitting needs no context. It knows
//! nothing of the world (`W`).

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use bitflags::bitflags;
use smallvec::SmallVec;

use super::any_core::AnyCore;
use crate::object::effects::{Observed, Queue, Steps};
use crate::object::store::ObjectKey;

/// What the signals of one object share: who emits, and where to.
pub(in crate::object) struct Emitter<W: Observed> {
    pub(in crate::object) key: ObjectKey,
    /// Looked at before every emission.
    watch: Cell<Watch>,
    pub(in crate::object) queue: Rc<Queue<W>>,
    /// The signals of the object that somebody connected to.
    cores: RefCell<SmallVec<[Weak<dyn AnyCore>; 2]>>,
}

bitflags! {
    /// What stands between an emission and those who listen. Mostly nothing.
    #[derive(Clone, Copy)]
    struct Watch: u8 {
        /// The object's signals are blocked.
        const BLOCKED = 1;
        /// The observer is told of the emission.
        const OBSERVED = 2;
    }
}

impl<W: Steps + Observed<Signal = dyn AnyCore> + 'static> Emitter<W> {
    pub(in crate::object) fn new(key: ObjectKey, queue: &Rc<Queue<W>>) -> Self {
        let watch = if queue.is_observed() { Watch::OBSERVED } else { Watch::empty() };
        let (watch, queue) = (Cell::new(watch), queue.clone());
        Self { key, watch, queue, cores: RefCell::default() }
    }

    /// Returns true if nothing stands between an emission and those who listen.
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

    /// Has the observer told of each emission from now on.
    pub(in crate::object) fn begin_to_observe(&self) {
        self.set(Watch::OBSERVED, true);
    }

    /// Tells the observer, if that is wanted, of an emission that is made now.
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
            // The emitters of the other objects find out in the same way.
            self.set(Watch::OBSERVED, false);
            self.queue.set_observer(None);
        }
    }

    fn set(&self, watch: Watch, on: bool) {
        let mut all = self.watch.get();
        all.set(watch, on);
        self.watch.set(all);
    }

    /// Adds a signal that somebody connects to for the first time.
    pub(super) fn add(&self, signal: Weak<dyn AnyCore>) {
        let mut cores = self.cores.borrow_mut();
        if cores.len() == cores.capacity() {
            cores.retain(|core| core.strong_count() > 0);
        }
        cores.push(signal);
    }

    /// Returns the signals that somebody has connected to and that are still there.
    pub(in crate::object) fn cores(&self) -> impl Iterator<Item = Rc<dyn AnyCore>> + '_ {
        let mut next = 0;
        std::iter::from_fn(move || {
            // Borrowed anew for each, since what is done with one may connect to another.
            let cores = self.cores.borrow();
            let mut cores = cores.get(next..)?.iter().inspect(|_| next += 1);
            cores.find_map(Weak::upgrade)
        })
    }

    /// Closes every connection of every signal of the object.
    pub(in crate::object) fn cut(&self) {
        self.cores().for_each(|core| core.kill_all());
    }
}
