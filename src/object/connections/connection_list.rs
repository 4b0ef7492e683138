//! The list of a signal's connections.
//!
//! Keeps three promises. The list is sorted by the numbers of the connections, which count up.
//! While it is walked, it does not change: connections that are made meanwhile wait, and join it
//! before the next walk. And a link is dropped, or releases what a closure captured, only when the
//! list is not borrowed mutably, since captured values may emit and disconnect when they are
//! dropped.
//!
//! The list never calls a slot: `emissions.rs` walks it.

use std::cell::{OnceCell, Ref, RefCell};

use super::entries::Entries;
use super::entry::{Entry, State};
use super::link::AnyLink;

/// The connections of a signal, by links `L`.
///
/// `R` is what the signal itself needs only sometimes. The list keeps it beside what it needs only
/// sometimes, so that both take one word of a signal that needs neither.
pub(super) struct ConnectionList<L: ?Sized, R> {
    entries: RefCell<Entries<L>>,
    rare: OnceCell<Box<Rare<L, R>>>,
}

/// What few signals need, and only sometimes.
struct Rare<L: ?Sized, R> {
    /// The connections that were made while the list was walked. They follow the others.
    added: RefCell<Vec<Entry<L>>>,
    of_signal: R,
}

impl<L: ?Sized, R> Default for ConnectionList<L, R> {
    fn default() -> Self {
        Self { entries: RefCell::default(), rare: OnceCell::new() }
    }
}

impl<L: ?Sized + AnyLink, R: Default> ConnectionList<L, R> {
    /// Returns what the signal needs only sometimes. Makes it if it does not exist.
    pub(super) fn rare(&self) -> &R {
        &self.make_rare().of_signal
    }

    /// Returns what the signal needs only sometimes, if it exists.
    pub(super) fn existing_rare(&self) -> Option<&R> {
        self.rare.get().map(|rare| &rare.of_signal)
    }

    fn make_rare(&self) -> &Rare<L, R> {
        self.rare
            .get_or_init(|| Box::new(Rare { added: RefCell::default(), of_signal: R::default() }))
    }

    /// Returns true if there is no connection.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.borrow().is_empty() && !self.has_added()
    }

    /// Returns true if connections were made while the list was walked, and are not in it yet.
    #[inline]
    fn has_added(&self) -> bool {
        self.rare.get().is_some_and(|rare| !rare.added.borrow().is_empty())
    }

    /// Adds a connection behind all others.
    #[inline(always)]
    pub(super) fn add(&self, entry: Entry<L>) {
        if let Ok(mut entries) = self.entries.try_borrow_mut()
            && !entries.is_full()
            && self.rare.get().is_none()
        {
            return entries.push(entry);
        }
        self.add_with_care(entry);
    }

    /// Adds a connection to a list that is full or is being walked, or to which other connections
    /// must be added first.
    #[cold]
    fn add_with_care(&self, entry: Entry<L>) {
        if self.entries.try_borrow_mut().is_ok() {
            self.make_room();
            self.entries.borrow_mut().push(entry);
        } else {
            // A slot connects while the list is walked.
            self.make_rare().added.borrow_mut().push(entry);
        }
    }

    /// Makes room for one more connection: drops the dead ones, or lets the list grow.
    #[cold]
    fn make_room(&self) {
        let mut entries = self.entries.borrow_mut();
        self.admit_to(&mut entries);
        if !entries.is_full() {
            return;
        }
        let dead = entries.take_dead();
        entries.grow();
        // Only now, since captured values may emit and disconnect when they are dropped.
        drop(entries);
        drop(dead);
    }

    /// Drops the dead connections, unless the list is being walked.
    #[cold]
    pub(super) fn sweep(&self) {
        let Ok(mut entries) = self.entries.try_borrow_mut() else { return };
        self.admit_to(&mut entries);
        let dead = entries.take_dead();
        // Only now, since captured values may emit and disconnect when they are dropped.
        drop(entries);
        drop(dead);
    }

    /// Returns true if the list must be [settled](Self::settle) before a walk.
    #[inline]
    pub(super) fn is_unsettled(&self) -> bool {
        self.rare.get().is_some()
    }

    /// Lets the connections join that were made during a walk, unless that walk still goes on.
    pub(super) fn settle(&self) {
        if let Ok(mut entries) = self.entries.try_borrow_mut() {
            self.admit_to(&mut entries);
        }
    }

    /// Returns the connections in order, for a walk.
    #[inline(always)]
    pub(super) fn borrow(&self) -> Ref<'_, Entries<L>> {
        self.entries.borrow()
    }

    /// Appends the connections that were made during a walk to the others.
    fn admit_to(&self, entries: &mut Entries<L>) {
        if let Some(rare) = self.rare.get() {
            entries.extend(rare.added.borrow_mut().drain(..));
        }
    }

    /// Calls `visit` with every connection, in order.
    pub(super) fn each(&self, mut visit: impl FnMut(&Entry<L>)) {
        self.entries.borrow().iter().for_each(&mut visit);
        if let Some(rare) = self.rare.get() {
            rare.added.borrow().iter().for_each(visit);
        }
    }

    /// Calls `f` with the connection with this number, if it still exists.
    pub(super) fn with<O>(&self, number: u64, f: impl FnOnce(&Entry<L>) -> O) -> Option<O> {
        let find = |entries: &[Entry<L>]| entries.binary_search_by_key(&number, Entry::number).ok();
        let entries = self.entries.borrow();
        if let Some(at) = find(&entries) {
            return Some(f(&entries[at]));
        }
        let added = self.rare.get()?.added.borrow();
        find(&added).map(|at| f(&added[at]))
    }

    /// Removes the connection with this number and returns it, if it is the last one and the list
    /// is not being walked.
    pub(super) fn take_last(&self, number: u64) -> Option<Entry<L>> {
        let mut entries = self.entries.try_borrow_mut().ok()?;
        if entries.last()?.number() == number { entries.pop() } else { None }
    }

    /// Takes the only connection out, if there is one and no other, and the list is not walked.
    fn take_only(&self) -> Option<Entry<L>> {
        let mut entries = self.entries.try_borrow_mut().ok()?;
        if entries.len() == 1 && !self.has_added() { entries.pop() } else { None }
    }

    /// Closes a connection at once.
    pub(super) fn kill(&self, number: u64) {
        match self.take_last(number) {
            Some(entry) => drop(entry),
            None => {
                self.with(number, Entry::kill);
            }
        }
    }

    /// Closes all connections at once.
    pub(super) fn kill_all(&self) {
        match self.take_only() {
            Some(entry) => drop(entry),
            None => self.kill_one_by_one(),
        }
    }

    /// Closes all connections at once, each before the next, since captured values that panic when
    /// they are dropped leave the rest for next time.
    #[cold]
    fn kill_one_by_one(&self) {
        for number in self.living() {
            self.kill(number);
        }
    }

    /// Closes all connections for good, since the signal is gone.
    pub(super) fn end(&self) {
        if self.is_empty() {
            return;
        }
        match self.take_only() {
            Some(entry) => drop(entry),
            None => self.kill_before_release(),
        }
    }

    #[cold]
    fn kill_before_release(&self) {
        let living = self.living();
        // All are marked first: if captured values panic when they are dropped, the rest is not
        // dropped.
        for &number in &living {
            self.with(number, |entry| entry.set_state(State::Dead));
        }
        for number in living {
            self.with(number, |entry| entry.link.release());
        }
    }

    /// Returns the numbers of the connections that are not closed.
    fn living(&self) -> Vec<u64> {
        let mut living = Vec::new();
        self.each(|entry| {
            if entry.state() != State::Dead {
                living.push(entry.number());
            }
        });
        living
    }
}
