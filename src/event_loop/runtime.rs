//! The runtime: a world with a loop that drives it.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::Error;
use crate::object::{Context, Obj, QObject, Signal, Target, World};

/// One thread's objects and the loop that drives them.
pub struct Runtime {
    world: World,
}

impl Runtime {
    /// Creates a runtime.
    ///
    /// # Errors
    ///
    /// Fails if the system gives no poller.
    pub fn new() -> Result<Self, Error> {
        Ok(Self { world: World::new() })
    }

    /// Emits a signal and delivers it: what was recorded before first, then every slot and all
    /// that follows from it.
    ///
    /// # Panics
    ///
    /// Panics if the sender's handle is stale or of another runtime.
    #[inline]
    pub fn emit<S: ?Sized + Target, A: 'static>(
        &mut self,
        sender: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
        argument: A,
    ) {
        self.world.emit_now(sender, signal, argument);
    }

    /// Calls `f` with the object and its context, then delivers what it did.
    pub fn with<T: QObject, O>(
        &mut self,
        object: Obj<T>,
        f: impl FnOnce(&mut T, &mut Context<'_, T>) -> O,
    ) -> Option<O> {
        self.world.deliver();
        self.world.turn(|world| world.with(object, f))
    }

    /// Delivers what was recorded outside any turn; says whether nothing is left.
    pub fn deliver(&mut self) -> bool {
        self.world.deliver()
    }

    /// Runs what is posted now, as one pass of the loop does.
    #[doc(hidden)]
    pub fn run_posted_now(&mut self) {
        self.world.deliver();
        self.world.run_posted();
    }

    /// Destroys an object, its children with it, and delivers what follows.
    pub fn destroy<T: ?Sized + Target>(&mut self, object: Obj<T>) -> bool {
        let existed = self.world.destroy(object);
        self.world.deliver();
        existed
    }
}

impl Deref for Runtime {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Runtime {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("world", &self.world).finish_non_exhaustive()
    }
}
