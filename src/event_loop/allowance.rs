//! The allowance of a pass: how much the loop does before it looks after everything else again.
//!
//! How much of it is left is measured in `pass_meter.rs`.

use std::time::Duration;

/// How much one pass of the loop may do: what a [`Clock`](crate::Clock) gives.
///
/// A pass delivers what was recorded, makes the calls that were posted, and serves what is ready
/// and the timers that are due. When its allowance is used up, the rest waits for the next pass and
/// keeps its order; so sockets and timers are served while a thread posts without pause, or two
/// objects emit at each other for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Allowance {
    /// So much time. The pass looks at the clock after each call at first, then less and less
    /// often, down to every 16 calls, but within a cascade after every 1,024 deliveries alone.
    Time(Duration),
    /// So many deliveries and calls. For a clock that stands still while the loop works, and for
    /// runs that have to be repeated exactly.
    Calls(usize),
}
