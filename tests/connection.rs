//! Connections: how they are made, what they deliver, and how they end.

mod people;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use people::{Log, Person, Stone, deliver_all, panic_message, run_posted, runtime};
use slotwire::prelude::*;

/// A sender, and two who may listen.
fn three(rt: &mut Runtime, log: &Log) -> [Obj<Person>; 3] {
    ["alice", "bob", "carol"].map(|name| rt.add(Person::new(name, log)))
}

#[test]
fn a_connection_can_be_made_twice_and_is_then_delivered_twice() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob, _] = three(&mut rt, &log);
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.emit(alice, Person::said, 1);
    assert_eq!(log.take(), ["bob hears 1", "bob hears 1"]);
}

#[test]
fn a_queued_connection_waits_for_the_next_turn_of_the_loop() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob, carol] = three(&mut rt, &log);
    rt.connect_with(ConnectionType::QUEUED, alice, Person::said, bob, Person::hear);
    rt.connect(alice, Person::said, carol, Person::hear);
    rt.emit(alice, Person::said, 1);
    rt.emit(alice, Person::said, 2);
    assert_eq!(log.take(), ["carol hears 1", "carol hears 2"]);
    run_posted(&mut rt);
    assert_eq!(log.take(), ["bob hears 1", "bob hears 2"]);
}

#[test]
fn a_queued_call_waits_no_longer_than_that_but_what_it_posts_does() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(|bob, _, n| bob.said.emit(n + 1)));
    rt.connect_with(ConnectionType::QUEUED, alice, Person::said, bob, Person::hear);
    rt.connect_with(ConnectionType::QUEUED, bob, Person::said, bob, Person::note);
    rt.emit(alice, Person::said, 1);
    run_posted(&mut rt);
    assert_eq!(log.take(), ["bob hears 1"]);
    run_posted(&mut rt);
    assert_eq!(log.take(), ["bob notes 2"]);
}

#[test]
fn a_queued_call_knows_its_sender_unless_that_is_gone() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(|bob, cx, _| {
        bob.log.add(if cx.sender().is_some() { "from somebody" } else { "from nobody" });
    }));
    rt.connect_with(ConnectionType::QUEUED, alice, Person::said, bob, Person::hear);
    rt.emit(alice, Person::said, 1);
    run_posted(&mut rt);
    rt.emit(alice, Person::said, 2);
    rt.destroy(alice);
    run_posted(&mut rt);
    assert_eq!(log.take(), ["bob hears 1", "from somebody", "bob hears 2", "from nobody"]);
}

#[test]
fn a_queued_call_outlives_its_connection_but_not_its_receiver() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob, carol] = three(&mut rt, &log);
    let queued = ConnectionType::QUEUED;
    let connection = rt.connect_with(queued, alice, Person::said, bob, Person::hear);
    rt.connect_with(queued, alice, Person::said, carol, Person::hear);
    rt.emit(alice, Person::said, 1);
    assert!(connection.disconnect());
    rt.destroy(carol);
    run_posted(&mut rt);
    assert_eq!(log.take(), ["bob hears 1"]);
}

#[test]
fn a_unique_connection_is_refused_if_there_is_one_of_any_kind() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob, carol] = three(&mut rt, &log);
    let unique = ConnectionType::UNIQUE;
    rt.connect_with(ConnectionType::QUEUED, alice, Person::said, bob, Person::hear);
    assert!(!rt.connect_with(unique, alice, Person::said, bob, Person::hear).is_connected());
    assert!(rt.connect_with(unique, alice, Person::said, bob, Person::note).is_connected());
    assert!(rt.connect_with(unique, alice, Person::said, carol, Person::hear).is_connected());
    assert_eq!(rt[alice].said.receivers(), 3);
    assert!(!rt.connect_with(unique, alice, Person::said, carol, Person::hear).disconnect());
}

#[test]
fn a_unique_connection_can_be_made_again_once_the_first_has_ended() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob, _] = three(&mut rt, &log);
    let unique = ConnectionType::UNIQUE | ConnectionType::SINGLE_SHOT;
    for _ in 0..3 {
        assert!(rt.connect_with(unique, alice, Person::said, bob, Person::hear).is_connected());
        rt.emit(alice, Person::said, 1);
    }
    assert_eq!(log.take().len(), 3);
}

#[test]
fn a_single_shot_is_over_before_its_slot_runs() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(move |_, cx, _| {
        assert_eq!(cx[alice].said.receivers(), 0);
        cx[alice].said.emit(2);
    }));
    let once = ConnectionType::SINGLE_SHOT;
    let connection = rt.connect_with(once, alice, Person::said, bob, Person::hear);
    rt.emit(alice, Person::said, 1);
    assert!(!connection.is_connected());
    assert_eq!(log.take(), ["bob hears 1"]);
}

#[test]
fn a_single_shot_hears_one_of_two_emissions_before_it_is_disconnected() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob, _] = three(&mut rt, &log);
    let once = ConnectionType::SINGLE_SHOT;
    let connection = rt.connect_with(once, alice, Person::said, bob, Person::hear);
    rt[alice].said.emit(1);
    rt[alice].said.emit(2);
    connection.disconnect();
    deliver_all(&mut rt);
    assert_eq!(log.take(), ["bob hears 1"]);
}

#[test]
fn a_queued_single_shot_is_posted_once() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob, _] = three(&mut rt, &log);
    let once = ConnectionType::QUEUED | ConnectionType::SINGLE_SHOT;
    rt.connect_with(once, alice, Person::said, bob, Person::hear);
    rt.emit(alice, Person::said, 1);
    rt.emit(alice, Person::said, 2);
    run_posted(&mut rt);
    assert_eq!(log.take(), ["bob hears 1"]);
}

#[test]
fn each_form_of_disconnecting_ends_what_it_names_and_says_so() {
    type Disconnect = fn(&mut Runtime, [Obj<Person>; 3]) -> bool;
    let forms: [(Disconnect, &[&str]); 6] = [
        (
            |rt, [alice, bob, _]| rt.disconnect(alice, Person::said, bob, Person::hear),
            &["bob notes", "carol hears", "bob wrote"],
        ),
        (
            |rt, [alice, bob, _]| rt.disconnect_signal_from(alice, Person::said, bob),
            &["carol hears", "bob wrote"],
        ),
        (|rt, [alice, ..]| rt.disconnect_signal(alice, Person::said), &["bob wrote"]),
        (|rt, [alice, bob, _]| rt.disconnect_receiver(alice, bob), &["carol hears"]),
        (|rt, [alice, ..]| rt.disconnect_all(alice), &[]),
        (|rt, [alice, ..]| rt[alice].said.disconnect_all(), &["bob wrote"]),
    ];
    for (disconnect, left) in forms {
        let (mut rt, log) = (runtime(), Log::default());
        let people = three(&mut rt, &log);
        let [alice, bob, carol] = people;
        rt.connect(alice, Person::said, bob, Person::hear);
        rt.connect(alice, Person::said, bob, Person::note);
        rt.connect(alice, Person::said, carol, Person::hear);
        rt.connect_fn_on(alice, Person::wrote, bob, |bob, _, _| bob.log.add("bob wrote 1"));
        assert!(disconnect(&mut rt, people));
        assert!(!disconnect(&mut rt, people));
        rt.emit(alice, Person::said, 1);
        rt.emit(alice, Person::wrote, String::new());
        let left: Vec<_> = left.iter().map(|what| format!("{what} 1")).collect();
        assert_eq!(log.take(), left);
    }
}

#[test]
fn disconnecting_acts_where_it_is_written() {
    let (mut rt, log) = (runtime(), Log::default());
    let slot: Rc<RefCell<Option<Connection>>> = Rc::default();
    let alice = rt.add(Person::new("alice", &log));
    let connection = slot.clone();
    let bob = rt.add(Person::new("bob", &log).on_hearing(move |bob, _, _| {
        bob.said.emit(1);
        let connection = connection.take().unwrap();
        assert!(connection.disconnect());
        assert!(!connection.is_connected());
        bob.said.emit(2);
    }));
    let carol = rt.add(Person::new("carol", &log));
    rt.connect(alice, Person::said, bob, Person::hear);
    *slot.borrow_mut() = Some(rt.connect(bob, Person::said, carol, Person::hear));
    rt.emit(alice, Person::said, 0);
    assert_eq!(log.take(), ["bob hears 0", "carol hears 1"]);
}

#[test]
fn the_end_of_an_object_is_announced_to_whoever_disconnects_after_it() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob, _] = three(&mut rt, &log);
    let connection = rt.connect_destroyed(alice, bob, Person::mourn);
    rt.with(bob, move |_, cx| {
        cx.destroy(alice);
        connection.disconnect();
    });
    assert_eq!(log.take(), ["bob mourns alice"]);
}

#[test]
fn a_slot_disconnected_during_an_emission_is_not_called_and_one_connected_neither() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let carol = rt.add(Person::new("carol", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(move |_, cx, _| {
        cx.disconnect(alice, Person::said, carol, Person::hear);
        cx.connect(alice, Person::said, carol, Person::note);
    }));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.connect(alice, Person::said, carol, Person::hear);
    rt.emit(alice, Person::said, 1);
    assert_eq!(log.take(), ["bob hears 1"]);
    rt.emit(alice, Person::said, 2);
    assert_eq!(log.take(), ["bob hears 2", "carol notes 2"]);
}

#[test]
fn a_scoped_connection_ends_with_its_guard_unless_it_is_released() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob, carol] = three(&mut rt, &log);
    let guard = rt.connect(alice, Person::said, bob, Person::hear).scoped();
    let released = rt.connect(alice, Person::said, carol, Person::hear).scoped().release();
    drop(guard);
    rt.emit(alice, Person::said, 1);
    assert_eq!(log.take(), ["carol hears 1"]);
    assert!(released.is_connected());
}

#[test]
fn a_guard_may_outlive_the_runtime() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob, _] = three(&mut rt, &log);
    let guard = rt.connect(alice, Person::said, bob, Person::hear).scoped();
    drop(rt);
    drop(guard);
}

#[test]
fn what_a_closure_captured_goes_with_its_connection() {
    type End = fn(&mut Runtime, &Connection, [Obj<Person>; 3]) -> bool;
    let ends: [End; 5] = [
        |_, connection, _| connection.disconnect(),
        |rt, _, [alice, ..]| rt.disconnect_all(alice),
        |rt, _, [alice, ..]| rt.destroy(alice),
        |rt, _, [_, bob, _]| rt.destroy(bob),
        |rt, _, [_, bob, _]| {
            let there = rt.delete_later(bob);
            run_posted(rt);
            there
        },
    ];
    for kind in [ConnectionType::DIRECT, ConnectionType::QUEUED] {
        for (end, is_alone) in ends.iter().flat_map(|end| [(end, true), (end, false)]) {
            let (mut rt, log) = (runtime(), Log::default());
            let people = three(&mut rt, &log);
            let [alice, bob, carol] = people;
            if !is_alone {
                rt.connect(alice, Person::said, carol, Person::hear);
            }
            let captured = Rc::new(());
            let held = captured.clone();
            let connection =
                rt.connect_fn_on_with(kind, alice, Person::said, bob, move |_, _, _| {
                    assert_eq!(Rc::strong_count(&held), 2);
                });
            rt.emit(alice, Person::said, 1);
            run_posted(&mut rt);
            assert_eq!(Rc::strong_count(&captured), 2);
            assert!(end(&mut rt, &connection, people));
            assert_eq!(Rc::strong_count(&captured), 1);
            assert!(!connection.is_connected());
        }
    }
}

#[test]
fn what_a_closure_captured_goes_before_the_next_slot_if_a_slot_ends_its_receiver() {
    for kind in [ConnectionType::DIRECT, ConnectionType::QUEUED] {
        let (mut rt, log) = (runtime(), Log::default());
        let [alice, bob, _] = three(&mut rt, &log);
        let (captured, counted) = (Rc::new(()), Rc::new(Cell::new(0)));
        let (held, seen, count) = (captured.clone(), Rc::downgrade(&captured), counted.clone());
        rt.connect_fn(alice, Person::said, move |world, _| {
            world.destroy(bob);
        });
        rt.connect_fn_on_with(kind, alice, Person::said, bob, move |_, _, _| {
            assert!(Rc::strong_count(&held) > 0);
        });
        rt.connect_fn(alice, Person::said, move |_, _| count.set(seen.strong_count()));
        rt.emit(alice, Person::said, 1);
        assert_eq!(counted.get(), 1, "{kind:?}");
    }
}

#[test]
fn what_a_closure_without_receiver_captured_goes_with_the_sender_and_the_runtime() {
    let captured = Rc::new(());
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob, _] = three(&mut rt, &log);
    for sender in [alice, bob] {
        let held = captured.clone();
        rt.connect_fn(sender, Person::said, move |_, _| assert!(Rc::strong_count(&held) > 0));
    }
    rt.destroy(alice);
    assert_eq!(Rc::strong_count(&captured), 2);
    drop(rt);
    assert_eq!(Rc::strong_count(&captured), 1);
}

#[test]
fn what_a_closure_captured_goes_when_it_disconnects_itself() {
    for kind in [ConnectionType::DIRECT, ConnectionType::QUEUED] {
        let (mut rt, log) = (runtime(), Log::default());
        let [alice, ..] = three(&mut rt, &log);
        let captured = Rc::new(());
        let own: Rc<RefCell<Option<Connection>>> = Rc::default();
        let (held, connection) = (captured.clone(), own.clone());
        let made = rt.connect_fn_with(kind, alice, Person::said, move |_, _| {
            assert!(connection.borrow().as_ref().unwrap().disconnect());
            assert_eq!(Rc::strong_count(&held), 2);
        });
        *own.borrow_mut() = Some(made);
        rt.emit(alice, Person::said, 1);
        run_posted(&mut rt);
        assert_eq!(Rc::strong_count(&captured), 1);
    }
}

#[test]
fn what_a_queued_closure_captured_goes_after_it_when_it_drops_its_signal() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, ..] = three(&mut rt, &log);
    let captured = Rc::new(());
    let held = captured.clone();
    rt.connect_fn_with(ConnectionType::QUEUED, alice, Person::said, move |world, _| {
        world[alice].said = Signal::new();
        assert_eq!(Rc::strong_count(&held), 2);
    });
    rt.emit(alice, Person::said, 1);
    run_posted(&mut rt);
    assert_eq!(Rc::strong_count(&captured), 1);
}

#[test]
fn what_a_closure_on_a_half_made_object_captured_goes_if_that_fails() {
    let mut rt = runtime();
    let captured = Rc::new(());
    let held = captured.clone();
    let made = rt.try_add_with::<Person, _>(|cx| {
        let this = cx.this();
        cx.connect_fn(this, Person::said, move |_, _| {
            assert!(Rc::strong_count(&held) > 0);
        });
        Err("no")
    });
    assert_eq!(made.err(), Some("no"));
    rt.deliver();
    assert_eq!(Rc::strong_count(&captured), 1);
}

#[test]
fn receivers_counts_the_open_connections() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob, carol] = three(&mut rt, &log);
    assert_eq!(rt[alice].said.receivers(), 0);
    assert!(!rt[alice].said.is_connected());
    rt.connect_with(ConnectionType::SINGLE_SHOT, alice, Person::said, bob, Person::hear);
    rt.connect_with(ConnectionType::QUEUED, alice, Person::said, bob, Person::hear);
    let third = rt.connect(alice, Person::said, carol, Person::hear);
    rt.connect_signal(alice, Person::said, carol, Person::said);
    assert_eq!(rt[alice].said.receivers(), 4);
    assert!(rt[alice].said.is_connected());
    third.disconnect();
    assert_eq!(rt[alice].said.receivers(), 3);
    rt.emit(alice, Person::said, 1);
    assert_eq!(rt[alice].said.receivers(), 2);
    rt.destroy(bob);
    assert_eq!(rt[alice].said.receivers(), 1);
    rt.destroy(carol);
    assert_eq!(rt[alice].said.receivers(), 0);
}

#[test]
fn a_child_connects_to_its_parent_while_that_is_made() {
    let (mut rt, log) = (runtime(), Log::default());
    let bob = rt.add(Person::new("bob", &log));
    let parent = rt.add_with(|cx| {
        let parent = cx.this();
        cx.add_child_with(|cx| {
            assert!(cx.on(parent, Person::said, Person::hear).is_connected());
            let this = cx.this();
            cx.connect(this, Person::said, parent, Person::note);
            Person::new("child", &log).on_hearing(|child, _, n| child.said.emit(n + 1))
        });
        Person::new("parent", &log)
    });
    rt.connect(parent, Person::said, bob, Person::hear);
    rt.emit(parent, Person::said, 1);
    assert_eq!(log.take(), ["child hears 1", "parent notes 2", "bob hears 1"]);
}

#[test]
fn a_hundred_thousand_children_connect_to_their_parent_while_that_is_made() {
    let (mut rt, log) = (runtime(), Log::default());
    let parent = rt.add_with(|cx| {
        let parent = cx.this();
        for _ in 0..100_000 {
            cx.add_child_with(|cx| {
                let this = cx.this();
                cx.connect_fn_on(parent, Person::said, this, |_, _, _| ());
                Stone
            });
        }
        Person::new("parent", &log)
    });
    assert_eq!(rt[parent].said.receivers(), 100_000);
    rt.destroy(parent);
    deliver_all(&mut rt);
    assert!(rt.is_empty());
}

#[test]
fn a_connection_to_a_busy_sender_is_made_when_it_returns() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob, _] = three(&mut rt, &log);
    rt.with(alice, |alice, cx| {
        let this = cx.this();
        let connection = cx.connect(this, Person::said, bob, Person::hear);
        assert!(connection.is_connected());
        // Through the signal itself it is made at once.
        alice.said.connect(cx, bob, Person::note);
        alice.said.emit(1);
    });
    rt.emit(alice, Person::said, 2);
    assert_eq!(log.take(), ["bob notes 1", "bob notes 2", "bob hears 2"]);
}

#[test]
fn a_connection_to_a_busy_sender_can_be_ended_before_it_was_made() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob, _] = three(&mut rt, &log);
    rt.with(alice, |_, cx| {
        let this = cx.this();
        assert!(cx.connect(this, Person::said, bob, Person::hear).disconnect());
    });
    assert_eq!(rt[alice].said.receivers(), 0);
}

#[test]
fn an_object_connects_to_itself() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add_with(|cx| {
        let alice = Person::new("alice", &log);
        alice.said.connect(cx, cx.this(), Person::hear);
        alice.said.connect_fn(cx, |_, _| ());
        alice
    });
    rt.emit(alice, Person::said, 1);
    assert_eq!(log.take(), ["alice hears 1"]);
    rt.destroy(alice);
    assert!(rt.is_empty());
}

#[test]
fn connecting_what_is_gone_connects_nothing() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob, carol] = three(&mut rt, &log);
    rt.destroy(alice);
    assert!(!rt.connect(alice, Person::said, bob, Person::hear).is_connected());
    assert!(!rt.connect(bob, Person::said, alice, Person::hear).is_connected());
    assert!(!rt.connect_signal(bob, Person::said, alice, Person::said).is_connected());
    assert!(!rt.connect_destroyed(alice, carol, Person::mourn).is_connected());
    assert_eq!(rt[bob].said.receivers(), 0);
}

#[test]
fn connecting_objects_of_two_runtimes_is_a_mistake_that_is_told() {
    let (mut rt, mut other, log) = (runtime(), runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = other.add(Person::new("bob", &log));
    let message = panic_message(|| rt.connect(alice, Person::said, bob, Person::hear));
    assert!(message.ends_with("is a handle of another runtime"), "{message}");
    assert_eq!(rt[alice].said.receivers(), 0);
}

#[test]
fn a_long_lived_sender_forgets_the_receivers_that_are_gone() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let capturing = Rc::new(());
    for _ in 0..10_000 {
        let visitor = rt.add(Stone);
        let held = capturing.clone();
        rt.connect_fn_on(alice, Person::said, visitor, move |_, _, _| {
            assert!(Rc::strong_count(&held) > 0);
        });
        rt.destroy(visitor);
    }
    assert_eq!(Rc::strong_count(&capturing), 1);
    assert_eq!(rt[alice].said.receivers(), 0);
}
