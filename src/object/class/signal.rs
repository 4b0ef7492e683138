//! Signals: the typed announcements of an object.
//!
//! Keeps one promise: emitting never calls anybody. `emit` records an emission for the slots that
//! are connected at that moment, and they are called after the running method has returned.
//! `emissions.rs` has what a signal consists of once it has connections.

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::rc::Rc;

use crate::object::connections::{AnyCore, Core, Emitter};
use crate::object::effects::Queue;
use crate::object::store::ObjectKey;
use crate::object::world::World;

/// A signal that carries an `A`.
///
/// A signal is a field of its object. It has the size of one pointer and allocates nothing until
/// somebody connects to it. `A` is the argument: `()` for none, a type of your own for several.
///
/// ```
/// use slotwire::prelude::*;
///
/// #[derive(QObject, Default)]
/// struct Door {
///     /// Emitted when the door was opened, with the number of the key.
///     #[signal]
///     opened: Signal<u32>,
/// }
///
/// impl Door {
///     fn open(&mut self, key: u32) {
///         self.opened.emit(key);
///     }
/// }
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let door = rt.add(Door::default());
/// let spy = rt.spy(door, Door::opened);
/// rt.with(door, |door, _| door.open(7));
/// assert_eq!(spy.take(), [7]);
/// # Ok(())
/// # }
/// ```
pub struct Signal<A> {
    core: OnceCell<Rc<Core<A, World>>>,
}

impl<A: 'static> Signal<A> {
    /// Creates a signal without connections.
    pub const fn new() -> Self {
        Self { core: OnceCell::new() }
    }

    /// Records an emission: once the running method has returned, every slot that is connected now
    /// is called with `argument`, in the order in which the slots were connected.
    ///
    /// Costs a null check if nobody ever connected. Does nothing while the object's signals are
    /// [blocked](crate::World::block_signals), or before the object is added to a runtime.
    ///
    /// A signal cannot reach its runtime. So if you call a method by indexing outside any other
    /// method, as in `rt[door].open(7)`, its emissions wait until the runtime is called next.
    /// [`World::emit`](crate::World::emit), [`World::with`](crate::World::with) and
    /// [`Runtime::deliver`](crate::Runtime::deliver) deliver at once.
    #[inline]
    pub fn emit(&self, argument: A) {
        if let Some(core) = self.core.get() {
            Core::record(core, argument);
        }
    }

    /// Returns the number of connections.
    pub fn receivers(&self) -> usize {
        self.core.get().map_or(0, |core| core.receivers())
    }

    /// Returns true if anybody is connected. If not, you need not build an expensive argument.
    #[doc(alias = "isSignalConnected")]
    pub fn is_connected(&self) -> bool {
        self.receivers() > 0
    }

    /// Returns true if anybody ever connected to the signal or observed it.
    pub(crate) fn was_heard(&self) -> bool {
        self.core.get().is_some()
    }

    /// Emits a copy of `argument`. Makes the copy only if the signal is connected or observed.
    pub(in crate::object) fn emit_copy(&self, argument: &A)
    where
        A: Clone,
    {
        if let Some(core) = self.core.get()
            && Core::is_wanted(core, argument)
        {
            Core::record_unasked(core, argument.clone());
        }
    }

    /// Returns the signal's core. Creates it on the first connection or the first observation.
    pub(in crate::object) fn core(
        &self,
        emitter: impl FnOnce() -> Emitter<World>,
    ) -> &Rc<Core<A, World>> {
        self.core.get_or_init(|| Core::new(emitter()))
    }

    /// Returns the signal's core, if anybody ever connected to the signal or observed it.
    pub(in crate::object) fn existing_core(&self) -> Option<&Rc<Core<A, World>>> {
        self.core.get()
    }
}

impl<A: 'static> Default for Signal<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A> Drop for Signal<A> {
    fn drop(&mut self) {
        if let Some(core) = self.core.get() {
            core.sender_gone();
        }
    }
}

impl<A: 'static> fmt::Debug for Signal<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal").field("receivers", &self.receivers()).finish()
    }
}

/// A signal with the type of its argument forgotten, for reflection.
#[doc(hidden)]
pub trait AnySignal {
    /// Returns the signal's core, if anybody ever connected to the signal or observed it.
    #[doc(hidden)]
    fn any_core(&self) -> Option<SignalCore>;

    /// Returns the signal's core. Creates it if there is none.
    #[doc(hidden)]
    fn core_of(&self, owner: &SignalOwner) -> SignalCore;
}

impl<A: 'static> AnySignal for Signal<A> {
    fn any_core(&self) -> Option<SignalCore> {
        self.core.get().map(|core| SignalCore(core.clone()))
    }

    fn core_of(&self, owner: &SignalOwner) -> SignalCore {
        match self.core.get() {
            Some(core) => SignalCore(core.clone()),
            None => owner.make_core(self),
        }
    }
}

/// The core of a signal, with the type of its argument forgotten.
#[doc(hidden)]
pub struct SignalCore(pub(in crate::object) Rc<dyn AnyCore>);

impl fmt::Debug for SignalCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalCore").finish_non_exhaustive()
    }
}

/// The object that a signal belongs to.
#[doc(hidden)]
pub struct SignalOwner {
    key: ObjectKey,
    queue: Rc<Queue<World>>,
    is_blocked: bool,
    /// The signals that got cores, of which the object is still to be told.
    made: RefCell<Vec<Rc<dyn AnyCore>>>,
}

impl SignalOwner {
    pub(in crate::object) fn new(
        key: ObjectKey,
        queue: Rc<Queue<World>>,
        is_blocked: bool,
    ) -> Self {
        Self { key, queue, is_blocked, made: RefCell::default() }
    }

    pub(in crate::object) fn key(&self) -> ObjectKey {
        self.key
    }

    /// Takes the signals that got cores.
    pub(in crate::object) fn take_made(&self) -> Vec<Rc<dyn AnyCore>> {
        self.made.take()
    }

    fn make_core<A: 'static>(&self, signal: &Signal<A>) -> SignalCore {
        let core = signal.core(|| Emitter::new(self.key, &self.queue, self.is_blocked)).clone();
        core.emitter().tally.set_unheard(true);
        self.made.borrow_mut().push(core.clone());
        SignalCore(core)
    }
}

impl fmt::Debug for SignalOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalOwner").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With the two counts of its `Rc` it takes 104 bytes: the GNU C library's blocks have 8 bytes
    /// more than a multiple of 16.
    #[test]
    fn the_core_of_a_signal_is_small() {
        let size = size_of::<Core<(), World>>();
        assert!(size <= 88, "{size} bytes");
    }
}
