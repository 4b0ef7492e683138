//! Traces as values: whose they are, when they end, and what differs.

use std::time::Duration;

use slotwire::VirtualClock;

use super::*;

#[test]
fn several_runtimes_write_into_one_trace_in_one_order() {
    let trace = Trace::new();
    let [mut here, mut there, mut nowhere] = [runtime(), runtime(), runtime()];
    here.record_into(&trace.labelled("here"));
    there.record_into(&trace.labelled("there"));
    nowhere.record_into(&trace);
    let doors = [&mut here, &mut there, &mut nowhere].map(|rt| rt.add(Door::default()));
    here.emit(doors[0], Door::opened, 1);
    there.emit(doors[1], Door::opened, 2);
    here.emit(doors[0], Door::opened, 3);
    nowhere.emit(doors[2], Door::opened, 4);
    assert_eq!(
        trace.to_string(),
        "here 1 Door 1v1 opened(1)\n\
         there 1 Door 1v1 opened(2)\n\
         here 2 Door 1v1 opened(3)\n\
         1 Door 1v1 opened(4)\n"
    );
    let labels: Vec<_> = trace.entries().into_iter().map(|entry| entry.label).collect();
    assert_eq!(labels, [Some("here".into()), Some("there".into()), Some("here".into()), None]);
}

#[test]
fn the_times_are_those_of_the_runtimes_clocks() {
    let clock = VirtualClock::new();
    clock.advance(Duration::from_secs(10));
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    let door = rt.add(Door::default());
    let trace = Trace::timed();
    rt.record_into(&trace);
    for pause in [0, 1, 1_249_999_999, 3_600_000_000_000] {
        clock.advance(Duration::from_nanos(pause));
        rt.emit(door, Door::closed, ());
    }
    assert_eq!(
        trace.to_string(),
        "1 @0s Door 1v1 closed()\n\
         2 @0.000000001s Door 1v1 closed()\n\
         3 @1.25s Door 1v1 closed()\n\
         4 @3601.25s Door 1v1 closed()\n"
    );
    assert_eq!(trace.entries()[2].time, Some(Duration::from_millis(1250)));
}

#[test]
fn a_trace_that_was_stopped_keeps_what_it_has() {
    let (mut rt, trace, door) = traced_door();
    rt.emit(door, Door::opened, 1);
    trace.clone().stop();
    rt.emit(door, Door::opened, 2);
    rt.record_into(&trace);
    rt.emit(door, Door::opened, 3);
    assert_eq!(lines(&trace), ["Door 1v1 opened(1)"]);
}

#[test]
fn a_runtime_that_records_into_another_trace_begins_anew() {
    let (mut rt, first, door) = traced_door();
    rt[door].opened.emit(1);
    let second = traced(&mut rt);
    rt[door].opened.emit(2);
    assert_eq!(first.to_string(), "1 Door 1v1 opened(1)\n");
    assert_eq!(second.to_string(), "1 Door 1v1 opened(2)\n");
}

#[test]
fn a_trace_that_nobody_has_ends() {
    let (mut rt, trace, door) = traced_door();
    let copy = trace.labelled("copy");
    drop(trace);
    rt.emit(door, Door::opened, 1);
    assert_eq!(copy.len(), 1);
    drop(copy);
    rt.emit(door, Door::opened, 2);
    rt.destroy(door);
    let later = traced(&mut rt);
    rt.add(Door::default());
    assert!(later.is_empty());
}

#[test]
fn a_trace_outlives_its_runtime() {
    let (mut rt, trace, door) = traced_door();
    rt.emit(door, Door::opened, 1);
    drop(rt);
    assert_eq!(lines(&trace), ["Door 1v1 opened(1)"]);
}

#[test]
fn traces_are_the_same_if_their_entries_are() {
    let [first, second, third] = [1, 1, 2].map(|key| {
        let (mut rt, trace, door) = traced_door();
        rt.emit(door, Door::opened, 0);
        rt.emit(door, Door::opened, key);
        trace
    });
    assert_eq!(first, second);
    assert_eq!(first, first.labelled("mine"));
    assert_eq!(first.difference(&second), None);
    assert_ne!(first, third);
    assert_eq!(
        first.difference(&third).unwrap(),
        "the traces differ from line 2 on\n  \
         1 Door 1v1 opened(0)\n\
         - 2 Door 1v1 opened(1)\n\
         + 2 Door 1v1 opened(2)\n"
    );
}

#[test]
fn a_difference_shows_a_few_lines_before_it_and_the_end() {
    let (mut rt, trace, door) = traced_door();
    (1..=5).for_each(|key| rt.emit(door, Door::opened, key));
    let whole = trace.to_string();
    rt.emit(door, Door::opened, 6);
    assert_eq!(
        trace.difference(&whole).unwrap(),
        "the traces differ from line 6 on\n  \
         3 Door 1v1 opened(3)\n  \
         4 Door 1v1 opened(4)\n  \
         5 Door 1v1 opened(5)\n\
         - 6 Door 1v1 opened(6)\n\
         + (the end)\n"
    );
    assert_eq!(
        Trace::new().difference("1 Door 1v1 opened(1)").unwrap(),
        "the traces differ from line 1 on\n- (the end)\n+ 1 Door 1v1 opened(1)\n"
    );
}

#[test]
fn the_same_program_gives_the_same_text() {
    let [first, second] = [(), ()].map(|()| {
        let trace = Trace::timed();
        let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
        rt.record_into(&trace);
        let timer = rt.add(QTimer::new());
        let door = rt.add(Door::default());
        rt.connect_fn(timer, QTimer::timeout, move |world, _| world.emit(door, Door::opened, 1));
        rt[timer].start_with(Duration::from_millis(7));
        rt.single_shot_fn(Duration::from_millis(30), move |world| {
            world.destroy(door);
            world.quit();
        });
        rt.exec().unwrap();
        trace.to_string()
    });
    assert_eq!(first, second);
    assert_eq!(first.lines().count(), 9, "{first}");
}
