//! Encrypted connections over whatever carries a connection: directly, over another layer, over TLS, and
//! through a proxy, which `.ci/proxies` replaces by those that other people wrote.

use std::io::Write;

use slotwire::prelude::*;
use slotwire::{QSslServer, SslErrorKind, SslMode};

use crate::by_hand::{ByHand, Client};
use crate::parties::Authority;
use support::*;

/// Bytes take some time through a proxy, and a layer keeps some back.
#[track_caller]
fn connected(client: &mut Client) -> ByHand {
    client.connect();
    until_encrypted(client)
}

#[track_caller]
fn until_encrypted(client: &mut Client) -> ByHand {
    let mut server = client.server();
    let socket = client.socket;
    server.until(&mut client.rt, |world, server| {
        world[socket].is_encrypted() && !server.tls.is_handshaking()
    });
    server
}

#[on_every_network_and_layer]
fn much_goes_both_ways_at_once_and_ends_in_order(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    let mut server = connected(&mut client);
    let much = noise(1 << 20);
    client.rt[socket].write_all(&much).unwrap();
    server.encrypt(&much);
    server.until(&mut client.rt, |world, server| {
        server.heard.len() == much.len() && world[socket].bytes_available() == much.len()
    });
    assert!(server.heard == much && client.rt[socket].read_all() == much);
    client.rt[socket].disconnect_from_host();
    server.until(&mut client.rt, |_, server| server.has_heard_close());
    server.tls.send_close_notify();
    server.until(&mut client.rt, |world, _| world[socket].state() == SocketState::Unconnected);
    assert_eq!(client.rt[socket].error(), None);
}

#[on_every_network_and_layer]
fn a_peer_that_proves_another_name_is_refused_and_the_next_one_is_not(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    client.rt[socket].set_peer_verify_name("example.org");
    client.connect();
    let mut server = client.server();
    server.until(&mut client.rt, |world, _| world[socket].state() == SocketState::Unconnected);
    assert_eq!(client.rt[socket].error(), Some(SocketError::SslHandshakeFailed));
    let errors = client.rt[socket].ssl_handshake_errors();
    assert_eq!(errors[0].kind(), SslErrorKind::HostNameMismatch);
    assert_eq!(client.rt[socket].mode(), SslMode::Unencrypted);
    drop(server);
    client.rt[socket].set_peer_verify_name("localhost");
    client.journal.take();
    connected(&mut client);
    assert_eq!(client.journal.count("encrypted"), 1);
}

#[on_every_network_and_layer]
fn a_plain_conversation_becomes_an_encrypted_one(net: &Net) {
    let mut client = Client::new(net);
    let (socket, port) = (client.socket, client.port);
    client.rt[socket].connect_to_host("127.0.0.1", port);
    let mut peer = caller(&mut client.rt, &client.listener);
    peer.write_all(b"220 ready\n").unwrap();
    wait_until(&mut client.rt, |world| world[socket].bytes_available() == 10);
    assert_eq!(client.rt[socket].read_all(), b"220 ready\n");
    client.rt[socket].write_all(b"STARTTLS\n").unwrap();
    client.rt[socket].start_client_encryption();
    client.rt[socket].write_all(b"secret").unwrap();
    // The first message of the handshake may come together with the line.
    let heard = read_exactly(&mut client.rt, &mut peer, 9);
    assert_eq!(heard[..9], *b"STARTTLS\n");
    let mut server = ByHand::server(peer, &client.authority);
    server.take(&heard[9..]);
    server.until(&mut client.rt, |_, server| server.heard == b"secret");
    server.encrypt(b"answer");
    server.until(&mut client.rt, |world, _| world[socket].bytes_available() == 6);
}

#[on_every_network_and_layer]
fn a_peer_that_ends_in_the_middle_of_its_flight_is_one_error(net: &Net) {
    for cut in [0, 5, 100, 400] {
        let mut client = Client::new(net);
        let socket = client.socket;
        client.connect();
        let mut server = client.server();
        server.until_it_would_speak(&mut client.rt);
        server.unsent.truncate(cut);
        server.send();
        assert_eq!(server.unsent, b"");
        drop(server);
        client.until_ended();
        assert_eq!(client.rt[socket].error(), Some(SocketError::RemoteHostClosed));
        let noted = client.journal.take();
        let errors = noted.iter().filter(|entry| entry.contains("while")).count();
        assert_eq!(errors, 1, "{noted:?}");
        assert_eq!(client.rt[socket].mode(), SslMode::Unencrypted);
    }
}

#[on_every_network_and_layer(no_layer = "servers have no layers", proxy_carries = "listening")]
fn a_server_encrypts_whoever_calls_it_where_it_listens(net: &Net) {
    let authority = Authority::new();
    let mut rt = net.runtime();
    let server = rt.add(QSslServer::new());
    rt[server].set_ssl_configuration(authority.proves("localhost"));
    let port = net.let_listen(&mut rt, server.upcast());
    let mut client = ByHand::client(net.dial(port), &authority);
    client.until(&mut rt, |world, _| world[server].has_pending_connections());
    let end = rt[server].next_pending_ssl_connection().unwrap();
    rt[end].write_all(b"who is there?").unwrap();
    client.until(&mut rt, |_, client| client.heard == b"who is there?");
    client.encrypt(b"me");
    client.until(&mut rt, |world, _| world[end].bytes_available() == 2);
    assert_eq!(rt[end].read_all(), b"me");
}
