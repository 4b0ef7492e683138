//! Empty datagrams: each way to read gives them or passes over them, and none is lost or in the way.

use super::*;

#[on_every_network]
fn a_read_gives_an_empty_datagram_and_not_nothing(net: &Net) {
    let mut rt = net.runtime();
    let (socket, ..) = sent(net, &mut rt, &["", "", "one", "", "two", ""]);
    assert_eq!(read_on(&mut rt, socket), ["", "", "one", "", "two", ""]);
    assert!(!rt[socket].has_pending_datagrams());
    assert_eq!(rt[socket].error(), None, "that nothing waits is no error");
}

#[on_every_network]
fn a_read_into_no_place_takes_nothing(net: &Net) {
    let mut rt = net.runtime();
    let (socket, ..) = sent(net, &mut rt, &["", "one"]);
    assert_eq!(rt[socket].read(&mut []).unwrap(), 0);
    assert_eq!((rt[socket].read_bytes(0), rt[socket].skip(0)), (vec![], 0));
    assert_eq!(read_on(&mut rt, socket), ["", "one"]);
}

#[on_every_network]
fn a_slot_that_reads_once_is_called_for_what_is_behind_an_empty_datagram(net: &Net) {
    /// A way to take what is next, once.
    type Taking = fn(&mut QUdpSocket) -> String;
    let ways: [(&str, Taking); 7] = [
        ("read", |socket| {
            let mut place = [0; 9];
            let count = socket.read(&mut place).unwrap_or(0);
            String::from_utf8_lossy(&place[..count]).into_owned()
        }),
        ("read_all", |socket| String::from_utf8(socket.read_all()).unwrap()),
        ("read_bytes", |socket| String::from_utf8(socket.read_bytes(9)).unwrap()),
        ("fill_buf", |socket| {
            let shown = socket.fill_buf().unwrap_or_default().to_vec();
            socket.consume(shown.len());
            String::from_utf8(shown).unwrap()
        }),
        ("peek", |socket| {
            let seen = socket.peek(9).to_vec();
            socket.skip(seen.len());
            String::from_utf8(seen).unwrap()
        }),
        ("skip", |socket| "x".repeat(socket.skip(9))),
        ("read_line", |socket| socket.read_line_string().unwrap_or_default()),
    ];
    for (name, take) in ways {
        let mut rt = net.runtime();
        let (peer, to) = net.udp_peer();
        let (socket, journal) = connected(&mut rt, to);
        let at = (LOCALHOST, rt[socket].local_port().unwrap());
        let heard = Journal::new();
        let noted = heard.clone();
        rt.connect_fn(socket, QUdpSocket::ready_read, move |world, _| {
            let taken = take(&mut world[socket]);
            if !taken.is_empty() {
                noted.note(taken);
            }
        });
        for datagram in ["", "", "one\n", "", "two\n"] {
            peer.send_to(datagram.as_bytes(), at).unwrap();
        }
        wait_until(&mut rt, |_| heard.len() == 2);
        settle(&mut rt);
        let expected = match name {
            "skip" => ["xxxx", "xxxx"],
            "read_line" => ["one", "two"],
            _ => ["one\n", "two\n"],
        };
        assert_eq!(heard.take(), expected, "{name}");
        assert!(journal.take().iter().all(|entry| entry == "ready_read"), "{name}");
        peer.send_to(b"more\n", at).unwrap();
        wait_until(&mut rt, |_| heard.len() == 1);
    }
}

#[on_every_network]
fn reading_all_takes_one_datagram_also_if_it_is_empty(net: &Net) {
    let mut rt = net.runtime();
    let (socket, ..) = sent(net, &mut rt, &["", "", "one", "", "two"]);
    let mut take = |max| String::from_utf8(rt[socket].read_bytes(max)).unwrap();
    assert_eq!([take(9), take(2), take(usize::MAX), take(9)], ["", "", "one", ""]);
    assert_eq!(rt[socket].read_all(), b"two");
    assert_eq!(rt[socket].read_all(), b"");
    assert!(!rt[socket].has_pending_datagrams());
}

#[on_every_network]
fn fill_buf_shows_an_empty_datagram_once_as_no_bytes(net: &Net) {
    let mut rt = net.runtime();
    let (socket, ..) = sent(net, &mut rt, &["", "", "one", "", "two"]);
    let socket = &mut rt[socket];
    for expected in ["", "", "one", "", "two"] {
        assert_eq!(socket.fill_buf().unwrap(), expected.as_bytes());
        if !expected.is_empty() {
            assert_eq!(socket.fill_buf().unwrap(), expected.as_bytes(), "shown until it is taken");
        }
        socket.consume(expected.len());
    }
    assert_eq!(socket.fill_buf().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[on_every_network]
fn a_peek_passes_over_empty_datagrams_and_leaves_them_there(net: &Net) {
    let mut rt = net.runtime();
    let (socket, ..) = sent(net, &mut rt, &["", "", "one", "two", ""]);
    // One look takes one datagram from the network.
    assert_eq!(rt[socket].peek(9), b"");
    assert_eq!(rt[socket].peek(9), b"");
    assert_eq!(rt[socket].peek(2), b"on");
    assert_eq!(rt[socket].peek(9), b"one", "and no byte of the next");
    assert_eq!(read_on(&mut rt, socket), ["", "", "one", "two", ""]);
    assert_eq!(rt[socket].peek(9), b"");
    assert_eq!(read(&mut rt, socket), None);
}

#[on_every_network]
fn a_skip_drops_one_datagram_and_the_empty_ones_that_were_peeked_at(net: &Net) {
    let mut rt = net.runtime();
    let (socket, ..) = sent(net, &mut rt, &["", "one", "two", "", "", "three", "four", "five"]);
    assert_eq!(rt[socket].peek(9), b"");
    assert_eq!(rt[socket].peek(9), b"one");
    assert_eq!(rt[socket].skip(9), 3, "and no byte of the next");
    assert_eq!(read(&mut rt, socket).as_deref(), Some("two"));
    assert_eq!(rt[socket].skip(9), 0, "an empty one");
    assert_eq!(rt[socket].peek(9), b"");
    assert_eq!(rt[socket].skip(9), 5, "past an empty one");
    assert_eq!(rt[socket].skip(2), 2, "the rest is lost with its datagram");
    assert_eq!(read_on(&mut rt, socket), ["five"]);
}

#[on_every_network]
fn an_empty_datagram_ends_a_line_that_has_begun(net: &Net) {
    let mut rt = net.runtime();
    let (socket, ..) = sent(net, &mut rt, &["one\n", "tw", "o\nthree", "", "", "four\n"]);
    let mut line = || rt[socket].read_line_string();
    for expected in ["one", "two", "three"] {
        assert_eq!(line().as_deref(), Some(expected));
    }
    assert_eq!([line(), line()], [None, None], "it is taken by whoever finds it next");
    assert_eq!(line().as_deref(), Some("four"));
    assert_eq!(read_on(&mut rt, socket), [""; 0]);
}

#[on_every_network]
fn a_reader_of_lines_takes_an_empty_datagram_that_is_next(net: &Net) {
    let mut rt = net.runtime();
    let (socket, ..) = sent(net, &mut rt, &["", "", "one\n", ""]);
    let mut lines = Vec::new();
    while !rt[socket].at_end() {
        lines.push(rt[socket].read_line_string());
        assert!(lines.len() <= 4, "it stays before an empty one");
    }
    assert_eq!(lines, [None, None, Some("one".to_owned()), None]);
}

#[on_every_network]
fn an_empty_datagram_has_no_bytes_and_is_not_the_end(net: &Net) {
    let mut rt = net.runtime();
    let (socket, ..) = sent(net, &mut rt, &["", "one", ""]);
    let look = |rt: &mut Runtime| (rt[socket].bytes_available(), rt[socket].at_end());
    assert_eq!(look(&mut rt), (0, false));
    assert_eq!(rt[socket].peek(9), b"");
    assert_eq!(look(&mut rt), (3, false));
    assert_eq!(rt[socket].peek(9), b"one");
    assert_eq!(look(&mut rt), (3, false));
    assert_eq!(read(&mut rt, socket).as_deref(), Some(""));
    assert_eq!(read(&mut rt, socket).as_deref(), Some("one"));
    assert_eq!(look(&mut rt), (0, false));
    assert_eq!(rt[socket].peek(9), b"");
    assert_eq!(look(&mut rt), (0, false));
    assert_eq!(read(&mut rt, socket).as_deref(), Some(""));
    assert_eq!(look(&mut rt), (0, true));
    assert_eq!(read(&mut rt, socket), None);
}

#[on_every_network]
fn a_blocking_view_gives_empty_datagrams_and_waits_for_the_next(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, peer, at) = sent(net, &mut rt, &["", "one", "", "two"]);
    let mut place = [0; 9];
    let mut view = rt.blocking(socket).with_timeout(Some(DEADLINE));
    assert_eq!(view.read(&mut place).unwrap(), 0);
    assert_eq!(view.fill_buf().unwrap(), b"one");
    view.consume(3);
    assert_eq!(view.fill_buf().unwrap(), b"", "and the next is still to come");
    assert_eq!(view.read(&mut place).unwrap(), 3);
    for text in ["", "", "three"] {
        peer.send_to(text.as_bytes(), at).unwrap();
    }
    assert_eq!([view.read(&mut place).unwrap(), view.fill_buf().unwrap().len()], [0, 0]);
    assert_eq!(view.read(&mut place).unwrap(), 5);
    let told = rt.blocking(socket).with_timeout(Some(Duration::ZERO)).read(&mut place);
    assert_eq!(told.unwrap_err().kind(), ErrorKind::TimedOut);
}

#[on_every_network]
fn a_transaction_gives_back_datagrams_as_they_came(net: &Net) {
    let mut rt = net.runtime();
    let (socket, ..) = sent(net, &mut rt, &["", "one", "", "", "two"]);
    rt[socket].start_transaction();
    assert_eq!(read_on(&mut rt, socket), ["", "one", "", "", "two"]);
    rt[socket].rollback_transaction();
    assert_eq!(read(&mut rt, socket).as_deref(), Some(""));
    rt[socket].start_transaction();
    assert_eq!(rt[socket].peek(9), b"one");
    assert_eq!(read(&mut rt, socket).as_deref(), Some("one"));
    assert_eq!(read(&mut rt, socket).as_deref(), Some(""));
    rt[socket].commit_transaction();
    assert_eq!(read_on(&mut rt, socket), ["", "two"]);
}

#[on_every_network]
fn a_bound_socket_gives_empty_datagrams_by_its_own_methods_alone(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, at) = bound(&mut rt);
    let (peer, from) = net.udp_peer();
    for text in ["", "", "one", "", "two"] {
        peer.send_to(text.as_bytes(), at).unwrap();
    }
    wait_until(&mut rt, |_| journal.has("ready_read"));
    let socket = &mut rt[socket];
    let mut place = [0; 9];
    // It is no open device, which those of one say.
    assert_eq!(socket.read(&mut place).unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(socket.fill_buf().unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!((socket.read_all(), socket.read_bytes(9), socket.skip(9)), (vec![], vec![], 0));
    assert_eq!(socket.peek(9), b"");
    assert_eq!(socket.read_line_bytes(), None);
    assert_eq!((socket.bytes_available(), socket.at_end()), (0, false));
    for _ in 0..2 {
        assert_eq!(socket.pending_datagram_size(), Some(0));
        assert_eq!(socket.read_datagram(&mut place).unwrap(), (0, from));
    }
    assert_eq!((socket.bytes_available(), socket.at_end()), (3, false));
    assert_eq!(socket.receive_datagram(None).unwrap().unwrap().data(), b"one");
    let empty = socket.receive_datagram(None).unwrap().unwrap();
    assert_eq!((empty.data(), empty.sender()), (&b""[..], Some(from)));
    assert_eq!(socket.read_datagram(&mut place).unwrap(), (3, from));
    assert!(socket.at_end());
}

#[on_every_network]
fn an_empty_datagram_that_follows_others_ends_a_wait(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, peer, at) = sent(net, &mut rt, &["one"]);
    assert_eq!(read_on(&mut rt, socket), ["one"]);
    for _ in 0..2 {
        peer.send_to(b"", at).unwrap();
        assert!(rt.wait_for_ready_read(socket, Some(DEADLINE)));
        assert_eq!(read_on(&mut rt, socket), [""]);
    }
}
