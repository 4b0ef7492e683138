//! A play: a socket connects some times through a proxy that follows scripts, while the program does
//! this and that, and what must hold is checked.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::sim::{Link, SimHost, SimNetwork, Unrest};

use super::content::Content;
use super::dice::Dice;
use super::gate::Gate;
use super::script::{Given, PASSWORD, Script, USER};

/// Longer than a socket tries to connect.
const LONG: Duration = Duration::from_secs(40);

/// What was said and done, which is the same for the same seed.
type Trace = Rc<RefCell<String>>;

struct Play {
    network: SimNetwork,
    near: SimHost,
    rt: Runtime,
    gate: Gate,
    dice: Dice,
    socket: Obj<QTcpSocket>,
    trace: Trace,
    heard: Rc<RefCell<Vec<Heard>>>,
    /// What the slot gives if the proxy asks.
    answer: Rc<Cell<Given>>,
    attempt: usize,
    /// How many bytes of this attempt were written and read.
    written: u64,
    read: u64,
    /// The program has ended this attempt itself, before it had come to something.
    is_cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    State(SocketState),
    Connected,
    Error(SocketError),
}

/// Carries out the program that a seed names. Returns all that was done, or what went wrong, after
/// that.
pub(crate) fn run(seed: u64) -> Result<String, String> {
    let mut play = Play::new(seed);
    let result = play.play();
    let trace = play.trace.take();
    result.map(|()| trace.clone()).map_err(|fault| format!("{trace}{fault}"))
}

impl Play {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let network = SimNetwork::new(seed);
        let (near, far) = (network.add_host("near"), network.add_host("gate"));
        let latency = Link::new().with_latency(dice.time(30));
        network.set_link(
            near,
            far,
            match dice.below(4) {
                0 => latency.with_splitting(0.8),
                1 => latency.with_jitter(dice.time(10)).with_duplication(0.2),
                2 => latency.with_loss(0.03),
                _ => Link::new(),
            },
        );
        if dice.is_one_in(3) {
            network.set_unrest(Unrest::new().with_delay(dice.time(5)).with_false_alarms(0.1));
        }
        let mut rt = network.runtime(near).expect("the system has a poller");
        let socket = rt.add(QTcpSocket::new());
        let gate = Gate::new(&network, far, seed);
        let mut play = Self {
            network,
            near,
            rt,
            gate,
            dice,
            socket,
            trace: Trace::default(),
            heard: Rc::default(),
            answer: Rc::new(Cell::new(Given::Nothing)),
            attempt: 0,
            written: 0,
            read: 0,
            is_cut: false,
        };
        play.listen();
        play
    }

    /// Connects the signals of the socket.
    fn listen(&mut self) {
        let (socket, rt) = (self.socket, &mut self.rt);
        let note = {
            let (heard, trace) = (self.heard.clone(), self.trace.clone());
            move |what: Heard| {
                let _ = writeln!(trace.borrow_mut(), "    {what:?}");
                heard.borrow_mut().push(what);
            }
        };
        let notes = (note.clone(), note.clone(), note);
        rt.connect_fn(socket, QTcpSocket::state_changed, move |_, &state| {
            notes.0(Heard::State(state));
        });
        rt.connect_fn(socket, QTcpSocket::connected, move |_, ()| notes.1(Heard::Connected));
        rt.connect_fn(socket, QTcpSocket::error_occurred, move |_, &error| {
            notes.2(Heard::Error(error));
        });
        let answer = self.answer.clone();
        rt.connect_fn(socket, QTcpSocket::proxy_authentication_required, move |_, asked| {
            let password = match answer.get() {
                Given::Nothing => return,
                Given::Wrong => "wrong",
                Given::Right => PASSWORD,
            };
            asked.authenticator.set_user(USER);
            asked.authenticator.set_password(password);
        });
    }

    fn play(&mut self) -> Result<(), String> {
        for _ in 0..1 + self.dice.below(4) {
            let script = Script::of(&mut self.dice);
            let count = self.dice.below(10);
            self.attempt(script, count)?;
        }
        // Whatever has happened, the socket works.
        self.attempt(Script::plain(), 0)?;
        self.rt.destroy(self.socket);
        self.rt.deliver();
        self.gate.begin(Script::plain(), 0);
        self.pass(10 * LONG)?;
        let left = (self.network.descriptors(self.near), self.network.sockets(self.near));
        expect(left == (0, 0), || format!("{left:?} descriptors and sockets are left"))?;
        expect(self.rt.next_deadline().is_none(), || "a timer is left".to_owned())
    }

    /// Connects once, does so many things meanwhile, and checks what comes of it.
    fn attempt(&mut self, script: Script, count: usize) -> Result<(), String> {
        self.attempt += 1;
        self.note(&format!("{script:?}"));
        self.gate.begin(script, self.attempt);
        self.answer.set(script.answered);
        (self.written, self.read, self.is_cut) = (0, 0, false);
        self.heard.borrow_mut().clear();
        let host = if script.is_by_name { "example.invalid" } else { "10.99.0.1" };
        self.rt[self.socket].set_proxy(script.proxy());
        self.rt[self.socket].connect_to_host(host, 80);
        for _ in 0..count {
            self.act()?;
        }
        self.pass_until(|state| {
            matches!(state, SocketState::Connected | SocketState::Unconnected)
        })?;
        let is_connected = self.state() == SocketState::Connected;
        if is_connected {
            self.end()?;
        }
        self.read()?;
        self.check(&script)?;
        // What is under way to the proxy comes before the next attempt.
        self.pass(LONG)
    }

    /// Does something.
    fn act(&mut self) -> Result<(), String> {
        match self.dice.below(24) {
            0..7 => self.write(),
            7..10 => self.read(),
            10..12 => {
                let count = self.dice.below(5_000);
                self.note(&format!("the peer says {count} bytes"));
                self.gate.send(self.network.elapsed(), count);
                Ok(())
            }
            12 => {
                self.cut("disconnect", |socket| socket.disconnect_from_host());
                Ok(())
            }
            13 if self.dice.is_one_in(2) => {
                self.cut("abort", |socket| socket.abort());
                Ok(())
            }
            13 if self.dice.is_one_in(2) => {
                self.note("destroy");
                self.is_cut = true;
                self.rt.destroy(self.socket);
                self.rt.deliver();
                self.socket = self.rt.add(QTcpSocket::new());
                self.listen();
                Ok(())
            }
            14 => {
                self.note("half-close");
                self.rt[self.socket].shutdown_write();
                self.rt.deliver();
                Ok(())
            }
            _ => {
                let time = self.dice.time(60);
                self.pass(time)
            }
        }
    }

    fn write(&mut self) -> Result<(), String> {
        let count = self.dice.below(5_000);
        let bytes = Content::of_application(self.attempt).bytes(self.written, count);
        let taken = self.rt[self.socket].write(&bytes).unwrap_or(0);
        self.note(&format!("write {count}, of which {taken} are taken"));
        self.written += taken as u64;
        self.rt.deliver();
        Ok(())
    }

    /// Reads what has come, which is what the peer has said.
    fn read(&mut self) -> Result<(), String> {
        let bytes = self.rt[self.socket].read_all();
        self.note(&format!("read {}", bytes.len()));
        let content = Content::of_peer(self.attempt as u16);
        if let Some(place) = content.first_fault(self.read, &bytes) {
            return Err(format!("a wrong byte is read at {place}"));
        }
        self.read += bytes.len() as u64;
        expect(self.read <= self.gate.sent, || "more is read than was said".to_owned())
    }

    fn cut(&mut self, how: &str, cut: impl FnOnce(&mut QTcpSocket)) {
        self.note(how);
        self.is_cut = true;
        cut(&mut self.rt[self.socket]);
        self.rt.deliver();
    }

    /// Says something in both directions, and ends the connection from one side.
    fn end(&mut self) -> Result<(), String> {
        self.write()?;
        let count = self.dice.below(3_000);
        self.gate.send(self.network.elapsed(), count);
        self.pass(LONG)?;
        self.read()?;
        if self.state() == SocketState::Connected {
            expect(self.read == self.gate.sent, || "what the peer said has not come".to_owned())?;
            let (heard, written) = (self.gate.received, self.written);
            expect(heard == written, || format!("the peer heard {heard} of {written} bytes"))?;
            match self.dice.is_one_in(2) {
                true => {
                    self.note("the peer ends");
                    self.gate.shut_down();
                }
                false => {
                    self.note("the socket ends");
                    self.rt[self.socket].disconnect_from_host();
                    self.rt.deliver();
                }
            }
        }
        self.pass_until(|state| state == SocketState::Unconnected)?;
        self.pass(Duration::from_secs(5))?;
        expect(self.gate.has_heard_end, || "the peer has not heard the end".to_owned())
    }

    /// Checks what was heard of an attempt that is over.
    fn check(&mut self, script: &Script) -> Result<(), String> {
        let heard = self.heard.take();
        let mut state = SocketState::Unconnected;
        for &heard in &heard {
            if let Heard::State(next) = heard {
                expect(may_follow(state, next), || format!("{next:?} follows {state:?}"))?;
                state = next;
            }
        }
        expect(state == self.state(), || format!("it said {state:?} last"))?;
        expect(state == SocketState::Unconnected, || format!("it is {state:?} at the end"))?;
        let connected = heard.iter().filter(|&&heard| heard == Heard::Connected).count();
        let errors: Vec<SocketError> = heard
            .iter()
            .filter_map(|heard| match heard {
                Heard::Error(error) => Some(*error),
                _ => None,
            })
            .collect();
        expect(connected <= 1 && errors.len() <= 1, || format!("{connected} and {errors:?}"))?;
        if self.is_cut {
            return Ok(());
        }
        let expected = script.errors();
        match expected.is_empty() {
            true => expect(connected == 1, || format!("it has not connected: {errors:?}"))?,
            false => {
                let is_expected = errors.iter().all(|error| expected.contains(error));
                expect(connected == 0 && errors.len() == 1 && is_expected, || {
                    format!("{errors:?} came, and {expected:?} was to come")
                })?;
            }
        }
        let is_ended_by_peer = errors == [SocketError::RemoteHostClosed];
        expect(connected == 0 || errors.is_empty() || is_ended_by_peer, || {
            format!("the connection broke: {errors:?}")
        })
    }

    fn state(&self) -> SocketState {
        self.rt[self.socket].state()
    }

    fn note(&self, what: &str) {
        let _ = writeln!(self.trace.borrow_mut(), "{:?} {what}", self.network.elapsed());
    }

    /// Lets time pass until the socket is in such a state, up to the end of all patience.
    fn pass_until(&mut self, is_meant: impl Fn(SocketState) -> bool) -> Result<(), String> {
        for _ in 0..40 {
            if is_meant(self.state()) {
                return Ok(());
            }
            self.pass(Duration::from_secs(1))?;
        }
        Err(format!("it stays {:?}", self.state()))
    }

    /// Lets time pass, and everybody do what there is to do meanwhile.
    fn pass(&mut self, time: Duration) -> Result<(), String> {
        let end = self.network.elapsed() + time;
        let mut step = Duration::from_millis(1);
        loop {
            let mut is_busy = self.gate.turn(self.network.elapsed())?;
            while self.rt.process_events(Some(Duration::ZERO)).expect("the poller works") {
                is_busy = true;
                self.gate.turn(self.network.elapsed())?;
            }
            let left = end.saturating_sub(self.network.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            // The longer nothing happens, the longer the steps.
            step = if is_busy { Duration::from_millis(1) } else { (2 * step).min(LONG / 40) };
            self.rt.process_events(Some(left.min(step))).expect("the poller works");
        }
    }
}

fn may_follow(state: SocketState, next: SocketState) -> bool {
    use SocketState::{Closing, Connected, Connecting, HostLookup, Unconnected};
    matches!(
        (state, next),
        (Unconnected, HostLookup)
            | (HostLookup, Connecting | Unconnected)
            | (Connecting, Connected | Unconnected)
            | (Connected, Closing | Unconnected)
            | (Closing, Unconnected)
    )
}

fn expect(is_so: bool, fault: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(fault()) }
}
