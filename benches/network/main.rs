//! What sockets cost beside a hand-written loop on mio and beside tokio.
//!
//! `cargo bench --bench network -- compare` measures everything and prints a table; README.md has
//! the other commands and what came out. The servers and the load run in processes of their own, so
//! that what a server uses can be read off the kernel.

mod case;
mod compare;
mod control;
mod load;
mod memory;
mod process;
mod servers;
mod tls;

use std::error::Error;

use case::Work;
use counting_allocator::CountingAllocator;

/// Counts for one thread at a time, so it costs each server the same few instructions.
#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const USAGE: &str = "\
usage: network compare            all of the following
       network cpu [CASE..]       processor time of the servers, in turn
       network calls [CASE..]     system calls per operation, by strace
       network instructions [CASE..]  user-space instructions per operation, by callgrind
       network memory [COUNT]     bytes for each idle connection
       network tls_memory [COUNT]  the same, encrypted (feature tls)
       network leak [COUNT]       what is left of connections that came and went
  and what these run in processes of their own:
       network serve SERVER WORK
       network load WORK PORT COUNT CONNECTIONS";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|one| one != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    process::raise_descriptor_limit();
    match words.as_slice() {
        ["serve", server, work] => servers::serve(server.parse()?, work.parse()?)?,
        ["load", work, port, count, connections] => {
            let port = port.parse()?;
            load::run(work.parse::<Work>()?, port, count.parse()?, connections.parse()?)?;
        }
        ["compare"] => {
            compare::cpu(&[])?;
            compare::calls(&[])?;
            compare::instructions(&[])?;
            memory::idle(Work::Idle, 10_000)?;
            memory::idle(Work::Tls(case::Encrypted::Idle), 10_000)?;
            memory::leak(100_000)?;
        }
        ["cpu", cases @ ..] => compare::cpu(cases)?,
        ["calls", cases @ ..] => compare::calls(cases)?,
        ["instructions", cases @ ..] => compare::instructions(cases)?,
        ["memory", count @ ..] => {
            memory::idle(Work::Idle, count.first().map_or(Ok(10_000), |n| n.parse())?)?;
        }
        ["tls_memory", count @ ..] => {
            let work = Work::Tls(case::Encrypted::Idle);
            memory::idle(work, count.first().map_or(Ok(10_000), |n| n.parse())?)?;
        }
        ["leak", count @ ..] => memory::leak(count.first().map_or(Ok(100_000), |n| n.parse())?)?,
        // `cargo bench` runs every bench without arguments.
        _ => eprintln!("{USAGE}"),
    }
    Ok(())
}
