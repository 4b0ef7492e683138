//! Timers, on a clock that the tests move.

mod support;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;
use slotwire::prelude::*;
use slotwire::{TimerType, VirtualClock};

use support::*;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn runtime() -> (Runtime, VirtualClock) {
    let clock = VirtualClock::new();
    (Runtime::with_clock(clock.clone()).unwrap(), clock)
}

/// A timer that notes its name whenever it fires.
fn timer(rt: &mut Runtime, journal: &Journal, name: impl Into<String>) -> Obj<QTimer> {
    let (journal, name) = (journal.clone(), name.into());
    let timer = rt.add(QTimer::new());
    rt[timer].set_timer_type(TimerType::Precise);
    rt.connect_fn(timer, QTimer::timeout, move |_, _| journal.note(name.clone()));
    timer
}

fn single_shot(rt: &mut Runtime, journal: &Journal, name: &str) -> Obj<QTimer> {
    let timer = timer(rt, journal, name);
    rt[timer].set_single_shot(true);
    timer
}

/// Runs the loop for `time` of its clock.
fn pass_time(rt: &mut Runtime, time: Duration) {
    assert!(!rt.run_until(time, |_| false).unwrap());
}

/// The moments at which a timer fires in the next `time`, counted from now.
fn moments(
    rt: &mut Runtime,
    clock: &VirtualClock,
    timer: Obj<QTimer>,
    time: Duration,
) -> Vec<Duration> {
    let start = clock.elapsed();
    let (fired, clock) = (Rc::new(std::cell::RefCell::new(Vec::new())), clock.clone());
    let heard = fired.clone();
    let guard = rt
        .connect_fn(timer, QTimer::timeout, move |_, _| {
            heard.borrow_mut().push(clock.elapsed() - start);
        })
        .scoped();
    pass_time(rt, time);
    drop(guard);
    fired.take()
}

#[test]
fn a_single_shot_fires_once_and_has_stopped_when_its_slot_runs() {
    let (mut rt, _) = runtime();
    let journal = Journal::new();
    let timer = single_shot(&mut rt, &journal, "tick");
    let notes = journal.clone();
    rt.connect_fn(timer, QTimer::timeout, move |world, _| {
        notes.note(format!("active: {}", world[timer].is_active()));
    });
    rt[timer].start_with(10 * MS);
    assert!(rt[timer].is_active());
    pass_time(&mut rt, SECOND);
    assert_eq!(journal.take(), ["tick", "active: false"]);
}

#[test]
fn a_repeating_timer_fires_at_each_interval_and_is_active_in_its_slot() {
    let (mut rt, clock) = runtime();
    let timer = timer(&mut rt, &Journal::new(), "tick");
    let active = Rc::new(Cell::new(0));
    let count = active.clone();
    rt.connect_fn(timer, QTimer::timeout, move |world, _| {
        count.set(count.get() + u32::from(world[timer].is_active()));
    });
    rt[timer].start_with(30 * MS);
    assert_eq!(moments(&mut rt, &clock, timer, 100 * MS), [30 * MS, 60 * MS, 90 * MS]);
    assert_eq!(active.get(), 3);
}

#[test]
fn a_running_timer_that_is_started_begins_anew() {
    let (mut rt, clock) = runtime();
    let timer = timer(&mut rt, &Journal::new(), "tick");
    rt[timer].start_with(100 * MS);
    pass_time(&mut rt, 60 * MS);
    rt[timer].start();
    assert_eq!(moments(&mut rt, &clock, timer, 150 * MS), [100 * MS]);
    rt[timer].set_interval(10 * MS);
    assert_eq!(moments(&mut rt, &clock, timer, 15 * MS), [10 * MS]);
}

#[test]
fn a_stopped_timer_does_not_fire_and_an_interval_does_not_start_it() {
    let (mut rt, clock) = runtime();
    let timer = timer(&mut rt, &Journal::new(), "tick");
    rt[timer].start_with(10 * MS);
    rt[timer].stop();
    rt[timer].set_interval(20 * MS);
    assert!(!rt[timer].is_active());
    assert!(moments(&mut rt, &clock, timer, SECOND).is_empty());
    assert_eq!(rt.next_deadline(), None);
}

#[test]
fn timers_that_are_due_together_fire_in_the_order_in_which_they_were_started() {
    let (mut rt, _) = runtime();
    let journal = Journal::new();
    let timers = ["a", "b", "c", "d"].map(|name| single_shot(&mut rt, &journal, name));
    for at in [2, 0, 3, 1] {
        rt[timers[at]].start_with(10 * MS);
    }
    rt[timers[0]].start_with(10 * MS);
    pass_time(&mut rt, SECOND);
    assert_eq!(journal.take(), ["c", "d", "b", "a"]);
}

#[test]
fn a_timer_fires_at_most_once_in_a_turn_and_ticks_that_were_missed_are_dropped() {
    let (mut rt, clock) = runtime();
    let journal = Journal::new();
    let timer = timer(&mut rt, &journal, "tick");
    rt[timer].start_with(10 * MS);
    clock.advance(1005 * MS);
    turn(&mut rt);
    assert_eq!(journal.len(), 1);
    turn(&mut rt);
    assert_eq!(journal.len(), 1);
    assert_eq!(moments(&mut rt, &clock, timer, 35 * MS), [10 * MS, 20 * MS, 30 * MS]);
}

#[test]
fn ticks_that_come_late_do_not_drift() {
    let (mut rt, clock) = runtime();
    let journal = Journal::new();
    let timer = timer(&mut rt, &journal, "tick");
    rt[timer].start_with(10 * MS);
    for tick in 1..=1000_u32 {
        clock.advance(10 * tick * MS + 3 * MS - clock.elapsed());
        turn(&mut rt);
        assert_eq!(journal.len(), tick as usize);
        assert_eq!(rt[timer].remaining_time(), Some(7 * MS));
    }
}

#[test]
fn an_interval_of_zero_fires_once_in_every_turn() {
    let (mut rt, _) = runtime();
    let journal = Journal::new();
    for name in ["first", "second"] {
        let timer = timer(&mut rt, &journal, name);
        rt[timer].start();
    }
    for _ in 0..3 {
        turn(&mut rt);
        assert_eq!(journal.take(), ["first", "second"]);
    }
}

#[test]
fn a_timer_that_is_started_in_a_slot_waits_for_the_next_turn() {
    let (mut rt, _) = runtime();
    let journal = Journal::new();
    let first = single_shot(&mut rt, &journal, "first");
    let second = single_shot(&mut rt, &journal, "second");
    rt.connect_fn(first, QTimer::timeout, move |world, _| world[second].start());
    rt[first].start();
    turn(&mut rt);
    assert_eq!(journal.take(), ["first"]);
    turn(&mut rt);
    assert_eq!(journal.take(), ["second"]);
}

#[test]
fn an_interval_beyond_all_time_never_fires() {
    let (mut rt, clock) = runtime();
    let journal = Journal::new();
    for kind in [TimerType::Precise, TimerType::Coarse, TimerType::VeryCoarse] {
        for interval in [Duration::MAX, Duration::MAX / 2, Duration::MAX / 3] {
            let timer = timer(&mut rt, &journal, "for ever");
            rt[timer].set_timer_type(kind);
            rt[timer].start_with(interval);
            assert!(rt[timer].remaining_time().unwrap() > Duration::from_secs(1 << 40));
        }
    }
    rt.single_shot_fn(Duration::MAX, |_| panic!("for ever is over"));
    clock.advance(Duration::from_secs(1 << 32));
    turn(&mut rt);
    assert_eq!(journal.len(), 0);
}

#[test]
fn a_clock_that_has_come_to_the_end_of_time_stays_there() {
    let (mut rt, clock) = runtime();
    let journal = Journal::new();
    let timer = timer(&mut rt, &journal, "tick");
    rt[timer].start_with(SECOND);
    clock.advance(Duration::MAX);
    turn(&mut rt);
    clock.advance(Duration::MAX);
    turn(&mut rt);
    assert!(journal.len() >= 1);
}

#[test]
fn a_coarse_timer_keeps_within_a_twentieth_of_its_interval() {
    let (mut rt, clock) = runtime();
    clock.advance(1237 * Duration::from_micros(1));
    for millis in [1, 19, 20, 21, 33, 100, 999, 1000, 4321, 20_000, 3_600_000] {
        let interval = millis * MS;
        let timer = timer(&mut rt, &Journal::new(), "tick");
        rt[timer].set_timer_type(TimerType::Coarse);
        rt[timer].start_with(interval);
        let fired = moments(&mut rt, &clock, timer, 20 * interval + interval / 2);
        assert_eq!(fired.len(), 20, "{interval:?}: {fired:?}");
        for (tick, moment) in (1..).zip(fired) {
            let allowed = if millis <= 20 { Duration::ZERO } else { interval / 20 };
            assert!(moment.abs_diff(tick * interval) <= allowed, "{interval:?}: {moment:?}");
        }
        rt.destroy(timer);
    }
}

#[test]
fn coarse_timers_of_about_the_same_moment_share_one() {
    let (mut rt, clock) = runtime();
    let journal = Journal::new();
    for _ in 0..10 {
        clock.advance(3 * MS);
        let timer = single_shot(&mut rt, &journal, "tick");
        rt[timer].set_timer_type(TimerType::Coarse);
        rt[timer].start_with(SECOND);
    }
    let mut wakeups = 0;
    while journal.len() < 10 {
        let before = journal.len();
        rt.process_events(None).unwrap();
        wakeups += u32::from(journal.len() > before);
    }
    assert!(wakeups <= 2, "{wakeups} wake-ups for timers within 30 ms");
}

#[test]
fn a_very_coarse_timer_fires_at_full_seconds() {
    let (mut rt, clock) = runtime();
    let timer = timer(&mut rt, &Journal::new(), "tick");
    rt[timer].set_timer_type(TimerType::VeryCoarse);
    pass_time(&mut rt, 300 * MS);
    rt[timer].start_with(1700 * MS);
    let fired = moments(&mut rt, &clock, timer, 6 * SECOND);
    assert_eq!(fired, [1700 * MS, 3700 * MS, 5700 * MS], "that is at 2, 4 and 6 s");
}

#[test]
fn a_very_coarse_timer_of_less_than_half_a_second_does_not_keep_the_loop_busy() {
    let (mut rt, clock) = runtime();
    let timer = timer(&mut rt, &Journal::new(), "tick");
    rt[timer].set_timer_type(TimerType::VeryCoarse);
    rt[timer].start_with(300 * MS);
    assert_eq!(moments(&mut rt, &clock, timer, 3500 * MS), [SECOND, 2 * SECOND, 3 * SECOND]);
}

#[test]
fn a_timer_that_is_started_before_it_has_a_runtime_runs_from_when_it_gets_one() {
    let (mut rt, clock) = runtime();
    let mut early = QTimer::new();
    early.set_timer_type(TimerType::Precise);
    early.start_with(100 * MS);
    assert!(early.is_active());
    assert_eq!(early.remaining_time(), Some(100 * MS));
    clock.advance(SECOND);
    let timer = rt.add(early);
    assert_eq!(moments(&mut rt, &clock, timer, 150 * MS), [100 * MS]);
}

#[test]
fn a_timer_may_be_stopped_restarted_and_destroyed_in_its_own_slot() {
    let (mut rt, clock) = runtime();
    let stopped = rt.add(QTimer::new());
    rt.connect_fn(stopped, QTimer::timeout, move |world, _| world[stopped].stop());
    rt[stopped].start_with(10 * MS);
    assert_eq!(moments(&mut rt, &clock, stopped, 50 * MS), [10 * MS]);

    let restarted = rt.add(QTimer::new());
    rt.connect_fn(restarted, QTimer::timeout, move |world, _| {
        let longer = 2 * world[restarted].interval();
        world[restarted].start_with(longer);
    });
    rt[restarted].set_timer_type(TimerType::Precise);
    rt[restarted].start_with(10 * MS);
    assert_eq!(moments(&mut rt, &clock, restarted, 80 * MS), [10 * MS, 30 * MS, 70 * MS]);
    rt.destroy(restarted);

    let journal = Journal::new();
    let destroyed = timer(&mut rt, &journal, "tick");
    rt.connect_fn(destroyed, QTimer::timeout, move |world, _| {
        world.destroy(destroyed);
    });
    rt[destroyed].start_with(10 * MS);
    pass_time(&mut rt, 50 * MS);
    assert_eq!(journal.take(), ["tick"]);
    assert!(!rt.contains(destroyed));
    assert_eq!(rt.next_deadline(), None);
}

#[test]
fn a_timer_that_another_stops_in_the_turn_in_which_both_are_due_does_not_fire() {
    let (mut rt, _) = runtime();
    let journal = Journal::new();
    let first = single_shot(&mut rt, &journal, "first");
    let others = ["stopped", "restarted", "destroyed"].map(|n| single_shot(&mut rt, &journal, n));
    let [stopped, restarted, destroyed] = others;
    rt.connect_fn(first, QTimer::timeout, move |world, _| {
        world[stopped].stop();
        world[restarted].start_with(SECOND);
        world.destroy(destroyed);
    });
    for timer in [first, stopped, restarted, destroyed] {
        rt[timer].start_with(10 * MS);
    }
    pass_time(&mut rt, 500 * MS);
    assert_eq!(journal.take(), ["first"]);
    pass_time(&mut rt, SECOND);
    assert_eq!(journal.take(), ["restarted"]);
}

#[test]
fn a_single_shot_call_comes_after_its_delay() {
    let (mut rt, clock) = runtime();
    let journal = Journal::new();
    let (notes, now) = (journal.clone(), clock.clone());
    rt.single_shot_fn(1234 * MS, move |_| notes.note(format!("{:?}", now.elapsed())));
    let timer = timer(&mut rt, &journal, "started by a call");
    rt[timer].set_interval(SECOND);
    rt.single_shot(2 * SECOND, timer, QTimer::start);
    pass_time(&mut rt, 3500 * MS);
    assert_eq!(journal.take(), ["1.234s", "started by a call"]);
}

#[test]
fn a_single_shot_call_without_delay_is_in_order_with_posted_calls() {
    let (mut rt, _) = runtime();
    let journal = Journal::new();
    let zero = timer(&mut rt, &journal, "zero timer");
    rt[zero].start();
    for number in 0..6 {
        let notes = journal.clone();
        let call = move |_: &mut World| notes.note(number.to_string());
        match number % 2 {
            0 => rt.post(call),
            _ => rt.single_shot_fn(Duration::ZERO, call),
        }
    }
    turn(&mut rt);
    assert_eq!(journal.take(), ["0", "1", "2", "3", "4", "5", "zero timer"]);
}

#[test]
fn a_single_shot_call_for_an_object_that_is_gone_does_nothing() {
    let (mut rt, _) = runtime();
    let timer = timer(&mut rt, &Journal::new(), "tick");
    rt.single_shot(SECOND, timer, QTimer::start);
    rt.destroy(timer);
    pass_time(&mut rt, 2 * SECOND);
    assert_eq!(rt.next_deadline(), None);
}

#[test]
fn a_single_shot_call_for_an_object_of_another_runtime_panics_at_once() {
    let (mut rt, _) = runtime();
    let (mut other, _) = runtime();
    let timer = timer(&mut other, &Journal::new(), "tick");
    let said = panic_of(|| rt.single_shot(SECOND, timer, QTimer::start));
    assert!(said.contains("another runtime"), "{said}");
}

#[test]
fn a_timer_that_is_destroyed_while_it_runs_leaves_nothing_behind() {
    let (mut rt, _) = runtime();
    for _ in 0..1000 {
        let timer = rt.add(QTimer::new());
        rt[timer].start_with(SECOND);
        rt.destroy(timer);
    }
    assert_eq!(rt.next_deadline(), None);
    assert!(!turn(&mut rt));
}

#[test]
fn the_remaining_time_is_none_without_start_and_zero_when_overdue() {
    let (mut rt, clock) = runtime();
    let timer = timer(&mut rt, &Journal::new(), "tick");
    assert_eq!(rt[timer].remaining_time(), None);
    rt[timer].start_with(100 * MS);
    assert_eq!(rt[timer].remaining_time(), Some(100 * MS));
    clock.advance(40 * MS);
    assert_eq!(rt[timer].remaining_time(), Some(60 * MS));
    clock.advance(SECOND);
    assert_eq!(rt[timer].remaining_time(), Some(Duration::ZERO));
    rt[timer].stop();
    assert_eq!(rt[timer].remaining_time(), None);
}

#[test]
fn a_slot_that_panics_costs_no_other_timer_its_tick() {
    let (mut rt, clock) = runtime();
    let journal = Journal::new();
    let before = timer(&mut rt, &journal, "before");
    let panics = timer(&mut rt, &journal, "panics");
    let after = timer(&mut rt, &journal, "after");
    rt.connect_fn(panics, QTimer::timeout, |_, _| panic_on_purpose());
    for timer in [before, panics, after] {
        rt[timer].start_with(10 * MS);
    }
    clock.advance(10 * MS);
    assert_eq!(panic_of(|| turn(&mut rt)), "on purpose");
    assert_eq!(journal.take(), ["before", "panics"]);
    turn(&mut rt);
    assert_eq!(journal.take(), ["after"]);
    clock.advance(10 * MS);
    turn(&mut rt);
    assert_eq!(journal.take(), ["before", "panics", "after"], "the connection went, not the timer");
}

#[test]
fn a_timer_that_is_destroyed_by_what_is_delivered_just_before_it_fires_stays_silent() {
    // Two objects in one, which never come to an end, make a backlog; in it, at some time, the end
    // of a timer.
    for end in 1..40 {
        let (mut rt, _) = runtime();
        let doomed = timer(&mut rt, &Journal::new(), "tick");
        rt[doomed].start();
        let busy = rt.add(QTimer::new());
        let mut calls = 0_u32;
        rt.connect_fn(busy, QTimer::timeout, move |world, _| {
            calls += 1;
            if calls == 1500 * end {
                world.destroy(doomed);
            }
            world[busy].timeout().emit(());
        });
        rt[busy].timeout().emit(());
        while rt.contains(doomed) {
            turn(&mut rt);
        }
    }
}

/// What is done to one of a few timers.
#[derive(Clone, Debug)]
enum Op {
    Start { timer: usize, interval: u64, single_shot: bool },
    Stop { timer: usize },
    Advance { by: u64 },
}

fn op() -> impl Strategy<Value = Op> {
    let timer = 0..6_usize;
    prop_oneof![
        4 => (timer.clone(), 0..40_u64, any::<bool>())
            .prop_map(|(timer, interval, single_shot)| Op::Start { timer, interval, single_shot }),
        1 => timer.prop_map(|timer| Op::Stop { timer }),
        4 => (0..60_u64).prop_map(|by| Op::Advance { by }),
    ]
}

/// Timers as a list that is sorted whenever somebody asks.
#[derive(Default)]
struct Model {
    now: u64,
    starts: u64,
    running: Vec<Running>,
}

struct Running {
    due: u64,
    start: u64,
    timer: usize,
    interval: u64,
    single_shot: bool,
}

impl Model {
    fn start(&mut self, timer: usize, due: u64, interval: u64, single_shot: bool) {
        self.stop(timer);
        self.starts += 1;
        self.running.push(Running { due, start: self.starts, timer, interval, single_shot });
    }

    fn stop(&mut self, timer: usize) {
        self.running.retain(|running| running.timer != timer);
    }

    fn turn(&mut self) -> Vec<String> {
        self.running.sort_by_key(|running| (running.due, running.start));
        let late = self.running.iter().position(|r| r.due > self.now).unwrap_or(self.running.len());
        let fired: Vec<_> = self.running.drain(..late).collect();
        for &Running { due, timer, interval, single_shot, .. } in &fired {
            if !single_shot {
                let next = due + interval;
                let due = if next > self.now { next } else { self.now + interval };
                self.start(timer, due, interval, single_shot);
            }
        }
        fired.into_iter().map(|running| running.timer.to_string()).collect()
    }
}

proptest! {
    #[test]
    fn timers_fire_as_a_sorted_list_would(ops in proptest::collection::vec(op(), 1..80)) {
        let (mut rt, clock) = runtime();
        let journal = Journal::new();
        let timers: Vec<_> = (0..6).map(|n| timer(&mut rt, &journal, n.to_string())).collect();
        let mut model = Model::default();
        for op in ops {
            match op {
                Op::Start { timer, interval, single_shot } => {
                    rt[timers[timer]].set_single_shot(single_shot);
                    rt[timers[timer]].start_with(Duration::from_millis(interval));
                    model.start(timer, model.now + interval, interval, single_shot);
                }
                Op::Stop { timer } => {
                    rt[timers[timer]].stop();
                    model.stop(timer);
                }
                Op::Advance { by } => {
                    clock.advance(Duration::from_millis(by));
                    model.now += by;
                    turn(&mut rt);
                    prop_assert_eq!(journal.take(), model.turn());
                }
            }
            let next = model.running.iter().map(|running| running.due).min();
            let wait = next.map(|due| Duration::from_millis(due.saturating_sub(model.now)));
            let waits = rt.next_deadline().map(|due| due.saturating_duration_since(start(&clock)));
            prop_assert_eq!(waits, wait);
        }
    }
}

/// The present of a clock, as an instant.
fn start(clock: &VirtualClock) -> std::time::Instant {
    slotwire::Clock::now(clock)
}
