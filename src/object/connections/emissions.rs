//! The core of a signal: its emissions under way, and walking the connections for each emission.
//!
//! Keeps three promises. An emission is delivered to the connections that existed when it was made,
//! in that order, except those that are closed meanwhile. If a slot makes or closes a connection
//! while the connections are walked, nothing else changes in the walk. And a closed connection is
//! dropped: at the end of an emission that meets it, or when the list is full.
//!
//! An emission under way is an argument and the numbers of two connections. `signal.rs` makes
//! emissions; `connection_list.rs` has the connections, in the order of their numbers;
//! `connection_kinds.rs` has the ways from a connection to its slot.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::{Rc, Weak};

use smallvec::SmallVec;

use super::any_core::AnyCore;
use super::connection::{ConnectionType, MadeConnection};
use super::connection_list::ConnectionList;
use super::emitter::Emitter;
use super::entry::{Entry, State};
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
pub(in crate::object) struct Core<A, W: Walker> {
    emitter: Emitter<W>,
    /// The connections; and, seldom needed, the emissions that wait in addition to the first.
    connections: ConnectionList<dyn Link<A, W>, RefCell<Waiting<Emission<A>>>>,
    /// The argument and the end of the emission that waits alone, as most emissions do. Its effect
    /// has the rest.
    first: Cell<Option<(A, Count)>>,
}

/// An emission that waits: its argument, and the numbers of the connections that it still goes to,
/// from `from` up to but not including `to`.
struct Emission<A> {
    argument: A,
    from: u64,
    /// Never zero, so that a place for an emission needs no mark that it is empty.
    to: Count,
}

/// What an effect of a signal does. A number stands for it.
enum Task {
    /// Goes on with the emission that waits alone, from this connection.
    GoOn(u64),
    /// Goes on with the emission that waits beside that one, under this number.
    GoOnBeside(u32),
    /// Closes this connection.
    Close(u64),
}

impl Task {
    /// The number of bits that say which task it is. A connection's number leaves them free.
    const BITS: u32 = 2;

    #[inline]
    fn number(self) -> u64 {
        match self {
            Self::GoOn(from) => from << Self::BITS,
            Self::GoOnBeside(emission) => u64::from(emission) << Self::BITS | 1,
            Self::Close(connection) => connection << Self::BITS | 2,
        }
    }

    #[inline]
    fn of(number: u64) -> Self {
        let what = number >> Self::BITS;
        match number & ((1 << Self::BITS) - 1) {
            0 => Self::GoOn(what),
            1 => Self::GoOnBeside(what as u32),
            _ => Self::Close(what),
        }
    }
}

impl<A, W: Walker> Core<A, W> {
    /// Closes all connections, since the sender is gone.
    pub(in crate::object) fn sender_gone(&self) {
        self.connections.end();
    }
}

impl<A: 'static, W: Walker> Core<A, W> {
    pub(in crate::object) fn new(emitter: Emitter<W>) -> Rc<Self> {
        Rc::new(Self { emitter, connections: ConnectionList::default(), first: Cell::new(None) })
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
        self.connections.is_empty()
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
        this.connections.add(Entry::new(link, number, state));
        MadeConnection::new(Self::downgrade(this), number)
    }

    fn downgrade(this: &Rc<Self>) -> Weak<dyn AnyCore> {
        let this: Weak<Self> = Rc::downgrade(this);
        this
    }

    /// Returns true if an open connection leads to the same slot of the same object as this link.
    #[cold]
    pub(in crate::object) fn leads_to(&self, link: &dyn Link<A, W>) -> bool {
        let Some(slot) = link.slot_type() else { return false };
        let receiver = link.receiver();
        let mut found = false;
        self.connections.each(|entry| {
            found |= entry.link.receiver() == receiver
                && entry.link.slot_type() == Some(slot)
                && entry.is_open();
        });
        found
    }

    /// Returns the number of open connections.
    pub(in crate::object) fn receivers(&self) -> usize {
        let mut count = 0;
        self.connections.each(|entry| count += usize::from(entry.is_open()));
        count
    }

    /// Emits at once to the present connections. Returns false if something is left to carry out.
    #[inline(always)]
    pub(in crate::object) fn emit_now(self: &Rc<Self>, world: &mut W, argument: A) -> bool {
        let to = self.emitter.tally.count();
        let left = self.walk(world, &argument);
        let is_done = left.is_none() && world.queue().is_settled();
        if !is_done {
            self.end_walk(world, argument, left, to);
        }
        is_done
    }

    /// Goes on with an emission.
    #[inline(always)]
    fn go_on(self: Rc<Self>, world: &mut W, emission: Emission<A>) {
        world.set_sender(Some(self.emitter.key));
        if emission.from != 0 || emission.to != self.emitter.tally.count() {
            return self.go_on_with_part(world, emission);
        }
        let Emission { argument, to, .. } = emission;
        let left = self.walk(world, &argument);
        if left.is_some() || world.queue().met_dead() {
            self.end_walk(world, argument, left, to);
        }
    }

    /// Goes on with an emission that goes to a part of the connections.
    #[inline(never)]
    fn go_on_with_part(self: Rc<Self>, world: &mut W, emission: Emission<A>) {
        let Emission { argument, from, to } = emission;
        let left = self.walk_part(world, &argument, from..to.number());
        if left.is_some() || to.has_met_dead() || world.queue().met_dead() {
            self.end_walk(world, argument, left, to);
        }
    }

    #[inline(never)]
    fn go_on_beside(self: Rc<Self>, world: &mut W, number: u32) {
        if let Some(emission) = self.take_beside(number) {
            self.go_on(world, emission);
        }
    }

    /// Puts the rest of an emission on the stack, if there is one, where it stays even if something
    /// that the slots before have recorded panics. At the end of an emission that has met dead
    /// connections, drops these: once, since that looks at all connections.
    #[cold]
    fn end_walk(self: &Rc<Self>, world: &mut W, argument: A, left: Option<u64>, mut to: Count) {
        if self.emitter.queue.met_dead() {
            // At once, since what comes next may meet dead connections of another signal.
            self.emitter.queue.set_met_dead(false);
            to = to.having_met_dead();
        }
        if let Some(from) = left {
            let what = self.put(Emission { argument, from, to });
            world.push_frame(Effect::Act { act: self.clone(), what });
        } else if to.has_met_dead() {
            self.connections.sweep();
        }
    }

    /// Calls the slots of all connections. Stops when a slot has recorded something, which must be
    /// carried out before the next slot, or when as many slots were called as a cascade has
    /// deliveries. Returns the number of the next connection then.
    ///
    /// Nothing that the slots record is carried out here, so the sender exists throughout.
    #[inline(always)]
    fn walk(&self, world: &mut W, argument: &A) -> Option<u64> {
        if self.connections.is_unsettled() {
            self.settle();
        }
        let connections = self.connections.borrow();
        if connections.len() > CASCADE {
            return self.walk_part(world, argument, 0..u64::MAX);
        }
        self.call(&connections, world, argument)
    }

    /// Does what [`walk`](Self::walk) does, for a part of the connections.
    #[inline(never)]
    fn walk_part(&self, world: &mut W, argument: &A, part: Range<u64>) -> Option<u64> {
        self.settle();
        let connections = self.connections.borrow();
        let place = |number| connections.partition_point(|entry| entry.number() < number);
        let part = connections.get(place(part.start)..place(part.end)).unwrap_or_default();
        let (now, later) = part.split_at(part.len().min(CASCADE));
        self.call(now, world, argument).or_else(|| later.first().map(Entry::number))
    }

    /// Lets the connections join that were made during an earlier walk.
    #[cold]
    fn settle(&self) {
        self.connections.settle();
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

    /// Keeps an emission. Returns the number of the task that goes on with it.
    #[inline]
    fn put(&self, emission: Emission<A>) -> u64 {
        match self.first.take() {
            None => {
                let Emission { argument, from, to } = emission;
                // The place is empty, which the compiler cannot know.
                std::mem::forget(self.first.replace(Some((argument, to))));
                Task::GoOn(from).number()
            }
            first => {
                std::mem::forget(self.first.replace(first));
                self.put_beside(emission)
            }
        }
    }

    #[inline(never)]
    fn put_beside(&self, emission: Emission<A>) -> u64 {
        Task::GoOnBeside(self.connections.rare().borrow_mut().put(emission)).number()
    }

    /// Takes the emission that waits alone, which goes on from this connection.
    #[inline]
    fn take(&self, from: u64) -> Option<Emission<A>> {
        self.first.take().map(|(argument, to)| Emission { argument, from, to })
    }

    #[inline(never)]
    fn take_beside(&self, number: u32) -> Option<Emission<A>> {
        self.connections.existing_rare()?.borrow_mut().take(number)
    }
}

impl<A: 'static, W: Walker> Act<W> for Core<A, W> {
    fn carry_out(self: Rc<Self>, world: &mut W, what: u64) {
        match Task::of(what) {
            Task::GoOn(from) => {
                if let Some(emission) = self.take(from) {
                    self.go_on(world, emission);
                }
            }
            Task::GoOnBeside(number) => self.go_on_beside(world, number),
            Task::Close(number) => {
                world.spend(1);
                self.kill(number);
            }
        }
    }

    fn discard(&self, what: u64) {
        match Task::of(what) {
            Task::GoOn(from) => drop(self.take(from)),
            Task::GoOnBeside(number) => drop(self.take_beside(number)),
            Task::Close(_) => {}
        }
    }
}

impl<A: 'static, W: Walker> AnyCore for Core<A, W> {
    fn each(&self, visit: &mut dyn FnMut(u64, &dyn AnyLink)) {
        self.connections.each(|entry| {
            if entry.is_open() {
                visit(entry.number(), &*entry.link);
            }
        });
    }

    fn open_where(&self, matches: &dyn Fn(&dyn AnyLink) -> bool) -> SmallVec<[u64; 8]> {
        let mut numbers = SmallVec::new();
        self.connections.each(|entry| {
            if matches(&*entry.link) && entry.is_open() {
                numbers.push(entry.number());
            }
        });
        numbers
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
        self.connections.with(number, Entry::is_open).unwrap_or(false)
    }

    fn has(&self, number: u64) -> bool {
        self.connections.with(number, |entry| !entry.is_dead()).unwrap_or(false)
    }

    fn kill(&self, number: u64) {
        self.connections.kill(number);
    }

    fn kill_all(&self) {
        self.connections.kill_all();
    }

    fn disconnect(self: Rc<Self>, number: u64) -> bool {
        let is_idle = self.emitter.queue.is_idle();
        if is_idle && let Some(entry) = self.connections.take_last(number) {
            // The entry is dropped here, with what its closure captured.
            return entry.is_open();
        }
        if !self.is_open(number) {
            return false;
        }
        if is_idle {
            self.connections.with(number, Entry::kill);
            return true;
        }
        self.connections.with(number, Entry::doom);
        let what = Task::Close(number).number();
        self.emitter.queue.clone().record(Effect::Act { act: self, what });
        true
    }
}
