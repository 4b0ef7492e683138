//! `AcceptState`: whether connections wait in the kernel, and what keeps the server from accepting.

use std::time::Duration;

use crate::event_loop::TimerKey;

/// How long a server waits after the first failure to accept, and at most. Each failure doubles the
/// delay.
const RETRY: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

/// What a server knows about accepting.
pub(super) struct AcceptState {
    /// Connections may wait in the kernel.
    pub(super) has_more: bool,
    pub(super) is_paused: bool,
    /// The server has postponed accepting: the loop will wake it.
    pub(super) is_postponed: bool,
    /// The timer of the next try, after a failure.
    pub(super) retry: Option<TimerKey>,
    /// The delay after the next failure.
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
    /// Returns the delay until the next try. Each failure doubles it, up to a limit.
    pub(super) fn next_delay(&mut self) -> Duration {
        let delay = self.retry_delay;
        self.retry_delay = RETRY[1].min(2 * delay);
        delay
    }

    /// Notes that accepting has not failed.
    pub(super) fn succeeded(&mut self) {
        self.retry_delay = RETRY[0];
    }

    /// Forgets everything but a pause and a wake-up that is still to come.
    pub(super) fn forget(&mut self) {
        let Self { is_paused, is_postponed, .. } = *self;
        *self = Self { is_paused, is_postponed, ..Self::default() };
    }
}
