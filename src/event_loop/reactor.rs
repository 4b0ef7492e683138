//! The reactor: who is told when a source is ready.
//!
//! A thin layer over mio; what waits for readiness is in `poller.rs`. A source belongs to an object and names the function that takes its
//! readiness to that object. Readiness is edge-triggered here; whoever registers reads or writes
//! until the kernel would block, or [re-arms](Reactor::rearm).

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::ops::BitOr;

use mio::event::{Event, Source};
use mio::{Interest, Registry, Token};

use crate::object::{ObjectKey, World};

/// What a descriptor is ready for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Readiness {
    pub(crate) readable: bool,
    /// The other end is closed: after what is there to read, no more will come.
    pub(crate) read_closed: bool,
    pub(crate) writable: bool,
    pub(crate) priority: bool,
}

impl Readiness {
    /// Errors and hang-ups count as readable and writable: trying tells what happened.
    pub(super) fn of(event: &Event) -> Self {
        let broken = event.is_error();
        Self {
            readable: event.is_readable() || event.is_read_closed() || broken,
            read_closed: event.is_read_closed() || broken,
            writable: event.is_writable() || event.is_write_closed() || broken,
            priority: event.is_priority(),
        }
    }
}

impl BitOr for Readiness {
    type Output = Self;

    /// What either is ready for.
    fn bitor(self, other: Self) -> Self {
        Self {
            readable: self.readable || other.readable,
            read_closed: self.read_closed || other.read_closed,
            writable: self.writable || other.writable,
            priority: self.priority || other.priority,
        }
    }
}

/// Takes readiness to an object.
pub(crate) type OnReady = fn(&mut World, ObjectKey, SourceId, Readiness);

/// Names a registered source. The number of one that was deregistered is given again only when
/// nothing that is ready still goes by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SourceId(usize);

impl SourceId {
    pub(super) fn of(token: Token) -> Self {
        Self(token.0)
    }
}

/// The token of the runtime's own waker.
pub(super) const WAKER: Token = Token(usize::MAX);

/// The sources of one runtime.
pub(crate) struct Reactor {
    registry: Registry,
    sources: RefCell<Sources>,
}

#[derive(Default)]
struct Sources {
    owners: Vec<Option<(ObjectKey, OnReady)>>,
    free: Vec<usize>,
    /// Numbers that are not in use any more, though what the poller said last may name them.
    retired: Vec<usize>,
    /// How many of them the kernel watches.
    in_kernel: usize,
}

impl Sources {
    fn next_id(&self) -> usize {
        self.free.last().copied().unwrap_or(self.owners.len())
    }

    /// Gives the next number to a source.
    fn add(&mut self, owner: ObjectKey, on_ready: OnReady) -> SourceId {
        let entry = Some((owner, on_ready));
        let id = match self.free.pop() {
            Some(id) => {
                self.owners[id] = entry;
                id
            }
            None => {
                self.owners.push(entry);
                self.owners.len() - 1
            }
        };
        SourceId(id)
    }

    /// Takes the number of a source back; says whether it had it.
    fn remove(&mut self, id: SourceId) -> bool {
        let was_there = self.owners[id.0].take().is_some();
        if was_there {
            self.retired.push(id.0);
        }
        was_there
    }
}

impl Reactor {
    pub(super) fn new(registry: Registry) -> Self {
        Self { registry, sources: RefCell::default() }
    }

    /// Has `on_ready` called for `owner` whenever `source` becomes ready.
    pub(crate) fn register(
        &self,
        source: &mut impl Source,
        interest: Interest,
        owner: ObjectKey,
        on_ready: OnReady,
    ) -> io::Result<SourceId> {
        let mut sources = self.sources.borrow_mut();
        self.registry.register(source, Token(sources.next_id()), interest)?;
        sources.in_kernel += 1;
        Ok(sources.add(owner, on_ready))
    }

    /// Asks for the readiness of a source anew: what is ready still or again is told again.
    pub(crate) fn rearm(
        &self,
        id: SourceId,
        source: &mut impl Source,
        interest: Interest,
    ) -> io::Result<()> {
        self.registry.reregister(source, Token(id.0), interest)
    }

    /// Hears nothing of a source any more. For one that is closed right afterwards use
    /// [`forget`](Self::forget), which saves a system call.
    pub(crate) fn deregister(&self, id: SourceId, source: &mut impl Source) {
        // A failure means that the kernel forgot the descriptor before we did.
        let _ = self.registry.deregister(source);
        self.forget(id);
    }

    /// Drops what is known of a source that is about to be closed: the kernel does the rest.
    pub(crate) fn forget(&self, id: SourceId) {
        let mut sources = self.sources.borrow_mut();
        if sources.remove(id) {
            sources.in_kernel -= 1;
        }
    }

    /// Gives a number to a source that the kernel does not watch, and of whose readiness `on_ready`
    /// is called for `owner`.
    #[cfg(feature = "sim")]
    pub(crate) fn enlist(&self, owner: ObjectKey, on_ready: OnReady) -> SourceId {
        self.sources.borrow_mut().add(owner, on_ready)
    }

    /// Takes the number back that [`enlist`](Self::enlist) gave.
    #[cfg(feature = "sim")]
    pub(crate) fn strike(&self, id: SourceId) {
        self.sources.borrow_mut().remove(id);
    }

    /// Says whether the kernel watches a source.
    #[cfg(feature = "sim")]
    pub(crate) fn has_kernel_sources(&self) -> bool {
        self.sources.borrow().in_kernel > 0
    }

    /// Lets the numbers of deregistered sources be given again: nobody has still to be told of
    /// them.
    pub(super) fn recycle(&self) {
        let Sources { free, retired, .. } = &mut *self.sources.borrow_mut();
        free.append(retired);
    }

    /// Who is told of a source's readiness, and how.
    pub(super) fn owner(&self, id: SourceId) -> Option<(ObjectKey, OnReady)> {
        self.sources.borrow().owners.get(id.0).copied().flatten()
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources = self.sources.borrow();
        f.debug_struct("Reactor")
            .field("sources", &sources.owners.iter().flatten().count())
            .finish_non_exhaustive()
    }
}
