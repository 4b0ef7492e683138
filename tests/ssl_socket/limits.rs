//! Peers that send what they must not, or too much of it.

use std::io::Write;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{QSslSocket, SslMode};

use crate::by_hand::Client;
use crate::parties::Authority;
use support::*;

/// Connects once more, and checks that the session is a new one.
#[track_caller]
fn works_again(client: &mut Client) {
    let socket = client.socket;
    assert_eq!(client.rt[socket].mode(), SslMode::Unencrypted);
    client.journal.take();
    let mut server = client.connected();
    server.encrypt(b"again");
    server.send();
    server.until(&mut client.rt, |world, _| world[socket].bytes_available() == 5);
    assert_eq!(client.rt[socket].read_all(), b"again");
    assert_eq!(client.rt[socket].error(), None);
    let noted = client.journal.take();
    assert_eq!(noted.iter().filter(|entry| *entry == "encrypted").count(), 1, "{noted:?}");
    client.rt[socket].abort();
}

/// How many errors the socket has had.
fn errors(client: &Client) -> usize {
    client.journal.take().iter().filter(|entry| entry.contains("while")).count()
}

#[on_every_network]
fn a_record_of_any_wrong_length_is_one_error(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    for kind in [0, 20, 21, 22, 23, 24, 255] {
        for len in [0, 1, 2, 16, 17, 16_384, 16_640, 16_641, 65_535_u16] {
            let [high, low] = len.to_be_bytes();
            let mut record = vec![kind, 3, 3, high, low];
            record.resize(5 + usize::from(len), 7);
            for in_handshake in [true, false] {
                let mut server = match in_handshake {
                    true => {
                        client.connect();
                        client.server()
                    }
                    false => client.connected(),
                };
                server.unsent = record.clone();
                server.send();
                // What would have to be read whole is not whole at all.
                server.unsent = vec![kind; 100];
                server.send();
                server.until_dropped(&mut client);
                let error = client.rt[socket].error();
                let expected = match in_handshake {
                    true => SocketError::SslHandshakeFailed,
                    false => SocketError::SslInternal,
                };
                let place = format!("type {kind}, {len} bytes, in the handshake: {in_handshake}");
                assert_eq!(error, Some(expected), "{place}");
                assert_eq!(errors(&client), 1, "{place}");
            }
        }
    }
    works_again(&mut client);
}

#[on_every_network]
fn a_peer_that_changes_its_keys_without_end_costs_no_memory(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    let mut server = client.connected();
    for _ in 0..2000 {
        // The peer reads none of the answers.
        if server.tls.refresh_traffic_keys().is_err() {
            break;
        }
        server.take_said();
        server.send();
        settle(&mut client.rt);
        assert!(client.rt[socket].encrypted_bytes_to_write() < 1000);
        if client.rt[socket].state() == SocketState::Unconnected {
            break;
        }
    }
    client.rt[socket].abort();
    settle(&mut client.rt);
    works_again(&mut client);
}

#[on_every_network]
fn a_read_limit_bounds_what_is_decrypted_and_what_is_not(net: &Net) {
    const LIMIT: usize = 1000;
    let mut client = Client::new(net);
    let socket = client.socket;
    client.rt[socket].set_read_buffer_size(Some(LIMIT));
    let mut server = client.connected();
    let much = noise(2 << 20);
    server.encrypt(&much);
    let mut read = Vec::new();
    let mut is_full = false;
    server.until(&mut client.rt, |world, _| {
        is_full |= world[socket].bytes_available() == LIMIT;
        is_full
    });
    for _ in 0..100 {
        server.send();
        turn(&mut client.rt);
        assert!(client.rt[socket].bytes_available() <= LIMIT);
        assert!(client.rt[socket].encrypted_bytes_available() <= 64 * 1024);
    }
    for _ in 0..100_000 {
        server.send();
        read.extend(client.rt[socket].read_all());
        if read.len() == much.len() {
            break;
        }
        client.rt.process_events(Some(Duration::from_millis(1))).unwrap();
        assert!(client.rt[socket].bytes_available() <= LIMIT);
    }
    assert!(read == much);
}

#[on_every_network]
fn a_write_limit_holds_and_the_program_hears_of_room(net: &Net) {
    const LIMIT: usize = 100_000;
    let mut client = Client::new(net);
    let socket = client.socket;
    client.rt[socket].set_write_buffer_limit(Some(LIMIT));
    let mut server = client.connected();
    let drained = client.rt.spy(socket, QSslSocket::write_buffer_drained);
    let much = noise(LIMIT);
    let mut written = 0;
    while let Ok(count) = client.rt[socket].write(&much[written % LIMIT..]) {
        written += count;
        turn(&mut client.rt);
    }
    assert!(client.rt[socket].bytes_to_write() <= LIMIT);
    server.until(&mut client.rt, |_, server| server.heard.len() == written);
    server.until(&mut client.rt, |_, _| drained.len() == 1);
    assert!(server.heard.chunks(LIMIT).all(|chunk| chunk == &much[..chunk.len()]));
}

#[on_every_network]
fn a_certificate_of_which_nobody_wants_to_hear_ends_the_handshake_with_an_alert(net: &Net) {
    let mut client = Client::in_runtime(net, net.runtime(), |_| Authority::new().trusted());
    let socket = client.socket;
    client.connect();
    let mut server = client.server();
    server.until(&mut client.rt, |_, server| server.failure.is_some());
    assert!(matches!(server.failure, Some(rustls::Error::AlertReceived(_))));
    client.until_ended();
    assert_eq!(client.rt[socket].error(), Some(SocketError::SslHandshakeFailed));
    assert_eq!(errors(&client), 1);
}
