//! Wake-ups: how objects are reached between methods.
//!
//! Keeps two promises. An object that is gone is not woken: a wake-up names the object by its key,
//! which keeps nothing alive, so no wake-up must be cancelled when the object goes. And an object
//! is not woken while a method of it runs, since wake-ups come between methods.
//! [`QObject::wake_up`](crate::QObject) gets the [`Occasion`]; a class that extends another passes
//! the occasion on to it.

use std::fmt;
use std::rc::Rc;

use super::World;
use super::delivery::ObjectTurn;
use crate::object::class::{Occasion, Response, Rest};
use crate::object::connections::{Core, Walker};
use crate::object::effects::{Effect, KeptCall, Origin, Postponed, Queue, Steps};
use crate::object::store::ObjectKey;

/// Lets the objects of a runtime ask to be woken.
#[derive(Clone)]
pub(crate) struct Wakeups(Rc<Queue<World>>);

impl Wakeups {
    /// Makes the object take the step with this number, after what was recorded before and before
    /// what is recorded afterwards.
    #[inline]
    pub(crate) fn step(&self, object: ObjectKey, number: u32) {
        self.0.record(Effect::Step { object, number });
    }

    /// Wakes the object when the loop comes to postponed work: in this pass of the loop or, if the
    /// loop is doing postponed work already, in the next. The object itself makes sure that it asks
    /// only once.
    #[inline]
    pub(crate) fn postpone(&self, object: ObjectKey) {
        self.0.postpone(object, Postponed::Work);
    }

    /// Wakes the object once more, in the same turn, when the slots that its wake-up calls have run.
    /// If its response asks for [no follow-up](Response::with_follow_up), if the slots leave something
    /// to carry out, or if another object has asked since, this does what
    /// [`postpone`](Self::postpone) does.
    #[inline]
    pub(crate) fn follow_up(&self, object: ObjectKey) {
        self.0.postpone(object, Postponed::FollowUp);
    }

    /// Takes back what [`postpone`](Self::postpone) has asked for the object. Returns false, and does
    /// nothing, if another object has asked since.
    #[inline]
    pub(crate) fn take_back(&self, object: ObjectKey) -> bool {
        self.0.take_back(object, Postponed::Work)
    }

    /// Makes the loop come to postponed work, and so to the tasks that were woken, in this pass or
    /// in the next. No object is woken.
    pub(crate) fn call_loop(&self) {
        self.0.postpone(ObjectKey::nobody(), Postponed::Work);
    }

    /// Keeps a closure until it is called.
    pub(crate) fn keep_call(&self, call: impl FnOnce(&mut World) + 'static) -> KeptCall<World> {
        KeptCall::new(self.0.later(call))
    }

    /// Returns true if a turn is running, which will carry out what is recorded.
    pub(crate) fn in_turn(&self) -> bool {
        self.0.in_turn()
    }
}

impl fmt::Debug for Wakeups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wakeups").finish_non_exhaustive()
    }
}

impl World {
    /// Returns what the objects of this runtime use to ask to be woken.
    pub(crate) fn wakeups(&self) -> Wakeups {
        Wakeups(self.queue.clone())
    }

    /// Wakes an object in a turn of its own, whose origin is the object.
    ///
    /// This is compiled into the loops that wake objects, which saves a fifth of a wake-up.
    #[inline(always)]
    pub(crate) fn wake(&mut self, object: ObjectKey, occasion: Occasion) {
        let turn = ObjectTurn::begin(self, object);
        let Response(rest) = turn.world.open_door(object, occasion);
        match rest {
            Rest::Nothing if !turn.world.has_recorded() => turn.end_at_once(),
            Rest::Nothing => turn.end(),
            Rest::Emission(core) => {
                turn.world.emit_for(object, &core);
                // Its drop can run code of users, which may record something.
                drop(core);
                if turn.world.has_more() { turn.end() } else { turn.end_at_once() }
            }
            Rest::Exchange(core) => {
                turn.world.emit_for(object, &core);
                drop(core);
                if turn.world.has_more() || turn.world.follow_up(object) {
                    turn.end();
                } else {
                    turn.end_at_once();
                }
            }
            Rest::Errand(errand) => {
                turn.end();
                self.on_behalf_of(Origin::Object(object), |world| errand(world, object));
            }
        }
    }

    /// Wakes an object, if it is there. Returns the object's response.
    #[inline(always)]
    fn open_door(&mut self, key: ObjectKey, occasion: Occasion) -> Response {
        match self.arena.look_mut(key) {
            Some((place, keyring)) => place.wake(keyring, occasion),
            None => Response::DONE,
        }
    }

    /// Returns true if the running turn has something to carry out.
    #[inline(always)]
    fn has_more(&self) -> bool {
        self.has_recorded() || self.turns.has_rest()
    }

    /// Wakes an object once more, in the turn that runs, if it has asked for a
    /// [follow-up](Wakeups::follow_up) and no other object has asked since. Returns true if there is
    /// something to carry out then.
    #[inline(always)]
    fn follow_up(&mut self, object: ObjectKey) -> bool {
        if !self.queue.take_back(object, Postponed::FollowUp) {
            return false;
        }
        self.wake_in_turn(object, Occasion::FollowUp);
        self.has_more()
    }

    /// Emits a signal of an object that was woken, after what the object has recorded.
    #[inline(always)]
    fn emit_for(&mut self, object: ObjectKey, core: &Rc<Core<(), Self>>) {
        if self.has_recorded() {
            return Self::record_behind(core);
        }
        self.set_sender(Some(object));
        core.emit_now(self, ());
    }

    /// Wakes an object in the turn that runs, and does what the object's response asks for.
    #[inline(always)]
    fn wake_in_turn(&mut self, object: ObjectKey, occasion: Occasion) {
        let Response(rest) = self.open_door(object, occasion);
        match rest {
            Rest::Nothing => {}
            Rest::Emission(core) | Rest::Exchange(core) => self.emit_in_step(object, &core),
            Rest::Errand(errand) => errand(self, object),
        }
    }

    /// Does what [`emit_for`](Self::emit_for) does, in a turn that carries out what is left.
    #[cold]
    fn emit_in_step(&mut self, object: ObjectKey, core: &Rc<Core<(), Self>>) {
        self.emit_for(object, core);
    }

    #[inline(never)]
    fn record_behind(core: &Rc<Core<(), Self>>) {
        if !core.is_empty() {
            Core::record_unasked(core, ());
        }
    }

    /// Returns true if objects have postponed something.
    #[inline]
    pub(crate) fn has_postponed(&self) -> bool {
        self.queue.has_postponed() || !self.postponed.is_empty()
    }

    /// Collects the objects that have postponed something, so that they can be woken. Objects that
    /// postpone something from now on wait for the next time.
    #[inline]
    pub(crate) fn collect_postponed(&mut self) {
        self.queue.move_postponed(&mut self.postponed);
    }

    /// Returns true if objects are left that were [collected](Self::collect_postponed).
    #[inline]
    pub(crate) fn has_collected_postponed(&self) -> bool {
        !self.postponed.is_empty()
    }

    /// Wakes the next object that was [collected](Self::collect_postponed) and is not held up. Puts
    /// an object that is held up behind those that postpone something from now on. Returns `None` if
    /// no object was left.
    #[inline(always)]
    pub(crate) fn wake_next_postponed(&mut self) -> Option<()> {
        loop {
            let (object, what) = self.postponed.next()?;
            if !self.is_object_held_up(object) {
                let occasion = match what {
                    Postponed::Work | Postponed::FollowUp => Occasion::Postponed,
                    Postponed::Answer => Occasion::Answered,
                };
                self.wake(object, occasion);
                return Some(());
            }
            self.queue.postpone(object, what);
        }
    }

    /// Wakes an object that another thread has answered, when the loop comes to it. Not at once,
    /// since a turn of the object may have to end first.
    pub(crate) fn postpone_answer(&self, object: ObjectKey) {
        self.queue.postpone(object, Postponed::Answer);
    }
}

impl Steps for World {
    #[inline(always)]
    fn take_step(&mut self, object: ObjectKey, number: u32) {
        self.wake_in_turn(object, Occasion::Step(number));
    }
}
