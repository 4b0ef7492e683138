//! What Qt's own tests of QSslSocket expect, and no other module has.

use std::io::Write;

use slotwire::prelude::*;
use slotwire::{
    NetworkProxy, OpenMode, QSslSocket, SslCipher, SslConfiguration, SslErrorKind, SslMode,
    SslProtocol,
};

use crate::by_hand::{ByHand, Client};
use crate::parties::{Authority, Pair, contents};
use support::*;

#[on_every_network]
fn a_new_socket_has_nothing_of_a_session(net: &Net) {
    let mut rt = net.runtime();
    let socket = rt.add(QSslSocket::new());
    let socket = &rt[socket];
    assert_eq!(socket.state(), SocketState::Unconnected);
    assert_eq!((socket.mode(), socket.is_encrypted()), (SslMode::Unencrypted, false));
    assert_eq!((socket.bytes_available(), socket.bytes_to_write()), (0, 0));
    assert_eq!((socket.encrypted_bytes_available(), socket.encrypted_bytes_to_write()), (0, 0));
    assert_eq!(*socket.ssl_configuration(), SslConfiguration::new());
    assert_eq!(socket.protocol(), SslProtocol::SecureProtocols);
    assert_eq!((socket.session_cipher(), socket.session_protocol()), (None, None));
    assert_eq!((socket.peer_certificate(), socket.local_certificate()), (None, None));
    assert_eq!((socket.peer_verify_depth(), socket.peer_verify_name()), (0, ""));
    assert_eq!((socket.error(), socket.open_mode()), (None, OpenMode::NOT_OPEN));
    assert!(!socket.is_session_resumed() && socket.next_negotiated_protocol().is_none());
}

#[on_every_network]
fn a_socket_that_begins_to_connect_is_not_in_a_mode_yet(net: &Net) {
    let mut pair = Pair::trusting(net);
    pair.connect();
    assert_eq!(pair.rt[pair.client].mode(), SslMode::Unencrypted);
    assert_eq!(pair.rt[pair.client].peer_certificate(), None);
    let pair = pair.connected();
    assert_eq!(pair.rt[pair.client].mode(), SslMode::Client);
    assert_eq!(pair.rt[pair.end()].mode(), SslMode::Server);
}

#[on_every_network]
fn ends_speak_the_newest_version_that_both_allow(net: &Net) {
    use SslProtocol::{SecureProtocols, TlsV1_2, TlsV1_3};
    let authority = Authority::new();
    for ours in [SecureProtocols, TlsV1_2, TlsV1_3] {
        for theirs in [SecureProtocols, TlsV1_2, TlsV1_3] {
            let expected = match (ours, theirs) {
                (SecureProtocols, SecureProtocols) => TlsV1_3,
                (SecureProtocols, one) | (one, SecureProtocols) => one,
                (one, other) if one == other => one,
                // `disagreements.rs` has the signals.
                _ => continue,
            };
            let client = authority.trusted().with_protocol(ours).unwrap();
            let server = authority.proves("localhost").with_protocol(theirs).unwrap();
            let pair = Pair::new(net, client, server).connected();
            for end in [pair.client, pair.end()] {
                let end = &pair.rt[end];
                assert_eq!(end.session_protocol(), Some(expected), "{ours} and {theirs}");
                assert_eq!(end.session_cipher().map(SslCipher::protocol), Some(expected));
            }
        }
    }
}

/// The program that names the ciphers of a server decides. Otherwise the client does.
#[on_every_network]
fn the_order_of_the_ciphers_of_a_server_counts_if_it_is_given(net: &Net) {
    let authority = Authority::new();
    for names in [
        ["TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"],
        [
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        ],
    ] {
        let ciphers = names.map(|name| SslCipher::from_name(name).unwrap());
        for theirs in [None, Some(ciphers), Some([ciphers[1], ciphers[0]])] {
            let client = authority.trusted().with_ciphers(ciphers).unwrap();
            let plain = authority.proves("localhost");
            let server = theirs.map_or(plain.clone(), |theirs| plain.with_ciphers(theirs).unwrap());
            let pair = Pair::new(net, client, server).connected();
            let expected = theirs.map_or(ciphers[0], |theirs| theirs[0]);
            assert_eq!(pair.rt[pair.client].session_cipher(), Some(&expected));
            assert_eq!(pair.rt[pair.end()].session_cipher(), Some(&expected));
        }
    }
}

/// The server's order counts.
#[on_every_network]
fn a_protocol_of_the_application_is_chosen_by_the_server(net: &Net) {
    let authority = Authority::new();
    let none: [&str; 0] = [];
    for (ours, theirs, common) in [
        (&["http/1.1", "h2"][..], &["h2", "http/1.1"][..], Some(&b"h2"[..])),
        (&["h2", "http/1.1"], &["imap", "http/1.1"], Some(b"http/1.1")),
        (&["h2"], &none, None),
        (&none, &["h2"], None),
    ] {
        let client = authority.trusted().with_allowed_next_protocols(ours.to_vec()).unwrap();
        let server = authority.proves("localhost");
        let server = server.with_allowed_next_protocols(theirs.to_vec()).unwrap();
        let pair = Pair::new(net, client, server).connected();
        for end in [pair.client, pair.end()] {
            assert_eq!(pair.rt[end].next_negotiated_protocol(), common, "{ours:?} {theirs:?}");
        }
    }
}

/// RFC 9525, section 6.3: an asterisk is a whole label, the first one, and only that.
#[on_every_network]
fn a_name_is_proved_as_the_rules_of_names_say(net: &Net) {
    let authority = Authority::new();
    for (proved, wanted, is_proved) in [
        ("www.example.org", "WWW.Example.ORG", true),
        ("www.example.org", "www.example.org.", true),
        ("www.example.org", "example.org", false),
        ("*.example.org", "www.example.org", true),
        ("*.example.org", "WWW.EXAMPLE.ORG", true),
        ("*.example.org", "example.org", false),
        ("*.example.org", "a.www.example.org", false),
        ("*.example.org", "www.example.com", false),
        ("w*.example.org", "www.example.org", false),
        ("www.*.org", "www.example.org", false),
        ("*", "localhost", false),
        ("xn--bcher-kva.example", "bücher.example", true),
        ("127.0.0.1", "127.0.0.1", true),
        ("*.0.0.1", "127.0.0.1", false),
    ] {
        let server = authority.proves_by(contents(proved), &[]);
        let mut pair = Pair::new(net, authority.trusted(), server);
        let client = pair.client;
        pair.rt[client].set_peer_verify_name(wanted);
        pair.connect();
        pair.until(|world| {
            world[client].is_encrypted() || world[client].state() == SocketState::Unconnected
        });
        assert_eq!(pair.rt[client].is_encrypted(), is_proved, "{proved} for {wanted}");
        if !is_proved {
            let errors = pair.rt[client].ssl_handshake_errors();
            let kinds: Vec<_> = errors.iter().map(|error| error.kind()).collect();
            assert_eq!(kinds, [SslErrorKind::HostNameMismatch], "{proved} for {wanted}");
        }
    }
}

#[on_every_network]
fn a_server_may_be_the_first_to_say_something(net: &Net) {
    let mut pair = Pair::trusting(net);
    pair.connect();
    let server = pair.server;
    pair.until(|world| !world[server].callers.is_empty());
    let end = pair.end();
    pair.rt.connect_fn(end, QSslSocket::encrypted, move |world, ()| {
        world[end].write_all(b"220 welcome\r\n").unwrap();
    });
    let client = pair.client;
    pair.until(|world| world[client].bytes_available() == 13);
    assert_eq!(pair.rt[client].read_all(), b"220 welcome\r\n");
}

#[on_every_network]
fn a_session_is_resumed_by_a_ticket_and_shows_the_same_certificate(net: &Net) {
    for version in [SslProtocol::TlsV1_2, SslProtocol::TlsV1_3] {
        let authority = Authority::new();
        let client = authority.trusted().with_protocol(version).unwrap();
        let mut pair = Pair::new(net, client, authority.proves("localhost"));
        let client = pair.client;
        let tickets = pair.rt.spy(client, QSslSocket::new_session_ticket_received);
        for is_resumed in [false, true, true] {
            pair = pair.connected();
            if version == SslProtocol::TlsV1_3 {
                pair.until(|_| !tickets.is_empty());
            }
            settle(&mut pair.rt);
            let certificate = pair.rt[client].ssl_configuration().ca_certificates();
            assert_eq!(pair.rt[client].is_session_resumed(), is_resumed, "{version}");
            assert_eq!(pair.rt[pair.end()].is_session_resumed(), is_resumed, "{version}");
            let shown = pair.rt[client].peer_certificate().unwrap();
            assert!(certificate[0].subject_name() == shown.issuer_name());
            pair.rt[client].disconnect_from_host();
            let end = pair.end();
            pair.until(|world| {
                world[client].state() == SocketState::Unconnected
                    && world[end].state() == SocketState::Unconnected
            });
            tickets.take();
        }
    }
}

#[on_every_network]
fn a_proxy_that_was_wrong_is_forgotten_with_its_error(net: &Net) {
    let mut pair = Pair::trusting(net);
    let client = pair.client;
    for _ in 0..2 {
        pair.rt[client].set_proxy(NetworkProxy::socks5("127.0.0.1", net.closed_port()));
        pair.connect();
        pair.until(|world| world[client].state() == SocketState::Unconnected);
        assert_eq!(pair.rt[client].error(), Some(SocketError::ProxyConnectionRefused));
        pair.rt[client].set_proxy(NetworkProxy::none());
        pair = pair.connected();
        assert_eq!(pair.rt[client].error(), None);
        pair.rt[client].abort();
    }
}

#[on_every_network]
fn a_socket_that_is_closed_has_nothing_to_read_or_to_write(net: &Net) {
    let mut pair = Pair::trusting(net).connected();
    let (client, end) = (pair.client, pair.end());
    pair.rt[end].write_all(b"unread").unwrap();
    pair.until(|world| world[client].bytes_available() == 6);
    pair.rt[client].close();
    pair.rt.deliver();
    let socket = &mut pair.rt[client];
    assert_eq!((socket.bytes_available(), socket.bytes_to_write()), (0, 0));
    assert_eq!((socket.read_all(), socket.encrypted_bytes_available()), (Vec::new(), 0));
    pair.until(|world| world[end].state() == SocketState::Unconnected);
    assert_eq!(pair.rt[end].error(), Some(SocketError::RemoteHostClosed));
}

#[on_every_network]
fn a_socket_without_a_connection_cannot_begin(net: &Net) {
    let mut rt = net.runtime();
    let mut socket = QSslSocket::new();
    socket.set_ssl_configuration(Authority::new().proves("localhost"));
    let socket = rt.add(socket);
    for begin in [QSslSocket::start_client_encryption, QSslSocket::start_server_encryption] {
        let errors = rt.spy(socket, QSslSocket::error_occurred);
        begin(&mut rt[socket]);
        settle(&mut rt);
        assert_eq!(errors.take(), [SocketError::Operation]);
        assert_eq!(rt[socket].mode(), SslMode::Unencrypted);
        assert_eq!(rt[socket].state(), SocketState::Unconnected);
    }
}

/// Looking at bytes takes none, in the plain part of a conversation and in the encrypted one, where
/// they come in several records.
#[on_every_network]
fn what_is_looked_at_can_be_read_afterwards(net: &Net) {
    for mode in [OpenMode::READ_WRITE, OpenMode::READ_WRITE | OpenMode::UNBUFFERED] {
        let mut client = Client::new(net);
        let (socket, port) = (client.socket, client.port);
        let any = slotwire::NetworkLayerProtocol::Any;
        client.rt[socket].connect_to_host_with("127.0.0.1", port, mode, any);
        let mut peer = caller(&mut client.rt, &client.listener);
        peer.write_all(b"plain").unwrap();
        wait_until(&mut client.rt, |world| world[socket].bytes_available() == 5);
        for count in [1, 5, 100] {
            assert_eq!(client.rt[socket].peek(count), &b"plain"[..count.min(5)]);
        }
        assert_eq!(client.rt[socket].read_all(), b"plain");

        client.rt[socket].start_client_encryption();
        let mut server = ByHand::server(peer, &client.authority);
        server.until(&mut client.rt, |world, server| {
            world[socket].is_encrypted() && !server.tls.is_handshaking()
        });
        let much = noise(40_000);
        server.encrypt(&much);
        if mode.contains(OpenMode::UNBUFFERED) {
            // It looks at what is decrypted: at least at a record.
            server.until(&mut client.rt, |world, server| {
                server.unsent.is_empty() && world[socket].bytes_available() > 0
            });
            let seen = client.rt[socket].peek(50_000);
            assert!(!seen.is_empty() && much.starts_with(seen));
        } else {
            server.until(&mut client.rt, |world, _| world[socket].bytes_available() == 40_000);
            assert!(client.rt[socket].peek(50_000) == much);
        }
        client.rt[socket].start_transaction();
        assert!(client.rt[socket].read_bytes(10_000) == much[..10_000]);
        client.rt[socket].rollback_transaction();
        let mut read = Vec::new();
        while read.len() < much.len() {
            let before = read.len();
            let seen = client.rt[socket].peek(7_000).to_vec();
            read.extend(client.rt[socket].read_bytes(7_000));
            assert!(read[before..].starts_with(&seen) && read.len() > before);
        }
        assert!(read == much);
    }
}

/// The two bytes of the end of a line come in records of their own.
#[on_every_network]
fn text_mode_reads_what_is_decrypted(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    let mut server = client.connected();
    client.rt[socket].set_text_mode_enabled(true);
    for record in [&b"one\r"[..], b"\ntwo\r", b"\n"] {
        server.encrypt(record);
    }
    server.until(&mut client.rt, |world, _| world[socket].bytes_available() == 10);
    assert_eq!(client.rt[socket].peek(5), b"one\nt");
    assert_eq!(client.rt[socket].read_line_string().as_deref(), Some("one"));
    assert_eq!(client.rt[socket].read_all(), b"two\n");
    client.rt[socket].write_all(b"a\nb\r\n").unwrap();
    server.until(&mut client.rt, |_, server| server.heard == b"a\nb\r\n");
}

#[on_every_network]
fn what_is_written_before_a_disconnection_while_the_socket_connects_is_sent(net: &Net) {
    let mut pair = Pair::trusting(net);
    let client = pair.client;
    pair.connect();
    pair.rt[client].write_all(b"last words").unwrap();
    pair.rt[client].disconnect_from_host();
    pair.until(|world| world[client].state() == SocketState::Unconnected);
    let end = pair.end();
    pair.until(|world| world[end].state() == SocketState::Unconnected);
    assert_eq!(pair.rt[end].read_all(), b"last words");
    assert_eq!(pair.rt[client].bytes_to_write(), 0);
    assert_eq!((pair.rt[client].error(), pair.journal.count("encrypted")), (None, 1));
}

/// A slot may end the socket in the middle of what is told of a certificate.
#[on_every_network]
fn a_socket_may_end_in_each_slot_that_hears_of_errors(net: &Net) {
    type End = fn(&mut World, Obj<QSslSocket>);
    let ends: [End; 4] = [
        |world, socket| world[socket].abort(),
        |world, socket| world[socket].disconnect_from_host(),
        |world, socket| world[socket].close(),
        |world, socket| assert!(world.destroy(socket)),
    ];
    for (number, end) in ends.into_iter().enumerate() {
        for slot in 0..4 {
            let authority = Authority::named("another");
            let client = authority.trusted().with_handshake_must_interrupt_on_error(slot == 2);
            let mut pair = Pair::new(net, client, Authority::new().proves("localhost"));
            let client = pair.client;
            let calls = Journal::new();
            let noted = calls.clone();
            let act = move |world: &mut World| {
                noted.note("called");
                if world.contains(client) {
                    end(world, client);
                }
            };
            let rt = &mut pair.rt;
            drop(match slot {
                0 => rt.connect_fn(client, QSslSocket::peer_verify_error, move |w, _| act(w)),
                1 => rt.connect_fn(client, QSslSocket::ssl_errors, move |w, _| act(w)),
                2 => {
                    let interrupted = QSslSocket::handshake_interrupted_on_error;
                    rt.connect_fn(client, interrupted, move |w, _| act(w))
                }
                _ => rt.connect_fn(client, QSslSocket::error_occurred, move |w, _| act(w)),
            });
            pair.connect();
            let server = pair.server;
            pair.until(|world| {
                let is_over =
                    |&end: &Obj<QSslSocket>| world[end].state() == SocketState::Unconnected;
                world[server].callers.first().is_some_and(is_over)
            });
            settle(&mut pair.rt);
            // There are two errors, and nobody hears of the second one after the end.
            assert_eq!(calls.len(), 1, "slot {slot}, end {number}");
            let noted = pair.journal.take();
            let errors = noted.iter().filter(|entry| entry.contains("while")).count();
            assert_eq!(errors, usize::from(slot == 3), "{slot} {number}: {noted:?}");
            assert!(!noted.contains(&"encrypted".to_owned()));
            assert!(noted.iter().filter(|entry| *entry == "disconnected").count() <= 1);
            if let Some(socket) = pair.rt.get(client) {
                assert_eq!(socket.state(), SocketState::Unconnected, "slot {slot}");
                assert_eq!(socket.mode(), SslMode::Unencrypted);
            }
        }
    }
}
