//! `Lookup`: asking for the addresses of a name.
//!
//! Keeps one promise: when a lookup is dropped, its answer is not delivered any more, unless the call
//! that delivers it is on its way already. Lookups are made by `resolver.rs` for a runtime, and by
//! `resolver_pool.rs` for the process.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// Receives the addresses of a name, whose port means nothing.
pub(crate) type OnResolved = Box<dyn FnOnce(io::Result<Vec<SocketAddr>>) + Send>;

/// A lookup that was asked for. Dropping it calls it off: it is not begun if it waits still, and its
/// [`OnResolved`] is not called any more, unless that call is on its way already.
#[must_use = "dropping it calls the lookup off"]
pub(crate) struct Lookup {
    cancel: Option<Box<dyn FnOnce()>>,
}

impl Lookup {
    pub(crate) fn new(cancel: impl FnOnce() + 'static) -> Self {
        Self { cancel: Some(Box::new(cancel)) }
    }

    /// One that is answered already.
    pub(in crate::net) fn finished() -> Self {
        Self { cancel: None }
    }
}

impl Drop for Lookup {
    fn drop(&mut self) {
        if let Some(cancel) = self.cancel.take() {
            cancel();
        }
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup").finish_non_exhaustive()
    }
}

/// Why a name has no addresses; many askers may get the same answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct LookupFailure {
    /// `NotFound` if there is no such name.
    pub(super) kind: io::ErrorKind,
    pub(super) reason: Arc<str>,
}
