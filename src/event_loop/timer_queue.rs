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
    /// The entry's item in the heap, at `due` or earlier. `None` while the timer is being fired,
    /// and for an action that is kept without a time.
    queued: Option<Turn>,
    action: T,
}

impl<T> TimerQueue<T> {
    pub(crate) fn new() -> Self {
        Self { entries: SlotMap::with_key(), heap: BinaryHeap::new(), stale: 0, started: 0 }
    }

    /// Keeps an action without a time, until somebody [cancels](Self::cancel) it or comes for it
    /// by its key.
    pub(crate) fn keep(&mut self, now: Instant, action: T) -> TimerKey {
        let due = self.turn(now);
        self.entries.insert(Entry { due, queued: None, action })
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

    /// Returns true if a timer with this deadline would be due before every other.
    pub(crate) fn would_be_next(&self, deadline: Instant) -> bool {
        // An item that is stale or too early is no later than the next deadline was, whenever
        // somebody asked for that.
        self.heap.peek().is_none_or(|&Reverse(((queued, _), _))| deadline < queued)
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Op {
        Arm { after: u64 },
        Keep,
        Rearm { timer: usize, after: u64 },
        Cancel { timer: usize },
        Fire { advance: u64, repeat: bool },
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => (0..100_u64).prop_map(|after| Op::Arm { after }),
            1 => Just(Op::Keep),
            6 => (any::<usize>(), 0..100_u64).prop_map(|(timer, after)| Op::Rearm { timer, after }),
            3 => any::<usize>().prop_map(|timer| Op::Cancel { timer }),
            2 => (0..50_u64, any::<bool>())
                .prop_map(|(advance, repeat)| Op::Fire { advance, repeat }),
        ]
    }

    /// A timer as the model knows it: when it is due, its start, its key.
    type Known = (u64, u64, TimerKey);

    /// The heap holds what is armed and a bounded rest.
    fn check(
        queue: &TimerQueue<u64>,
        model: &[Known],
        kept: &[TimerKey],
    ) -> Result<(), TestCaseError> {
        prop_assert_eq!(queue.entries.len(), model.len() + kept.len());
        let queued = queue.entries.values().filter(|entry| entry.queued.is_some()).count();
        prop_assert_eq!(queue.heap.len(), queued + queue.stale);
        prop_assert!(queue.stale <= queue.entries.len() + 65);
        Ok(())
    }

    proptest! {
        #[test]
        fn the_queue_is_a_sorted_list(ops in proptest::collection::vec(op(), 0..400)) {
            let epoch = Instant::now();
            let at = |millis| epoch + Duration::from_millis(millis);
            let mut queue = TimerQueue::new();
            let mut model: Vec<Known> = Vec::new();
            let mut kept = Vec::new();
            let (mut now, mut starts) = (0, 0);
            for op in ops {
                starts += 1;
                match op {
                    Op::Arm { after } => {
                        let key = queue.arm(at(now + after), starts);
                        model.push((now + after, starts, key));
                    }
                    Op::Keep => {
                        if kept.len() == 3 {
                            prop_assert!(queue.cancel(kept.remove(0)).is_some());
                        }
                        kept.push(queue.keep(at(now), starts));
                    }
                    Op::Rearm { timer, after } if !model.is_empty() => {
                        let timer = timer % model.len();
                        queue.rearm(model[timer].2, at(now + after));
                        model[timer] = (now + after, starts, model[timer].2);
                    }
                    Op::Cancel { timer } if !model.is_empty() => {
                        let (.., key) = model.remove(timer % model.len());
                        prop_assert!(queue.cancel(key).is_some());
                        prop_assert!(queue.cancel(key).is_none());
                        prop_assert_eq!(queue.deadline(key), None);
                    }
                    Op::Rearm { .. } | Op::Cancel { .. } => {}
                    Op::Fire { advance, repeat } => {
                        now += advance;
                        let mut due = Vec::new();
                        queue.collect_due(at(now), &mut due);
                        model.sort_unstable_by_key(|&(due, start, _)| (due, start));
                        let late = model.partition_point(|&(due, ..)| due <= now);
                        let expected: Vec<_> = model.drain(..late).collect();
                        prop_assert_eq!(due.len(), expected.len());
                        for ((key, start), (.., known)) in due.into_iter().zip(expected) {
                            prop_assert_eq!(key, known);
                            prop_assert!(queue.still_due(key, start).is_some());
                            if repeat {
                                starts += 1;
                                queue.rearm(key, at(now + 10));
                                model.push((now + 10, starts, key));
                                prop_assert!(queue.still_due(key, start).is_none());
                            } else {
                                prop_assert!(queue.cancel(key).is_some());
                            }
                        }
                    }
                }
                let next = model.iter().map(|&(due, ..)| at(due)).min();
                prop_assert_eq!(queue.next_deadline(), next);
                for around in [now, now + 30] {
                    let is_next = next.is_none_or(|next| at(around) < next);
                    prop_assert_eq!(queue.would_be_next(at(around)), is_next);
                }
                check(&queue, &model, &kept)?;
            }
        }
    }

    #[test]
    fn what_is_stale_stays_bounded() {
        let now = Instant::now();
        let mut queue = TimerQueue::new();
        let key = queue.arm(now + Duration::from_secs(1_000_000), ());
        for second in (0..100_000).rev() {
            queue.rearm(key, now + Duration::from_secs(second));
            assert!(queue.heap.len() < 100);
        }
        for second in 0..100_000 {
            let key = queue.arm(now + Duration::from_secs(second), ());
            queue.cancel(key);
            assert!(queue.heap.len() < 100);
        }
    }
}
