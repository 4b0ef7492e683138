//! The emitter: what the signals of one object share.
//!
//! Every signal that somebody connected to holds it, so that emitting needs no context.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use smallvec::SmallVec;

use super::handle::{ObjectKey, RuntimeTag};
use super::link::AnyLink;
use super::recorder::Recorder;
use super::signal::AnyCore;

/// What the signals of one object share: who emits, and where to.
pub(super) struct Emitter {
    pub(super) key: ObjectKey,
    pub(super) tag: RuntimeTag,
    pub(super) blocked: Cell<bool>,
    pub(super) recorder: Rc<Recorder>,
    /// The signals of the object that somebody connected to.
    pub(super) cores: RefCell<SmallVec<[Weak<dyn AnyCore>; 2]>>,
}

impl Emitter {
    /// Shows every open connection of every signal of the object to `visit`.
    pub(super) fn each(&self, visit: &mut dyn FnMut(&Rc<dyn AnyLink>)) {
        let cores: Vec<_> = self.cores.borrow().iter().filter_map(Weak::upgrade).collect();
        for core in cores {
            core.each(visit);
        }
    }
}
