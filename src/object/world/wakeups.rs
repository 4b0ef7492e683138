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
use crate::object::class::{Occasion, Response, Rest};
use crate::object::connections::{Core, Walker};
use crate::object::effects::{Effect, Origin, Postponed, Queue, Steps};
use crate::object::store::{Life, ObjectKey};

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
    #[inline]
    pub(crate) fn wake(&mut self, object: ObjectKey, occasion: Occasion) {
        self.on_behalf_of(Origin::Object(object), |world| {
            if let Some(errand) = world.turn(|world| world.open_door(object, occasion)) {
                errand(world, object);
            }
        });
    }

    /// Wakes an object, if it is there. Returns the errand of its response, if there is one.
    #[inline]
    fn open_door(
        &mut self,
        key: ObjectKey,
        occasion: Occasion,
    ) -> Option<fn(&mut Self, ObjectKey)> {
        let (place, keyring) = self.arena.look_mut(key)?;
        let Some(object) = place.object_mut(keyring) else {
            debug_assert!(place.life() != Life::Alive, "a method has the object");
            return None;
        };
        let Response(rest) = object.wake_up(occasion);
        match rest {
            Rest::Nothing => None,
            Rest::Errand(errand) => Some(errand),
            Rest::Emission(core) => {
                self.emit_for(key, &core);
                None
            }
        }
    }

    /// Emits a signal of an object that was woken, after what the object has recorded.
    #[inline(never)]
    fn emit_for(&mut self, object: ObjectKey, core: &Rc<Core<(), Self>>) {
        if !self.has_recorded() {
            self.set_sender(Some(object));
            core.emit_now(self, ());
        } else if !core.is_empty() {
            Core::record_unasked(core, ());
        }
    }

    /// Returns the number of objects that have postponed something.
    pub(crate) fn postponed(&self) -> usize {
        self.queue.postponed()
    }

    /// Takes the next object to be woken that is not held up, and counts `left` down for each
    /// object that it looks at. Puts objects that are held up behind the others.
    #[inline]
    pub(crate) fn next_postponed(&mut self, left: &mut usize) -> Option<(ObjectKey, Occasion)> {
        while *left > 0 {
            *left -= 1;
            let (object, what) = self.queue.next_postponed()?;
            if !self.is_held_up(Origin::Object(object)) {
                let occasion = match what {
                    Postponed::Work => Occasion::Postponed,
                    Postponed::Answer => Occasion::Answered,
                };
                return Some((object, occasion));
            }
            self.queue.postpone(object, what);
        }
        None
    }

    /// Wakes an object that another thread has answered, when the loop comes to it. Not at once,
    /// since a turn of the object may have to end first.
    pub(crate) fn postpone_answer(&self, object: ObjectKey) {
        self.queue.postpone(object, Postponed::Answer);
    }
}

impl Steps for World {
    fn take_step(&mut self, object: ObjectKey, number: u32) {
        if let Some(errand) = self.open_door(object, Occasion::Step(number)) {
            errand(self, object);
        }
    }
}
