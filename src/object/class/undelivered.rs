//! `Undelivered`: a call or a connection that came to nothing, since its object is not there.

use std::fmt;

use super::handle::{Obj, ShortName, Target};
use super::qobject::QObject;
use super::slot_error::SlotType;
use crate::object::world::World;

/// A call that was not made, or a connection that was not made, since its object is gone: the
/// argument of the function that [`World::on_undelivered`] sets.
///
/// Its text says what did not happen, and why: `` slot `add` was not called: Obj<Counter> 3v1 is
/// gone ``.
#[derive(Clone, Debug)]
pub struct Undelivered {
    object: Obj<dyn QObject>,
    class: ShortName,
    what: What,
    is_foreign: bool,
}

/// What did not happen.
#[derive(Clone, Debug)]
enum What {
    Call(SlotType),
    Emission,
    Connection,
}

impl Undelivered {
    /// The call of a slot that is an `F`.
    pub(in crate::object) fn call<F, T: ?Sized + Target>(world: &World, object: Obj<T>) -> Self {
        Self::new(world, object, What::Call(SlotType::of::<F>()))
    }

    /// The emission of a signal.
    pub(in crate::object) fn emission<T: ?Sized + Target>(world: &World, object: Obj<T>) -> Self {
        Self::new(world, object, What::Emission)
    }

    /// A connection from the object or to it.
    pub(in crate::object) fn connection<T: ?Sized + Target>(world: &World, object: Obj<T>) -> Self {
        Self::new(world, object, What::Connection)
    }

    fn new<T: ?Sized + Target>(world: &World, object: Obj<T>, what: What) -> Self {
        let is_foreign = world.own(object).is_none();
        Self { object: object.erase(), class: ShortName::of::<T>(), what, is_foreign }
    }

    /// Returns the object that is gone, or is of another runtime.
    pub fn object(&self) -> Obj<dyn QObject> {
        self.object
    }

    /// Returns the name of the class in the handle that the call was given, without type
    /// parameters.
    pub fn class_name(&self) -> &'static str {
        self.class.class_name()
    }

    /// Returns the path of the slot or closure that was not called, as
    /// [`SlotError::slot_path`](crate::SlotError::slot_path) does; `None` for a connection or an
    /// emission.
    pub fn slot_path(&self) -> Option<&'static str> {
        match self.what {
            What::Call(slot) => Some(slot.path()),
            What::Emission | What::Connection => None,
        }
    }
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            What::Call(slot) => write!(f, "{slot} was not called")?,
            What::Emission => f.write_str("a signal was not emitted")?,
            What::Connection => f.write_str("nothing was connected")?,
        }
        write!(f, ": Obj<{}> {} is ", self.class, self.object.number())?;
        f.write_str(if self.is_foreign { "a handle of another runtime" } else { "gone" })
    }
}

/// Gets what was not delivered.
pub(in crate::object) type OnUndelivered = Box<dyn FnMut(&mut World, Undelivered)>;
