//! Sleeping, and deadlines.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{JoinHandle, VirtualClock};

use crate::people::{Log, Person};

const SECOND: Duration = Duration::from_secs(1);

fn timed() -> (Runtime, VirtualClock) {
    let clock = VirtualClock::new();
    (Runtime::with_clock(clock.clone()).unwrap(), clock)
}

#[test]
fn sleeping_tasks_advance_a_virtual_clock_as_timers_do() {
    let (mut rt, clock) = timed();
    let woken = Rc::new(RefCell::new(Vec::new()));
    for seconds in [3, 1, 2] {
        let (woken, clock) = (woken.clone(), clock.clone());
        rt.spawn(async move |task| {
            task.sleep(SECOND * seconds).await;
            woken.borrow_mut().push(clock.elapsed());
        });
    }
    rt.single_shot_fn(SECOND * 4, |world| world.quit());
    rt.exec().unwrap();
    assert_eq!(woken.take(), [SECOND, SECOND * 2, SECOND * 3]);
    assert_eq!(clock.elapsed(), SECOND * 4);
}

#[test]
fn a_sleep_counts_from_the_moment_when_it_is_made() {
    let (mut rt, clock) = timed();
    let passing = clock.clone();
    let task = rt.spawn(async move |task| {
        let sleep = task.sleep(SECOND * 5);
        passing.advance(SECOND * 3);
        sleep.await;
        passing.elapsed()
    });
    drop(task);
    rt.process_events(Some(Duration::ZERO)).unwrap();
    rt.process_events(None).unwrap();
    assert_eq!(clock.elapsed(), SECOND * 5);
}

#[test]
fn a_sleep_that_is_dropped_leaves_no_timer() {
    let (mut rt, _) = timed();
    let task = rt.spawn(async |task| task.sleep(SECOND).await);
    rt.process_events(Some(Duration::ZERO)).unwrap();
    assert!(rt.next_deadline().is_some());
    assert!(task.abort());
    rt.process_events(Some(Duration::ZERO)).unwrap();
    assert_eq!(rt.next_deadline(), None);
}

#[test]
fn a_deadline_ends_a_wait_and_its_connection() {
    let (mut rt, clock) = timed();
    let log = Log::default();
    let alice = rt.add(Person::new("alice", &log));
    let outcome = Rc::new(RefCell::new(None));
    let noted = outcome.clone();
    rt.spawn(async move |task| {
        let next = task.timeout(SECOND, task.next(alice, Person::said)).await;
        *noted.borrow_mut() = Some(next.unwrap_err());
        task.with(|world| world.quit());
    });
    rt.exec().unwrap();
    let elapsed = outcome.take().unwrap();
    assert_eq!(elapsed.to_string(), "the deadline has passed");
    assert_eq!(std::io::Error::from(elapsed).kind(), std::io::ErrorKind::TimedOut);
    assert_eq!(clock.elapsed(), SECOND);
    assert_eq!(rt[alice].said.receivers(), 0);
}

#[test]
fn what_comes_in_time_leaves_no_timer() {
    let (mut rt, _) = timed();
    let log = Log::default();
    let alice = rt.add(Person::new("alice", &log));
    let heard: JoinHandle<_> = rt.spawn(async move |task| {
        task.timeout(SECOND, task.next(alice, Person::said)).await.map_err(|it| it.to_string())
    });
    rt.process_events(Some(Duration::ZERO)).unwrap();
    rt.emit(alice, Person::said, 4);
    rt.process_events(Some(Duration::ZERO)).unwrap();
    assert!(heard.is_finished());
    assert_eq!(rt.next_deadline(), None);
}
