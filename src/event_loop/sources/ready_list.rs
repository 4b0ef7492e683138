//! The ready list: sources that are ready, and whose owners were not woken yet.
//!
//! Keeps two promises. Owners are woken in the order in which the poller reported their sources,
//! and a panic in a slot loses none. And an owner that is held up does not delay the other owners:
//! the list sets its sources apart, each source once, and puts them first when the owner is free
//! again. The world decides which owners are held up.

use crate::object::Batch;
use crate::readiness::{Readiness, SourceId};

/// The sources that are ready, and whose owners were not woken yet.
#[derive(Default)]
pub(in crate::event_loop) struct ReadyList {
    ready: Batch<(SourceId, Readiness)>,
    /// The sources whose owners are held up.
    held_up: Vec<(SourceId, Readiness)>,
}

impl ReadyList {
    /// Returns the list to which the poller adds the sources that are ready.
    #[inline]
    pub(in crate::event_loop) fn arrivals(&mut self) -> &mut Vec<(SourceId, Readiness)> {
        self.ready.arrivals()
    }

    /// Returns the number of sources, without those that are set apart.
    #[inline]
    pub(in crate::event_loop) fn len(&self) -> usize {
        self.ready.len()
    }

    /// Returns true if there are no sources, and none is set apart.
    #[inline]
    pub(in crate::event_loop) fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.held_up.is_empty()
    }

    /// Returns true if there is a source that is not set apart.
    #[inline]
    pub(in crate::event_loop) fn has_next(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Takes the next source that is not set apart, and its readiness.
    #[inline]
    pub(in crate::event_loop) fn next(&mut self) -> Option<(SourceId, Readiness)> {
        self.ready.next()
    }

    /// Sets a source apart until its owner is free.
    #[cold]
    pub(in crate::event_loop) fn hold_up(&mut self, source: SourceId, readiness: Readiness) {
        match self.held_up.iter_mut().find(|(held_up, _)| *held_up == source) {
            Some((_, held_up)) => *held_up = *held_up | readiness,
            None => self.held_up.push((source, readiness)),
        }
    }

    /// Puts the sources that were set apart, and are not held up any more, before all others.
    #[inline]
    pub(in crate::event_loop) fn release(&mut self, is_held_up: impl Fn(SourceId) -> bool) {
        if !self.held_up.is_empty() {
            let released = self.held_up.extract_if(.., |(source, _)| !is_held_up(*source));
            self.ready.put_first(released.collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use mio::Token;

    use super::*;

    const READABLE: Readiness =
        Readiness { readable: true, read_closed: false, writable: false, priority: false };
    const WRITABLE: Readiness =
        Readiness { readable: false, read_closed: false, writable: true, priority: false };

    fn source(number: usize) -> SourceId {
        SourceId::of(Token(number)).unwrap()
    }

    #[test]
    fn what_was_held_up_comes_first_once_and_in_its_order() {
        let mut list = ReadyList::default();
        for number in [1, 2, 3] {
            list.hold_up(source(number), READABLE);
        }
        list.hold_up(source(1), WRITABLE);
        list.arrivals().push((source(4), READABLE));
        assert_eq!(list.len(), 1);
        list.release(|held_up| held_up == source(2));
        let told: Vec<_> = std::iter::from_fn(|| list.next()).collect();
        let both = READABLE | WRITABLE;
        assert_eq!(told, [(source(1), both), (source(3), READABLE), (source(4), READABLE)]);
        assert!(!list.is_empty());
        list.release(|_| false);
        assert_eq!(list.next(), Some((source(2), READABLE)));
        assert!(list.is_empty());
    }
}
