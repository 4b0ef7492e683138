//! Certificates with errors, and what the program decides about them.

use slotwire::prelude::*;
use slotwire::{PauseMode, QSslSocket, SslError};

use crate::parties::{Authority, Pair};
use support::*;

/// A client that interrupts its handshake at an error, and a server that it does not trust.
fn interrupting(net: &Net) -> Pair {
    let client = Authority::new().trusted().with_handshake_must_interrupt_on_error(true);
    Pair::new(net, client, Authority::new().proves("localhost"))
}

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
    let asked = pair.rt.spy(client, QSslSocket::ssl_errors);
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

#[on_every_network]
fn an_interrupted_handshake_goes_on_if_a_slot_says_so(net: &Net) {
    let mut pair = interrupting(net);
    let client = pair.client;
    let noted = pair.journal.clone();
    pair.rt.connect_fn(client, QSslSocket::handshake_interrupted_on_error, {
        move |world, _| {
            noted.note("interrupted");
            world[client].continue_interrupted_handshake();
        }
    });
    let noted = pair.journal.clone();
    pair.rt.connect_fn(client, QSslSocket::ssl_errors, move |world, errors: &Vec<SslError>| {
        noted.note(format!("{} errors", errors.len()));
        world[client].ignore_ssl_errors(errors);
    });
    pair.connect();
    pair.until(|world| world[client].is_encrypted());
    let noted = pair.journal.take();
    let from = noted.iter().position(|entry| entry == "mode_changed Client").unwrap();
    assert_eq!(noted[from + 1..], ["interrupted", "1 errors", "encrypted"]);
}

#[on_every_network]
fn an_interrupted_handshake_fails_if_no_slot_lets_it_go_on(net: &Net) {
    let mut pair = interrupting(net);
    let client = pair.client;
    let interrupted = pair.rt.spy(client, QSslSocket::handshake_interrupted_on_error);
    let asked = pair.rt.spy(client, QSslSocket::ssl_errors);
    pair.connect();
    pair.until(|world| {
        world[client].state() == SocketState::Unconnected && world[client].error().is_some()
    });
    assert_eq!(pair.rt[client].error(), Some(SocketError::SslHandshakeFailed));
    assert_eq!((interrupted.len(), asked.len()), (1, 0));
}

#[on_every_network]
fn no_handshake_is_interrupted_if_the_configuration_does_not_say_so(net: &Net) {
    let stranger = Authority::new().proves("localhost");
    let mut pair = Pair::new(net, Authority::new().trusted(), stranger);
    let client = pair.client;
    let interrupted = pair.rt.spy(client, QSslSocket::handshake_interrupted_on_error);
    let asked = pair.rt.spy(client, QSslSocket::ssl_errors);
    pair.connect();
    pair.until(|_| asked.len() == 1);
    assert!(interrupted.is_empty());
}
