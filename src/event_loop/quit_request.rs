//! The request to end the loop from inside it.

use std::cell::Cell;

/// The request to end the loop, if there is one.
#[derive(Debug, Default)]
pub(super) struct QuitRequest {
    /// The exit code that was asked for last.
    code: Cell<Option<i32>>,
    /// The `exec` that was to obey has ended otherwise: the request is for the next.
    is_kept: Cell<bool>,
}

impl QuitRequest {
    /// Asks for the end of the loop with this exit code.
    pub(super) fn set(&self, code: i32) {
        self.code.set(Some(code));
    }

    /// Returns the exit code that was asked for.
    pub(super) fn code(&self) -> Option<i32> {
        self.code.get()
    }

    /// Takes the request: somebody obeys it.
    pub(super) fn take(&self) -> Option<i32> {
        self.is_kept.set(false);
        self.code.take()
    }

    /// `exec` begins, without a request that was made for somebody else's loop.
    pub(super) fn begin(&self) {
        if !self.is_kept.get() {
            self.code.set(None);
        }
    }

    /// Keeps the request, if there is one, for the next `exec`: this one has not obeyed.
    pub(super) fn keep(&self) {
        self.is_kept.set(self.code.get().is_some());
    }
}
