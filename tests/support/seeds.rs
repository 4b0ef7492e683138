//! Seeds of random programs: which ones to go through, and what is found in them. As many threads go
//! through them as the machine has processors.

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Why the program of a seed has failed.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    pub what: String,
    /// What happened up to there.
    pub story: String,
}

/// A story ends with what is wrong.
impl From<String> for Failure {
    fn from(story: String) -> Self {
        Self { what: story.lines().last().unwrap_or_default().to_owned(), story }
    }
}

/// The seeds to go through: as many as `SLOTWIRE_SEEDS` says, from `SLOTWIRE_FIRST_SEED` on.
pub fn seeds(usually: u64) -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let first = number("SLOTWIRE_FIRST_SEED").unwrap_or(0);
    first..first + number("SLOTWIRE_SEEDS").unwrap_or(usually)
}

/// Calls `f` with all seeds, and returns what it finds, in the order of the seeds.
pub fn find_in<T: Ord + Send>(
    seeds: impl Iterator<Item = u64>,
    f: impl Fn(u64) -> Option<T> + Sync,
) -> Vec<(u64, T)> {
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
        workers.into_iter().flat_map(|worker| worker.join().expect("no seed panics")).collect()
    });
    found.sort();
    found
}

/// Runs a program for each seed, by a function that returns why it has failed.
#[track_caller]
pub fn assert_none_fails(seeds: impl Iterator<Item = u64>, failure_of: fn(u64) -> Option<Failure>) {
    let panics = || Failure { what: "it panics".to_owned(), story: String::new() };
    let failures =
        find_in(seeds, |seed| catch_unwind(|| failure_of(seed)).unwrap_or_else(|_| Some(panics())));
    // One story is enough.
    if let Some((_, failure)) = failures.first() {
        eprintln!("{}", failure.story);
    }
    let list: Vec<_> =
        failures.iter().map(|(seed, failure)| format!("seed {seed}: {}", failure.what)).collect();
    assert!(list.is_empty(), "{} seeds fail\n{}", list.len(), list.join("\n"));
}
