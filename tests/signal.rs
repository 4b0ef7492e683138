//! Signals: whom they reach, in which order, and with what.

mod people;

use std::cell::RefCell;
use std::error::Error;
use std::rc::Rc;

use people::{Log, Person, deliver_all, panic_message, run_posted, runtime};
use slotwire::prelude::*;
use slotwire::{MetaObject, SlotError};

/// Has one slot of each shape.
#[derive(Default)]
struct Shapes {
    heard: Vec<String>,
}

static SHAPES: MetaObject = MetaObject::new("Shapes");

impl QObject for Shapes {
    fn static_meta_object() -> &'static MetaObject {
        &SHAPES
    }

    fn meta_object(&self) -> &'static MetaObject {
        &SHAPES
    }
}

impl Shapes {
    fn bare(&mut self) {
        self.heard.push("bare".to_owned());
    }

    fn bare_with_context(&mut self, cx: &mut Context<'_, Self>) {
        self.heard.push(format!("bare, {} objects", cx.len()));
    }

    fn value(&mut self, text: String) {
        self.heard.push(text);
    }

    fn value_with_context(&mut self, cx: &mut Context<'_, Self>, text: String) {
        self.heard.push(format!("{text}, {} objects", cx.len()));
    }

    fn reference(&mut self, text: &String) {
        self.heard.push(format!("&{text}"));
    }

    fn reference_with_context(&mut self, cx: &mut Context<'_, Self>, text: &String) {
        self.heard.push(format!("&{text}, {} objects", cx.len()));
    }

    fn borrowed(&mut self, text: &str) {
        self.heard.push(format!("&str {text}"));
    }

    fn borrowed_with_context(&mut self, cx: &mut Context<'_, Self>, text: &str) {
        self.heard.push(format!("&str {text}, {} objects", cx.len()));
    }

    fn fallible(&mut self, text: &str) -> Result<(), String> {
        if text == "bad" { Err(format!("{text} text")) } else { Ok(()) }
    }

    fn fallible_with_context(&mut self, _: &mut Context<'_, Self>) -> Result<(), std::fmt::Error> {
        Err(std::fmt::Error)
    }
}

#[test]
fn a_slot_takes_of_the_emission_what_its_signature_asks_for() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let shapes = rt.add(Shapes::default());
    rt.connect(alice, Person::wrote, shapes, Shapes::bare);
    rt.connect(alice, Person::wrote, shapes, Shapes::bare_with_context);
    rt.connect(alice, Person::wrote, shapes, Shapes::value);
    rt.connect(alice, Person::wrote, shapes, Shapes::value_with_context);
    rt.connect(alice, Person::wrote, shapes, Shapes::reference);
    rt.connect(alice, Person::wrote, shapes, Shapes::reference_with_context);
    rt.connect(alice, Person::wrote, shapes, Shapes::borrowed);
    rt.connect(alice, Person::wrote, shapes, Shapes::borrowed_with_context);
    rt.connect_fn_on(alice, Person::wrote, shapes, |shapes, _, text| {
        shapes.heard.push(format!("closure {text}"));
    });
    rt.connect_fn(alice, Person::wrote, move |world, text| {
        world[shapes].heard.push(format!("free closure {text}"));
    });
    rt.emit(alice, Person::wrote, "x".to_owned());
    assert_eq!(
        rt[shapes].heard,
        [
            "bare",
            "bare, 2 objects",
            "x",
            "x, 2 objects",
            "&x",
            "&x, 2 objects",
            "&str x",
            "&str x, 2 objects",
            "closure x",
            "free closure x",
        ]
    );
}

#[test]
fn errors_that_slots_return_are_reported_with_their_receiver() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let shapes = rt.add(Shapes::default());
    let reports: Rc<RefCell<Vec<SlotError>>> = Rc::default();
    let reported = reports.clone();
    rt.on_slot_error(move |_, error| reported.borrow_mut().push(error));
    rt.connect(alice, Person::wrote, shapes, Shapes::fallible);
    rt.connect(alice, Person::wrote, shapes, Shapes::fallible_with_context);
    rt.connect_fn(alice, Person::wrote, |_, _| Err("closure text"));
    rt.emit(alice, Person::wrote, "bad".to_owned());
    let reports = reports.take();
    let receivers: Vec<_> = reports.iter().map(SlotError::receiver).collect();
    assert_eq!(receivers, [Some(shapes.erase()), Some(shapes.erase()), None]);
    let texts: Vec<_> = reports.into_iter().map(|error| error.into_inner().to_string()).collect();
    assert_eq!(texts[0], "bad text");
    assert_eq!(texts[2], "closure text");
}

#[test]
fn the_error_of_a_slot_names_the_slot_its_object_and_the_reason() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let shapes = rt.add(Shapes::default());
    let reports: Rc<RefCell<Vec<SlotError>>> = Rc::default();
    let reported = reports.clone();
    rt.on_slot_error(move |_, error| reported.borrow_mut().push(error));
    rt.connect(alice, Person::wrote, shapes, Shapes::fallible);
    rt.connect(alice, Person::wrote, shapes, Shapes::fallible_with_context);
    rt.connect_fn_on(alice, Person::wrote, shapes, |_, _, _| Err("no room"));
    rt.connect_fn(alice, Person::wrote, |_, _| Err("no hands"));
    rt.emit(alice, Person::wrote, "bad".to_owned());
    let reports = reports.take();
    let texts: Vec<_> = reports.iter().map(ToString::to_string).collect();
    let test = "signal::the_error_of_a_slot_names_the_slot_its_object_and_the_reason";
    assert_eq!(
        texts,
        [
            "slot `fallible` of Obj<Shapes> 2v1 failed: bad text",
            &*format!(
                "slot `fallible_with_context` of Obj<Shapes> 2v1 failed: {}",
                std::fmt::Error
            ),
            &*format!("a closure in `{test}` for Obj<Shapes> 2v1 failed: no room"),
            &*format!("a closure in `{test}` failed: no hands"),
        ]
    );
    assert_eq!(reports[0].class_name(), Some("Shapes"));
    assert_eq!(reports[0].slot_path(), "signal::Shapes::fallible");
    assert_eq!(reports[0].error().to_string(), "bad text");
    assert_eq!(reports[3].class_name(), None);
}

#[test]
fn the_reason_of_a_slots_error_is_printed_once_by_what_prints_all_reasons() {
    #[derive(Debug)]
    struct Outer(std::fmt::Error);

    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the report is not written")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let reports: Rc<RefCell<Vec<SlotError>>> = Rc::default();
    let reported = reports.clone();
    rt.on_slot_error(move |_, error| reported.borrow_mut().push(error));
    rt.connect_fn(alice, Person::wrote, |_, _| Err(Outer(std::fmt::Error)));
    rt.emit(alice, Person::wrote, String::new());
    let report = reports.borrow_mut().remove(0);
    assert!(report.to_string().ends_with("failed: the report is not written"), "{report}");
    let behind = report.source().expect("the error has a reason");
    assert_eq!(behind.to_string(), std::fmt::Error.to_string());
}

#[test]
fn slots_run_in_the_order_in_which_they_were_connected() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let names = ["zoe", "bob", "mia", "abe"];
    for name in names {
        let person = rt.add(Person::new(name, &log));
        rt.connect(alice, Person::said, person, Person::hear);
    }
    rt.emit(alice, Person::said, 1);
    assert_eq!(log.take(), names.map(|name| format!("{name} hears 1")));
}

#[test]
fn what_a_slot_emits_is_delivered_before_the_next_slot() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(|bob, _, n| {
        bob.said.emit(n + 1);
        bob.said.emit(n + 2);
        bob.log.add("bob is done");
    }));
    let carol =
        rt.add(Person::new("carol", &log).on_hearing(|carol, _, n| carol.said.emit(n * 10)));
    let dave = rt.add(Person::new("dave", &log));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.connect(alice, Person::said, dave, Person::note);
    rt.connect(bob, Person::said, carol, Person::hear);
    rt.connect(bob, Person::said, dave, Person::note);
    rt.connect(carol, Person::said, dave, Person::hear);
    rt.emit(alice, Person::said, 1);
    assert_eq!(
        log.take(),
        [
            "bob hears 1",
            "bob is done",
            "carol hears 2",
            "dave hears 20",
            "dave notes 2",
            "carol hears 3",
            "dave hears 30",
            "dave notes 3",
            "dave notes 1",
        ]
    );
}

#[test]
fn what_a_slot_does_is_carried_out_in_the_order_written() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let dave = rt.add(Person::new("dave", &log));
    let carol = rt.add(Person::new("carol", &log).mourned());
    let bob = rt.add(Person::new("bob", &log).on_hearing(move |bob, cx, _| {
        bob.said.emit(1);
        bob.said.connect(cx, dave, Person::note);
        bob.said.emit(2);
        cx.later(dave, |dave, _| dave.log.add("dave, later"));
        bob.said.disconnect_all();
        bob.said.emit(3);
        cx.destroy(carol);
        cx.later(dave, |dave, _| dave.log.add("dave, at last"));
    }));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.connect(bob, Person::said, carol, Person::hear);
    rt.emit(alice, Person::said, 0);
    assert_eq!(
        log.take(),
        [
            "bob hears 0",
            "carol hears 1",
            "carol hears 2",
            "dave notes 2",
            "dave, later",
            "carol is gone",
            "dave, at last",
        ]
    );
}

#[test]
fn an_object_hears_itself_only_when_its_slot_has_returned() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log).on_hearing(|alice, _, n| {
        if n > 0 {
            alice.said.emit(n - 1);
        }
        alice.log.add(format!("alice has heard {n}"));
    }));
    rt.connect(alice, Person::said, alice, Person::hear);
    rt.emit(alice, Person::said, 1);
    assert_eq!(
        log.take(),
        ["alice hears 1", "alice has heard 1", "alice hears 0", "alice has heard 0"]
    );
}

#[test]
fn signals_connected_to_signals_pass_the_argument_on() {
    let (mut rt, log) = (runtime(), Log::default());
    let people = ["alice", "bob", "carol"].map(|name| rt.add(Person::new(name, &log)));
    let [alice, bob, carol] = people;
    rt.connect_signal(alice, Person::said, bob, Person::said);
    rt.connect_signal(bob, Person::said, carol, Person::said);
    rt.connect(carol, Person::said, alice, Person::hear);
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.emit(alice, Person::said, 5);
    assert_eq!(log.take(), ["alice hears 5", "bob hears 5"]);
    rt.block_signals(bob, true);
    rt.emit(alice, Person::said, 6);
    assert_eq!(log.take(), ["bob hears 6"]);
}

#[test]
fn a_queued_signal_to_a_signal_waits() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob] = ["alice", "bob"].map(|name| rt.add(Person::new(name, &log)));
    rt.connect_signal_with(ConnectionType::QUEUED, alice, Person::said, bob, Person::said);
    rt.connect(bob, Person::said, alice, Person::hear);
    rt.emit(alice, Person::said, 5);
    assert_eq!(log.take(), Vec::<String>::new());
    run_posted(&mut rt);
    assert_eq!(log.take(), ["alice hears 5"]);
}

#[test]
fn blocked_signals_are_not_emitted_and_what_was_emitted_before_is() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob] = ["alice", "bob"].map(|name| rt.add(Person::new(name, &log)));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.with(alice, |alice, cx| {
        let this = cx.this();
        alice.said.emit(1);
        assert!(!cx.block_signals(this, true));
        alice.said.emit(2);
        assert!(cx.block_signals(this, false));
        alice.said.emit(3);
    });
    assert_eq!(log.take(), ["bob hears 1", "bob hears 3"]);
    rt.block_signals(alice, true);
    rt.emit(alice, Person::said, 4);
    assert!(rt.signals_blocked(alice) && !rt.signals_blocked(bob));
    assert_eq!(log.take(), Vec::<String>::new());
}

#[test]
fn a_guard_blocks_the_signals_of_an_object_while_it_exists() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob] = ["alice", "bob"].map(|name| rt.add(Person::new(name, &log)));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.connect(bob, Person::said, bob, Person::hear);
    let mut guard = rt.signal_blocker(alice);
    guard.emit(alice, Person::said, 1);
    guard.emit(bob, Person::said, 2);
    guard.unblock();
    guard.emit(alice, Person::said, 3);
    guard.reblock();
    guard.emit(alice, Person::said, 4);
    {
        // The inner guard leaves the signals blocked, as it has found them.
        let mut inner = guard.signal_blocker(alice);
        inner.unblock();
        inner.emit(alice, Person::said, 5);
    }
    guard.emit(alice, Person::said, 6);
    drop(guard);
    rt.emit(alice, Person::said, 7);
    assert_eq!(log.take(), ["bob hears 2", "bob hears 3", "bob hears 7"]);
    rt.signal_blocker(alice).dismiss();
    assert!(rt.signals_blocked(alice));
}

#[test]
fn a_guard_in_a_method_blocks_the_signals_of_the_own_object_too() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob] = ["alice", "bob"].map(|name| rt.add(Person::new(name, &log)));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.with(alice, |alice, cx| {
        alice.said.emit(1);
        {
            let mut guard = cx.signal_blocker(cx.this());
            alice.said.emit(2);
            guard.emit(bob, Person::said, 3);
        }
        alice.said.emit(4);
    });
    assert_eq!(log.take(), ["bob hears 1", "bob hears 4"]);
}

#[test]
fn the_signals_are_unblocked_if_a_panic_ends_the_guard_and_forgotten_with_their_object() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob] = ["alice", "bob"].map(|name| rt.add(Person::new(name, &log)));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _guard = rt.signal_blocker(alice);
        std::panic::resume_unwind(Box::new("on purpose"));
    }));
    assert!(panicked.is_err() && !rt.signals_blocked(alice));
    let mut guard = rt.signal_blocker(bob);
    guard.destroy(bob);
    let carol = guard.add(Person::new("carol", &log));
    guard.reblock();
    drop(guard);
    assert!(!rt.signals_blocked(carol), "it has the place of bob");
}

#[test]
fn emitting_by_indexing_waits_for_a_turn() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob] = ["alice", "bob"].map(|name| rt.add(Person::new(name, &log)));
    let connection = rt.connect(alice, Person::said, bob, Person::hear);
    rt[alice].said.emit(1);
    connection.disconnect();
    rt[alice].said.emit(2);
    assert_eq!(log.take(), Vec::<String>::new());
    assert!(rt.deliver());
    assert_eq!(log.take(), ["bob hears 1"]);
}

#[test]
fn what_was_recorded_before_is_delivered_before_an_emission_from_outside() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob] = ["alice", "bob"].map(|name| rt.add(Person::new(name, &log)));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt[alice].said.emit(1);
    rt.emit(alice, Person::said, 2);
    assert_eq!(log.take(), ["bob hears 1", "bob hears 2"]);
}

#[test]
fn a_signal_emitted_before_anybody_connected_is_not_heard() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob] = ["alice", "bob"].map(|name| rt.add(Person::new(name, &log)));
    rt[alice].said.emit(1);
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.deliver();
    assert_eq!(log.take(), Vec::<String>::new());
}

#[test]
fn a_slot_knows_whose_signal_called_it() {
    let (mut rt, log) = (runtime(), Log::default());
    let senders = ["alice", "carol"].map(|name| rt.add(Person::new(name, &log)));
    let bob = rt.add(Person::new("bob", &log).on_hearing(|bob, cx, _| {
        let sender = cx.sender().and_then(|sender| cx.downcast::<Person>(sender)).unwrap();
        bob.log.add(format!("from {}", cx[sender].name));
        bob.said.emit(0);
    }));
    rt.connect(bob, Person::said, senders[0], Person::note);
    for sender in senders {
        rt.connect(sender, Person::said, bob, Person::hear);
        rt.connect(sender, Person::said, bob, Person::hear);
        rt.emit(sender, Person::said, 1);
    }
    let mut heard = log.take();
    heard.retain(|line| line.starts_with("from"));
    assert_eq!(heard, ["from alice", "from alice", "from carol", "from carol"]);
}

#[test]
fn what_runs_later_or_posted_has_no_sender() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(|bob, cx, _| {
        assert!(cx.sender().is_some());
        let (this, log) = (cx.this(), bob.log.clone());
        cx.later(this, |bob, cx| bob.log.add(format!("later {:?}", cx.sender())));
        cx.post(move |world| {
            world.with(this, |_, cx| log.add(format!("posted {:?}", cx.sender())));
        });
    }));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.emit(alice, Person::said, 1);
    run_posted(&mut rt);
    rt.with(bob, |bob, cx| bob.log.add(format!("with {:?}", cx.sender())));
    assert_eq!(log.take(), ["bob hears 1", "later None", "posted None", "with None"]);
}

#[test]
fn a_spy_remembers_until_it_is_dropped() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let spy = rt.spy(alice, Person::said);
    assert!(spy.is_empty());
    rt.emit(alice, Person::said, 1);
    rt.emit(alice, Person::said, 2);
    assert_eq!(spy.len(), 2);
    assert_eq!(spy.take(), [1, 2]);
    rt.emit(alice, Person::said, 3);
    assert_eq!(spy.stop(), [3]);
    assert_eq!(rt[alice].said.receivers(), 0);
}

#[test]
fn emitting_a_signal_of_an_object_that_is_gone_says_so() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    rt.destroy(alice);
    let message = panic_message(|| rt.emit(alice, Person::said, 1));
    assert_eq!(message, "Obj<Person> 1v1 is stale: its object was destroyed");
}

#[test]
fn a_signal_outside_any_runtime_says_nothing() {
    let signal = Signal::<u32>::new();
    signal.emit(1);
    assert_eq!(signal.receivers(), 0);
    assert!(!signal.disconnect_all());
}

#[test]
fn a_signal_replaced_by_a_new_one_ends_its_connections() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob] = ["alice", "bob"].map(|name| rt.add(Person::new(name, &log)));
    let connection = rt.connect(alice, Person::said, bob, Person::hear);
    rt[alice].said = Signal::new();
    assert!(!connection.is_connected());
    rt.emit(alice, Person::said, 1);
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.emit(alice, Person::said, 2);
    deliver_all(&mut rt);
    assert_eq!(log.take(), ["bob hears 2"]);
}
