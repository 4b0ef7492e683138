//! The anchor: what an object takes along from its runtime when it gets its place there.

use std::fmt;
use std::rc::Rc;

use super::class::QObject;
use super::handle::Obj;
use super::key::ObjectKey;
use super::queue::{Effect, Queue};
use super::world::World;

/// What an object sees of the runtime at the moment when it gets its place there.
pub struct Anchor<'a> {
    world: &'a World,
    key: ObjectKey,
}

impl<'a> Anchor<'a> {
    pub(super) fn new(world: &'a World, key: ObjectKey) -> Self {
        Self { world, key }
    }

    /// Returns the handle that the object has from now on.
    pub fn this(&self) -> Obj<dyn QObject> {
        self.world.handle(self.key)
    }

    /// The object's key.
    pub(crate) fn key(&self) -> ObjectKey {
        self.key
    }

    /// The runtime's objects and services.
    pub(crate) fn world(&self) -> &World {
        self.world
    }

    /// The service of type `S`, if somebody offers it.
    pub(crate) fn service<S: 'static>(&self) -> Option<Rc<S>> {
        self.world.service()
    }

    /// Where the object can record its steps.
    pub(crate) fn stepper(&self) -> Stepper {
        Stepper { queue: self.world.queue.clone(), key: self.key }
    }
}

impl fmt::Debug for Anchor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anchor").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Records the steps of one object: changes of its state that take effect between emissions.
#[derive(Clone, Debug)]
pub(crate) struct Stepper {
    queue: Rc<Queue<World>>,
    key: ObjectKey,
}

impl Stepper {
    /// Runs `step` for the object, with this number, after what was recorded before and before what
    /// is recorded afterwards.
    pub(crate) fn step(&self, number: u32, step: fn(&mut World, ObjectKey, u32)) {
        self.queue.record(Effect::Step { object: self.key, number, step });
    }

    /// Returns true if a turn is running, which will carry out what is recorded.
    pub(crate) fn in_turn(&self) -> bool {
        self.queue.in_turn()
    }

    /// The object's key.
    pub(crate) fn key(&self) -> ObjectKey {
        self.key
    }
}
