//! Signals: the typed announcements of an object.
//!
//! Keeps one promise: emitting never calls anybody. An emission is recorded, and goes to those that
//! are connected at that moment, when the running method has returned. What a signal with
//! connections is made of is in `signal_core.rs`.

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::rc::Rc;

use crate::object::connections::{AnyCore, Core, Emitter};
use crate::object::effects::Queue;
use crate::object::store::ObjectKey;
use crate::object::world::World;

/// A signal that carries an `A`.
///
/// A field of its object, one pointer in size and empty until somebody connects to it. `A` is the
/// argument: `()` for none, a type of your own for several.
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
pub struct Signal<A: 'static> {
    core: OnceCell<Rc<Core<A, World>>>,
}

impl<A: 'static> Signal<A> {
    /// Creates a signal that nobody is connected to.
    pub const fn new() -> Self {
        Self { core: OnceCell::new() }
    }

    /// Records an emission: every slot connected now is called with `argument`, in the order in
    /// which they were connected, once the running method has returned.
    ///
    /// Costs a null check when nobody ever connected. Does nothing while the object's signals are
    /// [blocked](crate::World::block_signals), nor before the object has a place in a runtime.
    ///
    /// A signal has no way to the runtime. So what a method emits that was called by indexing from
    /// outside any other, as in `rt[door].open(7)`, waits until the runtime is called next: see
    /// [`World::emit`](crate::World::emit) and [`World::with`](crate::World::with), which deliver at
    /// once there, and [`Runtime::deliver`](crate::Runtime::deliver).
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

    /// Returns true if anybody is connected: whether building an expensive argument is worth it.
    #[doc(alias = "isSignalConnected")]
    pub fn is_connected(&self) -> bool {
        self.receivers() > 0
    }

    /// Returns true if anybody ever connected to it or observed it.
    pub(crate) fn was_heard(&self) -> bool {
        self.core.get().is_some()
    }

    /// Emits a copy of `argument`, which is only made if somebody is there to hear it.
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

    /// The signal's core, made on the first connection or when it is first observed.
    pub(in crate::object) fn core(
        &self,
        emitter: impl FnOnce() -> Emitter<World>,
    ) -> &Rc<Core<A, World>> {
        self.core.get_or_init(|| Core::new(emitter()))
    }

    /// The signal's core, if anybody ever connected to it or observed it.
    pub(in crate::object) fn existing_core(&self) -> Option<&Rc<Core<A, World>>> {
        self.core.get()
    }
}

impl<A: 'static> Default for Signal<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: 'static> Drop for Signal<A> {
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

/// A signal with its argument's type forgotten, as reflection sees it.
#[doc(hidden)]
pub trait AnySignal {
    /// The signal's core, if anybody ever connected to it or observed it.
    #[doc(hidden)]
    fn any_core(&self) -> Option<SignalCore>;

    /// The signal's core, made if it is not there.
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

/// The erased core of a signal.
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
