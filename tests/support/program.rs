//! Programs that a test runs beside itself, and talks to by lines.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// How long a program may take before a test calls it lost.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A program that runs. Dropped, it is ended.
pub struct Program {
    child: Child,
    lines: Receiver<String>,
    input: Option<ChildStdin>,
}

impl Program {
    /// Starts a program.
    #[track_caller]
    pub fn run(command: &mut Command) -> Self {
        Self::run_with(command, || ())
    }

    /// Starts a program. `heard` is called after each line that it prints, and when it has closed its
    /// output, in another thread.
    #[track_caller]
    pub fn run_with(command: &mut Command, heard: impl Fn() + Send + 'static) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()));
        let output = child.stdout.take().expect("it is piped");
        let input = child.stdin.take();
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
                heard();
            }
            drop(send);
            heard();
        });
        Self { child, lines, input }
    }

    /// Starts an example.
    #[track_caller]
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        Self::run(Self::example(name).args(arguments))
    }

    /// Returns the command that starts an example.
    #[track_caller]
    pub fn example(name: &str) -> Command {
        let test = std::env::current_exe().expect("a test knows where it is");
        let profile = test.ancestors().nth(2).expect("target/<profile>/deps/<test>");
        let path: PathBuf = profile.join("examples").join(name);
        assert!(
            path.exists(),
            "there is no {} (cargo build --workspace --examples --all-features)",
            path.display()
        );
        Command::new(path)
    }

    /// Starts an example that is a server, on a port that the system chooses.
    #[track_caller]
    pub fn serve(name: &str, arguments: &[&str]) -> (Self, String) {
        let server = Self::start(name, arguments);
        let line = server.line();
        let port = line.strip_prefix("listening on ").expect("it says where it listens");
        (server, port.to_owned())
    }

    /// Returns the next line that it prints.
    #[track_caller]
    pub fn line(&self) -> String {
        self.lines.recv_timeout(DEADLINE).expect("the program prints a line")
    }

    /// Returns the next line that it has printed, if there is one; an error if there will be none.
    pub fn line_now(&self) -> Result<Option<String>, Ended> {
        match self.lines.try_recv() {
            Ok(line) => Ok(Some(line)),
            Err(mpsc::TryRecvError::Empty) => Ok(None),
            Err(mpsc::TryRecvError::Disconnected) => Err(Ended),
        }
    }

    /// Returns all that it still prints, up to its end.
    #[track_caller]
    pub fn rest(&self) -> Vec<String> {
        let mut rest = Vec::new();
        loop {
            match self.lines.recv_timeout(DEADLINE) {
                Ok(line) => rest.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => return rest,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end: {rest:?}"),
            }
        }
    }

    #[track_caller]
    pub fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input is open");
        writeln!(input, "{line}").expect("it reads");
    }

    /// Waits for its end, and returns how it ended.
    #[track_caller]
    pub fn end(mut self) -> ExitStatus {
        self.input = None;
        self.rest(); // which has a deadline, so that the wait cannot take long
        self.child.wait().expect("it is a child of this process")
    }

    /// Returns the most memory that it has had, in KiB, as Linux tells it.
    pub fn peak_memory(&self) -> usize {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).expect("it runs");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        peak.trim().trim_end_matches(" kB").parse().expect("a number")
    }
}

/// A program has closed its output.
#[derive(Debug)]
pub struct Ended;

impl Drop for Program {
    fn drop(&mut self) {
        // Fails if it has ended, as it should have.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
