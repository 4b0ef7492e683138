//! Encrypted connections through proxies that follow a script: what is said to the proxy is plain, and
//! nothing that the proxy says or is called proves who the peer is.

use slotwire::{QSslServer, QSslSocket, SslConfiguration, SslErrorKind, SslMode};

use super::http::{ANN, BASIC, proved, request, say};
use super::*;
use crate::by_hand::ByHand;
use crate::parties::{Authority, all_signals_of};

/// Whom the sockets call: only the proxies know the address.
const NAME: &str = "example.invalid";

/// What a socket tells until it is encrypted. Nobody looks the name up here.
const ENCRYPTED: [&str; 6] =
    ["HostLookup", "Connecting", "Connected", "connected", "mode_changed Client", "encrypted"];

/// The kinds of proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Socks5,
    Http,
}

const KINDS: [Kind; 2] = [Kind::Socks5, Kind::Http];

impl Kind {
    fn at(self, port: u16) -> NetworkProxy {
        match self {
            Self::Socks5 => NetworkProxy::socks5("127.0.0.1", port),
            Self::Http => NetworkProxy::http("127.0.0.1", port),
        }
    }

    /// Plays a proxy that lets everybody through, and says this behind its answer.
    #[track_caller]
    fn let_through(self, rt: &mut Runtime, proxy: &mut Peer, more: &[u8]) {
        match self {
            Self::Socks5 => reply_with(rt, proxy, REQUEST, &[SUCCESS, more].concat()),
            Self::Http => {
                let heard = request(rt, proxy);
                assert!(heard.starts_with(&format!("CONNECT {NAME}:80 HTTP/1.1\r\n")), "{heard}");
                say(proxy, [b"HTTP/1.1 200 OK\r\n\r\n", more].concat());
            }
        }
    }

    /// Plays a proxy that asks for the password of `ann`. Returns the connection on which it has
    /// got it.
    #[track_caller]
    fn let_ann_through(self, rt: &mut Runtime, listener: &Listener) -> Peer {
        let mut proxy = caller(rt, listener);
        match self {
            Self::Socks5 => {
                hear(rt, &mut proxy, GREETING);
                proxy.write_all(b"\x05\xff").unwrap();
                let mut again = caller(rt, listener);
                hear(rt, &mut again, b"\x05\x01\x02");
                again.write_all(b"\x05\x02").unwrap();
                hear(rt, &mut again, b"\x01\x03ann\x02pw");
                again.write_all(b"\x01\x00").unwrap();
                hear(rt, &mut again, REQUEST);
                again.write_all(SUCCESS).unwrap();
                again
            }
            Self::Http => {
                proved(rt, &mut proxy, None);
                say(&mut proxy, format!("{BASIC}Content-Length: 0\r\n\r\n"));
                proved(rt, &mut proxy, Some(ANN));
                say(&mut proxy, "HTTP/1.1 200 OK\r\n\r\n");
                proxy
            }
        }
    }
}

/// A socket that calls `example.invalid` through a proxy.
struct Call {
    rt: Runtime,
    socket: Obj<QSslSocket>,
    told: Journal,
    kind: Kind,
    listener: Listener,
    authority: Authority,
}

impl Call {
    fn new(net: &Net, kind: Kind) -> Self {
        let authority = Authority::named("authority");
        let mut rt = net.runtime();
        let (listener, port) = net.listener();
        let mut socket = QSslSocket::new();
        socket.set_ssl_configuration(authority.trusted());
        socket.set_proxy(kind.at(port));
        let socket = rt.add(socket);
        let told = all_signals_of(&mut rt, socket);
        let asked = told.clone();
        rt.connect_fn(socket, QSslSocket::proxy_authentication_required, move |world, asks| {
            assert_eq!(world[socket].mode(), SslMode::Unencrypted);
            asked.note("asked");
            asks.authenticator.set_user("ann");
            asks.authenticator.set_password("pw");
        });
        Self { rt, socket, told, kind, listener, authority }
    }

    fn connect(&mut self) {
        self.rt[self.socket].connect_to_host_encrypted(NAME, 80);
    }

    /// The other end of a connection that the proxy has let through.
    #[track_caller]
    fn let_through(&mut self) -> Peer {
        let mut proxy = caller(&mut self.rt, &self.listener);
        self.kind.let_through(&mut self.rt, &mut proxy, b"");
        proxy
    }

    /// Runs the loop until both ends are encrypted.
    #[track_caller]
    fn until_encrypted(&mut self, server: &mut ByHand) {
        let socket = self.socket;
        server.until(&mut self.rt, |world, server| {
            world[socket].is_encrypted() && !server.tls.is_handshaking()
        });
        settle(&mut self.rt);
    }

    /// Takes what the socket has told, without the tickets, of which some may still be under way.
    fn told(&self) -> Vec<String> {
        let mut told = self.told.take();
        told.retain(|entry| entry != "ticket");
        told
    }

    /// Connects once more, to a peer that proves who it is.
    #[track_caller]
    fn works_again(mut self) {
        self.told.take();
        self.connect();
        let mut server = ByHand::server_named(self.let_through(), &self.authority, NAME);
        self.until_encrypted(&mut server);
        assert_eq!(self.told(), ENCRYPTED);
        assert_eq!(self.rt[self.socket].error(), None);
    }
}

fn name_that_was_asked_for(server: &ByHand) -> Option<&str> {
    match &server.tls {
        rustls::Connection::Server(tls) => tls.server_name(),
        rustls::Connection::Client(_) => None,
    }
}

#[on_every_network]
fn the_name_goes_to_the_proxy_and_the_certificate_is_the_peers(net: &Net) {
    for kind in KINDS {
        let mut call = Call::new(net, kind);
        let socket = call.socket;
        call.connect();
        call.rt[socket].write_all(b"secret").unwrap();
        let mut server = ByHand::server_named(call.let_through(), &call.authority, NAME);
        call.until_encrypted(&mut server);
        server.until(&mut call.rt, |_, server| server.heard == b"secret");
        assert_eq!(name_that_was_asked_for(&server), Some(NAME));
        server.encrypt(b"answer");
        server.tls.send_close_notify();
        server.until(&mut call.rt, |world, _| world[socket].state() == SocketState::Unconnected);
        assert_eq!(call.rt[socket].read_all(), b"answer");
        let mut told = call.told();
        told.retain(|entry| entry != "ready_read");
        let ending = [
            "bytes_written 6",
            "alert_received Warning CloseNotify",
            "alert_sent Warning CloseNotify",
            "RemoteHostClosed while Connected",
        ];
        assert_eq!(told, [&ENCRYPTED[..], &ending, &ENDING].concat(), "{kind:?}");
        call.works_again();
    }
}

/// The proxy is at 127.0.0.1, and so is the peer.
#[on_every_network]
fn nobody_proves_to_be_the_peer_by_the_name_of_the_proxy(net: &Net) {
    for kind in KINDS {
        for name in ["127.0.0.1", "localhost"] {
            let mut call = Call::new(net, kind);
            let socket = call.socket;
            call.connect();
            let mut server = ByHand::server_named(call.let_through(), &call.authority, name);
            server.until(&mut call.rt, |world, server| {
                server.failure.is_some() && world[socket].state() == SocketState::Unconnected
            });
            settle(&mut call.rt);
            let refused = [
                "peer_verify_error HostNameMismatch",
                "alert_sent Fatal BadCertificate",
                "SslHandshakeFailed while Connected",
            ];
            assert_eq!(call.told(), [&ENCRYPTED[..5], &refused, &ENDING].concat(), "{kind:?}");
            let errors = call.rt[socket].ssl_handshake_errors();
            assert_eq!(errors[0].kind(), SslErrorKind::HostNameMismatch);
            call.works_again();
        }
    }
}

#[on_every_network]
fn a_proxy_that_asks_for_a_password_is_answered_before_anything_is_encrypted(net: &Net) {
    for kind in KINDS {
        let mut call = Call::new(net, kind);
        call.connect();
        let peer = call.kind.let_ann_through(&mut call.rt, &call.listener);
        let mut server = ByHand::server_named(peer, &call.authority, NAME);
        call.until_encrypted(&mut server);
        assert_eq!(call.told(), [&ENCRYPTED[..2], &["asked"], &ENCRYPTED[2..]].concat());
        assert_eq!(name_that_was_asked_for(&server), Some(NAME));
    }
}

/// The connection to the peer exists then, so this is no error of the proxy.
#[on_every_network]
fn a_proxy_that_ends_in_the_middle_of_the_handshake_is_one_error(net: &Net) {
    for kind in KINDS {
        let mut flight = 1;
        let mut cut = 0;
        while cut < flight {
            let mut call = Call::new(net, kind);
            call.connect();
            let mut server = ByHand::server_named(call.let_through(), &call.authority, NAME);
            server.until_it_would_speak(&mut call.rt);
            flight = server.unsent.len();
            assert_eq!(server.peer.write_now(&server.unsent[..cut]).unwrap(), cut);
            drop(server);
            let told = call.told.clone();
            wait_until(&mut call.rt, |_| told.has("disconnected"));
            settle(&mut call.rt);
            let closed = ["RemoteHostClosed while Connected"];
            assert_eq!(call.told(), [&ENCRYPTED[..5], &closed, &ENDING].concat(), "{kind:?} {cut}");
            let reason = call.rt[call.socket].error_string();
            assert!(reason.contains("during the TLS handshake"), "{reason}");
            call.works_again();
            cut += 150;
        }
    }
}

#[on_every_network]
fn a_proxy_that_refuses_is_an_error_of_the_connection(net: &Net) {
    for kind in KINDS {
        let mut call = Call::new(net, kind);
        call.connect();
        let mut proxy = caller(&mut call.rt, &call.listener);
        match kind {
            Kind::Socks5 => {
                reply_with(&mut call.rt, &mut proxy, REQUEST, b"\x05\x02\x00\x01\0\0\0\0\0\0");
            }
            Kind::Http => {
                request(&mut call.rt, &mut proxy);
                say(&mut proxy, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
            }
        }
        let socket = call.socket;
        wait_until(&mut call.rt, |world| world[socket].state() == SocketState::Unconnected);
        settle(&mut call.rt);
        let error = call.rt[socket].error().unwrap();
        let expected = match kind {
            Kind::Socks5 => SocketError::HostNotFound,
            Kind::Http => SocketError::SocketAccess,
        };
        assert_eq!(error, expected);
        assert_eq!(call.rt[socket].mode(), SslMode::Unencrypted);
        assert_eq!(call.told(), [&FAILED[..], &[&format!("{error:?} while Unconnected")]].concat());
        call.works_again();
    }
}

/// What the proxy has said belongs to it, and the rest to the peer, who is the one that was called.
#[on_every_network]
fn a_plain_conversation_through_a_proxy_becomes_an_encrypted_one(net: &Net) {
    for kind in KINDS {
        for name in [NAME, "localhost"] {
            let mut call = Call::new(net, kind);
            let socket = call.socket;
            call.rt[socket].connect_to_host(NAME, 80);
            let mut peer = caller(&mut call.rt, &call.listener);
            kind.let_through(&mut call.rt, &mut peer, b"220 ready\n");
            wait_until(&mut call.rt, |world| world[socket].bytes_available() == 10);
            assert_eq!(call.rt[socket].read_line_string().as_deref(), Some("220 ready"));
            call.rt[socket].write_all(b"STARTTLS\n").unwrap();
            hear(&mut call.rt, &mut peer, b"STARTTLS\n");
            peer.write_all(b"220 go ahead\n").unwrap();
            wait_until(&mut call.rt, |world| world[socket].bytes_available() == 13);
            call.rt[socket].skip(13);
            call.rt[socket].start_client_encryption();
            call.rt[socket].write_all(b"secret").unwrap();
            let mut server = ByHand::server_named(peer, &call.authority, name);
            match name {
                NAME => server.until(&mut call.rt, |_, server| server.heard == b"secret"),
                _ => server.until(&mut call.rt, |world, server| {
                    server.failure.is_some() && world[socket].state() == SocketState::Unconnected
                }),
            }
            assert_eq!(name_that_was_asked_for(&server), Some(NAME));
            let told = call.told();
            assert_eq!(told.contains(&"encrypted".to_owned()), name == NAME, "{told:?}");
            assert!(name == NAME || server.heard.is_empty());
        }
    }
}

/// A server that a proxy listens for, and what it tells.
fn listening(net: &Net, configuration: SslConfiguration) -> (Runtime, Obj<QSslServer>, Peer) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let mut server = QSslServer::new();
    server.set_ssl_configuration(configuration);
    server.set_proxy(NetworkProxy::socks5("127.0.0.1", port));
    let server = rt.add(server);
    rt[server].listen_on(BindAddress::Any, 0).unwrap();
    let mut proxy = caller(&mut rt, &listener);
    let bind = b"\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00";
    reply_with(&mut rt, &mut proxy, bind, b"\x05\x00\x00\x01\x0a\x09\x08\x07\x1e\x61");
    wait_until(&mut rt, |world| world[server].is_listening());
    (rt, server, proxy)
}

/// The proxy's second reply: 10.1.2.3 has connected, from port 4000.
const COMES: &[u8] = b"\x05\x00\x00\x01\x0a\x01\x02\x03\x0f\xa0";

#[on_every_network]
fn a_server_behind_a_proxy_encrypts_the_connection_for_which_that_listens(net: &Net) {
    let authority = Authority::named("authority");
    let (mut rt, server, mut proxy) = listening(net, authority.proves("localhost"));
    let told = Journal::new();
    let note = told.clone();
    rt.connect_fn(server, QSslServer::started_encryption_handshake, move |_, _| {
        note.note("started");
    });
    let note = told.clone();
    rt.connect_fn(server, QSslServer::new_connection, move |_, ()| note.note("new"));
    proxy.write_all(COMES).unwrap();
    let mut client = ByHand::client(proxy, &authority);
    client.until(&mut rt, |world, _| world[server].has_pending_connections());
    assert_eq!(told.take(), ["started", "new"]);
    let end = rt[server].next_pending_ssl_connection().unwrap();
    assert!(rt[end].is_encrypted() && !rt[server].is_listening());
    assert_eq!(rt[end].peer_addr(), Some(([10, 1, 2, 3], 4000).into()));
    client.encrypt(b"question");
    client.until(&mut rt, |world, _| world[end].bytes_available() == 8);
    assert_eq!(rt[end].read_all(), b"question");
    rt[end].write_all(b"answer").unwrap();
    client.until(&mut rt, |_, client| client.heard == b"answer");
}

#[on_every_network]
fn a_proxy_that_ends_in_the_handshake_of_a_server_is_one_error(net: &Net) {
    let authority = Authority::named("authority");
    let (mut rt, server, mut proxy) = listening(net, authority.proves("localhost"));
    let errors = rt.spy(server, QSslServer::error_occurred);
    proxy.write_all(COMES).unwrap();
    let mut client = ByHand::client(proxy, &authority);
    client.take_said();
    client.unsent.truncate(50);
    client.send();
    drop(client);
    wait_until(&mut rt, |_| errors.len() == 1);
    settle(&mut rt);
    assert_eq!(errors.take()[0].1, SocketError::RemoteHostClosed);
    assert_eq!((rt[server].handshakes(), rt.children(server).count()), (0, 0));
    assert!(!rt[server].has_pending_connections());
}

#[on_every_network]
fn a_server_does_not_listen_at_a_proxy_that_cannot(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let server = rt.add(QSslServer::new());
    rt[server].set_ssl_configuration(Authority::named("authority").proves("localhost"));
    rt[server].set_proxy(NetworkProxy::http("127.0.0.1", port));
    let refused = rt[server].listen(any_port()).unwrap_err();
    assert_eq!(refused.kind(), SocketError::UnsupportedSocketOperation);
    settle(&mut rt);
    assert!(!rt[server].is_listening() && listener.accept_now().is_none());
}
