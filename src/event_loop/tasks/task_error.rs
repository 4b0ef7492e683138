//! `TaskError`: why a task has no output.

/// Why a task has ended without an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// Somebody has called [`abort`](crate::task::JoinHandle::abort).
    #[error("the task was aborted")]
    Aborted,
    /// The object that owns the task was destroyed, or was gone already when the task was spawned.
    #[error("the object that owns the task was destroyed")]
    OwnerDestroyed,
    /// The task has panicked.
    #[error("the task has panicked")]
    Panicked,
    /// The runtime was dropped.
    #[error("the runtime of the task was dropped")]
    RuntimeDropped,
}
