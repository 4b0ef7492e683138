//! When a call takes effect: when the running method has returned, and at once where none runs. The
//! same line means the same whatever it is written on: a runtime, a world or a context.

mod people;

use people::{Log, Parrot, panic_message, parrots};
use slotwire::prelude::*;

/// What somebody writes who knows nothing of where it is called from.
fn say(world: &mut World, parrot: Obj<Parrot>, word: u32) {
    world.emit(parrot, Parrot::said, word);
}

fn heard(world: &World, [_, listener]: [Obj<Parrot>; 2]) -> &[u32] {
    &world[listener].heard
}

#[test]
fn an_emission_is_delivered_at_once_where_no_method_runs() {
    let mut rt = people::runtime();
    let pair = parrots(&mut rt);
    say(&mut rt, pair[0], 1);
    assert_eq!(heard(&rt, pair), [1]);
    rt.emit(pair[0], Parrot::said, 2);
    assert_eq!(heard(&rt, pair), [1, 2]);
}

#[test]
fn an_emission_waits_for_the_end_of_the_method_that_runs() {
    let mut rt = people::runtime();
    let pair = parrots(&mut rt);
    let other = rt.add(Parrot::default());
    rt.with(other, |_, cx| {
        say(cx, pair[0], 1);
        assert_eq!(heard(cx, pair), []);
        // A method within the method ends nothing.
        let child = cx.add_child(Parrot::default());
        cx.with(child, |_, cx| say(cx, pair[0], 2));
        assert_eq!(heard(cx, pair), []);
    });
    assert_eq!(heard(&rt, pair), [1, 2]);
}

#[test]
fn what_was_recorded_before_is_delivered_before_what_is_done_at_once() {
    let mut rt = people::runtime();
    let pair = parrots(&mut rt);
    rt[pair[0]].said().emit(1);
    assert_eq!(heard(&rt, pair), []);
    say(&mut rt, pair[0], 2);
    assert_eq!(heard(&rt, pair), [1, 2]);
    rt[pair[0]].said().emit(3);
    let world: &mut World = &mut rt;
    assert_eq!(world.with(pair[1], |parrot, _| parrot.heard.clone()).unwrap(), [1, 2, 3]);
}

#[test]
fn an_object_is_destroyed_at_once_or_when_the_method_has_returned() {
    let mut rt = people::runtime();
    let [first, second] = parrots(&mut rt);
    let world: &mut World = &mut rt;
    assert!(world.destroy(first) && !world.contains(first));
    rt.with(second, |_, cx| {
        assert!(cx.destroy(second) && cx.contains(second));
        assert!(cx.destroy(second), "it is still there");
    });
    assert!(!rt.contains(second) && !rt.destroy(second));
}

#[test]
fn with_is_a_method_of_its_own_where_none_runs() {
    let mut rt = people::runtime();
    let pair = parrots(&mut rt);
    let world: &mut World = &mut rt;
    let seen = world.with(pair[0], |parrot, cx| {
        parrot.said.emit(1);
        heard(cx, pair).len()
    });
    assert_eq!((seen, heard(&rt, pair)), (Some(0), &[1][..]));
}

#[test]
fn a_constructor_is_a_method_and_its_object_can_be_connected_to_before_it_is_heard() {
    let mut rt = people::runtime();
    let pair = parrots(&mut rt);
    let doomed = rt.add(Parrot::default());
    let made = rt.add_with(|cx| {
        let pet = cx.add_child(Parrot::default());
        cx.connect(pet, Parrot::said, pair[1], Parrot::hear);
        say(cx, pet, 1);
        say(cx, pair[0], 2);
        cx.with(pet, |pet, _| pet.said.emit(3));
        assert!(cx.destroy(doomed) && cx.contains(doomed));
        assert_eq!(heard(cx, pair), []);
        Parrot::default()
    });
    assert_eq!(heard(&rt, pair), []);
    rt.connect(made, Parrot::said, pair[1], Parrot::hear);
    rt.emit(made, Parrot::said, 4);
    assert_eq!(heard(&rt, pair), [1, 2, 3, 4]);
    assert!(!rt.contains(doomed));
}

#[test]
fn after_a_constructor_that_fails_or_panics_no_method_runs() {
    let mut rt = people::runtime();
    let pair = parrots(&mut rt);
    let failed = rt.try_add_with(|cx| {
        say(cx, pair[0], 1);
        Err::<Parrot, _>("no")
    });
    assert_eq!(failed, Err("no"));
    say(&mut rt, pair[0], 2);
    assert_eq!(heard(&rt, pair), [1, 2]);
    panic_message(|| rt.add_with(|_| -> Parrot { panic!("no parrot") }));
    say(&mut rt, pair[0], 3);
    assert_eq!((heard(&rt, pair), rt.len()), (&[1, 2, 3][..], 2));
}

#[test]
fn a_change_that_is_made_by_name_is_heard_at_once_where_no_method_runs() {
    #[derive(QObject, Default)]
    struct Lamp {
        #[property]
        is_on: Property<bool>,
    }

    let mut rt = people::runtime();
    let lamp = rt.add(Lamp::default());
    let (changes, names) = (rt.spy(lamp, Lamp::is_on_changed), Log::default());
    let noted = names.clone();
    rt.connect_object_name_changed_fn(lamp, move |_, name| noted.add(name));
    rt.set_property(lamp, "is_on", true).unwrap();
    rt.set_object_name(lamp, "desk");
    assert_eq!((changes.take(), names.take()), (vec![true], vec!["desk".to_owned()]));
}
