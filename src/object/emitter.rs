//! The emitter: what the signals of one object share.
//!
//! Every signal that somebody connected to holds it, so that emitting needs no context.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use bitflags::bitflags;
use smallvec::SmallVec;

use super::any_core::AnyCore;
use super::inspection::tracer_of;
use super::key::ObjectKey;
use super::queue::Queue;
use super::world::World;

/// What the signals of one object share: who emits, and where to.
pub(super) struct Emitter {
    pub(super) key: ObjectKey,
    /// Looked at before every emission.
    watch: Cell<Watch>,
    pub(super) queue: Rc<Queue<World>>,
    /// The signals of the object that somebody connected to.
    cores: RefCell<SmallVec<[Weak<dyn AnyCore>; 1]>>,
}

bitflags! {
    /// What stands between an emission and those who listen. Mostly nothing.
    #[derive(Clone, Copy)]
    struct Watch: u8 {
        /// The object's signals are blocked.
        const BLOCKED = 1;
        /// A trace is told of the emission.
        const TRACED = 2;
    }
}

impl Emitter {
    pub(super) fn new(key: ObjectKey, queue: &Rc<Queue<World>>) -> Self {
        let watch = if queue.is_watched() { Watch::TRACED } else { Watch::empty() };
        let (watch, queue) = (Cell::new(watch), queue.clone());
        Self { key, watch, queue, cores: RefCell::default() }
    }

    /// Returns true if nothing stands between an emission and those who listen.
    #[inline]
    pub(super) fn is_unwatched(&self) -> bool {
        self.watch.get().is_empty()
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.watch.get().contains(Watch::BLOCKED)
    }

    /// Blocks or unblocks. Returns true if the signals were blocked before.
    pub(super) fn block(&self, block: bool) -> bool {
        let before = self.is_blocked();
        self.set(Watch::BLOCKED, block);
        before
    }

    /// Has the runtime's tracer told of each emission.
    pub(super) fn begin_trace(&self) {
        self.set(Watch::TRACED, true);
    }

    /// Tells the runtime's tracer, if that is wanted, of an emission that is made now.
    pub(super) fn trace(&self, signal: Weak<dyn AnyCore>, argument: &dyn Any) {
        if self.watch.get().contains(Watch::TRACED) {
            let tracer = tracer_of(&self.queue);
            if !tracer.is_some_and(|tracer| tracer.record(self, signal, argument)) {
                // The trace has ended. The other objects find out in the same way.
                self.set(Watch::TRACED, false);
                self.queue.set_observer(None);
            }
        }
    }

    fn set(&self, watch: Watch, on: bool) {
        let mut all = self.watch.get();
        all.set(watch, on);
        self.watch.set(all);
    }

    /// Adds a signal, which somebody connects to now.
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

    /// Returns the signals that somebody has connected to and that are still there.
    pub(super) fn cores(&self) -> SmallVec<[Rc<dyn AnyCore>; 4]> {
        self.cores.borrow().iter().filter_map(Weak::upgrade).collect()
    }

    /// Closes every connection of every signal of the object.
    pub(super) fn cut(&self) {
        for core in self.cores() {
            core.kill_all();
        }
    }
}
