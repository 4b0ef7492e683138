//! How encrypted connections end.

use std::io::Write;

use slotwire::QSslSocket;
use slotwire::prelude::*;

use crate::by_hand::Client;
use crate::parties::Pair;
use support::*;

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
fn a_connection_that_is_cut_does_not_end_in_order(net: &Net) {
    for resets in [false, true] {
        let mut pair = Pair::trusting(net).connected();
        let (client, end) = (pair.client, pair.end());
        let errors = pair.rt.spy(end, QAbstractSocket::error_occurred);
        match resets {
            true => pair.rt[client].abort_with_reset(),
            false => pair.rt[client].abort(),
        }
        pair.until(|world| world[end].state() == SocketState::Unconnected);
        assert_eq!(errors.take(), [SocketError::Network]);
        let reason = pair.rt[end].error_string();
        assert!(reason.contains("no close_notify"), "{reason}");
    }
}

#[on_every_network]
fn nothing_is_written_once_the_peer_was_told_of_the_end(net: &Net) {
    let mut pair = Pair::trusting(net).connected();
    let client = pair.client;
    let refused = Journal::new();
    let noted = refused.clone();
    pair.rt.connect_fn(client, QSslSocket::alert_sent, move |world, _| {
        if let Err(error) = world[client].write_all(b"too late") {
            noted.note(format!("{:?}", error.kind()));
        }
    });
    pair.rt[client].disconnect_from_host();
    pair.until(|world| world[client].state() == SocketState::Unconnected);
    assert_eq!(refused.take(), ["BrokenPipe"]);
}
