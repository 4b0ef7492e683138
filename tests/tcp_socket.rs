//! TCP sockets: what they say, in which order, and how they look while they say it.

mod support;

use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use slotwire::VirtualClock;
use slotwire::prelude::*;

use support::*;

/// What a connection by address says up to its end.
const CONNECTING: [&str; 5] = ["HostLookup", "Connecting", "host_found", "Connected", "connected"];

/// What an orderly end says.
const CLOSING: [&str; 4] = ["Closing", "Unconnected", "read_channel_finished", "disconnected"];

/// What the end says that the peer brought about.
const LOST: [&str; 5] = [
    "RemoteHostClosed while Connected",
    "Closing",
    "Unconnected",
    "read_channel_finished",
    "disconnected",
];

const ABORTED: [&str; 4] =
    ["about_to_close", "Unconnected", "read_channel_finished", "disconnected"];

fn is_unconnected(socket: Obj<QTcpSocket>) -> impl FnMut(&World) -> bool {
    move |world| world[socket].state() == SocketState::Unconnected
}

/// A socket that was never connected, and its journal.
fn socket(rt: &mut Runtime) -> (Obj<QTcpSocket>, Journal) {
    let socket = rt.add(QTcpSocket::new());
    let journal = journal_of(rt, socket);
    (socket, journal)
}

/// A connected socket whose journal begins now, and its peer.
fn connected(rt: &mut Runtime) -> (Obj<QTcpSocket>, TcpStream, Journal) {
    let (socket, peer) = connected_pair(rt);
    settle(rt);
    let journal = journal_of(rt, socket);
    (socket, peer, journal)
}

/// Runs `act` once, in the first slot of the socket's that hears `entry`, as the journal names it.
fn once_at(
    rt: &mut Runtime,
    socket: Obj<QTcpSocket>,
    entry: &'static str,
    act: impl FnMut(&mut World) + 'static,
) {
    let act = Rc::new(RefCell::new(Some(act)));
    let run = move |world: &mut World| {
        let act = act.borrow_mut().take();
        if let Some(mut act) = act {
            act(world);
        }
    };
    let on = |rt: &mut Runtime, signal: fn(&QTcpSocket) -> &Signal<()>| {
        let run = run.clone();
        rt.connect_fn(socket, signal, move |world, _| run(world));
    };
    match entry {
        "host_found" => on(rt, QTcpSocket::host_found),
        "connected" => on(rt, QTcpSocket::connected),
        "disconnected" => on(rt, QTcpSocket::disconnected),
        "ready_read" => on(rt, QTcpSocket::ready_read),
        "about_to_close" => on(rt, QTcpSocket::about_to_close),
        "read_channel_finished" => on(rt, QTcpSocket::read_channel_finished),
        "bytes_written" => {
            rt.connect_fn(socket, QTcpSocket::bytes_written, move |world, _| run(world));
        }
        "error" => {
            rt.connect_fn(socket, QTcpSocket::error_occurred, move |world, _| run(world));
        }
        state => {
            rt.connect_fn(socket, QTcpSocket::state_changed, move |world, announced| {
                if format!("{announced:?}") == state {
                    run(world);
                }
            });
        }
    }
}

#[test]
fn a_connection_by_address_goes_through_the_states_in_order() {
    let mut rt = Runtime::new().unwrap();
    let (listener, port) = std_listener();
    let (socket, journal) = socket(&mut rt);
    rt[socket].connect_to_host("127.0.0.1", port);
    assert_eq!(rt[socket].state(), SocketState::HostLookup);
    assert!(rt[socket].is_open());
    assert_eq!((rt[socket].peer_name(), rt[socket].peer_port()), ("127.0.0.1", None));
    wait_until(&mut rt, |_| journal.has("connected"));
    assert_eq!(journal.take(), CONNECTING);
    let peer = listener.accept().unwrap().0;
    assert_eq!(rt[socket].local_port(), Some(peer.peer_addr().unwrap().port()));
    assert_eq!(rt[socket].peer_port(), Some(port));
    assert_eq!(rt[socket].error(), None);
}

#[test]
fn a_connection_by_name_goes_through_the_states_in_order() {
    let mut rt = Runtime::new().unwrap();
    let (_listener, port) = std_listener();
    let (socket, journal) = socket(&mut rt);
    rt[socket].connect_to_host("localhost", port);
    rt.deliver();
    assert_eq!(journal.take(), ["HostLookup"]);
    wait_until(&mut rt, |_| journal.has("connected"));
    assert_eq!(journal.take(), CONNECTING[1..]);
}

#[test]
fn a_name_without_address_is_not_found() {
    let mut rt = Runtime::new().unwrap();
    for name in ["no-such-host.invalid", "", "nul\0byte"] {
        let (socket, journal) = socket(&mut rt);
        rt[socket].connect_to_host(name, 1);
        wait_until(&mut rt, is_unconnected(socket));
        settle(&mut rt);
        let expected = ["HostLookup", "Unconnected", "HostNotFound while Unconnected"];
        assert_eq!(journal.take(), expected, "{name:?}");
        assert_eq!(rt[socket].error(), Some(SocketError::HostNotFound));
        assert!(rt[socket].os_error().is_some());
    }
}

#[test]
fn a_refused_connection_says_so_when_it_is_unconnected() {
    let mut rt = Runtime::new().unwrap();
    for port in [closed_port(), 0] {
        let (socket, journal) = socket(&mut rt);
        rt[socket].connect_to_host("127.0.0.1", port);
        rt[socket].write_all(b"lost").unwrap();
        wait_until(&mut rt, is_unconnected(socket));
        settle(&mut rt);
        let expected = [
            "HostLookup",
            "Connecting",
            "host_found",
            "Unconnected",
            "ConnectionRefused while Unconnected",
        ];
        assert_eq!(journal.take(), expected, "port {port}");
        assert_eq!(rt[socket].bytes_to_write(), 0);
    }
}

#[test]
fn an_address_that_does_not_answer_is_given_up_after_the_timeout() {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    let (port, _full) = full_listener();
    let (socket, journal) = socket(&mut rt);
    rt[socket].set_connect_timeout(Some(Duration::from_secs(5)));
    rt[socket].connect_to_host("127.0.0.1", port);
    rt.process_events(None).unwrap();
    assert!(rt.run_until(Duration::from_secs(60), is_unconnected(socket)).unwrap());
    assert_eq!(clock.elapsed(), Duration::from_secs(5));
    let expected = [
        "HostLookup",
        "Connecting",
        "host_found",
        "Unconnected",
        "SocketTimeout while Unconnected",
    ];
    settle(&mut rt);
    assert_eq!(journal.take(), expected);
    assert_eq!(rt.next_deadline(), None);
}

/// A listener whose queue is full, so that the kernel answers nobody any more.
fn full_listener() -> (u16, Vec<Box<dyn std::any::Any>>) {
    let listener =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    listener.bind(&any_port().into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut kept: Vec<Box<dyn std::any::Any>> = vec![Box::new(listener)];
    for _ in 0..8 {
        let client =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        client.set_nonblocking(true).unwrap();
        let _ = client.connect(&address);
        kept.push(Box::new(client));
    }
    (address.as_socket().unwrap().port(), kept)
}

#[test]
fn data_is_announced_once_for_each_arrival() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, journal) = connected(&mut rt);
    peer.write_all(b"hello").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 5);
    for _ in 0..3 {
        turn(&mut rt);
    }
    assert_eq!(journal.take(), ["ready_read"]);
    assert_eq!(rt[socket].read_all(), b"hello");
    let would_block = rt[socket].read(&mut [0]).unwrap_err();
    assert_eq!(would_block.kind(), ErrorKind::WouldBlock);
}

#[test]
fn what_the_peer_sent_before_it_closed_stays_readable() {
    for resets in [false, true] {
        for at in ["error", "Closing", "Unconnected", "read_channel_finished", "disconnected"] {
            let mut rt = Runtime::new().unwrap();
            let (socket, mut peer, journal) = connected(&mut rt);
            peer.write_all(b"last words").unwrap();
            wait_until(&mut rt, |world| world[socket].bytes_available() == 10);
            let seen = Rc::new(Cell::new(false));
            let look = seen.clone();
            once_at(&mut rt, socket, at, move |world| {
                look.set(true);
                let socket = &mut world[socket];
                assert!(socket.peer_port().is_some() && socket.local_port().is_some());
                assert_eq!(socket.read(&mut [0; 5]).unwrap(), 5);
            });
            if resets {
                reset(peer)
            } else {
                drop(peer)
            }
            wait_until(&mut rt, |_| journal.has("disconnected"));
            settle(&mut rt);
            assert_eq!(journal.take()[1..], LOST, "{at}");
            assert!(seen.get(), "{at}");
            assert_eq!(rt[socket].read_line_string().as_deref(), Some("words"), "{at}");
            assert_eq!(rt[socket].read(&mut [0]).unwrap(), 0);
            assert_eq!((rt[socket].peer_port(), rt[socket].local_port()), (None, None));
        }
    }
}

#[test]
fn data_and_end_that_come_together_are_both_told() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, journal) = connected(&mut rt);
    let data = noise(300_000);
    let sent = data.clone();
    let writer = std::thread::spawn(move || peer.write_all(&sent).unwrap());
    wait_until(&mut rt, |_| journal.has("disconnected"));
    writer.join().unwrap();
    settle(&mut rt);
    let said = journal.take();
    let said: Vec<_> = said.into_iter().filter(|entry| entry != "ready_read").collect();
    assert_eq!(said, LOST);
    assert!(rt[socket].read_all() == data);
}

#[test]
fn disconnecting_with_nothing_to_send_ends_at_once() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, journal) = connected(&mut rt);
    rt[socket].disconnect_from_host();
    rt.deliver();
    assert_eq!(journal.take(), CLOSING);
    assert!(rt[socket].is_open());
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
    rt[socket].disconnect_from_host();
    rt[socket].abort();
    rt.deliver();
    assert_eq!(journal.take(), ["about_to_close"], "it was still open, and nothing else");
}

#[test]
fn flushing_a_socket_that_closes_ends_it_once() {
    let mut rt = Runtime::new().unwrap();
    let (socket, _peer, journal) = connected(&mut rt);
    rt[socket].disconnect_from_host();
    rt[socket].flush().unwrap();
    settle(&mut rt);
    assert_eq!(journal.take(), CLOSING);
}

#[test]
fn what_a_slot_writes_while_the_socket_closes_is_sent_before_the_end() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, journal) = connected(&mut rt);
    once_at(&mut rt, socket, "Closing", move |world| world[socket].write_all(b"bye").unwrap());
    rt[socket].disconnect_from_host();
    assert_eq!(read_to_end(&mut rt, &mut peer), b"bye");
    let said =
        ["Closing", "bytes_written 3", "Unconnected", "read_channel_finished", "disconnected"];
    assert_eq!(journal.take(), said);
}

#[test]
fn disconnecting_sends_everything_first_however_slowly_it_is_read() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, journal) = connected(&mut rt);
    let data = noise(12 << 20);
    rt[socket].write_all(&data).unwrap();
    rt[socket].disconnect_from_host();
    turn(&mut rt);
    assert_eq!(rt[socket].state(), SocketState::Closing);
    assert!(rt[socket].bytes_to_write() > 0, "more than the kernel takes");
    assert!(read_to_end(&mut rt, &mut peer) == data);
    settle(&mut rt);
    let said = journal.take();
    assert_eq!(said[0], "Closing");
    assert_eq!(said[said.len() - 3..], CLOSING[1..]);
}

#[test]
fn what_the_peer_sends_while_the_socket_closes_does_not_cost_it_the_rest() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer) = connected_pair(&mut rt);
    let bytes = noise(4_000_000);
    rt[socket].write_all(&bytes).unwrap();
    rt[socket].disconnect_from_host();
    peer.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    assert!(read_to_end(&mut rt, &mut peer) == bytes);
    wait_until(&mut rt, is_unconnected(socket));
    assert_eq!(rt[socket].error(), None);
}

#[test]
fn closing_closes_the_device_first_and_still_sends() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, journal) = connected(&mut rt);
    rt[socket].write_all(b"bye").unwrap();
    rt[socket].close();
    assert!(!rt[socket].is_open());
    assert_eq!(read_to_end(&mut rt, &mut peer), b"bye");
    let said = journal.take();
    assert_eq!(said[..2], ["about_to_close", "Closing"]);
    assert_eq!(said[said.len() - 3..], CLOSING[1..]);
}

#[test]
fn what_is_written_before_the_connection_stands_is_sent_then() {
    let mut rt = Runtime::new().unwrap();
    let (listener, port) = std_listener();
    let (socket, journal) = socket(&mut rt);
    assert!(rt[socket].write(b"too early").is_err());
    rt[socket].connect_to_host("127.0.0.1", port);
    rt[socket].write_all(b"hello, ").unwrap();
    once_at(&mut rt, socket, "connected", move |world| world[socket].write_all(b"you").unwrap());
    wait_until(&mut rt, |_| journal.has("connected"));
    let mut peer = listener.accept().unwrap().0;
    assert_eq!(read_exactly(&mut rt, &mut peer, 10), b"hello, you");
    assert_eq!(journal.take()[5..], ["bytes_written 10"]);
}

#[test]
fn a_socket_that_is_added_later_starts_then_with_what_was_written() {
    let mut rt = Runtime::new().unwrap();
    let (listener, port) = std_listener();
    let mut early = QTcpSocket::new();
    early.connect_to_host("127.0.0.1", port);
    early.write_all(b"early").unwrap();
    early.disconnect_from_host();
    let socket = rt.add(early);
    let journal = journal_of(&mut rt, socket);
    wait_until(&mut rt, |_| journal.has("disconnected"));
    let mut peer = listener.accept().unwrap().0;
    assert_eq!(read_to_end(&mut rt, &mut peer), b"early");
    assert_eq!(journal.take()[2..6], ["Connected", "connected", "Closing", "bytes_written 5"]);
}

#[test]
fn disconnecting_while_connecting_finishes_the_connection_first() {
    for at in ["HostLookup", "Connecting", "host_found", "connected"] {
        let mut rt = Runtime::new().unwrap();
        let (listener, port) = std_listener();
        let (socket, journal) = socket(&mut rt);
        once_at(&mut rt, socket, at, move |world| world[socket].disconnect_from_host());
        rt[socket].connect_to_host("127.0.0.1", port);
        wait_until(&mut rt, |_| journal.has("disconnected"));
        assert_eq!(journal.take(), [&CONNECTING[..], &CLOSING].concat(), "{at}");
        drop(listener);
    }
}

#[test]
fn aborting_ends_every_state_at_once() {
    let mut rt = Runtime::new().unwrap();
    let (_listener, port) = std_listener();
    for name in ["127.0.0.1", "localhost"] {
        let (socket, journal) = socket(&mut rt);
        rt[socket].connect_to_host(name, port);
        rt[socket].abort();
        settle(&mut rt);
        let expected = ["about_to_close", "Unconnected", "read_channel_finished"];
        assert_eq!(journal.take().last_chunk(), Some(&expected.map(str::to_owned)));
    }
    let (connected, _peer, journal) = connected(&mut rt);
    rt[connected].write_all(b"lost").unwrap();
    rt[connected].abort();
    assert_eq!(rt[connected].state(), SocketState::Unconnected);
    settle(&mut rt);
    assert_eq!(journal.take(), ABORTED);
    rt[connected].abort();
    settle(&mut rt);
    assert_eq!(journal.len(), 0);
}

#[test]
fn aborting_cuts_a_socket_that_closes_short() {
    let mut rt = Runtime::new().unwrap();
    let (socket, _peer, journal) = connected(&mut rt);
    rt[socket].write_all(&noise(12 << 20)).unwrap();
    rt[socket].disconnect_from_host();
    turn(&mut rt);
    assert_eq!(rt[socket].state(), SocketState::Closing);
    journal.take();
    rt[socket].abort();
    settle(&mut rt);
    assert_eq!(journal.take(), ABORTED);
}

/// Every slot of a socket's life.
const LIFE: [&str; 11] = [
    "HostLookup",
    "Connecting",
    "host_found",
    "Connected",
    "connected",
    "bytes_written",
    "ready_read",
    "error",
    "Closing",
    "Unconnected",
    "disconnected",
];

/// Lives through a whole connection in which `act` is done in the slot of `at`.
fn live(
    at: &'static str,
    act: fn(&mut World, Obj<QTcpSocket>),
) -> (Runtime, Obj<QTcpSocket>, Journal) {
    let mut rt = Runtime::new().unwrap();
    let (listener, port) = std_listener();
    let (socket, journal) = socket(&mut rt);
    let acted = Rc::new(Cell::new(false));
    let flag = acted.clone();
    once_at(&mut rt, socket, at, move |world| {
        flag.set(true);
        act(world, socket);
    });
    rt[socket].connect_to_host("127.0.0.1", port);
    rt[socket].write_all(b"hello").unwrap();
    let mut peer = None;
    listener.set_nonblocking(true).unwrap();
    wait_until(&mut rt, |_| {
        if let Ok((mut stream, _)) = listener.accept() {
            // Fails if the socket is gone already.
            let _ = stream.write_all(b"welcome");
            let _ = stream.shutdown(Shutdown::Write);
            peer = Some(stream);
        }
        acted.get()
    });
    settle(&mut rt);
    (rt, socket, journal)
}

#[test]
fn a_socket_may_be_aborted_in_each_of_its_slots() {
    for at in LIFE {
        let (rt, socket, journal) = live(at, |world, socket| world[socket].abort());
        assert_eq!(rt[socket].state(), SocketState::Unconnected, "{at}");
        assert!(!rt[socket].is_open(), "{at}");
        assert_eq!(journal.count("Unconnected"), 1, "{at}");
        assert_eq!(journal.count("read_channel_finished"), 1, "{at}");
        let was_connected = journal.has("Connected") as usize;
        assert_eq!(journal.count("disconnected"), was_connected, "{at}: {:?}", journal.take());
    }
}

#[test]
fn a_socket_may_be_destroyed_in_each_of_its_slots() {
    for at in LIFE {
        let (rt, socket, journal) = live(at, |world, socket| {
            world.destroy(socket);
        });
        assert!(!rt.contains(socket), "{at}");
        assert!(journal.count("disconnected") <= 1, "{at}");
        assert_eq!(rt.next_deadline(), None, "{at}");
    }
}

#[test]
fn a_socket_may_begin_anew_in_the_slot_that_ends_it() {
    for at in ["error", "Unconnected", "read_channel_finished", "disconnected"] {
        let mut rt = Runtime::new().unwrap();
        let (listener, port) = std_listener();
        let (socket, journal) = socket(&mut rt);
        once_at(&mut rt, socket, at, move |world| {
            world[socket].connect_to_host("127.0.0.1", port);
            world[socket].write_all(b"again").unwrap();
        });
        rt[socket].connect_to_host("127.0.0.1", port);
        wait_until(&mut rt, |_| journal.has("connected"));
        drop(listener.accept().unwrap());
        wait_until(&mut rt, |_| journal.count("connected") == 2);
        let mut peer = listener.accept().unwrap().0;
        assert_eq!(read_exactly(&mut rt, &mut peer, 5), b"again", "{at}");
        assert_eq!(rt[socket].state(), SocketState::Connected, "{at}");
        assert_eq!(rt[socket].peer_port(), Some(port), "{at}");
        assert_eq!(journal.count("disconnected"), 1, "{at}");
    }
}

#[test]
fn a_refused_socket_may_try_elsewhere_in_the_slot_that_tells_so() {
    for at in ["error", "Unconnected"] {
        let mut rt = Runtime::new().unwrap();
        let (_listener, port) = std_listener();
        let (socket, journal) = socket(&mut rt);
        once_at(&mut rt, socket, at, move |world| {
            world[socket].connect_to_host("127.0.0.1", port);
        });
        rt[socket].connect_to_host("127.0.0.1", closed_port());
        wait_until(&mut rt, |_| journal.has("connected"));
        assert_eq!(rt[socket].state(), SocketState::Connected);
    }
}

#[test]
fn a_socket_may_disconnect_and_connect_in_one_go() {
    let mut rt = Runtime::new().unwrap();
    let (listener, port) = std_listener();
    let (socket, mut peer, journal) = connected(&mut rt);
    rt.with(socket, |socket, _| {
        socket.disconnect_from_host();
        socket.connect_to_host("127.0.0.1", port);
        socket.write_all(b"new").unwrap();
    });
    wait_until(&mut rt, |_| journal.has("connected"));
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
    let mut peer = listener.accept().unwrap().0;
    assert_eq!(read_exactly(&mut rt, &mut peer, 3), b"new");
    assert_eq!(journal.count("disconnected"), 1);
}

#[test]
fn connecting_a_socket_that_is_busy_changes_nothing() {
    let mut rt = Runtime::new().unwrap();
    let (_listener, port) = std_listener();
    for at in ["Connecting", "connected"] {
        let (socket, journal) = socket(&mut rt);
        once_at(&mut rt, socket, at, move |world| world[socket].connect_to_host("::1", 1));
        rt[socket].connect_to_host("127.0.0.1", port);
        wait_until(&mut rt, |_| journal.has("connected"));
        settle(&mut rt);
        let said = journal.take();
        let errors = said.iter().filter(|entry| entry.starts_with("Operation while")).count();
        assert_eq!((errors, said.len()), (1, 6), "{at}: {said:?}");
        assert_eq!(rt[socket].error(), Some(SocketError::Operation));
        assert_eq!(rt[socket].peer_name(), "127.0.0.1");
    }
}

#[test]
fn a_destroyed_socket_says_goodbye() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, journal) = connected(&mut rt);
    let notes = journal.clone();
    rt.connect_destroyed_fn(socket, move |_, _| notes.note("destroyed"));
    rt.destroy(socket);
    assert_eq!(journal.take(), [&ABORTED[..], &["destroyed"]].concat());
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
}

#[test]
fn bytes_that_come_one_by_one_are_all_there() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, _) = connected(&mut rt);
    peer.set_nodelay(true).unwrap();
    for (count, byte) in (1..).zip(noise(200)) {
        peer.write_all(&[byte]).unwrap();
        wait_until(&mut rt, |world| world[socket].bytes_available() == count);
    }
    assert_eq!(rt[socket].read_all(), noise(200));
}

#[test]
fn ten_mebibytes_come_and_go_unharmed() {
    let mut rt = Runtime::new().unwrap();
    let (socket, peer, _) = connected(&mut rt);
    let data = noise(10 << 20);
    let (mut reader, expected) = (peer.try_clone().unwrap(), data.len());
    let reading = std::thread::spawn(move || {
        let mut all = vec![0; expected];
        reader.read_exact(&mut all).unwrap();
        all
    });
    let writing = write_in_thread(&peer, data.clone());
    rt[socket].write_all(&data).unwrap();
    let got = Rc::new(RefCell::new(Vec::new()));
    let all = got.clone();
    rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
        all.borrow_mut().extend(world[socket].read_all());
    });
    wait_until(&mut rt, |world| {
        got.borrow().len() == data.len() && world[socket].bytes_to_write() == 0
    });
    assert!(*got.borrow() == data);
    assert!(reading.join().unwrap() == data);
    writing.join().unwrap();
}

#[test]
fn sockets_that_flood_do_not_starve_others() {
    let mut rt = Runtime::new().unwrap();
    let mut floods = Vec::new();
    for _ in 0..2 {
        let (socket, peer) = connected_pair(&mut rt);
        rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
            world[socket].read_all();
        });
        let mut end = peer.try_clone().unwrap();
        let flood = std::thread::spawn(move || while end.write_all(&[0; 1 << 16]).is_ok() {});
        floods.push((peer, flood));
    }
    let (quiet, mut peer) = connected_pair(&mut rt);
    rt.connect_fn(quiet, QTcpSocket::ready_read, move |world, _| {
        let heard = world[quiet].read_all();
        world[quiet].write_all(&heard)
    });
    for round in 0..100 {
        peer.write_all(&[round]).unwrap();
        assert_eq!(read_exactly(&mut rt, &mut peer, 1), [round]);
    }
    for (peer, flood) in floods {
        peer.shutdown(Shutdown::Both).unwrap();
        flood.join().unwrap();
    }
}

#[test]
fn a_socket_with_much_to_send_lets_others_have_their_turn() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, _) = connected(&mut rt);
    let written = rt.spy(socket, QTcpSocket::bytes_written);
    let data = noise(12 << 20);
    rt[socket].write_all(&data).unwrap();
    let reading = std::thread::spawn(move || {
        let mut all = vec![0; 12 << 20];
        peer.read_exact(&mut all).unwrap();
        all
    });
    wait_until(&mut rt, |world| world[socket].bytes_to_write() == 0);
    assert!(reading.join().unwrap() == data);
    let written = written.take();
    assert_eq!(written.iter().sum::<usize>(), data.len());
    assert!(written.iter().all(|&count| count <= 1 << 20), "{written:?}");
}

#[test]
fn writing_to_a_peer_that_has_reset_ends_in_one_error() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer, journal) = connected(&mut rt);
    peer.write_all(b"last words").unwrap();
    reset(peer);
    rt[socket].write_all(b"anybody there?").unwrap();
    wait_until(&mut rt, |_| journal.has("disconnected"));
    settle(&mut rt);
    let said: Vec<_> =
        journal.take().into_iter().filter(|entry| !entry.starts_with("bytes_")).collect();
    assert_eq!(said[said.len() - 5..], LOST);
}

/// Announces each line that comes.
#[derive(QObject)]
struct Lines {
    socket: Obj<QTcpSocket>,
    #[signal]
    line: Signal<u32>,
}

#[slots]
impl Lines {
    #[slot(socket.ready_read)]
    fn read(&mut self, cx: &mut Context<Self>) {
        while let Some(line) = cx[self.socket].read_line_string() {
            self.line.emit(line.parse().unwrap());
        }
    }
}

#[test]
fn many_lines_that_come_at_once_are_announced_in_order() {
    const LINES: u32 = 50_000;
    let mut rt = Runtime::new().unwrap();
    let (socket, peer) = connected_pair(&mut rt);
    let lines = rt.add(Lines { socket, line: Signal::new() });
    let spy = rt.spy(lines, Lines::line);
    let text: String = (0..LINES).map(|line| format!("{line}\n")).collect();
    let writer = write_in_thread(&peer, text.into_bytes());
    wait_until(&mut rt, |_| spy.len() == LINES as usize);
    writer.join().unwrap();
    assert!(spy.take().into_iter().eq(0..LINES));
}

#[test]
fn urgent_data_stays_in_its_place_and_holds_nothing_up() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer) = connected_pair(&mut rt);
    peer.write_all(b"before ").unwrap();
    socket2::SockRef::from(&peer).send_out_of_band(b"!").unwrap();
    peer.write_all(b" after").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 14);
    assert_eq!(rt[socket].read_all(), b"before ! after");
}

#[test]
fn a_socket_knows_its_classes_and_signals() {
    let meta = QTcpSocket::static_meta_object();
    let classes = std::iter::successors(Some(meta), |class| class.super_class());
    let names: Vec<_> = classes.map(|class| class.class_name()).collect();
    assert_eq!(names, ["QTcpSocket", "QAbstractSocket", "QIODevice"]);
    for signal in ["ready_read", "bytes_written", "connected", "disconnected", "state_changed"] {
        assert!(meta.signal(signal).is_some(), "{signal}");
    }
}
