//! Connections that are cut: the end is always found, and told from an orderly one.

use std::io::Write;

use slotwire::prelude::*;

use crate::by_hand::{ByHand, Client};
use crate::parties::Authority;
use crate::support::*;

/// The server's first flight, as it would be sent.
fn flight(net: &Net) -> usize {
    let mut client = Client::new(net);
    client.connect();
    let mut server = client.server();
    server.until_it_would_speak(&mut client.rt);
    server.unsent.len()
}

#[on_every_network]
fn a_server_that_closes_in_the_middle_of_its_flight_is_told_once(net: &Net) {
    let len = flight(net);
    for cut in (0..len).step_by(97).chain([len - 1]) {
        let mut client = Client::new(net);
        let socket = client.socket;
        client.connect();
        let mut server = client.server();
        server.until_it_would_speak(&mut client.rt);
        // The end comes together with the bytes.
        assert_eq!(server.peer.write_now(&server.unsent[..cut]).unwrap(), cut);
        drop(server);
        client.until_ended();
        let noted = client.journal.take();
        let errors = noted.iter().filter(|entry| entry.contains("while")).count();
        assert_eq!(errors, 1, "{noted:?}");
        assert!(!noted.contains(&"encrypted".to_owned()), "{noted:?}");
        assert_eq!(client.rt[socket].error(), Some(SocketError::RemoteHostClosed));
    }
}

#[on_every_network]
fn bytes_that_are_cut_in_the_middle_of_a_record_are_an_error(net: &Net) {
    for cut in [1, 5, 6, 20] {
        let mut client = Client::new(net);
        let socket = client.socket;
        let mut server = client.connected();
        server.encrypt(b"whole");
        let whole = server.unsent.len();
        server.encrypt(b"cut in the middle");
        let sent = server.unsent[..whole + cut].to_vec();
        assert_eq!(server.peer.write_now(&sent).unwrap(), sent.len());
        drop(server);
        client.until_ended();
        assert_eq!(client.rt[socket].read_all(), b"whole");
        assert_eq!(client.rt[socket].error(), Some(SocketError::Network));
        let kind = client.rt[socket].os_error().map(std::io::Error::kind);
        assert_eq!(kind, Some(std::io::ErrorKind::UnexpectedEof));
    }
}

#[on_every_network]
fn a_cut_with_nothing_but_a_part_of_a_record_is_found(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    let mut server = client.connected();
    server.encrypt(b"cut");
    let part = server.unsent[..7].to_vec();
    assert_eq!(server.peer.write_now(&part).unwrap(), part.len());
    drop(server);
    client.until_ended();
    assert_eq!(client.rt[socket].error(), Some(SocketError::Network));
}

#[on_every_network]
fn what_came_whole_before_a_wrong_record_is_read(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    let mut server = client.connected();
    server.encrypt(b"good");
    let good = server.unsent.len();
    server.encrypt(b"bad");
    *server.unsent.last_mut().unwrap() ^= 1;
    assert!(server.unsent.len() > good);
    server.send();
    client.until_ended();
    assert_eq!(client.rt[socket].read_all(), b"good");
    assert_eq!(client.rt[socket].error(), Some(SocketError::SslInternal));
    server.until(&mut client.rt, |_, server| server.has_ended);
    assert!(
        matches!(server.failure, Some(rustls::Error::AlertReceived(_))),
        "{:?}",
        server.failure
    );
}

#[on_every_network]
fn a_server_that_talks_plain_text_is_told_why(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    client.connect();
    let mut peer = caller(&mut client.rt, &client.listener);
    peer.write_all(b"220 mail.example.org ESMTP\r\n").unwrap();
    client.until_ended();
    assert_eq!(client.rt[socket].error(), Some(SocketError::SslHandshakeFailed));
    let noted = client.journal.take();
    assert_eq!(noted.iter().filter(|entry| entry.contains("while")).count(), 1, "{noted:?}");
}

#[on_every_network]
fn a_client_that_goes_away_at_each_byte_leaves_a_server_that_serves_the_next(net: &Net) {
    let authority = Authority::new();
    let mut rt = net.runtime();
    let server = rt.add(crate::parties::Server::new(authority.proves("localhost")));
    let port = crate::parties::listen(&mut rt, server);
    for cut in [0, 1, 4, 5, 6, 50, 100] {
        let mut client = ByHand::client(net.dial(port), &authority);
        client.hear();
        let sent = client.unsent[..cut].to_vec();
        client.peer.write_all(&sent).unwrap();
        drop(client);
        let count = rt[server].callers.len();
        wait_until(&mut rt, |world| {
            let callers = &world[server].callers;
            callers.len() > count
                && world[*callers.last().unwrap()].state() == SocketState::Unconnected
        });
        let end = *rt[server].callers.last().unwrap();
        assert_eq!(rt[end].error(), Some(SocketError::RemoteHostClosed));
    }
    let mut client = ByHand::client(net.dial(port), &authority);
    client.until(&mut rt, |_, client| !client.tls.is_handshaking());
}
