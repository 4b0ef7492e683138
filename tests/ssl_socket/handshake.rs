//! Handshakes that succeed, and what goes over the connection afterwards.

use std::io::Write;

use slotwire::QSslSocket;
use slotwire::prelude::*;

use crate::by_hand::Client;
use crate::parties::Pair;
use support::*;

#[on_every_network]
fn a_connection_is_encrypted_after_it_is_established(net: &Net) {
    let pair = Pair::trusting(net).connected();
    assert_eq!(
        pair.journal.take(),
        [
            "HostLookup",
            "Connecting",
            "host_found",
            "Connected",
            "connected",
            "mode_changed Client",
            "encrypted"
        ]
    );
}

#[on_every_network]
fn bytes_go_both_ways(net: &Net) {
    let mut pair = Pair::trusting(net).connected();
    let (client, end) = (pair.client, pair.end());
    pair.rt[client].write_all(b"question").unwrap();
    pair.until(|world| world[end].bytes_available() == 8);
    assert_eq!(pair.rt[end].read_all(), b"question");
    pair.rt[end].write_all(b"answer").unwrap();
    pair.until(|world| world[client].bytes_available() == 6);
    assert_eq!(pair.rt[client].read_all(), b"answer");
}

#[on_every_network]
fn what_is_written_before_the_handshake_waits_for_it(net: &Net) {
    let mut pair = Pair::trusting(net);
    pair.connect();
    let client = pair.client;
    pair.rt[client].write_all(b"early").unwrap();
    let journal = pair.journal.clone();
    pair.until(|_| journal.has("bytes_written 5"));
    let noted = journal.take();
    let place = |entry: &str| noted.iter().position(|noted| noted == entry);
    assert!(place("encrypted") < place("bytes_written 5"), "{noted:?}");
    let end = pair.end();
    pair.until(|world| world[end].bytes_available() == 5);
}

#[on_every_network]
fn many_bytes_go_both_ways_at_once(net: &Net) {
    let mut pair = Pair::trusting(net).connected();
    let (client, end) = (pair.client, pair.end());
    let much = noise(3 << 20);
    pair.rt[client].write_all(&much).unwrap();
    pair.rt[end].write_all(&much).unwrap();
    pair.until(|world| {
        world[end].bytes_available() == much.len() && world[client].bytes_available() == much.len()
    });
    assert!(pair.rt[end].read_all() == much && pair.rt[client].read_all() == much);
}

/// From the first byte of the handshake to the last one of the end, more than the system has room for.
#[on_every_network]
fn each_encrypted_byte_that_goes_out_is_counted(net: &Net) {
    const MUCH: usize = 8 << 20;
    let mut client = Client::new(net);
    let socket = client.socket;
    let written = client.rt.spy(socket, QSslSocket::encrypted_bytes_written);
    let mut server = client.connected();
    let mut counts = written.take();
    assert_eq!(counts.iter().sum::<usize>(), server.came, "the handshake");
    client.rt[socket].write_all(&noise(MUCH)).unwrap();
    client.rt[socket].disconnect_from_host();
    server.until(&mut client.rt, |_, server| server.has_ended);
    client.until_ended();
    assert!(server.heard == noise(MUCH));
    let told = counts.len();
    counts.extend(written.take());
    assert_eq!(counts.iter().sum::<usize>(), server.came);
    assert!(counts.len() > told + 1, "it is told while it goes out: {counts:?}");
}
