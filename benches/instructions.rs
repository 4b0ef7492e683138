//! Works to be counted, not timed: run by `benches/instructions.sh` under callgrind.
//!
//! `instructions WORK COUNT` does WORK COUNT times. The script runs each work with two counts and
//! takes the difference, so set-up does not count.

use std::cell::Cell;
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::hint::black_box;
use std::rc::Rc;
use std::time::{Duration, Instant};

use classes::{Relay, Source, Sum};
use slotwire::prelude::*;
use slotwire::{OpenMode, VirtualClock};

mod classes;
mod reading;

impl Relay {
    /// What a method does beside its emission.
    fn emit_many(&mut self, count: usize) {
        for value in 0..count {
            self.relayed.emit(black_box(value as i32));
        }
    }
}

/// The hand-written signal: what a program would do without a library.
struct ByHand {
    slots: Vec<Box<dyn FnMut(i32)>>,
}

impl ByHand {
    fn emit(&mut self, value: i32) {
        for slot in &mut self.slots {
            slot(value);
        }
    }
}

fn emit(slots: usize, count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let source = rt.add(Source::default());
    for _ in 0..slots {
        let sum = rt.add(Sum::default());
        rt.connect(source, Source::value, sum, Sum::add);
    }
    for value in 0..count {
        rt.emit(source, Source::value, black_box(value as i32));
    }
}

fn by_hand(slots: usize, count: usize) {
    let mut signal = ByHand { slots: Vec::new() };
    let totals: Vec<_> = (0..slots).map(|_| Rc::new(Cell::new(0_i64))).collect();
    for total in &totals {
        let total = total.clone();
        signal.slots.push(Box::new(move |value| total.set(total.get() + i64::from(value))));
    }
    for value in 0..count {
        signal.emit(black_box(value as i32));
    }
    black_box(totals);
}

/// An emission from outside whose one slot emits in turn: twice `emit 1` plus the record.
fn inside(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let (source, relay) = (rt.add(Source::default()), rt.add(Relay::default()));
    let sum = rt.add(Sum::default());
    rt.connect(source, Source::value, relay, Relay::relay);
    rt.connect(relay, Relay::relayed, sum, Sum::add);
    for value in 0..count {
        rt.emit(source, Source::value, black_box(value as i32));
    }
}

/// Emissions inside a method that nobody listens to.
fn unheard(count: usize) {
    let mut relay = Relay::default();
    relay.emit_many(count);
    black_box(relay.relayed.is_connected());
}

/// The loop of `unheard` without the emission.
fn unheard_base(count: usize) {
    for value in 0..count {
        black_box(value as i32);
    }
}

fn queued(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let (source, sum) = (rt.add(Source::default()), rt.add(Sum::default()));
    rt.connect_with(ConnectionType::QUEUED, source, Source::value, sum, Sum::add);
    for _ in 0..count / 100 {
        for value in 0..100 {
            rt.emit(source, Source::value, black_box(value));
        }
        rt.process_events(Some(Duration::ZERO)).expect("a turn");
    }
}

fn queued_by_hand(count: usize) {
    let total = Rc::new(Cell::new(0_i64));
    let mut queue: VecDeque<Box<dyn FnOnce()>> = VecDeque::new();
    for _ in 0..count / 100 {
        for value in 0..100 {
            let (total, value) = (total.clone(), black_box(value));
            queue.push_back(Box::new(move || total.set(total.get() + value)));
        }
        for call in std::mem::take(&mut queue) {
            call();
        }
    }
}

/// Single shots, a hundred at a time: armed in no order of their times, and fired.
fn timers(count: usize) {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).expect("a poller");
    let total = Rc::new(Cell::new(0_i64));
    for _ in 0..count / 100 {
        for number in 0..100 {
            let (total, delay) = (total.clone(), delay(number));
            rt.single_shot_fn(delay, move |_| total.set(total.get() + 1));
        }
        clock.advance(Duration::from_millis(100));
        rt.process_events(Some(Duration::ZERO)).expect("a turn");
    }
    black_box(total);
}

/// Ticks of a hundred repeating timers, and the slot that each calls.
fn ticks(count: usize) {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).expect("a poller");
    let total = Rc::new(Cell::new(0_i64));
    for number in 0..100 {
        let (timer, total) = (rt.add(QTimer::new()), total.clone());
        rt.connect_fn(timer, QTimer::timeout, move |_, _| total.set(total.get() + 1));
        rt[timer].start_with(Duration::from_millis(100) + Duration::from_micros(number));
    }
    for _ in 0..count / 100 {
        clock.advance(Duration::from_millis(101));
        rt.process_events(Some(Duration::ZERO)).expect("a turn");
    }
    black_box(total);
}

/// A timer that is put off again and again, as an idle time-out is.
fn restarts(count: usize) {
    let mut rt = Runtime::with_clock(VirtualClock::new()).expect("a poller");
    let timer = rt.add(QTimer::new());
    rt[timer].set_interval(Duration::from_secs(60));
    for _ in 0..count {
        rt[timer].start();
    }
}

/// `timers` with a heap, whose cancelled timers would stay in it and do nothing.
fn timers_by_hand(count: usize) {
    let mut now = Instant::now();
    let mut heap = BinaryHeap::new();
    let mut started = 0;
    let total = Rc::new(Cell::new(0_i64));
    for _ in 0..count / 100 {
        for number in 0..100 {
            let (total, deadline) = (total.clone(), now + delay(number));
            started += 1;
            let call = Box::new(move || total.set(total.get() + 1));
            heap.push(ByTime { turn: Reverse((deadline, started)), call: Some(call) });
        }
        now += Duration::from_millis(100);
        while heap.peek().is_some_and(|timer| timer.turn.0.0 <= now) {
            if let Some(call) = heap.pop().and_then(|timer| timer.call) {
                call();
            }
        }
    }
    black_box(total);
}

/// The delays of a hundred timers: 1 to 100 ms, up and down.
fn delay(number: u64) -> Duration {
    Duration::from_millis(black_box(number) * 37 % 100 + 1)
}

/// A timer in the hand-written heap, the next uppermost.
struct ByTime {
    turn: Reverse<(Instant, u64)>,
    call: Option<Box<dyn FnOnce()>>,
}

impl PartialEq for ByTime {
    fn eq(&self, other: &Self) -> bool {
        self.turn == other.turn
    }
}

impl Eq for ByTime {}

impl PartialOrd for ByTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByTime {
    fn cmp(&self, other: &Self) -> Ordering {
        self.turn.cmp(&other.turn)
    }
}

/// Posts from a remote and the runs of what was posted, a hundred at a time, on one thread.
fn post(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let sum = rt.add(Sum::default());
    let remote = rt.remote();
    for _ in 0..count / 100 {
        for value in 0..100 {
            let value = black_box(value);
            remote.post(move |world| world[sum].total += value).expect("a runtime");
        }
        rt.process_events(Some(Duration::ZERO)).expect("a turn");
    }
}

/// Connections made and ended again.
fn connect(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let (source, sum) = (rt.add(Source::default()), rt.add(Sum::default()));
    for _ in 0..count {
        let connection = rt.connect(source, Source::value, sum, Sum::add);
        black_box(connection.disconnect());
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let work = arguments.next().unwrap_or_default();
    let count = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(1);
    match work.as_str() {
        "emit0" => emit(0, count),
        "emit1" => emit(1, count),
        "emit10" => emit(10, count),
        "emit100" => emit(100, count),
        "by_hand0" => by_hand(0, count),
        "by_hand1" => by_hand(1, count),
        "by_hand10" => by_hand(10, count),
        "by_hand100" => by_hand(100, count),
        "inside" => inside(count),
        "unheard" => unheard(count),
        "unheard_base" => unheard_base(count),
        "queued" => queued(count),
        "queued_by_hand" => queued_by_hand(count),
        "timers" => timers(count),
        "ticks" => ticks(count),
        "restarts" => restarts(count),
        "timers_by_hand" => timers_by_hand(count),
        "post" => post(count),
        "connect" => connect(count),
        "skip" => reading::skip(count),
        "fill_buf" => reading::fill_buf(count),
        "line_by_std" => reading::line_by_std(OpenMode::NOT_OPEN, count),
        "line_by_std_text" => reading::line_by_std(OpenMode::TEXT, count),
        "line" => reading::line(OpenMode::NOT_OPEN, count),
        "line_text" => reading::line(OpenMode::TEXT, count),
        "peek" => reading::peek(OpenMode::NOT_OPEN, count),
        "peek_text" => reading::peek(OpenMode::TEXT, count),
        "peek_all_text" => reading::peek_all(OpenMode::TEXT, count),
        // `cargo bench` runs every bench without arguments.
        _ => eprintln!("usage: instructions WORK COUNT; see benches/instructions.sh"),
    }
}
