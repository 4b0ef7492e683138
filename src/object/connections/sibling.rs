//! Siblings: the signals of one object that somebody has connected to.
//!
//! The object's node has the first, and each has the next, so that they need no list.

use std::rc::Rc;

use super::any_core::AnyCore;

/// The signals of one object that somebody has connected to or observed, in the order of the first
/// connections.
#[derive(Default)]
pub(in crate::object) struct Siblings {
    first: Option<Rc<dyn AnyCore>>,
}

impl Siblings {
    /// Adds a signal behind the others, and forgets those that are gone.
    pub(in crate::object) fn add(&mut self, signal: Rc<dyn AnyCore>) {
        // The signal itself is gone if the core is held here alone.
        while let Some(gone) = self.first.take_if(|first| Rc::strong_count(first) == 1) {
            self.first = gone.next();
        }
        let Some(first) = &self.first else {
            self.first = Some(signal);
            return;
        };
        let mut last = first.clone();
        while let Some(next) = last.next() {
            // Held by the one before it, and for a moment here.
            if Rc::strong_count(&next) == 2 {
                last.set_next(next.next());
            } else {
                last = next;
            }
        }
        last.set_next(Some(signal));
    }

    /// Moves a signal behind the others.
    pub(in crate::object) fn move_behind(&mut self, signal: Rc<dyn AnyCore>) {
        let is_it = |other: &Option<Rc<dyn AnyCore>>| {
            other.as_ref().is_some_and(|other| Rc::ptr_eq(other, &signal))
        };
        if is_it(&self.first) {
            self.first = signal.next();
        } else if let Some(before) = self.iter().find(|before| is_it(&before.next())) {
            before.set_next(signal.next());
        }
        signal.set_next(None);
        self.add(signal);
    }

    /// Returns true if nobody has connected to a signal of the object.
    pub(in crate::object) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Returns the signals.
    pub(in crate::object) fn iter(&self) -> impl Iterator<Item = Rc<dyn AnyCore>> {
        std::iter::successors(self.first.clone(), |signal| signal.next())
    }

    /// Closes every connection of every signal.
    pub(in crate::object) fn cut(&self) {
        self.iter().for_each(|signal| signal.kill_all());
    }
}
