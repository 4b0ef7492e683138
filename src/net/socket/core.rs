//! The core: the state of a socket, and the calls that change it.

use std::cell::OnceCell;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use super::announcement::Announcement;
use super::endpoint::Endpoint;
use super::extra::Extra;
use super::news::{News, NewsBoard};
use super::phase::Phase;
use super::receive_half::ReceiveHalf;
use super::send_half::SendHalf;
use super::step::{Step, StepQueue};
use crate::io::{Device, OpenMode};
use crate::net::engine::{Address, Network, SocketEngine, listens, open};
use crate::net::shared::{Home, Newcomers};
use crate::net::values::{
    BindAddress, BindMode, NetError, SocketError, SocketState, SocketType, explained,
};
use crate::object::{Anchor, Occasion, Response, Signal};

/// The state that all sockets share.
///
/// Public only because the methods that [`QAbstractSocket`](crate::QAbstractSocket) provides go
/// through it.
pub struct SocketCore {
    pub(super) device: Device,
    pub(super) signals: Signals,
    pub(super) kind: SocketType,
    pub(super) peer: Endpoint,
    /// The engine is asked for this when it is needed first.
    pub(super) local: OnceCell<Endpoint>,
    pub(super) extra: OnceCell<Box<Extra>>,
    pub(super) phase: Phase,
    pub(super) steps: StepQueue,
    pub(super) receive: ReceiveHalf,
    pub(super) send: SendHalf,
    pub(super) announcement: Announcement,
    pub(super) news: NewsBoard,
    /// The socket has postponed its traffic: the loop will wake it.
    pub(super) is_postponed: bool,
    /// The last error.
    pub(super) error: Option<SocketError>,
    pub(super) home: Option<Home>,
}

/// The signals that most sockets need.
#[derive(Default)]
pub(super) struct Signals {
    pub(super) disconnected: Signal<()>,
    pub(super) state_changed: Signal<SocketState>,
    pub(super) error_occurred: Signal<SocketError>,
}

/// An error, and the system's error behind it.
pub(in crate::net) struct Fault {
    pub(super) kind: SocketError,
    pub(super) source: Option<io::Error>,
}

impl SocketCore {
    pub(super) fn new(kind: SocketType) -> Self {
        Self {
            device: Device::default(),
            signals: Signals::default(),
            kind,
            peer: Endpoint::default(),
            local: OnceCell::new(),
            extra: OnceCell::new(),
            phase: Phase::Unconnected,
            steps: StepQueue::default(),
            receive: ReceiveHalf::default(),
            send: SendHalf::default(),
            announcement: Announcement::default(),
            news: NewsBoard::default(),
            is_postponed: false,
            error: None,
            home: None,
        }
    }

    /// Creates the core for an accepted connection. `local` is the address of this end, if known.
    pub(super) fn accepted(
        engine: Box<dyn SocketEngine>,
        peer: Address,
        local: Option<SocketAddr>,
    ) -> Self {
        let mut core = Self::new(SocketType::Tcp);
        core.device.open(OpenMode::READ_WRITE);
        core.peer = peer.into();
        core.local = local.map(|local| OnceCell::from(Endpoint::from(local))).unwrap_or_default();
        core.phase = Phase::Connected(engine);
        core
    }

    /// Called when the socket enters its runtime: begins to watch its engine, or to connect.
    pub(super) fn enter(&mut self, anchor: &Anchor<'_>) {
        self.home = Some(Home::of(anchor));
        if self.has_engine() {
            self.begin_to_watch();
        } else if let Some(wish) = self.phase.take_attempt() {
            self.begin_attempt(*wish);
        }
    }

    /// Called by the loop, or at a step that the socket recorded.
    pub(super) fn wake(&mut self, occasion: Occasion) -> Response {
        let has_come = match occasion {
            Occasion::Ready(source, readiness) => self.on_ready(source, readiness),
            Occasion::FollowUp => {
                self.on_follow_up();
                false
            }
            other => self.wake_seldom(other),
        };
        if has_come { self.device.received_response() } else { Response::DONE }
    }

    /// Handles the occasions that are rarer than messages. Not inlined, so that a message does not
    /// pay for the registers that they need.
    #[inline(never)]
    fn wake_seldom(&mut self, occasion: Occasion) -> bool {
        match occasion {
            Occasion::Step(Newcomers::ANNOUNCED) => self.watch(),
            Occasion::Step(Self::DELIVERED) => self.on_delivered(),
            Occasion::Step(number) => self.take_step(number),
            Occasion::Due => self.on_timeout(),
            Occasion::Answered => self.on_answer(),
            Occasion::Postponed => return self.on_postponed(),
            Occasion::Ready(..) | Occasion::FollowUp => {}
        }
        false
    }

    /// Begins to watch the engine: now, or after the slots of `new_connection` if a server takes
    /// the connection in.
    fn begin_to_watch(&mut self) {
        if !self.home.as_ref().is_some_and(|home| home.newcomers.join(home.key())) {
            self.watch();
        }
    }

    /// Takes the last steps of a socket that is about to be destroyed.
    pub(super) fn leave(&mut self) {
        if self.state() != SocketState::Unconnected {
            self.abort();
        }
    }

    /// Binds the socket to an address of this host.
    pub(super) fn bind(
        &mut self,
        address: BindAddress,
        port: u16,
        mode: BindMode,
    ) -> Result<(), NetError> {
        self.settle();
        let operation = || format!("bind to {}", address.described(port));
        self.bind_engine(address, port, mode).map_err(|Fault { kind, source }| {
            let copy = source.as_ref().map(copy_of);
            self.fail(kind, copy);
            NetError::new(kind, operation(), source)
        })
    }

    fn bind_engine(
        &mut self,
        address: BindAddress,
        port: u16,
        mode: BindMode,
    ) -> Result<(), Fault> {
        let Some(home) = &self.home else {
            return Err(Fault { kind: SocketError::Operation, source: None });
        };
        if self.state() != SocketState::Unconnected {
            return Err(Fault { kind: SocketError::Unknown, source: None });
        }
        let (mut engine, address) =
            open(&*home.network, self.kind, address, port).map_err(Fault::of_binding)?;
        self.prepare(&mut *engine)?;
        engine.bind(address, port, mode).map_err(Fault::of_binding)?;
        self.phase = Phase::Bound(engine);
        self.local = OnceCell::new();
        self.begin_anew();
        self.news.deliver();
        self.signals.state_changed.emit(SocketState::Bound);
        self.watch();
        Ok(())
    }

    /// Takes over a descriptor. `state` is the state of its socket.
    pub(super) fn set_socket_descriptor(
        &mut self,
        descriptor: OwnedFd,
        state: SocketState,
        mode: OpenMode,
    ) -> Result<(), NetError> {
        let operation = "take over a descriptor";
        let Some(home) = &self.home else {
            let operation = format!("{operation} before the socket is in a runtime");
            return Err(NetError::new(SocketError::Operation, operation, None));
        };
        if matches!(state, SocketState::HostLookup | SocketState::Listening | SocketState::Closing)
        {
            let operation = format!("{operation} in the state {state:?}");
            return Err(NetError::new(SocketError::Operation, operation, None));
        }
        let adopted = match listens(&descriptor) {
            true => Err(io::ErrorKind::Unsupported.into()),
            false => home.network.adopt(self.kind, descriptor),
        };
        let kind = SocketError::UnsupportedSocketOperation;
        let adopted = adopted.map_err(|error| Fault { kind, source: Some(error) });
        let prepared = adopted.and_then(|mut engine| {
            self.prepare(&mut *engine)?;
            Ok(engine)
        });
        let engine = match prepared {
            Ok(engine) => engine,
            Err(Fault { kind, source }) => {
                self.set_error(Some(kind));
                return Err(NetError::new(kind, operation, source));
            }
        };
        self.stop_timer();
        self.steps.clear();
        self.set_error(None);
        self.peer = engine.peer_addr().map(Endpoint::from).unwrap_or_default();
        self.clear_peer_name();
        let before = self.state();
        self.local = OnceCell::new();
        self.phase = match state {
            SocketState::Connecting => self.begun_elsewhere(engine),
            _ => Phase::with_engine(state, engine),
        };
        self.begin_anew();
        self.device.open(mode);
        if before != state {
            self.signals.state_changed.emit(state);
        }
        match state {
            SocketState::Connecting => self.go_on_connecting(),
            _ => self.watch(),
        }
        Ok(())
    }

    pub(super) fn disconnect_from_host(&mut self) {
        self.settle();
        match self.state() {
            SocketState::Unconnected
            | SocketState::HostLookup
            | SocketState::Connecting
            | SocketState::Listening => {
                if let Some(attempt) = self.phase.attempt_mut() {
                    attempt.close_when_connected = true;
                }
            }
            // Unsent bytes still go out in the loop's passes.
            SocketState::Closing => {}
            SocketState::Connected | SocketState::Bound => {
                if self.kind == SocketType::Tcp && self.state() == SocketState::Bound {
                    // A bound TCP socket has no peer that could send or receive.
                    self.receive.see_end();
                    self.send.close();
                }
                self.change_state(SocketState::Closing);
                if self.has_unsent() {
                    self.postpone_traffic();
                } else {
                    self.record(Step::Closed);
                }
            }
        }
    }

    /// Records a step that closes the device after the slots of `about_to_close` have run. Returns
    /// false if the socket is not in a runtime.
    pub(super) fn close_later(&mut self) -> bool {
        if self.home.is_some() && !self.steps.contains(Step::Close) {
            self.record(Step::Close);
        }
        self.home.is_some()
    }

    /// Ends the connection because the device was closed.
    pub(super) fn close(&mut self) {
        if self.state() == SocketState::Unconnected {
            self.set_error(None);
        }
        self.disconnect_from_host();
    }

    pub(super) fn abort(&mut self) {
        self.device.drop_outgoing();
        self.device.close();
        self.stop_timer();
        if self.state() == SocketState::Unconnected {
            self.phase = Phase::Unconnected;
            return;
        }
        self.steps.clear();
        let was_connected = matches!(self.state(), SocketState::Connected | SocketState::Closing);
        self.end(was_connected);
    }

    /// Returns the address of this end.
    pub(super) fn local(&self) -> Endpoint {
        match self.phase.engine() {
            Some(engine) => *self.local.get_or_init(|| Endpoint::local_of(engine)),
            None => self.local.get().copied().unwrap_or_default(),
        }
    }

    /// Sets the address of this end, so that the engine is not asked for it.
    pub(super) fn set_local(&mut self, local: Endpoint) {
        self.local = OnceCell::from(local);
    }

    /// Returns true if the socket is connected, or is a UDP socket that is bound. A bound TCP
    /// socket has no peer before it connects.
    pub(in crate::net) fn is_under_way(&self) -> bool {
        match self.state() {
            SocketState::Connected | SocketState::Closing => true,
            SocketState::Bound => self.kind == SocketType::Udp,
            _ => false,
        }
    }

    /// Returns true if the socket is unconnected and is not to connect when it enters a runtime.
    pub(super) fn is_idle(&self) -> bool {
        self.state() == SocketState::Unconnected && self.phase.attempt().is_none()
    }

    /// Returns true if no more bytes will come.
    pub(in crate::net) fn has_ended(&self) -> bool {
        self.receive.is_finished() || self.is_idle()
    }

    /// Returns the text of the last error: the system's, if there is one.
    pub(super) fn error_text(&self) -> Option<String> {
        let kind = self.error?;
        Some(self.error_source().map_or_else(|| kind.to_string(), io::Error::to_string))
    }

    /// Returns the network of the socket's runtime.
    pub(in crate::net) fn network(&self) -> Option<Rc<dyn Network>> {
        self.home.as_ref().map(|home| home.network.clone())
    }

    /// Forgets what belonged to the connection before.
    pub(super) fn begin_anew(&mut self) {
        self.receive = ReceiveHalf::default();
        self.send = SendHalf::default();
        self.announcement = Announcement::default();
    }

    /// Makes the socket unconnected. The addresses are kept until the slots have run.
    pub(super) fn end(&mut self, was_connected: bool) {
        // Keeps the address while there is an engine to ask for it.
        self.local();
        self.phase = Phase::Unconnected;
        self.device.drop_outgoing();
        self.signals.state_changed.emit(SocketState::Unconnected);
        if !self.receive.is_finished() {
            self.device.finish_read_channel();
        }
        self.receive = ReceiveHalf::default();
        self.send.end();
        self.announcement.end();
        if was_connected {
            self.signals.disconnected.emit(());
            self.note(News::ENDED);
        }
        self.record(Step::Forget);
    }

    /// Drops the engine, and keeps the address that it had.
    pub(super) fn drop_engine(&mut self) {
        self.local();
        self.phase.lose_engine();
    }

    pub(in crate::net) fn fail(&mut self, kind: SocketError, source: Option<io::Error>) {
        self.put_fault(Some(Fault { kind, source }));
        self.signals.error_occurred.emit(kind);
    }

    pub(super) fn change_state(&mut self, state: SocketState) {
        self.phase.move_to(state);
        self.signals.state_changed.emit(state);
    }

    /// Sets the state, for a class of its own that may have something else in place of an engine.
    pub(super) fn set_state(&mut self, state: SocketState) {
        if !matches!(state, SocketState::HostLookup | SocketState::Connecting) {
            self.stop_timer();
        }
        self.phase.move_to(state);
    }

    #[inline]
    pub(in crate::net) fn state(&self) -> SocketState {
        self.phase.state()
    }

    /// Returns true if the socket has an engine of its own. The engines that race do not count.
    pub(in crate::net) fn has_engine(&self) -> bool {
        self.phase.engine().is_some()
    }

    /// Begins to watch the engine.
    pub(super) fn watch(&mut self) {
        // The system reports a TCP socket that was never connected as hung up, so a bound one is
        // watched only when it begins to connect.
        if self.kind == SocketType::Tcp && self.state() == SocketState::Bound {
            return;
        }
        let (Some(engine), Some(home)) = (self.phase.engine_mut(), &self.home) else { return };
        if let Err(error) = engine.watch(home.key()) {
            self.lost(SocketError::SocketResource, Some(error));
        }
    }
}

impl Fault {
    /// Returns the fault for a failure to bind.
    fn of_binding(error: io::Error) -> Self {
        Self { kind: SocketError::of_binding(&error), source: Some(error) }
    }

    /// Returns the fault for a failure to connect.
    pub(super) fn of_connecting(error: io::Error) -> Self {
        Self { kind: SocketError::of_connecting(&error), source: Some(error) }
    }

    /// Returns the fault for a failure to begin to connect to this address.
    #[cold]
    pub(super) fn of_connecting_to(address: SocketAddr, error: io::Error) -> Self {
        let kind = SocketError::of_connecting(&error);
        Self { kind, source: Some(explained(error, address)) }
    }
}

/// Returns a copy of an error: the call returns one, and the socket keeps the other.
pub(super) fn copy_of(error: &io::Error) -> io::Error {
    match (error.raw_os_error(), error.get_ref()) {
        (Some(code), _) => io::Error::from_raw_os_error(code),
        (None, Some(inner)) => io::Error::new(error.kind(), inner.to_string()),
        (None, None) => error.kind().into(),
    }
}

impl Drop for SocketCore {
    fn drop(&mut self) {
        self.stop_timer();
        if let Some(legacy) = self.extra().and_then(|extra| extra.legacy.upgrade()) {
            legacy.set(self.news.news());
        }
    }
}

impl fmt::Debug for SocketCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketCore")
            .field("kind", &self.kind)
            .field("state", &self.state())
            .field("local", &self.local.get())
            .field("peer", &self.peer)
            .field("peer_name", &self.peer_name())
            .field("error", &self.error)
            .field("engine", &self.phase.engine())
            .finish_non_exhaustive()
    }
}
