//! What an object is woken for, and how it responds.
//!
//! The door by which an object is woken is in `wakeups.rs`.

use std::fmt;
use std::rc::Rc;

use super::signal::Signal;
use crate::object::connections::Core;
use crate::object::store::ObjectKey;
use crate::object::world::World;
use crate::readiness::{Readiness, SourceId};

/// What an object is woken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// It has come to a step that the object recorded under this number.
    Step(u32),
    /// A source of the object is ready.
    Ready(SourceId, Readiness),
    /// A timer of the object is due.
    Due,
    /// The loop has come to what the object postponed.
    Postponed,
    /// What the object asked another thread for is there.
    Answered,
}

/// What is left to be done for an object that was woken.
#[derive(Debug)]
#[must_use]
pub struct Response(pub(in crate::object) Rest);

/// What is left to be done.
pub(in crate::object) enum Rest {
    Nothing,
    /// A signal of the object is to be emitted, after what the object has recorded.
    Emission(Rc<Core<(), World>>),
    /// Something takes the world, when what the object has recorded is carried out.
    Errand(fn(&mut World, ObjectKey)),
}

impl Response {
    /// Nothing is left to be done.
    pub(crate) const DONE: Self = Self(Rest::Nothing);

    /// This signal of the object is to be emitted, after what the object has recorded: as
    /// [`Signal::emit`] does it, but the slots are called at once if nothing was recorded.
    #[inline]
    pub(crate) fn emit(signal: &Signal<()>) -> Self {
        match signal.existing_core() {
            Some(core) if Core::is_let_through(core, &()) => Self(Rest::Emission(core.clone())),
            _ => Self::DONE,
        }
    }

    /// This is to be called, outside any turn if the loop woke the object.
    pub(crate) fn needs(errand: fn(&mut World, ObjectKey)) -> Self {
        Self(Rest::Errand(errand))
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Emission(_) => "Emission",
            Self::Errand(_) => "Errand",
        })
    }
}
