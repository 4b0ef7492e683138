//! Ending the loop from inside it.

use std::cell::Cell;

use super::home::{LoopParts, Parts};
use crate::object::World;

/// The request to end the loop, if there is one.
#[derive(Debug, Default)]
pub(super) struct LoopControl {
    /// The exit code that was asked for last.
    request: Cell<Option<i32>>,
    /// The `exec` that was to obey has ended otherwise: the request is for the next.
    is_kept: Cell<bool>,
}

impl LoopControl {
    pub(super) fn requested(&self) -> Option<i32> {
        self.request.get()
    }

    /// Takes the request: somebody obeys it.
    pub(super) fn take_request(&self) -> Option<i32> {
        self.is_kept.set(false);
        self.request.take()
    }

    /// `exec` begins, without a request that was made for somebody else's loop.
    pub(super) fn begin(&self) {
        if !self.is_kept.get() {
            self.request.set(None);
        }
    }

    /// Keeps the request, if there is one, for the next `exec`: this one has not obeyed.
    pub(super) fn keep_request(&self) {
        self.is_kept.set(self.request.get().is_some());
    }
}

/// Ending the loop.
impl World {
    /// Asks for the end of the loop with exit code 0: [`exit`](Self::exit).
    pub fn quit(&mut self) {
        self.exit(0);
    }

    /// Asks for the end of the loop: [`Runtime::exec`](crate::Runtime::exec) ends with this exit
    /// code, after the current pass. If there are several calls, the last one counts.
    ///
    /// While `exec` does not run, the request is noted for the loop that drives the runtime, which
    /// asks by [`quit_requested`](Self::quit_requested). It holds until
    ///
    /// - `exec` begins, without it, as in Qt,
    /// - or [`Runtime::take_quit_request`](crate::Runtime::take_quit_request) takes it.
    ///
    /// A request that was made in a pass of `exec` that a panic has ended is kept for the next
    /// `exec`.
    pub fn exit(&mut self, code: i32) {
        LoopParts::of(self).control.request.set(Some(code));
    }

    /// Returns the exit code with which [`quit`](Self::quit) or [`exit`](Self::exit) has asked for
    /// the end of the loop; `None` if nothing has.
    ///
    /// For a loop that drives the runtime by
    /// [`process_events`](crate::Runtime::process_events): it looks after each pass.
    pub fn quit_requested(&self) -> Option<i32> {
        LoopParts::of(self).control.requested()
    }
}
