//! How long answers take, by classes of which each is an eighth longer than the one before or less.

use std::time::Duration;

/// How many classes there are for one power of two.
const CLASSES: u64 = 8;

/// Counts of answers by the microseconds that they took.
#[derive(Debug)]
pub(crate) struct Latency {
    counts: Vec<u64>,
}

impl Latency {
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; 64 * CLASSES as usize] }
    }

    pub(crate) fn note(&mut self, took: Duration) {
        self.counts[class(took.as_micros() as u64)] += 1;
    }

    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The microseconds that so many of a thousand answers did not exceed, to an eighth.
    pub(crate) fn per_mille(&self, share: u64) -> u64 {
        let wanted = self.count() * share / 1000;
        let mut counted = 0;
        let reached = self.counts.iter().position(|count| {
            counted += count;
            counted >= wanted
        });
        reached.map_or(0, longest)
    }
}

fn class(micros: u64) -> usize {
    if micros < CLASSES {
        return micros as usize;
    }
    let power = u64::from(micros.ilog2()) - 3;
    (power * CLASSES + (micros >> power)) as usize
}

/// The longest time of a class.
fn longest(class: usize) -> u64 {
    let class = class as u64;
    if class < CLASSES {
        return class;
    }
    let power = class / CLASSES - 1;
    ((CLASSES + class % CLASSES + 1) << power) - 1
}
