//! Waiting for one socket or server without the event loop, and plain blocking code.
//!
//! All public functions of this folder are methods of the [`Runtime`](crate::Runtime), so no slot
//! can wait. Sockets and servers know only that a wait is under way.

mod blocking_io;
mod failure;
mod server_wait;
mod socket_wait;
mod wait_steps;

pub use blocking_io::Blocking;
pub(crate) use failure::{attempt_of, failure_of, loss_of, not_all_sent, was_cut_off};
