//! Programs of Qt, in Python, that play the other side.

use std::fmt::Debug;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;

use serde_json::Value;
use slotwire::prelude::*;

use support::program::{DEADLINE, Program};

/// Set where the tests with Qt have to run.
const REQUIRED: &str = "SLOTWIRE_REQUIRE_QT";

/// A Python that has PySide6.
#[derive(Clone, Copy)]
pub(crate) struct Qt {
    python: &'static Path,
}

impl Qt {
    /// Returns the Python of `target/qt`, which `.ci/qt` installs. If there is none, says that the
    /// test is skipped; panics if the tests with Qt are required.
    #[track_caller]
    pub(crate) fn find() -> Option<Self> {
        static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        let reason = match FOUND.get_or_init(look_for_it) {
            Ok(python) => return Some(Self { python }),
            Err(reason) => reason,
        };
        let thread = thread::current();
        let test = thread.name().unwrap_or("a test with Qt");
        assert!(std::env::var_os(REQUIRED).is_none(), "{test} cannot run: {reason}");
        // Not by `eprintln`, which the test harness keeps to itself.
        let notice = format!("{test} is SKIPPED: {reason}; .ci/qt installs PySide6\n");
        io::stderr().write_all(notice.as_bytes()).unwrap();
        None
    }

    /// Starts a program of `tests/qt/peers/`, whose answers wake this runtime.
    #[track_caller]
    pub(crate) fn start(self, rt: &Runtime, peer: &'static str, arguments: &[&str]) -> QtPeer {
        let remote = rt.remote();
        let wake = move || {
            let _ = remote.post(|_| ()); // fails if the runtime is gone, and the test with it
        };
        QtPeer { program: Program::run_with(self.command(peer).args(arguments), wake), peer }
    }

    /// The beginning of a command line that runs a program of `tests/qt/peers/`.
    pub(crate) fn command(self, peer: &str) -> Command {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/qt/peers");
        let mut command = Command::new(self.python);
        command.arg("-B").arg(Path::new(folder).join(peer));
        command
    }
}

/// Returns bytes as the programs of Qt write them in their answers.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn look_for_it() -> Result<PathBuf, String> {
    let python = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("target/qt/bin/python");
    match Command::new(&python).args(["-c", "import PySide6.QtNetwork"]).output() {
        Ok(tried) if tried.status.success() => Ok(python),
        Ok(tried) => {
            let said = String::from_utf8_lossy(&tried.stderr);
            Err(format!("{}: {}", python.display(), said.trim().lines().last().unwrap_or_default()))
        }
        Err(error) => Err(format!("{}: {error}", python.display())),
    }
}

/// A program of Qt that runs. Dropped, it is ended.
pub(crate) struct QtPeer {
    program: Program,
    peer: &'static str,
}

impl QtPeer {
    /// Gives an order, a JSON object with the name `do`.
    #[track_caller]
    pub(crate) fn order(&mut self, order: &Value) {
        self.program.say(&order.to_string());
    }

    /// Runs the loop until there is an answer.
    #[track_caller]
    pub(crate) fn answer(&self, rt: &mut Runtime) -> Value {
        let mut line = None;
        let answers = rt.run_until(DEADLINE, |_| {
            line = self.line_now();
            line.is_some()
        });
        assert!(answers.unwrap(), "{} does not answer", self.peer);
        self.parse(&line.unwrap())
    }

    /// Runs the loop until there is an answer, and returns its value of this name.
    #[track_caller]
    pub(crate) fn told<T: TryFrom<u64, Error: Debug>>(&self, rt: &mut Runtime, name: &str) -> T {
        let answer = self.answer(rt);
        let number = answer[name].as_u64();
        let number = number.unwrap_or_else(|| panic!("{}: {answer} has no {name}", self.peer));
        number.try_into().unwrap()
    }

    #[track_caller]
    fn line_now(&self) -> Option<String> {
        let line = self.program.line_now();
        line.unwrap_or_else(|_| panic!("{} has ended (its error is on standard error)", self.peer))
    }

    #[track_caller]
    fn parse(&self, line: &str) -> Value {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {line}: {error}", self.peer))
    }
}
