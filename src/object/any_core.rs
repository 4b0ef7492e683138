//! Cores and links with their argument's type forgotten.
//!
//! Disconnecting, connection handles and tracing work on these, so they depend on no core. The
//! traits are implemented in `core.rs` and `connection_kinds.rs`.

use std::any::TypeId;
use std::rc::Rc;

use super::key::ObjectKey;

/// A core with its argument's type forgotten: what disconnecting and reflection work on.
pub(super) trait AnyCore {
    /// Shows every open connection to `visit`, in order, with its number.
    fn each(&self, visit: &mut dyn FnMut(u64, &dyn AnyLink));

    fn is_open(&self, number: u64) -> bool;

    /// Returns true if a connection is not closed, be it that it delivers nothing new.
    fn has(&self, number: u64) -> bool;

    /// Closes a connection at once.
    fn kill(&self, number: u64);

    /// Closes all connections at once.
    fn kill_all(&self);

    /// Closes a connection after what was recorded before. Returns true if it was open.
    fn disconnect(self: Rc<Self>, number: u64) -> bool;
}

/// A link with its argument's type forgotten.
pub(super) trait AnyLink {
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
