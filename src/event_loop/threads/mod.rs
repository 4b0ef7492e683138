//! Other threads: what they post, how it comes to the loop in order, and what wakes the loop for it.
//!
//! `QThread`, which has a runtime of its own, is in `thread.rs` beside this folder.

mod call_queue;
mod inbox;
mod loop_waker;
mod remote;

pub(in crate::event_loop) use inbox::Mailbox;
pub(in crate::event_loop) use loop_waker::Bell;
pub(in crate::event_loop) use remote::RemoteCalls;
pub use remote::{PostError, Remote};
