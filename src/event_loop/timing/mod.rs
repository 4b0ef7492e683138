//! Timing: the armed timers of a runtime, in order, and the moments at which they tick.
//!
//! `timer.rs` and `single_shot.rs`, beside this folder, arm them.

mod moment;
mod tick_times;
mod timer_queue;
mod timer_slots;
mod timers;

pub use tick_times::TimerType;
pub(in crate::event_loop) use tick_times::{Beat, Pace};
pub(crate) use timer_slots::TimerKey;
pub(crate) use timers::Timers;
pub(in crate::event_loop) use timers::{Alarm, Due};
