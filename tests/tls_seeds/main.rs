//! Random programs of a socket that encrypts its connections, over the simulated network: each
//! attempt comes to the one outcome that the certificates and protocols of both ends make of it, no
//! byte is lost or wrong, and both ends are usable again.

#[path = "../socket_model/play/content.rs"]
mod content;
#[path = "../proxy_seeds/dice.rs"]
mod dice;
mod play;
mod script;

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use play::run;

/// The seeds to go through: as many as `SLOTWIRE_SEEDS` says, from `SLOTWIRE_FIRST_SEED` on.
fn seeds(usually: u64) -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let first = number("SLOTWIRE_FIRST_SEED").unwrap_or(0);
    first..first + number("SLOTWIRE_SEEDS").unwrap_or(usually)
}

/// Calls `f` with all seeds, in as many threads as the machine has processors, and returns what it
/// finds, in the order of the seeds.
fn find_in(seeds: impl Iterator<Item = u64>, f: fn(u64) -> Option<String>) -> Vec<(u64, String)> {
    let seeds: Vec<u64> = seeds.collect();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some(&seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.extend(f(seed).map(|what| (seed, what)));
        }
        found
    };
    let mut found: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("it catches panics")).collect()
    });
    found.sort();
    found
}

#[test]
fn every_seed_comes_to_what_both_ends_make_of_it() {
    let failures = find_in(seeds(100), |seed| match catch_unwind(|| run(seed)) {
        Ok(result) => result.err(),
        Err(_) => Some("it panics".to_owned()),
    });
    // One story is enough.
    if let Some((_, story)) = failures.first() {
        eprintln!("{story}");
    }
    let last = |story: &String| story.lines().last().unwrap_or_default().to_owned();
    let list: Vec<_> =
        failures.iter().map(|(seed, story)| format!("seed {seed}: {}", last(story))).collect();
    assert!(list.is_empty(), "{} seeds fail\n{}", list.len(), list.join("\n"));
}

#[test]
fn the_same_seed_twice_is_the_same_in_all() {
    let differ = find_in(seeds(100).step_by(10), |seed| {
        let (first, second) = (run(seed), run(seed));
        (first != second).then(|| "differs".to_owned())
    });
    assert!(differ.is_empty(), "{differ:?}");
}
