//! Timers, on a clock that the tests move.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;
use slotwire::prelude::*;
use slotwire::{SingleShot, TimerType, VirtualClock};

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
    assert!(!rt[timer].is_single_shot());
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
    // The next are due at 1010, 1020 and 1030 ms.
    assert_eq!(moments(&mut rt, &clock, timer, 30 * MS), [5 * MS, 15 * MS, 25 * MS]);
}

#[test]
fn a_slot_that_takes_long_does_not_shift_the_ticks_that_follow() {
    let (mut rt, clock) = runtime();
    let timer = timer(&mut rt, &Journal::new(), "tick");
    let (mut ticks, now) = (0, clock.clone());
    rt.connect_fn(timer, QTimer::timeout, move |_, _| {
        ticks += 1;
        if ticks == 3 {
            now.advance(250 * MS);
        }
    });
    rt[timer].start_with(100 * MS);
    // Of the ticks that are due at 400 and 500 ms, one comes late and the other is dropped. The slot
    // that notes the moment of the third runs after the slow one.
    let expected = [100, 200, 550, 550, 600, 700, 800].map(|millis| millis * MS);
    assert_eq!(moments(&mut rt, &clock, timer, 800 * MS), expected);
}

#[test]
fn a_timer_that_a_long_slot_starts_counts_from_the_end_of_the_work() {
    let (mut rt, clock) = runtime();
    let journal = Journal::new();
    let started = timer(&mut rt, &journal, "started");
    let busy = single_shot(&mut rt, &journal, "busy");
    let now = clock.clone();
    let (notes, called) = (journal.clone(), clock.clone());
    rt.connect_fn(busy, QTimer::timeout, move |world, _| {
        now.advance(250 * MS);
        world[started].start_with(100 * MS);
        let (notes, called) = (notes.clone(), called.clone());
        world.single_shot_fn(90 * MS, move |_| notes.note(format!("{:?}", called.elapsed())));
    });
    rt[busy].start_with(10 * MS);
    assert_eq!(moments(&mut rt, &clock, started, 400 * MS), [360 * MS]);
    assert_eq!(journal.take(), ["busy", "350ms", "started"]);
}

#[test]
fn ticks_that_were_missed_in_the_slot_of_another_timer_are_dropped() {
    let (mut rt, clock) = runtime();
    let busy = single_shot(&mut rt, &Journal::new(), "busy");
    let timer = timer(&mut rt, &Journal::new(), "tick");
    let now = clock.clone();
    rt.connect_fn(busy, QTimer::timeout, move |_, _| now.advance(250 * MS));
    rt[busy].start_with(300 * MS);
    rt[timer].start_with(100 * MS);
    let expected = [100, 200, 550, 600, 700].map(|millis| millis * MS);
    assert_eq!(moments(&mut rt, &clock, timer, 700 * MS), expected);
}

#[test]
fn timers_that_a_jump_of_ages_makes_due_fire_in_their_order() {
    let (mut rt, clock) = runtime();
    let journal = Journal::new();
    for years in [1, 400, 100_000, 1] {
        let jump = Duration::from_secs(years * 365 * 24 * 3600);
        let timers = ["a", "b", "c"].map(|name| single_shot(&mut rt, &journal, name));
        for (timer, millis) in timers.into_iter().zip([20, 30, 10]) {
            rt[timer].start_with(millis * MS);
        }
        let later = timer(&mut rt, &journal, "later");
        rt[later].start_with(jump + SECOND);
        clock.advance(jump);
        turn(&mut rt);
        assert_eq!(journal.take(), ["c", "a", "b"]);
        if years == 1 {
            assert_eq!(rt[later].remaining_time(), Some(SECOND));
            assert_eq!(moments(&mut rt, &clock, later, 2 * SECOND), [SECOND]);
            assert_eq!(journal.take(), ["later"]);
        }
        rt.destroy(later);
    }
}

#[test]
fn a_clock_that_jumps_by_ages_costs_a_short_interval_no_time() {
    const AGES: Duration = Duration::from_secs(1 << 45);
    let (mut rt, clock) = runtime();
    let journal = Journal::new();
    for interval in [Duration::from_nanos(1), Duration::from_nanos(7), Duration::new(3, 1)] {
        let timer = timer(&mut rt, &journal, "tick");
        rt[timer].start_with(interval);
        let start = clock.elapsed();
        clock.advance(AGES);
        turn(&mut rt);
        assert_eq!(journal.take(), ["tick"]);
        let next = clock.elapsed() - start + rt[timer].remaining_time().unwrap();
        assert_eq!(next.as_nanos() % interval.as_nanos(), 0, "{interval:?}");
        assert!(next > AGES && next <= AGES + interval, "{interval:?}");
        rt.destroy(timer);
    }
}

proptest! {
    #[test]
    fn ticks_keep_to_the_multiples_of_the_interval_however_late_the_loop_comes(
        interval in prop_oneof![1..25_u64, 25..3000_u64].prop_map(Duration::from_millis),
        coarse in any::<bool>(),
        advances in proptest::collection::vec(1..100_000_u32, 1..60),
    ) {
        let (mut rt, clock) = runtime();
        let journal = Journal::new();
        let timer = timer(&mut rt, &journal, "tick");
        let is_shifted = coarse && interval > 20 * MS;
        let tolerance = if is_shifted { interval / 20 } else { Duration::ZERO };
        rt[timer].set_timer_type(if coarse { TimerType::Coarse } else { TimerType::Precise });
        rt[timer].start_with(interval);
        for advance in advances {
            let was_due = rt[timer].remaining_time().unwrap();
            let advance = advance * interval / 20_000;
            clock.advance(advance);
            turn(&mut rt);
            prop_assert_eq!(journal.take().len(), usize::from(advance >= was_due));
            let left = rt[timer].remaining_time().unwrap();
            prop_assert!(left > Duration::ZERO, "a tick that was missed is not made up for");
            let next = (clock.elapsed() + left).as_nanos();
            let past = next % interval.as_nanos();
            let off = past.min(interval.as_nanos() - past);
            prop_assert!(off <= tolerance.as_nanos(), "{} ns off a multiple", off);
        }
    }
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
fn the_type_counts_from_the_next_start() {
    let (mut rt, clock) = runtime();
    let timer = timer(&mut rt, &Journal::new(), "tick");
    pass_time(&mut rt, 300 * MS);
    rt[timer].start_with(1700 * MS);
    rt[timer].set_timer_type(TimerType::VeryCoarse);
    assert_eq!(moments(&mut rt, &clock, timer, 4 * SECOND), [1700 * MS, 3400 * MS]);
    rt[timer].start();
    // That is at 4.3 s, and two seconds later it is rounded to 6 s.
    assert_eq!(moments(&mut rt, &clock, timer, 2 * SECOND), [1700 * MS]);
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
fn the_time_in_a_slot_is_that_of_the_clock_of_the_runtime() {
    let (mut rt, clock) = runtime();
    let (began, journal) = (rt.now(), Journal::new());
    let ticks = timer(&mut rt, &journal, "tick");
    rt[ticks].start_with(3 * SECOND);
    let (noted, moved) = (journal.clone(), clock.clone());
    rt.connect_fn(ticks, QTimer::timeout, move |world, _| {
        noted.note(format!("{:?}", world.now() - began));
        moved.advance(SECOND); // the work of the slot
        noted.note(format!("{:?}", world.now() - began));
    });
    pass_time(&mut rt, 6 * SECOND);
    assert_eq!(journal.take(), ["tick", "3s", "4s", "tick", "6s", "7s"]);
    assert_eq!(rt.now() - began, clock.elapsed());

    let rt = Runtime::new().unwrap();
    let before = std::time::Instant::now();
    let now = rt.now();
    assert!(before <= now && now <= std::time::Instant::now());
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
            _ => drop(rt.single_shot_fn(Duration::ZERO, call)),
        }
    }
    turn(&mut rt);
    assert_eq!(journal.take(), ["0", "1", "2", "3", "4", "5", "zero timer"]);
}

#[test]
fn a_single_shot_call_that_is_cancelled_is_not_made_and_drops_what_it_captured() {
    let (mut rt, _) = runtime();
    let journal = Journal::new();
    let timer = timer(&mut rt, &journal, "tick");
    for delay in [Duration::ZERO, MS, Duration::MAX] {
        let (captured, notes) = (Rc::new(()), journal.clone());
        let held = captured.clone();
        let calls = [
            rt.single_shot_fn(delay, move |_| {
                notes.note(format!("called with {held:?}"));
            }),
            rt.single_shot(delay, timer, QTimer::start),
        ];
        for call in calls {
            assert!(call.is_active());
            let copy = call.clone();
            assert!(call.cancel());
            assert!(!call.is_active() && !copy.is_active());
            assert!(!call.cancel() && !copy.cancel());
        }
        assert_eq!(Rc::strong_count(&captured), 1, "{delay:?}");
        settle(&mut rt);
        assert_eq!(rt.next_deadline(), None);
    }
    pass_time(&mut rt, SECOND);
    assert_eq!(journal.len(), 0);
}

#[test]
fn a_single_shot_call_is_over_when_it_is_made() {
    let (mut rt, _) = runtime();
    let journal = Journal::new();
    for delay in [Duration::ZERO, MS] {
        let (own, notes) = (Rc::new(std::cell::OnceCell::<SingleShot>::new()), journal.clone());
        let call = rt.single_shot_fn(delay, {
            let own = own.clone();
            move |_| {
                let own = own.get().unwrap();
                notes.note(format!("{} {}", own.is_active(), own.cancel()));
            }
        });
        own.get_or_init(|| call.clone());
        pass_time(&mut rt, SECOND);
        assert!(!call.is_active() && !call.cancel());
        assert_eq!(journal.take(), ["false false"]);
    }
}

#[test]
fn a_call_may_cancel_another_that_is_due_in_the_same_turn() {
    let (mut rt, clock) = runtime();
    let journal = Journal::new();
    for delay in [Duration::ZERO, MS] {
        let shared = Rc::new(Cell::new(None::<SingleShot>));
        let (other, notes) = (shared.clone(), journal.clone());
        rt.single_shot_fn(delay, move |_| {
            notes.note(format!("cancelled: {}", other.take().unwrap().cancel()));
        });
        let notes = journal.clone();
        shared.set(Some(rt.single_shot_fn(delay, move |_| notes.note("the other"))));
        clock.advance(delay);
        turn(&mut rt);
        assert_eq!(journal.take(), ["cancelled: true"]);
    }
}

#[test]
fn a_single_shot_outlives_its_handle_and_its_handle_the_runtime() {
    let (mut rt, _) = runtime();
    let journal = Journal::new();
    let notes = journal.clone();
    drop(rt.single_shot_fn(MS, move |_| notes.note("called")));
    pass_time(&mut rt, SECOND);
    assert_eq!(journal.take(), ["called"]);
    let handles = [Duration::ZERO, MS].map(|delay| rt.single_shot_fn(delay, |_| ()));
    drop(rt);
    for handle in handles {
        assert!(!handle.is_active() && !handle.cancel());
    }
}

#[test]
fn a_closure_on_a_receiver_is_called_with_it_and_its_context() {
    let (mut rt, clock) = runtime();
    let journal = Journal::new();
    let timer = timer(&mut rt, &journal, "tick");
    for delay in [Duration::ZERO, 5 * MS] {
        let (notes, now, start) = (journal.clone(), clock.clone(), clock.elapsed());
        let call = rt.single_shot_fn_on(delay, timer, move |timer: &mut QTimer, cx| {
            timer.set_single_shot(true);
            let this_is_busy = cx.get(cx.this()).is_none();
            notes.note(format!("{:?} {this_is_busy}", now.elapsed() - start));
        });
        assert!(call.is_active());
        pass_time(&mut rt, SECOND);
        assert!(rt[timer].is_single_shot() && !call.is_active());
        assert_eq!(journal.take(), [format!("{delay:?} true")]);
    }
}

#[test]
fn a_closure_on_a_receiver_is_a_slot_of_it() {
    let (mut rt, _) = runtime();
    let journal = Journal::new();
    let timer = timer(&mut rt, &journal, "tick");
    let notes = journal.clone();
    rt.on_slot_error(move |_, error| {
        let is_of_timer = error.receiver() == Some(timer.upcast());
        notes.note(format!("{is_of_timer}: {}", error.into_inner()));
    });
    rt.single_shot_fn_on(MS, timer, |_, _| Err("late"));
    pass_time(&mut rt, SECOND);
    assert_eq!(journal.take(), ["true: late"]);
    rt.single_shot_fn_on(MS, timer, |_, _| panic_on_purpose());
    panic_of(|| pass_time(&mut rt, SECOND));
    settle(&mut rt);
    assert!(!rt.contains(timer));
}

/// An object that is told off, after a while, by what it has armed itself.
#[derive(QObject)]
struct Sleeper {
    journal: Journal,
    calls: [SingleShot; 2],
}

#[slots]
impl Sleeper {
    fn new(cx: &mut Context<Self>, journal: &Journal) -> Self {
        let calls = [
            cx.single_shot(MS, cx.this(), Self::wake),
            cx.single_shot_fn_on(2 * MS, cx.this(), |sleeper, _| sleeper.journal.note("closure")),
        ];
        Self { journal: journal.clone(), calls }
    }

    #[slot]
    fn wake(&mut self, cx: &mut Context<Self>) {
        self.journal.note(format!("slot, then {}", self.calls[1].is_active()));
        cx.single_shot_fn_on(Duration::ZERO, cx.this(), |sleeper, _| sleeper.journal.note("soon"));
    }
}

#[test]
fn an_object_arms_single_shots_for_itself_in_its_constructor_and_its_slots() {
    let (mut rt, _) = runtime();
    let journal = Journal::new();
    rt.add_with(|cx| Sleeper::new(cx, &journal));
    pass_time(&mut rt, SECOND);
    assert_eq!(journal.take(), ["slot, then true", "soon", "closure"]);
}

#[test]
fn a_single_shot_call_ends_with_its_receiver() {
    let (mut rt, _) = runtime();
    for delay in [Duration::ZERO, SECOND] {
        let timer = timer(&mut rt, &Journal::new(), "tick");
        let captured = Rc::new(());
        let held = captured.clone();
        let calls = [
            rt.single_shot(delay, timer, QTimer::start),
            rt.single_shot_fn_on(delay, timer, move |_, _| panic!("called with {held:?}")),
        ];
        assert!(calls.iter().all(SingleShot::is_active));
        rt.destroy(timer);
        assert!(calls.iter().all(|call| !call.is_active() && !call.cancel()));
        assert_eq!(Rc::strong_count(&captured), 1);
        settle(&mut rt);
        assert_eq!(rt.next_deadline(), None);

        let too_late = rt.single_shot(delay, timer, QTimer::start);
        assert!(!too_late.is_active());
        assert_eq!(rt.next_deadline(), None);
    }
    pass_time(&mut rt, 2 * SECOND);
}

#[test]
fn a_receiver_of_single_shots_holds_nothing_of_those_that_are_over() {
    let (mut rt, _) = runtime();
    let receiver = rt.add(QTimer::new());
    let dropped = Rc::new(());
    for _ in 0..10_000 {
        let held = dropped.clone();
        let call = rt.single_shot_fn_on(SECOND, receiver, move |_, _| drop(held));
        assert!(call.cancel());
    }
    assert_eq!(Rc::strong_count(&dropped), 1);
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
                let mut due = due + interval;
                while due <= self.now && interval > 0 {
                    due += interval;
                }
                let due = due.max(self.now);
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
