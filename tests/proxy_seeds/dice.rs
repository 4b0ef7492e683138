//! `Dice`: random numbers, which are the same for the same seed.

use std::time::Duration;

use super::content::Content;

/// Random numbers.
#[derive(Debug)]
pub(crate) struct Dice {
    noise: Content,
    thrown: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { noise: Content::of_seed(seed), thrown: 0 }
    }

    /// Returns a number below `limit`, which is at most 65,536.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let bytes = self.noise.bytes(4 * self.thrown, 4);
        self.thrown += 1;
        let number = bytes.iter().fold(0, |number, &byte| number << 8 | usize::from(byte));
        number % limit.max(1)
    }

    /// Returns true once in `times`.
    pub(crate) fn is_one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Returns a time of less than `limit` milliseconds.
    pub(crate) fn time(&mut self, limit: usize) -> Duration {
        Duration::from_micros(1000 * self.below(limit) as u64 + self.below(1000) as u64)
    }
}
