//! `AcceptState`: how far a server is with what waits in the kernel.

use std::time::Duration;

use crate::event_loop::TimerKey;

/// How long a server waits after the first failure to accept, and at most. It doubles in between.
const RETRY: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

/// How far accepting has come.
pub(super) struct AcceptState {
    /// The kernel may have connections that were not accepted.
    pub(super) has_more: bool,
    pub(super) is_paused: bool,
    /// The server has postponed accepting: the loop will wake it.
    pub(super) is_postponed: bool,
    /// Runs while the server waits to try again.
    pub(super) retry: Option<TimerKey>,
    /// How long it waits next.
    retry_delay: Duration,
}

impl Default for AcceptState {
    fn default() -> Self {
        Self {
            has_more: false,
            is_paused: false,
            is_postponed: false,
            retry: None,
            retry_delay: RETRY[0],
        }
    }
}

impl AcceptState {
    /// Returns how long to wait before the next try. Each failure doubles that, up to a limit.
    pub(super) fn next_delay(&mut self) -> Duration {
        let delay = self.retry_delay;
        self.retry_delay = RETRY[1].min(2 * delay);
        delay
    }

    /// Notes that the kernel was asked and did not fail.
    pub(super) fn succeeded(&mut self) {
        self.retry_delay = RETRY[0];
    }

    /// Forgets what waits in the kernel, and what was said about it.
    pub(super) fn forget(&mut self) {
        let is_postponed = self.is_postponed;
        *self = Self { is_postponed, ..Self::default() };
    }
}
