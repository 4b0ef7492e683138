//! `QTcpServer`: accepts TCP connections.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::rc::Rc;

use slotwire_macros::{QObject, slots};

use super::accept::ABANDONED;
use super::accept_state::AcceptState;
use super::incoming::{EmbedsServer, Incoming, OnIncoming};
use super::listen_phase::ListenPhase;
use super::preparation::Preparation;
use super::proxied_listen::BindingSteps;
use crate::net::engine::{SocketEngine, may_listen, open};
use crate::net::proxy::{NetworkProxy, OwnProxy, ProxyAuthentication, choose_to_listen};
use crate::net::shared::Home;
use crate::net::socket::{Endpoint, QTcpSocket};
use crate::net::values::{BindAddress, BindMode, NetError, SocketAddress, SocketError, SocketType};
use crate::object::{Anchor, Context, Obj, QObject, Signal, Upcast};

/// Listens on an address and accepts connections.
///
/// Each accepted connection becomes a [`QTcpSocket`], which is a child of the server, and
/// [`new_connection`](Self::new_connection) is emitted.
/// [`next_pending_connection`](Self::next_pending_connection) takes the socket.
///
/// When the process has no descriptor left, or accepting fails in another way,
/// [`accept_error`](Self::accept_error) is emitted and the server tries again, first after 100 ms,
/// finally every second.
///
/// [Behind a proxy](Self::set_proxy), a server accepts one connection each time it listens.
///
/// See [`QTcpSocket`] for an example.
#[derive(QObject)]
#[qobject(enter = Self::entered, wake = Self::woken)]
pub struct QTcpServer {
    /// Emitted for each accepted connection, even if a class of your own drops it.
    #[signal]
    new_connection: Signal<()>,
    /// Emitted for each connection that is added to those that wait to be taken. For an accepted
    /// connection this is before [`new_connection`](Self::new_connection).
    #[signal]
    pending_connection_available: Signal<()>,
    /// Emitted when accepting a connection has failed, with the error; or when the
    /// [proxy](Self::set_proxy) of the server does not listen.
    #[signal]
    pub(super) accept_error: Signal<SocketError>,
    /// Emitted when the server has begun to listen: after [`listen`](Self::listen) has succeeded,
    /// or when the [proxy](Self::set_proxy) has answered that it listens. Then
    /// [`server_addr`](Self::server_addr) is known.
    #[signal]
    pub(super) listening: Signal<()>,
    /// Emitted when the [proxy](Self::set_proxy) wants a user and a password, or other ones. A slot
    /// puts them into the [`Authenticator`](crate::Authenticator). If no slot gives other ones than
    /// before, listening fails with
    /// [`ProxyAuthenticationRequired`](SocketError::ProxyAuthenticationRequired).
    #[doc(alias = "proxyAuthenticationRequired")]
    #[signal]
    pub(super) proxy_authentication_required: Signal<ProxyAuthentication>,
    pub(super) phase: ListenPhase,
    pub(super) binding_steps: BindingSteps,
    /// The address and port that the server listens on. Its sockets share this, unless it stands
    /// for all addresses of the host.
    pub(super) local: Option<Rc<Endpoint>>,
    pub(super) pending: VecDeque<Obj<QTcpSocket>>,
    /// Connections that were never taken, and are about to be destroyed.
    pub(super) abandoned: Vec<Obj<QTcpSocket>>,
    max_pending: usize,
    backlog: u32,
    bind_mode: BindMode,
    proxy: OwnProxy,
    /// The last error, with its text.
    error: Option<(SocketError, String)>,
    pub(super) accepting: AcceptState,
    /// Decides what to do with a connection, if a class that embeds this server does.
    pub(super) on_incoming: Option<OnIncoming>,
    /// The connections that are not offered to the program yet, if a class around this server prepares
    /// them first.
    pub(super) preparation: Option<Preparation>,
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
            listening: Signal::new(),
            proxy_authentication_required: Signal::new(),
            phase: ListenPhase::default(),
            binding_steps: BindingSteps::default(),
            proxy: OwnProxy::default(),
            local: None,
            pending: VecDeque::new(),
            abandoned: Vec::new(),
            max_pending: 30,
            backlog: 50,
            bind_mode: BindMode::SHARE_ADDRESS,
            error: None,
            accepting: AcceptState::default(),
            on_incoming: None,
            preparation: None,
            home: None,
        }
    }

    /// Creates a server for a class `T` that embeds the server as its base. The method
    /// `incoming_connection` decides what to do with each connection.
    ///
    /// The method passes a socket for [`next_pending_connection`](Self::next_pending_connection) to
    /// [`add_pending_connection`](Self::add_pending_connection). Dropping the [`Incoming`] closes
    /// the connection.
    ///
    /// # Panics
    ///
    /// Adding the server to a runtime panics if it is not in a `T` there: if it is added without
    /// one, or if another class embeds it. That `T` embeds a server is checked by the compiler.
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
    ///         if incoming.peer_addr().is_some_and(|peer| peer.ip().is_loopback()) {
    ///             let socket = cx.add_child(incoming.into_socket());
    ///             self.server.add_pending_connection(socket);
    ///         }
    ///     }
    /// }
    /// ```
    #[doc(alias = "incomingConnection")]
    pub fn with_incoming<T: EmbedsServer>(
        incoming_connection: fn(&mut T, &mut Context<'_, T>, Incoming),
    ) -> Self {
        let mut server = Self::new();
        server.on_incoming = Some(OnIncoming::new(incoming_connection));
        server
    }

    /// Begins to listen. With port 0 the system chooses a port, and
    /// [`server_port`](Self::server_port) returns it. On the unspecified IPv6 address, `[::]`, the
    /// server accepts IPv4 connections as well.
    ///
    /// `address` may be a `SocketAddr`, or an address and a port: `(Ipv4Addr::LOCALHOST, 0)`. A
    /// link-local address needs its scope id: the [index](crate::NetworkInterface::index) of the
    /// interface that leads to the link.
    ///
    /// [`listening`](Self::listening) is emitted: at the next chance if the server listens when this
    /// returns, and otherwise when its [proxy](Self::set_proxy) has answered.
    ///
    /// # Errors
    ///
    /// Fails with [`SocketError::Operation`] if the server is not in a runtime, or listens or is
    /// asking a proxy to listen; with [`SocketError::UnsupportedSocketOperation`] for a link-local
    /// address without a scope id, and for an HTTP proxy, which cannot listen; with
    /// [`SocketError::AddressInUse`], [`SocketError::SocketAddressNotAvailable`],
    /// [`SocketError::SocketAccess`] or another error of the system.
    pub fn listen(&mut self, address: impl SocketAddress) -> Result<(), NetError> {
        let address: SocketAddr = address.into();
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
        let operation = format!("listen on {}", address.described(port));
        let home = self.ready_to_listen(&operation)?;
        match choose_to_listen(self.proxy.get(), address, port) {
            Ok(None) => {}
            Ok(Some(chosen)) => {
                self.begin_behind_proxy(chosen);
                return Ok(());
            }
            Err(failure) => return Err(self.refused(&operation, failure.into())),
        }
        let network = &*home.network;
        let listening = open(network, SocketType::Tcp, address, port).and_then(|opened| {
            let (mut engine, address) = opened;
            engine.bind(address, port, self.bind_mode)?;
            engine.listen(self.backlog)?;
            Ok(engine)
        });
        listening
            .and_then(|engine| self.begin(engine))
            .map_err(|error| self.refused(&operation, error))
    }

    /// Takes over the descriptor of a listening socket.
    ///
    /// macOS does not report which sockets listen. There a socket that was bound and does not
    /// listen is taken over too, and accepts nothing.
    ///
    /// # Errors
    ///
    /// Fails with [`SocketError::UnsupportedSocketOperation`] if the descriptor is not a listening
    /// TCP socket, otherwise as [`listen`](Self::listen). A call that fails closes the descriptor.
    #[doc(alias = "setSocketDescriptor")]
    pub fn set_socket_descriptor(&mut self, descriptor: OwnedFd) -> Result<(), NetError> {
        let operation = "listen by a descriptor";
        let home = self.ready_to_listen(operation)?;
        let adopted = match may_listen(&descriptor) {
            true => home.network.adopt(SocketType::Tcp, descriptor),
            false => {
                let reason = "the descriptor is not that of a listening socket";
                Err(io::Error::new(io::ErrorKind::Unsupported, reason))
            }
        };
        match adopted.and_then(|engine| self.begin(engine)) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.refused(operation, error)),
        }
    }

    /// Returns the server's home, or the reason why the server cannot begin to listen now.
    fn ready_to_listen(&self, operation: &str) -> Result<&Home, NetError> {
        let reason = match &self.home {
            Some(_) if self.phase.binding().is_some() => "while a proxy is asked to listen",
            Some(_) if self.phase.is_listening() => "while the server listens",
            Some(home) => return Ok(home),
            None => "before the server is in a runtime",
        };
        Err(NetError::new(SocketError::Operation, format!("{operation} {reason}"), None))
    }

    fn begin(&mut self, mut engine: Box<dyn SocketEngine>) -> io::Result<()> {
        let Some(home) = &self.home else { return Ok(()) };
        let local = Endpoint::local_of(&*engine)?;
        engine.watch(home.key())?;
        self.local = Some(Rc::new(local));
        self.phase = ListenPhase::Here(engine);
        self.listening.emit(());
        Ok(())
    }

    fn refused(&mut self, operation: &str, error: io::Error) -> NetError {
        let kind = SocketError::of_binding(&error);
        let refusal = NetError::new(kind, operation, error);
        self.error = Some((kind, refusal.reason().to_string()));
        refusal
    }

    /// Sets the proxy behind which the server listens, from the next [`listen`](Self::listen) on.
    /// [`NetworkProxy::none`] and the default value mean no proxy: the proxies of the
    /// [application](crate::World::set_application_proxy) do not concern a server.
    ///
    /// With a SOCKS5 proxy, [`listen`](Self::listen) asks the proxy to listen (BIND, RFC 1928,
    /// section 4) and returns at once. When the proxy has answered, [`listening`](Self::listening)
    /// is emitted; from then on the server [is listening](Self::is_listening), and its address and
    /// port are those at the proxy. If the proxy refuses, or does not answer within 30 seconds,
    /// [`accept_error`](Self::accept_error) is emitted.
    ///
    /// The server sends the address and the port to the proxy, and `0.0.0.0` for
    /// [`BindAddress::Any`]. By the RFC the address is that of the expected peer: some proxies
    /// refuse every other peer. With port 0 the proxy chooses the port.
    ///
    /// The proxy listens for one connection. When that is accepted, the server stops listening, and
    /// [`new_connection`](Self::new_connection) is emitted: a slot may call
    /// [`listen`](Self::listen) again, which mostly gets another port. If the proxy fails to accept
    /// it, the server stops listening too, and [`accept_error`](Self::accept_error) is emitted.
    ///
    /// ```
    /// use slotwire::NetworkProxy;
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut rt = Runtime::new()?;
    /// let server = rt.add(QTcpServer::new());
    /// rt.connect_fn(server, QTcpServer::listening, move |world, _| {
    ///     println!("peers may connect to {:?}", world[server].server_addr());
    /// });
    /// rt[server].set_proxy(NetworkProxy::socks5("proxy.example", 1080));
    /// rt[server].listen(([0, 0, 0, 0], 0))?;
    /// assert!(!rt[server].is_listening());
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "setProxy")]
    pub fn set_proxy(&mut self, proxy: NetworkProxy) {
        self.proxy.set(proxy);
    }

    /// Returns the proxy that was set.
    pub fn proxy(&self) -> &NetworkProxy {
        self.proxy.get()
    }

    /// Stops listening, and destroys the accepted connections that were not taken. Connections that
    /// were taken are not destroyed.
    #[slot]
    pub fn close(&mut self) {
        self.stop_listening();
        self.accepting.is_paused = false;
        let had = self.abandoned.len();
        self.abandoned.extend(self.pending.drain(..));
        if let Some(preparation) = &mut self.preparation {
            self.abandoned.extend(preparation.take_all());
        }
        if let (true, Some(home)) = (self.abandoned.len() > had, &self.home) {
            home.step(ABANDONED);
        }
    }

    /// Stops listening, or asking a proxy to listen. The accepted connections can still be taken.
    pub(super) fn stop_listening(&mut self) {
        self.phase = ListenPhase::Idle;
        self.local = None;
        self.stop_accepting();
    }

    /// Returns true if the server listens. Behind a [proxy](Self::set_proxy): if the proxy has
    /// answered, and has not accepted a connection since.
    #[doc(alias = "isListening")]
    pub fn is_listening(&self) -> bool {
        self.phase.is_listening()
    }

    /// Returns the address that the server listens on, in Qt's sense: [`BindAddress::Any`] is IPv6
    /// and IPv4, [`BindAddress::AnyIpv6`] is IPv6 alone.
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
        self.local.as_ref()?.bound_address()
    }

    /// Returns the address and the port that the server listens on. The address is `[::]` or
    /// `0.0.0.0` if the server listens on all addresses. A link-local address has its scope id.
    #[doc(alias = "serverAddress")]
    #[doc(alias = "serverPort")]
    pub fn server_addr(&self) -> Option<SocketAddr> {
        self.local.as_ref()?.addr()
    }

    /// Returns the port that the server listens on.
    #[doc(alias = "serverPort")]
    pub fn server_port(&self) -> Option<u16> {
        self.local.as_ref()?.port()
    }

    /// Returns true if an accepted connection waits to be taken.
    #[doc(alias = "hasPendingConnections")]
    pub fn has_pending_connections(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Returns how many accepted connections wait to be taken.
    #[cfg(feature = "tls")]
    pub(super) fn pending_connections(&self) -> usize {
        self.pending.len()
    }

    /// Takes the next accepted connection. The socket stays a child of the server until it is given
    /// another parent. If the socket was destroyed before this call, the handle is stale.
    #[doc(alias = "nextPendingConnection")]
    pub fn next_pending_connection(&mut self) -> Option<Obj<QTcpSocket>> {
        let next = self.pending.pop_front()?;
        self.go_on_if_more();
        Some(next)
    }

    /// Adds a connection to those that wait to be taken, and emits
    /// [`pending_connection_available`](Self::pending_connection_available). For a class that
    /// handles each connection itself: see [`with_incoming`](Self::with_incoming).
    ///
    /// For a socket of a class of your own, write `add_pending_connection(session.upcast())`.
    #[doc(alias = "addPendingConnection")]
    pub fn add_pending_connection(&mut self, socket: Obj<QTcpSocket>) {
        self.pending.push_back(socket);
        self.pending_connection_available.emit(());
    }

    /// Returns the last error of listening or accepting.
    #[doc(alias = "serverError")]
    pub fn server_error(&self) -> Option<SocketError> {
        self.error.as_ref().map(|(error, _)| *error)
    }

    pub(in crate::net) fn set_error(&mut self, error: SocketError, text: String) {
        self.error = Some((error, text));
    }

    /// Returns the text of the last error: the system's, if there is one. Empty if there was no
    /// error.
    #[doc(alias = "errorString")]
    pub fn error_string(&self) -> String {
        self.error.as_ref().map_or_else(String::new, |(_, text)| text.clone())
    }

    /// Returns the descriptor of the system's socket, while the server listens.
    ///
    /// The descriptor is non-blocking, and so is a duplicate of it. A duplicate goes on listening
    /// after this server is closed or destroyed; from then on the loop does not watch it.
    #[doc(alias = "socketDescriptor")]
    pub fn socket_descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.phase.engine()?.lend_descriptor()
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

    /// Returns with which other sockets the server shares its address and port.
    pub fn bind_mode(&self) -> BindMode {
        self.bind_mode
    }

    /// Sets with which other sockets the server shares its address and port, from the next
    /// [`listen`](Self::listen) on. The default is [`BindMode::SHARE_ADDRESS`], as in Qt.
    ///
    /// With [`BindMode::REUSE_PORT`], several servers listen at one port, for example one in each
    /// thread or process, and the system spreads the connections among them.
    ///
    /// ```
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut rt = Runtime::new()?;
    /// let [first, second] = [rt.add(QTcpServer::new()), rt.add(QTcpServer::new())];
    /// for server in [first, second] {
    ///     rt[server].set_bind_mode(BindMode::SHARE_ADDRESS | BindMode::REUSE_PORT);
    /// }
    /// rt[first].listen(([127, 0, 0, 1], 0))?;
    /// let port = rt[first].server_port().unwrap_or_default();
    /// rt[second].listen(([127, 0, 0, 1], port))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_bind_mode(&mut self, mode: BindMode) {
        self.bind_mode = mode;
    }

    /// Returns how many accepted connections may wait to be taken.
    #[doc(alias = "maxPendingConnections")]
    pub fn max_pending_connections(&self) -> usize {
        self.max_pending
    }

    /// Sets how many accepted connections may wait to be taken. When so many wait, the server
    /// accepts no more until one is taken. The default is 30.
    #[doc(alias = "setMaxPendingConnections")]
    pub fn set_max_pending_connections(&mut self, max: usize) {
        self.max_pending = max;
        self.go_on_if_more();
    }

    /// Stops accepting until [`resume_accepting`](Self::resume_accepting) or [`close`](Self::close)
    /// is called. Until then connections wait in the kernel.
    #[doc(alias = "pauseAccepting")]
    pub fn pause_accepting(&mut self) {
        self.accepting.is_paused = true;
    }

    /// Resumes accepting after [`pause_accepting`](Self::pause_accepting).
    #[doc(alias = "resumeAccepting")]
    pub fn resume_accepting(&mut self) {
        self.accepting.is_paused = false;
        self.accepting.has_more = true;
        self.go_on_if_more();
    }

    fn entered(&mut self, anchor: &Anchor<'_>) {
        if let (Some(on_incoming), Some(class)) = (&self.on_incoming, anchor.class()) {
            on_incoming.check(class, Self::static_meta_object());
        }
        self.home = Some(Home::of(anchor));
    }
}

#[diagnostic::do_not_recommend]
impl<T: QObject> EmbedsServer for T where QTcpServer: Upcast<T> {}

#[diagnostic::do_not_recommend]
impl EmbedsServer for QTcpServer {}

impl Default for QTcpServer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for QTcpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QTcpServer")
            .field("address", &self.server_addr())
            .field("pending", &self.pending.len())
            .finish_non_exhaustive()
    }
}
