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
    /// `exec` ends with this code after the current turn.
    Exiting(i32),
}

impl LoopControl {
    pub(super) fn state(&self) -> LoopState {
        self.state.get()
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
}
