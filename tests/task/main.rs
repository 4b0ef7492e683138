//! Tasks: async functions beside slots.

#[path = "../people/mod.rs"]
mod people;

use std::time::Duration;

use slotwire::{Runtime, VirtualClock};

mod ending;
mod io;
mod order;
mod seeds;
mod signals;
mod time;
mod world;

fn runtime() -> Runtime {
    Runtime::with_clock(VirtualClock::new()).expect("the system gives a poller")
}

/// Makes one pass of the loop.
fn pass(rt: &mut Runtime) {
    rt.process_events(Some(Duration::ZERO)).expect("the loop makes a pass");
}
