//! How encrypted connections end.

use std::io::Write;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{QSslSocket, SslMode};

use crate::by_hand::Client;
use crate::parties::Pair;
use crate::support::*;

#[on_every_network]
fn an_orderly_end_is_told_to_the_other_end(net: &Net) {
    let mut pair = Pair::trusting(net).connected();
    let (client, end) = (pair.client, pair.end());
    let errors = pair.rt.spy(end, QAbstractSocket::error_occurred);
    pair.rt[client].write_all(b"last words").unwrap();
    pair.rt[client].disconnect_from_host();
    pair.until(|world| {
        world[client].state() == SocketState::Unconnected
            && world[end].state() == SocketState::Unconnected
    });
    assert_eq!(pair.rt[end].read_all(), b"last words");
    assert_eq!(errors.take(), [SocketError::RemoteHostClosed]);
}

#[on_every_network]
fn an_abort_says_nothing_to_the_peer(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    let mut server = client.connected();
    let sent = client.rt.spy(socket, QSslSocket::alert_sent);
    client.rt[socket].write_all(b"lost").unwrap();
    client.rt[socket].abort();
    server.until(&mut client.rt, |_, server| server.has_ended);
    assert_eq!(server.heard, b"");
    assert!(!server.has_heard_close());
    assert!(sent.is_empty());
}

#[on_every_network]
fn an_end_is_said_and_answered_even_behind_megabytes(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    let mut server = client.connected();
    let much = noise(5 << 20);
    client.rt[socket].write_all(&much).unwrap();
    client.rt[socket].disconnect_from_host();
    settle(&mut client.rt);
    assert_eq!(client.rt[socket].state(), SocketState::Closing);
    server.until(&mut client.rt, |_, server| server.has_heard_close());
    assert!(server.heard == much);
    // It is the peer's turn.
    settle(&mut client.rt);
    assert_eq!(client.rt[socket].state(), SocketState::Closing);
    server.tls.send_close_notify();
    server.until(&mut client.rt, |world, _| world[socket].state() == SocketState::Unconnected);
    assert_eq!(client.rt[socket].error(), None);
    let noted = client.journal.take();
    assert_eq!(noted.iter().filter(|entry| *entry == "disconnected").count(), 1);
}

#[on_every_network]
fn a_peer_that_sends_without_end_does_not_keep_a_socket_that_closes(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    let mut server = client.connected();
    client.rt[socket].disconnect_from_host();
    let much = noise(1 << 16);
    server.until(&mut client.rt, |world, _| world[socket].state() == SocketState::Closing);
    for _ in 0..1000 {
        if client.rt[socket].state() == SocketState::Unconnected {
            break;
        }
        server.encrypt(&much);
        server.send();
        turn(&mut client.rt);
    }
    assert_eq!(client.rt[socket].state(), SocketState::Unconnected);
}

#[on_every_network]
fn a_disconnection_during_the_handshake_ends_it(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    client.connect();
    let mut server = client.server();
    server.until_it_would_speak(&mut client.rt);
    client.rt[socket].disconnect_from_host();
    client.until_ended();
    assert_eq!(client.rt[socket].error(), None);
    assert!(!client.journal.has("encrypted"));
}

#[on_every_network]
fn what_was_written_before_a_disconnection_during_the_handshake_is_sent(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    client.connect();
    let mut server = client.server();
    server.until_it_would_speak(&mut client.rt);
    client.rt[socket].write_all(b"last words").unwrap();
    client.rt[socket].disconnect_from_host();
    server.until(&mut client.rt, |_, server| server.has_heard_close());
    assert_eq!(server.heard, b"last words");
    drop(server);
    client.until_ended();
    assert_eq!(client.rt[socket].error(), None);
}

#[on_every_network]
fn a_half_open_connection_goes_on_after_the_end_of_the_peer(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    client.rt[socket].set_allow_half_open(true);
    let mut server = client.connected();
    server.encrypt(b"no more");
    server.tls.send_close_notify();
    server.take_said();
    let journal = client.journal.clone();
    server.until(&mut client.rt, |_, _| journal.has("read_channel_finished"));
    assert_eq!(client.rt[socket].read_all(), b"no more");
    assert!(client.rt[socket].is_encrypted());
    client.rt[socket].write_all(b"but this").unwrap();
    server.until(&mut client.rt, |_, server| server.heard == b"but this");
    client.rt[socket].shutdown_write();
    server.until(&mut client.rt, |world, server| {
        server.has_heard_close() && world[socket].state() == SocketState::Unconnected
    });
    assert_eq!(client.rt[socket].error(), None);
}

#[on_every_network]
fn a_socket_may_end_in_each_slot(net: &Net) {
    type End = fn(&mut World, Obj<QSslSocket>);
    let ends: [End; 4] = [
        |world, socket| world[socket].abort(),
        |world, socket| world[socket].disconnect_from_host(),
        |world, socket| world[socket].close(),
        |world, socket| assert!(world.destroy(socket)),
    ];
    for end in ends {
        for slot in 0..9 {
            let mut client = Client::new(net);
            let socket = client.socket;
            let rt = &mut client.rt;
            let calls = Journal::new();
            let noted = calls.clone();
            let act = move |world: &mut World| {
                noted.note("called");
                if world.get(socket).is_some() {
                    end(world, socket);
                }
            };
            match slot {
                0 => drop(rt.connect_fn(socket, QSslSocket::connected, move |world, _| act(world))),
                1 => drop(
                    rt.connect_fn(socket, QSslSocket::mode_changed, move |world, _| act(world)),
                ),
                2 => drop(rt.connect_fn(socket, QSslSocket::encrypted, move |world, _| act(world))),
                3 => {
                    drop(rt.connect_fn(socket, QSslSocket::ready_read, move |world, _| act(world)))
                }
                4 => drop(
                    rt.connect_fn(socket, QSslSocket::bytes_written, move |world, _| act(world)),
                ),
                5 => drop(rt.connect_fn(
                    socket,
                    QSslSocket::new_session_ticket_received,
                    move |world, _| act(world),
                )),
                6 => drop(rt.connect_fn(
                    socket,
                    QSslSocket::encrypted_bytes_written,
                    move |world, _| act(world),
                )),
                7 => drop(
                    rt.connect_fn(socket, QSslSocket::disconnected, move |world, _| act(world)),
                ),
                _ => drop(
                    rt.connect_fn(socket, QSslSocket::alert_received, move |world, _| act(world)),
                ),
            }
            client.connect();
            client.rt[socket].write_all(b"hello").unwrap();
            let mut server = client.server();
            let mut has_answered = false;
            for _ in 0..DEADLINE.as_millis() {
                server.hear();
                if server.heard == b"hello" && !has_answered {
                    has_answered = true;
                    server.encrypt(b"answer");
                    server.tls.send_close_notify();
                    server.take_said();
                }
                server.send();
                let is_over = client.rt.get(socket).is_none_or(|socket| {
                    socket.state() == SocketState::Unconnected
                        && socket.mode() == SslMode::Unencrypted
                });
                if is_over {
                    break;
                }
                if server.has_heard_close() && !has_answered {
                    server.tls.send_close_notify();
                    server.take_said();
                }
                client.rt.process_events(Some(Duration::from_millis(1))).unwrap();
            }
            settle(&mut client.rt);
            assert!(calls.len() >= 1, "slot {slot} was not called");
            if let Some(socket) = client.rt.get(socket) {
                assert_eq!(socket.state(), SocketState::Unconnected, "slot {slot}");
                assert!(!socket.is_encrypted());
                let noted = client.journal.take();
                let last = noted.iter().rposition(|entry| entry == "disconnected");
                assert_eq!(last, Some(noted.len() - 1), "slot {slot}: {noted:?}");
            }
        }
    }
}
