//! A work: what is done so many times, beside so much of what it could depend on.

use std::fmt;

/// The largest number of times that a work is done, for those that take from what was prepared.
pub(crate) const MOST: usize = 500;

/// A work, and how it is counted.
pub(crate) struct Work {
    pub(crate) name: &'static str,
    /// Prepares so much, and does the work so many times.
    pub(crate) run: fn(usize, usize),
    /// How much is prepared: little and much.
    sizes: [usize; 2],
    /// How many times the work is done: in the short run and in the long one.
    counts: [usize; 2],
    /// The work is done with all that is prepared, and is counted for each part of it.
    is_by_size: bool,
}

impl Work {
    /// A work that is counted beside 1,000 and beside 100,000.
    pub(crate) const fn new(name: &'static str, run: fn(usize, usize)) -> Self {
        Self { name, run, sizes: [1_000, 100_000], counts: [100, MOST], is_by_size: false }
    }

    /// A work that is done only a few times, since each takes long or needs a preparation of its own.
    pub(crate) const fn seldom(self) -> Self {
        Self { counts: [1, 3], ..self }
    }

    /// A work that is done once with all that is prepared: it is counted for each part.
    pub(crate) const fn by_size(self) -> Self {
        Self { is_by_size: true, ..self.seldom() }
    }

    /// A work that is counted beside 1,000 and beside 10,000, where 100,000 cannot be.
    pub(crate) const fn up_to_ten_thousand(self) -> Self {
        Self { sizes: [1_000, 10_000], ..self }
    }
}

/// Name, sizes and counts, for the script, and by how much it divides for each size.
impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, sizes: [little, much], counts: [few, many], .. } = self;
        let [of_little, of_much] = if self.is_by_size { self.sizes } else { [1, 1] };
        write!(f, "{name} {few} {many} {little} {of_little} {much} {of_much}")
    }
}
