//! The request to end the loop from inside it.

use std::cell::Cell;

/// The request to end the loop, if there is one.
#[derive(Debug, Default)]
pub(super) struct QuitRequest {
    /// The exit code of the last request.
    code: Cell<Option<i32>>,
    /// True if the `exec` that had to obey has ended otherwise, so that the request is for the next
    /// one.
    is_kept: Cell<bool>,
}

impl QuitRequest {
    /// Asks the loop to end with this exit code.
    pub(super) fn set(&self, code: i32) {
        self.code.set(Some(code));
    }

    /// Returns the exit code of the request.
    pub(super) fn code(&self) -> Option<i32> {
        self.code.get()
    }

    /// Takes the request, to obey it.
    pub(super) fn take(&self) -> Option<i32> {
        self.is_kept.set(false);
        self.code.take()
    }

    /// Drops the request when `exec` begins, unless it was kept for this `exec`.
    pub(super) fn begin(&self) {
        if !self.is_kept.get() {
            self.code.set(None);
        }
    }

    /// Keeps the request, if there is one, for the next `exec`, since this one has not obeyed.
    pub(super) fn keep(&self) {
        self.is_kept.set(self.code.get().is_some());
    }
}
