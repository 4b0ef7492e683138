//! What 100,000 timers cost beside a binary heap.
//!
//! Run with `cargo bench --bench timers`. Time is virtual. Compare, in each group, `by_hand` with
//! the others: a heap of deadlines and closures in which a cancelled timer stays until its time
//! comes. A `QTimer` is an object with a signal on top of that, and emits when it fires.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use slotwire::prelude::*;
use slotwire::{QTimer, VirtualClock};

use heap::Heap;

fn main() {
    divan::main();
}

const TIMERS: u64 = 100_000;

/// The delay of a timer: up to 1 s, in no order.
fn delay(number: u64) -> Duration {
    Duration::from_micros(number * 7919 % 1_000_000 + 1)
}

/// A runtime, its clock, and something to count in.
struct Bed {
    rt: Runtime,
    clock: VirtualClock,
    fired: Rc<Cell<u64>>,
}

impl Bed {
    fn new() -> Self {
        let clock = VirtualClock::new();
        let rt = Runtime::with_clock(clock.clone()).expect("a poller");
        Self { rt, clock, fired: Rc::default() }
    }

    /// With as many QTimers, each connected and none started.
    fn with_timers() -> (Self, Vec<Obj<QTimer>>) {
        let mut bed = Self::new();
        let timers = (0..TIMERS).map(|_| {
            let mut timer = QTimer::new();
            timer.set_single_shot(true);
            timer.set_timer_type(slotwire::TimerType::Precise);
            let (timer, fired) = (bed.rt.add(timer), bed.fired.clone());
            bed.rt.connect_fn(timer, QTimer::timeout, move |_, ()| fired.set(fired.get() + 1));
            timer
        });
        let timers = timers.collect();
        (bed, timers)
    }

    /// With QTimers that are started.
    fn with_running_timers() -> (Self, Vec<Obj<QTimer>>) {
        let (mut bed, timers) = Self::with_timers();
        bed.start(&timers, Duration::ZERO);
        (bed, timers)
    }

    /// With single shots under way.
    fn with_single_shots() -> Self {
        let mut bed = Self::new();
        bed.arm_single_shots();
        bed
    }

    fn start(&mut self, timers: &[Obj<QTimer>], later: Duration) {
        for (number, &timer) in timers.iter().enumerate() {
            self.rt[timer].start_with(delay(number as u64) + later);
        }
    }

    fn arm_single_shots(&mut self) {
        for number in 0..TIMERS {
            let fired = self.fired.clone();
            self.rt.single_shot_fn(delay(number), move |_| fired.set(fired.get() + 1));
        }
    }

    /// Lets a second pass in ten steps.
    fn run(&mut self) {
        for _ in 0..10 {
            self.clock.advance(Duration::from_millis(100));
            self.rt.process_events(Some(Duration::ZERO)).expect("a turn");
        }
        assert_eq!(self.fired.get(), TIMERS);
    }
}

/// What a program would do without a library.
mod heap {
    use std::cmp::{Ordering, Reverse};
    use std::collections::{BinaryHeap, HashSet};
    use std::time::Instant;

    #[derive(Default)]
    pub(super) struct Heap {
        heap: BinaryHeap<Timer>,
        cancelled: HashSet<u64>,
        started: u64,
    }

    struct Timer {
        turn: Reverse<(Instant, u64)>,
        call: Box<dyn FnOnce()>,
    }

    impl Heap {
        pub(super) fn arm(&mut self, deadline: Instant, call: Box<dyn FnOnce()>) -> u64 {
            self.started += 1;
            self.heap.push(Timer { turn: Reverse((deadline, self.started)), call });
            self.started
        }

        pub(super) fn cancel(&mut self, timer: u64) {
            self.cancelled.insert(timer);
        }

        pub(super) fn run(&mut self, now: Instant) {
            while self.heap.peek().is_some_and(|timer| timer.turn.0.0 <= now) {
                let Some(Timer { turn: Reverse((_, number)), call }) = self.heap.pop() else {
                    return;
                };
                if self.cancelled.is_empty() || !self.cancelled.remove(&number) {
                    call();
                }
            }
        }
    }

    impl PartialEq for Timer {
        fn eq(&self, other: &Self) -> bool {
            self.turn == other.turn
        }
    }

    impl Eq for Timer {}

    impl PartialOrd for Timer {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    impl Ord for Timer {
        fn cmp(&self, other: &Self) -> Ordering {
            self.turn.cmp(&other.turn)
        }
    }
}

/// The heap with what is needed to fill it.
struct HeapBed {
    heap: Heap,
    start: std::time::Instant,
    fired: Rc<Cell<u64>>,
    armed: Vec<u64>,
}

impl HeapBed {
    fn new() -> Self {
        let armed = Vec::with_capacity(TIMERS as usize);
        Self {
            heap: Heap::default(),
            start: std::time::Instant::now(),
            fired: Rc::default(),
            armed,
        }
    }

    fn armed() -> Self {
        let mut bed = Self::new();
        bed.arm(Duration::ZERO);
        bed
    }

    fn arm(&mut self, later: Duration) {
        for number in 0..TIMERS {
            let (deadline, fired) = (self.start + delay(number) + later, self.fired.clone());
            let call = Box::new(move || fired.set(fired.get() + 1));
            self.armed.push(self.heap.arm(deadline, call));
        }
    }

    fn put_off(&mut self) {
        for timer in self.armed.drain(..) {
            self.heap.cancel(timer);
        }
        self.arm(Duration::from_secs(1));
    }

    fn run(&mut self) {
        for step in 1..=10 {
            self.heap.run(self.start + Duration::from_millis(100) * step);
        }
        assert_eq!(self.fired.get(), TIMERS);
    }
}

/// Runs `work` on beds made by `make`, whose making and dropping does not count.
fn measure<B>(bencher: Bencher<'_, '_>, make: fn() -> B, work: fn(&mut B)) {
    bencher.counter(ItemsCount::new(TIMERS)).with_inputs(make).bench_local_values(|mut bed| {
        work(&mut bed);
        bed
    });
}

#[divan::bench_group(sample_count = 15)]
mod arm {
    use super::*;

    #[divan::bench]
    fn by_hand(bencher: Bencher<'_, '_>) {
        measure(bencher, HeapBed::new, |bed| bed.arm(Duration::ZERO));
    }

    #[divan::bench]
    fn single_shot(bencher: Bencher<'_, '_>) {
        measure(bencher, Bed::new, Bed::arm_single_shots);
    }

    #[divan::bench]
    fn qtimer(bencher: Bencher<'_, '_>) {
        measure(bencher, Bed::with_timers, |(bed, timers)| bed.start(timers, Duration::ZERO));
    }
}

/// Gives every running timer a later time, as idle time-outs do.
#[divan::bench_group(sample_count = 15)]
mod put_off {
    use super::*;

    #[divan::bench]
    fn by_hand(bencher: Bencher<'_, '_>) {
        measure(bencher, HeapBed::armed, HeapBed::put_off);
    }

    #[divan::bench]
    fn qtimer(bencher: Bencher<'_, '_>) {
        measure(bencher, Bed::with_running_timers, |(bed, timers)| {
            bed.start(timers, Duration::from_secs(1));
        });
    }
}

#[divan::bench_group(sample_count = 15)]
mod fire {
    use super::*;

    #[divan::bench]
    fn by_hand(bencher: Bencher<'_, '_>) {
        measure(bencher, HeapBed::armed, HeapBed::run);
    }

    #[divan::bench]
    fn single_shot(bencher: Bencher<'_, '_>) {
        measure(bencher, Bed::with_single_shots, Bed::run);
    }

    #[divan::bench]
    fn qtimer(bencher: Bencher<'_, '_>) {
        measure(bencher, Bed::with_running_timers, |(bed, _)| bed.run());
    }
}
