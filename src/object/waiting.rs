//! Waiting emissions: those that were recorded and are not carried out yet.
//!
//! One slab for each type of argument, shared by all signals of a runtime that carry it, so that a
//! signal with nothing under way holds no place for it, and recording allocates nothing.

use std::any::Any;
use std::cell::RefCell;

use super::audience::Audience;

/// How many places are kept for later when nothing waits.
const KEPT: usize = 1024;

/// The waiting emissions with arguments of type `A`.
pub(super) struct WaitingRoom<A> {
    places: RefCell<Places<A>>,
}

struct Places<A> {
    /// The emission that waits alone, which is what they mostly do.
    first: Option<Waiting<A>>,
    others: Vec<Option<Waiting<A>>>,
    /// The numbers of the empty places among the others.
    free: Vec<u32>,
}

/// An emission that waits: who listened when it was emitted, and the argument.
pub(super) type Waiting<A> = (Audience<A>, A);

impl<A> WaitingRoom<A> {
    /// Stores an emission and gives its number.
    #[inline]
    pub(super) fn put(&self, waiting: Waiting<A>) -> u32 {
        let mut places = self.places.borrow_mut();
        if places.first.is_none() {
            places.first = Some(waiting);
            return 0;
        }
        places.put_beside(waiting)
    }

    /// Takes the emission with this number.
    #[inline]
    pub(super) fn take(&self, number: u32) -> Option<Waiting<A>> {
        let mut places = self.places.borrow_mut();
        match number.checked_sub(1) {
            None => places.first.take(),
            Some(place) => places.take_beside(place),
        }
    }
}

impl<A> Places<A> {
    fn put_beside(&mut self, waiting: Waiting<A>) -> u32 {
        match self.free.pop() {
            Some(place) => {
                self.others[place as usize] = Some(waiting);
                place + 1
            }
            None => {
                self.others.push(Some(waiting));
                u32::try_from(self.others.len()).expect("fewer than 2^32 emissions wait")
            }
        }
    }

    fn take_beside(&mut self, place: u32) -> Option<Waiting<A>> {
        let waiting = self.others[place as usize].take();
        self.free.push(place);
        if self.free.len() == self.others.len() {
            self.others.clear();
            self.others.shrink_to(KEPT);
            self.free.clear();
            self.free.shrink_to(KEPT);
        }
        waiting
    }
}

impl<A> Default for WaitingRoom<A> {
    fn default() -> Self {
        let places = Places { first: None, others: Vec::new(), free: Vec::new() };
        Self { places: RefCell::new(places) }
    }
}

/// A waiting room with its argument's type forgotten.
pub(super) trait AnyWaitingRoom: Any {
    /// Sends everybody away.
    fn clear(&self);
}

impl<A: 'static> AnyWaitingRoom for WaitingRoom<A> {
    fn clear(&self) {
        // Out of the cell first: what goes with an argument may emit as it goes.
        let places =
            self.places.replace(Places { first: None, others: Vec::new(), free: Vec::new() });
        drop(places);
    }
}
