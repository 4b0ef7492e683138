//! Sockets of other kinds: in a class of their own, in two runtimes, taken over, blocking, unbuffered.

use std::io::{Read, Write};
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{OpenMode, QSslSocket, SslMode};

use crate::by_hand::{ByHand, Client};
use crate::parties::{Authority, Pair, Server, listen};
use support::*;

/// A class that is an encrypted socket.
#[derive(QObject)]
struct Session {
    #[qobject(base)]
    socket: QSslSocket,
    greetings: usize,
}

#[slots]
impl Session {
    #[slot(self.socket.encrypted)]
    fn greet(&mut self) {
        self.greetings += 1;
        self.socket.write_all(b"hello").unwrap();
    }
}

#[on_every_network]
fn a_class_of_its_own_is_an_encrypted_socket(net: &Net) {
    let authority = Authority::new();
    let mut rt = net.runtime();
    let server = rt.add(Server::new(authority.proves("localhost")));
    let port = listen(&mut rt, server);
    let mut socket = QSslSocket::new();
    socket.set_ssl_configuration(authority.trusted());
    socket.set_peer_verify_name("localhost");
    let session = rt.add(Session { socket, greetings: 0 });
    rt[session].socket.connect_to_host_encrypted("127.0.0.1", port);
    wait_until(&mut rt, |world| {
        world[server].callers.first().is_some_and(|&end| world[end].bytes_available() == 5)
    });
    assert_eq!(rt[session].greetings, 1);
    assert!(rt[session].socket.is_encrypted());
}

#[on_every_network]
fn two_runtimes_share_a_configuration(net: &Net) {
    let authority = Authority::new();
    let (ours, theirs) = (authority.trusted(), authority.proves("localhost"));
    let mut pairs = [
        Pair::new(net, ours.clone(), theirs.clone()),
        Pair::new(net, ours.clone(), theirs.clone()),
    ];
    for _ in 0..2 {
        pairs = pairs.map(Pair::connected);
        for pair in &mut pairs {
            let client = pair.client;
            assert!(!pair.rt[client].ssl_handshake_errors().iter().any(|_| true));
            pair.rt[client].abort();
        }
    }
}

#[on_every_network]
fn an_unbuffered_connection_is_cut_and_closed_like_any_other(net: &Net) {
    for is_orderly in [true, false] {
        let mut client = Client::new(net);
        let (socket, port) = (client.socket, client.port);
        let mode = OpenMode::READ_WRITE | OpenMode::UNBUFFERED;
        let any = slotwire::NetworkLayerProtocol::Any;
        client.rt[socket].connect_to_host_encrypted_with("127.0.0.1", port, mode, any);
        let mut server = client.server();
        server.until(&mut client.rt, |world, server| {
            world[socket].is_encrypted() && !server.tls.is_handshaking()
        });
        server.encrypt(b"last");
        if is_orderly {
            server.tls.send_close_notify();
            server.take_said();
        }
        server.send();
        let journal = client.journal.clone();
        drop(server);
        wait_until(&mut client.rt, |_| journal.has("ready_read"));
        let mut last = Vec::new();
        let mut buffer = [0; 3];
        for _ in 0..DEADLINE.as_millis() {
            match client.rt[socket].read(&mut buffer) {
                Ok(count) => last.extend_from_slice(&buffer[..count]),
                Err(_) => drop(client.rt.process_events(Some(Duration::from_millis(1))).unwrap()),
            }
            if client.rt[socket].state() == SocketState::Unconnected {
                break;
            }
        }
        settle(&mut client.rt);
        assert_eq!(last, b"last");
        let expected =
            if is_orderly { SocketError::RemoteHostClosed } else { SocketError::Network };
        assert_eq!(client.rt[socket].error(), Some(expected));
        let noted = journal.take();
        assert_eq!(noted.iter().filter(|entry| entry.contains("while")).count(), 1, "{noted:?}");
    }
}

#[on_every_network]
fn a_connection_that_begins_in_any_slot_is_encrypted(net: &Net) {
    for slot in 0..3 {
        let mut client = Client::new(net);
        let (socket, port) = (client.socket, client.port);
        let mut is_first = true;
        let again = move |world: &mut World| {
            if std::mem::take(&mut is_first) {
                world[socket].abort();
                world[socket].connect_to_host_encrypted("127.0.0.1", port);
            }
        };
        let mut again = again;
        match slot {
            0 => client.rt.connect_fn(socket, QSslSocket::encrypted, move |world, _| again(world)),
            1 => {
                client.rt.connect_fn(socket, QSslSocket::mode_changed, move |world, _| again(world))
            }
            _ => client.rt.connect_fn(socket, QSslSocket::connected, move |world, _| again(world)),
        };
        client.connect();
        let mut first = client.server();
        first.until(&mut client.rt, |_, first| first.has_ended);
        let mut second = client.server();
        second.until(&mut client.rt, |world, second| {
            world[socket].is_encrypted() && !second.tls.is_handshaking()
        });
        settle(&mut client.rt);
        let noted = client.journal.take();
        let last = noted.iter().rposition(|entry| entry == "encrypted").unwrap();
        assert_eq!(noted[last - 1], "mode_changed Client", "{noted:?}");
        assert!(!noted.iter().any(|entry| entry.contains("while")), "{noted:?}");
    }
}

#[on_every_network]
fn a_blocking_view_waits_for_the_handshake(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    let server = client.connected();
    let mut server = server;
    server.encrypt(b"line\n");
    server.send();
    let mut line = [0; 5];
    client.rt.blocking(socket).read_exact(&mut line).unwrap();
    assert_eq!(&line, b"line\n");
    client.rt.blocking(socket).write_all(b"answer").unwrap();
    client.rt.blocking(socket).flush().unwrap();
    server.until(&mut client.rt, |_, server| server.heard == b"answer");
    assert_eq!(client.rt[socket].mode(), SslMode::Client);
}

/// Only the kernel's sockets have descriptors.
#[test]
fn a_descriptor_that_is_taken_over_can_be_encrypted() {
    let net = Net::native();
    let authority = Authority::new();
    let (listener, port) = std_listener();
    let mut client = ByHand::client(net.dial(port), &authority);
    let (accepted, _) = listener.accept().unwrap();
    let mut rt = net.runtime();
    let mut socket = QSslSocket::new();
    socket.set_ssl_configuration(authority.proves("localhost"));
    let socket = rt.add(socket);
    let state = SocketState::Connected;
    rt[socket].set_socket_descriptor(accepted.into(), state, OpenMode::READ_WRITE).unwrap();
    rt[socket].start_server_encryption();
    client.until(&mut rt, |world, client| {
        world[socket].is_encrypted() && !client.tls.is_handshaking()
    });
}
