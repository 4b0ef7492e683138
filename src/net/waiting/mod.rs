//! Waiting for one socket or server without the event loop, and plain blocking code.
//!
//! Everything in here is a method of the [`Runtime`](crate::Runtime), so no slot can wait. It looks
//! at sockets and servers from outside, and they know nothing of it but who awaits them.

mod blocking;
mod wait;

pub use blocking::Blocking;
