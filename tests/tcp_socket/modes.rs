//! Open modes: reading or writing alone, and without a buffer.

use super::*;
use slotwire::{NetworkLayerProtocol, OpenMode};
use std::net::Ipv4Addr;
use std::time::Instant;

/// A socket that is connected in this mode, its peer, and what it says from now on.
fn connected_in(net: &Net, rt: &mut Runtime, mode: OpenMode) -> (Obj<QTcpSocket>, Peer, Journal) {
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host_with("127.0.0.1", port, mode, NetworkLayerProtocol::Any);
    wait_until(rt, |world| world[socket].state() == SocketState::Connected);
    settle(rt);
    (socket, listener.accept().0, journal_of(rt, socket))
}

#[on_every_network_and_layer]
fn an_address_may_be_given_instead_of_a_name(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let (socket, journal) = socket(&mut rt);
    let address = listener.local_addr();
    rt[socket].connect_to_address(address, OpenMode::READ_WRITE);
    assert_eq!(rt[socket].peer_name(), "127.0.0.1");
    wait_until(&mut rt, |_| journal.has("connected"));
    assert_eq!(journal.take(), CONNECTING);
    assert_eq!(rt[socket].peer_port(), Some(port));
}

#[on_every_network_and_layer]
fn a_socket_for_reading_alone_cannot_be_written_to(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, _) = connected_in(net, &mut rt, OpenMode::READ_ONLY);
    assert_eq!(rt[socket].write(b"x").unwrap_err().kind(), ErrorKind::NotConnected);
    peer.write_all(b"hello").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 5);
}

#[on_every_network_and_layer]
fn a_socket_for_writing_alone_drops_what_comes_and_notices_the_end(net: &Net) {
    for mode in [OpenMode::WRITE_ONLY, OpenMode::WRITE_ONLY | OpenMode::UNBUFFERED] {
        let mut rt = net.runtime();
        let (socket, mut peer, journal) = connected_in(net, &mut rt, mode);
        rt[socket].write_all(b"out").unwrap();
        assert_eq!(read_exactly(&mut rt, &mut peer, 3), b"out");
        peer.write_all(&noise(1 << 20)).unwrap();
        drop(peer);
        wait_until(&mut rt, |_| journal.has("disconnected"));
        assert!(!journal.has("ready_read"), "{mode:?}");
        assert_eq!(rt[socket].bytes_available(), 0);
        assert_eq!(rt[socket].error(), Some(SocketError::RemoteHostClosed));
    }
}

/// The two bytes of the end of a line may come apart. What is written is sent as it is.
#[on_every_network_and_layer]
fn in_text_mode_a_socket_reads_without_carriage_returns(net: &Net) {
    for mode in [OpenMode::READ_WRITE, OpenMode::READ_WRITE | OpenMode::UNBUFFERED] {
        let mut rt = net.runtime();
        let (socket, mut peer, _) = connected_in(net, &mut rt, mode | OpenMode::TEXT);
        assert!(rt[socket].is_text_mode_enabled());
        peer.write_all(b"one\r").unwrap();
        wait_until(&mut rt, |world| world[socket].bytes_available() == 4);
        assert_eq!(rt[socket].peek(10), b"one");
        peer.write_all(b"\ntwo\r\nthree\r\n").unwrap();
        wait_until(&mut rt, |world| world[socket].bytes_available() == 17);
        assert_eq!(rt[socket].peek(6), b"one\ntw");
        assert_eq!(rt[socket].read_line_string().as_deref(), Some("one"));
        rt[socket].start_transaction();
        assert_eq!(rt[socket].read_bytes(3), b"two");
        rt[socket].rollback_transaction();
        assert_eq!(rt[socket].read_bytes(4), b"two\n");
        rt[socket].set_text_mode_enabled(false);
        assert_eq!(rt[socket].read_all(), b"three\r\n");
        rt[socket].set_text_mode_enabled(true);
        rt[socket].write_all(b"a\nb\r\n").unwrap();
        assert_eq!(read_exactly(&mut rt, &mut peer, 5), b"a\nb\r\n");
    }
}

#[on_every_network_and_layer]
fn an_unbuffered_socket_leaves_what_comes_to_the_system_until_it_is_read(net: &Net) {
    let mut rt = net.runtime();
    let unbuffered = OpenMode::READ_WRITE | OpenMode::UNBUFFERED;
    let (socket, mut peer, journal) = connected_in(net, &mut rt, unbuffered);
    peer.write_all(b"hello").unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    settle(&mut rt);
    assert_eq!(journal.take(), ["ready_read"]);
    assert_eq!(rt[socket].bytes_available(), 5);
    let mut three = [0; 3];
    assert_eq!(rt[socket].read(&mut three).unwrap(), 3);
    settle(&mut rt);
    assert_eq!(journal.take(), ["ready_read"], "there is a rest");
    assert_eq!(rt[socket].read_all(), b"lo");
    settle(&mut rt);
    assert_eq!(journal.take(), [""; 0]);
}

#[on_every_network_and_layer]
fn an_unbuffered_socket_writes_at_once_and_queues_what_the_system_does_not_take(net: &Net) {
    let mut rt = net.runtime();
    let unbuffered = OpenMode::READ_WRITE | OpenMode::UNBUFFERED;
    let (socket, mut peer, _) = connected_in(net, &mut rt, unbuffered);
    rt[socket].write_all(b"now").unwrap();
    let mut now = [0; 3];
    peer.read_exact(&mut now).unwrap();
    assert_eq!(&now, b"now", "without a turn of the loop");
    let data = noise(20 << 20);
    let half = data.len() / 2;
    rt[socket].write_all(&data[..half]).unwrap();
    assert!(rt[socket].bytes_to_write() > 0, "more than the kernel takes");
    let rest = RefCell::new(data[half..].chunks(64 * 1024).map(<[u8]>::to_vec).collect::<Vec<_>>());
    rest.borrow_mut().reverse();
    rt.connect_fn(socket, QTcpSocket::bytes_written, move |world, _| {
        while let Some(chunk) = rest.borrow_mut().pop() {
            world[socket].write_all(&chunk).unwrap();
        }
    });
    assert!(read_exactly(&mut rt, &mut peer, data.len()) == data);
}

#[on_every_network_and_layer]
fn what_an_unbuffered_socket_queues_is_bounded_too(net: &Net) {
    let mut rt = net.runtime();
    let unbuffered = OpenMode::READ_WRITE | OpenMode::UNBUFFERED;
    let (socket, mut peer, _) = connected_in(net, &mut rt, unbuffered);
    rt[socket].set_write_buffer_limit(Some(1000));
    let drained = rt.spy(socket, QTcpSocket::write_buffer_drained);
    let data = noise(20 << 20);
    let taken = rt[socket].write(&data).unwrap();
    assert!(taken < data.len());
    assert_eq!(rt[socket].bytes_to_write(), 1000);
    assert_eq!(rt[socket].write(b"x").unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(read_exactly(&mut rt, &mut peer, taken) == data[..taken]);
    wait_until(&mut rt, |_| drained.len() == 1);
}

#[on_every_network_and_layer]
fn an_unbuffered_socket_tells_the_end_once_and_rests(net: &Net) {
    for half_open in [false, true] {
        let mut rt = net.runtime();
        let unbuffered = OpenMode::READ_WRITE | OpenMode::UNBUFFERED;
        let (socket, mut peer, journal) = connected_in(net, &mut rt, unbuffered);
        rt[socket].set_allow_half_open(half_open);
        rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
            world[socket].read_all();
        });
        peer.write_all(b"last words").unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        wait_until(&mut rt, |_| journal.has("read_channel_finished"));
        for _ in 0..20 {
            turn(&mut rt);
        }
        assert!(!turn(&mut rt), "it spins");
        assert_eq!(journal.count("read_channel_finished"), 1);
        let state = if half_open { SocketState::Connected } else { SocketState::Unconnected };
        assert_eq!(rt[socket].state(), state);
        assert_eq!(rt[socket].read(&mut [0]).unwrap(), 0);
        settle(&mut rt);
        assert_eq!(journal.count("read_channel_finished"), 1);
    }
}

#[on_every_network_and_layer(no_proxy = "a reset ends at the proxy")]
fn a_reset_is_no_orderly_end_to_an_unbuffered_socket(net: &Net) {
    let mut rt = net.runtime();
    let unbuffered = OpenMode::READ_WRITE | OpenMode::UNBUFFERED;
    let (socket, peer, journal) = connected_in(net, &mut rt, unbuffered);
    rt[socket].set_allow_half_open(true);
    reset(peer);
    wait_until(&mut rt, |_| journal.has("ready_read") || journal.has("disconnected"));
    assert!(journal.has("disconnected"), "{:?}", journal.take());
    assert_eq!(rt[socket].error(), Some(net.error_of_reset()));
}

#[on_every_network_and_layer(no_proxy = "a TCP socket that has a proxy cannot be bound")]
fn reading_from_a_bound_socket_that_is_open_from_before_ends_nothing(net: &Net) {
    let mut rt = net.runtime();
    let unbuffered = OpenMode::READ_WRITE | OpenMode::UNBUFFERED;
    let (socket, _peer, journal) = connected_in(net, &mut rt, unbuffered);
    rt[socket].disconnect_from_host();
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    settle(&mut rt);
    journal.take();
    assert_eq!(rt[socket].read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    settle(&mut rt);
    assert_eq!(journal.take(), [""; 0]);
    assert_eq!(rt[socket].state(), SocketState::Bound);
}

/// Runs the loop until a read of one byte need not wait, and returns what that has read.
#[track_caller]
fn read_one(rt: &mut Runtime, socket: Obj<QTcpSocket>) -> usize {
    let begin = Instant::now();
    loop {
        match rt[socket].read(&mut [0]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock && begin.elapsed() < DEADLINE => {
                rt.process_events(Some(Duration::from_millis(1))).unwrap();
            }
            done => return done.unwrap(),
        }
    }
}

#[on_every_network_and_layer(proxy_carries = "half-close")]
fn an_unbuffered_socket_that_closes_sends_the_rest_though_it_has_read_the_end(net: &Net) {
    let mut rt = net.runtime();
    let unbuffered = OpenMode::READ_WRITE | OpenMode::UNBUFFERED;
    let (socket, mut peer, _) = connected_in(net, &mut rt, unbuffered);
    let data = noise(20 << 20);
    rt[socket].write_all(&data).unwrap();
    rt[socket].disconnect_from_host();
    peer.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_one(&mut rt, socket), 0);
    assert_eq!(rt[socket].state(), SocketState::Closing);
    assert!(read_to_end(&mut rt, &mut peer) == data);
    wait_until(&mut rt, is_unconnected(socket));
    assert_eq!(rt[socket].error(), None);
}

const UNBUFFERED: OpenMode = OpenMode::READ_WRITE.union(OpenMode::UNBUFFERED);

#[on_every_network_and_layer]
fn an_unbuffered_socket_tells_of_the_next_bytes_when_those_that_were_looked_at_are_read(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected_in(net, &mut rt, UNBUFFERED);
    peer.write_all(b"a").unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(rt[socket].peek(1), b"a");
    peer.write_all(b"b").unwrap();
    wait_until(&mut rt, |_| journal.count("ready_read") == 2);
    assert_eq!(rt[socket].get_char(), Some(b'a'));
    wait_until(&mut rt, |_| journal.count("ready_read") == 3);
    assert_eq!(rt[socket].read_all(), b"b");
    settle(&mut rt);
    assert_eq!(journal.take(), ["ready_read"; 3]);
}

#[on_every_network_and_layer]
fn an_unbuffered_socket_hears_the_end_behind_what_was_looked_at(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, journal) = connected_in(net, &mut rt, UNBUFFERED);
    let mut is_first = true;
    rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
        // A look, and from then on a byte for each signal.
        if std::mem::take(&mut is_first) {
            world[socket].peek(1);
        } else {
            world[socket].get_char();
        }
    });
    for byte in [b"a", b"b"] {
        peer.write_all(byte).unwrap();
        settle(&mut rt);
    }
    drop(peer);
    wait_until(&mut rt, |_| journal.has("disconnected"));
    assert_eq!(rt[socket].bytes_available(), 0);
}

#[on_every_network_and_layer]
fn an_unbuffered_socket_gives_what_a_transaction_gave_back_and_all_behind_it(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer, _) = connected_in(net, &mut rt, UNBUFFERED);
    let taken = Journal::new();
    let noted = taken.clone();
    let mut is_first = true;
    rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
        let socket = &mut world[socket];
        socket.start_transaction();
        let byte = socket.get_char();
        if std::mem::take(&mut is_first) {
            socket.rollback_transaction();
        } else if let Some(byte) = byte {
            noted.note(char::from(byte));
            socket.commit_transaction();
        }
    });
    // What comes together is announced once.
    for bytes in [b"a".as_slice(), b"b", b"cd"] {
        peer.write_all(bytes).unwrap();
        settle(&mut rt);
    }
    wait_until(&mut rt, |_| taken.len() == 4);
    assert_eq!(taken.take(), ["a", "b", "c", "d"]);
}
