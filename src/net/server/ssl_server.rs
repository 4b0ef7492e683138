//! `QSslServer`: accepts TCP connections and encrypts them.
//!
//! Keeps one promise: nobody who calls gets more than the time of one handshake, and a limited number
//! of callers gets that at a time. A handshake that fails concerns no other one.

use std::collections::VecDeque;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use slotwire_macros::QObject;

use super::incoming::Incoming;
use super::tcp_server::QTcpServer;
use crate::net::socket::{QAbstractSocket, QSslSocket, QTcpSocket};
use crate::net::tls::{AlertLevel, AlertType, SslConfiguration, SslError};
use crate::net::values::SocketError;
use crate::object::{Connection, Context, Obj, Signal};

/// How long a handshake may take, as in Qt.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// How many handshakes may be under way at a time.
const MAX_HANDSHAKES: usize = 128;

/// Listens on an address, accepts connections, and encrypts them by TLS.
///
/// The [configuration](Self::set_ssl_configuration) needs a certificate and a private key. Each
/// accepted connection becomes a [`QSslSocket`], which is a child of the server. When its handshake
/// is over, [`new_connection`](Self::new_connection) is emitted, and
/// [`next_pending_connection`](QTcpServer::next_pending_connection) or
/// [`next_pending_ssl_connection`](Self::next_pending_ssl_connection) takes the socket.
///
/// A connection whose handshake fails, or takes longer than the
/// [time-out](Self::set_handshake_timeout), is reported by [`error_occurred`](Self::error_occurred)
/// and destroyed. While [as many handshakes as may](Self::set_max_handshakes) are under way, further
/// connections wait in the kernel.
///
/// Apart from that it is a [`QTcpServer`], to which it dereferences.
#[derive(QObject)]
pub struct QSslServer {
    #[qobject(base)]
    server: QTcpServer,
    /// Emitted for each accepted connection, before its handshake begins: a slot may still give the
    /// socket another configuration.
    #[doc(alias = "startedEncryptionHandshake")]
    #[signal]
    started_encryption_handshake: Signal<Obj<QSslSocket>>,
    /// Emitted when the certificate of a client has errors: see
    /// [`QSslSocket::ssl_errors`](QSslSocket::ssl_errors).
    #[doc(alias = "sslErrors")]
    #[signal]
    ssl_errors: Signal<(Obj<QSslSocket>, Vec<SslError>)>,
    /// Emitted for each error of a client's certificate, before [`ssl_errors`](Self::ssl_errors).
    #[doc(alias = "peerVerifyError")]
    #[signal]
    peer_verify_error: Signal<(Obj<QSslSocket>, SslError)>,
    /// Emitted when a handshake has failed, with the reason. The socket is destroyed after the slots
    /// have run.
    #[doc(alias = "errorOccurred")]
    #[signal]
    error_occurred: Signal<(Obj<QSslSocket>, SocketError)>,
    /// Emitted when an alert was sent during a handshake.
    #[doc(alias = "alertSent")]
    #[signal]
    alert_sent: Signal<(Obj<QSslSocket>, AlertLevel, AlertType)>,
    /// Emitted when an alert has come during a handshake.
    #[doc(alias = "alertReceived")]
    #[signal]
    alert_received: Signal<(Obj<QSslSocket>, AlertLevel, AlertType)>,
    /// Emitted for the first error of a client's certificate, if the configuration
    /// [says so](SslConfiguration::with_handshake_must_interrupt_on_error). Then the handshake fails
    /// unless a slot calls
    /// [`continue_interrupted_handshake`](QSslSocket::continue_interrupted_handshake).
    #[doc(alias = "handshakeInterruptedOnError")]
    #[signal]
    handshake_interrupted_on_error: Signal<(Obj<QSslSocket>, SslError)>,
    configuration: SslConfiguration,
    /// The configuration with the server's time-out, which the sockets get.
    of_sockets: SslConfiguration,
    handshake_timeout: Duration,
    handshakes: Vec<Handshake>,
    /// The connections whose handshakes are over, in their order; some of them may be taken already.
    offered: VecDeque<Obj<QSslSocket>>,
}

/// A handshake that is under way.
struct Handshake {
    socket: Obj<QSslSocket>,
    /// What the server hears of the socket until the handshake is over.
    connections: Vec<Connection>,
}

impl QSslServer {
    /// Creates a server that does not listen.
    pub fn new() -> Self {
        let mut server = QTcpServer::with_incoming(Self::take_in);
        server.begin_to_prepare(MAX_HANDSHAKES);
        let configuration = SslConfiguration::default();
        let of_sockets = configuration.clone().with_handshake_timeout(Some(HANDSHAKE_TIMEOUT));
        Self {
            server,
            started_encryption_handshake: Signal::new(),
            ssl_errors: Signal::new(),
            peer_verify_error: Signal::new(),
            error_occurred: Signal::new(),
            alert_sent: Signal::new(),
            alert_received: Signal::new(),
            handshake_interrupted_on_error: Signal::new(),
            configuration,
            of_sockets,
            handshake_timeout: HANDSHAKE_TIMEOUT,
            handshakes: Vec::new(),
            offered: VecDeque::new(),
        }
    }

    /// Returns the signal that is emitted for each connection whose handshake is over.
    pub fn new_connection(&self) -> &Signal<()> {
        self.server.new_connection()
    }

    /// Returns the signal that is emitted for each connection that is added to those that wait to be
    /// taken. For a connection whose handshake is over this is before
    /// [`new_connection`](Self::new_connection).
    pub fn pending_connection_available(&self) -> &Signal<()> {
        self.server.pending_connection_available()
    }

    /// Returns the configuration.
    #[doc(alias = "sslConfiguration")]
    pub fn ssl_configuration(&self) -> &SslConfiguration {
        &self.configuration
    }

    /// Sets the configuration, for the connections that are accepted from now on. With
    /// [`PeerVerifyMode::Verify`](crate::PeerVerifyMode::Verify), each client has to show a
    /// certificate by one of the roots.
    #[doc(alias = "setSslConfiguration")]
    pub fn set_ssl_configuration(&mut self, configuration: SslConfiguration) {
        self.configuration = configuration;
        self.compose();
    }

    /// Returns how long a handshake may take.
    #[doc(alias = "handshakeTimeout")]
    pub fn handshake_timeout(&self) -> Duration {
        self.handshake_timeout
    }

    /// Sets how long a handshake may take, for the connections that are accepted from now on. The
    /// default is 5 seconds. It is used in place of the configuration's time-out.
    #[doc(alias = "setHandshakeTimeout")]
    pub fn set_handshake_timeout(&mut self, timeout: Duration) {
        self.handshake_timeout = timeout;
        self.compose();
    }

    fn compose(&mut self) {
        let timeout = Some(self.handshake_timeout);
        self.of_sockets = self.configuration.clone().with_handshake_timeout(timeout);
    }

    /// Returns how many handshakes are under way.
    pub fn handshakes(&self) -> usize {
        self.server.in_preparation()
    }

    /// Returns how many handshakes may be under way at a time.
    pub fn max_handshakes(&self) -> usize {
        self.server.max_in_preparation()
    }

    /// Sets how many handshakes may be under way at a time. While there are as many, further
    /// connections wait in the kernel. The default is 128.
    ///
    /// [`max_pending_connections`](QTcpServer::max_pending_connections) is a limit of its own: when so
    /// many connections wait to be taken, the server accepts no more, but the handshakes that are
    /// under way go on.
    pub fn set_max_handshakes(&mut self, max: usize) {
        self.server.set_max_in_preparation(max);
    }

    /// Takes the next connection whose handshake is over, as
    /// [`next_pending_connection`](QTcpServer::next_pending_connection) does. Returns `None` if none
    /// waits. A connection that a class of the program has added, and that is no `QSslSocket`, is left
    /// out.
    #[doc(alias = "nextPendingConnection")]
    pub fn next_pending_ssl_connection(&mut self) -> Option<Obj<QSslSocket>> {
        while let Some(next) = self.server.next_pending_connection() {
            let place = self.offered.iter().position(|&socket| next == socket);
            // Those before it were taken by the method of the server without TLS.
            if let Some(socket) = place.and_then(|place| self.offered.drain(..=place).next_back()) {
                return Some(socket);
            }
        }
        None
    }

    /// Called for each accepted connection.
    fn take_in(&mut self, cx: &mut Context<'_, Self>, incoming: Incoming) {
        let mut socket = QSslSocket::of(incoming.into_socket());
        socket.set_ssl_configuration(self.of_sockets.clone());
        let socket = cx.add_child(socket);
        let connections = self.listen_to(cx, socket);
        self.handshakes.push(Handshake { socket, connections });
        self.server.prepare(socket.upcast());
        self.started_encryption_handshake.emit(socket);
        cx.later(socket, |socket, _| socket.start_server_encryption());
    }

    /// Connects what the server hears of a socket until the handshake is over.
    fn listen_to(&self, cx: &mut Context<'_, Self>, socket: Obj<QSslSocket>) -> Vec<Connection> {
        let mut connections = vec![
            cx.on_fn(socket, QSslSocket::encrypted, move |this, _, ()| this.offer(socket)),
            cx.on_fn(socket, QAbstractSocket::error_occurred, move |this, cx, &error| {
                this.give_up(cx, socket, Some(error));
            }),
            cx.on_fn(socket, QAbstractSocket::disconnected, move |this, cx, ()| {
                this.give_up(cx, socket, None);
            }),
            cx.on_fn(socket, QSslSocket::peer_verify_error, move |this, _, error| {
                this.peer_verify_error.emit((socket, error.clone()));
            }),
            cx.on_fn(socket, QSslSocket::alert_sent, move |this, _, &(level, kind)| {
                this.alert_sent.emit((socket, level, kind));
            }),
            cx.on_fn(socket, QSslSocket::alert_received, move |this, _, &(level, kind)| {
                this.alert_received.emit((socket, level, kind));
            }),
        ];
        // A socket asks only if somebody listens. Otherwise the client gets an alert at once.
        if self.ssl_errors.is_connected() {
            connections.push(cx.on_fn(socket, QSslSocket::ssl_errors, move |this, _, errors| {
                this.ssl_errors.emit((socket, errors.clone()));
            }));
        }
        if self.handshake_interrupted_on_error.is_connected() {
            let signal = QSslSocket::handshake_interrupted_on_error;
            connections.push(cx.on_fn(socket, signal, move |this, _, error| {
                this.handshake_interrupted_on_error.emit((socket, error.clone()));
            }));
        }
        connections
    }

    /// Offers a connection to the program, since its handshake is over.
    fn offer(&mut self, socket: Obj<QSslSocket>) {
        if self.end_handshake(socket) {
            // At most as many wait as the server has.
            let surplus = self.offered.len().saturating_sub(self.server.pending_connections());
            self.offered.drain(..surplus);
            self.offered.push_back(socket);
            self.server.add_pending_connection(socket.upcast());
            self.server.new_connection().emit(());
        }
    }

    /// Destroys a connection whose handshake has failed, or which a slot has closed.
    fn give_up(
        &mut self,
        cx: &mut Context<'_, Self>,
        socket: Obj<QSslSocket>,
        error: Option<SocketError>,
    ) {
        if self.end_handshake(socket) {
            if let Some(error) = error {
                self.error_occurred.emit((socket, error));
            }
            cx.destroy(socket);
        }
    }

    /// Makes room for another handshake. Returns false if this one is over already.
    fn end_handshake(&mut self, socket: Obj<QSslSocket>) -> bool {
        let place = self.handshakes.iter().position(|handshake| handshake.socket == socket);
        let Some(place) = place else { return false };
        for connection in self.handshakes.swap_remove(place).connections {
            connection.disconnect();
        }
        self.server.end_preparing(socket.upcast::<QTcpSocket>());
        true
    }
}

/// The methods of the server without TLS.
impl Deref for QSslServer {
    type Target = QTcpServer;

    fn deref(&self) -> &QTcpServer {
        &self.server
    }
}

impl DerefMut for QSslServer {
    fn deref_mut(&mut self) -> &mut QTcpServer {
        &mut self.server
    }
}

impl Default for QSslServer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for QSslServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QSslServer")
            .field("server", &self.server)
            .field("handshakes", &self.handshakes())
            .finish_non_exhaustive()
    }
}
