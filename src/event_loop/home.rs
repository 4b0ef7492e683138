//! Homes: what an object keeps of its runtime.
//!
//! The runtime makes the parts of the loop and keeps them with its world. The floors above keep
//! parts of their own there, which refer to these.

use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use super::quit_request::QuitRequest;
use super::sources::Reactor;
use super::tasks::Tasks;
use super::threads::Remote;
use super::timing::Timers;
use crate::object::{Anchor, ObjectKey, Wakeups, World};

/// What the objects of a runtime share of its loop.
#[derive(Debug)]
pub(crate) struct LoopParts {
    pub(crate) wakeups: Wakeups,
    pub(crate) timers: Timers,
    pub(crate) tasks: Tasks,
    /// Each engine holds it too, and may outlive the runtime.
    pub(crate) reactor: Rc<Reactor>,
    pub(crate) remote: Remote,
    pub(super) quit_request: QuitRequest,
}

/// What the objects of a runtime share of one floor and of the floors below it.
pub(crate) trait Parts: 'static {
    /// Returns the parts of this runtime.
    fn of(world: &World) -> Rc<Self>;

    /// Returns the parts of the loop.
    fn of_loop(&self) -> &LoopParts;
}

impl Parts for LoopParts {
    fn of(world: &World) -> Rc<Self> {
        world.kept().expect("a world is only ever made by a runtime, which keeps its parts with it")
    }

    fn of_loop(&self) -> &LoopParts {
        self
    }
}

/// What an object keeps of its runtime: its key there, and what it shares with the other objects.
pub(crate) struct Home<P = LoopParts> {
    key: ObjectKey,
    parts: Rc<P>,
}

impl<P: Parts> Home<P> {
    /// Makes the home of an object that enters a runtime.
    pub(crate) fn of(anchor: &Anchor<'_>) -> Self {
        Self::new(anchor.key(), P::of(anchor.world()))
    }

    /// Makes the home of the object with this key, whose runtime has these parts.
    pub(crate) fn new(key: ObjectKey, parts: Rc<P>) -> Self {
        Self { key, parts }
    }

    /// Returns the object's key.
    pub(crate) fn key(&self) -> ObjectKey {
        self.key
    }

    pub(crate) fn parts(&self) -> &Rc<P> {
        &self.parts
    }

    /// Makes the object take the step with this number: [`Wakeups::step`].
    #[inline]
    pub(crate) fn step(&self, number: u32) {
        self.parts.of_loop().wakeups.step(self.key, number);
    }

    /// Wakes the object when the loop comes to postponed work: [`Wakeups::postpone`].
    #[inline]
    pub(crate) fn postpone(&self) {
        self.parts.of_loop().wakeups.postpone(self.key);
    }

    /// Wakes the object once more when the slots that its wake-up calls have run:
    /// [`Wakeups::follow_up`].
    #[inline]
    pub(crate) fn follow_up(&self) {
        self.parts.of_loop().wakeups.follow_up(self.key);
    }

    /// Takes back what was postponed: see [`Wakeups::take_back`].
    #[inline]
    pub(crate) fn take_back(&self) -> bool {
        self.parts.of_loop().wakeups.take_back(self.key)
    }

    /// Returns true if a turn is running, which will carry out what is recorded.
    pub(crate) fn in_turn(&self) -> bool {
        self.parts.of_loop().wakeups.in_turn()
    }
}

impl<P> Deref for Home<P> {
    type Target = P;

    #[inline]
    fn deref(&self) -> &P {
        &self.parts
    }
}

impl<P> fmt::Debug for Home<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Home").field("key", &self.key).finish_non_exhaustive()
    }
}
