//! What is ready and was not told yet.
//!
//! Keeps two promises. Readiness reaches the owners of sources in the order in which the poller gave
//! it, also after a panic in a slot. And an owner that is held up keeps no other owner waiting: its
//! readiness is set apart, once for each source, and comes first again as soon as the owner is free.
//! The world decides which owner is held up.

use crate::object::Batch;
use crate::readiness::{Readiness, SourceId};

/// What is ready and was not told yet.
#[derive(Default)]
pub(in crate::event_loop) struct ReadyList {
    ready: Batch<(SourceId, Readiness)>,
    /// What waits for a turn that was put aside.
    held_up: Vec<(SourceId, Readiness)>,
}

impl ReadyList {
    /// Returns the list to which the poller adds what is ready now.
    #[inline]
    pub(in crate::event_loop) fn arrivals(&mut self) -> &mut Vec<(SourceId, Readiness)> {
        self.ready.arrivals()
    }

    /// Returns how many sources may be told of, without those that are held up.
    #[inline]
    pub(in crate::event_loop) fn len(&self) -> usize {
        self.ready.len()
    }

    /// Returns true if no readiness is left, be it held up or not.
    #[inline]
    pub(in crate::event_loop) fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.held_up.is_empty()
    }

    /// Returns true if there is a source that may be told of.
    #[inline]
    pub(in crate::event_loop) fn has_next(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Takes the next source that may be told of, and what it is ready for.
    #[inline]
    pub(in crate::event_loop) fn next(&mut self) -> Option<(SourceId, Readiness)> {
        self.ready.next()
    }

    /// Sets apart what a source is ready for, until its owner is free.
    #[cold]
    pub(in crate::event_loop) fn hold_up(&mut self, source: SourceId, readiness: Readiness) {
        match self.held_up.iter_mut().find(|(held_up, _)| *held_up == source) {
            Some((_, held_up)) => *held_up = *held_up | readiness,
            None => self.held_up.push((source, readiness)),
        }
    }

    /// Puts what was held up and is not any more before all others.
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
