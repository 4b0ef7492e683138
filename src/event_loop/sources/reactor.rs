//! The reactor: which object is woken when a source is ready.
//!
//! A thin layer over mio. The loop waits for readiness in `poller.rs`; `source_table.rs` knows the
//! owner of each source. A source belongs to an object, and the loop wakes the object when the
//! source is ready. Readiness is edge-triggered here: the owner of a source reads or writes until
//! the kernel would block, or [re-arms](Reactor::rearm) the source.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;

use mio::event::Source;
use mio::{Interest, Registry};

use super::source_table::Sources;
use crate::object::ObjectKey;
use crate::readiness::SourceId;

/// The sources of one runtime.
pub(crate) struct Reactor {
    registry: Registry,
    sources: RefCell<Sources>,
    /// The number of sources that the kernel watches.
    in_kernel: Cell<usize>,
}

impl Reactor {
    pub(in crate::event_loop) fn new(registry: Registry) -> Self {
        Self { registry, sources: RefCell::default(), in_kernel: Cell::new(0) }
    }

    /// Makes the loop wake `owner` whenever `source` becomes ready, from now on.
    pub(crate) fn register(
        &self,
        source: &mut impl Source,
        interest: Interest,
        owner: ObjectKey,
    ) -> io::Result<SourceId> {
        let mut sources = self.sources.borrow_mut();
        let id = sources.add(owner)?;
        if let Err(error) = self.registry.register(source, id.token(), interest) {
            sources.remove(id);
            return Err(error);
        }
        self.in_kernel.set(self.in_kernel.get() + 1);
        Ok(id)
    }

    /// Asks for the readiness of a source again: if the source is still ready, the kernel reports it
    /// once more.
    pub(crate) fn rearm(
        &self,
        id: SourceId,
        source: &mut impl Source,
        interest: Interest,
    ) -> io::Result<()> {
        self.registry.reregister(source, id.token(), interest)
    }

    /// Makes the loop wake another object when a source is ready, in place of its owner. Returns
    /// false if the object is the owner already. The new owner has missed what was reported before,
    /// so the caller asks for the readiness again.
    pub(crate) fn hand_over(&self, id: SourceId, owner: ObjectKey) -> bool {
        self.sources.borrow_mut().hand_over(id, owner)
    }

    /// Stops the kernel from watching a source, whose descriptor is still open.
    pub(crate) fn deregister(&self, id: SourceId, source: &mut impl Source) {
        // This fails only if the kernel does not watch the descriptor any more.
        let _ = self.registry.deregister(source);
        self.forget(id);
    }

    /// Takes the name of a source back whose descriptor the caller closes next. This saves the
    /// system call of [`deregister`](Self::deregister).
    ///
    /// If another process has the socket open as well, the kernel goes on watching it. The kernel's
    /// reports then find no owner, but they still wake the loop.
    pub(crate) fn forget(&self, id: SourceId) {
        if self.sources.borrow_mut().remove(id) {
            self.in_kernel.set(self.in_kernel.get() - 1);
        }
    }

    /// Gives a name to a source of `owner` that the kernel does not watch.
    #[cfg(feature = "sim")]
    pub(crate) fn enlist(&self, owner: ObjectKey) -> io::Result<SourceId> {
        self.sources.borrow_mut().add(owner)
    }

    /// Takes the name back that [`enlist`](Self::enlist) gave.
    #[cfg(feature = "sim")]
    pub(crate) fn strike(&self, id: SourceId) {
        self.sources.borrow_mut().remove(id);
    }

    /// Returns true if the kernel watches a source.
    #[cfg(feature = "sim")]
    pub(crate) fn has_kernel_sources(&self) -> bool {
        self.in_kernel.get() > 0
    }

    /// Returns the owner of a source; `None` if the source is gone.
    #[inline]
    pub(in crate::event_loop) fn owner(&self, id: SourceId) -> Option<ObjectKey> {
        self.sources.borrow().owner(id)
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor")
            .field("sources", &self.sources.borrow().len())
            .finish_non_exhaustive()
    }
}
