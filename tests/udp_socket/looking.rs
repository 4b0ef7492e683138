//! What was looked at and not taken: it is in the buffer, and the next datagram is told of as ever.

use super::*;

/// A socket that notes what it takes once for each `ready_read`, as far as that is anything.
fn taking(
    rt: &mut Runtime,
    socket: Obj<QUdpSocket>,
    mut take: impl FnMut(&mut QUdpSocket) -> Option<String> + 'static,
) -> Journal {
    let taken = Journal::new();
    let noted = taken.clone();
    rt.connect_fn(socket, QUdpSocket::ready_read, move |world, _| {
        if let Some(text) = take(&mut world[socket]) {
            noted.note(text);
        }
    });
    taken
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[on_every_network]
fn a_read_of_what_was_looked_at_is_told_of_the_next(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, peer, at) = sent(net, &mut rt, &["one"]);
    assert_eq!(rt[socket].peek(9), b"one");
    peer.send_to(b"two", at).unwrap();
    wait_until(&mut rt, |_| journal.count("ready_read") == 2);
    assert_eq!(rt[socket].read_all(), b"one");
    wait_until(&mut rt, |_| journal.count("ready_read") == 3);
    assert_eq!(rt[socket].read_all(), b"two");
    settle(&mut rt);
    assert_eq!(journal.count("ready_read"), 3, "nothing is left");
    peer.send_to(b"three", at).unwrap();
    wait_until(&mut rt, |_| journal.count("ready_read") == 4);
}

#[on_every_network]
fn an_empty_datagram_that_was_looked_at_is_no_end_of_the_signals(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, peer, at) = sent(net, &mut rt, &[""]);
    assert_eq!(rt[socket].peek(9), b"");
    peer.send_to(b"two", at).unwrap();
    wait_until(&mut rt, |_| journal.count("ready_read") == 2);
    assert_eq!(rt[socket].read(&mut [0; 9]).unwrap(), 0);
    wait_until(&mut rt, |_| journal.count("ready_read") == 3);
    assert_eq!(rt[socket].read_all(), b"two");
}

#[on_every_network]
fn a_slot_that_takes_one_line_gets_all_lines(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _journal, peer, at) = sent(net, &mut rt, &[]);
    let lines = taking(&mut rt, socket, |socket| socket.read_line_string());
    for datagram in ["1\n2\n", "3\n", "4\n", "5\n"] {
        peer.send_to(datagram.as_bytes(), at).unwrap();
        settle(&mut rt);
    }
    wait_until(&mut rt, |_| lines.len() == 5);
    assert_eq!(lines.take(), ["1", "2", "3", "4", "5"]);
}

#[on_every_network]
fn a_slot_that_has_given_a_datagram_back_gets_it_and_all_others(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _journal, peer, at) = sent(net, &mut rt, &[]);
    let mut is_first = true;
    let taken = taking(&mut rt, socket, move |socket| {
        socket.start_transaction();
        let datagram = socket.read_all();
        if std::mem::take(&mut is_first) {
            socket.rollback_transaction();
            return None;
        }
        socket.commit_transaction();
        Some(text(datagram))
    });
    // What comes together is announced once.
    for datagrams in [&[""][..], &["b"], &["", "d"], &["e"], &["f", "g", "h"]] {
        for datagram in datagrams {
            peer.send_to(datagram.as_bytes(), at).unwrap();
        }
        settle(&mut rt);
    }
    wait_until(&mut rt, |_| taken.len() == 8);
    assert_eq!(taken.take(), ["", "b", "", "d", "e", "f", "g", "h"]);
}

#[on_every_network]
fn a_slot_that_gives_back_each_time_is_called_for_what_comes_and_not_without_end(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, peer, at) = sent(net, &mut rt, &[]);
    taking(&mut rt, socket, |socket| {
        socket.start_transaction();
        assert_eq!(socket.read_all(), b"a");
        socket.rollback_transaction();
        None
    });
    let mut calls = 0;
    for datagram in ["a", "b", "c", "d"] {
        peer.send_to(datagram.as_bytes(), at).unwrap();
        wait_until(&mut rt, |_| journal.count("ready_read") > calls);
        for _ in 0..20 {
            turn(&mut rt);
        }
        calls = journal.count("ready_read");
    }
    assert!(calls <= 8, "{calls} calls");
}

#[on_every_network]
fn a_datagram_that_was_looked_at_is_the_next_to_whoever_asks(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _journal, ..) = sent(net, &mut rt, &["", "one", "two", "three", "four"]);
    let (peer, own) = (rt[socket].peer_addr().unwrap(), rt[socket].local_addr());
    let socket = &mut rt[socket];
    assert_eq!(socket.peek(9), b"");
    assert_eq!(socket.peek(9), b"one");
    assert_eq!((socket.has_pending_datagrams(), socket.pending_datagram_size()), (true, Some(0)));
    let mut place = [0; 2];
    assert_eq!(socket.read_datagram(&mut place).unwrap(), (0, peer));
    assert_eq!(socket.pending_datagram_size(), Some(3));
    assert_eq!(socket.read_datagram(&mut place).unwrap(), (2, peer));
    assert_eq!(&place, b"on");

    assert_eq!(socket.fill_buf().unwrap(), b"two");
    socket.consume(1);
    assert_eq!(socket.pending_datagram_size(), Some(2));
    let datagram = socket.receive_datagram(None).unwrap().unwrap();
    assert_eq!((datagram.data(), datagram.is_truncated()), (&b"wo"[..], false));
    assert_eq!((datagram.sender(), datagram.destination()), (Some(peer), own));

    assert_eq!(socket.peek(9), b"three");
    socket.start_transaction();
    let datagram = socket.receive_datagram(Some(2)).unwrap().unwrap();
    assert_eq!((datagram.data(), datagram.is_truncated()), (&b"th"[..], true));
    socket.rollback_transaction();
    assert_eq!(socket.read_all(), b"three");
    assert_eq!(socket.receive_datagram(None).unwrap().unwrap().data(), b"four");
    assert!(!socket.has_pending_datagrams());
    assert_eq!(socket.pending_datagram_size(), None);
}

#[on_every_network]
fn the_last_that_was_looked_at_waits_until_it_is_taken(net: &Net) {
    let mut rt = net.runtime();
    let (socket, ..) = sent(net, &mut rt, &["one"]);
    assert_eq!(rt[socket].peek(9), b"one");
    assert_eq!(
        (rt[socket].has_pending_datagrams(), rt[socket].pending_datagram_size()),
        (true, Some(3))
    );
    assert_eq!(take(&mut rt, socket).as_deref(), Some("one"));
    assert!(!rt[socket].has_pending_datagrams());
}

#[on_every_network]
fn a_read_into_too_small_a_place_loses_the_rest_in_every_mode(net: &Net) {
    /// What is done to the socket before.
    type Setting = fn(&mut QUdpSocket);
    let settings: [(&str, Setting); 4] = [
        ("as it was", |_| ()),
        ("opened again", |socket| socket.open(OpenMode::READ_WRITE).unwrap()),
        ("text", |socket| socket.set_text_mode_enabled(true)),
        ("transaction", |socket| assert!(socket.start_transaction())),
    ];
    for (name, set) in settings {
        let mut rt = net.runtime();
        let (socket, ..) = sent(net, &mut rt, &["hello", "world", "x"]);
        let socket = &mut rt[socket];
        set(socket);
        assert_eq!(socket.read(&mut [0; 2]).unwrap(), 2, "{name}");
        assert_eq!(socket.read_bytes(2), b"wo", "{name}");
        socket.commit_transaction();
        assert_eq!(socket.read_all(), b"x", "{name}");
        assert!(socket.at_end(), "{name}");
    }
}

#[test]
fn a_read_from_a_descriptor_that_was_taken_over_loses_the_rest_too() {
    let mut rt = Runtime::new().unwrap();
    let [own, peer] = [(); 2].map(|()| UdpSocket::bind((LOCALHOST, 0)).unwrap());
    own.connect(peer.local_addr().unwrap()).unwrap();
    let at = own.local_addr().unwrap();
    let socket = rt.add(QUdpSocket::new());
    let state = SocketState::Connected;
    rt[socket].set_socket_descriptor(own.into(), state, OpenMode::READ_WRITE).unwrap();
    for datagram in ["hello", "x"] {
        peer.send_to(datagram.as_bytes(), at).unwrap();
    }
    wait_until(&mut rt, |world| !world[socket].at_end());
    assert_eq!(rt[socket].read(&mut [0; 2]).unwrap(), 2);
    assert_eq!(rt[socket].read_all(), b"x");
}

#[on_every_network]
fn a_read_limit_does_not_hold_datagrams(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _journal, peer, at) = sent(net, &mut rt, &["hello"]);
    rt[socket].set_read_buffer_size(Some(3));
    assert_eq!(rt[socket].peek(9), b"hello");
    settle(&mut rt);
    peer.send_to(b"next", at).unwrap();
    assert!(rt.wait_for_ready_read(socket, Some(DEADLINE)));
    assert_eq!(read_on(&mut rt, socket), ["hello", "next"]);
}

#[on_every_network]
fn a_read_limit_ends_a_line_that_has_no_end(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _journal, peer, at) = sent(net, &mut rt, &[]);
    rt[socket].set_read_buffer_size(Some(10));
    let mut lines = Vec::new();
    for _ in 0..20 {
        peer.send_to(b"endless", at).unwrap();
        wait_until(&mut rt, |world| world[socket].has_pending_datagrams());
        settle(&mut rt);
        lines.extend(rt[socket].read_line_bytes().map(text));
        assert!(rt[socket].bytes_available() <= 14);
    }
    assert!(lines.len() >= 6, "{lines:?}");
    assert!(lines.iter().all(|line| line == "endlessendless"), "{lines:?}");
    peer.send_to(b"a line that is longer\nthan the limit\n", at).unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() > 14);
    let rest = rt[socket].read_line_string().unwrap();
    assert!(rest.ends_with("a line that is longer"), "a datagram is not cut: {rest}");
    assert_eq!(rt[socket].read_line_string().as_deref(), Some("than the limit"));
}
