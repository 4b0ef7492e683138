//! The recorder: what running methods did that others are to notice.
//!
//! Every signal of a runtime holds on to it, so that emitting needs no context. It only collects;
//! `delivery.rs` carries out.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use bitflags::bitflags;

use super::destroy::Phase;
use super::handle::ObjectKey;
use super::link::AnyLink;
use super::signal::Emission;
use super::tracer::Tracer;
use super::waiting::{AnyWaitingRoom, WaitingRoom};
use super::world::World;

/// Something done by a method, to be carried out after it, in the order written.
pub(super) enum Effect {
    /// Goes on with an emission at slot number `next`.
    Emit { emission: Rc<dyn Emission>, entry: u32, next: u32 },
    /// Makes a connection dead.
    Disconnect(Rc<dyn AnyLink>),
    /// Destroys an object, or goes on destroying it.
    Destroy(ObjectKey, Phase),
    /// Lets an object move on to its next state.
    Step { object: ObjectKey, number: u32, step: fn(&mut World, ObjectKey, u32) },
    /// Runs a closure.
    Later(Box<dyn FnOnce(&mut World)>),
}

/// A call that was posted for a later turn of the loop.
pub(super) type Posted = Box<dyn FnOnce(&mut World)>;

bitflags! {
    /// What runs and what waits. Nothing of it: an effect may be immediate.
    #[derive(Clone, Copy, PartialEq, Eq)]
    struct Status: u8 {
        /// A turn is running, which will come for what is recorded.
        const IN_TURN = 1;
        /// There are effects.
        const RECORDED = 2;
        /// Earlier turns left something undelivered.
        const BACKLOG = 4;
        /// An emission of this turn met a dead connection, and nobody has counted them yet.
        const MET_DEAD = 8;
        /// A trace has an emission of this turn, or of what is recorded for it.
        const TRACED = 16;
    }
}

/// Collects effects and posted calls.
pub(super) struct Recorder {
    /// Looked at before every emission and after every slot.
    status: Cell<Status>,
    effects: RefCell<Vec<Effect>>,
    posted: RefCell<VecDeque<Posted>>,
    /// Where emissions wait, by the type of their arguments.
    waiting: RefCell<Vec<Rc<dyn AnyWaitingRoom>>>,
    /// Writes emissions into a trace, while there is one.
    tracer: RefCell<Option<Rc<Tracer>>>,
    /// Tells a loop that does not look by itself that there is work.
    alarm: RefCell<Option<Box<dyn Fn()>>>,
}

impl Recorder {
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Self {
            status: Cell::new(Status::empty()),
            effects: RefCell::default(),
            posted: RefCell::default(),
            waiting: RefCell::default(),
            tracer: RefCell::new(None),
            alarm: RefCell::new(None),
        })
    }

    #[inline(always)]
    pub(super) fn record(&self, effect: Effect) {
        self.effects.borrow_mut().push(effect);
        self.set(Status::RECORDED, true);
        if !self.in_turn() {
            self.raise_alarm();
        }
    }

    #[inline]
    pub(super) fn has_recorded(&self) -> bool {
        self.status.get().contains(Status::RECORDED)
    }

    /// The next effect of all: the first that was recorded, or else the uppermost of `stack`. What
    /// else was recorded moves there, first recorded uppermost.
    #[inline]
    pub(super) fn next(&self, stack: &mut Vec<Effect>) -> Option<Effect> {
        if self.has_recorded() {
            self.set(Status::RECORDED, false);
            let mut effects = self.effects.borrow_mut();
            if effects.len() > 1 {
                stack.extend(effects.drain(1..).rev());
            }
            effects.pop()
        } else {
            stack.pop()
        }
    }

    /// Moves what was recorded to the top of `stack`, first recorded uppermost.
    #[cold]
    pub(super) fn move_to(&self, stack: &mut Vec<Effect>) {
        if self.has_recorded() {
            self.set(Status::RECORDED, false);
            let mut effects = self.effects.borrow_mut();
            while let Some(effect) = effects.pop() {
                stack.push(effect);
            }
        }
    }

    pub(super) fn post(&self, call: Posted) {
        self.posted.borrow_mut().push_back(call);
        // Also in a turn, since that may be one which no pass of the loop has begun.
        self.raise_alarm();
    }

    pub(super) fn posted(&self) -> usize {
        self.posted.borrow().len()
    }

    pub(super) fn next_posted(&self) -> Option<Posted> {
        self.posted.borrow_mut().pop_front()
    }

    /// Says whether nothing runs and nothing waits, so that an effect may be immediate.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        (self.status.get() - Status::TRACED).is_empty()
    }

    /// Says whether a turn is running that left nothing to see to, nor did earlier turns.
    #[inline]
    pub(super) fn is_settled(&self) -> bool {
        self.status.get() == Status::IN_TURN
    }

    /// Where the emissions with arguments of type `A` wait.
    pub(super) fn waiting_room<A: 'static>(&self) -> Rc<WaitingRoom<A>> {
        let mut rooms = self.waiting.borrow_mut();
        let found = rooms.iter().find_map(|room| (room.clone() as Rc<dyn Any>).downcast().ok());
        found.unwrap_or_else(|| {
            let room = Rc::<WaitingRoom<A>>::default();
            rooms.push(room.clone());
            room
        })
    }

    pub(super) fn set_backlog(&self, backlog: bool) {
        self.set(Status::BACKLOG, backlog);
    }

    #[inline]
    pub(super) fn in_turn(&self) -> bool {
        self.status.get().contains(Status::IN_TURN)
    }

    #[inline]
    pub(super) fn begin_turn(&self) {
        self.set(Status::IN_TURN, true);
    }

    /// Ends the turn; says whether it left something that was recorded.
    #[inline]
    pub(super) fn end_turn(&self) -> bool {
        let has_recorded = self.has_recorded();
        self.set(Status::IN_TURN | Status::MET_DEAD | Status::TRACED, false);
        has_recorded
    }

    pub(super) fn met_dead(&self) -> bool {
        self.status.get().contains(Status::MET_DEAD)
    }

    pub(super) fn set_met_dead(&self, met_dead: bool) {
        self.set(Status::MET_DEAD, met_dead);
    }

    /// Notes an emission in a trace; says whether it is the first of this turn. What is emitted
    /// outside any turn counts to the next.
    pub(super) fn is_first_traced(&self) -> bool {
        let is_first = !self.status.get().contains(Status::TRACED);
        self.set(Status::TRACED, true);
        is_first
    }

    /// What writes emissions into a trace, while there is one.
    pub(super) fn tracer(&self) -> Option<Rc<Tracer>> {
        self.tracer.borrow().clone()
    }

    /// Begins with a new trace, or with none.
    pub(super) fn set_tracer(&self, tracer: Option<Rc<Tracer>>) {
        self.set(Status::TRACED, false);
        let before = self.tracer.replace(tracer);
        drop(before);
    }

    #[inline]
    fn set(&self, status: Status, on: bool) {
        let mut all = self.status.get();
        all.set(status, on);
        self.status.set(all);
    }

    pub(super) fn set_alarm(&self, alarm: Box<dyn Fn()>) {
        *self.alarm.borrow_mut() = Some(alarm);
    }

    pub(super) fn raise_alarm(&self) {
        if let Some(alarm) = &*self.alarm.borrow() {
            alarm();
        }
    }

    /// Forgets everything, so that nothing keeps the runtime's parts alive in a circle.
    pub(super) fn clear(&self) {
        let effects = self.effects.take();
        let posted = self.posted.take();
        let waiting = self.waiting.take();
        self.set(Status::RECORDED, false);
        self.set_tracer(None);
        drop((effects, posted));
        for room in waiting {
            room.clear();
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("effects", &self.effects.borrow().len())
            .field("posted", &self.posted.borrow().len())
            .finish_non_exhaustive()
    }
}
