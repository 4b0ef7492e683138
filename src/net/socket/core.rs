//! The core: the state of a socket, and the calls that change it.

use std::cell::OnceCell;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use super::announcement::Announcement;
use super::endpoint::Endpoint;
use super::extra::Extra;
use super::news::{News, NewsBoard};
use super::phase::Phase;
use super::step::{Step, StepQueue};
use crate::io::{Device, OpenMode};
use crate::net::engine::{Address, Network, SocketEngine};
use crate::net::shared::Home;
use crate::net::values::{ReadyReadPolicy, SocketError, SocketState, SocketType, explained};
use crate::object::Signal;

/// The state that all sockets share.
///
/// Public only because the methods that [`QAbstractSocket`](crate::QAbstractSocket) provides go
/// through it.
pub struct SocketCore {
    pub(super) device: Device,
    pub(super) signals: Signals,
    pub(super) kind: SocketType,
    pub(super) peer: Endpoint,
    /// The engine is asked for this when it is needed first. The accepted sockets of a server
    /// share the server's address.
    local: OnceCell<Rc<Endpoint>>,
    pub(super) extra: OnceCell<Box<Extra>>,
    pub(super) phase: Phase,
    pub(super) steps: StepQueue,
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
        local: Option<Rc<Endpoint>>,
    ) -> Self {
        let mut core = Self::new(SocketType::Tcp);
        core.device.open(OpenMode::READ_WRITE);
        core.peer = peer.into();
        core.local = local.map(OnceCell::from).unwrap_or_default();
        core.phase = Phase::Connected(engine);
        core
    }

    /// Records a step that closes the device after the slots of `about_to_close` have run. Returns
    /// false if the socket is not in a runtime.
    pub(super) fn close_later(&mut self) -> bool {
        self.record_once(Step::Close);
        self.home.is_some()
    }

    /// Returns the address of this end.
    pub(super) fn local(&self) -> Endpoint {
        match self.phase.engine() {
            Some(engine) => **self.local.get_or_init(|| local_of(engine)),
            None => self.local.get().map_or_else(Endpoint::default, |local| **local),
        }
    }

    /// Forgets the address of this end. If there is an engine, it is asked for it when it is needed
    /// next.
    pub(super) fn forget_local(&mut self) {
        self.local = OnceCell::new();
    }

    /// Sets the address of this end, so that the engine is not asked for it.
    pub(super) fn set_local(&mut self, local: Endpoint) {
        self.local = OnceCell::from(Rc::new(local));
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

    /// Returns the text of the last error: the system's, if there is one.
    pub(super) fn error_text(&self) -> Option<String> {
        let kind = self.error?;
        Some(self.error_source().map_or_else(|| kind.to_string(), io::Error::to_string))
    }

    /// Returns the network of the socket's runtime.
    pub(in crate::net) fn network(&self) -> Option<Rc<dyn Network>> {
        self.home.as_ref().map(|home| home.network.clone())
    }

    /// Forgets what there was to read from the connection before.
    pub(super) fn begin_anew(&mut self) {
        self.announcement = Announcement::default();
    }

    /// Forgets the addresses of a connection that has ended.
    pub(super) fn forget_ends(&mut self) {
        self.peer = Endpoint::default();
        self.forget_local();
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
        self.announce_state(state);
    }

    /// Emits `state_changed`.
    pub(super) fn announce_state(&self, state: SocketState) {
        if let Some(extra) = self.extra() {
            extra.state_changed.emit(state);
        }
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

    /// Begins to watch the engine, if there is one.
    pub(super) fn watch(&mut self) -> io::Result<()> {
        // The system reports a TCP socket that was never connected as hung up, so a bound one is
        // watched only when it begins to connect.
        if self.kind == SocketType::Tcp && self.state() == SocketState::Bound {
            return Ok(());
        }
        let (Some(engine), Some(home)) = (self.phase.engine_mut(), &self.home) else {
            return Ok(());
        };
        engine.watch(home.key())
    }

    /// Emits `ready_read` for bytes that came with the end of a handshake, if it is not emitted yet.
    pub(super) fn announce_early(&mut self) {
        if self.takes_early() {
            self.device.announce_received();
            self.note(News::ARRIVED);
        }
    }

    /// Returns true if `ready_read` must be emitted for bytes that came with the end of a handshake.
    /// Returns true only once.
    pub(super) fn takes_early(&mut self) -> bool {
        self.announcement.take_early() && self.device.unread_len() > 0
    }

    /// Gives large memory back to the pool if there are few bytes in it, unread or unsent, for
    /// example when the memory is lent and another socket has asked for it.
    #[inline(never)]
    pub(super) fn give_memory_back(&mut self) {
        for memory in [self.device.shrink(), self.device.shrink_outgoing()] {
            if let (Some(memory), Some(home)) = (memory, &self.home) {
                home.pool.put(memory);
            }
        }
    }

    /// Returns true if `ready_read` must be emitted once more, for unread bytes.
    pub(super) fn announces_rest(&mut self) -> bool {
        let must_emit = self.announcement.take_renewed() && self.device.unread_len() > 0;
        if must_emit && self.announcement.has_more() {
            self.postpone_traffic();
        }
        must_emit
    }

    /// Returns true if `ready_read` must be emitted for a socket without a buffer: it was not
    /// emitted yet, or the program has read since.
    #[must_use]
    pub(super) fn announce_once(&mut self) -> bool {
        let is_new = self.announcement.announce();
        if is_new {
            self.news.add(News::ARRIVED);
        }
        is_new
    }

    /// Called when bytes have left the buffer: gives memory back, and requests another `ready_read`
    /// if the program wants one for the rest.
    pub(super) fn after_consuming(&mut self) {
        if self.device.unread_len() == 0 {
            if let (Some(memory), Some(home)) = (self.device.reclaim(), &self.home) {
                home.pool.put(memory);
            }
        } else if self.settings().ready_read_policy == ReadyReadPolicy::WhileUnread {
            self.announcement.renew();
            self.postpone_traffic();
        } else if self.device.is_wasteful() {
            self.postpone_traffic();
        }
    }

    /// Called when the program has read from the buffer in a transaction: a socket without a buffer
    /// may emit `ready_read` for what comes from now on. For what waits already, it does so only
    /// when the transaction is committed: a slot that rolls back each time would otherwise be
    /// called without end.
    pub(super) fn on_kept(&mut self) {
        self.announcement.looked_at();
    }

    /// Returns the error of a write to a socket that is not connected.
    #[cold]
    pub(super) fn refuse_to_write(&mut self) -> io::Error {
        let reason = match self.state() {
            SocketState::HostLookup | SocketState::Connecting => {
                self.set_error(Some(SocketError::UnfinishedSocketOperation));
                "the socket is not connected yet"
            }
            // The reason has been reported already.
            _ => "the socket is not connected",
        };
        io::Error::new(io::ErrorKind::NotConnected, reason)
    }

    /// Postpones sending and reading until after the running slots.
    pub(super) fn postpone_traffic(&mut self) {
        if let Some(home) = &self.home
            && !std::mem::replace(&mut self.is_postponed, true)
        {
            home.postpone();
        }
    }
}

impl Fault {
    /// Returns the fault for a failure to send or receive.
    pub(super) fn of_transfer(error: io::Error) -> Self {
        Self { kind: SocketError::of_transfer(&error), source: Some(error) }
    }

    /// Returns the fault for a failure to bind.
    pub(super) fn of_binding(error: io::Error) -> Self {
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

/// Asks an engine for the address of this end, which may be unknown.
fn local_of(engine: &dyn SocketEngine) -> Rc<Endpoint> {
    Rc::new(Endpoint::local_of(engine).unwrap_or_default())
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
