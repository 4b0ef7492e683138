//! The player: plays a scenario, step by step, and writes its trace.

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use slotwire::Runtime;
use slotwire::prelude::World;

use crate::answer::{self, Answer, Outcome};
use crate::log::Log;
use crate::operation;
use crate::peer_operation::{data_in, failed};
use crate::peers::{Engine, Received};
use crate::scenario::{Condition, Mode, Op, PeerHas, Scenario};
use crate::stage::Stage;
use crate::trace::{Trace, TraceStep};
use crate::waiting;

/// How long a step waits unless it says otherwise.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long the loop goes on after what a step waited for.
const SETTLE: Duration = Duration::from_millis(30);

/// How long the loop sleeps at most before it is looked whether a peer got something.
const GLANCE: Duration = Duration::from_millis(2);

/// How many turns the loop is given to finish what is ready when its time is over.
const LAST_TURNS: usize = 50;

/// Plays a scenario.
pub(crate) fn play(scenario: &Scenario, engine: &dyn Engine) -> Result<Trace, slotwire::Error> {
    let (mut rt, peers) = engine.set_up()?;
    let log = Log::new(scenario.ignore_signals.clone());
    let stage = Stage::new(&mut rt, peers, log);
    let mut player = Player { rt, stage, mode: scenario.mode };
    let mut steps = Vec::new();
    for (number, op) in scenario.steps.iter().enumerate() {
        let outcome = player.perform(op)?;
        operation::capture(&player.stage, operation::symbol_of(op), &outcome);
        steps.push(TraceStep {
            i: number,
            op: op.label(),
            events: player.stage.log.borrow_mut().take(),
            ret: answer::show(&outcome, &player.stage.symbols.borrow()),
        });
    }
    Ok(Trace { name: scenario.name.clone(), steps })
}

/// What plays a scenario.
struct Player {
    rt: Runtime,
    stage: Rc<Stage>,
    mode: Mode,
}

impl Player {
    fn perform(&mut self, op: &Op) -> Result<Outcome, slotwire::Error> {
        match op {
            Op::Run { until: Some(condition), timeout, settle, .. } => {
                let (patience, settle) = (time_or(*timeout, PATIENCE), time_or(*settle, SETTLE));
                let stage = self.stage.clone();
                let held = self.run_until(patience, |world| holds(&stage, world, condition))?;
                self.run_for(settle)?;
                Ok(Ok(held.into()))
            }
            Op::Run { time, .. } => {
                self.run_for(time_or(*time, Duration::ZERO))?;
                Ok(Ok(Answer::Nothing))
            }
            Op::Process => {
                self.rt.process_events(Some(Duration::ZERO))?;
                Ok(Ok(Answer::Nothing))
            }
            Op::Call { obj, method, args, .. } => {
                if let Some(waited) = waiting::call(&mut self.rt, &self.stage, obj, method, args)? {
                    return Ok(waited);
                }
                Ok(self.perform_at_once(op))
            }
            Op::PeerAccept { from, id, symbol, timeout, pump } => {
                self.accept(from, id, symbol.as_deref(), Patience::new(*timeout, *pump))
            }
            Op::PeerSend { peer, data, timeout, pump } => {
                self.send(peer, data, Patience::new(*timeout, *pump))
            }
            Op::PeerRecv { peer, n, timeout, pump } => {
                self.receive(peer, *n, Patience::new(*timeout, *pump))
            }
            Op::PeerRecvHttp { peer, headers, timeout, pump } => {
                self.receive_http(peer, headers, Patience::new(*timeout, *pump))
            }
            Op::PeerRecvfrom { peer, symbol, timeout, pump } => {
                self.receive_from(peer, symbol.as_deref(), Patience::new(*timeout, *pump))
            }
            Op::PeerJoin { id, timeout, pump } => self.join(id, Patience::new(*timeout, *pump)),
            _ => Ok(self.perform_at_once(op)),
        }
    }

    /// Carries out what needs no loop, and delivers what it brought about.
    fn perform_at_once(&mut self, op: &Op) -> Outcome {
        let outcome = operation::perform(&self.stage, &mut self.rt, op);
        self.rt.deliver();
        outcome
    }

    /// Runs the loop until `condition` holds; says whether it came to.
    fn run_until(
        &mut self,
        timeout: Duration,
        mut condition: impl FnMut(&World) -> bool,
    ) -> Result<bool, slotwire::Error> {
        let deadline = self.now() + timeout;
        loop {
            if condition(&self.rt) {
                return Ok(true);
            }
            let left = deadline.saturating_sub(self.now());
            if left.is_zero() {
                return Ok(false);
            }
            self.rt.process_events(Some(left.min(GLANCE)))?;
        }
    }

    /// Runs the loop for a while, and to the end of what is ready then.
    fn run_for(&mut self, time: Duration) -> Result<(), slotwire::Error> {
        self.run_until(time, |_| false)?;
        for _ in 0..LAST_TURNS {
            if !self.rt.process_events(Some(Duration::ZERO))? {
                break;
            }
        }
        Ok(())
    }

    /// Asks until there is an answer: runs the loop meanwhile and for a while afterwards, or just
    /// waits if there is none to run.
    fn wait<T>(
        &mut self,
        patience: Patience,
        mut ask: impl FnMut(&Stage) -> Option<T>,
    ) -> Result<Option<T>, slotwire::Error> {
        let stage = self.stage.clone();
        if self.mode == Mode::Event && patience.pump {
            let mut answer = None;
            self.run_until(patience.timeout, |_| {
                answer = ask(&stage);
                answer.is_some()
            })?;
            self.run_for(SETTLE)?;
            return Ok(answer);
        }
        let deadline = self.now() + patience.timeout;
        loop {
            match ask(&stage) {
                None if self.now() < deadline => {
                    stage.peers.borrow_mut().sleep(Duration::from_millis(1));
                }
                answer => return Ok(answer),
            }
        }
    }

    fn now(&self) -> Duration {
        self.stage.peers.borrow().now()
    }

    fn accept(
        &mut self,
        listener: &str,
        id: &str,
        symbol: Option<&str>,
        patience: Patience,
    ) -> Result<Outcome, slotwire::Error> {
        let accepted =
            self.wait(patience, |stage| stage.peers.borrow_mut().accept(listener, id).transpose())?;
        Ok(Ok(match accepted {
            None => Value::Null.into(),
            Some(Err(error)) => failed(&error),
            Some(Ok(from)) => {
                self.capture_port(symbol, from.port());
                let address = from.ip().to_string();
                record([("from", address.into()), ("port", Answer::Port(from.port()))])
            }
        }))
    }

    fn send(
        &mut self,
        peer: &str,
        data: &Value,
        patience: Patience,
    ) -> Result<Outcome, slotwire::Error> {
        let data = match data_in(&self.stage, data) {
            Ok(data) => data,
            Err(missing) => return Ok(Err(missing)),
        };
        let (mut sent, mut failure) = (0, None);
        let mut send = |stage: &Stage| match stage.peers.borrow_mut().send(peer, &data[sent..]) {
            Ok(count) => {
                sent += count;
                (sent == data.len()).then_some(())
            }
            Err(error) => {
                failure = Some(failed(&error));
                Some(())
            }
        };
        // Mostly there is room for all of it, and the loop need not run.
        if send(&self.stage).is_none() {
            self.wait(patience, send)?;
        }
        Ok(Ok(failure.unwrap_or(Answer::Nothing)))
    }

    fn receive(
        &mut self,
        peer: &str,
        count: Option<usize>,
        patience: Patience,
    ) -> Result<Outcome, slotwire::Error> {
        let wanted = count.unwrap_or(usize::MAX);
        let mut data = Vec::new();
        let end = self.wait(patience, |stage| {
            while data.len() < wanted {
                match stage.peers.borrow_mut().receive(peer, wanted - data.len()) {
                    Ok(Received::Bytes(bytes)) => data.extend(bytes),
                    Ok(Received::Nothing) => return None,
                    Ok(Received::End) => return Some(Some("eof".into())),
                    Ok(Received::Reset) => return Some(Some("reset".into())),
                    Err(error) => return Some(Some(failed(&error))),
                }
            }
            Some(None)
        })?;
        let end = end.unwrap_or_else(|| Some("timeout".into()));
        let fields = [Some(("data", Answer::Bytes(data))), end.map(|end| ("end", end))];
        Ok(Ok(record(fields.into_iter().flatten())))
    }

    fn receive_http(
        &mut self,
        peer: &str,
        headers: &[String],
        patience: Patience,
    ) -> Result<Outcome, slotwire::Error> {
        let mut head = Vec::new();
        self.wait(patience, |stage| {
            while !head.ends_with(b"\r\n\r\n") {
                match stage.peers.borrow_mut().receive(peer, 1) {
                    Ok(Received::Bytes(byte)) => head.extend(byte),
                    Ok(Received::Nothing) => return None,
                    _ => return Some(()),
                }
            }
            Some(())
        })?;
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.split("\r\n");
        let line = lines.next().unwrap_or_default();
        let fields: Vec<_> = lines.filter_map(|line| line.split_once(':')).collect();
        let shown = headers.iter().map(|wanted| {
            let found = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            (wanted.clone(), json!(found.map(|(_, value)| value.trim())))
        });
        let headers = Value::Object(shown.collect());
        Ok(Ok(record([("line", line.into()), ("headers", headers.into())])))
    }

    fn receive_from(
        &mut self,
        peer: &str,
        symbol: Option<&str>,
        patience: Patience,
    ) -> Result<Outcome, slotwire::Error> {
        let received =
            self.wait(patience, |stage| stage.peers.borrow_mut().receive_from(peer).transpose())?;
        Ok(Ok(match received {
            None => Value::Null.into(),
            Some(Err(error)) => failed(&error),
            Some(Ok((data, from))) => {
                self.capture_port(symbol, from.port());
                record([
                    ("data", Answer::Bytes(data)),
                    ("from", from.ip().to_string().into()),
                    ("port", Answer::Port(from.port())),
                ])
            }
        }))
    }

    fn join(&mut self, id: &str, patience: Patience) -> Result<Outcome, slotwire::Error> {
        let received = self.wait(patience, |stage| stage.peers.borrow_mut().played(id))?;
        let shown = received.map(|received| {
            received.iter().map(|bytes| crate::bytes::show(bytes)).collect::<Vec<_>>()
        });
        Ok(Ok(Value::from(shown).into()))
    }

    fn capture_port(&self, symbol: Option<&str>, port: u16) {
        if let Some(symbol) = symbol {
            self.stage.symbols.borrow_mut().capture(symbol, json!(port));
        }
    }
}

/// How long a peer waits, and whether the loop runs meanwhile.
#[derive(Clone, Copy)]
struct Patience {
    timeout: Duration,
    pump: bool,
}

impl Patience {
    fn new(timeout: Option<u64>, pump: Option<bool>) -> Self {
        Self { timeout: time_or(timeout, PATIENCE), pump: pump.unwrap_or(true) }
    }
}

fn time_or(milliseconds: Option<u64>, otherwise: Duration) -> Duration {
    milliseconds.map_or(otherwise, Duration::from_millis)
}

fn record(fields: impl IntoIterator<Item = (&'static str, Answer)>) -> Answer {
    Answer::Record(fields.into_iter().map(|(name, answer)| (name.to_owned(), answer)).collect())
}

/// Says whether a condition holds.
fn holds(stage: &Stage, world: &World, condition: &Condition) -> bool {
    match condition {
        Condition::Seen { signal, count } => stage.log.borrow().seen(signal) >= count.unwrap_or(1),
        Condition::Compares { get } => operation::holds(stage, world, get),
        Condition::Peer { peer, has, n } => {
            let mut peers = stage.peers.borrow_mut();
            match has {
                PeerHas::Acceptable => peers.is_acceptable(peer).unwrap_or_default(),
                PeerHas::Eof => {
                    matches!(peers.peek(peer, 1), Ok(Received::End | Received::Reset))
                }
                PeerHas::Readable => {
                    let wanted = n.unwrap_or(1);
                    match peers.peek(peer, wanted) {
                        Ok(Received::Bytes(bytes)) => bytes.len() >= wanted || n.is_none(),
                        Ok(Received::End) => n.is_none(),
                        _ => false,
                    }
                }
            }
        }
        Condition::All { all } => all.iter().all(|condition| holds(stage, world, condition)),
    }
}
