//! Links: how a signal reaches the slot of a connection.
//!
//! A core calls links and knows nothing else of slots. `connection_kinds.rs` has the kinds of
//! links.

use std::any::TypeId;

use crate::object::store::ObjectKey;

/// A link of a signal that carries an `A`, in a world `W`.
pub(in crate::object) trait Link<A, W>: AnyLink {
    /// Calls the slot.
    fn fire(&self, world: &mut W, argument: &A);
}

/// A link with the type of its argument forgotten.
pub(crate) trait AnyLink {
    /// Returns the object with which the connection ends, if there is one.
    fn receiver(&self) -> Option<ObjectKey>;

    /// Returns the type of the slot, which identifies a method. Returns `None` for a slot that is
    /// not a method.
    fn slot_type(&self) -> Option<TypeId> {
        None
    }

    /// Returns true if the slot can never be called again.
    fn is_over(&self) -> bool {
        false
    }

    /// Drops what a closure captured, since the connection is closed.
    fn release(&self) {}
}
