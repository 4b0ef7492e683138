//! `SlotError`: an error that a slot returned, with the names of the slot and of its object.

use std::any::type_name;
use std::error::Error;
use std::fmt;

use super::handle::Obj;
use super::meta_object::MetaObject;
use super::qobject::QObject;
use crate::object::world::World;

/// An error that a slot returned: the argument of the function that
/// [`World::on_slot_error`] sets.
///
/// Its text names the slot, the class, the number of the object and the error:
/// `` slot `add` of Obj<Parser> 2v1 failed: invalid digit found in string ``. As the text contains
/// that of the error, `source` returns what is behind the error.
#[derive(Debug)]
pub struct SlotError {
    receiver: Option<Obj<dyn QObject>>,
    class: Option<&'static MetaObject>,
    slot: SlotType,
    error: Box<dyn Error>,
}

impl SlotError {
    pub(super) fn new(
        world: &World,
        receiver: Option<Obj<dyn QObject>>,
        slot: SlotType,
        error: Box<dyn Error>,
    ) -> Self {
        let class = receiver.and_then(|receiver| world.class(receiver.key));
        Self { receiver, class, slot, error }
    }

    /// Returns the object whose slot failed, or `None` for a closure without a receiver.
    pub fn receiver(&self) -> Option<Obj<dyn QObject>> {
        self.receiver
    }

    /// Returns the name of the object's class, or `None` for a closure without a receiver.
    pub fn class_name(&self) -> Option<&'static str> {
        self.class.map(MetaObject::class_name)
    }

    /// Returns the path of the slot, such as `my_program::Parser::add`. The path of a closure is
    /// that of the function in which the closure is written, with `{{closure}}` after it.
    ///
    /// The path is for people: its form is that of [`type_name`], which may change with the
    /// compiler.
    pub fn slot_path(&self) -> &'static str {
        self.slot.path()
    }

    /// Returns the error that the slot returned.
    pub fn error(&self) -> &(dyn Error + 'static) {
        &*self.error
    }

    /// Returns the error that the slot returned, and drops the names.
    pub fn into_inner(self) -> Box<dyn Error> {
        self.error
    }
}

impl fmt::Display for SlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.slot)?;
        if let (Some(receiver), Some(class)) = (self.receiver, self.class) {
            let relation = if self.slot.is_closure() { "for" } else { "of" };
            let (class, number) = (class.short_name(), receiver.number());
            write!(f, " {relation} Obj<{class}> {number}")?;
        }
        write!(f, " failed: {}", self.error)
    }
}

impl Error for SlotError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// The type of a slot's function, whose name is the path of the method or closure.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct SlotType(fn() -> &'static str);

impl SlotType {
    #[inline]
    pub(crate) fn of<F>() -> Self {
        Self(type_name::<F>)
    }

    pub(super) fn path(self) -> &'static str {
        self.0()
    }

    fn is_closure(self) -> bool {
        self.path().ends_with(CLOSURE)
    }
}

/// How the path of a closure ends.
const CLOSURE: &str = "::{{closure}}";

impl fmt::Display for SlotType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path();
        match self.is_closure() {
            true => write!(f, "a closure in `{}`", path.trim_end_matches(CLOSURE)),
            false => write!(f, "slot `{}`", path.rsplit("::").next().unwrap_or(path)),
        }
    }
}

impl fmt::Debug for SlotType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}

/// Gets the errors that slots return.
pub(in crate::object) type OnSlotError = Box<dyn FnMut(&mut World, SlotError)>;
