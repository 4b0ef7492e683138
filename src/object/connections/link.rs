//! Links: how a signal reaches the slot of a connection.
//!
//! A core calls links and knows nothing else of slots. The kinds of links are in
//! `connection_kinds.rs`.

use std::any::TypeId;

use crate::object::store::ObjectKey;

/// A link of a signal that carries an `A`, in a world `W`.
pub(in crate::object) trait Link<A, W>: AnyLink {
    /// Calls the slot.
    fn fire(&self, world: &mut W, argument: &A);
}

/// A link with its argument's type forgotten.
pub(crate) trait AnyLink {
    /// Returns the object that the connection ends with, if there is one.
    fn receiver(&self) -> Option<ObjectKey>;

    /// Returns the type of the slot, by which a method is told from another; none for what has no
    /// name.
    fn slot_type(&self) -> Option<TypeId> {
        None
    }

    /// Returns true if the slot can never be called again.
    fn is_over(&self) -> bool {
        false
    }

    /// Drops what a closure captured: the connection is closed.
    fn release(&self) {}
}
