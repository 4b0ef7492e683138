//! Peers that say something without end that is allowed once: a socket bears it within bounds, or has
//! had enough of it. No library would say this, so a [`Forger`] does.

use rustls::ContentType;
use slotwire::prelude::*;
use slotwire::{QSslSocket, SslMode, SslProtocol};

use crate::by_hand::{ByHand, Client};
use crate::forger::{self, Forger};
use crate::parties::{Authority, Server, all_signals_of, listen};
use support::*;

/// A client of ours and a server that forges, by this version of TLS.
fn with_server(net: &Net, version: SslProtocol) -> (Client, Forger) {
    let mut client = Client::new(net);
    let socket = client.socket;
    client.connect();
    let peer = caller(&mut client.rt, &client.listener);
    let mut server = forger::server(peer, &client.authority, version);
    server.until(&mut client.rt, |world, server| {
        world[socket].is_encrypted() && !server.tls.is_handshaking()
    });
    settle(&mut client.rt);
    client.journal = all_signals_of(&mut client.rt, socket);
    (client, Forger::of(server))
}

/// Checks that the socket has had enough, once, and is as good as new.
#[track_caller]
fn has_had_enough(mut client: Client) {
    let socket = client.socket;
    client.until_ended();
    let noted = client.journal.take();
    let end = [
        "SslInternal while Connected",
        "Closing",
        "Unconnected",
        "read_channel_finished",
        "disconnected",
    ];
    assert!(noted.ends_with(&end.map(str::to_owned)), "{noted:?}");
    assert_eq!(noted.iter().filter(|entry| entry.contains("while")).count(), 1, "{noted:?}");
    assert_eq!(client.rt[socket].mode(), SslMode::Unencrypted);
    assert_eq!(client.rt[socket].encrypted_bytes_available(), 0);
    let _server = client.connected();
    assert_eq!(client.rt[socket].error(), None);
}

const HELLO_REQUEST: &[u8] = &[0, 0, 0, 0];

/// A warning (1) that the user has cancelled (90).
const CANCELLED: &[u8] = &[1, 90];

/// A demand to change the keys.
const KEY_UPDATE: &[u8] = &[24, 0, 0, 1, 1];

/// A session ticket for an hour, with one byte.
const TICKET: &[u8] = &[4, 0, 0, 15, 0, 0, 14, 16, 0, 0, 0, 0, 1, 7, 0, 1, 5, 0, 0];

#[on_every_network]
fn a_server_that_asks_once_to_shake_hands_again_is_refused_and_heard(net: &Net) {
    let (mut client, mut server) = with_server(net, SslProtocol::TlsV1_2);
    let socket = client.socket;
    server.say(ContentType::Handshake, HELLO_REQUEST);
    server.say(ContentType::ApplicationData, b"and now?");
    server.send_all(&mut client.rt, socket);
    wait_until(&mut client.rt, |world| world[socket].bytes_available() == 8);
    assert!(client.rt[socket].is_encrypted());
    assert_eq!(client.rt[socket].error(), None);
}

#[on_every_network]
fn a_server_that_asks_without_end_to_shake_hands_again_is_one_error(net: &Net) {
    let (mut client, mut server) = with_server(net, SslProtocol::TlsV1_2);
    for _ in 0..1000 {
        server.say(ContentType::Handshake, HELLO_REQUEST);
    }
    server.send_all(&mut client.rt, client.socket);
    has_had_enough(client);
}

#[on_every_network]
fn warnings_and_empty_records_without_end_are_one_error(net: &Net) {
    for version in [SslProtocol::TlsV1_2, SslProtocol::TlsV1_3] {
        for (typ, content) in [(ContentType::Alert, CANCELLED), (ContentType::ApplicationData, b"")]
        {
            let (mut client, mut server) = with_server(net, version);
            for _ in 0..1000 {
                server.say(typ, content);
            }
            server.send_all(&mut client.rt, client.socket);
            has_had_enough(client);
        }
    }
}

/// A server that forges for a client of ours, which is a test's own after the handshake.
struct Served {
    rt: Runtime,
    server: Obj<Server>,
    end: Obj<QSslSocket>,
    port: u16,
    authority: Authority,
    client: Forger,
}

fn with_client(net: &Net, version: SslProtocol) -> Served {
    let authority = Authority::new();
    let mut rt = net.runtime();
    let server = rt.add(Server::new(authority.proves("localhost")));
    let port = listen(&mut rt, server);
    let mut client = forger::client(net.dial(port), &authority, version);
    client.until(&mut rt, |world, client| {
        let is_encrypted = |&end: &Obj<QSslSocket>| world[end].is_encrypted();
        world[server].callers.first().is_some_and(is_encrypted) && !client.tls.is_handshaking()
    });
    // The tickets of the server are still to be read.
    settle(&mut rt);
    client.hear();
    let end = rt[server].callers[0];
    rt[server].journal.take();
    Served { rt, server, end, port, authority, client: Forger::of(client) }
}

impl Served {
    /// Checks that the server has had enough of this client, once, and serves the next one.
    #[track_caller]
    fn has_had_enough(mut self, net: &Net) {
        let (server, end) = (self.server, self.end);
        wait_until(&mut self.rt, |world| world[end].state() == SocketState::Unconnected);
        settle(&mut self.rt);
        let noted = self.rt[server].journal.take();
        let errors: Vec<_> = noted.iter().filter(|entry| entry.contains("while")).collect();
        assert_eq!(errors, ["SslInternal while Connected"], "{noted:?}");
        let mut next = ByHand::client(net.dial(self.port), &self.authority);
        next.until(&mut self.rt, |_, next| !next.tls.is_handshaking());
    }
}

#[on_every_network]
fn a_client_that_says_anything_without_end_is_one_error_and_the_next_is_served(net: &Net) {
    let (old, new) = (SslProtocol::TlsV1_2, SslProtocol::TlsV1_3);
    for (version, typ, content) in [
        (new, ContentType::Handshake, KEY_UPDATE),
        (new, ContentType::Alert, CANCELLED),
        (old, ContentType::Alert, CANCELLED),
        (new, ContentType::ApplicationData, b""),
        (old, ContentType::ApplicationData, b""),
    ] {
        let mut served = with_client(net, version);
        for _ in 0..1000 {
            served.client.say(typ, content);
        }
        served.client.send_all(&mut served.rt, served.end);
        served.has_had_enough(net);
    }
}

/// A client asks by a whole message, since a server must understand it as such.
#[on_every_network]
fn a_client_that_begins_to_shake_hands_again_is_refused_and_heard_and_is_one_error_at_last(
    net: &Net,
) {
    let mut served = with_client(net, SslProtocol::TlsV1_2);
    let mut hello = vec![1, 0, 0, 43, 3, 3];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xcc, 0xa9, 1, 0, 0, 0]);
    served.client.say(ContentType::Handshake, &hello);
    served.client.say(ContentType::ApplicationData, b"and now?");
    served.client.send_all(&mut served.rt, served.end);
    let end = served.end;
    wait_until(&mut served.rt, |world| world[end].bytes_available() == 8);
    assert!(served.rt[end].is_encrypted());
    for _ in 0..1000 {
        served.client.say(ContentType::Handshake, &hello);
    }
    served.client.send_all(&mut served.rt, end);
    served.has_had_enough(net);
}

/// Each change of the keys is allowed. The keys are the TLS library's here, since a forger has none but
/// the first.
#[on_every_network]
fn keys_that_are_changed_between_bytes_without_end_are_borne(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    let mut server = client.connected();
    for number in 1..=500 {
        server.tls.refresh_traffic_keys().unwrap();
        server.encrypt(&[7; 100]);
        client.rt[socket].write_all(&[8; 100]).unwrap();
        server.until(&mut client.rt, |world, server| {
            world[socket].bytes_available() == 100 && server.heard.len() == 100 * number
        });
        assert_eq!(client.rt[socket].read_all(), [7; 100]);
        assert!(client.rt[socket].encrypted_bytes_to_write() < 1000);
    }
    assert!(client.rt[socket].is_encrypted() && server.failure.is_none());
}

/// A server may give a few tickets, and give more after each answer. It must not do nothing else.
#[on_every_network]
fn tickets_are_told_one_by_one_and_too_many_of_them_are_one_error(net: &Net) {
    let (mut client, mut server) = with_server(net, SslProtocol::TlsV1_3);
    let socket = client.socket;
    client.journal.take();
    for _ in 0..20 {
        server.say(ContentType::Handshake, &TICKET.repeat(10));
        server.say(ContentType::ApplicationData, b"!");
    }
    server.send_all(&mut client.rt, socket);
    wait_until(&mut client.rt, |world| world[socket].bytes_available() == 20);
    settle(&mut client.rt);
    assert_eq!(client.journal.count("ticket"), 200);
    assert!(client.rt[socket].is_encrypted());

    for _ in 0..1000 {
        server.say(ContentType::Handshake, &TICKET.repeat(100));
    }
    server.send_all(&mut client.rt, socket);
    assert!(client.journal.count("ticket") < 10_000);
    has_had_enough(client);
}
