//! Departures: scenarios whose trace differs from Qt's, on purpose.
//!
//! Each is listed in `departures.toml` with its head and its reason, and the trace that we give
//! instead is in a file of the folder `departures`, which counts as exactly as Qt's does elsewhere.

use std::collections::BTreeMap;
use std::path::Path;
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
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Departures {
    pub(crate) scenarios: BTreeMap<String, Departure>,
}

impl Departures {
    /// Reads the list beside the scenarios; an empty one if there is none.
    pub(crate) fn read(folder: &Path) -> io::Result<Self> {
        match fs::read_to_string(folder.join("departures.toml")) {
            Ok(text) => toml::from_str(&text).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// The first entry that does not say why.
    pub(crate) fn without_reason(&self) -> Option<&str> {
        let mut entries = self.scenarios.iter();
        let found = entries.find(|(_, departure)| departure.reason.trim().is_empty());
        found.map(|(name, _)| name.as_str())
    }

    /// The trace that we give for a scenario in the list.
    pub(crate) fn trace(folder: &Path, name: &str) -> io::Result<Trace> {
        read_trace(&folder.join("departures").join(format!("{name}.json")))
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
