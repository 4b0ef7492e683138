//! The allowance of a pass: how much work the loop does before it looks at everything else again.
//!
//! `pass_meter.rs` measures how much of it is left.

use std::time::Duration;

/// How much work one pass of the loop may do. A [`Clock`](crate::Clock) decides it.
///
/// A pass delivers what was recorded, makes the posted calls, wakes the objects whose sources are
/// ready, and fires the timers that are due. When the allowance is used up, the rest waits for the
/// next pass and keeps its order. So sockets and timers are served even if a thread posts without
/// pause, or two objects emit at each other for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Allowance {
    /// This much time. The pass reads the clock after each call at first, and less often later, at
    /// least every 16 calls. Within a cascade, it reads the clock only after every 1,024
    /// deliveries.
    Time(Duration),
    /// This many deliveries and calls. For a clock that stands still while the loop works, and for
    /// runs that must repeat exactly.
    Calls(usize),
}
