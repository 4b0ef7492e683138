//! Connections that are cut: the end is always found, and told from an orderly one.

use std::io::Write;
use std::time::Duration;

use slotwire::SslProtocol;
use slotwire::prelude::*;

use crate::by_hand::{ByHand, Client};
use crate::forger;
use crate::parties::{Authority, Server, all_signals_of, listen};
use support::*;

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

/// Lets a peer shake hands by hand, which goes away when it has sent so many bytes. Returns how many it
/// has sent, and what our end has told since it was connected.
fn shake_hands(
    net: &Net,
    version: SslProtocol,
    is_client: bool,
    mut budget: usize,
) -> (usize, Vec<String>) {
    let authority = Authority::new();
    let mut rt = net.runtime();
    let (mut peer, end, told) = match is_client {
        true => {
            let server = rt.add(Server::new(authority.proves("localhost")));
            let port = listen(&mut rt, server);
            let peer = forger::client(net.dial(port), &authority, version);
            wait_until(&mut rt, |world| world[server].callers.len() == 1);
            (peer, rt[server].callers[0], rt[server].journal.clone())
        }
        false => {
            let mut client = Client::in_runtime(net, rt, |_| authority.trusted());
            client.connect();
            let peer = caller(&mut client.rt, &client.listener);
            let told = all_signals_of(&mut client.rt, client.socket);
            rt = client.rt;
            (forger::server(peer, &authority, version), client.socket, told)
        }
    };
    let mut sent = 0;
    for _ in 0..DEADLINE.as_millis() {
        // Session tickets, which would come next, belong to no flight.
        if budget == 0 || rt[end].is_encrypted() {
            break;
        }
        peer.hear();
        let count = peer.unsent.len().min(budget);
        let part: Vec<u8> = peer.unsent.drain(..count).collect();
        peer.peer.write_all(&part).unwrap();
        (sent, budget) = (sent + count, budget - count);
        rt.process_events(Some(Duration::from_millis(1))).unwrap();
    }
    drop(peer);
    wait_until(&mut rt, |world| world[end].state() == SocketState::Unconnected);
    settle(&mut rt);
    (sent, told.take())
}

/// What the next test counts on.
#[test]
fn certificates_for_one_name_have_the_same_length() {
    let authority = Authority::new();
    let length = || authority.issued_to("localhost").0.len();
    let first = length();
    for _ in 0..2000 {
        assert_eq!(length(), first);
    }
}

/// Both versions have flights in which the peer says nothing but the end of its handshake.
#[on_every_network]
fn a_peer_that_closes_in_any_flight_is_told_once(net: &Net) {
    for version in [SslProtocol::TlsV1_2, SslProtocol::TlsV1_3] {
        for is_client in [false, true] {
            let (whole, told) = shake_hands(net, version, is_client, usize::MAX);
            assert!(told.contains(&"encrypted".to_owned()), "{told:?}");
            for cut in (0..whole).step_by(59).chain([whole - 30, whole - 1]) {
                let (_, told) = shake_hands(net, version, is_client, cut);
                let errors: Vec<_> = told.iter().filter(|entry| entry.contains("while")).collect();
                let place = format!("{version}, client: {is_client}, {cut} of {whole}: {told:?}");
                assert_eq!(errors, ["RemoteHostClosed while Connected"], "{place}");
                assert!(!told.contains(&"encrypted".to_owned()), "{place}");
                assert_eq!(told.last().unwrap(), "disconnected", "{place}");
            }
        }
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
    let server = rt.add(Server::new(authority.proves("localhost")));
    let port = listen(&mut rt, server);
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
