//! The acts by which objects are destroyed.
//!
//! The acts do not know the world (`W`) in which the objects are.

use std::rc::Rc;

use super::effect::{Act, Effect};
use crate::object::store::ObjectKey;

/// A world in which objects are destroyed part by part.
pub(in crate::object) trait Ending {
    /// Begins to destroy an object. Returns true if the object was there.
    fn begin_to_destroy(&mut self, object: ObjectKey) -> bool;

    /// Destroys an object, or goes on to destroy it, until a part has recorded something that must
    /// be carried out first.
    fn go_on_destroying(&mut self, object: ObjectKey);
}

/// The acts by which objects are destroyed.
///
/// They do not count against the budget of a turn: destroying always ends, and a tree of any size
/// is destroyed in one turn. The slots that are called meanwhile count.
pub(in crate::object) struct Ends<W> {
    begin: Rc<dyn Act<W>>,
    go_on: Rc<dyn Act<W>>,
}

/// Begins to destroy an object, or goes on to destroy it, by its key.
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
