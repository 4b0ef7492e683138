//! Other threads: the calls that they post, how these calls reach the loop in order, and how they
//! wake the loop.
//!
//! `QThread`, a thread with a runtime of its own, is in `thread.rs` beside this folder.

mod call_queue;
mod inbox;
mod loop_waker;
mod remote;

pub(in crate::event_loop) use inbox::Mailbox;
pub(in crate::event_loop) use loop_waker::Bell;
pub(in crate::event_loop) use remote::RemoteCalls;
pub use remote::{PostError, Remote};
