//! The agenda: the time of a simulated network, and its future events.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::Duration;

/// The future events, in order of time. Events at the same time happen in the order of the calls of
/// `write`.
pub(in crate::sim) struct Agenda<E> {
    now: Duration,
    entries: BinaryHeap<Reverse<Entry<E>>>,
    written: u64,
}

struct Entry<E> {
    due: Duration,
    number: u64,
    event: E,
}

impl<E> Agenda<E> {
    pub(super) fn new() -> Self {
        Self { now: Duration::ZERO, entries: BinaryHeap::new(), written: 0 }
    }

    /// Returns the time since the network was created.
    pub(in crate::sim) fn now(&self) -> Duration {
        self.now
    }

    /// Adds an event that happens after `delay`.
    pub(in crate::sim) fn write(&mut self, delay: Duration, event: E) {
        self.written += 1;
        let due = self.now.saturating_add(delay);
        self.entries.push(Reverse(Entry { due, number: self.written, event }));
    }

    /// Returns when the next event is due.
    pub(in crate::sim) fn next_due(&self) -> Option<Duration> {
        self.entries.peek().map(|Reverse(entry)| entry.due)
    }

    /// Returns the next event, if it is due now.
    pub(super) fn due_now(&self) -> Option<&E> {
        let Reverse(entry) = self.entries.peek()?;
        (entry.due <= self.now).then_some(&entry.event)
    }

    /// Takes the next event, if it is due no later than `limit`, and advances the time to it.
    pub(super) fn take(&mut self, limit: Duration) -> Option<E> {
        if self.next_due()? > limit {
            return None;
        }
        let Reverse(Entry { due, event, .. }) = self.entries.pop()?;
        self.now = self.now.max(due);
        Some(event)
    }

    /// Advances the time without an event. The time never goes back.
    pub(in crate::sim) fn pass_to(&mut self, moment: Duration) {
        self.now = self.now.max(moment);
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Entry<E> {}

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
