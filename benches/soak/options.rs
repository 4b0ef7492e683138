//! The size of a soak.

use std::time::Duration;

/// How many talk, for how long, and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) connections: usize,
    pub(crate) seconds: u64,
    pub(crate) seed: u64,
}

impl Options {
    /// Reads `--connections N --seconds N --seed N`, of which each may be left out.
    pub(crate) fn read(words: &[&str]) -> Result<Self, String> {
        let mut options = Self { connections: 10_000, seconds: 60, seed: 1 };
        for pair in words.chunks(2) {
            let &[name, value] = pair else { return Err(format!("{} lacks its value", pair[0])) };
            let value: u64 = value.parse().map_err(|_| format!("{name}: {value} is no number"))?;
            match name {
                "--connections" => options.connections = value as usize,
                "--seconds" => options.seconds = value,
                "--seed" => options.seed = value,
                _ => return Err(format!("{name} is no option")),
            }
        }
        Ok(options)
    }

    /// The same as words, for another process.
    pub(crate) fn words(&self) -> [String; 6] {
        [
            "--connections".to_owned(),
            self.connections.to_string(),
            "--seconds".to_owned(),
            self.seconds.to_string(),
            "--seed".to_owned(),
            self.seed.to_string(),
        ]
    }

    /// How long there is talk.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}
