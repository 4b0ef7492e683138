//! `QTcpServer`: takes TCP connections.

use std::collections::VecDeque;
use std::fmt;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use super::engine::{ListenEngine, StreamEngine};
use super::error::{NetError, SocketError};
use super::facilities::Facilities;
use super::tcp_socket::QTcpSocket;
use crate::event_loop::{Alarm, Readiness, SourceId, TimerKey};
use crate::object::{
    Anchor, MetaObject, MetaSignal, MetaSlot, Obj, ObjectKey, QObject, Signal, Stepper, World,
};

/// How many connections are accepted in one turn of the loop before others get theirs.
const ACCEPTS_PER_TURN: usize = 64;

/// How long a server waits after the first failure to accept, and at most. It doubles in between.
const RETRY: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

/// Listens on an address and accepts connections.
///
/// Each accepted connection becomes a [`QTcpSocket`], a child of the server, and is announced by
/// [`new_connection`](Self::new_connection). Take it with
/// [`next_pending_connection`](Self::next_pending_connection).
///
/// When the process has run out of descriptors, or accepting fails in another way,
/// [`accept_error`](Self::accept_error) says so and the server tries again by itself, first after
/// 100 ms, at last every second.
///
/// See [`QTcpSocket`] for an example.
pub struct QTcpServer {
    new_connection: Signal<()>,
    accept_error: Signal<SocketError>,
    engine: Option<Box<dyn ListenEngine>>,
    address: Option<SocketAddr>,
    pending: VecDeque<Obj<QTcpSocket>>,
    /// Accepted, never taken, and on their way out.
    abandoned: Vec<Obj<QTcpSocket>>,
    max_pending: usize,
    /// The kernel may have connections that were not accepted.
    has_more: bool,
    paused: bool,
    turn_queued: bool,
    /// Runs while the server waits to try again.
    retry: Option<TimerKey>,
    /// How long it waits next.
    retry_delay: Duration,
    home: Option<Home>,
}

/// Where the server lives.
struct Home {
    stepper: Stepper,
    facilities: Rc<Facilities>,
}

impl QTcpServer {
    /// Creates a server that does not listen.
    pub fn new() -> Self {
        Self {
            new_connection: Signal::new(),
            accept_error: Signal::new(),
            engine: None,
            address: None,
            pending: VecDeque::new(),
            abandoned: Vec::new(),
            max_pending: 30,
            has_more: false,
            paused: false,
            turn_queued: false,
            retry: None,
            retry_delay: RETRY[0],
            home: None,
        }
    }

    /// Emitted for each connection that was accepted.
    #[doc(alias = "newConnection")]
    pub fn new_connection(&self) -> &Signal<()> {
        &self.new_connection
    }

    /// Emitted when a connection could not be accepted.
    #[doc(alias = "acceptError")]
    pub fn accept_error(&self) -> &Signal<SocketError> {
        &self.accept_error
    }

    /// Begins to listen. Port 0 lets the system choose one, which
    /// [`server_port`](Self::server_port) tells. The unspecified IPv6 address, `[::]`, takes IPv4
    /// as well.
    ///
    /// Takes a `SocketAddr`, or an address and a port: `(Ipv4Addr::LOCALHOST, 0)`.
    ///
    /// # Errors
    ///
    /// Fails with [`SocketError::Operation`] if the server was not added to a runtime or listens
    /// already; otherwise as the system says: [`SocketError::AddressInUse`],
    /// [`SocketError::SocketAddressNotAvailable`], [`SocketError::SocketAccess`] and so on.
    pub fn listen(&mut self, address: impl Into<SocketAddr>) -> Result<(), NetError> {
        let address = address.into();
        let operation = || format!("listen on {address}");
        if self.engine.is_some() {
            let operation = format!("{}, for it listens already", operation());
            return Err(NetError::new(SocketError::Operation, operation, None));
        }
        let Some(home) = &self.home else {
            let operation = format!("{} before the server is in a runtime", operation());
            return Err(NetError::new(SocketError::Operation, operation, None));
        };
        let on_system = |error| NetError::new(SocketError::of_binding(&error), operation(), error);
        let mut engine = home.facilities.network.listen(address, 50).map_err(on_system)?;
        let address = engine.local_addr().map_err(on_system)?;
        engine.watch(home.stepper.key(), on_ready).map_err(on_system)?;
        self.address = Some(address);
        self.engine = Some(engine);
        Ok(())
    }

    /// Stops listening, and destroys the connections that were accepted and not taken. Those that
    /// were taken live on.
    pub fn close(&mut self) {
        self.engine = None;
        self.address = None;
        self.has_more = false;
        self.stop_retrying();
        if let (false, Some(home)) = (self.pending.is_empty(), &self.home) {
            self.abandoned.extend(self.pending.drain(..));
            home.stepper.step(0, destroy_abandoned);
        }
    }

    /// Says whether the server listens.
    #[doc(alias = "isListening")]
    pub fn is_listening(&self) -> bool {
        self.engine.is_some()
    }

    /// Returns the address that the server listens on.
    #[doc(alias = "serverAddress")]
    pub fn server_address(&self) -> Option<IpAddr> {
        self.address.map(|address| address.ip())
    }

    /// Returns the port that the server listens on.
    #[doc(alias = "serverPort")]
    pub fn server_port(&self) -> Option<u16> {
        self.address.map(|address| address.port())
    }

    /// Says whether a connection was accepted and not taken.
    #[doc(alias = "hasPendingConnections")]
    pub fn has_pending_connections(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Takes the next accepted connection. It stays a child of the server until it is given
    /// another parent. One that was destroyed before it was taken is a stale handle.
    #[doc(alias = "nextPendingConnection")]
    pub fn next_pending_connection(&mut self) -> Option<Obj<QTcpSocket>> {
        let next = self.pending.pop_front();
        self.go_on_if_more();
        next
    }

    /// Returns how many accepted connections may wait to be taken.
    #[doc(alias = "maxPendingConnections")]
    pub fn max_pending_connections(&self) -> usize {
        self.max_pending
    }

    /// Sets how many accepted connections may wait to be taken; no more are accepted until one is.
    /// The default is 30.
    #[doc(alias = "setMaxPendingConnections")]
    pub fn set_max_pending_connections(&mut self, max: usize) {
        self.max_pending = max;
        self.go_on_if_more();
    }

    /// Stops accepting; connections wait in the kernel.
    #[doc(alias = "pauseAccepting")]
    pub fn pause_accepting(&mut self) {
        self.paused = true;
    }

    /// Goes on accepting.
    #[doc(alias = "resumeAccepting")]
    pub fn resume_accepting(&mut self) {
        self.paused = false;
        self.has_more = true;
        self.go_on_if_more();
    }

    fn may_accept(&self) -> bool {
        !self.paused && self.pending.len() < self.max_pending
    }

    /// Asks for a turn to accept more, if there may be more and it is wanted.
    fn go_on_if_more(&mut self) {
        if self.has_more
            && self.may_accept()
            && self.retry.is_none()
            && let Some(home) = &self.home
            && !std::mem::replace(&mut self.turn_queued, true)
        {
            home.facilities.flush_list.add(home.stepper.key(), on_turn);
        }
    }

    /// Takes one connection from the kernel, if there is one and it is wanted.
    fn accept(&mut self) -> Option<Box<dyn StreamEngine>> {
        self.stop_retrying();
        self.has_more = true;
        if !self.may_accept() {
            return None;
        }
        match self.engine.as_mut()?.accept() {
            Ok(stream) => {
                self.retry_delay = RETRY[0];
                Some(stream)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.has_more = false;
                self.retry_delay = RETRY[0];
                None
            }
            // The peer gave up before its turn came: the next may be there.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {
                self.go_on_if_more();
                None
            }
            Err(error) => {
                self.retry_later();
                self.accept_error.emit(SocketError::of_accepting(&error));
                None
            }
        }
    }

    /// Tries again after a while: the kernel tells of a waiting connection only once.
    fn retry_later(&mut self) {
        let Some(Home { stepper, facilities }) = &self.home else { return };
        let delay = self.retry_delay;
        let timers = &facilities.timers;
        let alarm = Alarm::Ring(stepper.key(), accept_waiting);
        self.retry = Some(timers.arm(timers.after(delay), alarm));
        self.retry_delay = RETRY[1].min(2 * delay);
    }

    fn stop_retrying(&mut self) {
        if let (Some(timer), Some(home)) = (self.retry.take(), &self.home) {
            home.facilities.timers.disarm(timer);
        }
    }
}

fn on_ready(world: &mut World, key: ObjectKey, _: SourceId, _: Readiness) {
    accept_waiting(world, key);
}

fn on_turn(world: &mut World, key: ObjectKey) {
    let server = world.handle::<QTcpServer>(key);
    if let Some(server) = world.get_mut(server) {
        server.turn_queued = false;
        accept_waiting(world, key);
    }
}

fn destroy_abandoned(world: &mut World, key: ObjectKey, _: u32) {
    let server = world.handle::<QTcpServer>(key);
    let abandoned = world.get_mut(server).map(|server| std::mem::take(&mut server.abandoned));
    for socket in abandoned.into_iter().flatten() {
        world.destroy(socket);
    }
}

/// Accepts what waits, and announces each connection before it takes the next.
fn accept_waiting(world: &mut World, key: ObjectKey) {
    let server = world.handle::<QTcpServer>(key);
    forget_destroyed(world, server);
    for _ in 0..ACCEPTS_PER_TURN {
        let accepted = world.turn(|world| {
            let stream = world.get_mut(server)?.accept()?;
            let socket = world.add_child_of(server, QTcpSocket::accepted(stream));
            let server = world.get_mut(server)?;
            server.pending.push_back(socket);
            server.new_connection.emit(());
            Some(())
        });
        if accepted.is_none() {
            return;
        }
    }
    if let Some(server) = world.get_mut(server) {
        server.go_on_if_more();
    }
}

/// Makes room for others in the place of connections that were destroyed before they were taken.
fn forget_destroyed(world: &mut World, server: Obj<QTcpServer>) {
    let pending = world.get_mut(server).map(|server| std::mem::take(&mut server.pending));
    let mut pending = pending.unwrap_or_default();
    pending.retain(|&socket| world.contains(socket));
    if let Some(server) = world.get_mut(server) {
        server.pending = pending;
    }
}

static META: MetaObject = MetaObject::new("QTcpServer")
    .with_signals(&[
        MetaSignal::new("new_connection", "()", |s, see| see(&QTcpServer::cast(s).new_connection)),
        MetaSignal::new("accept_error", "SocketError", |s, see| {
            see(&QTcpServer::cast(s).accept_error);
        }),
    ])
    .with_slots(&[MetaSlot::new("close")]);

impl QObject for QTcpServer {
    fn static_meta_object() -> &'static MetaObject {
        &META
    }

    fn meta_object(&self) -> &'static MetaObject {
        &META
    }

    fn anchored(&mut self, anchor: &Anchor<'_>) {
        self.home =
            Facilities::of(anchor).map(|facilities| Home { stepper: anchor.stepper(), facilities });
    }
}

impl Default for QTcpServer {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for QTcpServer {
    fn drop(&mut self) {
        self.stop_retrying();
    }
}

impl fmt::Debug for QTcpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QTcpServer")
            .field("address", &self.address)
            .field("pending", &self.pending.len())
            .finish_non_exhaustive()
    }
}
