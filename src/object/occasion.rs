//! Occasions: what an object is woken for, between methods.
//!
//! They are the words of the one door by which the loop, and the queue, reach the objects of the
//! floors above. What an occasion means to an object is its class's business.

use crate::readiness::{Readiness, SourceId};

/// What an object is woken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// It has come to a step that the object recorded under this number.
    Step(u32),
    /// A source of the object is ready.
    Ready(SourceId, Readiness),
    /// A timer of the object is due.
    Due,
    /// The loop has come to what the object postponed.
    Postponed,
    /// What the object asked another thread for is there.
    Answered,
}
