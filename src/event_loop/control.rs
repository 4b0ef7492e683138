//! Ending the loop from inside it.

use std::cell::Cell;

use crate::object::World;

/// Whether `exec` runs, and whether it is to end.
#[derive(Debug, Default)]
pub(super) struct LoopControl {
    state: Cell<LoopState>,
}

/// What the loop is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LoopState {
    /// `exec` does not run: there is nothing to end.
    #[default]
    Outside,
    Running,
    /// `exec` ends with this code after the current turn, or after its first if a thread was told
    /// to end before.
    Exiting(i32),
}

impl LoopControl {
    pub(super) fn state(&self) -> LoopState {
        self.state.get()
    }

    /// `exec` begins.
    pub(super) fn begin(&self) {
        if self.state.get() == LoopState::Outside {
            self.state.set(LoopState::Running);
        }
    }

    pub(super) fn set(&self, state: LoopState) {
        self.state.set(state);
    }
}

/// Ending the loop.
impl World {
    /// Ends [`Runtime::exec`](crate::Runtime::exec) with exit code 0, after the current turn.
    pub fn quit(&mut self) {
        self.exit(0);
    }

    /// Ends [`Runtime::exec`](crate::Runtime::exec) with this exit code, after the current turn.
    ///
    /// The first call counts. Does nothing while `exec` does not run.
    pub fn exit(&mut self, code: i32) {
        if let Some(control) = self.service::<LoopControl>()
            && control.state() == LoopState::Running
        {
            control.set(LoopState::Exiting(code));
        }
    }

    /// Ends `exec` with this exit code, be it the next one if none runs: a thread that is told to
    /// end may not have come to its loop yet.
    pub(super) fn exit_thread(&mut self, code: i32) {
        if let Some(control) = self.service::<LoopControl>()
            && !matches!(control.state(), LoopState::Exiting(_))
        {
            control.set(LoopState::Exiting(code));
        }
    }
}
