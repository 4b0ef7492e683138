//! What ends with an object.
//!
//! Connections and timers are dependents. `node.rs` has the list of an object's dependents.

/// Something that ends when an object is destroyed, and that the object does not own.
pub(crate) trait Dependent {
    /// Returns true if it has ended already, so that the object can forget it.
    fn is_over(&self) -> bool;

    /// Ends it, since the object is being destroyed.
    fn end(&self);
}
