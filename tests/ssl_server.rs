//! `QSslServer`: encrypted connections that are accepted, on both networks.

#[allow(dead_code, reason = "the parties of the tests of `QSslSocket`")]
#[path = "ssl_socket/parties.rs"]
mod parties;

use std::io::Write;
use std::time::Duration;

use parties::Authority;
use slotwire::prelude::*;
use slotwire::{
    AlertLevel, AlertType, PeerVerifyMode, QSslServer, QSslSocket, SslConfiguration, SslErrorKind,
    SslProtocol,
};
use support::*;

/// A server that listens, and who may call it.
struct House {
    rt: Runtime,
    server: Obj<QSslServer>,
    port: u16,
    authority: Authority,
    journal: Journal,
}

impl House {
    fn in_runtime(mut rt: Runtime) -> Self {
        let authority = Authority::new();
        let server = rt.add(QSslServer::new());
        rt[server].set_ssl_configuration(authority.proves("localhost"));
        rt[server].listen(any_port()).unwrap();
        let port = rt[server].server_port().unwrap();
        let journal = Journal::new();
        let note = journal.clone();
        rt.connect_fn(server, QSslServer::started_encryption_handshake, move |_, _| {
            note.note("started");
        });
        let note = journal.clone();
        rt.connect_fn(server, QSslServer::pending_connection_available, move |_, ()| {
            note.note("pending");
        });
        let note = journal.clone();
        rt.connect_fn(server, QSslServer::new_connection, move |_, ()| note.note("new"));
        let note = journal.clone();
        rt.connect_fn(server, QSslServer::error_occurred, move |world, (socket, error)| {
            assert!(world.contains(*socket), "the socket still exists");
            note.note(format!("{error:?}"));
        });
        Self { rt, server, port, authority, journal }
    }

    fn new(net: &Net) -> Self {
        Self::in_runtime(net.runtime())
    }

    fn caller_with(&mut self, configuration: SslConfiguration) -> Obj<QSslSocket> {
        let mut socket = QSslSocket::new();
        socket.set_ssl_configuration(configuration);
        socket.set_peer_verify_name("localhost");
        let socket = self.rt.add(socket);
        self.rt[socket].connect_to_host_encrypted("127.0.0.1", self.port);
        socket
    }

    /// A client that trusts the server, and begins to connect.
    fn caller(&mut self) -> Obj<QSslSocket> {
        self.caller_with(self.authority.trusted())
    }

    #[track_caller]
    fn until(&mut self, condition: impl FnMut(&World) -> bool) {
        let happened = self.rt.run_until(DEADLINE, condition).unwrap();
        assert!(happened, "what is waited for does not happen: {:?}", self.journal.take());
    }

    #[track_caller]
    fn until_noted(&mut self, entry: &str, count: usize) {
        let journal = self.journal.clone();
        self.until(|_| journal.count(entry) == count);
    }

    /// Checks that somebody who calls now is served.
    #[track_caller]
    fn serves(&mut self) {
        let client = self.caller();
        let server = self.server;
        self.until(|world| world[server].has_pending_connections());
        let end = self.rt[server].next_pending_ssl_connection().unwrap();
        self.rt[client].write_all(b"question").unwrap();
        self.until(|world| world[end].bytes_available() == 8);
        self.rt[end].write_all(b"answer").unwrap();
        self.until(|world| world[client].bytes_available() == 6);
    }

    fn handshakes(&self) -> usize {
        self.rt[self.server].handshakes()
    }
}

#[on_every_network]
fn a_connection_is_offered_when_its_handshake_is_over(net: &Net) {
    let mut house = House::new(net);
    let (client, server) = (house.caller(), house.server);
    let journal = house.journal.clone();
    house.until(move |world| {
        assert!(journal.has("new") || !world[server].has_pending_connections());
        journal.has("new")
    });
    assert_eq!(house.journal.take(), ["started", "pending", "new"]);
    assert_eq!(house.handshakes(), 0);
    let end = house.rt[server].next_pending_ssl_connection().unwrap();
    assert!(house.rt[end].is_encrypted());
    assert_eq!(house.rt.parent(end).map(|parent| parent == server), Some(true));
    house.until(|world| world[client].is_encrypted());
    assert!(house.rt[server].next_pending_ssl_connection().is_none());
}

#[on_every_network]
fn a_connection_may_be_taken_as_one_without_tls(net: &Net) {
    let mut house = House::new(net);
    let server = house.server;
    house.caller();
    house.until_noted("new", 1);
    let first = house.rt[server].next_pending_connection().unwrap();
    assert!(house.rt.downcast::<QSslSocket>(first).is_some());
    house.caller();
    house.until_noted("new", 2);
    let second = house.rt[server].next_pending_ssl_connection().unwrap();
    assert!(first != second);
    assert!(house.rt[server].next_pending_connection().is_none());
}

#[on_every_network]
fn many_who_call_at_once_are_all_served(net: &Net) {
    let mut house = House::new(net);
    let server = house.server;
    house.rt[server].set_max_handshakes(4);
    let clients: Vec<_> = (0..40).map(|_| house.caller()).collect();
    let mut ends = Vec::new();
    while ends.len() < clients.len() {
        house.until(|world| {
            assert!(world[server].handshakes() <= 4);
            world[server].has_pending_connections()
        });
        ends.extend(house.rt[server].next_pending_ssl_connection());
    }
    house.until(|world| clients.iter().all(|&client| world[client].is_encrypted()));
    assert_eq!(house.handshakes(), 0);
}

#[on_every_network]
fn who_says_nothing_is_cut_off(net: &Net) {
    let (rt, stopwatch) = net.timed_runtime();
    let mut house = House::in_runtime(rt);
    assert_eq!(house.rt[house.server].handshake_timeout(), Duration::from_secs(5));
    let mut silent = net.dial(house.port);
    house.until_noted("SocketTimeout", 1);
    assert!((5..6).contains(&stopwatch.elapsed().as_secs()), "{:?}", stopwatch.elapsed());
    assert_eq!(house.journal.take(), ["started", "SocketTimeout"]);
    assert_eq!(read_to_end(&mut house.rt, &mut silent), b"");
    assert_eq!((house.handshakes(), house.rt.children(house.server).count()), (0, 0));
}

#[on_every_network]
fn who_says_a_byte_now_and_then_gains_no_time(net: &Net) {
    let (rt, stopwatch) = net.timed_runtime();
    let mut house = House::in_runtime(rt);
    house.rt[house.server].set_handshake_timeout(Duration::from_secs(2));
    let mut slow = net.dial(house.port);
    // The beginning of a record of 512 bytes, which never comes whole.
    slow.write_all(&[22, 3, 1, 2, 0]).unwrap();
    let timer = house.rt.add(QTimer::new());
    house.rt[timer].start_with(Duration::from_millis(500));
    let mut slow = Some(slow);
    house.rt.connect_fn(timer, QTimer::timeout, move |_, ()| {
        if let Some(peer) = &mut slow {
            // Once the server has closed, nobody takes it.
            if peer.write_now(&[1]).is_err() {
                slow = None;
            }
        }
    });
    house.until_noted("SocketTimeout", 1);
    assert!((2..3).contains(&stopwatch.elapsed().as_secs()), "{:?}", stopwatch.elapsed());
}

#[on_every_network]
fn silent_callers_make_room_for_others(net: &Net) {
    let (rt, stopwatch) = net.timed_runtime();
    let mut house = House::in_runtime(rt);
    let server = house.server;
    house.rt[server].set_max_handshakes(3);
    let silent = net.dial_many(house.port, 7);
    house.until_noted("started", 3);
    settle(&mut house.rt);
    assert_eq!((house.handshakes(), house.journal.count("started")), (3, 3));
    // The others wait in the kernel, and are behind the silent ones.
    house.serves();
    assert_eq!(house.journal.count("SocketTimeout"), 6);
    assert!((10..11).contains(&stopwatch.elapsed().as_secs()), "{:?}", stopwatch.elapsed());
    drop(silent);
}

#[on_every_network]
fn who_speaks_something_else_is_refused_and_touches_nobody(net: &Net) {
    let mut house = House::new(net);
    let client = house.caller();
    let requests: [&[u8]; 4] = [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        &[0; 64],
        &[0xff; 64],
        b"\x16\x03\x01\xff\xff",
    ];
    let mut strangers = Vec::new();
    for request in requests {
        let mut stranger = net.dial(house.port);
        stranger.write_all(request).unwrap();
        strangers.push(stranger);
    }
    house.until_noted("SslHandshakeFailed", requests.len());
    house.until_noted("new", 1);
    let server = house.server;
    let end = house.rt[server].next_pending_ssl_connection().unwrap();
    house.until(|world| world[client].is_encrypted());
    house.rt[client].write_all(b"unharmed").unwrap();
    house.until(|world| world[end].bytes_available() == 8);
    settle(&mut house.rt);
    assert_eq!((house.handshakes(), house.rt.children(server).count()), (0, 1));
    house.serves();
}

#[on_every_network]
fn who_goes_away_during_the_handshake_is_forgotten(net: &Net) {
    let mut house = House::new(net);
    let peers = net.dial_many(house.port, 5);
    house.until_noted("started", 5);
    for (number, peer) in peers.into_iter().enumerate() {
        if number % 2 == 0 { reset(peer) } else { drop(peer) }
    }
    house.until_noted("RemoteHostClosed", 5);
    settle(&mut house.rt);
    assert_eq!((house.handshakes(), house.rt.children(house.server).count()), (0, 0));
    house.serves();
}

#[on_every_network]
fn closing_ends_the_handshakes(net: &Net) {
    let mut house = House::new(net);
    let server = house.server;
    let mut silent = net.dial(house.port);
    house.until_noted("started", 1);
    house.caller();
    house.until_noted("new", 1);
    house.rt[server].close();
    assert_eq!(read_to_end(&mut house.rt, &mut silent), b"");
    settle(&mut house.rt);
    assert_eq!((house.handshakes(), house.rt.children(server).count()), (0, 0));
    assert!(house.rt[server].next_pending_ssl_connection().is_none());
    assert!(!house.journal.has("RemoteHostClosed"), "{:?}", house.journal.take());
    house.rt[server].listen(any_port()).unwrap();
    house.port = house.rt[server].server_port().unwrap();
    house.serves();
}

#[on_every_network]
fn the_end_of_the_server_ends_the_handshakes(net: &Net) {
    let mut house = House::new(net);
    let mut silent = net.dial(house.port);
    house.until_noted("started", 1);
    house.rt.destroy(house.server);
    assert_eq!(read_to_end(&mut house.rt, &mut silent), b"");
    assert!(net.try_dial(house.port).is_err());
}

#[on_every_network]
fn a_slot_that_closes_or_destroys_a_socket_makes_room(net: &Net) {
    let mut house = House::new(net);
    let server = house.server;
    house.rt[server].set_max_handshakes(1);
    let mut count = 0;
    let started = QSslServer::started_encryption_handshake;
    house.rt.connect_fn(server, started, move |world, &socket| {
        count += 1;
        match count {
            1 => world[socket].abort(),
            2 => drop(world.destroy(socket)),
            3 => world[socket].disconnect_from_host(),
            _ => {}
        }
    });
    let peers = net.dial_many(house.port, 3);
    house.serves();
    settle(&mut house.rt);
    assert_eq!((house.handshakes(), house.rt.children(server).count()), (0, 1));
    drop(peers);
}

#[on_every_network]
fn no_more_are_accepted_than_may_wait(net: &Net) {
    let mut house = House::new(net);
    let server = house.server;
    house.rt[server].set_max_pending_connections(2);
    house.rt[server].set_max_handshakes(1);
    let clients: Vec<_> = (0..5).map(|_| house.caller()).collect();
    house.until_noted("new", 2);
    settle(&mut house.rt);
    assert_eq!((house.journal.count("started"), house.handshakes()), (2, 0));
    for _ in 0..5 {
        house.until(|world| world[server].has_pending_connections());
        assert!(house.rt[server].next_pending_ssl_connection().is_some());
    }
    house.until(|world| clients.iter().all(|&client| world[client].is_encrypted()));
}

#[on_every_network]
fn a_client_has_to_prove_who_it_is(net: &Net) {
    let mut house = House::new(net);
    let server = house.server;
    let roots = [house.authority.certificate()];
    let verifying = house
        .authority
        .proves("localhost")
        .with_ca_certificates(roots)
        .unwrap()
        .with_peer_verify_mode(PeerVerifyMode::Verify);
    house.rt[server].set_ssl_configuration(verifying);
    let errors = house.rt.spy(server, QSslServer::peer_verify_error);

    // Nobody in particular.
    house.caller();
    house.until_noted("SslHandshakeFailed", 1);
    assert_eq!(errors.take()[0].1.kind(), SslErrorKind::NoPeerCertificate);

    // Somebody whom another authority knows.
    let trusted = house.authority.trusted();
    let strange = Authority::new().proves("client").with_ca_certificates(trusted.ca_certificates());
    house.caller_with(strange.unwrap());
    house.until_noted("SslHandshakeFailed", 2);
    assert!(!errors.take().is_empty());
    assert!(!house.journal.has("new"));

    let known = house.authority.proves("client").with_ca_certificates(trusted.ca_certificates());
    house.caller_with(known.unwrap());
    house.until_noted("new", 1);
    let end = house.rt[server].next_pending_ssl_connection().unwrap();
    assert!(house.rt[end].peer_certificate().is_some());
}

#[on_every_network]
fn a_slot_may_accept_a_client_that_proves_nothing(net: &Net) {
    let mut house = House::new(net);
    let server = house.server;
    let verifying =
        house.authority.proves("localhost").with_peer_verify_mode(PeerVerifyMode::Verify);
    house.rt[server].set_ssl_configuration(verifying);
    house.rt.connect_fn(server, QSslServer::ssl_errors, move |world, (socket, errors)| {
        world[*socket].ignore_ssl_errors(errors);
    });
    let client = house.caller();
    house.until_noted("new", 1);
    house.until(|world| world[client].is_encrypted());
}

#[on_every_network]
fn ends_without_a_common_protocol_part(net: &Net) {
    let mut house = House::new(net);
    let server = house.server;
    let new = house.authority.proves("localhost").with_protocol(SslProtocol::TlsV1_3).unwrap();
    house.rt[server].set_ssl_configuration(new);
    let old = house.authority.trusted().with_protocol(SslProtocol::TlsV1_2).unwrap();
    let client = house.caller_with(old);
    house.until_noted("SslHandshakeFailed", 1);
    house.until(|world| world[client].state() == SocketState::Unconnected);
    assert_eq!(house.rt[client].error(), Some(SocketError::SslHandshakeFailed));
    house.serves();
}

#[on_every_network]
fn a_server_without_a_certificate_serves_nobody(net: &Net) {
    let mut house = House::new(net);
    let server = house.server;
    house.rt[server].set_ssl_configuration(SslConfiguration::default());
    let client = house.caller();
    house.until_noted("SslInvalidUserData", 1);
    house.until(|world| world[client].state() == SocketState::Unconnected);
    assert_eq!((house.handshakes(), house.rt.children(server).count()), (0, 0));
}

#[on_every_network]
fn what_a_taken_connection_does_is_not_reported_by_the_server(net: &Net) {
    let mut house = House::new(net);
    let (client, server) = (house.caller(), house.server);
    house.until_noted("new", 1);
    let end = house.rt[server].next_pending_ssl_connection().unwrap();
    house.until(|world| world[client].is_encrypted());
    house.rt[client].disconnect_from_host();
    house.until(|world| world[end].state() == SocketState::Unconnected);
    assert_eq!(house.journal.take(), ["started", "pending", "new"]);
    assert!(house.rt.contains(end));
}

impl House {
    /// Notes also what the server tells of a handshake that is under way, each with its socket.
    fn note_doubts(&mut self) {
        let (rt, server) = (&mut self.rt, self.server);
        let is_of_handshake = move |world: &World, socket: Obj<QSslSocket>| {
            assert!(world.contains(socket) && !world[socket].is_encrypted());
            assert_eq!(world.parent(socket).map(|parent| parent == server), Some(true));
        };
        let note = self.journal.clone();
        rt.connect_fn(server, QSslServer::peer_verify_error, move |world, (socket, error)| {
            is_of_handshake(world, *socket);
            note.note(format!("peer_verify_error {:?}", error.kind()));
        });
        let note = self.journal.clone();
        rt.connect_fn(server, QSslServer::alert_sent, move |world, &(socket, level, alert)| {
            is_of_handshake(world, socket);
            note.note(format!("alert_sent {level:?} {alert:?}"));
        });
        let note = self.journal.clone();
        rt.connect_fn(server, QSslServer::alert_received, move |world, &(socket, level, alert)| {
            is_of_handshake(world, socket);
            note.note(format!("alert_received {level:?} {alert:?}"));
        });
    }

    /// Notes `ssl_errors`, which the sockets emit and wait for a decision.
    fn note_ssl_errors(&mut self) {
        let note = self.journal.clone();
        self.rt.connect_fn(self.server, QSslServer::ssl_errors, move |world, (socket, errors)| {
            assert_eq!(world[*socket].ssl_handshake_errors(), *errors);
            let kinds: Vec<_> = errors.iter().map(|error| error.kind()).collect();
            note.note(format!("ssl_errors {kinds:?}"));
        });
    }

    /// A server that demands a certificate, by this version of TLS, and interrupts a handshake if it is
    /// wrong or not.
    fn demanding(net: &Net, version: SslProtocol, interrupts: bool) -> Self {
        let mut house = Self::new(net);
        let demanding = house
            .authority
            .proves("localhost")
            .with_ca_certificates([house.authority.certificate()])
            .unwrap()
            .with_peer_verify_mode(PeerVerifyMode::Verify)
            .with_handshake_must_interrupt_on_error(interrupts)
            .with_protocol(version)
            .unwrap();
        let server = house.server;
        house.rt[server].set_ssl_configuration(demanding);
        house.note_doubts();
        house
    }

    /// A client whose certificate another authority has issued.
    fn stranger(&mut self) -> Obj<QSslSocket> {
        let roots = self.authority.trusted().ca_certificates();
        let proof = Authority::named("stranger").proves("client");
        self.caller_with(proof.with_ca_certificates(roots).unwrap())
    }
}

const VERSIONS: [SslProtocol; 2] = [SslProtocol::TlsV1_2, SslProtocol::TlsV1_3];

/// What the server tells of each error in the certificate of a stranger.
const STRANGE: [&str; 2] = [
    "peer_verify_error UnableToGetLocalIssuerCertificate",
    "peer_verify_error UnableToVerifyFirstCertificate",
];

const ALL_STRANGE: &str =
    "ssl_errors [UnableToGetLocalIssuerCertificate, UnableToVerifyFirstCertificate]";

#[on_every_network]
fn a_client_that_is_refused_at_once_gets_an_alert_of_which_the_server_tells(net: &Net) {
    for version in VERSIONS {
        let mut house = House::demanding(net, version, false);
        house.caller();
        house.until_noted("SslHandshakeFailed", 1);
        let told = ["peer_verify_error NoPeerCertificate", "alert_sent Fatal CertificateRequired"];
        assert_eq!(
            house.journal.take(),
            [&["started"], &told[..], &["SslHandshakeFailed"]].concat()
        );
        house.stranger();
        house.until_noted("SslHandshakeFailed", 1);
        let expected =
            [&["started"], &STRANGE[..], &["alert_sent Fatal UnknownCa", "SslHandshakeFailed"]];
        assert_eq!(house.journal.take(), expected.concat());
    }
}

/// Nobody decides, so that the answer is no. The handshake is over then for the TLS library, which
/// sends no alert any more.
#[on_every_network]
fn slots_of_the_server_hear_of_all_errors_of_a_client_before_it_is_refused(net: &Net) {
    for version in VERSIONS {
        let mut house = House::demanding(net, version, false);
        house.note_ssl_errors();
        house.stranger();
        house.until_noted("SslHandshakeFailed", 1);
        let expected = [&["started"], &STRANGE[..], &[ALL_STRANGE, "SslHandshakeFailed"]];
        assert_eq!(house.journal.take(), expected.concat());
        settle(&mut house.rt);
        assert_eq!((house.handshakes(), house.rt.children(house.server).count()), (0, 0));
    }
}

#[on_every_network]
fn an_interrupted_handshake_of_a_server_goes_on_only_if_a_slot_says_so(net: &Net) {
    for version in VERSIONS {
        for goes_on in [false, true] {
            let mut house = House::demanding(net, version, true);
            let server = house.server;
            house.note_ssl_errors();
            let note = house.journal.clone();
            let interrupted = QSslServer::handshake_interrupted_on_error;
            house.rt.connect_fn(server, interrupted, move |world, (socket, error)| {
                note.note(format!("interrupted {:?}", error.kind()));
                if goes_on {
                    world[*socket].continue_interrupted_handshake();
                }
            });
            house.rt.connect_fn(server, QSslServer::ssl_errors, move |world, (socket, errors)| {
                world[*socket].ignore_ssl_errors(errors);
            });
            let client = house.stranger();
            let shown = house.rt[client].local_certificate().cloned();
            house.until_noted(if goes_on { "new" } else { "SslHandshakeFailed" }, 1);
            let interrupted = "interrupted UnableToGetLocalIssuerCertificate";
            let end = match goes_on {
                true => &[interrupted, ALL_STRANGE, "pending", "new"][..],
                false => &[interrupted, "SslHandshakeFailed"],
            };
            assert_eq!(house.journal.take(), [&["started"], &STRANGE[..], end].concat());
            if goes_on {
                let end = house.rt[server].next_pending_ssl_connection().unwrap();
                assert_eq!(house.rt[end].peer_certificate(), shown.as_ref());
                assert_eq!(house.rt[end].ssl_handshake_errors().len(), STRANGE.len());
            }
        }
    }
}

#[on_every_network]
fn a_client_that_refuses_the_server_says_why(net: &Net) {
    for version in VERSIONS {
        let mut house = House::new(net);
        house.note_doubts();
        let distrusting = Authority::named("another").trusted().with_protocol(version).unwrap();
        house.caller_with(distrusting);
        house.until_noted("SslHandshakeFailed", 1);
        let told = ["started", "alert_received Fatal UnknownCa", "SslHandshakeFailed"];
        assert_eq!(house.journal.take(), told);
        house.serves();
    }
}

#[on_every_network]
fn alerts_of_a_connection_that_was_offered_are_not_the_servers(net: &Net) {
    let mut house = House::new(net);
    house.note_doubts();
    let (client, server) = (house.caller(), house.server);
    house.until_noted("new", 1);
    let end = house.rt[server].next_pending_ssl_connection().unwrap();
    let received = house.rt.spy(end, QSslSocket::alert_received);
    house.until(|world| world[client].is_encrypted());
    house.rt[client].disconnect_from_host();
    house.until(|world| world[end].state() == SocketState::Unconnected);
    assert_eq!(received.take(), [(AlertLevel::Warning, AlertType::CloseNotify)]);
    assert_eq!(house.journal.take(), ["started", "pending", "new"]);
}
