//! How encrypted connections end.

use std::io::Write;

use slotwire::prelude::*;

use crate::parties::Pair;
use crate::support::*;

#[on_every_network]
fn an_orderly_end_is_told_to_the_other_end(net: &Net) {
    let mut pair = Pair::trusting(net).connected();
    let (client, end) = (pair.client, pair.end());
    let errors = pair.rt.spy(end, QAbstractSocket::error_occurred);
    pair.rt[client].write_all(b"last words").unwrap();
    pair.rt[client].disconnect_from_host();
    pair.until(|world| {
        world[client].state() == SocketState::Unconnected
            && world[end].state() == SocketState::Unconnected
    });
    assert_eq!(pair.rt[end].read_all(), b"last words");
    assert_eq!(errors.take(), [SocketError::RemoteHostClosed]);
}

#[on_every_network]
fn a_connection_that_is_cut_does_not_end_in_order(net: &Net) {
    for resets in [false, true] {
        let mut pair = Pair::trusting(net).connected();
        let (client, end) = (pair.client, pair.end());
        let errors = pair.rt.spy(end, QAbstractSocket::error_occurred);
        match resets {
            true => pair.rt[client].abort_with_reset(),
            false => pair.rt[client].abort(),
        }
        pair.until(|world| world[end].state() == SocketState::Unconnected);
        assert_eq!(errors.take(), [SocketError::Network]);
        let reason = pair.rt[end].error_string();
        assert!(reason.contains("no close_notify"), "{reason}");
    }
}
