//! `WorldError`: why a task cannot reach the world.

/// Why code of a task cannot reach the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// The loop does not poll a task of this runtime now. This is so in the destructor of a task
    /// that is dropped before its end, and for a future that another executor polls.
    #[error(
        "the world cannot be reached here: the runtime lends it to a task only while its loop polls \
         the task, so a future that another executor polls, or that is being dropped with its task, \
         does not have it"
    )]
    NotLent,
    /// The world is in use already: this is called within a closure that has it.
    #[error(
        "the world is in use already, by a closure around this call: use the world that the \
         closure got as its argument"
    )]
    InUse,
}
