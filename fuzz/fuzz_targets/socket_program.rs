//! Programs of socket operations, over the simulated network, do what the model of a socket says.
//!
//! The bytes are a program: what an application, its peers and the network between them do. It is
//! the program, the model and the checks of `tests/socket_model/`, whose heads say what they promise.

#![no_main]

#[allow(dead_code, reason = "programs by their seeds are the tests' own")]
#[path = "../../tests/socket_model/play/mod.rs"]
mod play;

use libfuzzer_sys::fuzz_target;
use play::performance::run;
use play::program::Program;

fuzz_target!(|bytes: &[u8]| {
    let program = Program::from_bytes(bytes);
    if let Err(failure) = run(&program) {
        panic!("{program:?}\n{failure}");
    }
});
