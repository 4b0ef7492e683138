//! The crowd: all callers, and what they do together.

use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

use slotwire::prelude::*;

use crate::caller::Caller;
use crate::control::{obey, tell};
use crate::latency::Latency;
use crate::options::Options;
use crate::stream::Stream;
use crate::tally::Tally;

/// How many connect at the same time, which the server's queue has room for.
const AT_A_TIME: usize = 256;

/// How long the last answers may take before they are called lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for the word to `arrive` and then for the one to `talk`, and tells how it went.
pub(crate) fn call(port: u16, options: &Options) -> Result<(), Box<dyn Error>> {
    let mut rt = Runtime::new()?;
    rt.on_slot_error(|_, error| eprintln!("a caller: {error}"));
    let crowd = rt.add(Crowd::new(port, options.clone()));
    tell("ready");
    obey(rt.remote(), move |world, word| match word {
        "arrive" => world.invoke(crowd, Crowd::arrive, ()),
        _ => world.invoke(crowd, Crowd::talk, ()),
    });
    rt.exec()?;
    Ok(())
}

#[derive(QObject)]
struct Crowd {
    port: u16,
    options: Options,
    callers: Vec<Obj<Caller>>,
    connected: usize,
    failed: u64,
    latency: Latency,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// They come, since then.
    Arriving(Instant),
    Talking,
    /// So many still wait for their last answer.
    FallingSilent(usize),
    Silent,
}

#[slots]
impl Crowd {
    fn new(port: u16, options: Options) -> Self {
        Self {
            port,
            options,
            callers: Vec::new(),
            connected: 0,
            failed: 0,
            latency: Latency::new(),
            phase: Phase::Arriving(Instant::now()),
        }
    }

    #[slot]
    fn arrive(&mut self, cx: &mut Context<Self>) {
        self.phase = Phase::Arriving(Instant::now());
        for _ in 0..AT_A_TIME {
            self.call_one(cx);
        }
    }

    fn call_one(&mut self, cx: &mut Context<Self>) {
        let number = self.callers.len();
        if number == self.options.connections {
            return;
        }
        let (port, stream) = (self.port, Stream::new(self.options.seed, number));
        let caller = cx.add_child_with(|cx| Caller::new(stream, port, cx));
        cx.on(caller, Caller::connected, Self::count);
        cx.on(caller, Caller::answered, Self::go_on);
        cx.on(caller, Caller::failed, Self::do_without);
        self.callers.push(caller);
    }

    #[slot]
    fn count(&mut self, cx: &mut Context<Self>) {
        self.connected += 1;
        self.call_one(cx);
        if let Phase::Arriving(since) = self.phase
            && self.connected == self.options.connections
        {
            tell(since.elapsed().as_millis());
        }
    }

    #[slot]
    fn talk(&mut self, cx: &mut Context<Self>) {
        self.phase = Phase::Talking;
        for &caller in &self.callers {
            cx.invoke(caller, Caller::speak, ());
        }
        cx.single_shot(self.options.duration(), cx.this(), Self::fall_silent);
        cx.single_shot(self.options.duration() + PATIENCE, cx.this(), Self::end);
    }

    #[slot]
    fn go_on(&mut self, cx: &mut Context<Self>, took: Duration) -> io::Result<()> {
        self.latency.note(took);
        let Some(caller) = cx.sender_as::<Caller>() else { return Ok(()) };
        match &mut self.phase {
            Phase::Talking => cx.with(caller, |caller, cx| caller.speak(cx)).unwrap_or(Ok(())),
            Phase::FallingSilent(waiting) => {
                *waiting -= 1;
                if *waiting == 0 {
                    self.end(cx);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    #[slot]
    fn do_without(&mut self, error: SocketError) {
        eprintln!("a connection failed: {error}");
        self.failed += 1;
    }

    #[slot]
    fn fall_silent(&mut self) {
        self.phase = Phase::FallingSilent(self.callers.len());
    }

    /// Tells the tally. What is still missing is lost.
    #[slot]
    fn end(&mut self, cx: &mut Context<Self>) {
        if self.phase == Phase::Silent {
            return;
        }
        self.phase = Phase::Silent;
        let sum = |what: fn(&Caller) -> u64| self.callers.iter().map(|&one| what(&cx[one])).sum();
        tell(Tally {
            messages: self.latency.count(),
            bytes: sum(Caller::bytes),
            lost: sum(Caller::lost),
            wrong: sum(Caller::wrong),
            failed: self.failed,
            median: self.latency.per_mille(500),
            p99: self.latency.per_mille(990),
        });
        cx.quit();
    }
}
