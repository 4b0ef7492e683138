//! Processes: the servers and the load, and what the kernel says of them.

use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::case::Work;
use crate::servers::Kind;

/// How long a server may take to notice that its connections are gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// A process that is spoken with by lines.
struct Talk {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Talk {
    fn begin(command: &mut Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let output = BufReader::new(output.ok_or(ErrorKind::BrokenPipe)?);
        Ok(Self { child, input, output })
    }

    fn hear(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    fn say(&mut self, what: &str) -> io::Result<()> {
        let input = self.input.as_mut().ok_or(ErrorKind::BrokenPipe)?;
        writeln!(input, "{what}")
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        // The end of its input ends it.
        self.input = None;
        let _ = self.child.wait();
    }
}

/// A server in a process of its own, which ends when this is dropped.
pub(crate) struct Server {
    talk: Talk,
    port: u16,
}

impl Server {
    pub(crate) fn start(kind: Kind, work: Work) -> io::Result<Self> {
        Self::start_under(&[], kind, work)
    }

    /// Starts a server under another program, such as strace with its options.
    pub(crate) fn start_under(program: &[&str], kind: Kind, work: Work) -> io::Result<Self> {
        let own = std::env::current_exe()?;
        let mut command = match program {
            [] => Command::new(own),
            [program, options @ ..] => {
                let mut command = Command::new(program);
                command.args(options).arg(own);
                command
            }
        };
        command.args(["serve", kind.name(), work.name()]).stderr(Stdio::piped());
        let mut talk = Talk::begin(&mut command)?;
        let port =
            talk.hear()?.parse().map_err(|_| io::Error::other("the server did not start"))?;
        Ok(Self { talk, port })
    }

    /// Has the load do its work and waits for the end of it.
    pub(crate) fn load(&self, work: Work, count: u64, connections: usize) -> io::Result<()> {
        let done = load_command(work, self.port, count, connections)?.status()?;
        if done.success() { Ok(()) } else { Err(io::Error::other("the load failed")) }
    }

    /// Processor time so far, the kernel's included.
    pub(crate) fn cpu(&self) -> io::Result<Duration> {
        let times = self.read("schedstat")?;
        let run = times.split(' ').next().and_then(|run| run.parse().ok());
        run.map(Duration::from_nanos).ok_or_else(|| ErrorKind::InvalidData.into())
    }

    /// Memory in use that is no file's, in bytes.
    pub(crate) fn resident(&self) -> io::Result<i64> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<i64>().ok());
        number.map(|kilobytes| kilobytes * 1024).ok_or_else(|| ErrorKind::InvalidData.into())
    }

    /// Bytes that the server has allocated, as far as it can tell.
    pub(crate) fn heap(&mut self) -> io::Result<i64> {
        self.talk.say("heap")?;
        self.talk.hear()?.parse().map_err(|_| ErrorKind::InvalidData.into())
    }

    pub(crate) fn descriptors(&self) -> io::Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.talk.child.id()))?.count())
    }

    /// Waits until the server has that many descriptors.
    pub(crate) fn wait_for_descriptors(&self, number: usize) -> io::Result<()> {
        let start = Instant::now();
        while self.descriptors()? != number {
            if start.elapsed() > PATIENCE {
                return Err(io::Error::other("descriptors are left open"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Ends the server, and returns what it wrote to standard error.
    pub(crate) fn end(mut self) -> io::Result<String> {
        self.talk.input = None;
        let mut said = String::new();
        if let Some(mut error) = self.talk.child.stderr.take() {
            error.read_to_string(&mut said)?;
        }
        Ok(said)
    }

    fn read(&self, what: &str) -> io::Result<String> {
        fs::read_to_string(format!("/proc/{}/{what}", self.talk.child.id()))
    }
}

/// Connections that stay until this is dropped.
pub(crate) struct Guests(Talk);

impl Guests {
    pub(crate) fn arrive(server: &Server, work: Work, count: u64) -> io::Result<Self> {
        let talk = Talk::begin(&mut load_command(work, server.port, count, 1)?)?;
        Self(talk).await_word("standing")
    }

    /// Has each connection exchange a message.
    pub(crate) fn greet(mut self) -> io::Result<Self> {
        self.0.say("greet")?;
        self.await_word("greeted")
    }

    fn await_word(mut self, word: &str) -> io::Result<Self> {
        if self.0.hear()? == word { Ok(self) } else { Err(io::Error::other("the load failed")) }
    }
}

fn load_command(work: Work, port: u16, count: u64, connections: usize) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["load", work.name()]);
    command.args([port.to_string(), count.to_string(), connections.to_string()]);
    Ok(command)
}

/// Allows as many descriptors as the system lets a process have.
pub(crate) fn raise_descriptor_limit() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    // If it cannot be raised, the works with many connections say so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
