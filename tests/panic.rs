//! A panic costs the object whose slot it was, and nothing else.

mod people;

use std::cell::Cell;
use std::rc::Rc;

use people::{Log, Person, deliver_all, panic_message, run_posted, runtime};
use slotwire::prelude::*;

/// Somebody who panics on hearing a number.
fn nervous(name: &'static str, log: &Log) -> Person {
    Person::new(name, log).on_hearing(|_, _, _| panic!("too much"))
}

#[test]
fn a_panic_in_a_slot_reaches_whoever_emitted() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(nervous("bob", &log));
    rt.connect(alice, Person::said, bob, Person::hear);
    assert_eq!(panic_message(|| rt.emit(alice, Person::said, 1)), "too much");
}

#[test]
fn a_panic_in_a_slot_destroys_its_receiver_alone() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(nervous("bob", &log));
    let carol = rt.add(Person::new("carol", &log));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.connect(alice, Person::said, carol, Person::hear);
    panic_message(|| rt.emit(alice, Person::said, 1));
    deliver_all(&mut rt);
    assert!(!rt.contains(bob) && rt.contains(alice) && rt.contains(carol));
    assert_eq!(rt[alice].said.receivers(), 1);
    assert_eq!(log.take(), ["bob hears 1"]);
    rt.emit(alice, Person::said, 2);
    assert_eq!(log.take(), ["carol hears 2"]);
}

#[test]
fn a_panic_deep_down_skips_the_rest_of_that_one_emission() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(|bob, _, n| {
        bob.said.emit(n + 10);
        bob.said.emit(n + 20);
    }));
    let carol = rt.add(Person::new("carol", &log).on_hearing(|_, _, n| assert!(n != 11)));
    let dave = rt.add(Person::new("dave", &log));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.connect(alice, Person::said, dave, Person::hear);
    rt.connect(bob, Person::said, carol, Person::hear);
    rt.connect(bob, Person::said, dave, Person::note);
    panic_message(|| rt.emit(alice, Person::said, 1));
    deliver_all(&mut rt);
    // Carol is gone, and with her the rest of "11"; "21" and the rest of "1" are not.
    assert_eq!(log.take(), ["bob hears 1", "carol hears 11", "dave notes 21", "dave hears 1"]);
}

#[test]
fn what_a_slot_did_before_it_panicked_is_carried_out() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(|bob, _, n| {
        bob.said.emit(n + 1);
        panic!("after saying so");
    }));
    let carol = rt.add(Person::new("carol", &log));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.connect(bob, Person::said, carol, Person::hear);
    panic_message(|| rt.emit(alice, Person::said, 1));
    deliver_all(&mut rt);
    assert_eq!(log.take(), ["bob hears 1", "carol hears 2"]);
}

#[test]
fn a_panic_in_a_closure_ends_its_connection() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let captured = Rc::new(());
    let held = captured.clone();
    let connection = rt.connect_fn(alice, Person::said, move |_, _| {
        assert!(Rc::strong_count(&held) == 0, "in the closure");
    });
    panic_message(|| rt.emit(alice, Person::said, 1));
    assert!(!connection.is_connected());
    assert_eq!(Rc::strong_count(&captured), 1);
    rt.emit(alice, Person::said, 2);
}

#[test]
fn a_panic_after_an_ended_connection_leaves_the_loop_nothing_to_do() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let ended = rt.connect_fn(alice, Person::said, |_, _| ());
    rt.connect_fn(alice, Person::said, |_, &n| assert_ne!(n, 1));
    ended.disconnect();
    panic_message(|| rt.emit(alice, Person::said, 1));
    assert_eq!(rt.next_deadline(), None);
}

#[test]
fn a_panic_in_a_queued_closure_ends_its_connection() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let captured = Rc::new(());
    let held = captured.clone();
    let connection =
        rt.connect_fn_with(ConnectionType::QUEUED, alice, Person::said, move |_, _| {
            assert!(Rc::strong_count(&held) == 0, "in the closure");
        });
    rt.emit(alice, Person::said, 1);
    panic_message(|| run_posted(&mut rt));
    assert!(!connection.is_connected());
    assert_eq!(rt[alice].said.receivers(), 0);
    assert_eq!(Rc::strong_count(&captured), 1);
}

#[test]
fn a_single_shot_closure_that_panics_drops_what_it_captured() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let captured = Rc::new(());
    let held = captured.clone();
    rt.connect_fn_with(ConnectionType::SINGLE_SHOT, alice, Person::said, move |_, _| {
        assert!(Rc::strong_count(&held) == 0, "in the closure");
    });
    panic_message(|| rt.emit(alice, Person::said, 1));
    assert_eq!(Rc::strong_count(&captured), 1);
}

#[test]
fn a_single_shot_closure_on_a_receiver_that_panics_drops_what_it_captured() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log));
    let captured = Rc::new(());
    let held = captured.clone();
    rt.connect_fn_on_with(ConnectionType::SINGLE_SHOT, alice, Person::said, bob, move |_, _, _| {
        assert!(Rc::strong_count(&held) == 0, "in the closure");
    });
    panic_message(|| rt.emit(alice, Person::said, 1));
    deliver_all(&mut rt);
    assert!(!rt.contains(bob));
    assert_eq!(Rc::strong_count(&captured), 1);
}

#[test]
fn a_panic_in_a_closure_on_a_receiver_destroys_the_receiver() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log));
    rt.connect_fn_on(alice, Person::said, bob, |_, _, n| assert!(*n != 1, "in the closure"));
    panic_message(|| rt.emit(alice, Person::said, 1));
    deliver_all(&mut rt);
    assert!(!rt.contains(bob) && rt.contains(alice));
}

#[test]
fn a_panic_in_a_queued_slot_leaves_the_other_posted_calls() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(nervous("bob", &log));
    let carol = rt.add(Person::new("carol", &log));
    rt.connect_with(ConnectionType::QUEUED, alice, Person::said, bob, Person::hear);
    rt.connect_with(ConnectionType::QUEUED, alice, Person::said, carol, Person::hear);
    rt.emit(alice, Person::said, 1);
    panic_message(|| run_posted(&mut rt));
    run_posted(&mut rt);
    assert!(!rt.contains(bob));
    assert_eq!(log.take(), ["bob hears 1", "carol hears 1"]);
}

#[test]
fn a_panic_in_a_constructor_leaves_no_object_and_no_children() {
    let (mut rt, log) = (runtime(), Log::default());
    panic_message(|| {
        rt.add_with(|cx| -> Person {
            cx.add_child(Person::new("child", &log));
            panic!("half made");
        })
    });
    deliver_all(&mut rt);
    assert!(rt.is_empty());
}

#[test]
fn a_panic_in_a_constructor_in_a_slot_destroys_the_slots_object() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(|_, cx, _| {
        cx.add_child_with(|_| -> Person { panic!("half made") });
    }));
    rt.connect(alice, Person::said, bob, Person::hear);
    panic_message(|| rt.emit(alice, Person::said, 1));
    deliver_all(&mut rt);
    assert_eq!(rt.len(), 1);
    assert!(rt.contains(alice));
}

#[test]
fn a_panic_in_with_keeps_the_object_and_what_it_emitted() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log));
    rt.connect(alice, Person::said, bob, Person::hear);
    panic_message(|| {
        rt.with(alice, |alice, _| {
            alice.said.emit(1);
            panic!("the caller answers for it");
        })
    });
    assert!(rt.get(alice).is_some());
    deliver_all(&mut rt);
    assert_eq!(log.take(), ["bob hears 1"]);
}

#[test]
fn a_panic_in_with_in_a_slot_destroys_the_slots_object() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(move |_, cx, _| {
        cx.with(alice, |_, _| panic!("the caller answers for it"));
    }));
    rt.connect(alice, Person::said, bob, Person::hear);
    panic_message(|| rt.emit(alice, Person::said, 1));
    deliver_all(&mut rt);
    assert!(rt.get(alice).is_some());
    assert!(!rt.contains(bob));
}

#[test]
fn a_panic_in_later_destroys_the_object_it_was_for() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log));
    rt.connect(bob, Person::said, alice, Person::hear);
    rt.later(bob, |_, _| panic!("later"));
    rt[bob].said.emit(1);
    panic_message(|| rt.deliver());
    deliver_all(&mut rt);
    assert!(!rt.contains(bob));
    // He spoke after that was to run, and was gone by then.
    assert_eq!(log.take(), Vec::<String>::new());
}

#[test]
fn a_panic_in_the_handler_of_slot_errors_keeps_the_handler() {
    struct Clerk;
    static CLERK: slotwire::MetaObject = slotwire::MetaObject::new("Clerk");
    impl QObject for Clerk {
        fn static_meta_object() -> &'static slotwire::MetaObject {
            &CLERK
        }
        fn meta_object(&self) -> &'static slotwire::MetaObject {
            &CLERK
        }
    }
    impl Clerk {
        fn refuse(&mut self) -> Result<(), String> {
            Err("no".to_owned())
        }
    }
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let first = rt.add(Clerk);
    let second = rt.add(Clerk);
    rt.connect(alice, Person::said, first, Clerk::refuse);
    let reported = Rc::new(Cell::new(0));
    let count = reported.clone();
    rt.on_slot_error(move |_, _| {
        count.set(count.get() + 1);
        assert!(count.get() > 1, "the first error is too much");
    });
    panic_message(|| rt.emit(alice, Person::said, 1));
    deliver_all(&mut rt);
    assert!(!rt.contains(first));
    rt.connect(alice, Person::said, second, Clerk::refuse);
    rt.emit(alice, Person::said, 2);
    assert_eq!(reported.get(), 2);
}

#[test]
fn a_panic_in_an_objects_last_steps_does_not_keep_it() {
    struct Stubborn;
    static STUBBORN: slotwire::MetaObject = slotwire::MetaObject::new("Stubborn");
    impl QObject for Stubborn {
        fn static_meta_object() -> &'static slotwire::MetaObject {
            &STUBBORN
        }
        fn meta_object(&self) -> &'static slotwire::MetaObject {
            &STUBBORN
        }
        fn leave_runtime(&mut self) {
            panic!("not yet");
        }
    }
    let (mut rt, log) = (runtime(), Log::default());
    let bob = rt.add(Person::new("bob", &log));
    let stubborn = rt.add(Stubborn);
    let child = rt.add_child_of(stubborn, Person::new("child", &log));
    rt.connect_destroyed(stubborn, bob, Person::mourn);
    panic_message(|| rt.destroy(stubborn));
    deliver_all(&mut rt);
    assert!(!rt.contains(stubborn) && !rt.contains(child));
    assert_eq!(log.take(), ["bob mourns somebody"]);
}

#[test]
fn a_panic_while_captures_are_dropped_does_not_keep_the_object() {
    struct Tripwire;
    impl Drop for Tripwire {
        fn drop(&mut self) {
            panic!("tripped");
        }
    }
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log));
    let wire = Tripwire;
    rt.connect_fn_on(alice, Person::said, bob, move |_, _, _| {
        let _ = &wire;
    });
    rt.connect(alice, Person::said, bob, Person::hear);
    assert_eq!(panic_message(|| rt.destroy(bob)), "tripped");
    deliver_all(&mut rt);
    assert!(!rt.contains(bob));
    assert_eq!(rt[alice].said.receivers(), 0);
}

/// A tree of three generations in which everybody repeats what the one before said.
struct Choir {
    rt: Runtime,
    log: Log,
    leader: Obj<Person>,
    singers: Vec<Obj<Person>>,
}

impl Choir {
    /// Whoever sings as number `nervous` panics.
    fn new(nervous: usize) -> Self {
        let (mut rt, log) = (runtime(), Log::default());
        let sung = Rc::new(Cell::new(0));
        let mut singer = |name| {
            let sung = sung.clone();
            rt.add(Person::new(name, &log).on_hearing(move |singer, _, n| {
                singer.said.emit(n + 1);
                let number = sung.replace(sung.get() + 1);
                assert!(number != nervous, "stage fright");
                singer.said.emit(n + 10);
            }))
        };
        let leader = singer("leader");
        let tenors = [singer("first tenor"), singer("second tenor")];
        let basses = [singer("first bass"), singer("second bass")];
        for tenor in tenors {
            rt.connect(leader, Person::said, tenor, Person::hear);
            for bass in basses {
                rt.connect(tenor, Person::said, bass, Person::hear);
            }
        }
        let singers = [[leader; 1].as_slice(), &tenors, &basses].concat();
        Self { rt, log, leader, singers }
    }

    fn alive(&self) -> usize {
        self.singers.iter().filter(|&&singer| self.rt.contains(singer)).count()
    }
}

#[test]
fn whichever_slot_panics_one_singer_is_lost_and_the_others_sing_on() {
    let mut quiet = Choir::new(usize::MAX);
    quiet.rt.emit(quiet.leader, Person::said, 0);
    let slots = quiet.log.take().len();
    assert_eq!(slots, 10);
    for nervous in 0..slots {
        let mut choir = Choir::new(nervous);
        panic_message(|| choir.rt.emit(choir.leader, Person::said, 0));
        assert!(choir.rt.deliver(), "nothing is left after slot {nervous} panicked");
        assert_eq!(choir.alive(), choir.singers.len() - 1, "slot {nervous} panicked");
        choir.log.take();
        // Only the one who panicked is missing from the second round.
        choir.rt.emit(choir.leader, Person::said, 100);
        let second = choir.log.take();
        let voices: Vec<_> = second.iter().filter_map(|line| line.split(" hears").next()).collect();
        let names = ["first tenor", "second tenor", "first bass", "second bass"];
        let silent = names.iter().filter(|name| !voices.contains(name)).count();
        assert_eq!(silent, 1, "slot {nervous} panicked: {second:?}");
    }
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("bomb");
    }
}

#[test]
fn a_sender_goes_though_three_captures_panic_as_it_does() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    for _ in 0..3 {
        let bomb = Bomb;
        rt.connect_fn(alice, Person::said, move |_, _| {
            let _ = &bomb;
        });
    }
    assert_eq!(panic_message(|| rt.destroy(alice)), "bomb");
    for _ in 0..2 {
        assert_eq!(panic_message(|| deliver_all(&mut rt)), "bomb");
    }
    deliver_all(&mut rt);
    assert!(!rt.contains(alice));
}

#[test]
fn an_object_whose_end_panics_in_a_capture_hears_its_children_no_more() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).mourned());
    let carol = rt.add_child_of(bob, Person::new("carol", &log).with_last_words(7));
    rt.connect(carol, Person::said, bob, Person::hear);
    let bomb = Bomb;
    rt.connect_fn_on(alice, Person::said, bob, move |_, _, _| {
        let _ = &bomb;
    });
    assert_eq!(panic_message(|| rt.destroy(bob)), "bomb");
    deliver_all(&mut rt);
    assert_eq!(log.take(), ["bob is gone"]);
}
