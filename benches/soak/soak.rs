//! The soak itself: starts the server and the crowd, watches them, and says what it saw.

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::memory::{Change, Memory};
use crate::options::Options;
use crate::process::Process;
use crate::tally::Tally;

/// How often the memory is looked at.
const TICK: Duration = Duration::from_secs(1);

/// How long anything may take beside the talk itself.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs a soak, and fails if something is lost or wrong or grows.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let server = Process::start(&["serve".to_owned()])?;
    let port = answer(&server)?;
    let mut words = vec!["call".to_owned(), port];
    words.extend(options.words());
    let mut crowd = Process::start(&words)?;
    answer(&crowd)?;

    let before = (server.resident()?, crowd.resident()?);
    crowd.say("arrive")?;
    let connected_in: u64 = answer(&crowd)?.parse()?;
    let standing = (server.resident()?, crowd.resident()?);

    crowd.say("talk")?;
    let talk = watch(&server, &crowd, options)?;
    let tally: Tally = talk.last_words.parse()?;
    drop(crowd);
    let echoed: u64 = answer(&server)?.parse()?;

    let count = options.connections as u64;
    println!("{count} connections were there after {connected_in} ms");
    println!(
        "bytes for each: {} in the server, {} in the callers' process",
        standing.0.saturating_sub(before.0) / count,
        standing.1.saturating_sub(before.1) / count,
    );
    println!(
        "{} messages came back, {} a second, with {} bytes; half of them within {} ms, \
         99 of 100 within {} ms",
        tally.messages,
        tally.messages / options.seconds.max(1),
        tally.bytes,
        tally.median / 1000,
        tally.p99 / 1000,
    );
    println!(
        "lost bytes {}, wrong bytes {}, failed connections {}",
        tally.lost, tally.wrong, tally.failed
    );
    let (served, called) = (talk.server.second_half(), talk.crowd.second_half());
    report("server", &served);
    report("callers", &called);
    let is_good = tally.is_clean() && echoed == tally.bytes && served.is_flat() && called.is_flat();
    println!("{}", if is_good { "passed" } else { "FAILED" });
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What was seen during the talk.
struct Talk {
    server: Memory,
    crowd: Memory,
    last_words: String,
}

/// Looks at both until the crowd says how it went.
fn watch(server: &Process, crowd: &Process, options: &Options) -> Result<Talk, Box<dyn Error>> {
    let mut talk = Talk {
        server: Memory::sampled(TICK),
        crowd: Memory::sampled(TICK),
        last_words: String::new(),
    };
    let start = Instant::now();
    for tick in 1.. {
        if start.elapsed() > options.duration() + PATIENCE {
            break;
        }
        let next = (TICK * tick).saturating_sub(start.elapsed());
        if let Some(line) = crowd.hear(next)? {
            talk.last_words = line;
            return Ok(talk);
        }
        talk.server.note(server.resident()?);
        talk.crowd.note(crowd.resident()?);
    }
    Err("the callers do not end".into())
}

fn answer(process: &Process) -> Result<String, Box<dyn Error>> {
    process.hear(PATIENCE)?.ok_or_else(|| "a process does not answer".into())
}

fn report(who: &str, change: &Change) {
    println!(
        "{who}: {:.1} MiB in the second half, within {:.2} %, {:+.1} KiB a second",
        change.mean / 1048576.0,
        change.swing * 100.0,
        change.slope / 1024.0,
    );
}
