//! Departures: scenarios whose trace differs from Qt's, on purpose.
//!
//! Each is listed in `departures.toml` with its head and its reason, and the trace that we give
//! instead is in a file of the folder `departures`, which counts as exactly as Qt's does elsewhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use serde::Deserialize;

use crate::trace::Trace;

/// Why a scenario's trace differs.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Head {
    /// Rust, or the design, has no place for it.
    NoCounterpart,
    /// Qt contradicts its documentation, or loses something.
    QtBug,
    /// What we do serves better.
    Better,
}

/// One scenario whose trace differs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Departure {
    pub(crate) head: Head,
    pub(crate) reason: String,
}

/// The departures, by scenario.
#[derive(Debug)]
pub(crate) struct Departures {
    pub(crate) scenarios: BTreeMap<String, Departure>,
    /// The folder that the list is in, and the traces.
    folder: PathBuf,
}

impl Departures {
    /// Reads the list in a folder, or `otherwise` the one there if it has none.
    pub(crate) fn read(folder: &Path, otherwise: &Path) -> io::Result<Self> {
        let has_own = folder.join("departures.toml").exists();
        let folder = if has_own { folder } else { otherwise };
        let text = fs::read_to_string(folder.join("departures.toml"))?;
        let scenarios = toml::from_str(&text).map_err(io::Error::other)?;
        Ok(Self { scenarios, folder: folder.to_owned() })
    }

    /// Says whether the list is that of a folder itself.
    pub(crate) fn are_of(&self, folder: &Path) -> bool {
        self.folder == folder
    }

    /// The first entry that does not say why.
    pub(crate) fn without_reason(&self) -> Option<&str> {
        let mut entries = self.scenarios.iter();
        let found = entries.find(|(_, departure)| departure.reason.trim().is_empty());
        found.map(|(name, _)| name.as_str())
    }

    /// The trace that we give for a scenario in the list.
    pub(crate) fn trace(&self, name: &str) -> io::Result<Trace> {
        read_trace(&self.folder.join("departures").join(format!("{name}.json")))
    }
}

/// Reads a trace.
pub(crate) fn read_trace(path: &Path) -> io::Result<Trace> {
    serde_json::from_str(&fs::read_to_string(path)?).map_err(io::Error::other)
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCounterpart => "no-counterpart",
            Self::QtBug => "qt-bug",
            Self::Better => "better",
        })
    }
}
