//! The tree: who goes with whom, and who is found below whom.

mod people;

use people::{Log, Person, Stone, panic_message, runtime};
use slotwire::prelude::*;

/// What `rt.children` gives, as stones.
fn children(rt: &Runtime, parent: Obj<Stone>) -> Vec<Obj<Stone>> {
    rt.children(parent).filter_map(|child| rt.downcast(child)).collect()
}

#[test]
fn children_are_kept_in_the_order_in_which_they_were_added() {
    let mut rt = runtime();
    let parent = rt.add(Stone);
    let kids: Vec<_> = (0..4).map(|_| rt.add_child_of(parent, Stone)).collect();
    assert_eq!(children(&rt, parent), kids);
    assert!(kids.iter().all(|&kid| rt.parent(kid) == Some(parent.erase())));
    assert_eq!(rt.parent(parent), None);
}

#[test]
fn a_child_leaves_the_row_wherever_it_stands() {
    for leaving in 0..3 {
        let mut rt = runtime();
        let parent = rt.add(Stone);
        let mut kids: Vec<_> = (0..3).map(|_| rt.add_child_of(parent, Stone)).collect();
        rt.destroy(kids[leaving]);
        kids.remove(leaving);
        assert_eq!(children(&rt, parent), kids);
        kids.push(rt.add_child_of(parent, Stone));
        assert_eq!(children(&rt, parent), kids);
    }
}

#[test]
fn a_child_that_changes_its_parent_is_the_last_there() {
    let mut rt = runtime();
    let [old, new] = [rt.add(Stone), rt.add(Stone)];
    let [first, second] = [rt.add_child_of(old, Stone), rt.add_child_of(old, Stone)];
    let other = rt.add_child_of(new, Stone);
    rt.set_parent(first, new);
    assert_eq!(children(&rt, old), [second]);
    assert_eq!(children(&rt, new), [other, first]);
    rt.destroy(old);
    assert!(rt.contains(first) && !rt.contains(second));
}

#[test]
fn setting_the_parent_that_one_has_changes_nothing() {
    let mut rt = runtime();
    let parent = rt.add(Stone);
    let kids = [rt.add_child_of(parent, Stone), rt.add_child_of(parent, Stone)];
    rt.set_parent(kids[0], parent);
    assert_eq!(children(&rt, parent), kids);
}

#[test]
fn an_object_without_parent_outlives_the_one_it_had() {
    let mut rt = runtime();
    let parent = rt.add(Stone);
    let [stays, goes] = [rt.add_child_of(parent, Stone), rt.add_child_of(parent, Stone)];
    rt.clear_parent(stays);
    rt.destroy(parent);
    assert!(rt.contains(stays) && !rt.contains(goes));
    assert_eq!(rt.parent(stays), None);
}

#[test]
fn a_tree_has_no_circles() {
    let mut rt = runtime();
    let root = rt.add(Stone);
    let child = rt.add_child_of(root, Stone);
    let grandchild = rt.add_child_of(child, Stone);
    for below in [root, child, grandchild] {
        let message = panic_message(|| rt.set_parent(root, below));
        assert_eq!(message, "Obj<Stone> 1v1 cannot be made a child of itself or its descendant");
    }
    assert_eq!(children(&rt, root), [child]);
    assert_eq!(rt.parent(root), None);
}

#[test]
fn a_stale_parent_takes_no_children() {
    let mut rt = runtime();
    let [gone, stone] = [rt.add(Stone), rt.add(Stone)];
    rt.destroy(gone);
    for message in [
        panic_message(|| rt.add_child_of(gone, Stone)),
        panic_message(|| rt.set_parent(stone, gone)),
        panic_message(|| rt.set_parent(gone, stone)),
    ] {
        assert_eq!(message, "Obj<Stone> 1v1 is stale: its object was destroyed");
    }
    assert_eq!(rt.len(), 1);
    assert_eq!(rt.children(gone).count(), 0);
    assert_eq!(rt.parent(gone), None);
}

#[test]
fn a_running_object_changes_the_tree_around_itself() {
    let (mut rt, log) = (runtime(), Log::default());
    let parent = rt.add(Person::new("parent", &log));
    let child = rt.add_child_of(parent, Person::new("child", &log));
    rt.with(child, |_, cx| {
        assert_eq!(cx.parent(child), Some(parent.erase()));
        cx.clear_parent(child);
        cx.set_parent(parent, child);
        cx.add_child(Stone);
    });
    assert_eq!(rt.children(child).next(), Some(parent.erase()));
    rt.destroy(child);
    assert!(rt.is_empty());
}

#[test]
fn descendants_are_found_depth_first_by_class_and_name() {
    let (mut rt, log) = (runtime(), Log::default());
    let root = rt.add(Stone);
    let left = rt.add_child_of(root, Stone);
    let right = rt.add_child_of(root, Stone);
    let below_left = rt.add_child_of(left, Stone);
    let person = rt.add_child_of(below_left, Person::new("person", &log));
    let below_right = rt.add_child_of(right, Stone);
    rt.add(Stone);
    for stone in [below_left, right] {
        rt.set_object_name(stone, "marked");
    }
    assert_eq!(rt.find_children::<Stone>(root, None), [left, below_left, right, below_right]);
    assert_eq!(rt.find_children::<Stone>(root, "marked"), [below_left, right]);
    assert_eq!(rt.find_child::<Stone>(root, "marked"), Some(right), "the nearest, as in Qt");
    assert_eq!(rt.find_child::<Stone>(left, None), Some(below_left));
    assert_eq!(rt.find_child::<Person>(root, None), Some(person));
    assert_eq!(rt.find_child::<Person>(right, None), None);
    assert_eq!(rt.find_child::<Stone>(person, None), None);
}

#[test]
fn objects_are_found_by_a_pattern_of_their_names() {
    let (mut rt, log) = (runtime(), Log::default());
    let root = rt.add(Stone);
    let [one, two] = [rt.add_child_of(root, Stone), rt.add_child_of(root, Stone)];
    let below = rt.add_child_of(one, Stone);
    let person = rt.add_child_of(root, Person::new("person", &log));
    rt.set_object_name(one, "wall 1");
    rt.set_object_name(below, "wall 2");
    rt.set_object_name(person, "wall 3");
    let wall = |name: &str| name.starts_with("wall");
    assert_eq!(rt.find_children::<Stone>(root, wall), [one, below]);
    assert_eq!(rt.find_children::<Stone>(root, |name: &str| name.is_empty()), [two]);
    assert_eq!(rt.find_child::<Stone>(root, |name: &str| name.ends_with('2')), Some(below));
    assert_eq!(rt.find_child::<Person>(root, wall), Some(person));
    assert_eq!(rt.find_child::<Stone>(root, &format!("wall {}", 2)), Some(below));
    assert_eq!(rt.find_child::<Stone>(root, Some("wall 2")), Some(below));
    assert_eq!(rt.find_child::<Stone>(two, wall), None);
    // Only objects of the class are asked for their names.
    let asked = Log::default();
    rt.find_children::<Person>(root, |name: &str| {
        asked.add(name);
        true
    });
    assert_eq!(asked.take(), ["wall 3"]);
}

#[test]
fn direct_children_are_found_without_those_below() {
    let (mut rt, log) = (runtime(), Log::default());
    let root = rt.add(Stone);
    let [one, two] = [rt.add_child_of(root, Stone), rt.add_child_of(root, Stone)];
    let below = rt.add_child_of(one, Stone);
    let person = rt.add_child_of(one, Person::new("person", &log));
    for stone in [two, below] {
        rt.set_object_name(stone, "marked");
    }
    assert_eq!(rt.find_direct_children::<Stone>(root, None), [one, two]);
    assert_eq!(rt.find_direct_children::<Stone>(root, "marked"), [two]);
    assert!(rt.find_direct_children::<Person>(root, None).is_empty());
    assert_eq!(rt.find_direct_child::<Stone>(root, None), Some(one));
    assert_eq!(rt.find_direct_child::<Stone>(root, "marked"), Some(two));
    assert_eq!(rt.find_direct_child::<Person>(root, None), None);
    assert_eq!(rt.find_direct_child::<Person>(one, None), Some(person));
    rt.destroy(root);
    assert_eq!(rt.find_direct_child::<Stone>(root, None), None);
    assert_eq!(rt.find_child::<Stone>(root, None), None);
}

#[test]
fn a_name_is_announced_when_it_changes() {
    let (mut rt, log) = (runtime(), Log::default());
    let stone = rt.add(Stone);
    assert_eq!(rt.object_name(stone), "");
    let heard = log.clone();
    rt.connect_object_name_changed_fn(stone, move |_, name| heard.add(name));
    rt.set_object_name(stone, "pebble");
    rt.set_object_name(stone, "pebble");
    rt.set_object_name(stone, "rock");
    rt.deliver();
    assert_eq!(log.take(), ["pebble", "rock"]);
    assert_eq!(rt.object_name(stone), "rock");
    rt.destroy(stone);
    assert_eq!(rt.object_name(stone), "");
}

#[test]
fn a_tree_is_dumped_from_where_one_asks() {
    let (mut rt, log) = (runtime(), Log::default());
    let root = rt.add(Stone);
    let child = rt.add_child_of(root, Person::new("child", &log));
    rt.add_child_of(child, Stone);
    rt.add_child_of(root, Stone);
    rt.set_object_name(child, "kid");
    assert_eq!(rt.dump_object_tree(child), "Person 2v1 \"kid\"\n    Stone 3v1\n");
    assert_eq!(
        rt.dump_object_tree(root),
        "Stone 1v1\n    Person 2v1 \"kid\"\n        Stone 3v1\n    Stone 4v1\n"
    );
    rt.destroy(root);
    assert_eq!(rt.dump_object_tree(root), "");
}
