//! `Counterpart`: a program at the other end, what it prints, and what is typed into it.

use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use slotwire::prelude::*;

use support::DEADLINE;

/// A program that runs. Dropped, it is ended.
pub(crate) struct Counterpart {
    child: Child,
    output: Arc<Output>,
    /// To the thread that types, so that a program which does not read holds nobody up.
    input: Option<Sender<Vec<u8>>>,
    /// How much of its standard output and of its standard error the test has seen.
    seen: [usize; 2],
}

/// What a program has printed, for the threads that wait for it.
#[derive(Default)]
struct Output {
    printed: Mutex<Printed>,
    more: Condvar,
}

/// What a program has printed, on its standard output and its standard error.
#[derive(Default)]
struct Printed {
    said: [Vec<u8>; 2],
    /// How many of the two are closed.
    closed: usize,
}

impl Counterpart {
    /// Starts a program, whose output wakes this runtime.
    #[track_caller]
    pub(crate) fn start(rt: &Runtime, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()));
        let output = Arc::default();
        listen(rt, &output, 0, child.stdout.take().expect("it is piped"));
        listen(rt, &output, 1, child.stderr.take().expect("it is piped"));
        let mut keys = child.stdin.take().expect("it is piped");
        let (input, typed) = mpsc::channel::<Vec<u8>>();
        thread::spawn(move || {
            for bytes in typed {
                if keys.write_all(&bytes).is_err() {
                    return; // it has ended, as the test sees
                }
            }
        });
        Self { child, output, input: Some(input), seen: [0; 2] }
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.type_text(format!("{line}\n"));
    }

    pub(crate) fn type_text(&mut self, text: String) {
        let input = self.input.as_ref().expect("its input is open");
        input.send(text.into_bytes()).expect("somebody types");
    }

    /// Returns true if it has printed this text since the last text that was found.
    pub(crate) fn has_said(&mut self, text: &str) -> bool {
        let output = self.output.printed.lock().unwrap();
        for (said, seen) in output.said.iter().zip(&mut self.seen) {
            if let Some(place) = memchr::memmem::find(&said[*seen..], text.as_bytes()) {
                *seen += place + text.len();
                return true;
            }
        }
        false
    }

    /// Waits, without running the loop, until it prints this text.
    #[track_caller]
    pub(crate) fn await_said(&mut self, text: &str) {
        let has = |said: &Vec<u8>| memchr::memmem::find(said, text.as_bytes()).is_some();
        self.block(|printed| printed.said.iter().any(has));
        assert!(self.has_said(text), "no {text}: {}", self.said());
    }

    /// Waits, without running the loop, until it has ended.
    #[track_caller]
    pub(crate) fn await_end(&mut self) {
        self.block(|printed| printed.closed == 2);
        assert!(self.has_ended(), "no end: {}", self.said());
        self.exit_status();
    }

    fn block(&self, condition: impl Fn(&Printed) -> bool) {
        let printed = self.output.printed.lock().unwrap();
        let waited =
            self.output.more.wait_timeout_while(printed, DEADLINE, |it| !condition(it)).unwrap();
        drop(waited);
    }

    /// Returns the next line of its standard output, without its end.
    pub(crate) fn next_line(&mut self) -> Option<String> {
        let output = self.output.printed.lock().unwrap();
        let rest = &output.said[0][self.seen[0]..];
        let length = rest.iter().position(|&byte| byte == b'\n')?;
        self.seen[0] += length + 1;
        Some(String::from_utf8_lossy(&rest[..length]).into_owned())
    }

    /// Returns all of its standard output, and then all of its standard error.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&self.output.printed.lock().unwrap().said.concat()).into_owned()
    }

    /// Returns the end of what it has printed.
    pub(crate) fn last_words(&self) -> String {
        let said = self.said();
        let skipped = said.chars().count().saturating_sub(2000);
        said.chars().skip(skipped).collect()
    }

    /// Returns true if it has closed its output.
    pub(crate) fn has_ended(&self) -> bool {
        self.output.printed.lock().unwrap().closed == 2
    }

    /// Returns how it ended, once it has closed its output.
    pub(crate) fn exit_status(&mut self) -> ExitStatus {
        self.child.wait().expect("it is a child of this process")
    }

    /// Ends it without a chance to say goodbye.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it is a child of this process");
    }
}

impl Drop for Counterpart {
    fn drop(&mut self) {
        // Fails if it has ended, as it should have.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Collects what a program prints.
fn listen(
    rt: &Runtime,
    output: &Arc<Output>,
    which: usize,
    mut stream: impl Read + Send + 'static,
) {
    let (remote, output) = (rt.remote(), Arc::clone(output));
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = stream.read(&mut buffer).unwrap_or(0);
            {
                let mut printed = output.printed.lock().unwrap();
                printed.said[which].extend_from_slice(&buffer[..count]);
                printed.closed += usize::from(count == 0);
            }
            output.more.notify_all();
            let _ = remote.post(|_| ()); // fails if the runtime is gone, and the test with it
            if count == 0 {
                return;
            }
        }
    });
}
