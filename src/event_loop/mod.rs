//! The event loop: time, readiness, and calls from elsewhere.

mod runtime;

pub use runtime::Runtime;
