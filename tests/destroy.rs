//! The end of objects: who is told, in which order, and who is spared.

mod people;

use std::cell::RefCell;
use std::rc::Rc;

use people::{Log, Person, Stone, run_posted, runtime};
use slotwire::prelude::*;
use slotwire::{Connection, MetaObject, QObject};

#[test]
fn an_object_can_destroy_itself_in_its_slot() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).mourned().on_hearing(|bob, cx, _| {
        cx.destroy_this();
        bob.log.add("bob still runs");
    }));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.connect(alice, Person::said, bob, Person::note);
    rt.emit(alice, Person::said, 1);
    assert_eq!(log.take(), ["bob hears 1", "bob still runs", "bob is gone"]);
    assert!(!rt.contains(bob));
}

#[test]
fn what_was_said_before_the_end_is_heard_and_what_is_said_after_it_is_not() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).mourned().on_hearing(|bob, cx, _| {
        bob.said.emit(1);
        cx.destroy_this();
        bob.said.emit(2);
    }));
    let carol = rt.add(Person::new("carol", &log));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.connect(bob, Person::said, carol, Person::hear);
    rt.emit(alice, Person::said, 0);
    assert_eq!(log.take(), ["bob hears 0", "carol hears 1", "bob is gone"]);
}

#[test]
fn a_sender_destroyed_in_a_slot_is_not_heard_by_the_slots_after() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(move |_, cx, _| {
        cx.destroy(alice);
    }));
    let carol = rt.add(Person::new("carol", &log));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.connect(alice, Person::said, carol, Person::hear);
    rt.emit(alice, Person::said, 1);
    assert_eq!(log.take(), ["bob hears 1"]);
    assert!(!rt.contains(alice));
}

#[test]
fn a_receiver_destroyed_in_a_slot_hears_nothing() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let dave = rt.add(Person::new("dave", &log));
    let carol = rt.add(Person::new("carol", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(move |_, cx, _| {
        cx.destroy(carol);
    }));
    for receiver in [bob, carol, dave] {
        rt.connect(alice, Person::said, receiver, Person::hear);
    }
    rt.emit(alice, Person::said, 1);
    assert_eq!(log.take(), ["bob hears 1", "dave hears 1"]);
    assert_eq!(rt[alice].said.receivers(), 2);
}

#[test]
fn the_last_words_come_before_destroyed_and_that_before_the_children_go() {
    let (mut rt, log) = (runtime(), Log::default());
    let parent = rt.add(Person::new("parent", &log).mourned().with_last_words(7));
    let children =
        ["first", "second"].map(|name| rt.add_child_of(parent, Person::new(name, &log).mourned()));
    let grandchild = rt.add_child_of(children[0], Person::new("grandchild", &log).mourned());
    let bob = rt.add(Person::new("bob", &log));
    rt.connect(parent, Person::said, bob, Person::hear);
    for person in [parent, children[0], children[1], grandchild] {
        rt.connect_destroyed(person, bob, Person::mourn);
    }
    assert!(rt.destroy(parent));
    assert_eq!(
        log.take(),
        [
            "bob hears 7",
            "bob mourns parent",
            "bob mourns first",
            "bob mourns grandchild",
            "grandchild is gone",
            "first is gone",
            "bob mourns second",
            "second is gone",
            "parent is gone",
        ]
    );
    assert_eq!(rt.len(), 1);
}

#[test]
fn connections_are_cut_before_the_children_go() {
    let (mut rt, log) = (runtime(), Log::default());
    let parent = rt.add(Person::new("parent", &log).mourned());
    let child = rt.add_child_of(parent, Person::new("child", &log).with_last_words(1));
    rt.connect(child, Person::said, parent, Person::hear);
    rt.destroy(parent);
    assert_eq!(log.take(), ["parent is gone"]);
}

#[test]
fn a_parent_hears_the_end_of_a_child_unless_it_goes_too() {
    for parent_goes in [false, true] {
        let (mut rt, log) = (runtime(), Log::default());
        let parent = rt.add(Person::new("parent", &log));
        let child = rt.add_child_of(parent, Person::new("child", &log));
        let bob = rt.add(Person::new("bob", &log));
        rt.connect_destroyed(child, parent, Person::mourn);
        rt.connect_destroyed(child, bob, Person::mourn);
        rt.destroy(if parent_goes { parent } else { child });
        let heard = log.take();
        assert!(heard.contains(&"bob mourns child".to_owned()));
        assert_eq!(heard.contains(&"parent mourns child".to_owned()), !parent_goes);
    }
}

#[test]
fn blocked_signals_do_not_keep_the_end_secret() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log).with_last_words(1));
    let bob = rt.add(Person::new("bob", &log));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.connect_destroyed(alice, bob, Person::mourn);
    rt.block_signals(alice, true);
    rt.destroy(alice);
    assert_eq!(log.take(), ["bob mourns alice"]);
}

#[test]
fn destroying_twice_is_destroying_once() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).on_noting(move |_, cx, _| {
        assert!(cx.is_dying(alice));
        assert!(!cx.destroy(alice));
    }));
    rt.connect_destroyed(alice, bob, Person::mourn);
    assert!(rt.destroy(alice));
    assert!(!rt.destroy(alice));
    assert_eq!(log.take(), ["bob mourns alice"]);
}

#[test]
fn the_end_of_a_child_can_be_the_end_of_its_parent() {
    let (mut rt, log) = (runtime(), Log::default());
    let parent = rt.add(Person::new("parent", &log).mourned());
    let child = rt.add_child_of(parent, Person::new("child", &log).mourned());
    let bob = rt.add(Person::new("bob", &log).on_noting(move |_, cx, _| {
        cx.destroy(parent);
    }));
    rt.connect_destroyed(child, bob, Person::mourn);
    rt.destroy(child);
    assert!(rt.deliver(), "everything is done");
    assert!(!rt.contains(child) && !rt.contains(parent));
    let mut gone = log.take();
    gone.sort();
    assert_eq!(gone, ["bob mourns child", "child is gone", "parent is gone"]);
}

#[test]
fn the_last_words_of_a_grandchild_can_be_the_end_of_the_whole_family() {
    let (mut rt, log) = (runtime(), Log::default());
    let grandparent = rt.add(Person::new("grandparent", &log));
    let parent = rt.add_child_of(grandparent, Person::new("parent", &log));
    let child = rt.add_child_of(parent, Person::new("child", &log).with_last_words(1));
    let bob = rt.add(Person::new("bob", &log).on_hearing(move |_, cx, _| {
        cx.destroy(grandparent);
    }));
    rt.connect(child, Person::said, bob, Person::hear);
    rt.connect_destroyed(child, bob, Person::mourn);
    rt.destroy(child);
    assert!(rt.deliver(), "everything is done");
    assert_eq!(rt.len(), 1);
    assert_eq!(log.take(), ["bob hears 1", "bob mourns child"]);
}

#[test]
fn a_child_that_finds_another_parent_in_time_is_spared() {
    let (mut rt, log) = (runtime(), Log::default());
    let parent = rt.add(Person::new("parent", &log));
    let aunt = rt.add(Person::new("aunt", &log));
    let first = rt.add_child_of(parent, Person::new("first", &log));
    let second = rt.add_child_of(parent, Person::new("second", &log));
    let third = rt.add_child_of(parent, Person::new("third", &log));
    let bob = rt.add(Person::new("bob", &log).on_noting(move |_, cx, _| {
        cx.set_parent(second, aunt);
    }));
    rt.connect_destroyed(first, bob, Person::mourn);
    rt.destroy(parent);
    assert!(rt.contains(second) && !rt.contains(first) && !rt.contains(third));
    assert_eq!(rt.parent(second), Some(aunt.erase()));
}

#[test]
fn siblings_can_destroy_each_other_at_their_end() {
    let (mut rt, log) = (runtime(), Log::default());
    let parent = rt.add(Person::new("parent", &log).mourned());
    let first = rt.add_child_of(parent, Person::new("first", &log).mourned());
    let second = rt.add_child_of(parent, Person::new("second", &log).mourned());
    let bob = rt.add(Person::new("bob", &log).on_noting(move |_, cx, _| {
        cx.destroy(second);
    }));
    rt.connect_destroyed(first, bob, Person::mourn);
    rt.destroy(parent);
    assert_eq!(
        log.take(),
        ["bob mourns first", "second is gone", "first is gone", "parent is gone"]
    );
}

#[test]
fn a_child_added_while_its_parent_goes_goes_with_it() {
    let (mut rt, log) = (runtime(), Log::default());
    let parent = rt.add(Person::new("parent", &log));
    let child = rt.add_child_of(parent, Person::new("child", &log));
    let bob = rt.add(Person::new("bob", &log).on_noting(move |bob, cx, _| {
        cx.add_child_of(parent, Person::new("late child", &bob.log).mourned());
    }));
    rt.connect_destroyed(child, bob, Person::mourn);
    rt.destroy(parent);
    assert_eq!(log.take(), ["bob mourns child", "late child is gone"]);
    assert_eq!(rt.len(), 1);
}

#[test]
fn a_connection_made_to_an_object_at_its_very_end_ends_with_it() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let parent = rt.add(Person::new("parent", &log));
    let child = rt.add_child_of(parent, Person::new("child", &log));
    let captured = Rc::new(());
    let held = captured.clone();
    let bob = rt.add(Person::new("bob", &log).on_noting(move |_, cx, _| {
        let held = held.clone();
        cx.connect_fn_on(alice, Person::said, parent, move |_, _, _| {
            assert!(Rc::strong_count(&held) == 0, "never called");
        });
    }));
    rt.connect_destroyed(child, bob, Person::mourn);
    rt.destroy(parent);
    assert_eq!(rt[alice].said.receivers(), 0);
    rt.destroy(bob);
    assert_eq!(Rc::strong_count(&captured), 1);
}

#[test]
fn a_hundred_thousand_children_go_with_their_parent_in_order() {
    let (mut rt, log) = (runtime(), Log::default());
    let parent = rt.add(Stone);
    let bob = rt.add(Person::new("bob", &log));
    for number in 0..100_000 {
        let child = rt.add_child_of(parent, Stone);
        if number % 30_000 == 0 {
            rt.set_object_name(child, number.to_string());
            rt.connect_destroyed_fn(child, {
                let log = log.clone();
                move |world, &child| log.add(world.object_name(child))
            });
        }
    }
    rt.destroy(parent);
    assert_eq!(log.take(), ["0", "30000", "60000", "90000"]);
    assert_eq!(rt.len(), 1);
    assert!(rt.contains(bob));
}

#[test]
fn a_tree_of_a_hundred_thousand_generations_goes_without_overflow() {
    let mut rt = runtime();
    let root = rt.add(Stone);
    let mut youngest = root;
    for _ in 0..100_000 {
        youngest = rt.add_child_of(youngest, Stone);
    }
    rt.destroy(root);
    assert!(rt.is_empty());
}

#[test]
fn a_runtime_with_a_deep_tree_is_dropped_without_overflow() {
    let mut rt = runtime();
    let mut youngest = rt.add(Stone);
    for _ in 0..100_000 {
        youngest = rt.add_child_of(youngest, Stone);
    }
}

#[test]
fn delete_later_waits_for_the_next_turn_and_asks_once() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).mourned().on_hearing(|_, cx, _| {
        let this = cx.this();
        assert!(cx.delete_later(this));
        assert!(cx.delete_later(this));
    }));
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.connect(alice, Person::said, bob, Person::note);
    rt.emit(alice, Person::said, 1);
    assert!(rt.contains(bob));
    run_posted(&mut rt);
    assert!(!rt.delete_later(bob));
    assert_eq!(log.take(), ["bob hears 1", "bob notes 1", "bob is gone"]);
}

#[test]
fn an_object_deleted_later_and_destroyed_before_goes_once() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log).mourned());
    rt.delete_later(alice);
    rt.destroy(alice);
    let bob = rt.add(Person::new("bob", &log));
    run_posted(&mut rt);
    assert_eq!(log.take(), ["alice is gone"]);
    assert!(rt.contains(bob));
}

#[test]
fn what_objects_say_while_the_runtime_is_dropped_leaks_nothing() {
    struct Chatty {
        captured: Rc<()>,
        said: Signal<Rc<()>>,
    }
    static CHATTY: MetaObject = MetaObject::new("Chatty");
    impl QObject for Chatty {
        fn static_meta_object() -> &'static MetaObject {
            &CHATTY
        }
        fn meta_object(&self) -> &'static MetaObject {
            &CHATTY
        }
    }
    impl Drop for Chatty {
        fn drop(&mut self) {
            self.said.emit(self.captured.clone());
        }
    }
    let captured = Rc::new(());
    let mut rt = runtime();
    let chatty = rt.add(Chatty { captured: captured.clone(), said: Signal::new() });
    rt.connect_fn(chatty, |chatty| &chatty.said, |_, _| ());
    drop(rt);
    assert_eq!(Rc::strong_count(&captured), 1);
}

#[test]
fn an_object_that_hears_itself_goes_with_its_runtime() {
    let log = Log::default();
    let mut rt = runtime();
    let narcissus = rt.add(Person::new("narcissus", &log));
    rt.connect(narcissus, Person::said, narcissus, Person::hear);
    let held = Rc::new(());
    let guest = held.clone();
    rt.connect_fn_on(narcissus, Person::said, narcissus, move |_, _, _| {
        let _ = &guest;
    });
    drop(rt);
    assert_eq!(Rc::strong_count(&held), 1);
}

/// Emits its last word by a signal that it shares with another object.
struct Ghost(Rc<Signal<u32>>);

static GHOST: MetaObject = MetaObject::new("Ghost");

impl QObject for Ghost {
    fn static_meta_object() -> &'static MetaObject {
        &GHOST
    }

    fn meta_object(&self) -> &'static MetaObject {
        &GHOST
    }

    fn leave_runtime(&mut self) {
        self.0.emit(1);
    }
}

impl Ghost {
    fn haunted(&self) -> &Signal<u32> {
        &self.0
    }
}

#[test]
fn a_slot_that_hears_the_last_word_of_an_object_can_still_connect_to_its_end() {
    let (mut rt, log) = (runtime(), Log::default());
    let signal = Rc::new(Signal::new());
    let house = rt.add(Ghost(signal.clone()));
    let ghost = rt.add(Ghost(signal));
    let heard = log.clone();
    rt.connect_fn(house, Ghost::haunted, move |world, _| {
        let heard = heard.clone();
        world.connect_destroyed_fn(ghost, move |_, _| heard.add("destroyed"));
    });
    rt.destroy(ghost);
    assert_eq!(log.take(), ["destroyed"]);
}

/// Notes as it goes whether a connection is still there.
#[derive(QObject)]
struct Witness {
    connection: Rc<RefCell<Option<Connection>>>,
    log: Log,
}

impl Witness {
    fn hear(&mut self, _: u32) {}
}

impl Drop for Witness {
    fn drop(&mut self) {
        let is_connected = self.connection.borrow().as_ref().map(Connection::is_connected);
        self.log.add(format!("connected: {is_connected:?}"));
    }
}

#[test]
fn a_connection_that_waits_for_its_sender_ends_with_its_receiver() {
    let (mut rt, log) = (runtime(), Log::default());
    let connection = Rc::new(RefCell::new(None));
    let witness = rt.add(Witness { connection: connection.clone(), log: log.clone() });
    let failed: Result<Obj<Person>, ()> = rt.try_add_with(|cx| {
        let this = cx.this();
        let awaited = cx.connect(this, Person::said, witness, Witness::hear);
        connection.replace(Some(awaited));
        cx.destroy(witness);
        Err(())
    });
    assert!(failed.is_err());
    rt.deliver();
    assert_eq!(log.take(), ["connected: Some(false)"]);
}

#[test]
fn what_was_captured_finds_all_connections_of_its_receiver_closed() {
    let (mut rt, log) = (runtime(), Log::default());
    let [alice, bob] = ["alice", "bob"].map(|name| rt.add(Person::new(name, &log)));
    let first = rt.connect(alice, Person::said, bob, Person::hear);
    let connection = Rc::new(RefCell::new(Some(first)));
    let witness = Witness { connection, log: log.clone() };
    rt.connect_fn_on(alice, Person::said, bob, move |_, _, _| {
        let _ = &witness;
    });
    rt.destroy(bob);
    assert_eq!(log.take(), ["connected: Some(false)"]);
}

#[test]
fn an_argument_that_nobody_heard_goes_with_the_runtime_though_it_holds_its_signal() {
    /// An argument that keeps the signal alive by which it is emitted.
    #[derive(Clone)]
    struct Holder {
        _signal: Rc<Signal<Holder>>,
        _token: Rc<()>,
    }

    #[derive(QObject)]
    struct Sender {
        signal: Rc<Signal<Holder>>,
    }

    let mut rt = runtime();
    let (token, signal) = (Rc::new(()), Rc::new(Signal::new()));
    let sender = rt.add(Sender { signal: signal.clone() });
    rt.connect_fn(sender, |sender: &Sender| &sender.signal, |_, _| ());
    signal.emit(Holder { _signal: signal.clone(), _token: token.clone() });
    drop((signal, rt));
    assert_eq!(Rc::strong_count(&token), 1);
}
