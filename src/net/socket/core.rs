//! The core: what a socket is and what it is told.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::attempt::{Attempt, Lookup};
use super::hooks::{Hooks, HooksOf};
use super::step::{Step, StepQueue};
use super::transfer::Traffic;
use crate::io::{Device, OpenMode};
use crate::net::abstract_socket::QAbstractSocket;
use crate::net::engine::StreamEngine;
use crate::net::error::SocketError;
use crate::net::facilities::Facilities;
use crate::net::socket_state::SocketState;
use crate::object::{Anchor, Signal, Stepper};

/// How long an attempt to connect to one address may take, unless that is changed. As in Qt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The state that all sockets share.
///
/// Public only because the methods that [`QAbstractSocket`] provides go through it.
pub struct SocketCore {
    pub(in crate::net) device: Device,
    pub(in crate::net) signals: Signals,
    pub(in crate::net) state: SocketState,
    pub(in crate::net) error: Option<Fault>,
    pub(in crate::net) peer_name: String,
    pub(in crate::net) peer: Option<SocketAddr>,
    pub(in crate::net) local: Option<SocketAddr>,
    pub(in crate::net) connect_timeout: Option<Duration>,
    pub(super) engine: Option<Box<dyn StreamEngine>>,
    pub(super) attempt: Option<Box<Attempt>>,
    pub(super) steps: StepQueue,
    pub(super) traffic: Traffic,
    pub(super) flush_queued: bool,
    pub(super) lookups: Lookup,
    pub(super) home: Option<Home>,
    pub(super) hooks: &'static Hooks,
}

/// The signals that all sockets have.
#[derive(Default)]
pub(in crate::net) struct Signals {
    pub(in crate::net) host_found: Signal<()>,
    pub(in crate::net) connected: Signal<()>,
    pub(in crate::net) disconnected: Signal<()>,
    pub(in crate::net) state_changed: Signal<SocketState>,
    pub(in crate::net) error_occurred: Signal<SocketError>,
}

/// The last error, and what the system said.
pub(in crate::net) struct Fault {
    pub(in crate::net) kind: SocketError,
    pub(in crate::net) source: Option<io::Error>,
}

/// Where the socket lives.
pub(super) struct Home {
    pub(super) stepper: Stepper,
    pub(super) facilities: Rc<Facilities>,
}

impl SocketCore {
    pub(in crate::net) fn new<T: QAbstractSocket>() -> Self {
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
            steps: StepQueue::default(),
            traffic: Traffic::default(),
            flush_queued: false,
            lookups: 0,
            home: None,
            hooks: HooksOf::<T>::HOOKS,
        }
    }

    /// A socket for a connection that stands already.
    pub(in crate::net) fn connected<T: QAbstractSocket>(engine: Box<dyn StreamEngine>) -> Self {
        let mut core = Self::new::<T>();
        core.device.open(OpenMode::READ_WRITE);
        core.state = SocketState::Connected;
        core.learn_addresses(&*engine);
        core.engine = Some(engine);
        core
    }

    /// Takes the socket's place in its runtime.
    pub(in crate::net) fn anchored(&mut self, anchor: &Anchor<'_>) {
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
    pub(in crate::net) fn about_to_be_destroyed(&mut self) {
        if self.state != SocketState::Unconnected {
            self.abort();
        }
    }

    pub(in crate::net) fn connect_to_host(&mut self, name: String, port: u16) {
        self.settle();
        if !matches!(self.state, SocketState::Unconnected | SocketState::Bound) {
            return self.fail(SocketError::Operation, None);
        }
        self.device.open(OpenMode::READ_WRITE);
        self.error = None;
        self.peer_name = name;
        self.begin_attempt(port, false);
    }

    pub(in crate::net) fn disconnect_from_host(&mut self) {
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

    pub(in crate::net) fn close(&mut self) {
        self.device.close();
        self.disconnect_from_host();
    }

    pub(in crate::net) fn abort(&mut self) {
        self.device.drop_outgoing();
        self.device.close();
        self.drop_attempt();
        if self.state == SocketState::Unconnected {
            return;
        }
        self.steps.clear();
        let was_connected = matches!(self.state, SocketState::Connected | SocketState::Closing);
        self.end(was_connected);
    }

    /// Queues bytes to go out when the running slots are done.
    pub(in crate::net) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.state == SocketState::Unconnected && self.attempt.is_none() {
            return Err(io::Error::new(ErrorKind::NotConnected, "the socket is not connected"));
        }
        let count = self.device.write(bytes)?;
        if matches!(self.state, SocketState::Connected | SocketState::Closing) {
            self.queue_flush();
        }
        Ok(count)
    }

    /// Sends what the kernel takes now.
    pub(in crate::net) fn flush(&mut self) {
        if matches!(self.state, SocketState::Connected | SocketState::Closing) {
            self.send();
        }
    }

    /// Says whether no more bytes will come.
    pub(in crate::net) fn has_ended(&self) -> bool {
        self.state == SocketState::Unconnected && self.attempt.is_none()
    }

    /// Becomes unconnected, and lets the addresses be seen until the last slot has run.
    pub(super) fn end(&mut self, was_connected: bool) {
        self.engine = None;
        self.device.drop_outgoing();
        self.traffic = Traffic::default();
        self.change_state(SocketState::Unconnected);
        self.device.finish_read_channel();
        if was_connected {
            self.signals.disconnected.emit(());
        }
        self.record(Step::Forget);
    }

    pub(super) fn fail(&mut self, kind: SocketError, source: Option<io::Error>) {
        self.error = Some(Fault { kind, source });
        self.signals.error_occurred.emit(kind);
    }

    pub(super) fn change_state(&mut self, state: SocketState) {
        self.state = state;
        self.signals.state_changed.emit(state);
    }

    pub(super) fn learn_addresses(&mut self, engine: &dyn StreamEngine) {
        self.local = engine.local_addr().ok();
        self.peer = engine.peer_addr().ok();
    }

    /// Has the engine tell when it is ready.
    pub(super) fn watch(&mut self) {
        let (Some(engine), Some(home)) = (&mut self.engine, &self.home) else { return };
        if let Err(error) = engine.watch(home.stepper.key(), self.hooks.on_ready) {
            let kind = SocketError::SocketResource;
            match self.state {
                SocketState::Connecting => self.address_failed(Fault { kind, source: Some(error) }),
                _ => self.lost(kind, Some(error)),
            }
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
