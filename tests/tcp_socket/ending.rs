//! Ending connections, in every state and in every slot.

use super::*;

#[on_every_network_and_layer]
fn disconnecting_with_nothing_to_send_ends_at_once(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
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

#[on_every_network_and_layer(no_proxy = "a reset ends at the proxy")]
fn a_connection_that_is_given_up_with_a_reset_has_no_orderly_end(net: &Net) {
    for is_closing in [false, true] {
        let mut rt = net.runtime();
        let (socket, mut peer, journal) = connected(net, &mut rt);
        let data = noise(32 << 20);
        rt[socket].write_all(&data).unwrap();
        settle(&mut rt);
        journal.take();
        if is_closing {
            rt[socket].disconnect_from_host();
            rt.deliver();
            assert_eq!(journal.take(), CLOSING[..1]);
        }
        rt[socket].abort_with_reset();
        rt.deliver();
        assert_eq!(journal.take(), ABORTED);
        let mut all = Vec::new();
        let error = loop {
            match peer.read_to_end(&mut all) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => _ = turn(&mut rt),
                done => break done.unwrap_err(),
            }
        };
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert!(all.len() < data.len());
    }
}

#[on_every_network_and_layer]
fn the_addresses_are_known_until_the_slots_of_disconnected_have_run(net: &Net) {
    type End = fn(&mut World, Obj<QTcpSocket>, Peer);
    let ends: [End; 3] = [
        |world, socket, _| world[socket].disconnect_from_host(),
        |world, socket, _| world[socket].abort(),
        |_, _, peer| drop(peer),
    ];
    for end in ends {
        let mut rt = net.runtime();
        let (socket, peer, journal) = connected(net, &mut rt);
        let known = [rt[socket].local_addr(), rt[socket].peer_addr()];
        assert!(known.iter().all(Option::is_some));
        let seen = Rc::new(RefCell::new(Vec::new()));
        for _ in 0..2 {
            let seen = seen.clone();
            rt.connect_fn(socket, QTcpSocket::disconnected, move |world, ()| {
                let socket = &world[socket];
                assert_eq!(socket.peer_address(), socket.peer_addr().map(|peer| peer.ip()));
                assert_eq!(socket.local_port(), socket.local_addr().map(|local| local.port()));
                seen.borrow_mut().push([socket.local_addr(), socket.peer_addr()]);
            });
        }
        end(&mut rt, socket, peer);
        wait_until(&mut rt, |_| journal.has("disconnected"));
        settle(&mut rt);
        assert_eq!(*seen.borrow(), [known, known]);
        assert_eq!([rt[socket].local_addr(), rt[socket].peer_addr()], [None, None]);
        assert_eq!((rt[socket].bound_address(), rt[socket].peer_port()), (None, None));
    }
}

#[on_every_network_and_layer]
fn flushing_a_socket_that_closes_ends_it_once(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _peer, journal) = connected(net, &mut rt);
    rt[socket].disconnect_from_host();
    rt[socket].flush().unwrap();
    settle(&mut rt);
    assert_eq!(journal.take(), CLOSING);
}

#[on_every_network_and_layer]
fn disconnecting_a_socket_that_closes_changes_nothing(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    rt[socket].write_all(b"bye").unwrap();
    rt[socket].disconnect_from_host();
    rt[socket].disconnect_from_host();
    rt.deliver();
    assert_eq!(journal.take(), ["Closing"]);
    assert_eq!(read_to_end(&mut rt, &mut peer), b"bye");
    let said = ["bytes_written 3", "Unconnected", "read_channel_finished", "disconnected"];
    assert_eq!(journal.take(), said);
}

#[on_every_network_and_layer]
fn what_a_slot_writes_while_the_socket_closes_is_sent_before_the_end(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    once_at(&mut rt, socket, "Closing", move |world| world[socket].write_all(b"bye").unwrap());
    rt[socket].disconnect_from_host();
    assert_eq!(read_to_end(&mut rt, &mut peer), b"bye");
    let said =
        ["Closing", "bytes_written 3", "Unconnected", "read_channel_finished", "disconnected"];
    assert_eq!(journal.take(), said);
}

#[on_every_network_and_layer]
fn a_slot_that_hears_of_the_closing_can_still_read_and_write(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    peer.write_all(b"last words").unwrap();
    assert!(rt.run_until(DEADLINE, |world| world[socket].bytes_available() == 10).unwrap());
    journal.take();
    let heard = Rc::new(RefCell::new(Vec::new()));
    let hears = heard.clone();
    once_at(&mut rt, socket, "about_to_close", move |world| {
        *hears.borrow_mut() = world[socket].read_all();
        world[socket].write_all(b"bye").unwrap();
    });
    rt[socket].close();
    rt[socket].close();
    rt.deliver();
    assert_eq!(*heard.borrow(), b"last words");
    assert!(!rt[socket].is_open());
    assert_eq!(read_to_end(&mut rt, &mut peer), b"bye");
    let mut said = vec!["about_to_close", "Closing", "bytes_written 3"];
    said.extend(&CLOSING[1..]);
    assert_eq!(journal.take(), said);
}

#[on_every_network_and_layer]
fn disconnecting_sends_everything_first_however_slowly_it_is_read(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
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

#[on_every_network_and_layer(no_proxy = "what the peer says comes when the socket is closed")]
fn what_the_peer_sends_while_the_socket_closes_does_not_cost_it_the_rest(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    let bytes = noise(4_000_000);
    rt[socket].write_all(&bytes).unwrap();
    rt[socket].disconnect_from_host();
    peer.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    assert!(read_to_end(&mut rt, &mut peer) == bytes);
    wait_until(&mut rt, is_unconnected(socket));
    assert_eq!(rt[socket].error(), None);
}

#[on_every_network_and_layer]
fn closing_closes_the_device_first_and_still_sends(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    rt[socket].write_all(b"bye").unwrap();
    rt[socket].close();
    rt.deliver();
    assert!(!rt[socket].is_open());
    assert_eq!(read_to_end(&mut rt, &mut peer), b"bye");
    let said = journal.take();
    assert_eq!(said[..2], ["about_to_close", "Closing"]);
    assert_eq!(said[said.len() - 3..], CLOSING[1..]);
}

#[on_every_network_and_layer]
fn disconnecting_while_connecting_finishes_the_connection_first(net: &Net) {
    for at in ["HostLookup", "Connecting", "host_found", "connected"] {
        let mut rt = net.runtime();
        let (listener, port) = net.listener();
        let (socket, journal) = socket(&mut rt);
        once_at(&mut rt, socket, at, move |world| world[socket].disconnect_from_host());
        rt[socket].connect_to_host("127.0.0.1", port);
        wait_until(&mut rt, |_| journal.has("disconnected"));
        assert_eq!(journal.take(), [&CONNECTING[..], &CLOSING].concat(), "{at}");
        drop(listener);
    }
}

#[on_every_network_and_layer]
fn aborting_ends_every_state_at_once(net: &Net) {
    let mut rt = net.runtime();
    let (_listener, port) = net.listener();
    for name in ["127.0.0.1", "localhost"] {
        let (socket, journal) = socket(&mut rt);
        rt[socket].connect_to_host(name, port);
        rt[socket].abort();
        settle(&mut rt);
        let expected = ["about_to_close", "Unconnected", "read_channel_finished"];
        assert_eq!(journal.take().last_chunk(), Some(&expected.map(str::to_owned)));
    }
    let (connected, _peer, journal) = connected(net, &mut rt);
    rt[connected].write_all(b"lost").unwrap();
    rt[connected].abort();
    assert_eq!(rt[connected].state(), SocketState::Unconnected);
    settle(&mut rt);
    assert_eq!(journal.take(), ABORTED);
    rt[connected].abort();
    settle(&mut rt);
    assert_eq!(journal.len(), 0);
}

#[on_every_network_and_layer]
fn aborting_cuts_a_socket_that_closes_short(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _peer, journal) = connected(net, &mut rt);
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
    net: &Net,
    at: &'static str,
    act: fn(&mut World, Obj<QTcpSocket>),
) -> (Runtime, Obj<QTcpSocket>, Journal) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
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
    wait_until(&mut rt, |_| {
        if let Some(mut accepted) = listener.accept_now() {
            // Fails if the socket is gone already.
            let _ = accepted.write_all(b"welcome");
            let _ = accepted.shutdown(Shutdown::Write);
            peer = Some(accepted);
        }
        acted.get()
    });
    settle(&mut rt);
    (rt, socket, journal)
}

#[on_every_network_and_layer]
fn a_socket_may_be_aborted_in_each_of_its_slots(net: &Net) {
    for at in LIFE {
        let (rt, socket, journal) = live(net, at, |world, socket| world[socket].abort());
        assert_eq!(rt[socket].state(), SocketState::Unconnected, "{at}");
        assert!(!rt[socket].is_open(), "{at}");
        assert_eq!(journal.count("Unconnected"), 1, "{at}");
        assert_eq!(journal.count("read_channel_finished"), 1, "{at}");
        let was_connected = journal.has("Connected") as usize;
        assert_eq!(journal.count("disconnected"), was_connected, "{at}: {:?}", journal.take());
    }
}

#[on_every_network_and_layer]
fn a_socket_may_be_destroyed_in_each_of_its_slots(net: &Net) {
    for at in LIFE {
        let (rt, socket, journal) = live(net, at, |world, socket| {
            world.destroy(socket);
        });
        assert!(!rt.contains(socket), "{at}");
        assert!(journal.count("disconnected") <= 1, "{at}");
        assert_eq!(rt.next_deadline(), None, "{at}");
    }
}

#[on_every_network_and_layer]
fn a_socket_may_begin_anew_in_the_slot_that_ends_it(net: &Net) {
    for at in ["error", "Unconnected", "read_channel_finished", "disconnected"] {
        let mut rt = net.runtime();
        let (listener, port) = net.listener();
        let (socket, journal) = socket(&mut rt);
        once_at(&mut rt, socket, at, move |world| {
            world[socket].connect_to_host("127.0.0.1", port);
            world[socket].write_all(b"again").unwrap();
        });
        rt[socket].connect_to_host("127.0.0.1", port);
        wait_until(&mut rt, |_| journal.has("connected"));
        drop(listener.accept());
        wait_until(&mut rt, |_| journal.count("connected") == 2);
        let mut peer = listener.accept().0;
        assert_eq!(read_exactly(&mut rt, &mut peer, 5), b"again", "{at}");
        assert_eq!(rt[socket].state(), SocketState::Connected, "{at}");
        assert_eq!(rt[socket].peer_port(), Some(port), "{at}");
        assert_eq!(journal.count("disconnected"), 1, "{at}");
    }
}

#[on_every_network_and_layer]
fn a_socket_may_disconnect_and_connect_in_one_go(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    rt.with(socket, |socket, _| {
        socket.disconnect_from_host();
        socket.connect_to_host("127.0.0.1", port);
        socket.write_all(b"new").unwrap();
    });
    wait_until(&mut rt, |_| journal.has("connected"));
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
    let mut peer = listener.accept().0;
    assert_eq!(read_exactly(&mut rt, &mut peer, 3), b"new");
    assert_eq!(journal.count("disconnected"), 1);
}

#[on_every_network_and_layer]
fn a_destroyed_socket_says_goodbye(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    let notes = journal.clone();
    rt.connect_destroyed_fn(socket, move |_, _| notes.note("destroyed"));
    rt.destroy(socket);
    assert_eq!(journal.take(), [&ABORTED[..], &["destroyed"]].concat());
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
}

#[on_every_network_and_layer]
fn a_closing_socket_that_is_lost_ends_once(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer, journal) = connected(net, &mut rt);
    let peer = Cell::new(Some(peer));
    once_at(&mut rt, socket, "Closing", move |world| {
        reset(peer.take().unwrap());
        world[socket].write_all(b"anybody there?").unwrap();
        world[socket].flush().unwrap();
    });
    rt[socket].disconnect_from_host();
    wait_until(&mut rt, |_| journal.has("disconnected"));
    settle(&mut rt);
    assert_eq!(journal.count("Unconnected"), 1, "{:?}", journal.take());
    assert_eq!(journal.count("disconnected"), 1);
}

#[on_every_network_and_layer(no_layer, no_proxy = "the peer speaks before the loop could greet it")]
fn a_socket_that_was_aborted_when_bytes_had_gone_out_tells_of_none_that_have_come(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let (socket, journal) = socket(&mut rt);
    rt[socket].connect_to_host("127.0.0.1", port);
    let connected = rt.spy(socket, QTcpSocket::connected);
    rt.connect_fn(socket, QTcpSocket::state_changed, move |world, state| {
        if *state == SocketState::Connected {
            world[socket].write_all(b"hello")?;
        }
        Ok::<_, std::io::Error>(())
    });
    rt.connect_fn(socket, QTcpSocket::bytes_written, move |world, _| world[socket].abort());
    rt.deliver();
    // The greeting is there before the loop knows of the connection.
    let (mut peer, _) = listener.accept();
    peer.write_all(b"welcome").unwrap();
    wait_until(&mut rt, is_unconnected(socket));
    settle(&mut rt);
    assert_eq!(connected.len(), 1);
    assert!(!journal.has("ready_read"), "{:?}", journal.take());
}
