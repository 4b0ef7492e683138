//! What ends with an object.
//!
//! The list of an object's dependents is in `node.rs`. Connections and timers are dependents.

/// Something that ends with an object, beside what the object owns.
pub(crate) trait Dependent {
    /// Returns true if it has ended already, so that the object can forget it.
    fn is_over(&self) -> bool;

    /// Ends it: the object is being destroyed.
    fn end(&self);
}
