//! Programs of socket operations, over the simulated network, do what the model of a socket says.
//!
//! The bytes are a program: what an application, its peers and the network between them do. It is
//! the program, the model and the checks of `tests/socket_model/`, whose heads say what they promise.

#![no_main]

#[path = "../../tests/socket_model/application.rs"]
mod application;
#[path = "../../tests/socket_model/content.rs"]
mod content;
#[path = "../../tests/socket_model/datagrams.rs"]
mod datagrams;
#[path = "../../tests/socket_model/ending.rs"]
mod ending;
#[path = "../../tests/socket_model/model.rs"]
mod model;
#[path = "../../tests/socket_model/observer.rs"]
mod observer;
#[path = "../../tests/socket_model/peers.rs"]
mod peers;
#[allow(dead_code, reason = "programs by their seeds are the tests' own")]
#[path = "../../tests/socket_model/program.rs"]
mod program;
#[path = "../../tests/socket_model/run.rs"]
mod run;
#[path = "../../tests/socket_model/server.rs"]
mod server;
#[path = "../../tests/socket_model/stage.rs"]
mod stage;
#[path = "../../tests/socket_model/table.rs"]
mod table;

use libfuzzer_sys::fuzz_target;
use program::Program;
use run::run;

fuzz_target!(|bytes: &[u8]| {
    let program = Program::from_bytes(bytes);
    if let Err(failure) = run(&program) {
        panic!("{program:?}\n{failure}");
    }
});
