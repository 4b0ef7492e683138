//! Layers on a connection: how they shake hands, and what they may ask for.
//!
//! The layer is `toll.rs`, which follows a script. What connections do over a layer is in the
//! suites of TCP sockets and waits, by the layer of `support/secret.rs`.

mod toll;

use std::cell::Cell;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use slotwire::__private::v1::engine::{Destination, Link, Route, Router};
use slotwire::prelude::*;
use slotwire::{OpenMode, SocketType};
use support::*;
use toll::Act::{AskPassword, Hear, KeepControl, Name, Panic, Relink, Say};
use toll::{ALARM, Password, TollRoad};

const CONNECTED: [&str; 5] = ["HostLookup", "Connecting", "host_found", "Connected", "connected"];

/// A socket that begins to connect to a listener, by this road.
fn travel(net: &Net, rt: &mut Runtime, road: TollRoad) -> (Obj<QTcpSocket>, Journal, Listener) {
    rt.set_router(road);
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    let journal = journal_of(rt, socket);
    rt[socket].connect_to_host("127.0.0.1", port);
    (socket, journal, listener)
}

/// Asserts that a socket whose attempt has failed is unconnected, and connects without a layer.
#[track_caller]
fn assert_connects_again(rt: &mut Runtime, socket: Obj<QTcpSocket>, listener: &Listener) {
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
    rt.set_router(TollRoad::new([]));
    rt[socket].connect_to_host("127.0.0.1", listener.local_addr().port());
    wait_until(rt, is(SocketState::Connected, socket));
}

#[on_every_network]
fn a_connection_is_announced_when_its_layer_has_shaken_hands(net: &Net) {
    let mut rt = net.runtime();
    let road = TollRoad::new([vec![Say("pay\n"), Hear("paid\n")]]);
    let (socket, journal, listener) = travel(net, &mut rt, road);
    rt[socket].write_all(b"first").unwrap();
    let mut peer = caller(&mut rt, &listener);
    assert_eq!(read_exactly(&mut rt, &mut peer, 4), b"pay\n");
    settle(&mut rt);
    assert_eq!(rt[socket].state(), SocketState::Connecting);
    assert_eq!(journal.take(), CONNECTED[..3]);
    peer.write_all(b"pa").unwrap();
    settle(&mut rt);
    assert_eq!(rt[socket].state(), SocketState::Connecting);
    peer.write_all(b"id\n").unwrap();
    assert_eq!(read_exactly(&mut rt, &mut peer, 5), b"first");
    wait_until(&mut rt, |_| journal.has("bytes_written 5"));
    assert_eq!(journal.take(), [&CONNECTED[3..], &["bytes_written 5"]].concat());
}

#[on_every_network]
fn layers_shake_hands_one_after_another_from_the_lowest(net: &Net) {
    let mut rt = net.runtime();
    let road = TollRoad::new([vec![Say("one\n"), Hear("1\n")], vec![Say("two\n"), Hear("2\n")]]);
    // What came along with the answer to the first is the answer to the second.
    let (socket, journal, listener) = travel(net, &mut rt, road.dissolving());
    let mut peer = caller(&mut rt, &listener);
    assert_eq!(read_exactly(&mut rt, &mut peer, 4), b"one\n");
    peer.write_all(b"1\n2\nwelcome").unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(journal.take(), [&CONNECTED[..], &["ready_read"]].concat());
    assert_eq!(rt[socket].read_all(), b"welcome");
    assert_eq!(read_exactly(&mut rt, &mut peer, 4), b"two\n");
    rt[socket].write_all(b"thanks").unwrap();
    assert_eq!(read_exactly(&mut rt, &mut peer, 6), b"thanks");
}

#[on_every_network]
fn a_wait_finds_what_came_along_with_the_end_of_a_handshake(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) =
        travel(net, &mut rt, TollRoad::new([vec![Hear("go\n")]]).dissolving());
    let mut peer = caller(&mut rt, &listener);
    peer.write_all(b"go\nearly").unwrap();
    assert!(rt.wait_for_connected(socket, Some(DEADLINE)));
    assert!(rt.wait_for_ready_read(socket, Some(DEADLINE)));
    assert_eq!(rt[socket].read_all(), b"early");
    assert!(!rt.wait_for_ready_read(socket, Some(Duration::ZERO)));
}

#[on_every_network]
fn what_came_along_can_be_read_by_an_unbuffered_socket(net: &Net) {
    let mut rt = net.runtime();
    rt.set_router(TollRoad::new([vec![Hear("go\n")]]).dissolving());
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    let journal = journal_of(&mut rt, socket);
    let mode = OpenMode::READ_WRITE | OpenMode::UNBUFFERED;
    rt[socket].connect_to_address(([127, 0, 0, 1], port).into(), mode);
    let mut peer = caller(&mut rt, &listener);
    peer.write_all(b"go\nearly").unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(rt[socket].read_all(), b"early");
    peer.write_all(b" late").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 5);
    assert_eq!(rt[socket].read_all(), b" late");
}

#[on_every_network]
fn a_layer_can_ask_for_another_link_in_place_of_its_own(net: &Net) {
    let mut rt = net.runtime();
    let road = TollRoad::new([vec![Say("a\n"), Hear("again\n"), Relink, Say("b\n"), Hear("ok\n")]]);
    let (socket, journal, listener) = travel(net, &mut rt, road);
    let mut first = caller(&mut rt, &listener);
    first.write_all(b"again\n").unwrap();
    let mut second = caller(&mut rt, &listener);
    assert_eq!(read_to_end(&mut rt, &mut first), b"a\n");
    assert_eq!(read_exactly(&mut rt, &mut second, 2), b"b\n");
    assert_eq!(journal.take(), CONNECTED[..3]);
    second.write_all(b"ok\nhello").unwrap();
    wait_until(&mut rt, is(SocketState::Connected, socket));
    second.write_all(b" there").unwrap();
    drop(second);
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
}

#[on_every_network]
fn a_link_that_cannot_be_made_ends_the_attempt(net: &Net) {
    let mut rt = net.runtime();
    let closed = std::net::SocketAddr::from(([127, 0, 0, 1], net.closed_port()));
    let road = TollRoad::new([vec![KeepControl(Link::new(SocketType::Tcp, closed))]]);
    let (socket, journal, listener) = travel(net, &mut rt, road);
    let mut peer = caller(&mut rt, &listener);
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    let refused = "ConnectionRefused while Unconnected";
    assert_eq!(journal.take(), [&CONNECTED[..3], &["Unconnected", refused]].concat());
    assert_eq!(read_to_end(&mut rt, &mut peer), b"");
}

#[on_every_network]
fn a_link_of_a_kind_that_no_network_has_ends_the_attempt(net: &Net) {
    for kind in [SocketType::Sctp, SocketType::Unknown] {
        let mut rt = net.runtime();
        let to = std::net::SocketAddr::from(([127, 0, 0, 1], 7));
        let road = TollRoad::new([vec![KeepControl(Link::new(kind, to))]]);
        let (socket, journal, listener) = travel(net, &mut rt, road);
        let _peer = caller(&mut rt, &listener);
        wait_until(&mut rt, is(SocketState::Unconnected, socket));
        let refused = "UnsupportedSocketOperation while Unconnected";
        assert_eq!(journal.take(), [&CONNECTED[..3], &["Unconnected", refused]].concat());
        let reason = rt[socket].error_string();
        assert!(reason.contains(&format!("{kind:?}")), "{reason}");
    }
}

/// Connects by a road that asks for a password, which this slot answers.
fn ask(net: &Net, answer: Option<&'static str>) -> (Vec<u8>, Vec<String>) {
    let mut rt = net.runtime();
    let road = TollRoad::new([vec![AskPassword, Hear("ok\n")]]);
    let (socket, journal, listener) = travel(net, &mut rt, road);
    let asked = journal.clone();
    rt.connect_fn(socket, QTcpSocket::question_asked, move |world, question| {
        asked.note(format!("asked while {:?}", world[socket].state()));
        let password: &Password = question.as_value().unwrap();
        password.0.replace(answer);
    });
    let mut peer = caller(&mut rt, &listener);
    let said = read_exactly(&mut rt, &mut peer, answer.unwrap_or("nothing").len());
    peer.write_all(if answer.is_some() { b"ok\n" } else { b"no\n" }).unwrap();
    wait_until(&mut rt, |world| world[socket].state() != SocketState::Connecting);
    settle(&mut rt);
    (said, journal.take())
}

#[on_every_network]
fn a_layer_can_ask_the_program(net: &Net) {
    let (said, journal) = ask(net, Some("sesame"));
    assert_eq!(said, b"sesame");
    let asked = ["asked while Connecting"];
    assert_eq!(journal, [&CONNECTED[..3], &asked, &CONNECTED[3..]].concat());
}

#[on_every_network]
fn a_question_that_nobody_answers_ends_as_the_layer_wants(net: &Net) {
    let (said, journal) = ask(net, None);
    assert_eq!(said, b"nothing");
    let ends = ["asked while Connecting", "Unconnected", "ProxyProtocol while Unconnected"];
    assert_eq!(journal, [&CONNECTED[..3], &ends].concat());
}

#[on_every_network]
fn an_engine_can_have_two_sources(net: &Net) {
    let mut rt = net.runtime();
    let road = TollRoad::new([vec![Say("control\n"), KeepControl(Link::again()), Say("data\n")]]);
    let (socket, journal, listener) = travel(net, &mut rt, road);
    let mut control = caller(&mut rt, &listener);
    let mut data = caller(&mut rt, &listener);
    assert_eq!(read_exactly(&mut rt, &mut control, 8), b"control\n");
    assert_eq!(read_exactly(&mut rt, &mut data, 5), b"data\n");
    data.write_all(b"by the data link").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 16);
    // What comes by the control link is the layer's.
    control.write_all(b"nothing").unwrap();
    settle(&mut rt);
    assert_eq!(rt[socket].read_all(), b"by the data link");
    journal.take();
    drop(control);
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    assert_eq!(journal.take()[0], "ProxyConnectionClosed while Connected");
    assert_eq!(read_to_end(&mut rt, &mut data), b"");
}

#[on_every_network]
fn a_wait_looks_at_both_sources(net: &Net) {
    let mut rt = net.runtime();
    let road = TollRoad::new([vec![KeepControl(Link::again()), Hear("ok\n")]]);
    let (socket, _, listener) = travel(net, &mut rt, road);
    let control = caller(&mut rt, &listener);
    let mut data = caller(&mut rt, &listener);
    data.write_all(b"ok\n").unwrap();
    assert!(rt.wait_for_connected(socket, Some(DEADLINE)));
    data.write_all(b"hello").unwrap();
    assert!(rt.wait_for_ready_read(socket, Some(DEADLINE)));
    drop(control);
    assert!(rt.wait_for_disconnected(socket, Some(DEADLINE)));
    assert_eq!(rt[socket].error(), Some(SocketError::ProxyConnectionClosed));
    assert_eq!(rt[socket].read_all(), b"hello");
}

#[on_every_network]
fn datagrams_can_go_by_a_link_of_their_own_beside_the_control_link(net: &Net) {
    let mut rt = net.runtime();
    let (relay, at) = net.udp_peer();
    let (listener, port) = net.listener();
    let link = Link::new(SocketType::Udp, at);
    let road = TollRoad::new([vec![Say("associate\n"), Hear("ok\n"), KeepControl(link)]]);
    rt.set_router(TollRoad { gate: Some(("127.0.0.1", port)), ..road });
    let socket = rt.add(QUdpSocket::new());
    let journal = journal_of(&mut rt, socket);
    rt[socket].connect_to_host("far.away.invalid", 53);
    let mut control = caller(&mut rt, &listener);
    assert_eq!(read_exactly(&mut rt, &mut control, 10), b"associate\n");
    assert_eq!(rt[socket].state(), SocketState::Connecting);
    control.write_all(b"ok\n").unwrap();
    wait_until(&mut rt, |_| journal.has("connected"));
    rt[socket].write_all(b"ping").unwrap();
    let mut buffer = [0; 16];
    let (count, from) = relay.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..count], b"ping");
    relay.send_to(b"pong", from).unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(rt[socket].read_all(), b"pong");
}

#[on_every_network]
fn a_route_by_way_of_another_host_does_not_look_the_peer_up(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let road = TollRoad::new([vec![Say("far.away.invalid\n"), Hear("ok\n"), Name(80)]]);
    let road = TollRoad { gate: Some(("127.0.0.1", port)), ..road };
    let asked = road.asked.clone();
    rt.set_router(road);
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host("far.away.invalid", 80);
    let mut peer = caller(&mut rt, &listener);
    peer.write_all(b"ok\n").unwrap();
    wait_until(&mut rt, is(SocketState::Connected, socket));
    assert_eq!(*asked.borrow(), [("far.away.invalid".to_owned(), 80)]);
    assert_eq!(rt[socket].peer_name(), "far.away.invalid");
    assert_eq!((rt[socket].peer_addr(), rt[socket].peer_address()), (None, None));
    assert_eq!(rt[socket].peer_port(), Some(80));
    assert_eq!(read_exactly(&mut rt, &mut peer, 17), b"far.away.invalid\n");
}

#[on_every_network]
fn the_deadline_of_the_attempt_covers_the_handshake(net: &Net) {
    let (mut rt, stopwatch) = net.timed_runtime();
    rt.set_router(TollRoad::new([vec![Hear("never\n")]]));
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    let journal = journal_of(&mut rt, socket);
    rt[socket].set_connect_timeout(Some(Duration::from_secs(5)));
    rt[socket].connect_to_host("127.0.0.1", port);
    rt.deliver();
    let (mut peer, _) = listener.accept();
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    assert!(stopwatch.elapsed() >= Duration::from_secs(5));
    let over = ["Unconnected", "SocketTimeout while Unconnected"];
    assert_eq!(journal.take(), [&CONNECTED[..3], &over].concat());
    assert_eq!(read_to_end(&mut rt, &mut peer), b"");
}

#[on_every_network]
fn a_handshake_that_fails_ends_the_attempt_with_what_the_layer_says(net: &Net) {
    let mut rt = net.runtime();
    let road = TollRoad::new([vec![Hear("paid\n")]]);
    let (socket, journal, listener) = travel(net, &mut rt, road);
    let mut peer = caller(&mut rt, &listener);
    peer.write_all(b"what?\n").unwrap();
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    let failed = ["Unconnected", "ProxyProtocol while Unconnected"];
    assert_eq!(journal.take(), [&CONNECTED[..3], &failed].concat());
    assert_eq!(rt[socket].error_string(), "the peer says something else");
    assert_connects_again(&mut rt, socket, &listener);
}

#[on_every_network]
fn a_peer_that_goes_in_the_middle_of_a_handshake_ends_the_attempt(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = travel(net, &mut rt, TollRoad::new([vec![Hear("paid\n")]]));
    drop(caller(&mut rt, &listener));
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    let failed = ["Unconnected", "ProxyConnectionClosed while Unconnected"];
    assert_eq!(journal.take(), [&CONNECTED[..3], &failed].concat());
}

#[on_every_network]
fn a_socket_that_is_to_disconnect_finishes_the_handshake_first(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = travel(net, &mut rt, TollRoad::new([vec![Hear("ok\n")]]));
    let mut peer = caller(&mut rt, &listener);
    rt[socket].write_all(b"good-bye").unwrap();
    rt[socket].disconnect_from_host();
    settle(&mut rt);
    assert_eq!(rt[socket].state(), SocketState::Connecting);
    peer.write_all(b"ok\n").unwrap();
    assert_eq!(read_to_end(&mut rt, &mut peer), b"good-bye");
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    let ends = ["bytes_written 8", "Unconnected", "read_channel_finished", "disconnected"];
    assert_eq!(journal.take(), [&CONNECTED[..], &["Closing"], &ends].concat());
}

#[on_every_network]
fn a_socket_that_is_aborted_in_the_middle_of_a_handshake_is_unconnected(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = travel(net, &mut rt, TollRoad::new([vec![Hear("ok\n")]]));
    let mut peer = caller(&mut rt, &listener);
    rt[socket].abort();
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
    peer.write_all(b"ok\n").unwrap();
    settle(&mut rt);
    let ends = ["about_to_close", "Unconnected", "read_channel_finished"];
    assert_eq!(journal.take(), [&CONNECTED[..3], &ends].concat());
}

#[on_every_network]
fn a_layer_that_panics_leaves_a_socket_that_can_be_used_again(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = travel(net, &mut rt, TollRoad::new([vec![Hear("go\n"), Panic]]));
    let mut peer = caller(&mut rt, &listener);
    peer.write_all(b"go\n").unwrap();
    let run = || wait_until(&mut rt, is(SocketState::Unconnected, socket));
    let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
    settle(&mut rt);
    assert_eq!(rt.next_deadline(), None, "the timer of the attempt is disarmed");
    assert_connects_again(&mut rt, socket, &listener);
}

#[on_every_network]
fn a_layer_that_panics_as_it_reads_loses_no_byte_that_was_read_before(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = travel(net, &mut rt, TollRoad::new([vec![]]));
    let mut peer = caller(&mut rt, &listener);
    peer.write_all(b"read before").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 11);
    peer.write_all(ALARM).unwrap();
    let run = || wait_until(&mut rt, |world| world[socket].bytes_available() > 11);
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    assert_eq!(rt[socket].read_all(), b"read before");
    peer.write_all(b"read after").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 10);
    assert_eq!(rt[socket].read_all(), b"read after");
}

/// As a class of its own may do.
#[on_every_network]
fn a_state_that_is_set_while_a_layer_asks_does_not_stop_the_handshake(net: &Net) {
    let mut rt = net.runtime();
    let road = TollRoad::new([vec![AskPassword, Hear("ok\n")]]);
    let (socket, _, listener) = travel(net, &mut rt, road);
    rt.connect_fn(socket, QTcpSocket::question_asked, move |world, _| {
        world[socket].set_socket_state(SocketState::HostLookup);
    });
    let mut peer = caller(&mut rt, &listener);
    assert_eq!(read_exactly(&mut rt, &mut peer, 7), b"nothing");
    peer.write_all(b"ok\n").unwrap();
    wait_until(&mut rt, is(SocketState::Connected, socket));
}

#[on_every_network]
fn a_wait_after_the_state_was_set_back_leaves_no_layer_out(net: &Net) {
    let (mut rt, _) = net.timed_runtime();
    let road = TollRoad::new([vec![Hear("ok\n")]]);
    let (socket, journal, listener) = travel(net, &mut rt, road);
    let mut peer = caller(&mut rt, &listener);
    settle(&mut rt);
    rt[socket].set_socket_state(SocketState::HostLookup);
    assert!(!rt.wait_for_connected(socket, Some(Duration::from_millis(100))));
    assert!(!journal.has("connected"), "the layer has not heard its word");
    assert!(listener.accept_now().is_none(), "another connection was made");
    assert!(peer.write_all(b"ok\n").is_ok());
}

#[on_every_network]
fn a_socket_that_was_bound_keeps_its_port_through_a_layer(net: &Net) {
    let mut rt = net.runtime();
    rt.set_router(TollRoad::new([vec![Hear("ok\n")]]));
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].bind(any_port().ip(), 0, BindMode::DEFAULT).unwrap();
    let own = rt[socket].local_port();
    assert!(own.is_some());
    rt[socket].connect_to_host("127.0.0.1", port);
    let mut peer = caller(&mut rt, &listener);
    assert_eq!(rt[socket].local_port(), own);
    peer.write_all(b"ok\n").unwrap();
    wait_until(&mut rt, is(SocketState::Connected, socket));
    assert_eq!(rt[socket].local_port(), own);
}

#[on_every_network]
fn an_end_that_comes_along_with_the_end_of_a_handshake_is_found(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) =
        travel(net, &mut rt, TollRoad::new([vec![Say("hi\n"), Hear("go\n")]]).dissolving());
    let mut peer = caller(&mut rt, &listener);
    assert_eq!(read_exactly(&mut rt, &mut peer, 3), b"hi\n");
    settle(&mut rt);
    assert_eq!(rt[socket].state(), SocketState::Connecting);
    // More than the layer reads at once, so that the end is behind what the socket reads.
    peer.write_all(&[b"go\n", [b'x'; 100].as_slice()].concat()).unwrap();
    drop(peer);
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    assert_eq!(rt[socket].read_all(), [b'x'; 100]);
    assert!(journal.has("disconnected"));
}

#[on_every_network]
fn a_wait_for_another_link_sleeps_whatever_comes_by_the_first(net: &Net) {
    let (mut rt, stopwatch) = net.timed_runtime();
    let (silent, _kept) = net.full_listener();
    let road = TollRoad::new([vec![KeepControl(Link::new(SocketType::Tcp, silent))]]);
    let (socket, _, listener) = travel(net, &mut rt, road);
    let mut peer = caller(&mut rt, &listener);
    peer.write_all(b"early").unwrap();
    settle(&mut rt);
    assert!(!rt.wait_for_connected(socket, Some(Duration::from_secs(1))));
    assert!(stopwatch.elapsed() >= Duration::from_secs(1));
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
}

#[on_every_network]
fn what_came_along_is_announced_before_a_reset_that_comes_at_once(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) =
        travel(net, &mut rt, TollRoad::new([vec![Hear("go\n")]]).dissolving());
    rt[socket].write_all(b"hello").unwrap();
    let mut peer = caller(&mut rt, &listener);
    settle(&mut rt);
    peer.write_all(b"go\nearly").unwrap();
    // The first write of what waits finds the connection broken.
    let peer = Cell::new(Some(peer));
    rt.connect_fn(socket, QTcpSocket::connected, move |_, ()| {
        peer.take().into_iter().for_each(reset)
    });
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    let journal = journal.take();
    let place = |entry| journal.iter().position(|it| it.starts_with(entry));
    let heard = place("ready_read");
    assert!(heard.is_some() && heard < place("RemoteHostClosed"), "{journal:?}");
    assert_eq!(rt[socket].read_all(), b"early");
}

/// Leads every connection through a layer that panics as it is made.
struct Trap;

impl Router for Trap {
    fn route(&self, _: &Destination<'_>) -> Route {
        Route::direct().with_layer(|_, _| panic!("on purpose"))
    }
}

#[on_every_network]
fn a_layer_that_panics_as_it_is_made_leaves_a_socket_that_can_be_used_again(net: &Net) {
    let mut rt = net.runtime();
    rt.set_router(Trap);
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host("127.0.0.1", port);
    let run = || wait_until(&mut rt, is(SocketState::Connected, socket));
    let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
    settle(&mut rt);
    assert_eq!(rt.next_deadline(), None, "the timer of the attempt is disarmed");
    assert_connects_again(&mut rt, socket, &listener);
}

#[on_every_network]
fn a_bound_socket_of_datagrams_reaches_a_host_on_the_way_by_tcp(net: &Net) {
    let mut rt = net.runtime();
    let (relay, at) = net.udp_peer();
    let (listener, port) = net.listener();
    let link = Link::new(SocketType::Udp, at);
    let road = TollRoad::new([vec![Hear("ok\n"), KeepControl(link)]]);
    rt.set_router(TollRoad { gate: Some(("127.0.0.1", port)), ..road });
    let socket = rt.add(QUdpSocket::new());
    rt[socket].bind(any_port().ip(), 0, BindMode::DEFAULT).unwrap();
    rt[socket].connect_to_host("far.away.invalid", 53);
    caller(&mut rt, &listener).write_all(b"ok\n").unwrap();
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
    rt[socket].write_all(b"ping").unwrap();
    let mut buffer = [0; 16];
    let (count, _) = relay.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..count], b"ping");
}
