//! A program does the same with a trace and without. `tests/delivery_model` has it for random
//! programs.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use super::people::{deliver_all, panic_message, run_posted};
use super::*;

#[test]
fn a_signal_that_is_traced_has_nobody_connected() {
    let (mut rt, trace, door) = traced_door();
    rt.emit(door, Door::opened, 1);
    rt[door].set_locked(true);
    assert_eq!(trace.len(), 2);
    assert_eq!((rt[door].opened().receivers(), rt[door].opened().is_connected()), (0, false));
    assert_eq!(format!("{:?}", rt[door].opened()), "Signal { receivers: 0 }");
    assert!(rt.connections(door).is_empty());
    assert!(!rt.disconnect_all(door));
    assert!(!rt.disconnect_signal(door, Door::opened));
    let _spy = rt.spy(door, Door::opened);
    assert_eq!(rt.connections(door).len(), 1);
    assert_eq!(rt.find_children::<Door>(door, None).len(), 0);
    assert_eq!(rt.object_name(door), "");
}

#[test]
fn an_emission_that_only_the_trace_hears_is_no_work() {
    let (mut rt, trace, door) = traced_door();
    while rt.process_events(Some(Duration::ZERO)).unwrap() {}
    rt[door].opened.emit(1);
    assert_eq!(trace.len(), 1);
    assert_eq!(rt.next_deadline(), None);
    assert!(!rt.process_events(Some(Duration::ZERO)).unwrap());

    // Where nothing waits, disconnecting is done when the call returns.
    let kept = Rc::new(());
    let capture = kept.clone();
    let connection = rt.connect_fn(door, Door::closed, move |_, _| drop(capture.clone()));
    rt[door].opened.emit(2);
    connection.disconnect();
    assert_eq!(Rc::strong_count(&kept), 1);
}

#[test]
fn closures_go_in_the_order_in_which_they_would_without_a_trace() {
    /// Tells when it goes.
    struct Captured(&'static str, Rc<RefCell<Vec<&'static str>>>);

    impl Captured {
        fn stay(&self) {}
    }

    impl Drop for Captured {
        fn drop(&mut self) {
            self.1.borrow_mut().push(self.0);
        }
    }

    let [without, with] = [false, true].map(|is_traced| {
        let mut rt = runtime();
        let trace = is_traced.then(|| traced(&mut rt));
        let (gone, door) = (Rc::default(), rt.add(Door::default()));
        let first = Captured("locked_changed", Rc::clone(&gone));
        let second = Captured("opened", Rc::clone(&gone));
        rt.connect_fn(door, Door::locked_changed, move |_, _| first.stay());
        rt.connect_fn(door, Door::opened, move |_, _| second.stay());
        rt.destroy(door);
        assert_eq!(trace.map_or(1, |trace| trace.len()), 1);
        gone.take()
    });
    assert_eq!(without, with);
    assert_eq!(with, ["locked_changed", "opened"]);
}

#[test]
fn a_turn_is_as_long_with_a_trace() {
    let mut rt = runtime();
    let [alice, bob] = [rt.add(Door::default()), rt.add(Door::default())];
    let answers = Rc::new(Cell::new(0_usize));
    for (from, to) in [(alice, bob), (bob, alice)] {
        let answers = answers.clone();
        rt.connect_fn_on(from, Door::opened, to, move |door, _, key| {
            answers.set(answers.get() + 1);
            door.closed.emit(());
            door.opened.emit(key + 1);
        });
    }
    rt.emit(alice, Door::opened, 0);
    answers.set(0);
    rt.deliver();
    let without = answers.take();

    let trace = traced(&mut rt);
    rt.deliver();
    assert!(answers.get().abs_diff(without) <= 1, "{} and not {without}", answers.get());
    assert_eq!(trace.len(), 2 * answers.get());
}

#[test]
fn a_slot_that_panics_costs_what_it_costs_without_a_trace() {
    let (mut rt, trace, door) = traced_door();
    let clumsy = rt.add(Door::default());
    rt.connect_fn_on(door, Door::opened, clumsy, |_, _, _| panic!("dropped the key"));
    assert_eq!(panic_message(|| rt.emit(door, Door::opened, 1)), "dropped the key");
    deliver_all(&mut rt);
    assert!(!rt.contains(clumsy));
    rt.emit(door, Door::opened, 2);
    assert_eq!(
        trace.to_string(),
        "1 Door 1v1 opened(1)\n\
         2 Door 2v1 destroyed(Obj<QObject> 2v1)\n\
         3 Door 1v1 opened(2)\n"
    );
}

#[test]
fn slots_hear_what_they_hear_without_a_trace() {
    let [without, with] = [false, true].map(|is_traced| {
        let mut rt = runtime();
        let trace = is_traced.then(|| traced(&mut rt));
        let doors = [(); 3].map(|()| rt.add(Door::default()));
        rt.connect(doors[0], Door::opened, doors[1], Door::open);
        rt.connect(doors[1], Door::opened, doors[2], Door::hear);
        rt.connect_with(
            ConnectionType::QUEUED | ConnectionType::SINGLE_SHOT,
            doors[0],
            Door::opened,
            doors[2],
            Door::open,
        );
        rt[doors[0]].opened.emit(1);
        rt.emit(doors[0], Door::opened, 2);
        run_posted(&mut rt);
        assert_eq!(trace.is_some_and(|trace| !trace.is_empty()), is_traced);
        doors.map(|door| rt[door].heard.clone())
    });
    assert_eq!(without, with);
    assert_eq!(with[2], [2, 3, 3, 4, 1]);
}
