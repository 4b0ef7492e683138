//! The runtime's own errors.

use std::io;

/// Why a runtime could not be created, or could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system gave no poller, in most cases because of a limit on descriptors.
    #[error("cannot create the event loop's poller: {0}")]
    Poller(io::Error),
    /// The system's poller failed while the loop ran.
    #[error("the event loop's poller failed: {0}")]
    Poll(io::Error),
}

/// For functions that return `io::Result`. Keeps the kind of the system's error.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let (Error::Poller(cause) | Error::Poll(cause)) = &error;
        Self::new(cause.kind(), error)
    }
}
