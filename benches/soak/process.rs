//! Processes: the server and the crowd, each spoken with by lines, and what the kernel says of them.

use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rustix::param::page_size;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// This program in another process, which ends when this is dropped.
pub(crate) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Process {
    pub(crate) fn start(words: &[String]) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let command = command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let output = BufReader::new(output.ok_or(ErrorKind::BrokenPipe)?);
        let (said, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // Nobody listens any more.
                let _ = said.send(line);
            }
        });
        Ok(Self { child, input, lines })
    }

    pub(crate) fn say(&mut self, word: &str) -> io::Result<()> {
        let input = self.input.as_mut().ok_or(ErrorKind::BrokenPipe)?;
        writeln!(input, "{word}")
    }

    /// The next line that it says within this time.
    pub(crate) fn hear(&self, patience: Duration) -> io::Result<Option<String>> {
        match self.lines.recv_timeout(patience) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(ErrorKind::BrokenPipe.into()),
        }
    }

    /// Memory in use, in bytes.
    pub(crate) fn resident(&self) -> io::Result<u64> {
        let sizes = fs::read_to_string(format!("/proc/{}/statm", self.child.id()))?;
        let pages = sizes.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
        pages.map(|pages| pages * page_size() as u64).ok_or_else(|| ErrorKind::InvalidData.into())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The end of its input ends it.
        self.input = None;
        let _ = self.child.wait();
    }
}

/// Allows as many descriptors as the system lets a process have.
pub(crate) fn raise_descriptor_limit() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    // If it cannot be raised, the connections that find no descriptor say so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
