//! Certificates with errors, and what the program decides about them.

use slotwire::PauseMode;
use slotwire::prelude::*;

use crate::parties::{Authority, Pair};
use crate::support::*;

#[on_every_network]
fn a_stranger_is_refused(net: &Net) {
    let stranger = Authority::new().proves("localhost");
    let mut pair = Pair::new(net, Authority::new().trusted(), stranger);
    pair.connect();
    let client = pair.client;
    pair.until(|world| {
        world[client].state() == SocketState::Unconnected && world[client].error().is_some()
    });
    assert_eq!(pair.rt[client].error(), Some(SocketError::SslHandshakeFailed));
    assert!(!pair.journal.has("encrypted"));
}

#[on_every_network]
fn a_program_that_pauses_decides_when_it_likes(net: &Net) {
    let stranger = Authority::new().proves("localhost");
    let mut pair = Pair::new(net, Authority::new().trusted(), stranger);
    let client = pair.client;
    pair.rt[client].set_pause_mode(PauseMode::ON_SSL_ERRORS);
    let asked = pair.rt.spy(client, slotwire::QSslSocket::ssl_errors);
    pair.connect();
    pair.until(|_| asked.len() == 1);
    settle(&mut pair.rt);
    let errors = asked.take().remove(0);
    assert!(!pair.rt[client].is_encrypted());
    assert_eq!(pair.rt[client].state(), SocketState::Connected);
    pair.rt[client].ignore_ssl_errors(&errors);
    pair.rt[client].resume();
    pair.until(|world| world[client].is_encrypted());
}
