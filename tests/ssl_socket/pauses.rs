//! Sockets that pause at errors of the peer's certificate.

use std::io::Write;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{PauseMode, QSslSocket, SslErrorKind, SslMode};

use crate::by_hand::{ByHand, Client};
use crate::parties::Authority;
use support::*;

/// A client that pauses, and its server.
fn paused(net: &Net) -> (Client, ByHand) {
    let mut client = Client::in_runtime(net, net.runtime(), |_| Authority::new().trusted());
    let socket = client.socket;
    client.rt[socket].set_pause_mode(PauseMode::ON_SSL_ERRORS);
    let asked = client.rt.spy(socket, QSslSocket::ssl_errors);
    client.connect();
    client.rt[socket].write_all(b"secret").unwrap();
    let mut server = client.server();
    server.until(&mut client.rt, |_, _| asked.len() == 1);
    settle(&mut client.rt);
    let kinds: Vec<_> = asked.take().remove(0).iter().map(|error| error.kind()).collect();
    // The authority that is trusted has the same name, and another key.
    assert_eq!(kinds, [SslErrorKind::CertificateSignatureFailed]);
    (client, server)
}

#[on_every_network]
fn nothing_goes_out_and_nothing_comes_in_while_a_socket_pauses(net: &Net) {
    let (mut client, mut server) = paused(net);
    let socket = client.socket;
    server.encrypt(b"half-round-trip data");
    server.send();
    client.rt[socket].flush().ok();
    for _ in 0..100 {
        client.rt.process_events(Some(Duration::from_millis(1))).unwrap();
        server.hear();
    }
    // Not even the last message of the handshake.
    assert!(server.tls.is_handshaking() && server.heard.is_empty());
    assert_eq!(client.rt[socket].bytes_available(), 0);
    assert!(!client.journal.has("encrypted") && !client.journal.has("bytes_written 6"));
    let errors = client.rt[socket].ssl_handshake_errors().to_vec();
    client.rt[socket].ignore_ssl_errors(&errors);
    client.rt[socket].resume();
    server.until(&mut client.rt, |world, server| {
        server.heard == b"secret" && world[socket].bytes_available() == 20
    });
    assert_eq!(client.journal.count("encrypted"), 1);
}

#[on_every_network]
fn a_socket_that_is_resumed_and_ignores_nothing_fails_once(net: &Net) {
    let (mut client, mut server) = paused(net);
    let socket = client.socket;
    client.rt[socket].resume();
    client.rt[socket].resume();
    client.until_ended();
    let noted = client.journal.take();
    let errors: Vec<_> = noted.iter().filter(|entry| entry.contains("while")).collect();
    assert_eq!(errors, ["SslHandshakeFailed while Connected"]);
    server.until(&mut client.rt, |_, server| server.has_ended);
    assert!(server.tls.is_handshaking() && server.heard.is_empty());
}

#[on_every_network]
fn a_peer_that_goes_away_during_a_pause_is_missed_afterwards(net: &Net) {
    let (mut client, server) = paused(net);
    let socket = client.socket;
    drop(server);
    settle(&mut client.rt);
    client.rt[socket].dangerously_ignore_all_ssl_errors();
    client.rt[socket].resume();
    client.until_ended();
    let noted = client.journal.take();
    let errors = noted.iter().filter(|entry| entry.contains("while")).count();
    assert_eq!(errors, 1, "{noted:?}");
}

#[on_every_network]
fn a_socket_that_pauses_can_be_aborted_and_used_again(net: &Net) {
    let (mut client, _server) = paused(net);
    let socket = client.socket;
    client.rt[socket].abort();
    client.rt[socket].resume();
    settle(&mut client.rt);
    assert_eq!(client.rt[socket].mode(), SslMode::Unencrypted);
    client.journal.take();
    let configuration = client.authority.trusted();
    client.rt[socket].set_ssl_configuration(configuration);
    let _server = client.connected();
    let noted = client.journal.take();
    assert!(!noted.iter().any(|entry| entry.contains("while")), "{noted:?}");
}

#[on_every_network]
fn a_socket_that_pauses_and_disconnects_without_anything_to_send_ends(net: &Net) {
    let mut client = Client::in_runtime(net, net.runtime(), |_| Authority::new().trusted());
    let socket = client.socket;
    client.rt[socket].set_pause_mode(PauseMode::ON_SSL_ERRORS);
    let asked = client.rt.spy(socket, QSslSocket::ssl_errors);
    client.connect();
    let mut server = client.server();
    server.until(&mut client.rt, |_, _| asked.len() == 1);
    settle(&mut client.rt);
    client.rt[socket].disconnect_from_host();
    client.until_ended();
    assert_eq!(client.rt[socket].error(), None);
}
