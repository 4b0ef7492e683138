//! Conformance: scenarios that were recorded with Qt, played on this library.
//!
//! `tests/conformance/FORMAT.md` says what a scenario is. Each is played and gives a trace, which has
//! to be the one that Qt gave, or the one of a listed departure (`tests/conformance/departures.toml`).
//! The interpreter only translates: what a scenario asks for is in the library, or the trace says
//! that it is missing.
//!
//! They are played on the kernel's network, and on the simulated one if there is the feature `sim`:
//! where the two differ, the simulation is wrong. What needs the kernel stands in
//! `tests/conformance/native_only.toml`.
//!
//! * `SLOTWIRE_CONFORMANCE=<folder>` plays another folder of the same form. One without a
//!   `departures.toml` goes by ours.
//! * `SLOTWIRE_CONFORMANCE_FILTER=<text>` plays those whose name contains the text.
//! * `SLOTWIRE_CONFORMANCE_WRITE=<folder>` writes every trace that the kernel's network gave into a
//!   folder. What is to be the trace of a departure is copied from there.

#[path = "conformance/answer.rs"]
mod answer;
#[path = "conformance/args.rs"]
mod args;
#[path = "conformance/bytes.rs"]
mod bytes;
#[path = "conformance/calls/mod.rs"]
mod calls;
#[path = "conformance/comparator.rs"]
mod comparator;
#[path = "conformance/data_stream.rs"]
mod data_stream;
#[path = "conformance/departures.rs"]
mod departures;
#[path = "conformance/dut.rs"]
mod dut;
#[path = "conformance/event_loop.rs"]
mod event_loop;
#[path = "conformance/interface.rs"]
mod interface;
#[path = "conformance/log.rs"]
mod log;
#[path = "conformance/lookup.rs"]
mod lookup;
#[path = "conformance/names.rs"]
mod names;
#[path = "conformance/native_only.rs"]
mod native_only;
#[path = "conformance/native_peers.rs"]
mod native_peers;
#[path = "conformance/native_script.rs"]
mod native_script;
#[path = "conformance/operation.rs"]
mod operation;
#[path = "conformance/peer_operation.rs"]
mod peer_operation;
#[path = "conformance/peers.rs"]
mod peers;
#[path = "conformance/player.rs"]
mod player;
#[path = "conformance/probe.rs"]
mod probe;
#[path = "conformance/program.rs"]
mod program;
#[path = "conformance/report.rs"]
mod report;
#[path = "conformance/scenario.rs"]
mod scenario;
#[path = "conformance/signal.rs"]
mod signal;
#[path = "conformance/sim_peers.rs"]
mod sim_peers;
#[path = "conformance/sim_script.rs"]
mod sim_script;
#[path = "conformance/slot.rs"]
mod slot;
#[path = "conformance/stage.rs"]
mod stage;
#[path = "conformance/symbols.rs"]
mod symbols;
#[path = "conformance/text_stream.rs"]
mod text_stream;
#[path = "conformance/trace.rs"]
mod trace;
#[path = "conformance/waiting.rs"]
mod waiting;
#[path = "conformance/wiring.rs"]
mod wiring;

use std::path::{Path, PathBuf};

use native_peers::NativeEngine;
use peers::Engine;
use report::Report;
use sim_peers::SimEngine;

/// The scenarios of this project.
const OWN_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/conformance");

#[test]
fn every_scenario_gives_the_trace_that_qt_gives_or_a_listed_one() {
    let report = played_on(&NativeEngine);
    if let Some(folder) = std::env::var_os("SLOTWIRE_CONFORMANCE_WRITE") {
        report.write_traces(Path::new(&folder)).unwrap();
    }
    report.assert_all_well();
}

#[test]
fn every_scenario_gives_the_same_trace_on_the_simulated_network() {
    played_on(&SimEngine::smooth()).assert_all_well();
}

#[test]
fn a_network_that_cuts_what_it_carries_and_tells_late_changes_no_trace() {
    played_on(&SimEngine::rough()).assert_all_well();
}

/// Plays what the environment asks for, and says what came of it.
fn played_on(engine: &dyn Engine) -> Report {
    let folder = std::env::var_os("SLOTWIRE_CONFORMANCE").map_or(OWN_FOLDER.into(), PathBuf::from);
    let filter = std::env::var("SLOTWIRE_CONFORMANCE_FILTER").unwrap_or_default();
    let report = Report::of(&folder, Path::new(OWN_FOLDER), &filter, engine);
    report.print();
    report
}
