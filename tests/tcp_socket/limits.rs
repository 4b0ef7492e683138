//! Buffers that are bounded: the peer waits, and so does who writes.

use super::*;
use slotwire::{NetworkLayerProtocol, OpenMode, ReadyReadPolicy};

/// How many bytes the peer can write before the kernel makes it wait, while the loop goes on.
fn fill(rt: &mut Runtime, peer: &mut Peer, data: &[u8]) -> usize {
    let mut sent = 0;
    let mut refusals = 0;
    while sent < data.len() && refusals < 20 {
        match peer.write_now(&data[sent..]) {
            Ok(count) => (sent, refusals) = (sent + count, 0),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                refusals += 1;
                rt.process_events(Some(Duration::from_millis(1))).unwrap();
            }
        }
    }
    sent
}

#[on_every_network_and_layer]
fn a_full_buffer_makes_the_peer_wait_and_loses_nothing(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, _) = connected(net, &mut rt);
    rt[socket].set_read_buffer_size(Some(1000));
    assert_eq!(rt[socket].read_buffer_size(), Some(1000));
    let data = noise(64 << 20);
    let sent = fill(&mut rt, &mut peer, &data);
    assert!(sent < data.len(), "the peer never had to wait");
    wait_until(&mut rt, |world| world[socket].bytes_available() == 1000);
    let mut turns = 0;
    while turn(&mut rt) {
        turns += 1;
        assert!(turns < 100, "it spins while it is full");
    }
    let finishing = peer.go([Deed::Finish]);
    settle(&mut rt);
    assert_eq!(rt[socket].state(), SocketState::Connected, "the end comes after the rest");
    let mut all = rt[socket].read_bytes(1);
    wait_until(&mut rt, |world| world[socket].bytes_available() == 1000);
    rt[socket].set_read_buffer_size(Some(100_000));
    while rt[socket].state() == SocketState::Connected {
        rt.process_events(Some(Duration::from_secs(1))).unwrap();
        assert!(rt[socket].bytes_available() <= 100_000);
        all.extend(rt[socket].read_all());
    }
    all.extend(rt[socket].read_all());
    assert!(all == data[..sent]);
    finishing.end(&mut rt);
}

#[on_every_network_and_layer]
fn a_limit_that_is_taken_away_lets_everything_in(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, _) = connected(net, &mut rt);
    rt[socket].set_read_buffer_size(Some(10));
    peer.write_all(&noise(5000)).unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 10);
    settle(&mut rt);
    assert_eq!(rt[socket].bytes_available(), 10);
    rt[socket].set_read_buffer_size(None);
    wait_until(&mut rt, |world| world[socket].bytes_available() == 5000);
    assert_eq!(rt[socket].read_all(), noise(5000));
}

#[on_every_network_and_layer]
fn limits_that_are_set_before_there_is_a_runtime_hold_in_it(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let mut unborn = QTcpSocket::new();
    unborn.set_read_buffer_size(Some(10));
    unborn.set_write_buffer_limit(Some(10));
    unborn.connect_to_host("127.0.0.1", port);
    assert_eq!(unborn.write(&noise(20)).unwrap(), 10);
    let socket = rt.add(unborn);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
    let mut peer = listener.accept().0;
    peer.write_all(&noise(20)).unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 10);
    settle(&mut rt);
    assert_eq!(rt[socket].bytes_available(), 10);
}

#[on_every_network_and_layer]
fn a_limit_of_zero_is_no_limit(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, _) = connected(net, &mut rt);
    rt[socket].set_read_buffer_size(Some(10));
    rt[socket].set_write_buffer_limit(Some(10));
    rt[socket].set_read_buffer_size(Some(0));
    rt[socket].set_write_buffer_limit(Some(0));
    assert_eq!((rt[socket].read_buffer_size(), rt[socket].write_buffer_limit()), (None, None));
    peer.write_all(&noise(5000)).unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 5000);
    assert_eq!(rt[socket].write(&noise(5000)).unwrap(), 5000);
    assert_eq!(read_exactly(&mut rt, &mut peer, 5000), noise(5000));
}

#[on_every_network_and_layer]
fn a_reset_behind_a_full_buffer_is_told_when_the_rest_was_read(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    rt[socket].set_read_buffer_size(Some(4));
    peer.write_all(b"last").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 4);
    reset(peer);
    settle(&mut rt);
    assert_eq!(rt[socket].state(), SocketState::Connected);
    assert_eq!(rt[socket].read_all(), b"last");
    wait_until(&mut rt, |_| journal.has("disconnected"));
    assert_eq!(journal.take()[1..], lost_by_reset(net));
}

#[on_every_network_and_layer]
fn what_a_transaction_has_read_takes_room_until_it_is_committed(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    rt[socket].set_read_buffer_size(Some(4));
    peer.write_all(b"abcdefgh").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 4);
    settle(&mut rt);
    journal.take();
    rt[socket].start_transaction();
    assert_eq!(rt[socket].read_bytes(4), b"abcd");
    settle(&mut rt);
    assert_eq!(rt[socket].bytes_available(), 0);
    assert!(rt[socket].rollback_transaction());
    assert_eq!(rt[socket].bytes_available(), 4);
    rt[socket].start_transaction();
    assert_eq!(rt[socket].read_bytes(4), b"abcd");
    assert!(rt[socket].commit_transaction());
    wait_until(&mut rt, |world| world[socket].bytes_available() == 4);
    assert_eq!(rt[socket].read_all(), b"efgh");
    assert_eq!(journal.take(), ["ready_read"]);
}

#[on_every_network_and_layer(no_proxy = "what the peer says comes when the socket is closed")]
fn what_was_sent_last_arrives_though_nobody_has_read_what_had_come(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    rt[socket].set_read_buffer_size(Some(4));
    peer.write_all(&noise(30_000)).unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 4);
    let data = noise(100_000);
    rt[socket].write_all(&data).unwrap();
    rt[socket].disconnect_from_host();
    wait_until(&mut rt, |_| journal.has("disconnected"));
    assert!(read_to_end(&mut rt, &mut peer) == data);
}

#[on_every_network_and_layer(proxy_carries = "both-ways")]
fn a_closing_socket_with_a_full_buffer_does_not_reset_its_peer(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    rt[socket].set_read_buffer_size(Some(4));
    let data = noise(12 << 20);
    rt[socket].write_all(&data).unwrap();
    peer.write_all(b"more than there is room for").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 4);
    rt[socket].disconnect_from_host();
    let reading = peer.go([Deed::ReadToEnd]);
    wait_until(&mut rt, |_| journal.has("disconnected"));
    assert!(reading.end(&mut rt) == data);
}

#[on_every_network_and_layer]
fn a_write_takes_what_there_is_room_for_and_is_told_when_to_go_on(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, _) = connected(net, &mut rt);
    rt[socket].set_write_buffer_limit(Some(1000));
    assert_eq!(rt[socket].write_buffer_limit(), Some(1000));
    let drained = rt.spy(socket, QTcpSocket::write_buffer_drained);
    assert_eq!(rt[socket].write(&[1; 1000]).unwrap(), 1000);
    settle(&mut rt);
    assert_eq!(drained.take().len(), 0, "nothing was cut short");
    assert_eq!(rt[socket].write(&[2; 600]).unwrap(), 600);
    assert_eq!(rt[socket].write(&[3; 600]).unwrap(), 400);
    assert_eq!(rt[socket].write(&[4]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(rt[socket].bytes_to_write(), 1000);
    settle(&mut rt);
    assert_eq!(drained.take().len(), 1, "once for each time that it was full");
    settle(&mut rt);
    assert_eq!(drained.take().len(), 0);
    assert_eq!(read_exactly(&mut rt, &mut peer, 2000).len(), 2000);
}

#[on_every_network_and_layer]
fn who_fills_the_write_buffer_again_is_told_when_there_is_room_after_that(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, _) = connected(net, &mut rt);
    rt[socket].set_write_buffer_limit(Some(10));
    let [taken, room] = [(); 2].map(|()| Rc::new(Cell::new(0)));
    let own = taken.clone();
    rt.connect_fn(socket, QTcpSocket::bytes_written, move |world, _| {
        if own.get() < 30 {
            own.set(own.get() + world[socket].write(&[b'x'; 20]).unwrap_or(0));
        }
    });
    let own = room.clone();
    rt.connect_fn(socket, QTcpSocket::write_buffer_drained, move |world, ()| {
        own.set(own.get() + 1);
        assert!(world[socket].bytes_to_write() <= 5, "there is room");
    });
    taken.set(rt[socket].write(&[b'x'; 20]).unwrap());
    assert_eq!(read_exactly(&mut rt, &mut peer, 30), [b'x'; 30]);
    settle(&mut rt);
    assert_eq!(room.get(), 1);
}

#[on_every_network_and_layer]
fn a_line_for_which_there_is_no_room_is_refused_as_a_whole(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, _) = connected(net, &mut rt);
    rt[socket].set_write_buffer_limit(Some(12));
    let drained = rt.spy(socket, QTcpSocket::write_buffer_drained);
    writeln!(rt[socket], "line {}", 1).unwrap();
    let refused = writeln!(rt[socket], "line {}", 2).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::WouldBlock);
    assert_eq!(rt[socket].bytes_to_write(), 7);
    wait_until(&mut rt, |_| !drained.is_empty());
    writeln!(rt[socket], "line {}", 3).unwrap();
    assert_eq!(read_exactly(&mut rt, &mut peer, 14), b"line 1\nline 3\n");
}

#[on_every_network_and_layer]
fn lines_that_are_repeated_when_there_is_room_arrive_whole_and_in_order(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, _) = connected(net, &mut rt);
    rt[socket].set_write_buffer_limit(Some(20));
    let next = Rc::new(Cell::new(0));
    let number = next.clone();
    // A line is longer than half of the limit, so that it may be refused again.
    let pour = move |world: &mut World| {
        while number.get() < 100 && writeln!(world[socket], "this is line {}", number.get()).is_ok()
        {
            number.set(number.get() + 1);
        }
    };
    pour(&mut rt);
    rt.connect_fn(socket, QTcpSocket::write_buffer_drained, move |world, ()| pour(world));
    let lines: String = (0..100).map(|number| format!("this is line {number}\n")).collect();
    assert_eq!(read_exactly(&mut rt, &mut peer, lines.len()), lines.as_bytes());
}

#[on_every_network_and_layer]
fn a_message_that_never_fits_is_refused_with_the_limit_in_the_error(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _peer, _) = connected(net, &mut rt);
    rt[socket].set_write_buffer_limit(Some(10));
    let drained = rt.spy(socket, QTcpSocket::write_buffer_drained);
    let refused = rt[socket].write_all(b"eleven byte").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert_eq!(refused.to_string(), "11 bytes never fit into a write buffer limit of 10 bytes");
    assert_eq!(rt[socket].bytes_to_write(), 0);
    settle(&mut rt);
    assert!(drained.is_empty(), "there will be no room for it");
}

#[on_every_network_and_layer]
fn a_writer_is_told_to_go_on_as_soon_as_half_of_its_room_is_free(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, _) = connected(net, &mut rt);
    let limit = 8 << 20;
    rt[socket].set_write_buffer_limit(Some(limit));
    let left = Rc::new(Cell::new(None));
    let noted = left.clone();
    rt.connect_fn(socket, QTcpSocket::write_buffer_drained, move |world, _| {
        assert_eq!(noted.replace(Some(world[socket].bytes_to_write())), None, "told once");
    });
    let data = noise(16 << 20);
    let taken = rt[socket].write(&data).unwrap();
    assert!(taken < data.len());
    assert!(read_exactly(&mut rt, &mut peer, taken) == data[..taken]);
    let left = left.get().expect("it was told");
    assert!((1..=limit / 2).contains(&left), "{left} bytes were left");
}

#[on_every_network_and_layer]
fn a_writer_that_follows_the_drain_sends_everything_and_queues_little(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, _) = connected(net, &mut rt);
    rt[socket].set_write_buffer_limit(Some(64 * 1024));
    let data = Rc::new(noise(16 << 20));
    let done = Rc::new(Cell::new(0));
    let pour = {
        let (data, done) = (data.clone(), done.clone());
        move |world: &mut World| {
            while let Ok(count) = world[socket].write(&data[done.get()..]) {
                done.set(done.get() + count);
                assert!(world[socket].bytes_to_write() <= 64 * 1024);
                if done.get() == data.len() {
                    break;
                }
            }
        }
    };
    pour(&mut rt);
    rt.connect_fn(socket, QTcpSocket::write_buffer_drained, move |world, _| pour(world));
    assert!(read_exactly(&mut rt, &mut peer, data.len()) == *data);
}

#[on_every_network_and_layer]
fn a_write_that_is_cut_before_the_connection_stands_is_told_to_go_on_as_well(net: &Net) {
    let mut rt = net.runtime();
    let (_listener, port) = net.listener();
    let (socket, _journal) = socket(&mut rt);
    rt[socket].set_write_buffer_limit(Some(4));
    let drained = rt.spy(socket, QTcpSocket::write_buffer_drained);
    rt[socket].connect_to_host("127.0.0.1", port);
    assert_eq!(rt[socket].write(b"hello").unwrap(), 4);
    assert_eq!(rt[socket].write(b"o").unwrap_err().kind(), ErrorKind::WouldBlock);
    wait_until(&mut rt, |_| drained.len() == 1);
}

/// Has a slot take one byte each time, and counts how often it is called.
fn sip(rt: &mut Runtime, socket: Obj<QTcpSocket>) -> Rc<Cell<usize>> {
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
        count.set(count.get() + 1);
        world[socket].get_char();
    });
    calls
}

#[on_every_network_and_layer]
fn a_slot_that_leaves_something_is_called_again_if_that_is_wanted(net: &Net) {
    for (policy, expected) in [(ReadyReadPolicy::NewBytes, 1), (ReadyReadPolicy::WhileUnread, 8)] {
        let mut rt = net.runtime();
        let (socket, mut peer, _) = connected(net, &mut rt);
        rt[socket].set_ready_read_policy(policy);
        let calls = sip(&mut rt, socket);
        peer.write_all(b"messages").unwrap();
        wait_until(&mut rt, |_| calls.get() > 0);
        for _ in 0..50 {
            turn(&mut rt);
        }
        assert!(!turn(&mut rt), "it spins");
        assert_eq!(calls.get(), expected, "{policy:?}");
    }
}

#[on_every_network_and_layer]
fn a_slot_that_reads_nothing_is_not_called_again(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    rt[socket].set_ready_read_policy(ReadyReadPolicy::WhileUnread);
    peer.write_all(b"messages").unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    for _ in 0..50 {
        turn(&mut rt);
    }
    assert!(!turn(&mut rt), "it spins");
    assert_eq!(journal.take(), ["ready_read"]);
}

#[on_every_network_and_layer]
fn a_slot_that_leaves_something_is_called_again_after_the_peer_has_closed(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    rt[socket].set_ready_read_policy(ReadyReadPolicy::WhileUnread);
    let calls = sip(&mut rt, socket);
    peer.write_all(b"messages").unwrap();
    drop(peer);
    wait_until(&mut rt, |_| journal.has("disconnected"));
    for _ in 0..50 {
        turn(&mut rt);
    }
    assert_eq!(calls.get(), 8);
}

#[on_every_network_and_layer]
fn a_slot_that_leaves_something_and_disconnects_is_called_until_nothing_is_left(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected(net, &mut rt);
    rt[socket].set_ready_read_policy(ReadyReadPolicy::WhileUnread);
    let calls = sip(&mut rt, socket);
    rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
        world[socket].disconnect_from_host();
    });
    peer.write_all(b"messages").unwrap();
    wait_until(&mut rt, |_| journal.has("disconnected"));
    settle(&mut rt);
    assert_eq!((calls.get(), rt[socket].bytes_available()), (8, 0));
}

#[on_every_network_and_layer(no_proxy = "a reset ends at the proxy")]
fn a_connection_that_breaks_while_nobody_reads_is_told_to_who_writes(net: &Net) {
    for mode in [OpenMode::READ_WRITE, OpenMode::READ_WRITE | OpenMode::UNBUFFERED] {
        let mut rt = net.runtime();
        let (listener, port) = net.listener();
        let (socket, journal) = socket(&mut rt);
        rt[socket].set_read_buffer_size(Some(4));
        rt[socket].connect_to_host_with("127.0.0.1", port, mode, NetworkLayerProtocol::Any);
        wait_until(&mut rt, |_| journal.has("connected"));
        let mut peer = listener.accept().0;
        peer.write_all(b"more than four").unwrap();
        wait_until(&mut rt, |_| journal.has("ready_read"));
        rt[socket].write_all(&noise(16 << 20)).unwrap();
        settle(&mut rt);
        assert!(rt[socket].bytes_to_write() > 0);
        reset(peer);
        wait_until(&mut rt, is_unconnected(socket));
        assert_eq!(journal.count(&lost_by_reset(net)[0]), 1, "{mode:?}");
    }
}
