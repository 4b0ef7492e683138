//! A turn is bounded: what does not end leaves room for everything else.

mod people;

use std::cell::Cell;
use std::rc::Rc;

use people::{Log, Person, deliver_all, panic_message, runtime};
use slotwire::prelude::*;

/// More emissions, one in the slot of another, than one turn delivers.
const LONG: u32 = 600_000;

/// Two people who answer each other for ever.
struct Quarrel {
    alice: Obj<Person>,
    bob: Obj<Person>,
    /// How often an answer was given.
    answers: Rc<Cell<u32>>,
}

impl Quarrel {
    fn new(rt: &mut Runtime) -> Self {
        Self::with_patience(rt, u32::MAX)
    }

    /// Whoever is to give the last answer panics.
    fn with_patience(rt: &mut Runtime, patience: u32) -> Self {
        let [alice, bob] = ["alice", "bob"].map(|name| rt.add(Person::new(name, &Log::default())));
        let answers = Rc::new(Cell::new(0));
        for (from, to) in [(alice, bob), (bob, alice)] {
            let answers = answers.clone();
            rt.connect_fn_on(from, Person::said, to, move |person, _, n| {
                answers.set(answers.get() + 1);
                assert!(answers.get() < patience, "enough");
                person.said.emit(*n);
            });
        }
        Self { alice, bob, answers }
    }
}

#[test]
fn two_objects_that_answer_each_other_for_ever_give_the_turn_back() {
    let mut rt = runtime();
    let quarrel = Quarrel::new(&mut rt);
    rt.emit(quarrel.alice, Person::said, 0);
    let first = quarrel.answers.take();
    assert!(!rt.deliver());
    let answers = quarrel.answers.take();
    assert!(0 < answers && answers < first, "what has no end gets less");
    for _ in 0..3 {
        assert!(!rt.deliver());
        assert!(quarrel.answers.take().abs_diff(answers) <= 1, "each turn does as much");
    }
}

/// Alice, and Bob, who counts down from what she says; then it is Carol's turn to hear her.
fn count_down(rt: &mut Runtime, log: &Log) -> (Obj<Person>, Obj<Person>) {
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| rt.add(Person::new(name, log)));
    rt.connect_fn_on(alice, Person::said, bob, |bob, _, n| bob.said.emit(*n));
    rt.connect_fn_on(bob, Person::said, bob, |bob, _, n| {
        if *n > 0 {
            bob.said.emit(n - 1);
        }
    });
    rt.connect(alice, Person::said, carol, Person::hear);
    (alice, bob)
}

#[test]
fn a_suspended_turn_goes_on_in_order() {
    let (mut rt, log) = (runtime(), Log::default());
    let (alice, bob) = count_down(&mut rt, &log);
    let spy = rt.spy(bob, Person::said);
    rt.emit(alice, Person::said, LONG);
    assert_eq!(log.take(), Vec::<String>::new());
    deliver_all(&mut rt);
    assert_eq!(log.take(), [format!("carol hears {LONG}")]);
    let mut counted = spy.take();
    counted.sort();
    assert!(counted.into_iter().eq(0..=LONG));
}

#[test]
fn others_are_heard_while_two_quarrel() {
    let (mut rt, log) = (runtime(), Log::default());
    let quarrel = Quarrel::new(&mut rt);
    rt.emit(quarrel.alice, Person::said, 0);
    let carol = rt.add(Person::new("carol", &log));
    let dave = rt.add(Person::new("dave", &log));
    rt.connect(carol, Person::said, dave, Person::hear);
    rt.emit(carol, Person::said, 1);
    rt.with(carol, |carol, _| carol.said.emit(2));
    rt[carol].said.emit(3);
    rt.deliver();
    assert_eq!(log.take(), ["dave hears 1", "dave hears 2", "dave hears 3"]);
    assert!(!rt.deliver());
}

#[test]
fn two_quarrels_take_turns() {
    let mut rt = runtime();
    let quarrels = [Quarrel::new(&mut rt), Quarrel::new(&mut rt)];
    for quarrel in &quarrels {
        rt.emit(quarrel.alice, Person::said, 0);
    }
    for _ in 0..4 {
        quarrels.iter().for_each(|quarrel| quarrel.answers.set(0));
        assert!(!rt.deliver());
        assert!(quarrels.iter().all(|quarrel| quarrel.answers.get() > 0));
    }
}

#[test]
fn a_quarrel_ends_with_one_of_the_two() {
    let mut rt = runtime();
    let Quarrel { alice, bob, .. } = Quarrel::new(&mut rt);
    rt.emit(alice, Person::said, 0);
    rt.destroy(bob);
    deliver_all(&mut rt);
    assert!(rt.contains(alice) && !rt.contains(bob));
}

#[test]
fn a_panic_in_one_quarrel_leaves_the_other() {
    let mut rt = runtime();
    let short = Quarrel::with_patience(&mut rt, LONG);
    let long = Quarrel::new(&mut rt);
    rt.emit(short.alice, Person::said, 0);
    rt.emit(long.alice, Person::said, 0);
    panic_message(|| while !rt.deliver() {});
    long.answers.take();
    assert!(!rt.deliver());
    assert!(long.answers.get() > 0);
    assert!(rt.contains(short.alice) != rt.contains(short.bob), "one of the two is lost");
}

#[test]
fn a_quarrel_begun_outside_does_not_bury_what_an_earlier_turn_left() {
    let (mut rt, log) = (runtime(), Log::default());
    let (alice, _) = count_down(&mut rt, &log);
    let quarrel = Quarrel::new(&mut rt);
    rt.emit(alice, Person::said, LONG);
    rt[quarrel.alice].said.emit(0);
    for _ in 0..40 {
        assert!(!rt.deliver());
    }
    assert_eq!(log.take(), [format!("carol hears {LONG}")]);
}

#[test]
fn a_suspended_turn_that_ends_in_a_panic_leaves_nothing_to_wait_for() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob] = ["alice", "bob"].map(|name| rt.add(Person::new(name, &log)));
    rt.connect_fn_on(bob, Person::said, bob, |bob, _, n| {
        if *n > 0 {
            bob.said.emit(n - 1);
        }
    });
    rt.connect_signal(alice, Person::said, bob, Person::said);
    rt.connect_fn(alice, Person::said, |_, n| assert!(*n == 0, "at the very end"));
    let captured = Rc::new(());
    let held = captured.clone();
    let connection = rt.connect_fn(bob, Person::wrote, move |_, _| {
        assert!(Rc::strong_count(&held) > 0);
    });
    rt.emit(alice, Person::said, LONG);
    assert_eq!(panic_message(|| while !rt.deliver() {}), "at the very end");
    // Nothing is under way, so this takes effect at once.
    assert!(connection.disconnect());
    assert_eq!(Rc::strong_count(&captured), 1);
}
