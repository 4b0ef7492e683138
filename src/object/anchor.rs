//! The anchor: what an object sees of its runtime when it enters the runtime.

use std::fmt;

use crate::object::class::{MetaObject, Obj, QObject};
use crate::object::store::ObjectKey;
use crate::object::world::World;

/// What an object sees of the runtime at the moment when it enters the runtime.
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

    /// The class of the object that enters: if the caller is embedded, of the object around it.
    pub(crate) fn class(&self) -> Option<&'static MetaObject> {
        self.world.class(self.key)
    }

    /// The runtime's objects.
    pub(crate) fn world(&self) -> &World {
        self.world
    }
}

impl fmt::Debug for Anchor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anchor").field("key", &self.key).finish_non_exhaustive()
    }
}
