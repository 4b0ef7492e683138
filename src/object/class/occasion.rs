//! The occasions for which an object is woken, and how the object responds.
//!
//! `wakeups.rs` wakes objects.

use std::fmt;
use std::rc::Rc;

use super::signal::Signal;
use crate::object::connections::Core;
use crate::object::store::ObjectKey;
use crate::object::world::World;
use crate::readiness::{Readiness, SourceId};

/// The reason why an object is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A step is next that the object recorded under this number.
    Step(u32),
    /// A source of the object is ready.
    Ready(SourceId, Readiness),
    /// A timer of the object is due.
    Due,
    /// The loop has reached what the object postponed.
    Postponed,
    /// The slots of the signal with which the object has responded have run, and the object has
    /// asked for a follow-up meanwhile.
    FollowUp,
    /// Another thread has answered the object.
    Answered,
}

/// What must still be done for an object that was woken.
#[derive(Debug)]
#[must_use]
pub struct Response(pub(in crate::object) Rest);

/// What must still be done.
pub(in crate::object) enum Rest {
    Nothing,
    /// A signal of the object must be emitted, after the effects that the object has recorded.
    Emission(Rc<Core<(), World>>),
    /// Such an emission, after which the object is woken once more if it has asked for a follow-up.
    Exchange(Rc<Core<(), World>>),
    /// A function must be called with the world, after the effects that the object has recorded.
    Errand(fn(&mut World, ObjectKey)),
}

impl Response {
    /// Nothing more must be done.
    pub(crate) const DONE: Self = Self(Rest::Nothing);

    /// Emits this signal of the object after the effects that the object has recorded. Like
    /// [`Signal::emit`], but the slots are called at once if nothing was recorded.
    #[inline]
    pub(crate) fn emit(signal: &Signal<()>) -> Self {
        match signal.existing_core() {
            Some(core) if Core::is_let_through(core, &()) => Self(Rest::Emission(core.clone())),
            _ => Self::DONE,
        }
    }

    /// Wakes the object once more after the slots of an emission, if they have made it ask for a
    /// follow-up.
    #[inline]
    pub(crate) fn with_follow_up(self) -> Self {
        match self.0 {
            Rest::Emission(core) => Self(Rest::Exchange(core)),
            rest => Self(rest),
        }
    }

    /// Calls `errand`, outside any turn if the loop woke the object.
    pub(crate) fn needs(errand: fn(&mut World, ObjectKey)) -> Self {
        Self(Rest::Errand(errand))
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Emission(_) => "Emission",
            Self::Exchange(_) => "Exchange",
            Self::Errand(_) => "Errand",
        })
    }
}
