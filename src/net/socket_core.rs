//! The state machine that every socket is.
//!
//! It moves between the [`SocketState`]s and says so. Where several states follow each other in one
//! go, each is a *step* of its own, recorded between the emissions, so that a slot finds the socket
//! in the state that its signal announces. What moves the bytes is the engine's business.
//!
//! | from | on | to | signals, in order |
//! |---|---|---|---|
//! | Unconnected | `connect_to_host` | HostLookup | `state_changed` |
//! | HostLookup | addresses found | Connecting | `state_changed`, `host_found` |
//! | HostLookup | none found | Unconnected | `state_changed`, `error_occurred` |
//! | Connecting | established | Connected | `state_changed`, `connected` |
//! | Connecting | no address left | Unconnected | `state_changed`, `error_occurred` |
//! | Connected | the peer closed | Closing, Unconnected | `error_occurred`, `state_changed`, `state_changed`, `read_channel_finished`, `disconnected` |
//! | Connected | `disconnect_from_host` | Closing, then when all is sent Unconnected | `state_changed`, `state_changed`, `read_channel_finished`, `disconnected` |
//! | any other | `abort` | Unconnected | `about_to_close`, `state_changed`, `read_channel_finished`, and `disconnected` if it was connected |

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use super::abstract_socket::QAbstractSocket;
use super::engine::{Progress, StreamEngine};
use super::error::SocketError;
use super::facilities::Facilities;
use super::socket_state::SocketState;
use crate::event_loop::{Alarm, OnReady, Readiness, SourceId, TimerKey};
use crate::io::{Device, OpenMode};
use crate::object::{Anchor, ObjectKey, Signal, Stepper, World};

/// How long an attempt to connect to one address may take, unless that is changed. As in Qt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How much is sent in one turn of the loop before others get theirs. More than most writes, so
/// that they take one system call.
const SENT_PER_TURN: usize = 1 << 20;

/// The state that all sockets share.
///
/// Public only because the methods that [`QAbstractSocket`] provides go through it.
pub struct SocketCore {
    pub(super) device: Device,
    pub(super) signals: Signals,
    pub(super) state: SocketState,
    pub(super) error: Option<Fault>,
    pub(super) peer_name: String,
    pub(super) peer: Option<SocketAddr>,
    pub(super) local: Option<SocketAddr>,
    pub(super) connect_timeout: Option<Duration>,
    engine: Option<Box<dyn StreamEngine>>,
    attempt: Option<Box<Attempt>>,
    /// The steps that are recorded and not taken yet.
    steps: VecDeque<Step>,
    /// How many recorded steps have been taken before their time, or will never be.
    void_steps: usize,
    /// The kernel has more than one read could take.
    has_more: bool,
    /// The peer has closed its end, which the next read that finds nothing will tell.
    peer_closed: bool,
    /// The kernel took all it could; it tells when there is room again.
    send_blocked: bool,
    flush_queued: bool,
    lookups: Lookup,
    home: Option<Home>,
    hooks: &'static Hooks,
}

/// The signals that all sockets have.
#[derive(Default)]
pub(super) struct Signals {
    pub(super) host_found: Signal<()>,
    pub(super) connected: Signal<()>,
    pub(super) disconnected: Signal<()>,
    pub(super) state_changed: Signal<SocketState>,
    pub(super) error_occurred: Signal<SocketError>,
}

/// The last error, and what the system said.
pub(super) struct Fault {
    pub(super) kind: SocketError,
    pub(super) source: Option<io::Error>,
}

/// Where the socket lives.
struct Home {
    stepper: Stepper,
    facilities: Rc<Facilities>,
}

/// Names a lookup among all of its socket's.
type Lookup = u64;

/// A connection that is being made.
struct Attempt {
    lookup: Lookup,
    port: u16,
    /// The addresses that were not tried yet.
    addresses: VecDeque<IpAddr>,
    /// Why the address before did not work.
    failure: Option<Fault>,
    timeout: Option<TimerKey>,
    /// `disconnect_from_host` was called: the connection is closed as soon as it stands.
    close_when_connected: bool,
    /// The socket had no runtime yet, and starts when it gets one.
    waits_for_home: bool,
}

/// A change of state that takes effect between emissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The addresses are known: the first is tried.
    Found,
    /// Tries the next address.
    TryNext,
    /// The connection stands, and who waits for it was told: it is closed if that was asked for
    /// meanwhile, else reading and writing begin.
    Begin,
    /// The peer has closed: the socket begins to close.
    Closing,
    /// The socket is closed.
    Closed,
    /// The addresses of a closed connection are forgotten.
    Forget,
}

/// The way from the loop to the core of a socket of one class.
struct Hooks {
    on_ready: OnReady,
    step: fn(&mut World, ObjectKey),
    flush: fn(&mut World, ObjectKey),
    timed_out: fn(&mut World, ObjectKey),
    resolved: fn(&mut World, ObjectKey, Lookup, io::Result<Vec<IpAddr>>),
}

/// Makes the hooks of class `T`.
struct HooksOf<T>(T);

impl<T: QAbstractSocket> HooksOf<T> {
    const HOOKS: &'static Hooks = &Hooks {
        on_ready: Self::on_ready,
        step: |world, key| {
            if let Some(core) = Self::core(world, key) {
                core.take_step();
            }
        },
        flush: |world, key| {
            world.turn(|world| {
                if let Some(core) = Self::core(world, key) {
                    core.on_flush();
                }
            });
        },
        timed_out: |world, key| {
            world.turn(|world| {
                if let Some(core) = Self::core(world, key) {
                    core.on_timeout();
                }
            });
        },
        resolved: |world, key, lookup, addresses| {
            if let Some(core) = Self::core(world, key) {
                core.on_resolved(lookup, addresses);
            }
        },
    };

    fn on_ready(world: &mut World, key: ObjectKey, _: SourceId, readiness: Readiness) {
        world.turn(|world| {
            if let Some(core) = Self::core(world, key) {
                core.on_ready(readiness);
            }
        });
    }

    fn core(world: &mut World, key: ObjectKey) -> Option<&mut SocketCore> {
        let socket = world.handle::<T>(key);
        world.get_mut(socket).map(T::core_mut)
    }
}

impl SocketCore {
    pub(super) fn new<T: QAbstractSocket>() -> Self {
        Self {
            device: Device::default(),
            signals: Signals::default(),
            state: SocketState::Unconnected,
            error: None,
            peer_name: String::new(),
            peer: None,
            local: None,
            connect_timeout: Some(CONNECT_TIMEOUT),
            engine: None,
            attempt: None,
            steps: VecDeque::new(),
            void_steps: 0,
            has_more: false,
            peer_closed: false,
            send_blocked: false,
            flush_queued: false,
            lookups: 0,
            home: None,
            hooks: HooksOf::<T>::HOOKS,
        }
    }

    /// A socket for a connection that stands already.
    pub(super) fn connected<T: QAbstractSocket>(engine: Box<dyn StreamEngine>) -> Self {
        let mut core = Self::new::<T>();
        core.device.open(OpenMode::READ_WRITE);
        core.state = SocketState::Connected;
        core.learn_addresses(&*engine);
        core.engine = Some(engine);
        core
    }

    /// Takes the socket's place in its runtime.
    pub(super) fn anchored(&mut self, anchor: &Anchor<'_>) {
        self.home =
            Facilities::of(anchor).map(|facilities| Home { stepper: anchor.stepper(), facilities });
        if self.engine.is_some() {
            self.watch();
        }
        if let Some(attempt) = self.attempt.take_if(|attempt| attempt.waits_for_home) {
            self.begin_attempt(attempt.port, attempt.close_when_connected);
        }
    }

    /// Does the last steps of a socket that is about to be destroyed.
    pub(super) fn about_to_be_destroyed(&mut self) {
        if self.state != SocketState::Unconnected {
            self.abort();
        }
    }

    pub(super) fn connect_to_host(&mut self, name: String, port: u16) {
        self.settle();
        if !matches!(self.state, SocketState::Unconnected | SocketState::Bound) {
            return self.fail(SocketError::Operation, None);
        }
        self.device.open(OpenMode::READ_WRITE);
        self.error = None;
        self.peer_name = name;
        self.begin_attempt(port, false);
    }

    /// Begins to connect to the peer that has been named.
    fn begin_attempt(&mut self, port: u16, close_when_connected: bool) {
        self.lookups += 1;
        let mut attempt = Box::new(Attempt {
            lookup: self.lookups,
            port,
            addresses: VecDeque::new(),
            failure: None,
            timeout: None,
            close_when_connected,
            waits_for_home: self.home.is_none(),
        });
        let literal = self.peer_name.parse::<IpAddr>().ok();
        attempt.addresses.extend(literal);
        self.attempt = Some(attempt);
        let Some(home) = &self.home else { return };
        if literal.is_none() {
            let (remote, lookup) = (home.facilities.remote.clone(), self.lookups);
            let (key, resolved) = (home.stepper.key(), self.hooks.resolved);
            home.facilities.network.resolve(
                &self.peer_name,
                Box::new(move |addresses| {
                    // Fails if the runtime is gone, and the socket with it.
                    let _ = remote.post(move |world| resolved(world, key, lookup, addresses));
                }),
            );
        }
        self.change_state(SocketState::HostLookup);
        if literal.is_some() {
            self.record(Step::Found);
        }
    }

    pub(super) fn disconnect_from_host(&mut self) {
        self.settle();
        match self.state {
            SocketState::Unconnected
            | SocketState::HostLookup
            | SocketState::Connecting
            | SocketState::Listening => {
                if let Some(attempt) = &mut self.attempt {
                    attempt.close_when_connected = true;
                }
            }
            SocketState::Closing => self.send(),
            SocketState::Connected | SocketState::Bound => {
                self.change_state(SocketState::Closing);
                if self.device.outgoing().is_empty() {
                    self.record(Step::Closed);
                } else {
                    self.queue_flush();
                }
            }
        }
    }

    pub(super) fn close(&mut self) {
        self.device.close();
        self.disconnect_from_host();
    }

    pub(super) fn abort(&mut self) {
        self.device.drop_outgoing();
        self.device.close();
        self.drop_attempt();
        if self.state == SocketState::Unconnected {
            return;
        }
        self.void_steps += self.steps.len();
        self.steps.clear();
        let was_connected = matches!(self.state, SocketState::Connected | SocketState::Closing);
        self.end(was_connected);
    }

    /// Queues bytes to go out when the running slots are done.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.state == SocketState::Unconnected && self.attempt.is_none() {
            return Err(io::Error::new(ErrorKind::NotConnected, "the socket is not connected"));
        }
        let count = self.device.write(bytes)?;
        if matches!(self.state, SocketState::Connected | SocketState::Closing) {
            self.queue_flush();
        }
        Ok(count)
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ended = self.has_ended();
        self.device.read(buffer, ended)
    }

    /// Sends what the kernel takes now.
    pub(super) fn flush(&mut self) {
        if matches!(self.state, SocketState::Connected | SocketState::Closing) {
            self.send();
        }
    }

    /// Says whether no more bytes will come.
    pub(super) fn has_ended(&self) -> bool {
        self.state == SocketState::Unconnected && self.attempt.is_none()
    }

    fn on_ready(&mut self, readiness: Readiness) {
        self.peer_closed |= readiness.read_closed;
        match self.state {
            SocketState::Connecting => self.check_attempt(),
            SocketState::Connected | SocketState::Closing => {
                if readiness.writable && std::mem::take(&mut self.send_blocked) {
                    self.send();
                }
                if readiness.readable {
                    self.receive();
                }
            }
            _ => {}
        }
    }

    fn on_flush(&mut self) {
        self.flush_queued = false;
        if !self.send_blocked {
            self.flush();
        }
        if self.has_more {
            self.receive();
        }
    }

    fn on_resolved(&mut self, lookup: Lookup, found: io::Result<Vec<IpAddr>>) {
        let Some(attempt) = self.attempt.as_mut().filter(|attempt| attempt.lookup == lookup) else {
            return;
        };
        match found {
            Ok(addresses) => attempt.addresses.extend(addresses),
            Err(error) => {
                attempt.failure =
                    Some(Fault { kind: SocketError::HostNotFound, source: Some(error) });
            }
        }
        if attempt.addresses.is_empty() {
            self.give_up(SocketError::HostNotFound);
        } else {
            self.take(Step::Found);
        }
    }

    /// The current address did not answer in time.
    fn on_timeout(&mut self) {
        if self.attempt.is_some() {
            self.address_failed(Fault { kind: SocketError::SocketTimeout, source: None });
        }
    }

    /// Takes the next recorded step.
    fn take_step(&mut self) {
        if self.void_steps > 0 {
            self.void_steps -= 1;
        } else if let Some(step) = self.steps.pop_front() {
            self.take(step);
        }
    }

    /// Takes all recorded steps now, because something new begins.
    fn settle(&mut self) {
        while let Some(step) = self.steps.pop_front() {
            self.void_steps += 1;
            self.take(step);
        }
    }

    fn record(&mut self, step: Step) {
        if let Some(home) = &self.home {
            self.steps.push_back(step);
            home.stepper.step(self.hooks.step);
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Found => {
                self.change_state(SocketState::Connecting);
                self.signals.host_found.emit(());
                self.record(Step::TryNext);
            }
            Step::TryNext => self.try_next(),
            Step::Begin => {
                let attempt = self.attempt.take();
                if attempt.is_some_and(|attempt| attempt.close_when_connected) {
                    self.disconnect_from_host();
                } else {
                    self.queue_flush();
                }
            }
            Step::Closing => {
                self.change_state(SocketState::Closing);
                self.record(Step::Closed);
            }
            // Slots may have written since.
            Step::Closed if self.engine.is_some() && !self.device.outgoing().is_empty() => {
                self.queue_flush();
            }
            Step::Closed => self.end(true),
            Step::Forget => {
                self.peer = None;
                self.local = None;
            }
        }
    }

    /// Tries the next address, or gives up if there is none.
    fn try_next(&mut self) {
        let (Some(attempt), Some(home)) = (&mut self.attempt, &self.home) else { return };
        let Some(address) = attempt.addresses.pop_front() else {
            return self.give_up(SocketError::HostNotFound);
        };
        match home.facilities.network.connect(SocketAddr::new(address, attempt.port)) {
            Ok(engine) => {
                self.engine = Some(engine);
                self.peer_closed = false;
                if let (Some(timeout), timers) = (self.connect_timeout, &home.facilities.timers) {
                    let alarm = Alarm::Ring(home.stepper.key(), self.hooks.timed_out);
                    attempt.timeout = Some(timers.arm(timers.after(timeout), alarm));
                }
                self.watch();
            }
            Err(error) => {
                let kind = SocketError::of_connecting(&error);
                self.address_failed(Fault { kind, source: Some(error) });
            }
        }
    }

    /// Sees whether the connection stands.
    fn check_attempt(&mut self) {
        let Some(engine) = &mut self.engine else { return };
        match engine.progress() {
            Ok(Progress::Pending) => {}
            Ok(Progress::Connected) => {
                self.stop_timeout();
                if let Some(engine) = self.engine.take() {
                    self.learn_addresses(&*engine);
                    self.engine = Some(engine);
                }
                // What comes right with the connection is looked for when it has been announced.
                self.has_more = true;
                self.change_state(SocketState::Connected);
                self.signals.connected.emit(());
                self.record(Step::Begin);
            }
            Err(error) => {
                let kind = SocketError::of_connecting(&error);
                self.address_failed(Fault { kind, source: Some(error) });
            }
        }
    }

    fn address_failed(&mut self, fault: Fault) {
        self.stop_timeout();
        self.engine = None;
        let Some(attempt) = &mut self.attempt else { return };
        let kind = fault.kind;
        attempt.failure = Some(fault);
        if attempt.addresses.is_empty() {
            self.give_up(kind);
        } else {
            self.record(Step::TryNext);
        }
    }

    /// The attempt has failed: with its last fault, or with `otherwise` if it never came that far.
    fn give_up(&mut self, otherwise: SocketError) {
        self.stop_timeout();
        let failure = self.attempt.take().and_then(|attempt| attempt.failure);
        let fault = failure.unwrap_or(Fault { kind: otherwise, source: None });
        self.peer = None;
        self.device.drop_outgoing();
        self.change_state(SocketState::Unconnected);
        self.fail(fault.kind, fault.source);
    }

    /// Reads once, and tells what came of it.
    fn receive(&mut self) {
        self.has_more = false;
        let (Some(engine), Some(home)) = (&mut self.engine, &self.home) else { return };
        if self.state != SocketState::Connected {
            return;
        }
        let mut scratch = home.facilities.scratch.borrow_mut();
        let size = scratch.len();
        match engine.read(&mut scratch) {
            Ok(0) => {
                drop(scratch);
                self.lost(SocketError::RemoteHostClosed, None);
            }
            Ok(count) => {
                self.device.receive(&scratch[..count]);
                drop(scratch);
                // A short read has emptied the kernel's buffer, unless the end is still in there.
                if count == size || self.peer_closed {
                    self.has_more = true;
                    self.queue_flush();
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => {
                drop(scratch);
                self.lost(SocketError::of_transfer(&error), Some(error));
            }
        }
    }

    /// Writes what the kernel takes, and tells how much that was.
    fn send(&mut self) {
        let Some(engine) = &mut self.engine else { return };
        let mut sent = 0;
        let failure = loop {
            let outgoing = self.device.outgoing();
            let next = &outgoing[..outgoing.len().min(SENT_PER_TURN - sent)];
            if next.is_empty() {
                break None;
            }
            match engine.write(next) {
                Ok(count) => {
                    sent += count;
                    self.device.sent(count);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.send_blocked = true;
                    break None;
                }
                Err(error) => break Some(error),
            }
        };
        self.device.announce_written(sent);
        match failure {
            // What the peer sent before it went is still in the kernel's buffer.
            Some(error) if self.state == SocketState::Connected => {
                self.has_more = true;
                self.receive();
                if self.engine.is_some() && !self.has_more {
                    self.lost(SocketError::of_transfer(&error), Some(error));
                }
            }
            Some(error) => self.lost(SocketError::of_transfer(&error), Some(error)),
            None if self.state == SocketState::Closing
                && self.device.outgoing().is_empty()
                && !self.steps.contains(&Step::Closed) =>
            {
                self.record(Step::Closed);
            }
            None if sent == SENT_PER_TURN && !self.send_blocked => self.queue_flush(),
            None => {}
        }
    }

    /// The connection is gone: tells so while it still looks as it was, then closes.
    fn lost(&mut self, kind: SocketError, source: Option<io::Error>) {
        self.engine = None;
        self.device.drop_outgoing();
        self.fail(kind, source);
        self.record(if self.state == SocketState::Closing { Step::Closed } else { Step::Closing });
    }

    /// Becomes unconnected, and lets the addresses be seen until the last slot has run.
    fn end(&mut self, was_connected: bool) {
        self.engine = None;
        self.device.drop_outgoing();
        self.has_more = false;
        self.peer_closed = false;
        self.send_blocked = false;
        self.change_state(SocketState::Unconnected);
        self.device.finish_read_channel();
        if was_connected {
            self.signals.disconnected.emit(());
        }
        self.record(Step::Forget);
    }

    fn fail(&mut self, kind: SocketError, source: Option<io::Error>) {
        self.error = Some(Fault { kind, source });
        self.signals.error_occurred.emit(kind);
    }

    fn change_state(&mut self, state: SocketState) {
        self.state = state;
        self.signals.state_changed.emit(state);
    }

    fn drop_attempt(&mut self) {
        self.stop_timeout();
        self.attempt = None;
    }

    fn stop_timeout(&mut self) {
        let timeout = self.attempt.as_mut().and_then(|attempt| attempt.timeout.take());
        if let (Some(timeout), Some(home)) = (timeout, &self.home) {
            home.facilities.timers.disarm(timeout);
        }
    }

    fn learn_addresses(&mut self, engine: &dyn StreamEngine) {
        self.local = engine.local_addr().ok();
        self.peer = engine.peer_addr().ok();
    }

    /// Has the engine tell when it is ready.
    fn watch(&mut self) {
        let (Some(engine), Some(home)) = (&mut self.engine, &self.home) else { return };
        if let Err(error) = engine.watch(home.stepper.key(), self.hooks.on_ready) {
            let kind = SocketError::SocketResource;
            match self.state {
                SocketState::Connecting => self.address_failed(Fault { kind, source: Some(error) }),
                _ => self.lost(kind, Some(error)),
            }
        }
    }

    /// Asks for a turn when the running slots are done, to send and to read on.
    fn queue_flush(&mut self) {
        if let Some(home) = &self.home
            && !std::mem::replace(&mut self.flush_queued, true)
        {
            home.facilities.flush_list.add(home.stepper.key(), self.hooks.flush);
        }
    }
}

impl Drop for SocketCore {
    fn drop(&mut self) {
        self.stop_timeout();
    }
}

impl fmt::Debug for SocketCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketCore")
            .field("state", &self.state)
            .field("local", &self.local)
            .field("peer", &self.peer)
            .field("peer_name", &self.peer_name)
            .field("error", &self.error.as_ref().map(|error| error.kind))
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}
