//! Entries: the connections of a signal, sorted by their numbers.
//!
//! Keeps two promises. The only connection of a signal needs no memory for a list. And the entries
//! take at most 24 bytes, since each signal that somebody connected to has them: the length and the
//! capacity of a list are kept with the list.

use std::ops::Deref;
use std::slice;

use super::entry::Entry;
use super::link::AnyLink;

/// The connections of a signal, by links `L`.
pub(super) struct Entries<L: ?Sized>(Kept<L>);

/// How entries are kept. There are two cases, and not one for no entry: a third case would need a
/// tag.
enum Kept<L: ?Sized> {
    One(Entry<L>),
    /// A list, or no entry.
    #[expect(clippy::box_collection, reason = "most signals have no list, only the room for it")]
    Listed(Option<Box<Vec<Entry<L>>>>),
}

impl<L: ?Sized> Default for Entries<L> {
    fn default() -> Self {
        Self(Kept::Listed(None))
    }
}

impl<L: ?Sized> Deref for Entries<L> {
    type Target = [Entry<L>];

    #[inline]
    fn deref(&self) -> &[Entry<L>] {
        match &self.0 {
            Kept::One(entry) => slice::from_ref(entry),
            Kept::Listed(None) => &[],
            Kept::Listed(Some(list)) => list,
        }
    }
}

impl<L: ?Sized> Entries<L> {
    /// Returns true if there is no room for one more entry.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        match &self.0 {
            Kept::One(_) => true,
            Kept::Listed(None) => false,
            Kept::Listed(Some(list)) => list.len() == list.capacity(),
        }
    }

    /// Adds an entry behind the others.
    #[inline]
    pub(super) fn push(&mut self, entry: Entry<L>) {
        match &mut self.0 {
            Kept::Listed(None) => self.0 = Kept::One(entry),
            Kept::Listed(Some(list)) => list.push(entry),
            Kept::One(_) => self.push_second(entry),
        }
    }

    #[cold]
    fn push_second(&mut self, entry: Entry<L>) {
        self.grow();
        self.push(entry);
    }

    /// Makes room for more entries, unless a quarter of the room is left.
    #[cold]
    pub(super) fn grow(&mut self) {
        match &mut self.0 {
            Kept::Listed(None) => {}
            Kept::Listed(Some(list)) => {
                if list.len() * 4 >= list.capacity() * 3 {
                    list.reserve_exact(growth(list.len()));
                }
            }
            Kept::One(_) => {
                let mut list = Vec::with_capacity(1 + growth(1));
                list.extend(self.pop());
                self.0 = Kept::Listed(Some(Box::new(list)));
            }
        }
    }

    /// Removes the last entry and returns it.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Entry<L>> {
        match &mut self.0 {
            Kept::Listed(None) => None,
            Kept::Listed(Some(list)) => list.pop(),
            Kept::One(_) => match std::mem::take(self).0 {
                Kept::One(entry) => Some(entry),
                Kept::Listed(_) => None,
            },
        }
    }
}

impl<L: ?Sized + AnyLink> Entries<L> {
    /// Removes the dead entries and returns them.
    pub(super) fn take_dead(&mut self) -> Self {
        if self.iter().all(|entry| !entry.is_dead()) {
            return Self::default();
        }
        match std::mem::take(self).0 {
            Kept::One(dead) => Self(Kept::One(dead)),
            Kept::Listed(list) => {
                let all = list.into_iter().flat_map(|list| *list);
                let (dead, living) = all.partition(Entry::is_dead);
                *self = living;
                dead
            }
        }
    }
}

impl<L: ?Sized> Extend<Entry<L>> for Entries<L> {
    fn extend<I: IntoIterator<Item = Entry<L>>>(&mut self, entries: I) {
        for entry in entries {
            if self.is_full() {
                self.grow();
            }
            self.push(entry);
        }
    }
}

/// The number of entries by which a full list grows: a quarter, so that a connection does not take
/// much more than its 56 bytes.
pub(in crate::object) const fn growth(len: usize) -> usize {
    if len < 2 { 1 } else { len / 4 + 2 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::entry::State;
    use super::*;
    use crate::object::store::ObjectKey;

    struct Nowhere;

    impl AnyLink for Nowhere {
        fn receiver(&self) -> Option<ObjectKey> {
            None
        }
    }

    /// A number of 64 bits and a wide pointer.
    #[test]
    fn the_entries_of_a_signal_are_small() {
        let size = size_of::<u64>() + 2 * size_of::<usize>();
        assert_eq!(size_of::<Entries<dyn AnyLink>>(), size);
    }

    proptest! {
        #[test]
        fn entries_are_a_list(program in prop::collection::vec(0..8_u8, 0..60)) {
            let (mut entries, mut list) = (Entries::<dyn AnyLink>::default(), Vec::new());
            for (number, what) in (1..).zip(program) {
                match what {
                    0 => prop_assert_eq!(entries.pop().map(|entry| entry.number()), list.pop()),
                    1 => {
                        entries.iter().step_by(2).for_each(|entry| entry.set_state(State::Dead));
                        let (dead, living): (Vec<_>, Vec<_>) =
                            (0..list.len()).partition(|at| at % 2 == 0);
                        let numbers = |places: &[usize]| -> Vec<u64> {
                            places.iter().map(|&at| list[at]).collect()
                        };
                        let taken: Vec<_> =
                            entries.take_dead().iter().map(Entry::number).collect();
                        prop_assert_eq!(taken, numbers(&dead));
                        list = numbers(&living);
                    }
                    _ => {
                        let room = !entries.is_full();
                        entries.push(Entry::new(Box::new(Nowhere), number, State::Open));
                        list.push(number);
                        prop_assert!(room || entries.len() > 1);
                    }
                }
                prop_assert_eq!(&entries.iter().map(Entry::number).collect::<Vec<_>>(), &list);
            }
        }
    }
}
