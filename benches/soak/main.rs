//! A soak: ten thousand connections talk for a minute, and nothing may be lost, wrong or piled up.
//!
//! `cargo bench --bench soak -- --connections 10000 --seconds 60 --seed 1` starts a server and the
//! callers in processes of their own, prints what came of it and fails if a byte was lost or
//! wrong, or if a process went on growing. It stops by itself and talks to this machine alone.

mod caller;
mod control;
mod crowd;
mod latency;
mod memory;
mod options;
mod process;
mod server;
mod soak;
mod stream;
mod tally;

use std::error::Error;
use std::process::ExitCode;

use options::Options;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|one| one != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    process::raise_descriptor_limit();
    match words.as_slice() {
        ["serve"] => server::serve()?,
        ["call", port, options @ ..] => crowd::call(port.parse()?, &Options::read(options)?)?,
        options => return soak::run(&Options::read(options)?),
    }
    Ok(ExitCode::SUCCESS)
}
