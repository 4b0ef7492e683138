//! The runtime's own errors.

use std::io;

/// Why a runtime could not be created, or could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system gave no poller, in most cases because of a limit on descriptors.
    #[error("cannot create the event loop's poller")]
    Poller(#[source] io::Error),
    /// The system's poller failed while the loop ran.
    #[error("the event loop's poller failed")]
    Poll(#[source] io::Error),
}
