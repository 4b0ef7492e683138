//! Inspection: what tests and people use to look at a running program.
//!
//! A [`Trace`] has every emission as text, a [`SignalSpy`] remembers the emissions of one signal,
//! and `dump.rs` shows the objects and their connections. Nothing here changes what a program does.
//! The rest of `object/` imports nothing from here: it calls its `Observer`, which the tracer
//! implements.

mod dump;
mod signal_spy;
mod trace;
mod tracer;

pub use dump::ConnectionInfo;
pub use signal_spy::SignalSpy;
pub use trace::{Trace, TraceEntry};
