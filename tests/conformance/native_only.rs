//! Scenarios that are played on the kernel's network alone, since they need what no other has.
//!
//! Each is listed in `native_only.toml` with its reason. All others give one trace on every network.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

/// The reasons, by scenario.
#[derive(Debug)]
pub(crate) struct NativeOnly {
    reasons: BTreeMap<String, String>,
}

impl NativeOnly {
    /// Reads the list in a folder.
    pub(crate) fn read(folder: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(folder.join("native_only.toml"))?;
        Ok(Self { reasons: toml::from_str(&text).map_err(io::Error::other)? })
    }

    /// Says whether a scenario is in the list.
    pub(crate) fn contains(&self, scenario: &str) -> bool {
        self.reasons.contains_key(scenario)
    }

    /// The scenarios in the list.
    pub(crate) fn scenarios(&self) -> impl Iterator<Item = &String> {
        self.reasons.keys()
    }

    /// The first entry that does not say why.
    pub(crate) fn without_reason(&self) -> Option<&str> {
        let mut entries = self.reasons.iter();
        let found = entries.find(|(_, reason)| reason.trim().is_empty());
        found.map(|(name, _)| name.as_str())
    }
}
