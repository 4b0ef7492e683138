//! Handshakes that succeed, and what goes over the connection afterwards.

use std::io::Write;

use slotwire::prelude::*;

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
