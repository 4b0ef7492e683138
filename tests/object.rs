//! Objects and their handles: who can be reached, when, and what the others are told.

mod people;

use people::{Log, Person, Stone, panic_message, runtime};
use slotwire::prelude::*;
use slotwire::{MetaObject, QObject};

#[test]
fn an_object_is_where_its_handle_says() {
    let (mut rt, log) = (runtime(), Log::default());
    assert!(rt.is_empty());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log));
    assert!(!rt.is_empty());
    assert_eq!(rt[alice].name, "alice");
    rt[bob].name = "robert";
    assert_eq!(rt.get(bob).map(|bob| bob.name), Some("robert"));
    assert_eq!(rt.len(), 2);
    assert!(rt.contains(alice) && alice != bob);
}

#[test]
fn a_stale_handle_finds_nothing_and_says_so() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    assert!(rt.destroy(alice));
    assert!(rt.get(alice).is_none() && rt.get_mut(alice).is_none() && !rt.contains(alice));
    assert!(rt.with(alice, |_, _| ()).is_none());
    assert!(!rt.destroy(alice) && !rt.delete_later(alice));
    let message = panic_message(|| rt[alice].name);
    assert_eq!(message, "Obj<Person> 1v1 is stale: its object was destroyed");
}

#[test]
fn a_stale_handle_never_finds_who_came_after() {
    let (mut rt, log) = (runtime(), Log::default());
    let mut handles = Vec::new();
    for _ in 0..100 {
        let person = rt.add(Person::new("somebody", &log));
        rt.destroy(person);
        handles.push(person);
    }
    rt.add(Person::new("the last", &log));
    assert!(handles.iter().all(|&handle| rt.get(handle).is_none()));
}

#[test]
fn a_handle_of_another_runtime_is_caught() {
    let (mut rt, mut other, log) = (runtime(), runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = other.add(Person::new("bob", &log));
    assert_ne!(alice, bob);
    assert!(rt.get(bob).is_none() && !rt.contains(bob) && !rt.destroy(bob));
    assert!(rt.pair(alice, bob).is_none());
    let message = panic_message(|| rt[bob].name);
    assert_eq!(message, "Obj<Person> 1v1 is a handle of another runtime");
    assert!(other.contains(bob));
}

#[test]
fn a_running_object_is_busy_to_everybody_but_itself() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log));
    rt.with(alice, |_, cx| {
        assert_eq!(cx.this(), alice);
        assert!(cx.contains(alice));
        assert!(cx.get(alice).is_none() && cx.get_mut(alice).is_none());
        assert!(cx.with(alice, |_, _| ()).is_none());
        assert!(cx.pair(alice, bob).is_none());
        let inner = cx.with(bob, |_, cx| cx.get(alice).is_none() && cx.get(bob).is_none());
        assert_eq!(inner, Some(true));
        assert!(cx.get(bob).is_some());
    });
    let message = panic_message(|| rt.with(alice, |_, cx| cx[alice].name));
    assert_eq!(
        message,
        "Obj<Person> 1v1 is busy: one of its methods is running further up the call chain; use \
         `self` there, or `later`"
    );
}

#[test]
fn a_pair_is_two_different_objects() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let stone = rt.add(Stone);
    let (person, _) = rt.pair(alice, stone).unwrap();
    assert_eq!(person.name, "alice");
    assert!(rt.pair(alice, alice).is_none());
    rt.destroy(stone);
    assert!(rt.pair(alice, stone).is_none());
}

#[test]
fn with_calls_at_once_and_gives_back_what_the_method_returns() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log));
    rt.connect(bob, Person::said, alice, Person::hear);
    let name = rt.with(alice, |alice, cx| {
        let name = cx.with(bob, |bob, _| {
            bob.said.emit(1);
            bob.name
        });
        alice.log.add("alice is done");
        name
    });
    assert_eq!(name, Some(Some("bob")));
    assert_eq!(log.take(), ["alice is done", "alice hears 1"]);
}

#[test]
fn later_runs_when_the_method_has_returned_and_before_the_next_slot() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let carol = rt.add(Person::new("carol", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(move |bob, cx, _| {
        let this = cx.this();
        cx.later(this, |bob, cx| {
            let this = cx.this();
            bob.log.add("first");
            cx.later(this, |bob, _| bob.log.add("what the first does"));
        });
        cx.later(this, |bob, _| bob.log.add("second"));
        bob.log.add("bob is done");
    }));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.connect(alice, Person::said, carol, Person::hear);
    rt.emit(alice, Person::said, 1);
    assert_eq!(
        log.take(),
        ["bob hears 1", "bob is done", "first", "what the first does", "second", "carol hears 1"]
    );
}

#[test]
fn later_does_nothing_for_an_object_that_is_gone_by_then() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log));
    rt.with(alice, |_, cx| {
        cx.destroy(bob);
        cx.later(bob, |_, _| unreachable!("bob is gone"));
    });
    assert!(!rt.contains(bob));
}

#[test]
fn a_constructor_has_a_handle_and_children_already() {
    let (mut rt, log) = (runtime(), Log::default());
    let mut own = None;
    let alice = rt.add_with(|cx| {
        own = Some(cx.this());
        assert!(cx.contains(cx.this()) && cx.get(cx.this()).is_none());
        cx.add_child(Stone);
        cx.add_child_with(|_| Person::new("child", &log));
        Person::new("alice", &log)
    });
    assert_eq!(own, Some(alice));
    assert_eq!(rt.children(alice).count(), 2);
}

#[test]
fn a_constructor_that_fails_leaves_neither_object_nor_children() {
    let mut rt = runtime();
    let mut own = None;
    let made: Result<Obj<Stone>, _> = rt.try_add_with(|cx| {
        own = Some(cx.this());
        cx.add_child(Stone);
        Err("no")
    });
    assert_eq!(made, Err("no"));
    rt.deliver();
    assert!(rt.is_empty() && !rt.contains(own.unwrap()));
}

#[test]
fn a_child_whose_constructor_fails_leaves_its_parent_as_it_was() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let make = |result: Result<Stone, &'static str>| {
        move |cx: &mut Context<'_, Stone>| {
            cx.add_child(Stone);
            result
        }
    };
    rt.with(alice, |_, cx| {
        let child = cx.try_add_child_with(make(Ok(Stone))).unwrap();
        assert_eq!(cx.parent(child), Some(alice.erase()));
        assert_eq!(cx.try_add_child_with(make(Err("no"))), Err("no"));
    });
    assert_eq!(rt.children(alice).count(), 1);
    let child = rt.try_add_child_of_with(alice, make(Ok(Stone))).unwrap();
    assert_eq!(rt.parent(child), Some(alice.erase()));
    assert_eq!(rt.try_add_child_of_with(alice, make(Err("no"))), Err("no"));
    rt.deliver();
    assert_eq!((rt.children(alice).count(), rt.len()), (2, 5));
}

#[test]
fn a_constructor_that_fails_in_a_slot_costs_nobody_else_anything() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(|bob, cx, _| {
        let made: Result<Obj<Stone>, _> = cx.try_add_with(|cx| {
            cx.add_child(Stone);
            Err("no")
        });
        bob.log.add(made.unwrap_err());
    }));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.emit(alice, Person::said, 1);
    assert_eq!(log.take(), ["bob hears 1", "no"]);
    assert_eq!(rt.len(), 2);
}

#[test]
fn an_erased_handle_finds_its_class_again_and_no_other() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let stone = rt.add(Stone);
    let any: [Obj<dyn QObject>; 2] = [alice.upcast(), stone.erase()];
    assert_eq!(any[0], alice);
    assert_eq!(any.map(|object| rt[object].meta_object().class_name()), ["Person", "Stone"]);
    assert_eq!(any.map(|object| rt.downcast::<Person>(object)), [Some(alice), None]);
    assert_eq!(any.map(|object| rt.downcast::<Stone>(object)), [None, Some(stone)]);
    rt.destroy(stone);
    assert_eq!(rt.downcast::<Stone>(any[1]), None);
}

trait Weighed: QObject {
    fn grams(&self) -> u32;
    fn lighten(&mut self);
}
slotwire::object_trait!(Weighed);

/// A class that extends a stone.
struct Gem {
    stone: Stone,
    grams: u32,
}

static GEM: MetaObject = MetaObject::new("Gem");

impl QObject for Gem {
    fn static_meta_object() -> &'static MetaObject {
        &GEM
    }

    fn meta_object(&self) -> &'static MetaObject {
        &GEM
    }

    fn base(&self) -> Option<&dyn QObject> {
        Some(&self.stone)
    }

    fn base_mut(&mut self) -> Option<&mut dyn QObject> {
        Some(&mut self.stone)
    }
}

impl Weighed for Gem {
    fn grams(&self) -> u32 {
        self.grams
    }

    fn lighten(&mut self) {
        self.grams -= 1;
    }
}

#[test]
fn a_handle_to_a_trait_reaches_the_object() {
    let mut rt = runtime();
    let gem = rt.add(Gem { stone: Stone, grams: 5 });
    let weighed: Obj<dyn Weighed> = gem.upcast();
    rt[weighed].lighten();
    assert_eq!(rt[weighed].grams(), 4);
    assert_eq!(weighed, gem);
    rt.destroy(weighed);
    assert!(!rt.contains(gem) && rt.get(weighed).is_none());
    let message = panic_message(|| rt[weighed].grams());
    assert_eq!(message, "Obj<Weighed> 1v1 is stale: its object was destroyed");
}

#[test]
fn an_object_is_also_one_of_the_class_that_it_extends() {
    let mut rt = runtime();
    let gem = rt.add(Gem { stone: Stone, grams: 5 });
    let stone = rt.downcast::<Stone>(gem).unwrap();
    assert_eq!(stone, gem);
    assert!(rt.get(stone).is_some());
    assert!(rt.with(stone, |_: &mut Stone, cx| cx.get(gem).is_none()).unwrap());
    let plain = rt.add(Stone);
    assert_eq!(rt.downcast::<Gem>(plain), None);
}

#[test]
fn an_object_remembers_what_its_class_does_not_declare() {
    let mut rt = runtime();
    let stone = rt.add(Stone);
    let names = |rt: &Runtime| rt.dynamic_property_names(stone).collect::<Vec<_>>().join(" ");
    assert!(!rt.remove_property(stone, "colour"), "it never had one");
    assert_eq!(rt.set_property(stone, "colour", "grey"), Ok(false));
    assert_eq!(rt.set_property(stone, "grams", 5_u32), Ok(false));
    assert_eq!(rt.set_property(stone, "colour", "black"), Ok(false));
    assert_eq!(names(&rt), "colour grams");
    assert_eq!(rt.property(stone, "colour"), Some("black"));
    assert_eq!(rt.property::<i64>(stone, "grams"), None, "it is of another type");
    assert!(!rt.remove_property(stone, "shape"));
    assert!(rt.remove_property(stone, "colour"));
    assert!(!rt.remove_property(stone, "colour"), "it is gone");
    assert_eq!(rt.property::<&str>(stone, "colour"), None);
    assert_eq!(names(&rt), "grams");
}

#[test]
fn handles_go_into_sets_and_say_who_they_are() {
    let mut rt = runtime();
    let stones = [rt.add(Stone), rt.add(Stone)];
    let set: std::collections::HashSet<_> = stones.into_iter().chain(stones).collect();
    assert_eq!(set.len(), 2);
    assert_eq!(
        format!("{:?} {:?}", stones[1], stones[1].erase()),
        "Obj<Stone> 2v1 Obj<QObject> 2v1"
    );
}

#[test]
fn handles_have_the_order_of_their_numbers() {
    let mut rt = runtime();
    let stones: Vec<_> = (0..5).map(|_| rt.add(Stone)).collect();
    assert!(stones.is_sorted(), "objects that are added one after the other");
    rt.destroy(stones[2]);
    let late = rt.add(Stone);
    assert_ne!(late, stones[2]);
    assert!(stones[2] < late && late < stones[3], "{late:?} takes the place of a gone object");

    let mut names = std::collections::BTreeMap::from([(late, "late")]);
    names.extend(stones.into_iter().zip(["a", "b", "c", "d", "e"]).rev());
    assert_eq!(names.into_values().collect::<Vec<_>>(), ["a", "b", "c", "late", "d", "e"]);
}

#[test]
fn handles_of_one_object_are_equal_and_in_order_whatever_their_types() {
    let mut rt = runtime();
    let [one, two] = [rt.add(Stone), rt.add(Stone)];
    assert!(one.erase() <= one && one <= one.erase());
    assert!(one.erase() < two && one < two.erase());
    let mut other = runtime();
    let foreign = other.add(Stone);
    assert!(two < foreign, "the handles of the runtime that was created first come first");
}

#[test]
fn handles_may_cross_threads() {
    fn crosses<T: Send + Sync + Copy>() {}
    crosses::<Obj<Stone>>();
    crosses::<Obj<dyn QObject>>();
    crosses::<Obj<dyn QIODevice>>();
}
