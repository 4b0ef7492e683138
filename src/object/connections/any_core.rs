//! Cores with their argument's type forgotten.
//!
//! Disconnecting, connection handles and tracing use these, so they depend on no core.
//! `emissions.rs` implements the trait.

use std::rc::Rc;

use smallvec::SmallVec;

use super::link::AnyLink;
use super::tally::Tally;

/// A core with the type of its argument forgotten.
pub(crate) trait AnyCore {
    /// Calls `visit` with every open connection, in order, and with its number.
    fn each(&self, visit: &mut dyn FnMut(u64, &dyn AnyLink));

    /// Returns the numbers of the open connections for whose links `matches` returns true, in order.
    fn open_where(&self, matches: &dyn Fn(&dyn AnyLink) -> bool) -> SmallVec<[u64; 8]>;

    fn tally(&self) -> &Tally;

    /// Returns the signal of the same object that somebody connected to after this one.
    fn next(&self) -> Option<Rc<dyn AnyCore>>;

    fn set_next(&self, next: Option<Rc<dyn AnyCore>>);

    fn is_open(&self, number: u64) -> bool;

    /// Returns true if a connection is not closed, even if it delivers only what was emitted
    /// before.
    fn has(&self, number: u64) -> bool;

    /// Closes a connection at once.
    fn kill(&self, number: u64);

    /// Closes all connections at once.
    fn kill_all(&self);

    /// Closes a connection after what was recorded before. Returns true if the connection was open.
    fn disconnect(self: Rc<Self>, number: u64) -> bool;
}
