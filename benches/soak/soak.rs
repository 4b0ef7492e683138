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

    let before = [server.resident()?, crowd.resident()?];
    crowd.say("arrive")?;
    let arrived_in = answer(&crowd)?;
    let standing = [server.resident()?, crowd.resident()?];
    let count = options.connections as u64;
    let [served, called] = [0, 1].map(|who| standing[who].saturating_sub(before[who]) / count);
    println!("{count} connections were there after {arrived_in} ms");
    println!("bytes for each: {served} in the server, {called} in the callers' process");

    crowd.say("talk")?;
    let talk = watch(&server, &crowd, options)?;
    drop(crowd);
    let echoed: u64 = answer(&server)?.parse()?;
    report_tally(&talk.tally, options);
    let (served, called) = (talk.server.second_half(), talk.crowd.second_half());
    report_memory("server", &served);
    report_memory("callers", &called);

    let is_right = talk.tally.is_clean() && talk.tally.bytes == echoed;
    if is_right && served.is_flat() && called.is_flat() {
        println!("passed");
        Ok(ExitCode::SUCCESS)
    } else {
        println!("FAILED");
        Ok(ExitCode::FAILURE)
    }
}

/// What was seen during the talk.
struct Talk {
    server: Memory,
    crowd: Memory,
    tally: Tally,
}

/// Looks at both until the crowd says how it went.
fn watch(server: &Process, crowd: &Process, options: &Options) -> Result<Talk, Box<dyn Error>> {
    let (mut served, mut called) = (Memory::sampled(TICK), Memory::sampled(TICK));
    let start = Instant::now();
    for tick in 1.. {
        let next = (TICK * tick).saturating_sub(start.elapsed());
        if let Some(line) = crowd.hear(next)? {
            return Ok(Talk { server: served, crowd: called, tally: line.parse()? });
        }
        if start.elapsed() > options.duration() + PATIENCE {
            break;
        }
        served.note(server.resident()?);
        called.note(crowd.resident()?);
    }
    Err("the callers do not end".into())
}

fn answer(process: &Process) -> Result<String, Box<dyn Error>> {
    process.hear(PATIENCE)?.ok_or_else(|| "a process does not answer".into())
}

fn report_tally(tally: &Tally, options: &Options) {
    let &Tally { messages, bytes, lost, wrong, failed, median, p99 } = tally;
    let rate = messages / options.seconds.max(1);
    let (median, p99) = (median / 1000, p99 / 1000);
    println!("{messages} messages came back with {bytes} bytes, {rate} a second");
    println!("half of them within {median} ms, 99 of 100 within {p99} ms");
    println!("lost bytes {lost}, wrong bytes {wrong}, failed connections {failed}");
}

fn report_memory(who: &str, change: &Change) {
    let &Change { mean, swing, slope } = change;
    let (mean, swing, slope) = (mean / 1_048_576.0, swing * 100.0, slope / 1024.0);
    println!(
        "{who}: {mean:.1} MiB in the second half, within {swing:.2} %, {slope:+.1} KiB a second"
    );
}
