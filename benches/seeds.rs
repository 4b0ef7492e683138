//! How fast random programs of sockets are carried out, and whether all of them come out well.
//!
//! `cargo bench --bench seeds --features sim -- 10000` goes through so many seeds, each one a program
//! of its own, and through every tenth of them twice, which has to be the same in all. What fails is
//! told with its program and what happened. `SLOTWIRE_FIRST_SEED` is where to begin.

#[path = "../tests/socket_model/play/mod.rs"]
mod play;

use std::process::ExitCode;
use std::time::Instant;

use play::performance::run;
use play::program::Program;

fn main() -> ExitCode {
    // `cargo bench` runs every bench, with arguments of its own.
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1_000);
    let first = std::env::var("SLOTWIRE_FIRST_SEED").ok();
    let first: u64 = first.and_then(|first| first.parse().ok()).unwrap_or(0);
    let begin = Instant::now();
    for seed in first..first + count {
        let program = Program::from_seed(seed);
        let trace = match run(&program) {
            Ok(trace) => trace,
            Err(failure) => {
                eprintln!("{program:?}{failure}\nseed {seed}: {}", failure.what);
                return ExitCode::FAILURE;
            }
        };
        let is_repeated = seed.is_multiple_of(10);
        if is_repeated && run(&program).ok().as_ref() != Some(&trace) {
            eprintln!("{program:?}seed {seed} is not the same when it is repeated");
            return ExitCode::FAILURE;
        }
    }
    let time = begin.elapsed();
    let rate = count as f64 / time.as_secs_f64();
    println!("{count} seeds in {time:.1?}, {rate:.0} a second, every tenth twice");
    ExitCode::SUCCESS
}
