//! Traces: what is written down, and that nobody feels it.

#[path = "../people/mod.rs"]
mod people;

mod arguments;
mod comparing;
mod neutrality;
mod recording;

use people::runtime;
use slotwire::Trace;
use slotwire::prelude::*;

/// Has a signal of each kind, and passes on what it hears.
#[derive(QObject, Default)]
struct Door {
    heard: Vec<u32>,
    #[signal]
    opened: Signal<u32>,
    #[signal]
    closed: Signal<()>,
    #[property]
    locked: Property<bool>,
}

#[slots]
impl Door {
    #[slot]
    fn open(&mut self, key: u32) {
        self.heard.push(key);
        self.opened.emit(key + 1);
        self.closed.emit(());
        self.opened.emit(key + 2);
    }

    #[slot]
    fn hear(&mut self, key: u32) {
        self.heard.push(key);
    }
}

/// A class that extends another one.
#[derive(QObject, Default)]
struct FrontDoor {
    #[qobject(base)]
    door: Door,
    #[signal]
    delivered: Signal<Vec<u8>>,
    #[property]
    number: Property<u16>,
}

/// Begins to record what a runtime emits.
fn traced(rt: &mut Runtime) -> Trace {
    let trace = Trace::new();
    rt.record_into(&trace);
    trace
}

/// A runtime that is traced, and a door in it.
fn traced_door() -> (Runtime, Trace, Obj<Door>) {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let door = rt.add(Door::default());
    (rt, trace, door)
}

/// The lines of a trace without the numbers of the turns.
fn lines(trace: &Trace) -> Vec<String> {
    let line = |line: &str| line.split_once(' ').map(|(_, rest)| rest.to_owned());
    trace.to_string().lines().filter_map(line).collect()
}
