//! The acts by which objects end.
//!
//! An act knows how an end goes on, and nothing of the world (`W`) in which it does.

use std::rc::Rc;

use super::effect::{Act, Effect};
use crate::object::store::ObjectKey;

/// A world in which objects end, part by part.
pub(in crate::object) trait Ending {
    /// Begins to destroy an object. Returns true if the object was there.
    fn begin_to_destroy(&mut self, object: ObjectKey) -> bool;

    /// Destroys an object, or goes on with that, until a part of it has recorded something that
    /// must be carried out first.
    fn go_on_destroying(&mut self, object: ObjectKey);
}

/// The acts by which objects end.
///
/// They cost nothing of a turn's budget: an end comes to an end by itself, and a tree of any size
/// goes in one turn. The slots that are called meanwhile are paid for.
pub(in crate::object) struct Ends<W> {
    begin: Rc<dyn Act<W>>,
    go_on: Rc<dyn Act<W>>,
}

/// Begins to destroy objects, or goes on with that, by their keys.
enum End {
    Begin,
    GoOn,
}

impl<W: Ending> Ends<W> {
    pub(in crate::object) fn new() -> Self {
        Self { begin: Rc::new(End::Begin), go_on: Rc::new(End::GoOn) }
    }

    pub(in crate::object) fn begin(&self, object: ObjectKey) -> Effect<W> {
        Effect::Act { act: self.begin.clone(), what: object.bits() }
    }

    pub(in crate::object) fn go_on(&self, object: ObjectKey) -> Effect<W> {
        Effect::Act { act: self.go_on.clone(), what: object.bits() }
    }
}

impl<W: Ending> Act<W> for End {
    fn carry_out(self: Rc<Self>, world: &mut W, object: u64) {
        let object = ObjectKey::from_bits(object);
        match *self {
            Self::Begin => {
                world.begin_to_destroy(object);
            }
            Self::GoOn => world.go_on_destroying(object),
        }
    }
}
