//! `Lookup`: a lookup that is under way.
//!
//! Keeps one promise: after a lookup is dropped, its answer is not delivered, unless another thread
//! is delivering it already. `resolver.rs` creates lookups for a runtime, `resolver_pool.rs` for
//! the process.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// Receives the addresses of a name. The ports are ignored.
pub(crate) type OnResolved = Box<dyn FnOnce(io::Result<Vec<SocketAddr>>) + Send>;

/// A lookup that is under way. Dropping it cancels the lookup: a lookup that still waits never
/// begins, and its [`OnResolved`] is not called, unless another thread is calling it already.
#[must_use = "dropping it cancels the lookup"]
pub(crate) struct Lookup {
    cancel: Option<Box<dyn FnOnce()>>,
}

impl Lookup {
    pub(crate) fn new(cancel: impl FnOnce() + 'static) -> Self {
        Self { cancel: Some(Box::new(cancel)) }
    }

    /// Creates a lookup that has been answered already.
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

/// Why a lookup failed. Cloned, since one failure may answer many callers.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct LookupFailure {
    /// `NotFound` if there is no such name.
    pub(super) kind: io::ErrorKind,
    pub(super) reason: Arc<str>,
}
