//! `Alarm`: the timer of an attempt.

use std::rc::Rc;
use std::time::Instant;

use crate::event_loop::TimerKey;
use crate::net::shared::{Facilities, Home};

/// A timer that wakes the socket. Dropping it disarms the timer.
pub(in crate::net) struct Alarm {
    timer: TimerKey,
    facilities: Rc<Facilities>,
}

impl Alarm {
    /// Arms a timer that wakes the socket at `due`.
    pub(in crate::net) fn at(due: Instant, home: &Home) -> Self {
        let facilities = home.parts().clone();
        Self { timer: facilities.timers.arm(due, home.key()), facilities }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.facilities.timers.disarm(self.timer);
    }
}
