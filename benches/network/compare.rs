//! Comparisons: each case on each server, and tables of what came out.

use std::io;
use std::time::Duration;

use crate::case::{Case, chosen};
use crate::process::Server;
use crate::servers::Kind;

/// Rounds by the clock. Their median is what counts.
const ROUNDS: usize = 9;

/// Prints the processor time of each server for each operation, and the ratio to the loop's.
///
/// The servers run side by side and get the load in turn, so that what disturbs one disturbs all;
/// a ratio is the median of the rounds' ratios.
pub(crate) fn cpu(names: &[&str]) -> io::Result<()> {
    println!("\nprocessor time per operation, ns (ratio to the loop)");
    for case in chosen(names) {
        let start = |kind| Server::start(kind, case.work);
        let servers = Kind::ALL.into_iter().map(start).collect::<io::Result<Vec<_>>>()?;
        // Once to warm up.
        let mut rounds = Vec::new();
        for round in 0..=ROUNDS {
            let used = servers.iter().map(|server| used_in_round(server, case));
            let used = used.collect::<io::Result<Vec<_>>>()?;
            if round > 0 {
                rounds.push(used);
            }
        }
        print!("{:10}", case.name);
        for (number, kind) in Kind::ALL.into_iter().enumerate() {
            let time = median(rounds.iter().map(|used| nanoseconds(used[number], case.round)));
            let ratio = median(rounds.iter().map(|used| used[number].div_duration_f64(used[0])));
            print!("  {} {time:.0} ({ratio:.2})", kind.name());
        }
        println!("  per {}", case.unit);
    }
    Ok(())
}

fn used_in_round(server: &Server, case: &Case) -> io::Result<Duration> {
    let before = server.cpu()?;
    let idle = server.descriptors()?;
    server.load(case.work, case.round, case.connections)?;
    server.wait_for_descriptors(idle)?;
    Ok(server.cpu()? - before)
}

fn nanoseconds(time: Duration, operations: u64) -> f64 {
    time.as_nanos() as f64 / operations as f64
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints the system calls of each server for each operation.
pub(crate) fn calls(names: &[&str]) -> io::Result<()> {
    println!("\nsystem calls per operation");
    for case in chosen(names) {
        for kind in Kind::ALL {
            let [few, many] =
                [case.few, 5 * case.few].map(|count| counted_calls(kind, case, count));
            let (few, many) = (few?, many?);
            let mut each: Vec<_> = many
                .iter()
                .map(|(name, calls)| {
                    let before = few.iter().find(|(other, _)| other == name).map_or(0, |few| few.1);
                    (*calls as f64 - before as f64, name)
                })
                .map(|(more, name)| (more / (4 * case.few) as f64, name))
                .filter(|(each, _)| each.abs() >= 0.005)
                .collect();
            each.sort_by(|a, b| b.0.total_cmp(&a.0));
            let all: f64 = each.iter().map(|(each, _)| each).sum();
            let list: Vec<_> =
                each.iter().map(|(each, name)| format!("{name} {each:.2}")).collect();
            println!("{:10} {:9} {all:5.2}  {}", case.name, kind.name(), list.join(", "));
        }
    }
    Ok(())
}

/// The calls that a server makes in a run of `count` operations.
fn counted_calls(kind: Kind, case: &Case, count: u64) -> io::Result<Vec<(String, u64)>> {
    let server = Server::start_under(&["strace", "-f", "-c"], kind, case.work)?;
    server.load(case.work, count, case.connections)?;
    let table = server.end()?;
    let lines = table.lines().filter_map(|line| {
        // % time, seconds, usecs/call, calls, errors if there are any, name
        let words: Vec<_> = line.split_whitespace().collect();
        let calls = words.get(3)?.parse().ok()?;
        let name = words.last().filter(|&&name| name != "total")?;
        Some(((*name).to_owned(), calls))
    });
    Ok(lines.collect())
}

/// Prints the user-space instructions of each server for each operation.
pub(crate) fn instructions(names: &[&str]) -> io::Result<()> {
    println!("\nuser-space instructions per operation");
    for case in chosen(names) {
        print!("{:10}", case.name);
        for kind in Kind::ALL {
            let few = counted_instructions(kind, case, case.few)?;
            let many = counted_instructions(kind, case, 5 * case.few)?;
            print!("  {} {:.0}", kind.name(), (many as f64 - few as f64) / (4 * case.few) as f64);
        }
        println!("  per {}", case.unit);
    }
    Ok(())
}

fn counted_instructions(kind: Kind, case: &Case, count: u64) -> io::Result<u64> {
    let valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];
    let server = Server::start_under(&valgrind, kind, case.work)?;
    server.load(case.work, count, case.connections)?;
    let said = server.end()?;
    let line = said.lines().find_map(|line| line.split_once("Collected :"));
    let number = line.and_then(|(_, number)| number.trim().parse().ok());
    number.ok_or_else(|| io::Error::other(format!("valgrind said: {said}")))
}
