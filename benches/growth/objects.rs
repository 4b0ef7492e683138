//! Works on objects and their families, beside so many others.

use std::hint::black_box;

use slotwire::prelude::*;

use crate::work::{MOST, Work};

pub(crate) fn works() -> Vec<Work> {
    vec![
        Work::new("add_destroy", add_destroy),
        Work::new("add_with_destroy", add_with_destroy),
        Work::new("add_child_destroy", add_child_destroy),
        Work::new("destroy_child", destroy_child),
        Work::new("destroy_parent", destroy_parent).by_size(),
        Work::new("delete_later", delete_later),
        Work::new("set_parent", set_parent),
        Work::new("set_parent_deep", set_parent_deep),
        Work::new("set_parent_of_parent_deep", set_parent_of_parent_deep),
        Work::new("parent", parent),
        Work::new("children", children).by_size(),
        Work::new("first_of_children", first_of_children),
        Work::new("find_child", find_child),
        Work::new("find_child_last", find_child_last),
        Work::new("find_direct_child_last", find_direct_child_last),
        Work::new("set_object_name", set_object_name),
        Work::new("with", with),
    ]
}

/// An object without fields.
#[derive(QObject, Default)]
struct Plain {}

/// A parent with so many children.
struct Family {
    rt: Runtime,
    parent: Obj<Plain>,
    children: Vec<Obj<Plain>>,
}

impl Family {
    fn of(size: usize) -> Self {
        let mut rt = Runtime::new().expect("a poller");
        let parent = rt.add(Plain::default());
        let children = (0..size).map(|_| rt.add_child_of(parent, Plain::default())).collect();
        Self { rt, parent, children }
    }

    /// The children are named by their numbers.
    fn named(size: usize) -> Self {
        let mut family = Self::of(size);
        for (number, &child) in family.children.iter().enumerate() {
            family.rt.set_object_name(child, number.to_string());
        }
        family
    }

    /// Each child is the parent of the next one.
    fn in_line(size: usize) -> Self {
        let mut rt = Runtime::new().expect("a poller");
        let parent = rt.add(Plain::default());
        let mut last = parent;
        let mut add = |_| {
            last = rt.add_child_of(last, Plain::default());
            last
        };
        let children = (0..size).map(&mut add).collect();
        Self { rt, parent, children }
    }
}

fn add_destroy(size: usize, count: usize) {
    let Family { mut rt, .. } = Family::of(size);
    for _ in 0..count {
        let object = rt.add(Plain::default());
        rt.destroy(object);
    }
}

fn add_with_destroy(size: usize, count: usize) {
    let Family { mut rt, .. } = Family::of(size);
    for _ in 0..count {
        let object = rt.add_with(|_| Plain::default());
        rt.destroy(object);
    }
}

fn add_child_destroy(size: usize, count: usize) {
    let Family { mut rt, parent, .. } = Family::of(size);
    for _ in 0..count {
        let object = rt.add_child_of(parent, Plain::default());
        rt.destroy(object);
    }
}

/// A child out of the midst of its siblings.
fn destroy_child(size: usize, count: usize) {
    let Family { mut rt, children, .. } = Family::of(size);
    for &child in &children[size / 4..][..count] {
        rt.destroy(child);
    }
    std::mem::forget(rt);
}

/// A parent with all its children. For each of them.
fn destroy_parent(size: usize, count: usize) {
    let mut families: Vec<_> = (0..3).map(|_| Family::of(size)).collect();
    for family in &mut families[..count] {
        family.rt.destroy(family.parent);
    }
    std::mem::forget(families);
}

/// Beside so many that were asked for. None is carried out.
fn delete_later(size: usize, count: usize) {
    let Family { mut rt, children, .. } = Family::of(size + MOST);
    for &child in &children[..size + count] {
        rt.delete_later(child);
    }
    std::mem::forget(rt);
}

/// Out of the midst of so many siblings, to be the last of as many others.
fn set_parent(size: usize, count: usize) {
    let Family { mut rt, children, .. } = Family::of(size);
    let other = rt.add(Plain::default());
    for _ in 0..size {
        rt.add_child_of(other, Plain::default());
    }
    for &child in &children[size / 4..][..count] {
        rt.set_parent(child, other);
    }
    std::mem::forget(rt);
}

/// To a parent that has so many ancestors, and away again.
fn set_parent_deep(size: usize, count: usize) {
    let Family { mut rt, children, .. } = Family::in_line(size);
    let object = rt.add(Plain::default());
    for _ in 0..count {
        rt.set_parent(object, children[size - 1]);
        rt.clear_parent(object);
    }
}

/// The same for an object that has a child itself.
fn set_parent_of_parent_deep(size: usize, count: usize) {
    let Family { mut rt, children, .. } = Family::in_line(size);
    let object = rt.add(Plain::default());
    rt.add_child_of(object, Plain::default());
    for _ in 0..count {
        rt.set_parent(object, children[size - 1]);
        rt.clear_parent(object);
    }
}

fn parent(size: usize, count: usize) {
    let Family { rt, children, .. } = Family::of(size);
    for &child in &children[size / 4..][..count] {
        black_box(rt.parent(child));
    }
}

/// For each child.
fn children(size: usize, count: usize) {
    let Family { rt, parent, .. } = Family::of(size);
    for _ in 0..count {
        for child in rt.children(parent) {
            black_box(child);
        }
    }
}

fn first_of_children(size: usize, count: usize) {
    let Family { rt, parent, .. } = Family::of(size);
    for _ in 0..count {
        black_box(rt.children(parent).next());
    }
}

/// The first child.
fn find_child(size: usize, count: usize) {
    let Family { rt, parent, .. } = Family::named(size);
    for _ in 0..count {
        black_box(rt.find_child::<Plain>(parent, "0"));
    }
}

fn find_child_last(size: usize, count: usize) {
    let Family { rt, parent, .. } = Family::named(size);
    let last = (size - 1).to_string();
    for _ in 0..count {
        assert!(rt.find_child::<Plain>(parent, last.as_str()).is_some());
    }
}

fn find_direct_child_last(size: usize, count: usize) {
    let Family { rt, parent, .. } = Family::named(size);
    let last = (size - 1).to_string();
    for _ in 0..count {
        assert!(rt.find_direct_child::<Plain>(parent, last.as_str()).is_some());
    }
}

fn set_object_name(size: usize, count: usize) {
    let Family { mut rt, children, .. } = Family::named(size);
    for &child in &children[size / 4..][..count] {
        rt.set_object_name(child, "renamed");
    }
    std::mem::forget(rt);
}

/// A call of a method of one object.
fn with(size: usize, count: usize) {
    let Family { mut rt, children, .. } = Family::of(size);
    for &child in &children[size / 4..][..count] {
        rt.with(child, |child, _| black_box(std::ptr::from_ref(child)));
    }
}
