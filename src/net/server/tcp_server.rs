//! `QTcpServer`: takes TCP connections.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::rc::Rc;

use slotwire_macros::{QObject, slots};

use super::accepting::Accepting;
use super::incoming::{Incoming, OnIncoming};
use crate::net::engine::{SocketEngine, listens, open};
use crate::net::shared::Home;
use crate::net::socket::QTcpSocket;
use crate::net::values::{BindAddress, BindMode, NetError, SocketError, SocketType, canonical};
use crate::object::{Anchor, Context, Obj, QObject, Signal};

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
#[derive(QObject)]
#[qobject(enter = Self::entered, wake = Self::woken)]
pub struct QTcpServer {
    /// Emitted for each connection that was accepted, whatever a class of one's own made of it.
    #[signal]
    new_connection: Signal<()>,
    /// Emitted for each connection that waits to be taken; of one that was just accepted, before
    /// [`new_connection`](Self::new_connection).
    #[signal]
    pending_connection_available: Signal<()>,
    /// Emitted when a connection could not be accepted.
    #[signal]
    pub(super) accept_error: Signal<SocketError>,
    pub(super) engine: Option<Box<dyn SocketEngine>>,
    /// The address and port that it listens on.
    pub(super) address: Option<SocketAddr>,
    /// What it listens on in Qt's sense.
    bound_to: Option<BindAddress>,
    pub(super) pending: VecDeque<Obj<QTcpSocket>>,
    /// Accepted, never taken, and on their way out.
    pub(super) abandoned: Vec<Obj<QTcpSocket>>,
    max_pending: usize,
    backlog: u32,
    error: Option<SocketError>,
    pub(super) accepting: Accepting,
    /// What becomes of a connection, if a class that embeds this one says so.
    pub(super) on_incoming: Option<OnIncoming>,
    pub(super) home: Option<Home>,
}

#[slots]
impl QTcpServer {
    /// Creates a server that does not listen.
    pub fn new() -> Self {
        Self {
            new_connection: Signal::new(),
            pending_connection_available: Signal::new(),
            accept_error: Signal::new(),
            engine: None,
            address: None,
            bound_to: None,
            pending: VecDeque::new(),
            abandoned: Vec::new(),
            max_pending: 30,
            backlog: 50,
            error: None,
            accepting: Accepting::default(),
            on_incoming: None,
            home: None,
        }
    }

    /// Creates a server for a class `T` that embeds it as its base, and decides by the method
    /// `incoming_connection` what becomes of each connection.
    ///
    /// What is to be taken by [`next_pending_connection`](Self::next_pending_connection) is handed
    /// to [`add_pending_connection`](Self::add_pending_connection). An [`Incoming`] that is dropped
    /// closes its connection.
    ///
    /// # Panics
    ///
    /// The first connection panics in the loop if the server is not embedded in a `T`.
    ///
    /// # Examples
    ///
    /// ```
    /// use slotwire::prelude::*;
    /// use slotwire::{Incoming, QTcpServer};
    ///
    /// /// Takes connections from this host only.
    /// #[derive(QObject)]
    /// struct LocalServer {
    ///     #[qobject(base)]
    ///     server: QTcpServer,
    /// }
    ///
    /// impl LocalServer {
    ///     fn new() -> Self {
    ///         Self { server: QTcpServer::with_incoming(Self::incoming_connection) }
    ///     }
    ///
    ///     fn incoming_connection(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
    ///         if incoming.peer_addr().ip().is_loopback() {
    ///             let socket = cx.add_child(incoming.into_socket());
    ///             self.server.add_pending_connection(socket);
    ///         }
    ///     }
    /// }
    /// ```
    #[doc(alias = "incomingConnection")]
    pub fn with_incoming<T: QObject>(
        incoming_connection: fn(&mut T, &mut Context<'_, T>, Incoming),
    ) -> Self {
        let mut server = Self::new();
        server.on_incoming = Some(on_incoming(incoming_connection));
        server
    }

    /// Begins to listen. Port 0 lets the system choose one, which
    /// [`server_port`](Self::server_port) tells. The unspecified IPv6 address, `[::]`, takes IPv4
    /// as well.
    ///
    /// Takes a `SocketAddr`, or an address and a port: `(Ipv4Addr::LOCALHOST, 0)`. A link-local
    /// address is given with its scope id, the [index](crate::NetworkInterface::index) of the
    /// interface that leads to the link.
    ///
    /// # Errors
    ///
    /// Fails with [`SocketError::Operation`] if the server was not added to a runtime or listens
    /// already; otherwise as the system says: [`SocketError::AddressInUse`],
    /// [`SocketError::SocketAddressNotAvailable`], [`SocketError::SocketAccess`] and so on;
    /// [`SocketError::UnsupportedSocketOperation`] for a link-local address without a scope id.
    pub fn listen(&mut self, address: impl Into<SocketAddr>) -> Result<(), NetError> {
        let address = address.into();
        self.listen_on(address, address.port())
    }

    /// Begins to listen on an address in Qt's sense, such as [`BindAddress::Any`]; otherwise as
    /// [`listen`](Self::listen).
    #[doc(alias = "listen")]
    pub fn listen_on(
        &mut self,
        address: impl Into<BindAddress>,
        port: u16,
    ) -> Result<(), NetError> {
        let address = address.into();
        let operation = || format!("listen on {}", address.described(port));
        if self.engine.is_some() {
            let operation = format!("{}, for it listens already", operation());
            return Err(NetError::new(SocketError::Operation, operation, None));
        }
        let Some(home) = &self.home else {
            let operation = format!("{} before the server is in a runtime", operation());
            return Err(NetError::new(SocketError::Operation, operation, None));
        };
        let network = &*home.network;
        let listening = open(network, SocketType::Tcp, address, port).and_then(|opened| {
            let (mut engine, address) = opened;
            engine.bind(address, port, BindMode::SHARE_ADDRESS)?;
            engine.listen(self.backlog)?;
            Ok(engine)
        });
        listening
            .and_then(|engine| self.begin(engine))
            .map_err(|error| self.refused(operation(), error))
    }

    /// Takes over the descriptor of a socket that listens already.
    ///
    /// # Errors
    ///
    /// Fails with [`SocketError::UnsupportedSocketOperation`] if the descriptor is no TCP socket
    /// that listens, otherwise as [`listen`](Self::listen) does. The descriptor is closed then.
    #[doc(alias = "setSocketDescriptor")]
    pub fn set_socket_descriptor(&mut self, descriptor: OwnedFd) -> Result<(), NetError> {
        let operation = "listen by a descriptor";
        let Some(home) = self.home.as_ref().filter(|_| self.engine.is_none()) else {
            return Err(NetError::new(SocketError::Operation, operation, None));
        };
        let adopted = match listens(&descriptor) {
            true => home.network.adopt(SocketType::Tcp, descriptor),
            false => Err(io::ErrorKind::Unsupported.into()),
        };
        match adopted.and_then(|engine| self.begin(engine)) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.refused(operation.to_owned(), error)),
        }
    }

    fn begin(&mut self, mut engine: Box<dyn SocketEngine>) -> io::Result<()> {
        let Some(home) = &self.home else { return Ok(()) };
        let (address, is_dual_stack) = (engine.local_addr()?.internet(), engine.is_dual_stack()?);
        engine.watch(home.key())?;
        self.address = address.map(canonical);
        self.bound_to = address.map(|address| BindAddress::of_socket(address, is_dual_stack));
        self.engine = Some(engine);
        Ok(())
    }

    fn refused(&mut self, operation: String, error: io::Error) -> NetError {
        let kind = SocketError::of_binding(&error);
        self.error = Some(kind);
        NetError::new(kind, operation, error)
    }

    /// Stops listening, and destroys the connections that were accepted and not taken. Those that
    /// were taken live on.
    #[slot]
    pub fn close(&mut self) {
        self.engine = None;
        self.address = None;
        self.bound_to = None;
        self.stop_accepting();
        if let (false, Some(home)) = (self.pending.is_empty(), &self.home) {
            self.abandoned.extend(self.pending.drain(..));
            home.step(0);
        }
    }

    /// Says whether the server listens.
    #[doc(alias = "isListening")]
    pub fn is_listening(&self) -> bool {
        self.engine.is_some()
    }

    /// Returns the address that the server listens on, in Qt's sense: [`BindAddress::Any`] takes IPv6
    /// and IPv4, [`BindAddress::AnyIpv6`] takes IPv6 alone.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut rt = Runtime::new()?;
    /// let server = rt.add(QTcpServer::new());
    /// rt[server].listen((Ipv4Addr::LOCALHOST, 0))?;
    /// assert_eq!(rt[server].server_address(), Some(Ipv4Addr::LOCALHOST.into()));
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "serverAddress")]
    pub fn server_address(&self) -> Option<BindAddress> {
        self.bound_to
    }

    /// Returns the address and the port that the server listens on: `[::]` or `0.0.0.0` if these are
    /// all of a family. A link-local address has its scope id.
    #[doc(alias = "serverAddress")]
    #[doc(alias = "serverPort")]
    pub fn server_addr(&self) -> Option<SocketAddr> {
        self.address
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

    /// Has a connection wait to be taken, and says so by
    /// [`pending_connection_available`](Self::pending_connection_available). For a class that
    /// decides itself what becomes of each: [`with_incoming`](Self::with_incoming).
    #[doc(alias = "addPendingConnection")]
    pub fn add_pending_connection(&mut self, socket: impl Into<Obj<QTcpSocket>>) {
        self.pending.push_back(socket.into());
        self.pending_connection_available.emit(());
    }

    /// Returns the last error of listening or accepting.
    #[doc(alias = "serverError")]
    pub fn server_error(&self) -> Option<SocketError> {
        self.error
    }

    pub(in crate::net) fn set_error(&mut self, error: SocketError) {
        self.error = Some(error);
    }

    /// Describes the last error; empty if there was none.
    #[doc(alias = "errorString")]
    pub fn error_string(&self) -> String {
        self.error.map_or_else(String::new, |error| error.to_string())
    }

    /// Returns the system's descriptor, while the server listens.
    ///
    /// It does not block. A duplicate of it does not block either, and goes on listening when this
    /// server is closed or destroyed. The loop hears nothing of it from then on.
    #[doc(alias = "socketDescriptor")]
    pub fn socket_descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.engine.as_ref()?.lend_descriptor()
    }

    /// Returns how many connections may wait in the system to be accepted.
    #[doc(alias = "listenBacklogSize")]
    pub fn listen_backlog_size(&self) -> u32 {
        self.backlog
    }

    /// Sets how many connections may wait in the system to be accepted, from the next
    /// [`listen`](Self::listen) on. The default is 50. The system has a limit of its own; see
    /// listen(2).
    #[doc(alias = "setListenBacklogSize")]
    pub fn set_listen_backlog_size(&mut self, size: u32) {
        self.backlog = size;
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

    /// Stops accepting until [`resume_accepting`](Self::resume_accepting) or
    /// [`close`](Self::close); connections wait in the kernel.
    #[doc(alias = "pauseAccepting")]
    pub fn pause_accepting(&mut self) {
        self.accepting.is_paused = true;
    }

    /// Goes on accepting.
    #[doc(alias = "resumeAccepting")]
    pub fn resume_accepting(&mut self) {
        self.accepting.is_paused = false;
        self.accepting.has_more = true;
        self.go_on_if_more();
    }

    fn entered(&mut self, anchor: &Anchor<'_>) {
        self.home = Some(Home::of(anchor));
    }
}

/// Makes a method of class `T` one that connections are taken to.
fn on_incoming<T: QObject>(
    incoming_connection: fn(&mut T, &mut Context<'_, T>, Incoming),
) -> OnIncoming {
    Rc::new(move |world, key, incoming| {
        let server = world.handle::<QTcpServer>(key);
        assert!(
            world.downcast::<T>(server.erase()).is_some(),
            "QTcpServer::with_incoming has a method of {}, which this server is not",
            T::static_meta_object().class_name(),
        );
        world.run_slot(key, |server, cx| incoming_connection(server, cx, incoming));
    })
}

impl Default for QTcpServer {
    fn default() -> Self {
        Self::new()
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
