//! Connections that end in a slot: nothing of them is announced afterwards.

use std::io::Write;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{QSslSocket, SslMode};

use crate::by_hand::Client;
use crate::parties::Authority;
use support::*;

#[on_every_network]
fn a_socket_may_end_in_each_slot(net: &Net) {
    type End = fn(&mut World, Obj<QSslSocket>);
    let ends: [End; 4] = [
        |world, socket| world[socket].abort(),
        |world, socket| world[socket].disconnect_from_host(),
        |world, socket| world[socket].close(),
        |world, socket| assert!(world.destroy(socket)),
    ];
    for end in ends {
        for slot in 0..9 {
            let mut client = Client::new(net);
            let socket = client.socket;
            let rt = &mut client.rt;
            let calls = Journal::new();
            let noted = calls.clone();
            let act = move |world: &mut World| {
                noted.note("called");
                if world.get(socket).is_some() {
                    end(world, socket);
                }
            };
            match slot {
                0 => drop(rt.connect_fn(socket, QSslSocket::connected, move |world, _| act(world))),
                1 => drop(
                    rt.connect_fn(socket, QSslSocket::mode_changed, move |world, _| act(world)),
                ),
                2 => drop(rt.connect_fn(socket, QSslSocket::encrypted, move |world, _| act(world))),
                3 => {
                    drop(rt.connect_fn(socket, QSslSocket::ready_read, move |world, _| act(world)))
                }
                4 => drop(
                    rt.connect_fn(socket, QSslSocket::bytes_written, move |world, _| act(world)),
                ),
                5 => drop(rt.connect_fn(
                    socket,
                    QSslSocket::new_session_ticket_received,
                    move |world, _| act(world),
                )),
                6 => drop(rt.connect_fn(
                    socket,
                    QSslSocket::encrypted_bytes_written,
                    move |world, _| act(world),
                )),
                7 => drop(
                    rt.connect_fn(socket, QSslSocket::disconnected, move |world, _| act(world)),
                ),
                _ => drop(
                    rt.connect_fn(socket, QSslSocket::alert_received, move |world, _| act(world)),
                ),
            }
            client.connect();
            client.rt[socket].write_all(b"hello").unwrap();
            let mut server = client.server();
            let mut has_answered = false;
            for _ in 0..DEADLINE.as_millis() {
                server.hear();
                if server.heard == b"hello" && !has_answered {
                    has_answered = true;
                    server.encrypt(b"answer");
                    server.tls.send_close_notify();
                    server.take_said();
                }
                server.send();
                let is_over = client.rt.get(socket).is_none_or(|socket| {
                    socket.state() == SocketState::Unconnected
                        && socket.mode() == SslMode::Unencrypted
                });
                if is_over {
                    break;
                }
                if server.has_heard_close() && !has_answered {
                    server.tls.send_close_notify();
                    server.take_said();
                }
                client.rt.process_events(Some(Duration::from_millis(1))).unwrap();
            }
            settle(&mut client.rt);
            assert!(calls.len() >= 1, "slot {slot} was not called");
            if let Some(socket) = client.rt.get(socket) {
                assert_eq!(socket.state(), SocketState::Unconnected, "slot {slot}");
                assert!(!socket.is_encrypted());
                let noted = client.journal.take();
                let mut last = noted.iter().rev().filter(|entry| *entry != "about_to_close");
                assert_eq!(last.next().unwrap(), "disconnected", "slot {slot}: {noted:?}");
            }
        }
    }
}

#[on_every_network]
fn an_abort_at_the_first_error_of_a_certificate_is_the_last_that_is_heard_of_it(net: &Net) {
    for slot in 0..2 {
        let mut client = Client::in_runtime(net, net.runtime(), |_| Authority::new().trusted());
        let socket = client.socket;
        let asked = client.rt.spy(socket, QSslSocket::ssl_errors);
        match slot {
            0 => client.rt.connect_fn(socket, QSslSocket::peer_verify_error, move |world, _| {
                world[socket].abort();
            }),
            _ => client.rt.connect_fn(socket, QSslSocket::ssl_errors, move |world, _| {
                world[socket].abort();
            }),
        };
        client.connect();
        let mut server = client.server();
        server.until(&mut client.rt, |_, server| server.has_ended);
        settle(&mut client.rt);
        assert_eq!(asked.len(), slot);
        let noted = client.journal.take();
        assert_eq!(noted.last().unwrap(), "disconnected", "{noted:?}");
    }
}
