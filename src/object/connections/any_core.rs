//! Cores with their argument's type forgotten.
//!
//! Disconnecting, connection handles and tracing work on these, so they depend on no core. `signal_core.rs`
//! implements the trait.

use std::rc::Rc;

use super::link::AnyLink;
use super::tally::Tally;

/// A core with its argument's type forgotten: what disconnecting and reflection work on.
pub(crate) trait AnyCore {
    /// Shows every open connection to `visit`, in order, with its number.
    fn each(&self, visit: &mut dyn FnMut(u64, &dyn AnyLink));

    fn tally(&self) -> &Tally;

    /// Returns the signal of the same object that somebody connected to after this one.
    fn next(&self) -> Option<Rc<dyn AnyCore>>;

    fn set_next(&self, next: Option<Rc<dyn AnyCore>>);

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
