//! The tree: who is whose parent, by keys alone.
//!
//! Keeps two promises. Every change takes constant time. And all returned keys are of objects that
//! were put into the tree and not removed since: an object that gets the number of an earlier one
//! inherits nothing.
//!
//! `family.rs` knows what a parent means for its children, and how the tree is searched.

use super::key::ObjectKey;

/// Parents and children.
#[derive(Default)]
pub(in crate::object) struct Tree {
    /// Indexed by the number of the object. Only objects that were ever in the tree have an entry.
    links: Vec<Links>,
}

/// Where one object is in the tree, by the numbers of the others.
#[derive(Clone, Copy)]
struct Links {
    /// The generation of the object to which the entry belongs.
    generation: u32,
    parent: u32,
    first_child: u32,
    /// The sibling before this one; for the first sibling, the last one.
    previous: u32,
    next: u32,
}

/// The number that stands for no object.
const NOBODY: u32 = u32::MAX;

impl Links {
    const ALONE: Self =
        Self { generation: 0, parent: NOBODY, first_child: NOBODY, previous: NOBODY, next: NOBODY };
}

impl Tree {
    pub(in crate::object) fn parent(&self, key: ObjectKey) -> Option<ObjectKey> {
        self.key(self.of(key)?.parent)
    }

    pub(in crate::object) fn first_child(&self, key: ObjectKey) -> Option<ObjectKey> {
        self.key(self.of(key)?.first_child)
    }

    #[inline]
    pub(in crate::object) fn has_children(&self, key: ObjectKey) -> bool {
        self.of(key).is_some_and(|links| links.first_child != NOBODY)
    }

    fn next(&self, key: ObjectKey) -> Option<ObjectKey> {
        self.key(self.of(key)?.next)
    }

    /// Returns the children of an object in the order in which they were added.
    pub(in crate::object) fn children(
        &self,
        key: ObjectKey,
    ) -> impl Iterator<Item = ObjectKey> + '_ {
        std::iter::successors(self.first_child(key), |&child| self.next(child))
    }

    /// Returns all objects above an object, its parent first.
    pub(in crate::object) fn ancestors(
        &self,
        key: ObjectKey,
    ) -> impl Iterator<Item = ObjectKey> + '_ {
        std::iter::successors(self.parent(key), |&ancestor| self.parent(ancestor))
    }

    /// Returns all objects below an object, depth first.
    pub(in crate::object) fn descendants(
        &self,
        root: ObjectKey,
    ) -> impl Iterator<Item = ObjectKey> + '_ {
        std::iter::successors(self.first_child(root), move |&key| {
            self.first_child(key).or_else(|| {
                let line = std::iter::once(key).chain(self.ancestors(key));
                line.take_while(|&ancestor| ancestor != root).find_map(|key| self.next(key))
            })
        })
    }

    /// Makes an object that has no parent the last child of another one.
    pub(in crate::object) fn append(&mut self, parent: ObjectKey, child: ObjectKey) {
        let (above, this) = (self.enter(parent), self.enter(child));
        let first = self.at(above).first_child;
        let last = if first == NOBODY {
            self.at(above).first_child = this;
            this
        } else {
            let last = std::mem::replace(&mut self.at(first).previous, this);
            self.at(last).next = this;
            last
        };
        let links = self.at(this);
        (links.parent, links.previous, links.next) = (above, last, NOBODY);
    }

    /// Removes an object from its parent, if it has one.
    pub(in crate::object) fn detach(&mut self, key: ObjectKey) {
        let (this, _) = key.parts();
        let Some(&Links { parent, previous, next, .. }) = self.of(key) else { return };
        if parent == NOBODY {
            return;
        }
        let first = self.at(parent).first_child;
        if first == this {
            self.at(parent).first_child = next;
        } else {
            self.at(previous).next = next;
        }
        // The next sibling refers back to this object. If this object is the last sibling, the
        // first one does.
        let after = if next == NOBODY { first } else { next };
        if after != this {
            self.at(after).previous = previous;
        }
        let links = self.at(this);
        (links.parent, links.previous, links.next) = (NOBODY, NOBODY, NOBODY);
    }

    /// Returns the entry of an object, if there is one.
    #[inline]
    fn of(&self, key: ObjectKey) -> Option<&Links> {
        let (number, generation) = key.parts();
        self.links.get(number as usize).filter(|links| links.generation == generation)
    }

    /// Returns the key of an object that has an entry.
    fn key(&self, number: u32) -> Option<ObjectKey> {
        let links = self.links.get(number as usize)?;
        Some(ObjectKey::from_parts(number, links.generation))
    }

    fn at(&mut self, number: u32) -> &mut Links {
        &mut self.links[number as usize]
    }

    /// Makes sure that an object has an entry. Returns its number.
    fn enter(&mut self, key: ObjectKey) -> u32 {
        let (number, generation) = key.parts();
        if self.of(key).is_none() {
            let entry = Links { generation, ..Links::ALONE };
            match self.links.get_mut(number as usize) {
                Some(links) => *links = entry,
                None => self.add(number, entry),
            }
        }
        number
    }

    /// Adds the entry of an object behind all others. A function of its own, since each class
    /// compiles its own copy of the rest.
    #[inline(never)]
    fn add(&mut self, number: u32, entry: Links) {
        self.links.resize(number as usize, Links::ALONE);
        self.links.push(entry);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A naive model of parents and children.
    #[derive(Default)]
    struct Families(Vec<(ObjectKey, Vec<ObjectKey>)>);

    impl Families {
        fn children(&self, parent: ObjectKey) -> Vec<ObjectKey> {
            let family = self.0.iter().find(|(of, _)| *of == parent);
            family.map(|(_, children)| children.clone()).unwrap_or_default()
        }

        fn parent(&self, child: ObjectKey) -> Option<ObjectKey> {
            self.0.iter().find(|(_, children)| children.contains(&child)).map(|(of, _)| *of)
        }

        fn is_below(&self, root: ObjectKey, mut key: ObjectKey) -> bool {
            while let Some(parent) = self.parent(key) {
                if parent == root {
                    return true;
                }
                key = parent;
            }
            false
        }

        fn descendants(&self, root: ObjectKey) -> Vec<ObjectKey> {
            let below = |child| [vec![child], self.descendants(child)].concat();
            self.children(root).into_iter().flat_map(below).collect()
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Op {
        Move(usize, usize),
        Detach(usize),
        /// Removes the object, and gives its number to another one.
        Replace(usize),
    }

    const OBJECTS: usize = 8;

    fn op() -> impl Strategy<Value = Op> {
        let number = 0..OBJECTS;
        prop_oneof![
            4 => (number.clone(), number.clone()).prop_map(|(child, parent)| Op::Move(child, parent)),
            1 => number.clone().prop_map(Op::Detach),
            1 => number.prop_map(Op::Replace),
        ]
    }

    proptest! {
        #[test]
        fn children_are_those_that_were_added_in_that_order(ops in prop::collection::vec(op(), 0..60)) {
            let mut tree = Tree::default();
            let mut families = Families::default();
            let mut keys: Vec<_> = (0..OBJECTS as u32).map(|n| ObjectKey::from_parts(n + 1, 1)).collect();
            for op in ops {
                match op {
                    Op::Move(child, parent) => {
                        let (child, parent) = (keys[child], keys[parent]);
                        if child == parent || families.is_below(child, parent) {
                            continue;
                        }
                        tree.detach(child);
                        tree.append(parent, child);
                        families.0.iter_mut().for_each(|(_, children)| children.retain(|key| *key != child));
                        match families.0.iter_mut().find(|(of, _)| *of == parent) {
                            Some((_, children)) => children.push(child),
                            None => families.0.push((parent, vec![child])),
                        }
                    }
                    Op::Detach(child) => {
                        tree.detach(keys[child]);
                        families.0.iter_mut().for_each(|(_, children)| children.retain(|key| *key != keys[child]));
                    }
                    Op::Replace(number) => {
                        let old = keys[number];
                        for child in families.children(old) {
                            tree.detach(child);
                        }
                        tree.detach(old);
                        families.0.retain(|(of, _)| *of != old);
                        families.0.iter_mut().for_each(|(_, children)| children.retain(|key| *key != old));
                        let (number_of, generation) = old.parts();
                        keys[number] = ObjectKey::from_parts(number_of, generation + 2);
                        prop_assert_eq!(tree.parent(keys[number]), None);
                        prop_assert_eq!(tree.first_child(keys[number]), None);
                    }
                }
                for &key in &keys {
                    prop_assert_eq!(tree.children(key).collect::<Vec<_>>(), families.children(key));
                    prop_assert_eq!(tree.parent(key), families.parent(key));
                    prop_assert_eq!(tree.descendants(key).collect::<Vec<_>>(), families.descendants(key));
                }
            }
        }
    }
}
