//! The core of a signal: its connections, its emissions under way, and walking the connections for
//! each emission.
//!
//! Keeps three promises. An emission is delivered to the connections that existed when it was made,
//! in that order, except those that are closed meanwhile. If a slot makes or closes a connection
//! while the list is walked, nothing else changes in the walk. And a closed connection is dropped:
//! when a walk meets it, or when the list is full.
//!
//! The numbers of the connections count up, so the list is sorted by number. An emission under way
//! is an argument and two such numbers. `signal.rs` makes emissions; `connection_kinds.rs` has the
//! ways from a connection to its slot.

use std::cell::{Cell, OnceCell, RefCell};
use std::ops::Range;
use std::rc::{Rc, Weak};

use super::any_core::AnyCore;
use super::connection::{ConnectionType, MadeConnection};
use super::emitter::Emitter;
use super::entry::{Entries, Entry, State, growth, take_dead};
use super::link::{AnyLink, Link};
use super::tally::{Count, Tally};
use crate::object::effects::{Act, CASCADE, Effect, Observed, Queue, Steps, Waiting};
use crate::object::store::ObjectKey;

/// A world in which the connections of signals are walked.
pub(in crate::object) trait Walker:
    Steps + Observed<Signal = dyn AnyCore> + Sized + 'static
{
    /// Returns the queue in which the methods of this world's objects record effects.
    fn queue(&self) -> &Queue<Self>;

    /// Sets the object whose signal calls the slots from now on.
    fn set_sender(&mut self, sender: Option<ObjectKey>);

    /// Counts deliveries of the running turn.
    fn spend(&mut self, deliveries: usize);

    /// Puts an effect on the stack. It is carried out after what is recorded now.
    fn push_frame(&mut self, effect: Effect<Self>);
}

/// What a signal allocates when somebody connects.
pub(in crate::object) struct Core<A: 'static, W: Walker> {
    emitter: Emitter<W>,
    connections: RefCell<Entries<dyn Link<A, W>>>,
    /// The emission that waits alone, as most emissions do.
    first: Cell<Option<Emission<A>>>,
    rare: OnceCell<Box<Rare<A, W>>>,
}

/// What few signals need, and only sometimes.
struct Rare<A: 'static, W> {
    /// The connections that were made while the list was walked. They follow the others.
    added: RefCell<Vec<Entry<dyn Link<A, W>>>>,
    /// The emissions that wait in addition to the first.
    waiting: RefCell<Waiting<Emission<A>>>,
}

/// An emission that waits: its argument, and the numbers of the connections that it still goes to,
/// from `from` up to but not including `to`.
struct Emission<A> {
    argument: A,
    from: u64,
    /// Never zero, so that a place for an emission needs no mark that it is empty.
    to: Count,
}

/// A bit in the number of an effect: set if the effect closes a connection, clear if it goes on
/// with an emission.
const CLOSE: u64 = 1;

impl<A: 'static, W: Walker> Core<A, W> {
    pub(in crate::object) fn new(emitter: Emitter<W>) -> Rc<Self> {
        Rc::new(Self {
            emitter,
            connections: RefCell::default(),
            first: Cell::new(None),
            rare: OnceCell::new(),
        })
    }

    pub(in crate::object) fn emitter(&self) -> &Emitter<W> {
        &self.emitter
    }

    /// Records an emission, if it is [wanted](Self::is_wanted).
    #[inline]
    pub(in crate::object) fn record(this: &Rc<Self>, argument: A) {
        if Self::is_wanted(this, &argument) {
            Self::record_unasked(this, argument);
        }
    }

    /// Records an emission that is [wanted](Self::is_wanted).
    #[inline]
    pub(in crate::object) fn record_unasked(this: &Rc<Self>, argument: A) {
        let what = this.put(Emission { argument, from: 0, to: this.emitter.tally.count() });
        this.emitter.queue.record(Effect::Act { act: this.clone(), what });
    }

    /// Returns true if an emission that is made now reaches a connection. Passes the emission to
    /// the observer, if there is one.
    #[inline]
    pub(in crate::object) fn is_wanted(this: &Rc<Self>, argument: &A) -> bool {
        Self::is_let_through(this, argument) && !this.is_empty()
    }

    /// Returns true if the object's signals are not blocked. If so, passes the emission to the
    /// observer, if there is one.
    #[inline]
    pub(in crate::object) fn is_let_through(this: &Rc<Self>, argument: &A) -> bool {
        this.emitter.tally.is_unwatched() || Self::passes(this, argument)
    }

    /// Returns true if there is no connection.
    pub(in crate::object) fn is_empty(&self) -> bool {
        self.connections.borrow().is_empty() && !self.has_added()
    }

    /// Returns true if connections were made while the list was walked, and are not in it yet.
    #[inline]
    fn has_added(&self) -> bool {
        self.rare.get().is_some_and(|rare| !rare.added.borrow().is_empty())
    }

    #[cold]
    fn passes(this: &Rc<Self>, argument: &A) -> bool {
        let is_blocked = this.emitter.tally.is_blocked();
        if !is_blocked {
            this.emitter.tell_observer(Self::downgrade(this), argument);
        }
        !is_blocked
    }

    /// Adds a connection behind all others.
    ///
    /// Inlined into the caller with all that it calls, which saves a tenth of the cost of a
    /// connection.
    #[inline(always)]
    pub(in crate::object) fn connect(
        this: &Rc<Self>,
        kind: ConnectionType,
        link: Box<dyn Link<A, W>>,
    ) -> MadeConnection {
        let number = this.emitter.tally.add();
        let once = kind.contains(ConnectionType::SINGLE_SHOT);
        let state = if once { State::OpenOnce } else { State::Open };
        this.add(Entry::new(link, number, state));
        MadeConnection::new(Self::downgrade(this), number)
    }

    fn downgrade(this: &Rc<Self>) -> Weak<dyn AnyCore> {
        let this: Weak<Self> = Rc::downgrade(this);
        this
    }

    #[inline(always)]
    fn add(&self, entry: Entry<dyn Link<A, W>>) {
        if let Ok(mut connections) = self.connections.try_borrow_mut()
            && connections.len() < connections.capacity()
            && self.rare.get().is_none()
        {
            return connections.push(entry);
        }
        self.add_with_care(entry);
    }

    /// Adds a connection to a list that is full or is being walked, or to which other connections
    /// must be added first.
    #[cold]
    fn add_with_care(&self, entry: Entry<dyn Link<A, W>>) {
        if self.connections.try_borrow_mut().is_ok() {
            self.make_room();
            self.connections.borrow_mut().push(entry);
        } else {
            // A slot connects while the list is walked.
            self.rare().added.borrow_mut().push(entry);
        }
    }

    fn rare(&self) -> &Rare<A, W> {
        self.rare.get_or_init(|| {
            Box::new(Rare { added: RefCell::default(), waiting: RefCell::default() })
        })
    }

    /// Appends the connections that were made during a walk to the others.
    fn admit_to(&self, connections: &mut Entries<dyn Link<A, W>>) {
        if let Some(rare) = self.rare.get() {
            connections.extend(rare.added.borrow_mut().drain(..));
        }
    }

    /// Returns true if an open connection leads to the same slot of the same object as this link.
    #[cold]
    pub(in crate::object) fn leads_to(&self, link: &dyn Link<A, W>) -> bool {
        let Some(slot) = link.slot_type() else { return false };
        let receiver = link.receiver();
        let mut found = false;
        self.each_entry(|entry| {
            let matches =
                || entry.link.receiver() == receiver && entry.link.slot_type() == Some(slot);
            found |= entry.is_open() && matches();
        });
        found
    }

    /// Returns the number of open connections.
    pub(in crate::object) fn receivers(&self) -> usize {
        let mut count = 0;
        self.each_entry(|entry| count += usize::from(entry.is_open()));
        count
    }

    /// Removes the connection with this number and returns it, if it is the last one and the list
    /// is not being walked.
    fn take_last(&self, number: u64) -> Option<Entry<dyn Link<A, W>>> {
        let mut connections = self.connections.try_borrow_mut().ok()?;
        if connections.last()?.number() == number { connections.pop() } else { None }
    }

    /// Takes the only connection out, if there is one and no other, and the list is not walked.
    fn take_only(&self) -> Option<Entry<dyn Link<A, W>>> {
        let mut connections = self.connections.try_borrow_mut().ok()?;
        if connections.len() == 1 && !self.has_added() { connections.pop() } else { None }
    }

    fn each_entry(&self, mut visit: impl FnMut(&Entry<dyn Link<A, W>>)) {
        self.connections.borrow().iter().for_each(&mut visit);
        if let Some(rare) = self.rare.get() {
            rare.added.borrow().iter().for_each(visit);
        }
    }

    /// Calls `f` with the connection with this number, if it still exists.
    fn with_entry<O>(&self, number: u64, f: impl FnOnce(&Entry<dyn Link<A, W>>) -> O) -> Option<O> {
        let find = |entries: &[Entry<dyn Link<A, W>>]| {
            entries.binary_search_by_key(&number, Entry::number).ok()
        };
        let connections = self.connections.borrow();
        if let Some(at) = find(&connections) {
            return Some(f(&connections[at]));
        }
        let added = self.rare.get()?.added.borrow();
        find(&added).map(|at| f(&added[at]))
    }

    /// Emits at once to the present connections. Returns false if something is left to carry out.
    #[inline(always)]
    pub(in crate::object) fn emit_now(self: &Rc<Self>, world: &mut W, argument: A) -> bool {
        let to = self.emitter.tally.count();
        let left = self.walk(world, &argument, 0, to);
        let is_done = left.is_none() && world.queue().is_settled();
        if !is_done {
            self.end_walk(world, argument, left, to);
        }
        is_done
    }

    /// Goes on with an emission.
    #[inline]
    fn go_on(self: Rc<Self>, world: &mut W, emission: Emission<A>) {
        let Emission { argument, from, to } = emission;
        world.set_sender(Some(self.emitter.key));
        let left = self.walk(world, &argument, from, to);
        if left.is_some() || world.queue().met_dead() {
            self.end_walk(world, argument, left, to);
        }
    }

    /// Puts the rest of an emission on the stack, if there is one, where it stays even if something
    /// that the slots before have recorded panics.
    #[cold]
    fn end_walk(self: &Rc<Self>, world: &mut W, argument: A, left: Option<u64>, to: Count) {
        if let Some(from) = left {
            let what = self.put(Emission { argument, from, to });
            world.push_frame(Effect::Act { act: self.clone(), what });
        }
        // At once, since what comes next may meet dead connections of another signal.
        if self.emitter.queue.met_dead() {
            self.sweep();
        }
    }

    /// Calls the slots of the connections from number `from` up to `to`. Stops when a slot has
    /// recorded something, which must be carried out before the next slot, or when as many slots
    /// were called as a cascade has deliveries. Returns the number of the next connection then.
    ///
    /// Nothing that the slots record is carried out here, so the sender exists throughout.
    #[inline(always)]
    fn walk(&self, world: &mut W, argument: &A, from: u64, to: Count) -> Option<u64> {
        if self.rare.get().is_some() {
            self.admit();
        }
        let connections = self.connections.borrow();
        if from != 0 || to != self.emitter.tally.count() || connections.len() > CASCADE {
            return self.walk_part(&connections, world, argument, from..to.number());
        }
        self.call(&connections, world, argument)
    }

    /// Does what [`walk`](Self::walk) does, for a part of the connections.
    #[inline(never)]
    fn walk_part(
        &self,
        connections: &[Entry<dyn Link<A, W>>],
        world: &mut W,
        argument: &A,
        part: Range<u64>,
    ) -> Option<u64> {
        let place = |number| connections.partition_point(|entry| entry.number() < number);
        let part = connections.get(place(part.start)..place(part.end)).unwrap_or_default();
        let (now, later) = part.split_at(part.len().min(CASCADE));
        self.call(now, world, argument).or_else(|| later.first().map(Entry::number))
    }

    /// Calls the slots of these connections until one has recorded something. Returns the number of
    /// the next connection then, if there is one.
    #[inline(always)]
    fn call(
        &self,
        connections: &[Entry<dyn Link<A, W>>],
        world: &mut W,
        argument: &A,
    ) -> Option<u64> {
        let mut left = connections.iter();
        while let Some(entry) = left.next() {
            if entry.state() == State::Open {
                entry.link.fire(world, argument);
            } else {
                self.call_unless_dead(entry, world, argument);
            }
            if world.queue().has_recorded() {
                world.spend(connections.len() - left.len());
                return left.next().map(Entry::number);
            }
        }
        world.spend(connections.len());
        None
    }

    /// Calls the slot of a connection that is not simply open, unless it is dead.
    #[cold]
    fn call_unless_dead(&self, entry: &Entry<dyn Link<A, W>>, world: &mut W, argument: &A) {
        /// A single-shot connection whose slot runs. When the slot returns or panics, its captured
        /// values are dropped.
        struct Spent<'a, A, W>(&'a Entry<dyn Link<A, W>>);

        impl<A, W> Drop for Spent<'_, A, W> {
            fn drop(&mut self) {
                self.0.link.release();
            }
        }

        match entry.state() {
            State::Open | State::Doomed => entry.link.fire(world, argument),
            State::OpenOnce | State::DoomedOnce => {
                entry.set_state(State::Dead);
                let _spent = Spent(entry);
                entry.link.fire(world, argument);
                self.emitter.queue.set_met_dead(true);
            }
            State::Dead => self.emitter.queue.set_met_dead(true),
        }
    }

    /// Adds the connections that were made while the list was walked.
    #[cold]
    fn admit(&self) {
        if let Ok(mut connections) = self.connections.try_borrow_mut() {
            self.admit_to(&mut connections);
        }
    }

    /// Makes room for one more connection: drops the dead ones, or lets the list grow.
    #[cold]
    fn make_room(&self) {
        let mut connections = self.connections.borrow_mut();
        self.admit_to(&mut connections);
        if connections.len() < connections.capacity() {
            return;
        }
        let dead = take_dead(&mut connections);
        let len = connections.len();
        if len * 4 >= connections.capacity() * 3 {
            connections.reserve_exact(growth(len));
        }
        // Only now, since captured values may emit and disconnect when they are dropped.
        drop(connections);
        drop(dead);
    }

    /// Drops the dead connections.
    #[cold]
    fn sweep(&self) {
        self.emitter.queue.set_met_dead(false);
        let Ok(mut connections) = self.connections.try_borrow_mut() else { return };
        self.admit_to(&mut connections);
        let dead = take_dead(&mut connections);
        // Only now, since captured values may emit and disconnect when they are dropped.
        drop(connections);
        drop(dead);
    }

    /// Closes all connections, since the sender is gone.
    pub(in crate::object) fn sender_gone(&self) {
        if self.is_empty() {
            return;
        }
        match self.take_only() {
            Some(entry) => entry.kill(),
            None => self.kill_before_release(),
        }
    }

    #[cold]
    fn kill_before_release(&self) {
        let living = self.living();
        // All are marked first: if captured values panic when they are dropped, the rest is not
        // dropped.
        for &number in &living {
            self.with_entry(number, |entry| entry.set_state(State::Dead));
        }
        for number in living {
            self.with_entry(number, |entry| entry.link.release());
        }
    }

    /// Closes all connections at once, each before the next, since captures that panic when they are
    /// dropped leave the rest for next time.
    #[cold]
    fn kill_one_by_one(&self) {
        for number in self.living() {
            self.kill(number);
        }
    }

    /// Returns the numbers of the connections that are not closed.
    fn living(&self) -> Vec<u64> {
        let mut living = Vec::new();
        self.each_entry(|entry| {
            if entry.state() != State::Dead {
                living.push(entry.number());
            }
        });
        living
    }

    /// Keeps an emission. Returns the number by which an effect goes on with it.
    #[inline]
    fn put(&self, emission: Emission<A>) -> u64 {
        match self.first.take() {
            None => {
                // The place is empty, which the compiler cannot know.
                std::mem::forget(self.first.replace(Some(emission)));
                0
            }
            first => {
                std::mem::forget(self.first.replace(first));
                self.put_beside(emission)
            }
        }
    }

    #[inline(never)]
    fn put_beside(&self, emission: Emission<A>) -> u64 {
        u64::from(self.rare().waiting.borrow_mut().put(emission)) << 1
    }

    #[inline]
    fn take(&self, what: u64) -> Option<Emission<A>> {
        match what {
            0 => self.first.take(),
            _ => self.take_beside(what),
        }
    }

    #[inline(never)]
    fn take_beside(&self, what: u64) -> Option<Emission<A>> {
        self.rare.get()?.waiting.borrow_mut().take((what >> 1) as u32)
    }
}

impl<A: 'static, W: Walker> Act<W> for Core<A, W> {
    fn carry_out(self: Rc<Self>, world: &mut W, what: u64) {
        if what & CLOSE != 0 {
            world.spend(1);
            self.kill(what >> 1);
        } else if let Some(emission) = self.take(what) {
            self.go_on(world, emission);
        }
    }

    fn discard(&self, what: u64) {
        if what & CLOSE == 0 {
            drop(self.take(what));
        }
    }
}

impl<A: 'static, W: Walker> AnyCore for Core<A, W> {
    fn each(&self, visit: &mut dyn FnMut(u64, &dyn AnyLink)) {
        self.each_entry(|entry| {
            if entry.is_open() {
                visit(entry.number(), &*entry.link);
            }
        });
    }

    fn tally(&self) -> &Tally {
        &self.emitter.tally
    }

    fn next(&self) -> Option<Rc<dyn AnyCore>> {
        self.emitter.next()
    }

    fn set_next(&self, next: Option<Rc<dyn AnyCore>>) {
        self.emitter.set_next(next);
    }

    fn is_open(&self, number: u64) -> bool {
        self.with_entry(number, Entry::is_open).unwrap_or(false)
    }

    fn has(&self, number: u64) -> bool {
        self.with_entry(number, |entry| !entry.is_dead()).unwrap_or(false)
    }

    fn kill(&self, number: u64) {
        match self.take_last(number) {
            Some(entry) => entry.kill(),
            None => {
                self.with_entry(number, Entry::kill);
            }
        }
    }

    fn kill_all(&self) {
        if self.is_empty() {
            return;
        }
        match self.take_only() {
            Some(entry) => entry.kill(),
            None => self.kill_one_by_one(),
        }
    }

    fn disconnect(self: Rc<Self>, number: u64) -> bool {
        let is_idle = self.emitter.queue.is_idle();
        if is_idle && let Some(entry) = self.take_last(number) {
            // The entry is dropped here, with what its closure captured.
            return entry.is_open();
        }
        if !self.is_open(number) {
            return false;
        }
        if is_idle {
            self.with_entry(number, Entry::kill);
            return true;
        }
        self.with_entry(number, Entry::doom);
        let what = number << 1 | CLOSE;
        self.emitter.queue.clone().record(Effect::Act { act: self, what });
        true
    }
}
