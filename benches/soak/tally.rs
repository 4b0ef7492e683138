//! The tally of the callers, and its way from one process to the other.

use std::fmt;
use std::str::FromStr;

/// What came of the talk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Messages of which every byte has come back.
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    /// Bytes that were sent and did not come back.
    pub(crate) lost: u64,
    /// Bytes that came back and are not those that were sent.
    pub(crate) wrong: u64,
    /// Connections that failed.
    pub(crate) failed: u64,
    /// Microseconds that half of the answers did not exceed.
    pub(crate) median: u64,
    /// Microseconds that 99 of 100 answers did not exceed.
    pub(crate) p99: u64,
}

impl Tally {
    pub(crate) fn is_clean(&self) -> bool {
        self.lost == 0 && self.wrong == 0 && self.failed == 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, bytes, lost, wrong, failed, median, p99 } = self;
        write!(f, "{messages} {bytes} {lost} {wrong} {failed} {median} {p99}")
    }
}

impl FromStr for Tally {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let numbers: Result<Vec<u64>, _> = line.split(' ').map(str::parse).collect();
        match numbers.as_deref() {
            Ok(&[messages, bytes, lost, wrong, failed, median, p99]) => {
                Ok(Self { messages, bytes, lost, wrong, failed, median, p99 })
            }
            _ => Err(format!("\"{line}\" is no tally")),
        }
    }
}
