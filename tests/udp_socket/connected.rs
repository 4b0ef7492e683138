//! Sockets of datagrams with a peer.

use super::*;

#[on_every_network]
fn a_connected_socket_reads_and_writes_datagrams(net: &Net) {
    let mut rt = net.runtime();
    let (peer, to) = net.udp_peer();
    let socket = rt.add(QUdpSocket::new());
    let journal = journal_of(&mut rt, socket);
    rt[socket].connect_to_host("127.0.0.1", to.port());
    settle(&mut rt);
    assert_eq!(journal.take(), CONNECTING);
    assert_eq!(rt[socket].open_mode(), OpenMode::READ_WRITE | OpenMode::UNBUFFERED);
    assert_eq!(
        (rt[socket].peer_address(), rt[socket].peer_port()),
        (Some(to.ip()), Some(to.port()))
    );
    assert_eq!(rt[socket].write(b"one").unwrap(), 3);
    assert_eq!(rt[socket].write(b"two").unwrap(), 3);
    settle(&mut rt);
    assert_eq!(journal.take(), ["bytes_written 3", "bytes_written 3"]);
    assert_eq!((heard(&peer), heard(&peer)), (b"one".to_vec(), b"two".to_vec()));

    let at = (LOCALHOST, rt[socket].local_port().unwrap());
    for text in ["answer", "first", "second", "two\nlines\n", "peeked"] {
        peer.send_to(text.as_bytes(), at).unwrap();
    }
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(rt[socket].read_bytes(3), b"ans");
    assert_eq!(rt[socket].read_all(), b"first");
    let mut buffer = [0; 10];
    assert_eq!(rt[socket].read(&mut buffer).unwrap(), 6);
    assert_eq!(rt[socket].read_line_string().as_deref(), Some("two"));
    assert_eq!(rt[socket].fill_buf().unwrap(), b"lines\n");
    assert_eq!(rt[socket].read_all(), b"lines\n");
    assert_eq!(rt[socket].peek(3), b"pee");
    assert_eq!(rt[socket].read_all(), b"peeked");
    assert_eq!(rt[socket].read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[on_every_network]
fn whoever_writes_right_after_connecting_to_an_address_need_not_wait(net: &Net) {
    let mut rt = net.runtime();
    let (peer, to) = net.udp_peer();
    let socket = rt.add(QUdpSocket::new());
    rt[socket].connect_to_host("127.0.0.1", to.port());
    rt[socket].write_all(b"at once").unwrap();
    assert_eq!(heard(&peer), b"at once");
}

#[on_every_network]
fn a_socket_that_looks_up_its_peer_sends_nothing_yet(net: &Net) {
    let mut rt = net.runtime();
    let (_peer, to) = net.udp_peer();
    let socket = rt.add(QUdpSocket::new());
    let journal = journal_of(&mut rt, socket);
    let v4 = NetworkLayerProtocol::Ipv4;
    rt[socket].connect_to_host_with("localhost", to.port(), OpenMode::READ_WRITE, v4);
    assert_eq!(rt[socket].write(b"early").unwrap_err().kind(), ErrorKind::NotConnected);
    let error = rt[socket].write_datagram(b"early", to).unwrap_err();
    assert_eq!(error.kind(), SocketError::UnfinishedSocketOperation);
    wait_until(&mut rt, |_| journal.has("connected"));
    assert_eq!(journal.take(), CONNECTING);
    assert_eq!(rt[socket].peer_name(), "localhost");
}

#[on_every_network]
fn of_sockets_that_share_a_port_the_connected_one_hears_its_peer(net: &Net) {
    let mut rt = net.runtime();
    let ((peer, to), (other, _)) = (net.udp_peer(), net.udp_peer());
    for order in [[true, false], [false, true]] {
        let port = net.udp_peer().1.port();
        let [one, two] = order.map(|connects| {
            let socket = bound_to(&mut rt, port, BindMode::SHARE_ADDRESS).unwrap();
            if connects {
                rt[socket].connect_to_address(to, OpenMode::READ_WRITE);
                wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
            }
            socket
        });
        let (friend, host) = if order[0] { (one, two) } else { (two, one) };
        for (sender, text) in [(&peer, "peer"), (&other, "other")] {
            sender.send_to(text.as_bytes(), (LOCALHOST, port)).unwrap();
        }
        wait_until(&mut rt, |world| world[friend].has_pending_datagrams());
        wait_until(&mut rt, |world| world[host].has_pending_datagrams());
        assert_eq!(take(&mut rt, friend).as_deref(), Some("peer"));
        assert_eq!(take(&mut rt, host).as_deref(), Some("other"));
        rt.destroy(one);
        rt.destroy(two);
    }
}

#[on_every_network]
fn a_connected_socket_hears_its_peer_alone(net: &Net) {
    let mut rt = net.runtime();
    let ((friend, to), (stranger, other)) = (net.udp_peer(), net.udp_peer());
    let (socket, journal) = connected(&mut rt, to);
    let at = (LOCALHOST, rt[socket].local_port().unwrap());
    stranger.send_to(b"stranger", at).unwrap();
    friend.send_to(b"friend", at).unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    let datagram = rt[socket].receive_datagram(None).unwrap().unwrap();
    assert_eq!((datagram.data(), datagram.sender()), (&b"friend"[..], Some(to)));
    assert_eq!(rt[socket].receive_datagram(None).unwrap(), None);
    rt[socket].write_datagram(b"to the other", other).unwrap();
    rt[socket].send_datagram(&NetworkDatagram::from(b"to the peer".to_vec())).unwrap();
    assert_eq!(heard(&stranger), b"to the other");
    assert_eq!(heard(&friend), b"to the peer");
}

#[on_every_network]
fn a_bound_socket_keeps_its_port_when_it_is_connected(net: &Net) {
    let mut rt = net.runtime();
    for any in [BindAddress::from(LOCALHOST), BindAddress::Any] {
        let (peer, to) = net.udp_peer();
        let (socket, journal, at) = bound_at(&mut rt, any, BindMode::DEFAULT);
        rt[socket].connect_to_host("127.0.0.1", to.port());
        settle(&mut rt);
        assert_eq!(journal.take(), CONNECTING);
        rt[socket].write_all(b"x").unwrap();
        assert_eq!(peer.recv_from(&mut [0; 8]).unwrap(), (1, at));
        assert_eq!(rt[socket].peer_address(), Some(to.ip()));
        rt[socket].disconnect_from_host();
        settle(&mut rt);
        assert_eq!(journal.take()[1..], CLOSING);
        assert_eq!((rt[socket].has_pending_datagrams(), rt[socket].is_open()), (false, true));
        rt[socket].bind(LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    }
}

#[on_every_network]
fn a_refusal_is_an_error_and_the_socket_stays_connected(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal) = connected(&mut rt, dead_port(net));
    for _ in 0..2 {
        rt[socket].write_all(b"anyone?").unwrap();
        wait_until(&mut rt, |_| journal.len() == 2);
        settle(&mut rt);
        assert_eq!(journal.take(), ["bytes_written 7", "ConnectionRefused while Connected"]);
    }
    assert_eq!(rt[socket].os_error().unwrap().kind(), ErrorKind::ConnectionRefused);
    assert_eq!(rt[socket].receive_datagram(None).unwrap(), None);
    // One that is noticed by the next call is told by it, and once.
    rt[socket].write_all(b"anyone?").unwrap();
    assert_eq!(rt[socket].write(b"two").unwrap_err().kind(), ErrorKind::ConnectionRefused);
    settle(&mut rt);
    assert_eq!(journal.take(), ["bytes_written 7", "ConnectionRefused while Connected"]);
}

#[on_every_network]
fn a_socket_without_peer_hears_of_no_refusal(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, _) = bound(&mut rt);
    for _ in 0..2 {
        rt[socket].write_datagram(b"x", dead_port(net)).unwrap();
        settle(&mut rt);
    }
    assert_eq!(journal.take(), ["bytes_written 1", "bytes_written 1"]);
    let error = rt[socket].write_datagram(b"x", (LOCALHOST, 0)).unwrap_err();
    assert_eq!(error.kind(), SocketError::Network);
}

#[on_every_network]
fn a_write_that_finds_out_that_there_is_no_descriptor_leaves_that_error(net: &Net) {
    let test = "a_write_that_finds_out_that_there_is_no_descriptor_leaves_that_error";
    net.in_own_process(&format!("connected::{test}"), || {
        let mut rt = net.runtime();
        let socket = rt.add(QUdpSocket::new());
        let errors = rt.spy(socket, QUdpSocket::error_occurred);
        rt.connect_fn(socket, QUdpSocket::state_changed, move |world, state| {
            if *state == SocketState::HostLookup {
                let written = world[socket].write(b"hello").map_err(|error| error.kind());
                assert_eq!(written, Err(ErrorKind::NotConnected));
            }
        });
        net.leave_room_for_descriptors(0);
        rt[socket].connect_to_host("127.0.0.1", 9);
        rt.deliver();
        net.leave_room_for_many_descriptors();
        assert_eq!(errors.take(), [SocketError::SocketResource]);
        assert_eq!(rt[socket].error(), Some(SocketError::SocketResource));
        assert!(rt[socket].os_error().is_some(), "what the system said is kept");
    });
}

#[on_every_network]
fn the_addresses_are_known_until_the_slots_of_disconnected_have_run(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, ..) = sent(net, &mut rt, &[]);
    let known = (rt[socket].local_addr(), rt[socket].peer_addr());
    assert!(known.0.is_some() && known.1.is_some());
    rt.connect_fn(socket, QUdpSocket::disconnected, move |world, ()| {
        assert_eq!((world[socket].local_addr(), world[socket].peer_addr()), known);
    });
    rt[socket].disconnect_from_host();
    wait_until(&mut rt, |_| journal.has("disconnected"));
    settle(&mut rt);
    assert_eq!((rt[socket].local_addr(), rt[socket].peer_addr()), (None, None));
}

#[on_every_network]
fn a_read_would_block_while_the_socket_connects_and_while_it_closes(net: &Net) {
    let mut rt = net.runtime();
    let (_peer, to) = net.udp_peer();
    let socket = rt.add(QUdpSocket::new());
    let read = move |world: &mut World| world[socket].read(&mut [0; 9]).unwrap_err().kind();
    assert_eq!(read(&mut rt), ErrorKind::NotConnected);
    rt[socket].connect_to_host("localhost", to.port());
    assert_eq!(rt[socket].state(), SocketState::HostLookup);
    assert_eq!(read(&mut rt), ErrorKind::WouldBlock);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
    rt[socket].disconnect_from_host();
    assert_eq!(rt[socket].state(), SocketState::Closing);
    assert_eq!(read(&mut rt), ErrorKind::WouldBlock);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Unconnected);
    assert_eq!(read(&mut rt), ErrorKind::NotConnected);
}

#[on_every_network]
fn after_its_end_a_socket_gives_no_datagrams(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, ..) = sent(net, &mut rt, &["one\ntw"]);
    assert_eq!(rt[socket].peek(9), b"one\ntw");
    rt[socket].disconnect_from_host();
    wait_until(&mut rt, |_| journal.has("disconnected"));
    assert_eq!((rt[socket].is_open(), rt[socket].at_end()), (true, false));
    let mut lines = Vec::new();
    while !rt[socket].at_end() {
        lines.push(rt[socket].read_line_string());
        assert!(lines.len() <= 2, "what was left of a line is one now");
    }
    assert_eq!(lines, ["one", "tw"].map(|line| Some(line.to_owned())));

    for _ in 0..2 {
        assert_eq!(rt[socket].read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::NotConnected);
        assert_eq!(rt[socket].fill_buf().unwrap_err().kind(), ErrorKind::NotConnected);
        assert_eq!(rt[socket].peek(9), b"");
        assert!(rt[socket].at_end());
        assert_eq!((rt[socket].read_all(), rt[socket].skip(9)), (vec![], 0));
        assert_eq!(rt[socket].read_line_bytes(), None);
    }
    assert_eq!(rt[socket].error(), None);
    let ended = rt.blocking(socket).read(&mut [0; 9]).unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::NotConnected);
}

#[on_every_network]
fn a_slot_that_hears_of_the_closing_can_take_what_waits(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, ..) = sent(net, &mut rt, &["one", "two"]);
    rt.connect_fn(socket, QUdpSocket::state_changed, move |world, state| {
        if *state == SocketState::Closing {
            assert!(world[socket].has_pending_datagrams());
            assert_eq!(world[socket].receive_datagram(None).unwrap().unwrap().data(), b"one");
            assert_eq!(world[socket].read_all(), b"two");
            assert!(world[socket].at_end());
        }
    });
    rt[socket].disconnect_from_host();
    wait_until(&mut rt, |_| journal.has("disconnected"));
}

#[test]
fn a_descriptor_that_was_taken_over_as_unconnected_gives_nothing() {
    let mut rt = Runtime::new().unwrap();
    let own = UdpSocket::bind((LOCALHOST, 0)).unwrap();
    let at = own.local_addr().unwrap();
    let socket = rt.add(QUdpSocket::new());
    let state = SocketState::Unconnected;
    rt[socket].set_socket_descriptor(own.into(), state, OpenMode::READ_WRITE).unwrap();
    UdpSocket::bind((LOCALHOST, 0)).unwrap().send_to(b"x", at).unwrap();
    settle(&mut rt);
    assert_eq!((rt[socket].bytes_available(), rt[socket].at_end()), (0, true));
    assert!(!rt[socket].has_pending_datagrams());
    assert_eq!(rt[socket].pending_datagram_size(), None);
    assert_eq!(rt[socket].read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(rt[socket].local_addr(), Some(at));
}

#[test]
fn a_descriptor_without_an_address_has_none() {
    let mut rt = Runtime::new().unwrap();
    for domain in [socket2::Domain::IPV4, socket2::Domain::IPV6] {
        let own = socket2::Socket::new(domain, socket2::Type::DGRAM, None).unwrap();
        let socket = rt.add(QUdpSocket::new());
        let state = SocketState::Unconnected;
        rt[socket].set_socket_descriptor(own.into(), state, OpenMode::READ_WRITE).unwrap();
        let socket = &rt[socket];
        assert_eq!((socket.local_addr(), socket.bound_address()), (None, None));
        assert_eq!((socket.local_address(), socket.local_port()), (None, None));
    }
}

#[on_every_network]
fn a_socket_for_writing_alone_drops_what_comes(net: &Net) {
    let mut rt = net.runtime();
    let (peer, to) = net.udp_peer();
    let socket = rt.add(QUdpSocket::new());
    rt[socket].connect_to_address(to, OpenMode::WRITE_ONLY);
    settle(&mut rt);
    let journal = journal_of(&mut rt, socket);
    let at = (LOCALHOST, rt[socket].local_port().unwrap());
    for _ in 0..200 {
        peer.send_to(b"unheard", at).unwrap();
    }
    assert_eq!((rt[socket].bytes_available(), rt[socket].at_end()), (0, true));
    wait_until(&mut rt, |world| world[socket].has_pending_datagrams());
    let mut turns = 0;
    while rt[socket].has_pending_datagrams() {
        turn(&mut rt);
        turns += 1;
    }
    assert!(turns > 1, "one turn is not for one socket");
    settle(&mut rt);
    assert_eq!(journal.take(), [""; 0]);
    rt[socket].write_all(b"out").unwrap();
    assert_eq!(heard(&peer), b"out");
    assert!(!rt.wait_for_ready_read(socket, Some(Duration::from_millis(1))));
}

#[on_every_network]
fn datagrams_are_sent_back_one_by_one_each_as_it_came(net: &Net) {
    let mut rt = net.runtime();
    let (peer, to) = net.udp_peer();
    let socket = rt.add(QUdpSocket::new());
    rt[socket].connect_to_host("127.0.0.1", to.port());
    settle(&mut rt);
    let at = (LOCALHOST, rt[socket].local_port().unwrap());
    for text in ["first", "", "second", "third"] {
        peer.send_to(text.as_bytes(), at).unwrap();
    }
    settle(&mut rt);
    assert_eq!(rt[socket].echo().unwrap(), 5);
    assert_eq!(rt[socket].echo().unwrap(), 0, "it was empty, and sent as well");
    assert_eq!(rt[socket].peek(3), b"sec");
    assert!(rt[socket].start_transaction());
    assert_eq!(rt[socket].echo().unwrap(), 6);
    assert!(rt[socket].rollback_transaction());
    for text in ["second", "third"] {
        assert!(!rt[socket].at_end());
        assert_eq!(rt[socket].echo().unwrap(), text.len());
    }
    assert!(rt[socket].at_end());
    assert_eq!(rt[socket].echo().unwrap(), 0);
    for text in ["first", "", "second", "second", "third"] {
        assert_eq!(heard(&peer), text.as_bytes());
    }
}

#[on_every_network]
fn a_formatted_text_is_one_datagram(net: &Net) {
    let mut rt = net.runtime();
    let (peer, to) = net.udp_peer();
    let (socket, _) = connected(&mut rt, to);
    write!(rt[socket], "{} and {}", 1, 2).unwrap();
    rt[socket].write_all(b"next").unwrap();
    settle(&mut rt);
    let mut buffer = [0; 16];
    assert_eq!(peer.recv_from(&mut buffer).unwrap().0, 7);
    assert_eq!(buffer[..7], *b"1 and 2");
    assert_eq!(peer.recv_from(&mut buffer).unwrap().0, 4);
}
