//! `QSslSocket`: a TCP connection that is encrypted by TLS.
//!
//! The engine of the connection does the work (`net/tls/engine/`) and reports what has happened.
//! This class emits the signals, and decides about the errors of the peer's certificate once the
//! slots have run.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use rustls::Connection;
use slotwire_macros::QObject;

use super::abstract_socket::QAbstractSocket;
use super::attempt::Alarm;
use super::machine::StateMachine;
use super::ssl_doubts::{DECIDE, Doubt, INTERRUPT, Ignored, TELL};
use super::tcp_socket::QTcpSocket;
use crate::io::OpenMode;
use crate::net::engine::Layer;
use crate::net::shared::Home;
use crate::net::tls::{
    Agreed, AlertLevel, AlertType, REPORTED, Report, Session, SslCertificate, SslCipher,
    SslConfiguration, SslError, SslMode, SslProtocol, TlsEngine,
};
use crate::net::values::{
    EngineFailure, NetworkLayerProtocol, PauseMode, SocketError, SocketState,
};
use crate::object::{Anchor, Occasion, Response, Signal};

/// A TCP socket whose connection is encrypted by TLS 1.2 or 1.3.
///
/// [`connect_to_host_encrypted`](Self::connect_to_host_encrypted) connects, and
/// [`encrypted`](Self::encrypted) is emitted once the peer has proved who it is. What is written
/// before waits until then. A socket that is connected already, for example after `STARTTLS`, begins
/// with [`start_client_encryption`](Self::start_client_encryption). Apart from that it is a
/// [`QTcpSocket`]: everything that one does, this one does with what is decrypted.
#[derive(QObject)]
#[qobject(enter = Self::entered, wake = Self::woken)]
pub struct QSslSocket {
    #[qobject(base: QAbstractSocket)]
    pub(super) tcp: QTcpSocket,
    /// Emitted when the handshake is over: from now on bytes go out and come in, encrypted.
    #[signal]
    encrypted: Signal<()>,
    /// Emitted when a handshake begins, with the part of this end.
    #[doc(alias = "modeChanged")]
    #[signal]
    mode_changed: Signal<SslMode>,
    /// Emitted when the certificate of the peer has errors. If the configuration demands a valid one,
    /// the connection ends after the slots have run, unless a slot has called
    /// [`ignore_ssl_errors`](Self::ignore_ssl_errors).
    #[doc(alias = "sslErrors")]
    #[signal]
    pub(super) ssl_errors: Signal<Vec<SslError>>,
    /// Emitted for each error of the peer's certificate, before [`ssl_errors`](Self::ssl_errors).
    #[doc(alias = "peerVerifyError")]
    #[signal]
    pub(super) peer_verify_error: Signal<SslError>,
    /// Emitted for the first error of the peer's certificate, before `ssl_errors`, if the
    /// configuration [says so](SslConfiguration::with_handshake_must_interrupt_on_error). Then the
    /// handshake fails after the slots have run, unless a slot has called
    /// [`continue_interrupted_handshake`](Self::continue_interrupted_handshake).
    #[doc(alias = "handshakeInterruptedOnError")]
    #[signal]
    pub(super) handshake_interrupted_on_error: Signal<SslError>,
    /// Emitted when encrypted bytes went out, with their number.
    #[doc(alias = "encryptedBytesWritten")]
    #[signal]
    encrypted_bytes_written: Signal<usize>,
    /// Emitted when the server has given a ticket, by which a later session can be resumed.
    #[doc(alias = "newSessionTicketReceived")]
    #[signal]
    new_session_ticket_received: Signal<()>,
    /// Emitted when this end has sent an alert. Not emitted for some alerts that are encrypted, of
    /// which the TLS library does not tell: the book's page "TLS" lists them.
    #[doc(alias = "alertSent")]
    #[signal]
    alert_sent: Signal<(AlertLevel, AlertType)>,
    /// Emitted when the peer has sent an alert.
    #[doc(alias = "alertReceived")]
    #[signal]
    alert_received: Signal<(AlertLevel, AlertType)>,
    pub(super) session: Rc<Session>,
    pub(super) configuration: SslConfiguration,
    peer_verify_name: String,
    pub(super) ignored: Ignored,
    /// The errors of the peer's certificate in the last handshake.
    pub(super) errors: Vec<SslError>,
    agreed: Agreed,
    /// The connection to which `errors` and `agreed` belong.
    told_of: u32,
    pub(super) doubt: Doubt,
    alarm: Option<Alarm>,
}

impl QSslSocket {
    /// Creates an unconnected socket.
    pub fn new() -> Self {
        Self::of(QTcpSocket::new())
    }

    /// Creates a socket of a connection that a server has accepted.
    pub fn of(tcp: QTcpSocket) -> Self {
        Self {
            tcp,
            encrypted: Signal::new(),
            mode_changed: Signal::new(),
            ssl_errors: Signal::new(),
            peer_verify_error: Signal::new(),
            handshake_interrupted_on_error: Signal::new(),
            encrypted_bytes_written: Signal::new(),
            new_session_ticket_received: Signal::new(),
            alert_sent: Signal::new(),
            alert_received: Signal::new(),
            session: Rc::default(),
            configuration: SslConfiguration::default(),
            peer_verify_name: String::new(),
            ignored: Ignored::default(),
            errors: Vec::new(),
            agreed: Agreed::default(),
            told_of: 0,
            doubt: Doubt::None,
            alarm: None,
        }
    }

    fn entered(&mut self, anchor: &Anchor<'_>) {
        self.session.enter(Home::of(anchor));
    }

    fn woken(&mut self, occasion: Occasion) -> Response {
        match occasion {
            Occasion::Step(REPORTED) => {
                self.tell_wishes();
                self.take_report();
            }
            Occasion::Step(INTERRUPT) => self.after_interruption(),
            Occasion::Step(TELL) => self.tell(),
            Occasion::Step(DECIDE) => self.decide(),
            other => {
                self.tell_wishes();
                return self.tcp.socket.wake(other);
            }
        }
        Response::DONE
    }

    /// Begins to connect to a host, and to encrypt the connection once it is established.
    ///
    /// The peer has to prove by its certificate that it is `host`, or the
    /// [`peer_verify_name`](Self::peer_verify_name) if one is set. Otherwise as
    /// [`connect_to_host`](QAbstractSocket::connect_to_host), and after `connected`:
    /// `mode_changed(Client)`, `encrypted`; or `ssl_errors`, if the certificate has errors, and
    /// `error_occurred(SslHandshakeFailed)` if the handshake fails.
    ///
    /// If the configuration is not valid, emits `error_occurred(SslInvalidUserData)`.
    #[doc(alias = "connectToHostEncrypted")]
    pub fn connect_to_host_encrypted(&mut self, host: &str, port: u16) {
        let any = NetworkLayerProtocol::Any;
        self.connect_to_host_encrypted_with(host, port, OpenMode::READ_WRITE, any);
    }

    /// Begins to connect to a host, with a choice of the open mode and of the address family.
    /// Otherwise as [`connect_to_host_encrypted`](Self::connect_to_host_encrypted).
    #[doc(alias = "connectToHostEncrypted")]
    pub fn connect_to_host_encrypted_with(
        &mut self,
        host: &str,
        port: u16,
        mode: OpenMode,
        protocol: NetworkLayerProtocol,
    ) {
        // A connection that is about to end would otherwise hide that this one begins.
        self.tcp.socket.settle_to_begin();
        let is_free = matches!(self.state(), SocketState::Unconnected | SocketState::Bound);
        if is_free {
            match self.begin_session(host) {
                Ok(connection) => self.put_on_next(connection),
                Err(failure) => {
                    let kind = failure.kind();
                    return self.tcp.socket.core_mut().fail_for_good(kind, Some(failure.into()));
                }
            }
        }
        self.connect_to_host_with(host, port, mode, protocol);
    }

    /// Begins to encrypt the established connection, as the client.
    ///
    /// What was received and is not read, and what comes from now on, is part of the handshake; what
    /// was written and is not sent goes out before it, unencrypted. Emits `mode_changed(Client)` and
    /// `encrypted`, or what [`connect_to_host_encrypted`](Self::connect_to_host_encrypted) emits on
    /// failure. The peer has to prove that it is the
    /// [`peer_verify_name`](Self::peer_verify_name), or the
    /// [`peer_name`](QAbstractSocket::peer_name) if none is set.
    ///
    /// Emits `error_occurred(Operation)` if the socket is not connected, or is encrypted already, and
    /// `error_occurred(SslInvalidUserData)` if the configuration is not valid.
    #[doc(alias = "startClientEncryption")]
    pub fn start_client_encryption(&mut self) {
        self.start(self.begin_session(self.peer_name()));
    }

    /// Begins to encrypt the established connection, as the server. The configuration needs a
    /// certificate and a private key. Otherwise as
    /// [`start_client_encryption`](Self::start_client_encryption).
    #[doc(alias = "startServerEncryption")]
    pub fn start_server_encryption(&mut self) {
        let connection = self.session.hear(|| self.configuration.server());
        self.start(connection);
    }

    /// Begins a session of a client with `host`, which has to prove that name or the one that is set.
    fn begin_session(&self, host: &str) -> Result<Connection, EngineFailure> {
        let name = match self.peer_verify_name.as_str() {
            "" => host,
            name => name,
        };
        self.session.hear(|| self.configuration.client(name))
    }

    fn start(&mut self, connection: Result<Connection, EngineFailure>) {
        self.tcp.socket.settle();
        let is_plain = self.session.mode() == SslMode::Unencrypted;
        if !self.tcp.socket.is_open() || !is_plain {
            return self.tcp.socket.core_mut().fail(SocketError::Operation, None);
        }
        let connection = match connection {
            Ok(connection) => connection,
            Err(failure) => {
                let kind = failure.kind();
                return self.tcp.socket.core_mut().fail(kind, Some(failure.into()));
            }
        };
        self.forget();
        self.told_of = self.tcp.socket.core().begun();
        self.tell_wishes();
        let (session, configuration) = (self.session.clone(), &self.configuration);
        self.tcp.socket.put_layer(|below, early, unsent| {
            let engine = TlsEngine::new(below, connection, session, configuration, early, unsent);
            Box::new(engine)
        });
        if self.home().is_some()
            && let Some(engine) = self.engine_mut()
        {
            engine.begin();
        }
        self.tcp.socket.go_on_with_engine();
    }

    /// Puts a layer on the connection that is made next.
    fn put_on_next(&mut self, connection: Connection) {
        self.forget();
        self.tell_wishes();
        let (session, configuration) = (self.session.clone(), self.configuration.clone());
        self.tcp.socket.core_mut().set_next_layer(Layer::new(move |below, early| {
            Box::new(TlsEngine::new(below, connection, session, &configuration, early, &[]))
        }));
        self.told_of = self.tcp.socket.core().begun().wrapping_add(1);
    }

    /// Forgets the session before.
    fn forget(&mut self) {
        self.errors.clear();
        self.agreed = Agreed::default();
        self.doubt = Doubt::None;
        self.alarm = None;
        self.session.forget_reports();
    }

    /// Tells the engine what the program wants to hear of.
    pub(super) fn tell_wishes(&mut self) {
        self.session.set_wants_counts(self.encrypted_bytes_written.is_connected());
        // No certificate is checked after the handshake.
        if self.session.is_encrypted() {
            return;
        }
        let pauses = self.pause_mode().contains(PauseMode::ON_SSL_ERRORS);
        let may_ignore = self.ignores_all() || !self.ignored.errors.is_empty();
        let is_asked = match self.configuration.handshake_must_interrupt_on_error() {
            true => self.handshake_interrupted_on_error.is_connected(),
            false => self.ssl_errors.is_connected(),
        };
        self.session.set_wants_errors(pauses || may_ignore || is_asked);
    }

    pub(super) fn engine(&self) -> Option<&TlsEngine> {
        let engine: &dyn Any = self.tcp.socket.core().engine()?;
        engine.downcast_ref()
    }

    pub(super) fn engine_mut(&mut self) -> Option<&mut TlsEngine> {
        let engine: &mut dyn Any = self.tcp.socket.core_mut().engine_mut()?;
        engine.downcast_mut()
    }

    fn home(&self) -> Option<&Home> {
        self.session.home()
    }

    pub(super) fn step(&self, number: u32) {
        if let Some(home) = self.home() {
            home.step(number);
        }
    }

    /// Emits the first report of the engine. The next one has a step of its own, since a slot may end
    /// the connection.
    fn take_report(&mut self) {
        let Some(report) = self.session.next_report() else { return };
        let is_over = self.is_over();
        match report {
            Report::AlertSent(level, kind) => self.alert_sent.emit((level, kind)),
            Report::AlertReceived(level, kind) => self.alert_received.emit((level, kind)),
            Report::Written(count) => self.encrypted_bytes_written.emit(count),
            Report::Deadline => self.set_alarm(),
            // A slot has ended the connection since.
            _ if is_over => {}
            Report::Began(mode) => self.mode_changed.emit(mode),
            Report::Doubts { errors, peer_chain } => {
                self.agreed.peer_chain = peer_chain;
                self.doubt(errors);
            }
            Report::Encrypted(agreed) => {
                self.agreed = *agreed;
                self.encrypted.emit(());
                self.tcp.socket.core_mut().note_encryption();
                self.tcp.socket.go_on_with_engine();
            }
            Report::Tickets(count) => {
                self.new_session_ticket_received.emit(());
                if count > 1 {
                    self.session.put_back(Report::Tickets(count - 1));
                }
            }
            Report::Resumed => self.resumed(),
        }
        if self.session.has_reports() {
            self.step(REPORTED);
        }
    }

    fn set_alarm(&mut self) {
        // The timer before is disarmed first, so that its slot is free.
        self.alarm = None;
        let deadline = self.tcp.socket.core().engine().and_then(|engine| engine.deadline());
        self.alarm = deadline.zip(self.home()).map(|(due, home)| Alarm::at(due, home));
    }

    /// Returns true if the last handshake was that of the last connection. A connection that began
    /// since, and is plain, has none.
    pub(super) fn is_of_last_connection(&self) -> bool {
        self.told_of == self.tcp.socket.core().begun()
    }

    fn agreed(&self) -> Option<&Agreed> {
        self.is_of_last_connection().then_some(&self.agreed)
    }

    /// Returns true if the connection has ended.
    pub(super) fn is_over(&self) -> bool {
        !matches!(self.state(), SocketState::Connected | SocketState::Closing)
    }

    /// Returns true if the handshake is over and the connection has not ended.
    #[doc(alias = "isEncrypted")]
    pub fn is_encrypted(&self) -> bool {
        self.session.is_encrypted()
    }

    /// Returns the part of this end in the session: none, client or server.
    pub fn mode(&self) -> SslMode {
        self.session.mode()
    }

    /// Returns the configuration.
    #[doc(alias = "sslConfiguration")]
    pub fn ssl_configuration(&self) -> &SslConfiguration {
        &self.configuration
    }

    /// Sets the configuration, from the next handshake on. Sockets with copies of one configuration
    /// can resume each other's sessions.
    #[doc(alias = "setSslConfiguration")]
    pub fn set_ssl_configuration(&mut self, configuration: SslConfiguration) {
        self.configuration = configuration;
    }

    /// Returns the name that the peer has to prove; empty if it is the name of the host.
    #[doc(alias = "peerVerifyName")]
    pub fn peer_verify_name(&self) -> &str {
        &self.peer_verify_name
    }

    /// Sets the name that the peer has to prove, and that is sent to it (RFC 6066), in place of the
    /// name of the host. An empty name means the name of the host.
    #[doc(alias = "setPeerVerifyName")]
    pub fn set_peer_verify_name(&mut self, name: &str) {
        name.clone_into(&mut self.peer_verify_name);
    }

    /// Returns the certificate of the peer in the last handshake, if it has sent one. It is known when
    /// the handshake is over, and when the certificate has errors: from the slots of
    /// [`peer_verify_error`](Self::peer_verify_error) on, also if it is refused. It is forgotten when
    /// the socket begins to connect again.
    #[doc(alias = "peerCertificate")]
    pub fn peer_certificate(&self) -> Option<&SslCertificate> {
        self.peer_certificate_chain().first()
    }

    /// Returns the certificates that the peer has sent in the last handshake, its own first.
    #[doc(alias = "peerCertificateChain")]
    pub fn peer_certificate_chain(&self) -> &[SslCertificate] {
        self.agreed().map_or(&[], |agreed| &agreed.peer_chain)
    }

    /// Returns the cipher suite on which both ends have agreed in the last handshake.
    #[doc(alias = "sessionCipher")]
    pub fn session_cipher(&self) -> Option<&SslCipher> {
        self.agreed()?.cipher.as_ref()
    }

    /// Returns the protocol on which both ends have agreed in the last handshake.
    #[doc(alias = "sessionProtocol")]
    pub fn session_protocol(&self) -> Option<SslProtocol> {
        self.agreed()?.protocol
    }

    /// Returns the protocol of the application on which both ends have agreed in the last handshake
    /// (ALPN, RFC 7301).
    #[doc(alias = "nextNegotiatedProtocol")]
    pub fn next_negotiated_protocol(&self) -> Option<&[u8]> {
        self.agreed()?.next_protocol.as_deref()
    }

    /// Returns true if the last handshake has resumed an earlier session.
    #[doc(alias = "sessionResumed")]
    pub fn is_session_resumed(&self) -> bool {
        self.agreed().is_some_and(|agreed| agreed.is_resumed)
    }

    /// Returns how many received bytes are not decrypted yet.
    #[doc(alias = "encryptedBytesAvailable")]
    pub fn encrypted_bytes_available(&self) -> usize {
        self.engine().map_or(0, TlsEngine::encrypted_available)
    }

    /// Returns how many encrypted bytes wait to be sent.
    #[doc(alias = "encryptedBytesToWrite")]
    pub fn encrypted_bytes_to_write(&self) -> usize {
        self.engine().map_or(0, TlsEngine::encrypted_to_write)
    }
}

impl Default for QSslSocket {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for QSslSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QSslSocket")
            .field("tcp", &self.tcp)
            .field("mode", &self.mode())
            .field("is_encrypted", &self.is_encrypted())
            .finish_non_exhaustive()
    }
}
