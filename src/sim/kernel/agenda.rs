//! The agenda: the time of a simulated network, and its future events.

use std::collections::BTreeMap;
use std::time::Duration;

/// The future events, in order of time. Events at the same time happen in the order of the calls of
/// `write`.
pub(in crate::sim) struct Agenda<E> {
    now: Duration,
    /// The events, by the time at which they are due and their number.
    entries: BTreeMap<(Duration, u64), E>,
    written: u64,
}

impl<E> Agenda<E> {
    pub(super) fn new() -> Self {
        Self { now: Duration::ZERO, entries: BTreeMap::new(), written: 0 }
    }

    /// Returns the time since the network was created.
    pub(in crate::sim) fn now(&self) -> Duration {
        self.now
    }

    /// Adds an event that happens after `delay`.
    pub(in crate::sim) fn write(&mut self, delay: Duration, event: E) {
        self.written += 1;
        self.entries.insert((self.now.saturating_add(delay), self.written), event);
    }

    /// Returns when the next event is due.
    pub(in crate::sim) fn next_due(&self) -> Option<Duration> {
        self.entries.first_key_value().map(|(&(due, _), _)| due)
    }

    /// Returns the next event, if it is due now.
    pub(super) fn due_now(&self) -> Option<&E> {
        let (&(due, _), event) = self.entries.first_key_value()?;
        (due <= self.now).then_some(event)
    }

    /// Takes the next event, if it is due no later than `limit`, and advances the time to it.
    pub(super) fn take(&mut self, limit: Duration) -> Option<E> {
        if self.next_due()? > limit {
            return None;
        }
        let ((due, _), event) = self.entries.pop_first()?;
        self.now = self.now.max(due);
        Some(event)
    }

    /// Advances the time without an event. The time never goes back.
    pub(in crate::sim) fn pass_to(&mut self, moment: Duration) {
        self.now = self.now.max(moment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_at_the_same_time_happens_in_the_order_written() {
        let mut agenda = Agenda::new();
        agenda.write(Duration::from_secs(2), "late");
        agenda.write(Duration::from_secs(1), "first");
        agenda.write(Duration::from_secs(1), "second");
        assert_eq!(agenda.take(Duration::from_millis(999)), None);
        assert_eq!(agenda.now(), Duration::ZERO);
        assert_eq!(agenda.take(Duration::MAX), Some("first"));
        assert_eq!(agenda.now(), Duration::from_secs(1));
        assert_eq!(agenda.take(Duration::MAX), Some("second"));
        assert_eq!(agenda.take(Duration::MAX), Some("late"));
        assert_eq!(agenda.take(Duration::MAX), None);
    }
}
