//! Signals: the typed announcements of an object.
//!
//! Keeps one promise: emitting never calls anybody. An emission is recorded, with the list of
//! connections as it is at that moment, and delivered when the running method has returned. How a
//! connection reaches its slot is in `connection.rs`, when it does in `delivery.rs`.

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};

use super::audience::Audience;
use super::delivery::CASCADE;
use super::emitter::Emitter;
use super::link::{AnyLink, Link};
use super::recorder::Effect;
use super::waiting::WaitingRoom;
use super::world::World;

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
    core: OnceCell<Rc<Core<A>>>,
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
    /// [blocked](World::block_signals), nor before the object has a place in a runtime.
    ///
    /// Outside any slot nothing is delivered until the runtime gets a turn: see
    /// [`Runtime::emit`](crate::Runtime::emit) for an emission that is delivered at once.
    #[inline]
    pub fn emit(&self, argument: A) {
        if let Some(core) = self.core.get() {
            Core::record(core, argument);
        }
    }

    /// Returns the number of connections.
    pub fn receivers(&self) -> usize {
        self.core.get().map_or(0, |core| {
            core.audience.borrow().links().iter().filter(|link| link.is_open()).count()
        })
    }

    /// Says whether anybody is connected: whether building an expensive argument is worth it.
    #[doc(alias = "isSignalConnected")]
    pub fn is_connected(&self) -> bool {
        self.receivers() > 0
    }

    /// Emits a copy of `argument`, which is only made if somebody is there to hear it.
    pub(super) fn emit_copy(&self, argument: &A)
    where
        A: Clone,
    {
        if let Some(core) = self.core.get()
            && let Some(audience) = Core::audience(core, argument)
        {
            Core::record_for(core, audience, argument.clone());
        }
    }

    /// The signal's core, made on the first connection or when it is first traced.
    pub(super) fn core(&self, emitter: impl FnOnce() -> Rc<Emitter>) -> &Rc<Core<A>> {
        self.core.get_or_init(|| Core::new(emitter()))
    }

    /// The signal's core, if anybody ever connected or traced it.
    pub(super) fn existing_core(&self) -> Option<&Rc<Core<A>>> {
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
    /// The signal's core, if anybody ever connected or traced it.
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
        SignalCore(self.core(|| owner.0.clone()).clone())
    }
}

/// The erased core of a signal.
#[doc(hidden)]
pub struct SignalCore(pub(super) Rc<dyn AnyCore>);

impl fmt::Debug for SignalCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalCore").finish_non_exhaustive()
    }
}

/// The object that a signal belongs to.
#[doc(hidden)]
pub struct SignalOwner(pub(super) Rc<Emitter>);

impl fmt::Debug for SignalOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalOwner").finish_non_exhaustive()
    }
}

/// What a signal becomes when somebody connects: its connections and its pending arguments.
pub(super) struct Core<A: 'static> {
    emitter: Rc<Emitter>,
    audience: RefCell<Audience<A>>,
    /// Where the emissions that wait are.
    waiting: Rc<WaitingRoom<A>>,
}

impl<A: 'static> Core<A> {
    fn new(emitter: Rc<Emitter>) -> Rc<Self> {
        let waiting = emitter.recorder.waiting_room();
        Rc::new(Self { emitter, audience: RefCell::default(), waiting })
    }

    fn record(this: &Rc<Self>, argument: A) {
        if let Some(audience) = Self::audience(this, &argument) {
            Self::record_for(this, audience, argument);
        }
    }

    #[inline]
    fn record_for(this: &Rc<Self>, audience: Audience<A>, argument: A) {
        let entry = this.waiting.put((audience, argument));
        this.emitter.recorder.record(Effect::Emit { emission: this.clone(), entry, next: 0 });
    }

    /// The audience of an emission that is made now, unless there is nobody to tell.
    #[inline]
    fn audience(this: &Rc<Self>, argument: &A) -> Option<Audience<A>> {
        Self::audience_unless_blocked(this, argument)
            .filter(|audience| !audience.links().is_empty())
    }

    /// The audience of an emission that is made now, unless the object's signals are blocked.
    #[inline]
    pub(super) fn audience_unless_blocked(this: &Rc<Self>, argument: &A) -> Option<Audience<A>> {
        (this.emitter.is_unwatched() || Self::passes(this, argument))
            .then(|| this.audience.borrow().clone())
    }

    /// Says whether an emission goes to those who listen, and tells the trace of it if it does.
    #[cold]
    fn passes(this: &Rc<Self>, argument: &A) -> bool {
        let is_blocked = this.emitter.is_blocked();
        if !is_blocked {
            let signal: Weak<Self> = Rc::downgrade(this);
            this.emitter.trace(signal, argument);
        }
        !is_blocked
    }

    /// Adds a connection at the end of the audience.
    pub(super) fn connect(this: &Rc<Self>, link: Rc<dyn Link<A>>) {
        let mut audience = this.audience.borrow_mut();
        if audience.links().is_empty() {
            let signal: Weak<Self> = Rc::downgrade(this);
            this.emitter.add(signal);
        }
        audience.push(link);
    }

    /// Says whether an open connection for which `matches` holds is in the list.
    pub(super) fn has(&self, matches: impl Fn(&dyn Link<A>) -> bool) -> bool {
        self.audience.borrow().links().iter().any(|link| link.is_open() && matches(&**link))
    }

    /// Forgets the dead connections, if these are most of the audience, and it is still this one.
    #[cold]
    fn prune(&self, audience: Audience<A>) {
        let mut present = self.audience.borrow_mut();
        if present.is(&audience) {
            present.prune();
        }
    }

    /// Puts the rest of an emission on the stack, if there is one. There it outlives a panic in
    /// what the slots before have recorded.
    #[cold]
    pub(super) fn finish(
        self: Rc<Self>,
        world: &mut World,
        audience: Audience<A>,
        argument: A,
        next: Option<usize>,
    ) {
        match next {
            Some(next) => {
                let entry = self.waiting.put((audience, argument));
                let next = u32::try_from(next).expect("fewer than 2^32 connections");
                world.push_frame(Effect::Emit { emission: self, entry, next });
            }
            None => {
                world.recorder.set_met_dead(false);
                self.prune(audience);
            }
        }
    }

    pub(super) fn emitter(&self) -> &Rc<Emitter> {
        &self.emitter
    }

    fn sender_gone(&self) {
        // Out of the cell first: closures that die here may own signals of their own.
        let audience = self.audience.borrow().clone();
        // All first, since captures that panic when they are dropped leave the rest undropped.
        for link in audience.links() {
            link.head().kill();
        }
        for link in audience.links() {
            link.release();
        }
    }
}

/// Calls the slots of `links` from number `first` on, until one has recorded something that is to
/// be carried out before the next slot, or as many were called as a cascade has: then this returns the
/// number of the next slot.
///
/// Nothing that the slots record is carried out here, so the sender lives throughout.
#[inline]
pub(super) fn call_slots<A>(
    world: &mut World,
    links: &[Rc<dyn Link<A>>],
    argument: &A,
    first: usize,
) -> Option<usize> {
    let (last, others) = links.split_last()?;
    if others.len() - first > CASCADE {
        return call_some_slots(world, &others[..first + CASCADE], argument, first);
    }
    let mut next = first;
    while let Some(link) = others.get(next) {
        next += 1;
        link.call(world, argument);
        if world.has_recorded() {
            return Some(next);
        }
    }
    last.call(world, argument);
    None
}

/// Calls slots as [`call_slots`] does, and not the last of all, which is not among `links`.
#[cold]
fn call_some_slots<A>(
    world: &mut World,
    links: &[Rc<dyn Link<A>>],
    argument: &A,
    first: usize,
) -> Option<usize> {
    let mut next = first;
    while let Some(link) = links.get(next) {
        next += 1;
        link.call(world, argument);
        if world.has_recorded() {
            break;
        }
    }
    Some(next)
}

/// An emission that waits in the recorder or on the stack, with its argument's type forgotten.
pub(super) trait Emission {
    /// Goes on with waiting emission `entry` at slot number `next`.
    fn resume(self: Rc<Self>, world: &mut World, entry: u32, next: u32);
}

impl<A: 'static> Emission for Core<A> {
    fn resume(self: Rc<Self>, world: &mut World, entry: u32, next: u32) {
        let Some((audience, argument)) = self.waiting.take(entry) else { return };
        world.set_sender(Some(self.emitter.key));
        let (links, first) = (audience.links(), next as usize);
        let next = call_slots(world, links, &argument, first);
        world.spend(next.unwrap_or(links.len()) - first);
        if next.is_some() || world.recorder.met_dead() {
            self.finish(world, audience, argument, next);
        }
    }
}

/// A core with its argument's type forgotten: what disconnecting and reflection work on.
pub(super) trait AnyCore {
    /// Shows every open connection to `visit`, in order.
    fn each(&self, visit: &mut dyn FnMut(&Rc<dyn AnyLink>));
}

impl<A: 'static> AnyCore for Core<A> {
    fn each(&self, visit: &mut dyn FnMut(&Rc<dyn AnyLink>)) {
        let audience = self.audience.borrow().clone();
        for link in audience.links().iter().filter(|link| link.is_open()) {
            let link: Rc<dyn AnyLink> = link.clone();
            visit(&link);
        }
    }
}
