//! Waits for encrypted sockets.

use std::io::Write;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{PauseMode, QSslSocket};

use crate::by_hand::Client;
use crate::parties::{Authority, Server, listen, ssl_journal_of};
use support::*;

const LONG: Option<Duration> = Some(Duration::from_secs(100));

/// The other end works in a thread of its own, which the simulated network does not have.
#[test]
fn a_program_without_a_loop_speaks_encrypted() {
    let authority = Authority::new();
    let proof = authority.proves("localhost");
    let (tell, port) = mpsc::channel();
    let other_end = thread::spawn(move || {
        let mut rt = Runtime::new().unwrap();
        let server = rt.add(Server::new(proof));
        tell.send(listen(&mut rt, server)).unwrap();
        wait_until(&mut rt, |world| !world[server].callers.is_empty());
        let end = rt[server].callers[0];
        wait_until(&mut rt, |world| world[end].bytes_available() == 8);
        assert_eq!(rt[end].read_all(), b"question");
        rt[end].write_all(b"answer").unwrap();
        wait_until(&mut rt, |world| world[end].state() == SocketState::Unconnected);
        assert_eq!(rt[end].error(), Some(SocketError::RemoteHostClosed));
    });
    let mut rt = Runtime::new().unwrap();
    let mut socket = QSslSocket::new();
    socket.set_ssl_configuration(authority.trusted());
    socket.set_peer_verify_name("localhost");
    let socket = rt.add(socket);
    let journal = ssl_journal_of(&mut rt, socket);
    rt[socket].connect_to_host_encrypted("127.0.0.1", port.recv().unwrap());
    assert!(rt.wait_for_connected(socket, LONG));
    assert!(!rt[socket].is_encrypted());
    assert!(rt.wait_for_encrypted(socket, None));
    assert!(rt.wait_for_encrypted(socket, None), "it is encrypted already");
    rt[socket].write_all(b"question").unwrap();
    assert!(rt.wait_for_bytes_written(socket, LONG));
    assert!(rt.wait_for_ready_read(socket, None));
    assert_eq!(rt[socket].read_all(), b"answer");
    rt[socket].disconnect_from_host();
    assert!(rt.wait_for_disconnected(socket, LONG));
    other_end.join().unwrap();
    let noted = journal.take();
    let expected = ["connected", "mode_changed Client", "encrypted", "bytes_written 8"];
    let from = noted.iter().position(|entry| entry == "connected").unwrap();
    assert_eq!(noted[from..from + 4], expected);
    assert_eq!(noted.last().unwrap(), "disconnected");
    assert_eq!(rt[socket].error(), None);
}

#[on_every_network]
fn a_wait_for_encryption_begins_the_handshake(net: &Net) {
    let (rt, _) = net.timed_runtime();
    let mut client = Client::in_runtime(net, rt, |configuration| configuration);
    let socket = client.socket;
    client.connect();
    // Nobody answers, and the handshake has its own time.
    assert!(!client.rt.wait_for_encrypted(socket, LONG));
    let (mut peer, _) = client.listener.accept();
    let mut buffer = [0; 5];
    assert!(peer.read_now(&mut buffer).is_ok_and(|count| count == 5), "no ClientHello has come");
    assert_eq!(client.rt[socket].error(), Some(SocketError::SocketTimeout));
    assert_eq!(client.rt[socket].state(), SocketState::Unconnected);
}

#[on_every_network]
fn a_handshake_that_takes_too_long_ends_within_a_wait(net: &Net) {
    let (rt, stopwatch) = net.timed_runtime();
    let mut client = Client::in_runtime(net, rt, |configuration| {
        configuration.with_handshake_timeout(Some(Duration::from_secs(7)))
    });
    let socket = client.socket;
    client.connect();
    client.rt[socket].write_all(b"early").unwrap();
    assert!(!client.rt.wait_for_encrypted(socket, LONG));
    assert_eq!(stopwatch.elapsed(), Duration::from_secs(7));
    let noted = client.journal.take();
    assert_eq!(noted.iter().filter(|entry| entry.contains("while")).count(), 1, "{noted:?}");
}

#[on_every_network]
fn a_wait_for_sent_bytes_waits_for_the_handshake_without_spinning(net: &Net) {
    let (rt, stopwatch) = net.timed_runtime();
    let mut client =
        Client::in_runtime(net, rt, |configuration| configuration.with_handshake_timeout(None));
    let socket = client.socket;
    client.connect();
    let _peer = caller(&mut client.rt, &client.listener);
    client.rt[socket].write_all(b"early").unwrap();
    assert!(!client.rt.wait_for_bytes_written(socket, Some(Duration::from_secs(3))));
    assert_eq!(stopwatch.elapsed(), Duration::from_secs(3));
}

#[on_every_network]
fn a_wait_for_a_socket_that_pauses_ends_in_time(net: &Net) {
    let (rt, stopwatch) = net.timed_runtime();
    let mut client = Client::in_runtime(net, rt, |_| Authority::new().trusted());
    let socket = client.socket;
    client.rt[socket].set_pause_mode(PauseMode::ON_SSL_ERRORS);
    let asked = client.rt.spy(socket, QSslSocket::ssl_errors);
    client.connect();
    let mut server = client.server();
    server.until(&mut client.rt, |_, _| asked.len() == 1);
    settle(&mut client.rt);
    // Bytes wait for the socket.
    server.encrypt(b"half-round-trip data");
    server.send();
    let before = stopwatch.elapsed();
    assert!(!client.rt.wait_for_encrypted(socket, Some(Duration::from_secs(3))));
    assert_eq!(stopwatch.elapsed() - before, Duration::from_secs(3));
    assert!(!client.rt.wait_for_ready_read(socket, Some(Duration::from_secs(3))));
    assert_eq!(stopwatch.elapsed() - before, Duration::from_secs(6));
    // Only the program could end it.
    assert!(!client.rt.wait_for_encrypted(socket, None));
    assert_eq!(stopwatch.elapsed() - before, Duration::from_secs(6));
    assert_eq!(client.rt[socket].state(), SocketState::Connected);
}

#[on_every_network]
fn a_wait_for_the_end_waits_for_the_peer_no_longer_than_it_may(net: &Net) {
    let (rt, stopwatch) = net.timed_runtime();
    let mut client = Client::in_runtime(net, rt, |configuration| {
        configuration.with_close_timeout(Duration::from_secs(2))
    });
    let socket = client.socket;
    let _server = client.connected();
    let before = stopwatch.elapsed();
    client.rt[socket].disconnect_from_host();
    assert!(client.rt.wait_for_disconnected(socket, LONG));
    assert_eq!(stopwatch.elapsed() - before, Duration::from_secs(2));
    assert_eq!(client.rt[socket].state(), SocketState::Unconnected);
}

#[on_every_network]
fn the_loop_waits_for_the_peer_no_longer_than_it_may(net: &Net) {
    let (rt, stopwatch) = net.timed_runtime();
    let mut client = Client::in_runtime(net, rt, |configuration| {
        configuration.with_close_timeout(Duration::from_secs(2))
    });
    let socket = client.socket;
    let mut server = client.connected();
    let before = stopwatch.elapsed();
    client.rt[socket].disconnect_from_host();
    client.until_ended();
    assert_eq!(stopwatch.elapsed() - before, Duration::from_secs(2));
    assert!(!client.journal.take().iter().any(|entry| entry.contains("while")));
    server.until(&mut client.rt, |_, server| server.has_ended);
}

#[on_every_network]
fn a_program_that_ignores_errors_after_it_has_begun_to_connect_is_heard_by_a_wait(net: &Net) {
    let mut client = Client::in_runtime(net, net.runtime(), |_| Authority::new().trusted());
    let socket = client.socket;
    client.connect();
    let asked = client.rt.spy(socket, QSslSocket::ssl_errors);
    client.rt[socket].dangerously_ignore_all_ssl_errors();
    let mut server = client.server();
    for _ in 0..1000 {
        if client.rt[socket].is_encrypted() {
            break;
        }
        client.rt.wait_for_encrypted(socket, Some(Duration::from_millis(1)));
        server.hear();
        server.send();
    }
    assert!(client.rt[socket].is_encrypted(), "{:?}", client.journal.take());
    assert_eq!(asked.len(), 1);
}
