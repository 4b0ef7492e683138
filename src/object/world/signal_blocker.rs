//! The guard that blocks the signals of an object.
//!
//! Keeps one promise: when the guard goes, also in a panic, the signals are blocked or not as they
//! were before it came. `node.rs` keeps the setting.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::World;
use crate::object::class::{Obj, QObject, Target};
use crate::object::context::Context;
use crate::object::store::ObjectKey;

/// Blocks the signals of an object until it is dropped. Made by
/// [`World::signal_blocker`](crate::World::signal_blocker).
///
/// The guard lends the world on: use it in place of the runtime or the context while the signals
/// are blocked.
///
/// ```
/// use slotwire::prelude::*;
///
/// #[derive(QObject, Default)]
/// struct Dial {
///     #[property]
///     value: Property<i32>,
/// }
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let dial = rt.add(Dial::default());
/// let spy = rt.spy(dial, Dial::value_changed);
/// {
///     let mut blocked = rt.signal_blocker(dial);
///     blocked[dial].set_value(1);
/// }
/// rt[dial].set_value(2);
/// rt.deliver();
/// assert_eq!(spy.take(), [2]);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "QSignalBlocker")]
#[must_use = "the signals are blocked only until the guard is dropped"]
pub struct SignalBlocker<'a> {
    world: &'a mut World,
    object: ObjectKey,
    /// The setting before the guard came.
    was_blocked: bool,
    is_dismissed: bool,
}

impl SignalBlocker<'_> {
    /// Restores the setting that was there before the guard, ahead of its end.
    pub fn unblock(&mut self) {
        self.set(self.was_blocked);
    }

    /// Blocks the signals again after [`unblock`](Self::unblock).
    pub fn reblock(&mut self) {
        self.set(true);
    }

    /// Ends the guard, and leaves the signals as they are now.
    pub fn dismiss(mut self) {
        self.is_dismissed = true;
    }

    /// Blocks or unblocks the signals, if the object still exists.
    fn set(&mut self, block: bool) {
        if let Some(node) = self.world.arena.node_mut(self.object) {
            node.block(block);
        }
    }
}

impl Drop for SignalBlocker<'_> {
    fn drop(&mut self) {
        if !self.is_dismissed {
            self.unblock();
        }
    }
}

impl Deref for SignalBlocker<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        self.world
    }
}

impl DerefMut for SignalBlocker<'_> {
    fn deref_mut(&mut self) -> &mut World {
        self.world
    }
}

impl fmt::Debug for SignalBlocker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalBlocker").field("object", &self.object).finish_non_exhaustive()
    }
}

impl World {
    /// Blocks the signals of an object until the returned guard is dropped, which restores the
    /// setting from before. The world is reached through the guard meanwhile.
    ///
    /// What counts is the moment of an emission. A socket that goes through its states in steps,
    /// after the running method has returned, emits when the guard is gone: for that use
    /// [`block_signals`](Self::block_signals).
    ///
    /// # Panics
    ///
    /// Panics if the handle is stale or of another runtime.
    #[doc(alias = "QSignalBlocker")]
    #[track_caller]
    pub fn signal_blocker<T: ?Sized + Target>(&mut self, object: Obj<T>) -> SignalBlocker<'_> {
        let was_blocked = self.block_signals(object, true);
        SignalBlocker { world: self, object: object.key, was_blocked, is_dismissed: false }
    }
}

impl<T: QObject> Context<'_, T> {
    /// Blocks the signals of an object until the returned guard is dropped:
    /// [`World::signal_blocker`].
    ///
    /// `cx.this()` can be an argument here, which the borrow checker refuses for the method of the
    /// world.
    #[doc(alias = "QSignalBlocker")]
    #[track_caller]
    pub fn signal_blocker<R: ?Sized + Target>(&mut self, object: Obj<R>) -> SignalBlocker<'_> {
        let world: &mut World = self;
        world.signal_blocker(object)
    }
}
