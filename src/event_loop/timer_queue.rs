//! The timer queue: which timer is due next.
//!
//! A binary heap with two shortcuts. Cancelling leaves the heap alone and marks the entry; putting
//! a timer off, which idle time-outs do all the time, only notes the new time and moves the entry
//! when the old time comes. What is stale is bounded: when it outgrows what is alive, the heap is
//! swept.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use slotmap::{SlotMap, new_key_type};

new_key_type! {
    /// Names an armed timer.
    pub(crate) struct TimerKey;
}

/// A moment and the order of starting, by which timers of one moment are told apart.
type Turn = (Instant, u64);

/// Timers with what to do when they are due.
pub(crate) struct TimerQueue<T> {
    entries: SlotMap<TimerKey, Entry<T>>,
    heap: BinaryHeap<Reverse<(Turn, TimerKey)>>,
    /// How many items of the heap stand for nothing any more.
    stale: usize,
    started: u64,
}

struct Entry<T> {
    due: Turn,
    /// The entry's item in the heap, at `due` or earlier. None while the timer is being fired.
    queued: Option<Turn>,
    action: T,
}

impl<T> TimerQueue<T> {
    pub(crate) fn new() -> Self {
        Self { entries: SlotMap::with_key(), heap: BinaryHeap::new(), stale: 0, started: 0 }
    }

    /// Arms a timer.
    pub(crate) fn arm(&mut self, deadline: Instant, action: T) -> TimerKey {
        let due = self.turn(deadline);
        let key = self.entries.insert(Entry { due, queued: Some(due), action });
        self.heap.push(Reverse((due, key)));
        key
    }

    /// Gives a timer another time, and the last place among those of the same time.
    pub(crate) fn rearm(&mut self, key: TimerKey, deadline: Instant) {
        let due = self.turn(deadline);
        let Some(entry) = self.entries.get_mut(key) else { return };
        entry.due = due;
        if entry.queued.is_some_and(|queued| queued.0 <= deadline) {
            return;
        }
        let left_behind = entry.queued.replace(due).is_some();
        self.heap.push(Reverse((due, key)));
        if left_behind {
            self.retire_one();
        }
    }

    /// Disarms a timer and gives back what it was to do.
    pub(crate) fn cancel(&mut self, key: TimerKey) -> Option<T> {
        let entry = self.entries.remove(key)?;
        if entry.queued.is_some() {
            self.retire_one();
        }
        Some(entry.action)
    }

    /// Returns when the timer is due, if it is armed.
    pub(crate) fn deadline(&self, key: TimerKey) -> Option<Instant> {
        self.entries.get(key).map(|entry| entry.due.0)
    }

    /// Returns when the next timer is due.
    pub(crate) fn next_deadline(&mut self) -> Option<Instant> {
        while let Some(&Reverse((queued, key))) = self.heap.peek() {
            match self.entries.get_mut(key) {
                Some(entry) if entry.due == queued => return Some(queued.0),
                _ => self.resettle(queued, key),
            }
        }
        None
    }

    /// Adds to `due` what is due at `now`, in order. The timers stay armed: whoever fires them
    /// disarms or rearms them.
    pub(crate) fn collect_due(&mut self, now: Instant, due: &mut impl Extend<(TimerKey, u64)>) {
        while let Some(&Reverse((queued, key))) = self.heap.peek() {
            if queued.0 > now {
                break;
            }
            match self.entries.get_mut(key) {
                Some(entry) if entry.due == queued => {
                    self.heap.pop();
                    entry.queued = None;
                    due.extend([(key, queued.1)]);
                }
                _ => self.resettle(queued, key),
            }
        }
    }

    /// The action of a timer that was collected and is still due: neither disarmed since nor
    /// started anew.
    pub(crate) fn still_due(&mut self, key: TimerKey, start: u64) -> Option<&mut T> {
        let entry = self.entries.get_mut(key)?;
        (entry.due.1 == start).then_some(&mut entry.action)
    }

    fn turn(&mut self, deadline: Instant) -> Turn {
        self.started += 1;
        (deadline, self.started)
    }

    /// Takes the uppermost item, which is stale or too early, to where it belongs.
    fn resettle(&mut self, queued: Turn, key: TimerKey) {
        self.heap.pop();
        match self.entries.get_mut(key) {
            Some(entry) if entry.queued == Some(queued) => {
                entry.queued = Some(entry.due);
                self.heap.push(Reverse((entry.due, key)));
            }
            _ => self.stale = self.stale.saturating_sub(1),
        }
    }

    /// Counts an item of the heap that became stale, and sweeps when there are too many.
    fn retire_one(&mut self) {
        self.stale += 1;
        if self.stale > self.entries.len() + 64 {
            let entries = &self.entries;
            self.heap.retain(|&Reverse((queued, key))| {
                entries.get(key).is_some_and(|entry| entry.queued == Some(queued))
            });
            self.stale = 0;
        }
    }
}
