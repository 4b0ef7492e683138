//! The programs at the other end: where they are, and what happens if one is missing.

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::thread;

/// Set where the tests of this folder have to run.
const REQUIRED: &str = "SLOTWIRE_REQUIRE_TLS_PEERS";

/// A program that this machine has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool(&'static str);

impl Tool {
    #[track_caller]
    pub(crate) fn openssl() -> Option<Self> {
        Self::find("openssl", &["version"])
    }

    #[track_caller]
    pub(crate) fn curl() -> Option<Self> {
        Self::find("curl", &["--version"])
    }

    #[track_caller]
    pub(crate) fn python() -> Option<Self> {
        Self::find("python3", &["-c", "import ssl"])
    }

    /// Tries the program. If it cannot be run, says that the test is skipped; panics if the tests of
    /// this folder are required.
    #[track_caller]
    fn find(name: &'static str, trial: &[&str]) -> Option<Self> {
        let tried = Command::new(name)
            .args(trial)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let reason = match tried {
            Ok(status) if status.success() => return Some(Self(name)),
            Ok(status) => format!("{name} cannot be used ({status})"),
            Err(error) => format!("{name}: {error}"),
        };
        let thread = thread::current();
        let test = thread.name().unwrap_or("a test with another implementation of TLS");
        assert!(std::env::var_os(REQUIRED).is_none(), "{test} cannot run: {reason}");
        // Not by `eprintln`, which the test harness keeps to itself.
        let notice = format!("{test} is SKIPPED: {reason}\n");
        io::stderr().write_all(notice.as_bytes()).unwrap();
        None
    }

    pub(crate) fn command(self) -> Command {
        Command::new(self.0)
    }
}
