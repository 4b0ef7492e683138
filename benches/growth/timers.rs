//! Works on timers, beside so many that are armed.

use std::hint::black_box;
use std::time::Duration;

use slotwire::VirtualClock;
use slotwire::prelude::*;

use crate::work::Work;

pub(crate) fn works() -> Vec<Work> {
    vec![
        Work::new("timer_start_stop", start_stop),
        Work::new("timer_start_first_stop", start_first_stop),
        Work::new("timer_restart", restart),
        Work::new("timer_put_forward", put_forward),
        Work::new("timer_remaining_time", remaining_time),
        Work::new("timer_add_destroy", add_destroy),
        Work::new("timer_tick", tick),
        Work::new("single_shot_cancel", single_shot_cancel),
        Work::new("single_shot_on_cancel", single_shot_on_cancel),
        Work::new("single_shot_fires", single_shot_fires),
        Work::new("next_deadline", next_deadline),
        Work::new("pass_of_the_loop", pass_of_the_loop),
    ]
}

const SOON: Duration = Duration::from_millis(1);
const MIDST: Duration = Duration::from_secs(500);

/// A runtime with so many armed timers, which are due in one thousand seconds, at all times between.
fn armed(size: usize) -> (Runtime, VirtualClock, Vec<Obj<QTimer>>) {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).expect("a poller");
    let timers: Vec<_> = (0..size as u64)
        .map(|number| {
            let timer = rt.add(QTimer::new());
            let delay = number * 7919 % 1_000_000;
            rt[timer].start_with(Duration::from_secs(1) + Duration::from_millis(delay));
            timer
        })
        .collect();
    (rt, clock, timers)
}

fn start_stop(size: usize, count: usize) {
    let (mut rt, ..) = armed(size);
    let timer = rt.add(QTimer::new());
    rt[timer].set_interval(MIDST);
    for _ in 0..count {
        rt[timer].start();
        rt[timer].stop();
    }
}

/// The timer is due before all others.
fn start_first_stop(size: usize, count: usize) {
    let (mut rt, ..) = armed(size);
    let timer = rt.add(QTimer::new());
    rt[timer].set_interval(SOON);
    for _ in 0..count {
        rt[timer].start();
        rt[timer].stop();
    }
}

/// A timer that is put off, as an idle time-out is.
fn restart(size: usize, count: usize) {
    let (mut rt, _, timers) = armed(size);
    for at in 0..count {
        rt[timers[at * 2 % size]].start();
    }
}

/// A timer that is due earlier than it was.
fn put_forward(size: usize, count: usize) {
    let (mut rt, _, timers) = armed(size);
    for at in 0..count {
        rt[timers[at * 2 % size]].start_with(SOON);
    }
}

fn remaining_time(size: usize, count: usize) {
    let (rt, _, timers) = armed(size);
    for at in 0..count {
        black_box(rt[timers[at * 2 % size]].remaining_time());
    }
}

/// A timer is made, started and destroyed.
fn add_destroy(size: usize, count: usize) {
    let (mut rt, ..) = armed(size);
    for _ in 0..count {
        let timer = rt.add(QTimer::new());
        rt[timer].start_with(MIDST);
        rt.destroy(timer);
    }
}

/// A tick of a repeating timer, and the pass of the loop that brings it.
fn tick(size: usize, count: usize) {
    let (mut rt, clock, _) = armed(size);
    let timer = rt.add(QTimer::new());
    let ticks = rt.spy(timer, QTimer::timeout);
    rt[timer].start_with(SOON);
    for _ in 0..count {
        clock.advance(SOON);
        rt.process_events(Some(Duration::ZERO)).expect("a pass");
    }
    assert_eq!(ticks.len(), count);
}

fn single_shot_cancel(size: usize, count: usize) {
    let (mut rt, ..) = armed(size);
    for _ in 0..count {
        let shot = rt.single_shot_fn(MIDST, |_| ());
        black_box(shot.cancel());
    }
}

fn single_shot_on_cancel(size: usize, count: usize) {
    let (mut rt, _, timers) = armed(size);
    for _ in 0..count {
        let shot = rt.single_shot_fn_on(MIDST, timers[0], |_, _| ());
        black_box(shot.cancel());
    }
}

fn single_shot_fires(size: usize, count: usize) {
    let (mut rt, clock, _) = armed(size);
    for _ in 0..count {
        rt.single_shot_fn(SOON, |world| {
            black_box(world);
        });
        clock.advance(SOON);
        rt.process_events(Some(Duration::ZERO)).expect("a pass");
    }
}

fn next_deadline(size: usize, count: usize) {
    let (rt, ..) = armed(size);
    for _ in 0..count {
        black_box(rt.next_deadline());
    }
}

fn pass_of_the_loop(size: usize, count: usize) {
    let (mut rt, ..) = armed(size);
    for _ in 0..count {
        rt.process_events(Some(Duration::ZERO)).expect("a pass");
    }
}
