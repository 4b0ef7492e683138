//! A socket that is used again: nothing of the session before is left.

use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{QSslSocket, SslMode};

use crate::by_hand::Client;
use crate::parties::{Authority, Pair};
use support::*;

#[on_every_network]
fn a_connection_that_begins_in_a_slot_of_an_error_is_encrypted(net: &Net) {
    let mut client = Client::new(net);
    let (socket, port) = (client.socket, client.port);
    client.connect();
    let first = caller(&mut client.rt, &client.listener);
    client.rt.connect_fn(socket, QSslSocket::error_occurred, move |world, _| {
        world[socket].connect_to_host_encrypted("127.0.0.1", port);
    });
    drop(first);
    let mut server = client.server();
    server.until(&mut client.rt, |world, _| world[socket].is_encrypted());
    assert_eq!(client.rt[socket].mode(), SslMode::Client);
}

#[on_every_network]
fn a_connection_that_follows_another_at_once_is_encrypted(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    let _first = client.connected();
    client.rt[socket].disconnect_from_host();
    client.connect();
    let mut server = client.server();
    server.until(&mut client.rt, |world, _| world[socket].is_encrypted());
}

#[on_every_network]
fn a_plain_connection_after_a_refused_encrypted_one_is_plain(net: &Net) {
    let mut client = Client::new(net);
    let (socket, port) = (client.socket, client.port);
    let _first = client.connected();
    // It is connected, so that this is refused.
    client.connect();
    client.rt[socket].abort();
    client.rt[socket].connect_to_host("127.0.0.1", port);
    wait_until(&mut client.rt, |world| world[socket].state() == SocketState::Connected);
    settle(&mut client.rt);
    assert_eq!(client.rt[socket].mode(), SslMode::Unencrypted);
    assert_eq!(client.journal.count("encrypted"), 1);
}

#[on_every_network]
fn a_plain_connection_has_nothing_of_the_encrypted_one_before(net: &Net) {
    let strict = Authority::new();
    let mut pair = Pair::new(net, strict.trusted(), Authority::new().proves("localhost"));
    let client = pair.client;
    pair.rt[client].dangerously_ignore_all_ssl_errors();
    pair = pair.connected();
    let socket = &pair.rt[client];
    assert!(socket.peer_certificate().is_some() && socket.session_cipher().is_some());
    pair.rt[client].abort();
    assert_eq!(pair.rt[client].ssl_handshake_errors().len(), 1);
    assert!(pair.rt[client].peer_certificate().is_some(), "it belongs to the last handshake");
    let (_listener, port) = net.listener();
    pair.rt[client].connect_to_host("127.0.0.1", port);
    pair.until(|world| {
        let socket = &world[client];
        assert_eq!((socket.session_cipher(), socket.session_protocol()), (None, None));
        assert_eq!((socket.peer_certificate(), socket.peer_certificate_chain().len()), (None, 0));
        assert_eq!(socket.ssl_handshake_errors(), []);
        socket.state() == SocketState::Connected
    });
}

#[on_every_network]
fn a_socket_that_is_aborted_in_a_slot_is_not_encrypted_afterwards(net: &Net) {
    let stranger = Authority::new().proves("localhost");
    let trusted = Authority::new().trusted().with_peer_verify_mode(slotwire::PeerVerifyMode::Query);
    let mut pair = Pair::new(net, trusted, stranger);
    let client = pair.client;
    pair.rt.connect_fn(client, QSslSocket::ssl_errors, move |world, _| world[client].abort());
    pair.connect();
    pair.until(|world| {
        world[client].state() == SocketState::Unconnected
            && !world[client].ssl_handshake_errors().is_empty()
    });
    settle(&mut pair.rt);
    assert!(!pair.journal.has("encrypted"), "{:?}", pair.journal.take());
}

#[on_every_network]
fn nothing_of_an_aborted_session_reaches_the_next_one(net: &Net) {
    let stranger = Authority::new().proves("localhost");
    let trusted = Authority::new().trusted().with_peer_verify_mode(slotwire::PeerVerifyMode::Query);
    let mut pair = Pair::new(net, trusted, stranger);
    let client = pair.client;
    let port = net.listener();
    let number = port.1;
    pair.rt.connect_fn(client, QSslSocket::ssl_errors, move |world, _| {
        world[client].abort();
        world[client].connect_to_host("127.0.0.1", number);
    });
    pair.connect();
    pair.until(|world| {
        world[client].state() == SocketState::Connected && world[client].peer_port() == Some(number)
    });
    settle(&mut pair.rt);
    assert!(!pair.journal.has("encrypted"), "{:?}", pair.journal.take());
    assert!(!pair.rt[client].is_encrypted() && pair.rt[client].peer_certificate().is_none());
}

#[on_every_network]
fn no_alarm_of_a_session_that_has_ended_is_left(net: &Net) {
    let (rt, stopwatch) = net.timed_runtime();
    let mut client = Client::in_runtime(net, rt, |configuration| configuration);
    client.connect();
    let _peer = caller(&mut client.rt, &client.listener);
    let socket = client.socket;
    wait_until(&mut client.rt, |world| world[socket].mode() == SslMode::Client);
    let before = client.rt.next_deadline();
    assert!(before.is_some(), "the handshake has a deadline");
    client.rt[socket].abort();
    settle(&mut client.rt);
    assert_eq!(client.rt.next_deadline(), None);
    assert!(stopwatch.elapsed() < Duration::from_secs(30));
}

#[on_every_network]
fn all_errors_are_ignored_once_in_the_next_handshake(net: &Net) {
    let stranger = Authority::new().proves("localhost");
    let mut pair = Pair::new(net, Authority::new().trusted(), stranger);
    let client = pair.client;
    pair.rt[client].dangerously_ignore_all_ssl_errors();
    pair = pair.connected();
    pair.rt[client].abort();
    pair.connect();
    pair.until(|world| world[client].error().is_some());
    assert_eq!(pair.rt[client].error(), Some(SocketError::SslHandshakeFailed));
}

#[on_every_network]
fn what_is_ignored_during_a_handshake_that_fails_is_not_ignored_in_the_next_one(net: &Net) {
    let stranger = Authority::new().proves("localhost");
    let mut pair = Pair::new(net, Authority::new().trusted(), stranger);
    let client = pair.client;
    pair.connect();
    pair.until(|world| world[client].mode() == SslMode::Client);
    pair.rt[client].dangerously_ignore_all_ssl_errors();
    pair.rt[client].abort();
    pair.connect();
    pair.until(|world| world[client].error().is_some());
    assert_eq!(pair.rt[client].error(), Some(SocketError::SslHandshakeFailed));
}
