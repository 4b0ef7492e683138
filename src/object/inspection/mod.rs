//! Inspection: what tests and people look at a running program with.
//!
//! A [`Trace`] has every emission as text, a [`SignalSpy`] remembers those of one signal, and
//! `dump.rs` shows the objects and who is connected to whom. Nothing here changes what a program
//! does, and the rest of `object/` imports nothing from here: it tells its `Observer`, which the
//! tracer is, what happens.

mod dump;
mod signal_spy;
mod trace;
mod tracer;

pub use dump::ConnectionInfo;
pub use signal_spy::SignalSpy;
pub use trace::{Trace, TraceEntry};
