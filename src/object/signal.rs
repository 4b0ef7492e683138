//! Signals: the typed announcements of an object.
//!
//! Keeps one promise: emitting never calls anybody. An emission is recorded, with the list of
//! connections as it is at that moment, and delivered when the running method has returned. How a
//! connection reaches its slot is in `connection.rs`, when it does in `delivery.rs`.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};

use smallvec::SmallVec;

use super::handle::{ObjectKey, RuntimeTag};
use super::link::{AnyLink, Link};
use super::recorder::{Effect, Recorder};
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
        self.core.get().map_or(0, |core| core.list.borrow().iter().filter(|c| c.is_open()).count())
    }

    /// Says whether anybody is connected: whether building an expensive argument is worth it.
    #[doc(alias = "isSignalConnected")]
    pub fn is_connected(&self) -> bool {
        self.receivers() > 0
    }

    /// Says whether an emission would be recorded. It is also when the only connections left were
    /// disconnected further up, which takes effect later.
    pub(super) fn has_audience(&self) -> bool {
        self.core.get().is_some_and(|core| core.audience().is_some())
    }

    /// The signal's core, made on the first connection.
    pub(super) fn core(&self, emitter: impl FnOnce() -> Rc<Emitter>) -> &Rc<Core<A>> {
        self.core.get_or_init(|| Core::new(emitter()))
    }

    /// The signal's core, if anybody ever connected.
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
    /// The signal's core, if anybody ever connected.
    #[doc(hidden)]
    fn any_core(&self) -> Option<SignalCore>;
}

impl<A: 'static> AnySignal for Signal<A> {
    fn any_core(&self) -> Option<SignalCore> {
        self.core.get().map(|core| SignalCore(core.clone()))
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

/// The connections of one signal, in the order in which they were made.
pub(super) type List<A> = SmallVec<[Rc<dyn Link<A>>; 1]>;

/// What a signal becomes when somebody connects: its connections and its pending arguments.
pub(super) struct Core<A: 'static> {
    emitter: Rc<Emitter>,
    /// Shared with the emissions under way, and copied when it changes while one is.
    list: RefCell<Rc<List<A>>>,
    pending: RefCell<Pending<A>>,
    /// The sender was destroyed: what is under way stops here.
    silenced: Cell<bool>,
}

/// An emission that waits: the list as it was, and the argument.
type Waiting<A> = (Rc<List<A>>, A);

/// The waiting emissions of one signal. There is seldom more than one, so the first sits inline, and
/// the others' place is made when it is needed.
struct Pending<A: 'static> {
    first: Option<Waiting<A>>,
    more: Option<Box<More<A>>>,
}

/// The waiting emissions of one signal beside the first.
struct More<A: 'static> {
    entries: Vec<Option<Waiting<A>>>,
    /// The numbers of the empty entries.
    free: Vec<u32>,
}

impl<A> Pending<A> {
    const fn new() -> Self {
        Self { first: None, more: None }
    }

    /// Stores an emission and gives its number: 0 is the first, the others count from 1.
    #[inline]
    fn put(&mut self, waiting: Waiting<A>) -> u32 {
        if self.first.is_none() {
            self.first = Some(waiting);
            return 0;
        }
        self.put_more(waiting)
    }

    #[cold]
    fn put_more(&mut self, waiting: Waiting<A>) -> u32 {
        let new = || Box::new(More { entries: Vec::new(), free: Vec::new() });
        let More { entries, free } = &mut **self.more.get_or_insert_with(new);
        match free.pop() {
            Some(entry) => {
                entries[entry as usize] = Some(waiting);
                entry + 1
            }
            None => {
                entries.push(Some(waiting));
                u32::try_from(entries.len()).expect("fewer than 2^32 emissions wait")
            }
        }
    }

    #[inline]
    fn take(&mut self, entry: u32) -> Option<Waiting<A>> {
        match entry.checked_sub(1) {
            None => self.first.take(),
            Some(entry) => self.take_more(entry),
        }
    }

    #[cold]
    fn take_more(&mut self, entry: u32) -> Option<Waiting<A>> {
        let More { entries, free } = &mut **self.more.as_mut()?;
        let waiting = entries[entry as usize].take();
        free.push(entry);
        if free.len() == entries.len() {
            entries.clear();
            free.clear();
        }
        waiting
    }
}

impl<A: 'static> Core<A> {
    fn new(emitter: Rc<Emitter>) -> Rc<Self> {
        let core = Rc::new(Self {
            emitter: emitter.clone(),
            list: RefCell::default(),
            pending: RefCell::new(Pending::new()),
            silenced: Cell::new(false),
        });
        let erased: Weak<Self> = Rc::downgrade(&core);
        let mut cores = emitter.cores.borrow_mut();
        if cores.len() == cores.capacity() {
            cores.retain(|core| core.strong_count() > 0);
            let more = growth(cores.len());
            cores.reserve_exact(more);
        }
        cores.push(erased);
        drop(cores);
        core
    }

    fn record(this: &Rc<Self>, argument: A) {
        let Some(list) = this.audience() else { return };
        let entry = this.pending.borrow_mut().put((list, argument));
        this.emitter.recorder.record(Effect::Emit { emission: this.clone(), entry, next: 0 });
    }

    /// The list as it is now, unless there is nobody to tell.
    #[inline]
    fn audience(&self) -> Option<Rc<List<A>>> {
        self.list_unless_blocked().filter(|list| !list.is_empty())
    }

    /// The list as it is now, unless the object's signals are blocked.
    #[inline]
    pub(super) fn list_unless_blocked(&self) -> Option<Rc<List<A>>> {
        (!self.emitter.blocked.get()).then(|| self.list.borrow().clone())
    }

    /// Adds a connection at the end of the list.
    pub(super) fn connect(&self, link: Rc<dyn Link<A>>) {
        let mut shared = self.list.borrow_mut();
        let list = match Rc::get_mut(&mut shared) {
            Some(list) => list,
            None => {
                *shared = Rc::new(shared.iter().filter(|link| !link.is_dead()).cloned().collect());
                Rc::get_mut(&mut shared).expect("just made, so not shared yet")
            }
        };
        if list.len() == list.capacity() {
            list.retain(|link| !link.is_dead());
            if list.len() * 4 > list.capacity() * 3 {
                list.reserve_exact(growth(list.len()));
            }
        }
        list.push(link);
    }

    /// Says whether an open connection for which `matches` holds is in the list.
    pub(super) fn has(&self, matches: impl Fn(&dyn Link<A>) -> bool) -> bool {
        self.list.borrow().iter().any(|link| link.is_open() && matches(&**link))
    }

    /// Replaces the list, which emissions share, by one without its dead connections, if these
    /// are most of it.
    #[cold]
    fn prune(&self, list: &Rc<List<A>>) {
        let mut shared = self.list.borrow_mut();
        let dead = list.iter().filter(|link| link.is_dead()).count();
        if dead > list.len() / 2 && Rc::ptr_eq(&shared, list) {
            *shared = Rc::new(list.iter().filter(|link| !link.is_dead()).cloned().collect());
        }
    }

    /// Puts the rest of an emission on the stack, if there is one. There it outlives a panic in
    /// what the slots before have recorded.
    #[cold]
    pub(super) fn finish(
        self: Rc<Self>,
        world: &mut World,
        list: Rc<List<A>>,
        argument: A,
        next: Option<usize>,
    ) {
        match next {
            Some(next) => {
                let entry = self.pending.borrow_mut().put((list, argument));
                let next = u32::try_from(next).expect("fewer than 2^32 connections");
                world.push_frame(Effect::Emit { emission: self, entry, next });
            }
            None => {
                world.recorder.set_met_dead(false);
                self.prune(&list);
            }
        }
    }

    pub(super) fn emitter(&self) -> &Rc<Emitter> {
        &self.emitter
    }

    fn sender_gone(&self) {
        self.silenced.set(true);
        // Out of the cell first: closures that die here may own signals of their own.
        let list = self.list.borrow().clone();
        // All first, since captures that panic when they are dropped leave the rest undropped.
        for link in list.iter() {
            link.head().kill();
        }
        for link in list.iter() {
            link.release();
        }
    }
}

/// Calls the slots of `list` from number `first` on, until one has recorded something that is to
/// be carried out before the next slot, whose number this then returns.
///
/// Nothing that the slots record is carried out here, so the sender lives throughout.
#[inline]
pub(super) fn call_slots<A>(
    world: &mut World,
    list: &[Rc<dyn Link<A>>],
    argument: &A,
    first: usize,
) -> Option<usize> {
    let (last, others) = list.split_last()?;
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

/// By how many entries a full list of connections grows: a quarter, since a connection should
/// stay near its 64 bytes.
pub(super) const fn growth(len: usize) -> usize {
    if len < 2 { 1 } else { len / 4 + 2 }
}

/// An emission that waits in the recorder or on the stack, with its argument's type forgotten.
pub(super) trait Emission {
    /// Goes on with waiting emission `entry` at slot number `next`.
    fn resume(self: Rc<Self>, world: &mut World, entry: u32, next: u32);
}

impl<A: 'static> Emission for Core<A> {
    fn resume(self: Rc<Self>, world: &mut World, entry: u32, next: u32) {
        let taken = self.pending.borrow_mut().take(entry);
        let Some((list, argument)) = taken else { return };
        if self.silenced.get() {
            return;
        }
        world.set_sender(Some(self.emitter.key));
        let first = next as usize;
        let next = call_slots(world, &list, &argument, first);
        world.spend(next.unwrap_or(list.len()) - first);
        if next.is_some() || world.recorder.met_dead() {
            self.finish(world, list, argument, next);
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
        let list = self.list.borrow().clone();
        for link in list.iter().filter(|link| link.is_open()) {
            let link: Rc<dyn AnyLink> = link.clone();
            visit(&link);
        }
    }
}

/// What the signals of one object share: who emits, and where to.
pub(super) struct Emitter {
    pub(super) key: ObjectKey,
    pub(super) tag: RuntimeTag,
    pub(super) blocked: Cell<bool>,
    pub(super) recorder: Rc<Recorder>,
    /// The signals of the object that somebody connected to.
    pub(super) cores: RefCell<Vec<Weak<dyn AnyCore>>>,
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
