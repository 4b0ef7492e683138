//! The timer queue: which timer is due next.
//!
//! Keeps one promise: timers come in the order of their moments, and those of the same moment in
//! the order in which they were started.
//!
//! The queue is a binary heap of 16-byte items with two shortcuts. Cancelling a timer leaves its
//! item in the heap and makes the item stale. Putting a timer off, as idle time-outs do all the
//! time, only stores the new moment; the item is moved when its old moment comes. The number of
//! stale items is bounded: when there are more of them than of timers, the heap is swept. Starts
//! are numbered with 32 bits, which a busy program uses up within an hour; then all timers are
//! numbered anew.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use super::moment::Moment;
use super::timer_slots::{TimerKey, TimerSlots};

/// Timers, and what to do when they are due.
pub(super) struct TimerQueue<T> {
    timers: TimerSlots<Timer<T>>,
    heap: BinaryHeap<Reverse<Item>>,
    /// The number of stale items in the heap.
    stale: usize,
    /// The timers that were due when `collect_due` was called, and have not fired yet: slot and
    /// start.
    collected: VecDeque<(u32, u32)>,
    /// The collected timers that were passed over since. They come before all others the next time.
    passed_over: Vec<(u32, u32)>,
    /// The number of the last start. No start has the number zero.
    started: u32,
}

struct Timer<T> {
    due: Moment,
    /// The moment of the timer's item in the heap: `due` or earlier, or `NEVER` if the timer has no
    /// item.
    queued: Moment,
    /// The number of the timer's start.
    start: u32,
    /// The start with which the item was queued, or zero if there is no item.
    queued_start: u32,
    action: T,
}

impl<T> Timer<T> {
    /// Returns the item to put into the heap at the right place, or `None` for a timer that is
    /// never due.
    #[inline]
    fn queue(&mut self, slot: u32) -> Option<Reverse<Item>> {
        self.queued = self.due;
        let is_counted = self.due != Moment::NEVER;
        self.queued_start = if is_counted { self.start } else { 0 };
        is_counted.then(|| Reverse(Item::new(self.due, self.start, slot)))
    }

    /// Takes note that the item was removed from the heap.
    fn unqueue(&mut self) {
        self.queued = Moment::NEVER;
        self.queued_start = 0;
    }
}

/// The item of a timer in the heap. It is the item of the timer in its slot if its start is the
/// timer's `queued_start`; otherwise it is stale. It is at the right place if its start is the
/// timer's `start`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Item {
    at: Moment,
    /// The start and the slot in one number, which is faster to compare.
    start_and_slot: u64,
}

impl Item {
    #[inline]
    fn new(at: Moment, start: u32, slot: u32) -> Self {
        Self { at, start_and_slot: u64::from(start) << 32 | u64::from(slot) }
    }

    #[inline]
    fn start(self) -> u32 {
        (self.start_and_slot >> 32) as u32
    }

    #[inline]
    fn slot(self) -> u32 {
        self.start_and_slot as u32
    }

    /// Returns all of it as one number, which is compared without a branch.
    #[inline]
    fn rank(self) -> u128 {
        u128::from(self.at.as_nanos()) << 64 | u128::from(self.start_and_slot)
    }
}

impl Ord for Item {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Item {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }

    /// The heap calls this one. Written out, it is two instructions.
    #[inline]
    fn le(&self, other: &Self) -> bool {
        self.rank() <= other.rank()
    }
}

impl<T> TimerQueue<T> {
    pub(in crate::event_loop) fn new() -> Self {
        Self {
            timers: TimerSlots::new(),
            heap: BinaryHeap::new(),
            stale: 0,
            collected: VecDeque::new(),
            passed_over: Vec::new(),
            started: 0,
        }
    }

    /// Arms a timer. A timer that is due [never](Moment::NEVER) is kept until somebody cancels it.
    pub(super) fn arm(&mut self, due: Moment, action: T) -> TimerKey {
        let start = self.next_start();
        let queued_start = if due == Moment::NEVER { 0 } else { start };
        let key = self.timers.insert(Timer { due, queued: due, start, queued_start, action });
        if due != Moment::NEVER {
            self.heap.push(Reverse(Item::new(due, start, key.slot())));
        }
        key
    }

    /// Changes the moment of a timer to what `due` returns for the present one. The timer becomes
    /// the last of those of the same moment.
    #[inline]
    pub(super) fn rearm(&mut self, key: TimerKey, due: impl FnOnce(Moment) -> Moment) {
        let start = self.next_start();
        let Some(timer) = self.timers.get_mut(key) else { return };
        timer.due = due(timer.due);
        timer.start = start;
        if timer.queued <= timer.due {
            return;
        }
        let left_behind = timer.queued_start != 0;
        if let Some(item) = timer.queue(key.slot()) {
            self.heap.push(item);
        }
        if left_behind {
            self.retire_one();
        }
    }

    /// Returns true if a timer with this moment would be due before every other.
    pub(super) fn would_be_next(&self, due: Moment) -> bool {
        // The uppermost item may be stale or too early. Its moment is no later than what the next
        // deadline was whenever somebody asked for the deadline.
        self.heap.peek().is_none_or(|Reverse(item)| due < item.at)
    }

    /// Disarms a timer and returns its action.
    #[inline]
    pub(super) fn cancel(&mut self, key: TimerKey) -> Option<T> {
        let timer = self.timers.remove(key)?;
        if timer.queued_start != 0 {
            self.retire_one();
        }
        Some(timer.action)
    }

    /// Disarms all timers and returns their actions.
    pub(super) fn drain(&mut self) -> Vec<T> {
        self.heap.clear();
        self.stale = 0;
        self.collected.clear();
        self.passed_over.clear();
        self.timers.drain().into_iter().map(|timer| timer.action).collect()
    }

    /// Returns when the timer is due, if it is armed.
    pub(super) fn due(&self, key: TimerKey) -> Option<Moment> {
        self.timers.get(key).map(|timer| timer.due)
    }

    /// Returns when the next timer is due, except for those that were collected.
    pub(in crate::event_loop) fn next_due(&mut self) -> Option<Moment> {
        while let Some(&Reverse(item)) = self.heap.peek() {
            match self.timers.at(item.slot()) {
                Some(timer) if timer.start == item.start() => return Some(item.at),
                _ => self.correct_top(item),
            }
        }
        None
    }

    /// Collects the timers that are due at `now`, in order, behind those that were collected
    /// before. The timers stay armed: the caller that fires them disarms or rearms them.
    pub(super) fn collect_due(&mut self, now: Moment) {
        self.end_passing_over();
        while let Some(&Reverse(item)) = self.heap.peek() {
            if item.at > now {
                break;
            }
            match self.timers.at_mut(item.slot()) {
                Some((_, timer)) if timer.start == item.start() => {
                    timer.unqueue();
                    self.heap.pop();
                    self.collected.push_back((item.slot(), item.start()));
                }
                _ => self.correct_top(item),
            }
        }
    }

    /// Returns true if a timer was collected and not [taken](Self::next_collected), even if it was
    /// disarmed since.
    pub(super) fn has_collected(&self) -> bool {
        !self.collected.is_empty() || !self.passed_over.is_empty()
    }

    /// Returns true if no timer is armed for a moment or collected, and the heap has no stale item.
    pub(super) fn is_idle(&self) -> bool {
        self.heap.is_empty() && !self.has_collected()
    }

    /// Takes the first collected timer that was neither disarmed nor started anew since, and for
    /// which `take` returns something. Timers for which `take` returns nothing are passed over
    /// until the next `collect_due`.
    pub(super) fn next_collected<O>(
        &mut self,
        take: impl Fn(TimerKey, &T) -> Option<O>,
    ) -> Option<O> {
        loop {
            let (slot, start) = self.collected.pop_front()?;
            if let Some((key, timer)) = self.timers.at_mut(slot)
                && timer.start == start
            {
                match take(key, &timer.action) {
                    None => self.passed_over.push((slot, start)),
                    taken => return taken,
                }
            }
        }
    }

    /// Puts the timers that were passed over before all others that are collected.
    fn end_passing_over(&mut self) {
        while let Some(timer) = self.passed_over.pop() {
            self.collected.push_front(timer);
        }
    }

    /// Makes all moments less by this many nanoseconds, since they count from a later instant now.
    /// [Never](Moment::NEVER) stays never.
    pub(super) fn shift_back(&mut self, nanos: u64) {
        // Several timers may get the earliest moment. Their starts keep them in order.
        self.renumber();
        for (_, timer) in self.timers.iter_mut() {
            if timer.due != Moment::NEVER {
                timer.due = timer.due.before(nanos);
            }
        }
        self.rebuild();
    }

    /// Removes the uppermost item, which is stale or too early, or puts it at the right place.
    fn correct_top(&mut self, item: Item) {
        self.heap.pop();
        match self.timers.at_mut(item.slot()) {
            Some((_, timer)) if timer.queued_start == item.start() => {
                if let Some(item) = timer.queue(item.slot()) {
                    self.heap.push(item);
                }
            }
            _ => self.stale = self.stale.saturating_sub(1),
        }
    }

    /// Counts an item that became stale. Sweeps the heap if there are too many.
    #[inline]
    fn retire_one(&mut self) {
        self.stale += 1;
        if self.stale > self.timers.len() + 64 {
            self.sweep();
        }
    }

    #[cold]
    fn sweep(&mut self) {
        let timers = &self.timers;
        self.heap.retain(|Reverse(item)| {
            timers.at(item.slot()).is_some_and(|timer| timer.queued_start == item.start())
        });
        self.stale = 0;
    }

    #[inline]
    fn next_start(&mut self) -> u32 {
        if self.started == u32::MAX {
            self.renumber();
            self.rebuild();
        }
        self.started += 1;
        self.started
    }

    /// Numbers the starts anew, beginning with 1, and keeps the order of the timers. The heap must
    /// be rebuilt afterwards.
    #[cold]
    fn renumber(&mut self) {
        // The timers that were passed over are looked at once more.
        self.end_passing_over();
        let timers = &self.timers;
        self.collected
            .retain(|&(slot, start)| timers.at(slot).is_some_and(|timer| timer.start == start));
        let mut sorted: Vec<_> = self.timers.iter_mut().map(|(_, timer)| timer).collect();
        sorted.sort_unstable_by_key(|timer| (timer.due, timer.start));
        self.started = 0;
        for timer in sorted {
            self.started += 1;
            timer.start = self.started;
        }
        for (slot, start) in &mut self.collected {
            *start = self.timers.at(*slot).map_or(0, |timer| timer.start);
        }
    }

    /// Fills the heap with an item for each timer that had one, at the right place.
    #[cold]
    fn rebuild(&mut self) {
        let queued = self.timers.iter_mut().filter(|(_, timer)| timer.queued_start != 0);
        self.heap = queued.filter_map(|(slot, timer)| timer.queue(slot)).collect();
        self.stale = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Op {
        Arm { after: u64 },
        Keep,
        Rearm { timer: usize, after: u64 },
        RearmForNever { timer: usize },
        Cancel { timer: usize },
        Collect { advance: u64 },
        Fire { most: usize, repeat: bool },
        ShiftBack { by: u64 },
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => (0..100_u64).prop_map(|after| Op::Arm { after }),
            1 => Just(Op::Keep),
            6 => (any::<usize>(), 0..100_u64).prop_map(|(timer, after)| Op::Rearm { timer, after }),
            1 => any::<usize>().prop_map(|timer| Op::RearmForNever { timer }),
            3 => any::<usize>().prop_map(|timer| Op::Cancel { timer }),
            2 => (0..50_u64).prop_map(|advance| Op::Collect { advance }),
            2 => (0..20_usize, any::<bool>()).prop_map(|(most, repeat)| Op::Fire { most, repeat }),
            1 => prop_oneof![0..200_u64, Just(u64::MAX)].prop_map(|by| Op::ShiftBack { by }),
        ]
    }

    /// A timer in the model: when it is due, its start, its key.
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Known {
        due: u64,
        start: u64,
        key: TimerKey,
    }

    /// A naive model: a list of timers that is sorted whenever it is read.
    #[derive(Default)]
    struct Model {
        timers: Vec<Known>,
        /// The collected timers, as they were then.
        collected: VecDeque<Known>,
    }

    impl Model {
        fn collect(&mut self, now: u64) {
            self.timers.sort_unstable_by_key(|timer| (timer.due, timer.start));
            let late = self.uncollected().into_iter().filter(|timer| timer.due <= now);
            let late: Vec<_> = late.collect();
            self.collected.extend(late);
        }

        fn uncollected(&self) -> Vec<Known> {
            let timers = self.timers.iter().copied();
            timers.filter(|timer| !self.collected.contains(timer)).collect()
        }

        /// Takes the next timer that was collected and did not change since.
        fn next_collected(&mut self) -> Option<Known> {
            loop {
                let timer = self.collected.pop_front()?;
                if self.timers.contains(&timer) {
                    return Some(timer);
                }
            }
        }

        fn shift_back(&mut self, by: u64) {
            // Timers that become due at the same moment keep their order by their starts.
            self.timers.sort_unstable_by_key(|timer| (timer.due, timer.start));
            let Self { timers, collected } = self;
            collected.retain(|timer| timers.contains(timer));
            let starts: Vec<_> = timers.iter().map(|timer| timer.start).collect();
            let mut sorted = starts.clone();
            sorted.sort_unstable();
            for (timer, start) in timers.iter_mut().zip(sorted) {
                let was = *timer;
                timer.start = start;
                if timer.due != u64::MAX {
                    timer.due = timer.due.saturating_sub(by);
                }
                for collected in collected.iter_mut().filter(|known| **known == was) {
                    *collected = *timer;
                }
            }
        }
    }

    /// Checks that the heap has the armed timers and a bounded number of stale items.
    fn check(
        queue: &mut TimerQueue<u64>,
        model: &Model,
        kept: &[TimerKey],
    ) -> Result<(), TestCaseError> {
        prop_assert_eq!(queue.timers.len(), model.timers.len() + kept.len());
        let timers = queue.timers.iter_mut().map(|(_, timer)| timer);
        let queued = timers.filter(|timer| timer.queued_start != 0).count();
        prop_assert_eq!(queue.heap.len(), queued + queue.stale);
        prop_assert!(queue.stale <= queue.timers.len() + 65);
        for (_, timer) in queue.timers.iter_mut() {
            prop_assert!(timer.queued == Moment::NEVER || timer.queued <= timer.due);
            prop_assert_eq!(timer.queued == Moment::NEVER, timer.queued_start == 0);
            prop_assert!(timer.start != 0);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn the_queue_is_a_sorted_list(
            ops in proptest::collection::vec(op(), 0..400),
            starts_left in prop_oneof![Just(u32::MAX), 0..400_u32],
        ) {
            let at = Moment::from_nanos;
            let mut queue = TimerQueue::new();
            queue.started = u32::MAX - starts_left;
            let mut model = Model::default();
            let mut kept = Vec::new();
            let (mut now, mut starts) = (0, 0);
            for op in ops {
                starts += 1;
                match op {
                    Op::Arm { after } => {
                        let key = queue.arm(at(now + after), starts);
                        model.timers.push(Known { due: now + after, start: starts, key });
                    }
                    Op::Keep => {
                        if kept.len() == 3 {
                            prop_assert!(queue.cancel(kept.remove(0)).is_some());
                        }
                        kept.push(queue.arm(Moment::NEVER, starts));
                    }
                    Op::Rearm { timer, after } if !model.timers.is_empty() => {
                        let timer = timer % model.timers.len();
                        let Known { due, key, .. } = model.timers[timer];
                        queue.rearm(key, |was| {
                            assert_eq!(was, at(due));
                            at(now + after)
                        });
                        model.timers[timer] = Known { due: now + after, start: starts, key };
                    }
                    Op::RearmForNever { timer } if !model.timers.is_empty() => {
                        let timer = timer % model.timers.len();
                        let key = model.timers[timer].key;
                        queue.rearm(key, |_| Moment::NEVER);
                        model.timers[timer] = Known { due: u64::MAX, start: starts, key };
                    }
                    Op::Cancel { timer } if !model.timers.is_empty() => {
                        let Known { key, .. } = model.timers.remove(timer % model.timers.len());
                        prop_assert!(queue.cancel(key).is_some());
                        prop_assert!(queue.cancel(key).is_none());
                        prop_assert_eq!(queue.due(key), None);
                        queue.rearm(key, |_| unreachable!("it is gone"));
                    }
                    Op::Rearm { .. } | Op::RearmForNever { .. } | Op::Cancel { .. } => {}
                    Op::Collect { advance } => {
                        now += advance;
                        queue.collect_due(at(now));
                        model.collect(now);
                    }
                    Op::Fire { most, repeat } => {
                        for _ in 0..most {
                            let key = queue.next_collected(|key, _| Some(key));
                            prop_assert_eq!(key, model.next_collected().map(|timer| timer.key));
                            let Some(key) = key else { break };
                            model.timers.retain(|timer| timer.key != key);
                            if repeat {
                                starts += 1;
                                queue.rearm(key, |_| at(now + 10));
                                model.timers.push(Known { due: now + 10, start: starts, key });
                            } else {
                                prop_assert!(queue.cancel(key).is_some());
                            }
                        }
                    }
                    Op::ShiftBack { by } => {
                        queue.shift_back(by);
                        model.shift_back(by);
                        now = now.saturating_sub(by);
                    }
                }
                let uncollected = model.uncollected();
                let next = uncollected.iter().map(|timer| timer.due).min();
                let next = next.filter(|&due| due != u64::MAX).map(at);
                prop_assert_eq!(queue.next_due(), next);
                for around in [now, now + 30] {
                    let is_next = next.is_none_or(|next| at(around) < next);
                    prop_assert_eq!(queue.would_be_next(at(around)), is_next);
                }
                for timer in &model.timers {
                    prop_assert_eq!(queue.due(timer.key), Some(at(timer.due)));
                }
                check(&mut queue, &model, &kept)?;
            }
            // All timers that are left come in order.
            queue.collect_due(at(u64::MAX - 1));
            model.collect(u64::MAX - 1);
            while let Some(known) = model.next_collected() {
                prop_assert_eq!(queue.next_collected(|key, _| Some(key)), Some(known.key));
            }
            prop_assert!(queue.next_collected(|key, _| Some(key)).is_none());
        }
    }

    #[test]
    fn an_item_of_the_heap_has_16_bytes() {
        assert_eq!(size_of::<Item>(), 16);
    }

    #[test]
    fn what_is_stale_stays_bounded() {
        let at = |second: u64| Moment::from_nanos(second * 1_000_000_000);
        let mut queue = TimerQueue::new();
        let key = queue.arm(at(1_000_000), ());
        for second in (0..100_000).rev() {
            queue.rearm(key, |_| at(second));
            assert!(queue.heap.len() < 100);
        }
        for second in 0..100_000 {
            let key = queue.arm(at(second), ());
            queue.cancel(key);
            assert!(queue.heap.len() < 100);
        }
    }

    #[test]
    fn timers_of_one_moment_keep_their_order_when_the_starts_are_numbered_anew() {
        let at = Moment::from_nanos;
        for starts_left in 0..12 {
            let mut queue = TimerQueue::new();
            queue.started = u32::MAX - starts_left;
            let keys = [0, 1, 2, 3].map(|number| queue.arm(at(5), number));
            // The item of one timer stays where it is, the item of the other becomes stale.
            queue.rearm(keys[1], |_| at(7));
            queue.rearm(keys[0], |_| at(3));
            queue.collect_due(at(3));
            queue.rearm(keys[2], |_| at(7));
            queue.rearm(keys[3], |_| at(7));
            queue.rearm(keys[1], |_| at(7));
            queue.collect_due(at(7));
            let mut order = Vec::new();
            while let Some(number) = queue.next_collected(|_, &number| Some(number)) {
                order.push(number);
            }
            assert_eq!(order, [0, 2, 3, 1], "{starts_left} starts before");
        }
    }

    #[test]
    fn a_timer_that_waits_is_passed_over_and_is_the_first_next_time() {
        let at = Moment::from_nanos;
        let mut queue = TimerQueue::new();
        for number in 0..6_u64 {
            queue.arm(at(number), number);
        }
        let taken = |queue: &mut TimerQueue<u64>, waits: fn(&u64) -> bool| {
            let next = || queue.next_collected(|_, number| (!waits(number)).then_some(*number));
            std::iter::from_fn(next).collect::<Vec<_>>()
        };
        queue.collect_due(at(4));
        assert_eq!(taken(&mut queue, |number| number % 2 == 1), [0, 2, 4]);
        assert!(queue.has_collected());
        assert!(taken(&mut queue, |_| false).is_empty());
        queue.collect_due(at(5));
        assert_eq!(taken(&mut queue, |_| false), [1, 3, 5]);
        assert!(!queue.has_collected());
    }
}
