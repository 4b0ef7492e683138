//! The arena: where the objects are, and how an object is lent to a method.
//!
//! Keeps three promises. A key reaches the object for which it was made, or none. An object that is
//! lent cannot be reached by anything else until it is given back. And reading an object borrows
//! the arena, and changing it borrows the arena mutably, so the compiler proves that nobody reads
//! an object while another changes it.
//!
//! Each object has a [`Place`]. Others may hold the place too: a connection holds the place of its
//! receiver, so calling a slot needs no lookup and no type check. What else the runtime knows of an
//! object is its node, whose type the arena does not know. `class/` has what classes are, and
//! `lease.rs` what happens between lending and giving back.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut, Index, IndexMut};
use std::rc::Rc;

use qcell::{QCell, QCellOwner};
use slotmap::SlotMap;

use super::key::ObjectKey;

/// Objects by their keys. Each has a place, a `P` whose class is forgotten, and a node.
pub(in crate::object) struct Arena<P: ?Sized, N> {
    slots: SlotMap<ObjectKey, Slot<P, N>>,
    keyring: Keyring,
}

struct Slot<P: ?Sized, N> {
    place: Rc<P>,
    node: N,
}

/// Opens the places of one arena.
pub(in crate::object) struct Keyring(QCellOwner);

/// The place of one object of class `T`.
pub(in crate::object) struct Place<T> {
    life: Cell<Life>,
    /// `None` while the object is under construction or lent, and when it is gone.
    object: QCell<Option<Box<T>>>,
}

/// The part of its life that an object is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::object) enum Life {
    /// Its constructor runs.
    Begun,
    /// The object is like any other.
    Alive,
    /// The object is being destroyed, and takes its last steps.
    Leaving,
    /// `destroyed` was emitted.
    Announced,
    /// The object's connections are cut, and its children are being destroyed.
    Cut,
    /// The object is no longer in this place, and never comes back.
    Gone,
}

impl Life {
    /// Returns true if the object is being destroyed, or is gone.
    pub(in crate::object) fn is_ending(self) -> bool {
        !matches!(self, Self::Begun | Self::Alive)
    }
}

/// An object of class `T` that is lent from its place. If it is not given back, it is leaked.
pub(in crate::object) struct Lent<T>(ManuallyDrop<Box<T>>);

impl<P: ?Sized, N> Arena<P, N> {
    pub(in crate::object) fn new() -> Self {
        Self { slots: SlotMap::with_key(), keyring: Keyring(QCellOwner::new()) }
    }

    /// Adds an object. `make` returns its place and its node.
    pub(in crate::object) fn insert(
        &mut self,
        make: impl FnOnce(ObjectKey, &Keyring) -> (Rc<P>, N),
    ) -> ObjectKey {
        let Self { slots, keyring } = self;
        slots.insert_with_key(|key| {
            let (place, node) = make(key, keyring);
            Slot { place, node }
        })
    }

    /// Removes an object and returns its place, which may be empty, and its node.
    pub(in crate::object) fn remove(&mut self, key: ObjectKey) -> Option<(Rc<P>, N)> {
        self.slots.remove(key).map(|Slot { place, node }| (place, node))
    }

    /// Moves an object to another place, which `make` returns. The old place is empty afterwards.
    pub(in crate::object) fn move_out(
        &mut self,
        key: ObjectKey,
        make: impl FnOnce(&P, &mut Keyring) -> Rc<P>,
    ) {
        let Self { slots, keyring } = self;
        if let Some(slot) = slots.get_mut(key) {
            slot.place = make(&slot.place, keyring);
        }
    }

    /// Removes all objects.
    pub(in crate::object) fn drain(&mut self) -> Vec<(Rc<P>, N)> {
        self.slots.drain().map(|(_, Slot { place, node })| (place, node)).collect()
    }

    #[inline]
    pub(in crate::object) fn contains(&self, key: ObjectKey) -> bool {
        self.slots.contains_key(key)
    }

    pub(in crate::object) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(in crate::object) fn keys(&self) -> impl Iterator<Item = ObjectKey> + '_ {
        self.slots.keys()
    }

    #[inline]
    pub(in crate::object) fn node(&self, key: ObjectKey) -> Option<&N> {
        self.slots.get(key).map(|slot| &slot.node)
    }

    #[inline]
    pub(in crate::object) fn node_mut(&mut self, key: ObjectKey) -> Option<&mut N> {
        self.slots.get_mut(key).map(|slot| &mut slot.node)
    }

    #[inline]
    pub(in crate::object) fn place(&self, key: ObjectKey) -> Option<&Rc<P>> {
        self.slots.get(key).map(|slot| &slot.place)
    }

    /// Returns the place of an object, and the keyring that opens it for reading.
    #[inline]
    pub(in crate::object) fn look(&self, key: ObjectKey) -> Option<(&P, &Keyring)> {
        Some((&*self.slots.get(key)?.place, &self.keyring))
    }

    /// Returns the place of an object, and the keyring that opens it mutably.
    #[inline]
    pub(in crate::object) fn look_mut(&mut self, key: ObjectKey) -> Option<(&P, &mut Keyring)> {
        let Self { slots, keyring } = self;
        Some((&*slots.get(key)?.place, keyring))
    }

    /// Returns the place and the node of an object, and the keyring that opens the place mutably.
    #[inline]
    pub(in crate::object) fn look_with_node(
        &mut self,
        key: ObjectKey,
    ) -> Option<(&P, &mut N, &mut Keyring)> {
        let Self { slots, keyring } = self;
        let Slot { place, node } = slots.get_mut(key)?;
        Some((&**place, node, keyring))
    }

    /// Returns the places of two objects, and the keyring that opens both mutably.
    pub(in crate::object) fn look_at_two(
        &mut self,
        a: ObjectKey,
        b: ObjectKey,
    ) -> Option<(&P, &P, &mut Keyring)> {
        let Self { slots, keyring } = self;
        Some((&*slots.get(a)?.place, &*slots.get(b)?.place, keyring))
    }

    /// Returns the keyring, which opens any place of this arena.
    #[inline]
    pub(in crate::object) fn keyring_mut(&mut self) -> &mut Keyring {
        &mut self.keyring
    }
}

/// The node of an object that exists.
impl<P: ?Sized, N> Index<ObjectKey> for Arena<P, N> {
    type Output = N;

    fn index(&self, key: ObjectKey) -> &N {
        &self.slots[key].node
    }
}

impl<P: ?Sized, N> IndexMut<ObjectKey> for Arena<P, N> {
    fn index_mut(&mut self, key: ObjectKey) -> &mut N {
        &mut self.slots[key].node
    }
}

impl Keyring {
    /// Opens two different places mutably.
    pub(in crate::object) fn open_two<'a, A: ?Sized, B: ?Sized>(
        &'a mut self,
        a: &'a QCell<A>,
        b: &'a QCell<B>,
    ) -> (&'a mut A, &'a mut B) {
        self.0.rw2(a, b)
    }
}

impl<T> Place<T> {
    /// Makes a place for an object that is not constructed yet.
    pub(in crate::object) fn new(keyring: &Keyring) -> Self {
        Self { life: Cell::new(Life::Begun), object: QCell::new(&keyring.0, None) }
    }

    #[inline]
    pub(in crate::object) fn life(&self) -> Life {
        self.life.get()
    }

    pub(in crate::object) fn set_life(&self, life: Life) {
        self.life.set(life);
    }

    /// Returns the object, if it is there.
    #[inline]
    pub(in crate::object) fn get<'a>(&'a self, keyring: &'a Keyring) -> Option<&'a T> {
        self.object.ro(&keyring.0).as_deref()
    }

    /// Returns the object mutably, if it is there.
    #[inline]
    pub(in crate::object) fn get_mut<'a>(&'a self, keyring: &'a mut Keyring) -> Option<&'a mut T> {
        self.object.rw(&mut keyring.0).as_deref_mut()
    }

    /// Returns the cell, which only the keyring opens.
    pub(in crate::object) fn cell(&self) -> &QCell<Option<Box<T>>> {
        &self.object
    }

    /// Puts the constructed object into the place.
    pub(in crate::object) fn fill(&self, keyring: &mut Keyring, object: Box<T>) {
        self.give_back(keyring, Lent(ManuallyDrop::new(object)));
    }

    /// Takes the object out, if it is there.
    pub(in crate::object) fn clear(&self, keyring: &mut Keyring) -> Option<Box<T>> {
        self.object.rw(&mut keyring.0).take()
    }

    /// Moves the object, if it is there, to a new place, to which no connection leads yet.
    pub(in crate::object) fn move_out(&self, keyring: &mut Keyring) -> Self {
        let object = self.clear(keyring);
        self.life.set(Life::Gone);
        Self { life: Cell::new(Life::Cut), object: QCell::new(&keyring.0, object) }
    }

    /// Lends the object, if it is there.
    #[inline]
    pub(in crate::object) fn lend(&self, keyring: &mut Keyring) -> Option<Lent<T>> {
        self.object.rw(&mut keyring.0).take().map(|object| Lent(ManuallyDrop::new(object)))
    }

    /// Puts a lent object back.
    #[inline]
    pub(in crate::object) fn give_back(&self, keyring: &mut Keyring, lent: Lent<T>) {
        // The keyring is checked first: if it is the wrong one, this panics with nothing to drop.
        let place = self.object.rw(&mut keyring.0);
        let empty = place.replace(ManuallyDrop::into_inner(lent.0));
        debug_assert!(empty.is_none(), "an object came back twice");
        // The place was empty, which the compiler cannot know.
        std::mem::forget(empty);
    }
}

impl<T> Deref for Lent<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Lent<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Words = Arena<Place<String>, u8>;

    fn arena(words: &[&str]) -> (Words, Vec<ObjectKey>) {
        let mut arena = Arena::new();
        let keys = words.iter().map(|&word| {
            let key = arena.insert(|_, keyring| (Rc::new(Place::new(keyring)), 0));
            let (place, keyring) = arena.look_mut(key).unwrap();
            place.fill(keyring, Box::new(word.to_owned()));
            key
        });
        let keys = keys.collect();
        (arena, keys)
    }

    fn word(arena: &Words, key: ObjectKey) -> Option<&str> {
        let (place, keyring) = arena.look(key)?;
        place.get(keyring).map(String::as_str)
    }

    #[test]
    fn a_key_never_reaches_the_object_that_came_after_its_own() {
        let (mut arena, keys) = arena(&["one", "two"]);
        arena.remove(keys[0]);
        let after = arena.insert(|_, keyring| (Rc::new(Place::new(keyring)), 0));
        assert_eq!(after.parts().0, keys[0].parts().0, "it has the same number");
        let (place, keyring) = arena.look_mut(after).unwrap();
        place.fill(keyring, Box::new("three".to_owned()));
        assert_eq!(word(&arena, keys[0]), None);
        assert_eq!([word(&arena, keys[1]), word(&arena, after)], [Some("two"), Some("three")]);
    }

    #[test]
    fn an_object_that_is_lent_is_nowhere_else() {
        let (mut arena, keys) = arena(&["one"]);
        let place = arena.place(keys[0]).unwrap().clone();
        let mut lent = place.lend(arena.keyring_mut()).unwrap();
        assert_eq!(word(&arena, keys[0]), None);
        assert!(place.lend(arena.keyring_mut()).is_none());
        lent.push('!');
        place.give_back(arena.keyring_mut(), lent);
        assert_eq!(word(&arena, keys[0]), Some("one!"));
    }

    #[test]
    fn what_holds_a_place_finds_it_empty_when_the_object_is_gone() {
        let (mut arena, keys) = arena(&["one"]);
        let place = arena.place(keys[0]).unwrap().clone();
        let (removed, _) = arena.remove(keys[0]).unwrap();
        assert_eq!(removed.clear(arena.keyring_mut()).as_deref().map(String::as_str), Some("one"));
        assert!(place.lend(arena.keyring_mut()).is_none());
    }

    #[test]
    fn two_objects_are_changed_at_once() {
        let (mut arena, keys) = arena(&["one", "two"]);
        let (a, b, keyring) = arena.look_at_two(keys[0], keys[1]).unwrap();
        let (a, b) = keyring.open_two(a.cell(), b.cell());
        std::mem::swap(a, b);
        assert_eq!([word(&arena, keys[0]), word(&arena, keys[1])], [Some("two"), Some("one")]);
    }
}
