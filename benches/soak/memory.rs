//! Memory: what a process holds, second by second.

use std::time::Duration;

/// What a process held at one moment after the other, in bytes, as often as it was looked at.
#[derive(Debug)]
pub(crate) struct Memory {
    every: Duration,
    samples: Vec<u64>,
}

/// How what a process holds changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Change {
    /// In the middle, in bytes.
    pub(crate) mean: f64,
    /// How far it went from there at most, as a share of it.
    pub(crate) swing: f64,
    /// Bytes a second, by the line that fits best.
    pub(crate) slope: f64,
}

impl Change {
    /// A process that holds steady goes no further from its mean than this.
    pub(crate) const FLAT: f64 = 0.02;

    pub(crate) fn is_flat(&self) -> bool {
        self.swing <= Self::FLAT
    }
}

impl Memory {
    pub(crate) fn sampled(every: Duration) -> Self {
        Self { every, samples: Vec::new() }
    }

    pub(crate) fn note(&mut self, bytes: u64) {
        self.samples.push(bytes);
    }

    /// How the second half went. The first belongs to buffers that find their size.
    pub(crate) fn second_half(&self) -> Change {
        let samples: Vec<f64> =
            self.samples[self.samples.len() / 2..].iter().map(|&bytes| bytes as f64).collect();
        let count = samples.len().max(1) as f64;
        let mean = samples.iter().sum::<f64>() / count;
        let furthest = samples.iter().map(|bytes| (bytes - mean).abs()).fold(0.0, f64::max);
        let middle = (count - 1.0) / 2.0;
        let (mut rise, mut run) = (0.0, 0.0);
        for (number, bytes) in samples.iter().enumerate() {
            let distance = number as f64 - middle;
            rise += distance * (bytes - mean);
            run += distance * distance;
        }
        let slope = if run > 0.0 { rise / run / self.every.as_secs_f64() } else { 0.0 };
        Change { mean, swing: if mean > 0.0 { furthest / mean } else { 0.0 }, slope }
    }
}
