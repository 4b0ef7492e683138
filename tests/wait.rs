//! Waiting for one socket without the event loop.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown};
use std::rc::Rc;
use std::time::{Duration, Instant};

use slotwire::prelude::*;
use slotwire::{BindAddress, BindMode, NetworkLayerProtocol, OpenMode};
use support::*;

const SOON: Option<Duration> = Some(Duration::from_millis(50));
const LATE: Option<Duration> = Some(DEADLINE);

#[on_every_network_and_layer(no_proxy = "the proxy looks the name up")]
fn a_connection_is_waited_for_by_address_and_by_name(net: &Net) {
    for host in ["127.0.0.1", "localhost"] {
        let mut rt = net.runtime();
        let (_listener, port) = net.listener();
        let socket = rt.add(QTcpSocket::new());
        let journal = journal_of(&mut rt, socket);
        rt[socket].connect_to_host(host, port);
        assert!(rt.wait_for_connected(socket, LATE), "{host}");
        let said = ["HostLookup", "Connecting", "host_found", "Connected", "connected"];
        assert_eq!(journal.take(), said);
        assert!(rt.wait_for_connected(socket, LATE), "it is connected already");
        settle(&mut rt);
        assert_eq!(journal.len(), 0);
        assert_eq!(rt.next_deadline(), None);
    }
}

/// Reads what comes, and tells numbers for it, more than a few passes of the loop leave room for.
#[derive(QObject)]
struct Reader {
    socket: Obj<QTcpSocket>,
    told: u32,
    #[signal]
    tells: Signal<u32>,
}

/// How many numbers are told for each arrival.
const MANY: u32 = 100_000;

#[slots]
impl Reader {
    #[slot(socket.ready_read)]
    fn read(&mut self, cx: &mut Context<Self>) {
        cx[self.socket].read_all();
        (self.told..self.told + MANY).for_each(|number| self.tells.emit(number));
        self.told += MANY;
    }
}

#[on_every_network_and_layer(
    no_layer = "a clock that jumps does not wait for who greets",
    no_proxy = "a clock that jumps does not wait for a proxy"
)]
fn what_a_wait_brings_does_not_overtake_what_came_before(net: &Net) {
    for timeout in [LATE, Some(Duration::ZERO)] {
        let (mut rt, _) = net.timed_runtime();
        let (socket, mut peer) = net.connected_pair(&mut rt);
        let reader = rt.add(Reader { socket, told: 0, tells: Signal::new() });
        let heard = rt.spy(reader, Reader::tells);
        peer.write_all(b"first").unwrap();
        while heard.is_empty() {
            turn(&mut rt);
        }
        peer.write_all(b"second").unwrap();
        let errors = rt.spy(socket, QTcpSocket::error_occurred);
        let has_come = rt.wait_for_ready_read(socket, timeout);
        assert_eq!(has_come, timeout == LATE, "there is time to hear the first");
        let error = (!has_come).then_some(SocketError::SocketTimeout);
        assert!(errors.take().into_iter().eq(error));
        wait_until(&mut rt, |_| heard.len() == 2 * MANY as usize);
        assert!(heard.take().into_iter().eq(0..2 * MANY));
    }
}

/// Tells numbers for each connection.
#[derive(QObject)]
struct Announcer {
    server: Obj<QTcpServer>,
    told: u32,
    #[signal]
    tells: Signal<u32>,
}

#[slots]
impl Announcer {
    #[slot(server.new_connection)]
    fn announce(&mut self) {
        (self.told..self.told + MANY).for_each(|number| self.tells.emit(number));
        self.told += MANY;
    }
}

#[on_every_network_and_layer(no_proxy = "a proxy listens for one connection")]
fn a_connection_that_is_waited_for_does_not_overtake_the_one_before(net: &Net) {
    for timeout in [LATE, Some(Duration::ZERO)] {
        let (mut rt, _) = net.timed_runtime();
        let server = rt.add(QTcpServer::new());
        rt[server].listen(any_port()).unwrap();
        let port = rt[server].server_port().unwrap();
        let announcer = rt.add(Announcer { server, told: 0, tells: Signal::new() });
        let heard = rt.spy(announcer, Announcer::tells);
        let _first = net.dial(port);
        while heard.is_empty() {
            turn(&mut rt);
        }
        let _second = net.dial(port);
        let has_come = rt.wait_for_new_connection(server, timeout);
        assert_eq!(has_come, timeout == LATE, "there is time to hear of the first");
        let error = (!has_come).then_some(SocketError::SocketTimeout);
        assert_eq!(rt[server].server_error(), error);
        wait_until(&mut rt, |_| heard.len() == 2 * MANY as usize);
        assert!(heard.take().into_iter().eq(0..2 * MANY));
    }
}

#[on_every_network_and_layer(proxy_carries = "refusals unknown-names")]
fn a_wait_for_a_connection_ends_when_there_will_be_none(net: &Net) {
    let mut rt = net.runtime();
    let hosts = [
        ("127.0.0.1", net.closed_port(), SocketError::ConnectionRefused),
        ("no-such-host.invalid", 1, SocketError::HostNotFound),
    ];
    for (host, port, error) in hosts {
        let socket = rt.add(QTcpSocket::new());
        let errors = rt.spy(socket, QTcpSocket::error_occurred);
        assert!(!rt.wait_for_connected(socket, None), "nothing was begun");
        rt[socket].connect_to_host(host, port);
        assert!(!rt.wait_for_connected(socket, None));
        assert_eq!(rt[socket].state(), SocketState::Unconnected);
        assert_eq!(errors.take(), [error]);
    }
}

#[on_every_network_and_layer]
fn a_connection_that_does_not_come_in_time_is_given_up(net: &Net) {
    let (address, _full) = net.full_listener();
    let (mut rt, clock) = net.timed_runtime();
    let socket = rt.add(QTcpSocket::new());
    let journal = journal_of(&mut rt, socket);
    rt[socket].connect_to_host("127.0.0.1", address.port());
    assert!(!rt.wait_for_connected(socket, Some(Duration::from_secs(3))));
    assert_eq!(clock.elapsed(), Duration::from_secs(3));
    assert_eq!(journal.take(), ["HostLookup", "Connecting", "host_found", "Unconnected"]);
    assert_eq!(rt[socket].error(), Some(SocketError::SocketTimeout));
    settle(&mut rt);
    assert_eq!(rt.next_deadline(), None);
    rt[socket].set_connect_timeout(Some(Duration::from_secs(2)));
    rt[socket].connect_to_host("127.0.0.1", address.port());
    assert!(!rt.wait_for_connected(socket, Some(Duration::from_secs(10))));
    assert_eq!(clock.elapsed(), Duration::from_secs(5));
}

#[on_every_network_and_layer]
fn new_bytes_are_waited_for_and_old_ones_do_not_count(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    peer.write_all(b"old").unwrap();
    assert!(rt.wait_for_ready_read(socket, LATE));
    assert_eq!(rt[socket].bytes_available(), 3);
    let errors = rt.spy(socket, QTcpSocket::error_occurred);
    assert!(!rt.wait_for_ready_read(socket, SOON));
    assert_eq!(errors.take(), [SocketError::SocketTimeout]);
    assert_eq!(rt[socket].state(), SocketState::Connected, "it stays");
    peer.write_all(b"new").unwrap();
    assert!(rt.wait_for_ready_read(socket, LATE));
    assert_eq!(rt[socket].read_all(), b"oldnew");
}

#[on_every_network_and_layer]
fn what_was_written_is_sent_while_an_answer_is_waited_for(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    let size = 8 << 20;
    let answering = peer.go([Deed::Read(size), Deed::Write(b"thanks".to_vec())]);
    rt[socket].write_all(&noise(size)).unwrap();
    assert!(rt.wait_for_ready_read(socket, LATE));
    assert_eq!(rt[socket].read_all(), b"thanks");
    assert!(answering.end(&mut rt) == noise(size));
}

#[on_every_network_and_layer]
fn a_full_buffer_is_not_waited_for(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    rt[socket].set_read_buffer_size(Some(3));
    peer.write_all(b"abcdef").unwrap();
    assert!(rt.wait_for_ready_read(socket, LATE));
    assert!(!rt.wait_for_ready_read(socket, None));
    assert_eq!(rt[socket].read_all(), b"abc");
    assert!(rt.wait_for_ready_read(socket, LATE));
    assert_eq!(rt[socket].read_all(), b"def");
}

#[on_every_network_and_layer]
fn waits_end_when_the_peer_has_closed(net: &Net) {
    for resets in [false, true] {
        let mut rt = net.runtime();
        let (socket, mut peer) = net.connected_pair(&mut rt);
        let journal = journal_of(&mut rt, socket);
        peer.write_all(b"last words").unwrap();
        if resets {
            reset(peer)
        } else {
            drop(peer)
        }
        assert!(rt.wait_for_ready_read(socket, None));
        while rt[socket].state() == SocketState::Connected {
            assert!(!rt.wait_for_ready_read(socket, None));
        }
        assert_eq!(rt[socket].read_all(), b"last words");
        assert!(!rt.wait_for_ready_read(socket, None));
        assert!(!rt.wait_for_bytes_written(socket, None));
        assert!(!rt.wait_for_disconnected(socket, None), "it is disconnected already");
        let said = journal.take();
        let error = if resets { net.error_of_reset() } else { SocketError::RemoteHostClosed };
        assert_eq!(said[1], format!("{error:?} while Connected"));
        assert_eq!(said.last().unwrap(), "disconnected");
    }
}

#[on_every_network_and_layer(proxy_carries = "refusals")]
fn who_waits_for_bytes_to_go_out_waits_for_the_connection_first(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host("127.0.0.1", port);
    rt[socket].write_all(b"early").unwrap();
    assert!(rt.wait_for_bytes_written(socket, LATE));
    let mut early = [0; 5];
    listener.accept().0.read_exact(&mut early).unwrap();
    assert_eq!(&early, b"early");
    let refused = rt.add(QTcpSocket::new());
    rt[refused].connect_to_host("127.0.0.1", net.closed_port());
    rt[refused].write_all(b"early").unwrap();
    assert!(!rt.wait_for_bytes_written(refused, LATE));
    assert_eq!(rt[refused].error(), Some(SocketError::ConnectionRefused));
}

#[on_every_network_and_layer(proxy_carries = "half-close")]
fn a_half_open_connection_brings_nothing_more_to_wait_for(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    rt[socket].set_allow_half_open(true);
    peer.write_all(b"question").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    assert!(rt.wait_for_ready_read(socket, LATE));
    assert!(!rt.wait_for_ready_read(socket, LATE));
    assert_eq!(rt[socket].state(), SocketState::Connected);
    rt[socket].write_all(b"answer").unwrap();
    assert!(rt.wait_for_bytes_written(socket, LATE));
    assert!(!rt.wait_for_bytes_written(socket, LATE), "nothing is left to be written");
    rt[socket].disconnect_from_host();
    rt.deliver();
    let mut answer = String::new();
    peer.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "answer");
}

#[on_every_network_and_layer]
fn bytes_that_the_peer_does_not_take_are_waited_for_no_longer_than_wanted(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _peer) = net.connected_pair(&mut rt);
    // More than the kernel keeps for two connections, that of a proxy and that to it. Some kernels let
    // a buffer for what has come grow to 32 MiB.
    rt[socket].write_all(&vec![0; 96 << 20]).unwrap();
    let begin = Instant::now();
    while rt.wait_for_bytes_written(socket, SOON) {
        assert!(begin.elapsed() < DEADLINE, "the kernel takes everything");
    }
    assert_eq!(rt[socket].error(), Some(SocketError::SocketTimeout));
    assert!(rt[socket].bytes_to_write() > 0);
    assert_eq!(rt[socket].state(), SocketState::Connected);
    rt[socket].disconnect_from_host();
    assert!(!rt.wait_for_disconnected(socket, SOON));
    assert_eq!(rt[socket].state(), SocketState::Closing);
}

#[on_every_network_and_layer]
fn the_end_is_waited_for_until_all_is_sent(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    let journal = journal_of(&mut rt, socket);
    let data = noise(8 << 20);
    rt[socket].write_all(&data).unwrap();
    rt[socket].disconnect_from_host();
    let reading = peer.go([Deed::ReadToEnd]);
    assert!(rt.wait_for_disconnected(socket, LATE));
    assert!(reading.end(&mut rt) == data);
    assert_eq!(journal.count("disconnected"), 1);
}

#[on_every_network_and_layer]
fn the_end_that_the_peer_makes_is_waited_for_and_what_came_is_kept(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    let data = noise(1 << 20);
    let writing = peer.go([Deed::Write(data.clone()), Deed::Close]);
    assert!(rt.wait_for_disconnected(socket, LATE));
    writing.end(&mut rt);
    assert!(rt[socket].read_all() == data);
}

#[on_every_network_and_layer(no_proxy = "nobody but the relay can send to the socket")]
fn what_nobody_reads_does_not_prolong_the_wait_for_the_end(net: &Net) {
    net.watched(|net| {
        let mut rt = net.runtime();
        let bound = rt.add(QUdpSocket::new());
        rt[bound].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
        let port = rt[bound].local_port().unwrap();
        net.udp_peer().0.send_to(b"x", (Ipv4Addr::LOCALHOST, port)).unwrap();
        assert!(rt.wait_for_ready_read(bound, LATE));
        assert!(!rt.wait_for_disconnected(bound, SOON));
        assert_eq!(rt[bound].error(), Some(SocketError::SocketTimeout));

        let (listener, port) = net.listener();
        let direct = rt.add(QTcpSocket::new());
        let (mode, any) = (OpenMode::READ_WRITE | OpenMode::UNBUFFERED, NetworkLayerProtocol::Any);
        rt[direct].connect_to_host_with("127.0.0.1", port, mode, any);
        assert!(rt.wait_for_connected(direct, LATE));
        listener.accept().0.write_all(b"x").unwrap();
        assert!(rt.wait_for_ready_read(direct, LATE));
        assert!(!rt.wait_for_disconnected(direct, SOON));
        assert_eq!(rt[direct].error(), Some(SocketError::SocketTimeout));
    });
}

#[on_every_network_and_layer]
fn a_peer_that_sends_without_pause_does_not_prolong_a_wait(net: &Net) {
    net.watched(|net| {
        let mut rt = net.runtime();
        let (socket, mut peer) = net.connected_pair(&mut rt);
        peer.write_all(b"x").unwrap();
        rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
            world[socket].read_all();
            peer.write_all(b"x").unwrap();
        });
        assert!(!rt.wait_for_disconnected(socket, SOON));
        assert_eq!(rt[socket].state(), SocketState::Connected);
        assert_eq!(rt[socket].error(), Some(SocketError::SocketTimeout));
    });
}

#[on_every_network_and_layer(no_proxy = "a TCP socket that has a proxy cannot be bound")]
fn a_bound_socket_has_nothing_to_wait_for_and_stays_bound(net: &Net) {
    let mut rt = net.runtime();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].bind(BindAddress::Any, 0, BindMode::DEFAULT).unwrap();
    assert!(!rt.wait_for_connected(socket, LATE));
    assert!(!rt.wait_for_ready_read(socket, LATE));
    assert!(!rt.wait_for_bytes_written(socket, LATE));
    assert!(!rt.wait_for_disconnected(socket, LATE));
    assert_eq!((rt[socket].state(), rt[socket].error()), (SocketState::Bound, None));
}

#[on_every_network_and_layer(no_proxy = "nobody but the relay can send to the socket")]
fn an_unread_datagram_does_not_hold_up_the_end_of_a_wait(net: &Net) {
    net.watched(|net| {
        let mut rt = net.runtime();
        let socket = rt.add(QUdpSocket::new());
        rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
        let port = rt[socket].local_port().unwrap();
        net.udp_peer().0.send_to(b"unread", (Ipv4Addr::LOCALHOST, port)).unwrap();
        assert!(!rt.wait_for_disconnected(socket, SOON));
        assert_eq!(rt[socket].error(), Some(SocketError::SocketTimeout));
        assert!(rt[socket].has_pending_datagrams());
    });
}

#[on_every_network_and_layer]
fn a_slot_may_end_or_destroy_the_socket_that_is_waited_for(net: &Net) {
    for destroys in [false, true] {
        let mut rt = net.runtime();
        let (socket, mut peer) = net.connected_pair(&mut rt);
        rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
            if destroys {
                world.destroy(socket);
            } else {
                world[socket].abort();
            }
        });
        peer.write_all(b"end").unwrap();
        rt.wait_for_ready_read(socket, LATE);
        assert!(!rt.wait_for_ready_read(socket, None));
        assert_eq!(rt.contains(socket), !destroys);
        peer.write_all(b"end").unwrap_or_default();
    }
}

/// What a test writes before the connection is established.
const EARLY: [usize; 3] = [0, 10, 4 << 20];

/// A way to end a connection, and its name.
type Ending = (&'static str, fn(&mut QTcpSocket));

/// The ways to end a connection in good order.
const ENDINGS: [Ending; 2] = [
    ("disconnect_from_host", |socket| socket.disconnect_from_host()),
    ("close", |socket| socket.close()),
];

/// Lets the peer that the listener takes read to the end, from the moment when `socket` is
/// connected. Returns the place where the reading is found afterwards.
fn read_by_peer(
    rt: &mut Runtime,
    socket: Obj<QTcpSocket>,
    listener: Listener,
) -> Rc<RefCell<Option<Errand>>> {
    let reading = Rc::new(RefCell::new(None));
    let place = reading.clone();
    rt.connect_fn(socket, QTcpSocket::connected, move |_, ()| {
        *place.borrow_mut() = Some(listener.accept().0.go([Deed::ReadToEnd]));
    });
    reading
}

#[on_every_network_and_layer]
fn a_wait_for_the_end_finishes_connecting_and_sending_first(net: &Net) {
    for (size, (name, end)) in EARLY.into_iter().flat_map(|size| ENDINGS.map(|end| (size, end))) {
        let mut rt = net.runtime();
        let (listener, port) = net.listener();
        let socket = rt.add(QTcpSocket::new());
        let journal = journal_of(&mut rt, socket);
        let reading = read_by_peer(&mut rt, socket, listener);
        let data = noise(size);
        rt[socket].connect_to_host("127.0.0.1", port);
        rt[socket].write_all(&data).unwrap();
        end(&mut rt[socket]);
        assert!(rt.wait_for_disconnected(socket, LATE), "{size} bytes, {name}");
        assert_eq!(rt[socket].state(), SocketState::Unconnected, "{size} bytes, {name}");
        let said = (journal.count("connected"), journal.count("disconnected"));
        assert_eq!(said, (1, 1), "{size} bytes, {name}");
        let reading = reading.take().expect("the slot of `connected` has run");
        assert!(reading.end(&mut rt) == data, "{size} bytes, {name}");
    }
}

#[on_every_network_and_layer]
fn a_wait_for_the_end_counts_what_the_slot_of_connected_writes_and_ends(net: &Net) {
    for size in EARLY {
        let mut rt = net.runtime();
        let (listener, port) = net.listener();
        let socket = rt.add(QTcpSocket::new());
        let reading = read_by_peer(&mut rt, socket, listener);
        let data = noise(size);
        rt.connect_fn(socket, QTcpSocket::connected, move |world, ()| {
            world[socket].write_all(&noise(size))?;
            world[socket].disconnect_from_host();
            Ok::<_, std::io::Error>(())
        });
        rt[socket].connect_to_host("127.0.0.1", port);
        assert!(rt.wait_for_disconnected(socket, LATE), "{size} bytes");
        let reading = reading.take().expect("the slot of `connected` has run");
        assert!(reading.end(&mut rt) == data, "{size} bytes");
    }
}

#[on_every_network_and_layer]
fn a_wait_for_the_end_counts_the_end_that_was_asked_for_just_before(net: &Net) {
    let ends: [Ending; 3] = [ENDINGS[0], ENDINGS[1], ("abort", |socket| socket.abort())];
    for (name, end) in ends {
        let mut rt = net.runtime();
        let (socket, _peer) = net.connected_pair(&mut rt);
        end(&mut rt[socket]);
        assert!(rt.wait_for_disconnected(socket, LATE), "{name}");
        assert_eq!(rt[socket].state(), SocketState::Unconnected, "{name}");
        assert!(!rt.wait_for_disconnected(socket, LATE), "{name}: it was told of already");
    }
}

#[on_every_network_and_layer(no_proxy = "the proxy may need longer than the wait to connect")]
fn an_end_before_the_connection_that_was_just_begun_is_not_the_one_that_is_waited_for(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _peer) = net.connected_pair(&mut rt);
    let (listener, port) = net.listener();
    let journal = journal_of(&mut rt, socket);
    rt[socket].abort();
    rt[socket].connect_to_host("127.0.0.1", port);
    assert!(!rt.wait_for_disconnected(socket, SOON), "the new connection is not at its end");
    assert_eq!(journal.count("disconnected"), 1);
    drop(listener.accept());
    assert!(rt.wait_for_disconnected(socket, LATE));
    assert_eq!(journal.count("disconnected"), 2);
}

#[on_every_network_and_layer]
fn a_wait_for_a_connection_counts_one_that_is_at_its_end_already(net: &Net) {
    for (name, end) in ENDINGS {
        let mut rt = net.runtime();
        let (_listener, port) = net.listener();
        let socket = rt.add(QTcpSocket::new());
        rt[socket].connect_to_host("127.0.0.1", port);
        end(&mut rt[socket]);
        assert!(rt.wait_for_connected(socket, LATE), "{name}");
        assert_eq!(rt[socket].state(), SocketState::Unconnected, "{name}: it had nothing to send");
        assert!(!rt.wait_for_connected(socket, LATE), "{name}: it is over");
    }
}

#[on_every_network_and_layer]
fn a_wait_for_bytes_to_go_out_counts_those_of_a_connection_that_ends_with_them(net: &Net) {
    for (name, end) in ENDINGS {
        let mut rt = net.runtime();
        let (listener, port) = net.listener();
        let socket = rt.add(QTcpSocket::new());
        let written = rt.spy(socket, QTcpSocket::bytes_written);
        rt[socket].connect_to_host("127.0.0.1", port);
        rt[socket].write_all(b"and good-bye").unwrap();
        end(&mut rt[socket]);
        assert!(rt.wait_for_bytes_written(socket, LATE), "{name}");
        assert_eq!(written.take(), [12], "{name}");
        let mut heard = [0; 12];
        listener.accept().0.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"and good-bye");
    }
}

#[on_every_network_and_layer]
fn a_wait_for_bytes_to_go_out_counts_those_that_nobody_has_heard_of(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _peer) = net.connected_pair(&mut rt);
    let written = rt.spy(socket, QTcpSocket::bytes_written);
    rt[socket].write_all(b"hello").unwrap();
    rt[socket].flush().unwrap();
    assert!(written.take().is_empty(), "nothing is delivered outside");
    assert!(rt.wait_for_bytes_written(socket, LATE));
    assert_eq!(written.take(), [5]);
    assert!(!rt.wait_for_bytes_written(socket, LATE), "nothing is left to be written");
}

#[on_every_network_and_layer]
fn a_wait_for_new_bytes_sends_what_is_to_go_out_before_the_end(net: &Net) {
    for size in EARLY {
        let mut rt = net.runtime();
        let (listener, port) = net.listener();
        let socket = rt.add(QTcpSocket::new());
        let reading = read_by_peer(&mut rt, socket, listener);
        let data = noise(size);
        rt[socket].connect_to_host("127.0.0.1", port);
        rt[socket].write_all(&data).unwrap();
        rt[socket].disconnect_from_host();
        assert!(!rt.wait_for_ready_read(socket, LATE), "{size} bytes: nothing comes any more");
        assert_eq!(rt[socket].state(), SocketState::Unconnected, "{size} bytes");
        let reading = reading.take().expect("the slot of `connected` has run");
        assert!(reading.end(&mut rt) == data, "{size} bytes");
    }
}

#[on_every_network_and_layer(proxy_carries = "refusals")]
fn a_wait_for_the_end_says_that_there_was_no_connection_to_end(net: &Net) {
    let mut rt = net.runtime();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host("127.0.0.1", net.closed_port());
    rt[socket].write_all(b"for nobody").unwrap();
    rt[socket].disconnect_from_host();
    assert!(!rt.wait_for_disconnected(socket, LATE));
    assert_eq!(rt[socket].error(), Some(SocketError::ConnectionRefused));
    let given_up = rt.add(QTcpSocket::new());
    rt[given_up].connect_to_host("127.0.0.1", net.closed_port());
    rt[given_up].abort();
    assert!(!rt.wait_for_disconnected(given_up, LATE), "nothing was established");
}

#[on_every_network_and_layer]
fn a_wait_counts_what_happened_before_a_slot_destroyed_the_socket(net: &Net) {
    type WaitFor = fn(&mut Runtime, Obj<QTcpSocket>, Option<Duration>) -> bool;
    let waits: [(&str, WaitFor); 3] = [
        ("connected", Runtime::wait_for_connected),
        ("bytes_written", Runtime::wait_for_bytes_written),
        ("disconnected", Runtime::wait_for_disconnected),
    ];
    for (awaited, wait) in waits {
        let mut rt = net.runtime();
        let (_listener, port) = net.listener();
        let socket = rt.add(QTcpSocket::new());
        rt[socket].connect_to_host("127.0.0.1", port);
        rt[socket].write_all(b"hello").unwrap();
        match awaited {
            "connected" => rt.connect_fn(socket, QTcpSocket::connected, move |world, ()| {
                world.destroy(socket);
            }),
            _ => rt.connect_fn(socket, QTcpSocket::bytes_written, move |world, _| {
                world.destroy(socket);
            }),
        };
        assert!(wait(&mut rt, socket, LATE), "{awaited}");
        assert!(!rt.contains(socket), "{awaited}");
    }
}

/// A server that listens, and its port.
fn server(rt: &mut Runtime) -> (Obj<QTcpServer>, u16) {
    let server = rt.add(QTcpServer::new());
    rt[server].listen(any_port()).unwrap();
    (server, rt[server].server_port().unwrap())
}

#[on_every_network_and_layer(proxy_carries = "listening")]
fn a_new_connection_is_waited_for(net: &Net) {
    let mut rt = net.runtime();
    let deaf = rt.add(QTcpServer::new());
    assert!(!rt.wait_for_new_connection(deaf, None), "it does not listen");
    let (server, port) = net.server(&mut rt);
    assert!(!rt.wait_for_new_connection(server, SOON));
    assert_eq!(rt[server].server_error(), Some(SocketError::SocketTimeout));
    let announced = rt.spy(server, QTcpServer::new_connection);
    rt[server].pause_accepting();
    let mut peer = net.dial(port);
    assert!(rt.wait_for_new_connection(server, LATE), "paused or not");
    assert_eq!(announced.take().len(), 1);
    let socket = rt[server].next_pending_connection().unwrap();
    peer.write_all(b"hello").unwrap();
    assert!(rt.wait_for_ready_read(socket, LATE));
    assert_eq!(rt[socket].read_all(), b"hello");
}

#[on_every_network_and_layer(no_proxy = "a proxy listens for one connection")]
fn a_wait_for_a_connection_accepts_no_more_than_may_wait(net: &Net) {
    let mut rt = net.runtime();
    let (server, port) = server(&mut rt);
    rt[server].set_max_pending_connections(1);
    let _peers = net.dial_many(port, 2);
    assert!(rt.wait_for_new_connection(server, LATE));
    assert!(!rt.wait_for_new_connection(server, None), "nobody has taken the first");
    assert!(rt[server].next_pending_connection().is_some());
    assert!(rt.wait_for_new_connection(server, LATE));
}

#[on_every_network_and_layer(no_proxy = "a proxy listens for one connection")]
fn a_wait_for_a_connection_accepts_all_that_have_called(net: &Net) {
    let mut rt = net.runtime();
    let (server, port) = server(&mut rt);
    let announced = rt.spy(server, QTcpServer::new_connection);
    let _peers = net.dial_many(port, 3);
    assert!(rt.wait_for_new_connection(server, LATE));
    assert_eq!(announced.len(), 3);
    for _ in 0..3 {
        assert!(rt[server].next_pending_connection().is_some());
    }
    assert!(!rt.wait_for_new_connection(server, SOON), "that were all");
    assert_eq!(announced.len(), 3);
}

#[on_every_network_and_layer(
    no_proxy = "a connection that a proxy has accepted needs no descriptor"
)]
fn a_wait_for_a_connection_ends_when_it_cannot_be_accepted(net: &Net) {
    net.in_own_process("a_wait_for_a_connection_ends_when_it_cannot_be_accepted", || {
        let mut rt = net.runtime();
        let (server, port) = server(&mut rt);
        let errors = rt.spy(server, QTcpServer::accept_error);
        let _peer = net.dial(port);
        net.leave_room_for_descriptors(0);
        assert!(!rt.wait_for_new_connection(server, SOON));
        assert_eq!(errors.take(), [SocketError::SocketResource]);
        assert_eq!(rt[server].server_error(), Some(SocketError::SocketResource));
        net.leave_room_for_many_descriptors();
        assert!(rt.wait_for_new_connection(server, LATE));
        settle(&mut rt);
        assert!(rt.next_deadline().is_none(), "nothing is to be tried again");
    });
}

#[on_every_network_and_layer(no_proxy = "a reset ends at the proxy")]
fn a_reset_ends_the_wait_for_the_end_though_nobody_has_read_what_came_before(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    let (mode, any) = (OpenMode::READ_WRITE | OpenMode::UNBUFFERED, NetworkLayerProtocol::Any);
    rt[socket].connect_to_host_with("127.0.0.1", port, mode, any);
    assert!(rt.wait_for_connected(socket, LATE));
    let (mut peer, _) = listener.accept();
    peer.write_all(b"unread").unwrap();
    assert!(rt.wait_for_ready_read(socket, LATE));
    reset(peer);
    assert!(rt.wait_for_disconnected(socket, LATE));
    assert_eq!(rt[socket].error(), Some(net.error_of_reset()));
}

#[on_every_network_and_layer(no_proxy = "a reset ends at the proxy")]
fn a_reset_of_an_unbuffered_socket_is_told_though_nobody_reads(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    let (mode, any) = (OpenMode::READ_WRITE | OpenMode::UNBUFFERED, NetworkLayerProtocol::Any);
    rt[socket].connect_to_host_with("127.0.0.1", port, mode, any);
    assert!(rt.wait_for_connected(socket, LATE));
    reset(listener.accept().0);
    settle(&mut rt);
    assert!(!rt.wait_for_disconnected(socket, SOON), "it is disconnected already");
    assert_eq!(rt[socket].error(), Some(net.error_of_reset()));
}

#[on_every_network_and_layer(no_proxy = "a TCP socket that has a proxy cannot be bound")]
fn a_wait_for_the_end_is_over_though_a_slot_begins_anew(net: &Net) {
    for begins in ["connecting", "looking up", "bound"] {
        let mut rt = net.runtime();
        let (listener, port) = net.listener();
        let socket = rt.add(QTcpSocket::new());
        let journal = journal_of(&mut rt, socket);
        rt[socket].connect_to_host("127.0.0.1", port);
        assert!(rt.wait_for_connected(socket, LATE));
        drop(listener.accept());
        rt.connect_fn(socket, QTcpSocket::disconnected, move |world, ()| match begins {
            "connecting" => world[socket].connect_to_host("127.0.0.1", port),
            "looking up" => world[socket].connect_to_host("localhost", port),
            _ => world[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap(),
        });
        journal.take();
        assert!(rt.wait_for_disconnected(socket, None), "{begins}");
        assert_eq!(journal.count("disconnected"), 1, "{begins}");
        assert_ne!(rt[socket].state(), SocketState::Unconnected, "{begins}");
    }
}

#[on_every_network_and_layer(no_proxy = "a reset ends at the proxy")]
fn a_reset_behind_a_full_buffer_ends_the_wait_for_the_end(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    rt[socket].set_read_buffer_size(Some(3));
    peer.write_all(b"more than three").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 3);
    reset(peer);
    assert!(rt.wait_for_disconnected(socket, LATE));
    assert_eq!(rt[socket].error(), Some(net.error_of_reset()));
    assert_eq!(rt[socket].read_all(), b"mor");
}

#[on_every_network_and_layer(proxy_carries = "half-close")]
fn nobody_waits_for_an_end_behind_a_full_buffer_when_both_ends_are_closed(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    rt[socket].set_read_buffer_size(Some(3));
    peer.write_all(b"more than three").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    rt[socket].shutdown_write();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 3);
    settle(&mut rt);
    assert!(!rt.wait_for_disconnected(socket, None));
    assert_eq!(rt[socket].state(), SocketState::Connected);
}

#[on_every_network_and_layer]
fn a_wait_for_the_end_says_at_once_that_somebody_has_to_read_it(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    let unbuffered = OpenMode::READ_WRITE | OpenMode::UNBUFFERED;
    rt[socket].connect_to_address((Ipv4Addr::LOCALHOST, port).into(), unbuffered);
    assert!(rt.wait_for_connected(socket, LATE));
    rt[socket].set_allow_half_open(true);
    let peer = listener.accept().0;
    peer.shutdown(Shutdown::Write).unwrap();
    let journal = journal_of(&mut rt, socket);
    wait_until(&mut rt, |_| journal.has("ready_read"));
    rt[socket].shutdown_write();
    settle(&mut rt);
    assert!(!rt.wait_for_disconnected(socket, None));
    assert_eq!(rt[socket].error(), None);
}

#[on_every_network_and_layer(proxy_carries = "half-close")]
fn a_wait_for_the_end_sends_what_a_layer_holds_back(net: &Net) {
    let record = noise(8 * 1024);
    let begin = |count: usize| {
        let mut rt = net.runtime();
        let (socket, peer) = net.connected_pair(&mut rt);
        for _ in 0..count {
            rt[socket].write_all(&record).unwrap();
            settle(&mut rt);
        }
        (rt, socket, peer)
    };
    // As much as goes out while the peer does not read.
    let mut most = 1;
    let (mut rt, socket, _peer) = begin(1);
    while rt[socket].bytes_to_write() == 0 {
        most += 1;
        rt[socket].write_all(&record).unwrap();
        settle(&mut rt);
    }
    for count in [most - 1, most] {
        let (mut rt, socket, peer) = begin(count);
        rt[socket].disconnect_from_host();
        settle(&mut rt);
        if rt[socket].state() == SocketState::Unconnected {
            continue;
        }
        peer.shutdown(Shutdown::Write).unwrap();
        settle(&mut rt);
        let is_left = rt[socket].state() == SocketState::Closing;
        let reading = peer.go([Deed::ReadToEnd]);
        assert_eq!(rt.wait_for_disconnected(socket, LATE), is_left, "{count} of {most}");
        assert_eq!(reading.end(&mut rt).len(), count * record.len());
    }
}
