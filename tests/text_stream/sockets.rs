//! Text over sockets: what has not come whole is not given as if it were.

use slotwire::prelude::*;
use slotwire::stream::{Encoding, QTextStream, TextStreamError, TextStreamStatus};

use support::*;

#[on_every_network]
fn a_line_is_read_once_it_has_come_whole(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    let mut lines = Vec::new();
    let text = "grüße\r\n\r\n€ 5\nrest";
    for piece in text.as_bytes().chunks(2) {
        let before = rt[socket].bytes_available();
        peer.write_all(piece).unwrap();
        wait_until(&mut rt, |world| world[socket].bytes_available() == before + piece.len());
        let mut stream = QTextStream::new(&mut rt[socket]);
        while let Some(line) = stream.read_line().unwrap() {
            lines.push(line);
        }
        assert_eq!(stream.status(), TextStreamStatus::Ok);
    }
    assert_eq!(lines, ["grüße", "", "€ 5"]);
    drop(peer);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Unconnected);
    let mut stream = QTextStream::new(&mut rt[socket]);
    assert_eq!(stream.read_line().unwrap().as_deref(), Some("rest"), "no more can come");
    assert_eq!(stream.read_line().unwrap(), None);
}

#[on_every_network]
fn a_number_is_read_once_something_follows_it(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    peer.write_all(b"12").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 2);
    let mut stream = QTextStream::new(&mut rt[socket]);
    assert_eq!(stream.read_whole::<u32>().unwrap(), None);
    assert!(matches!(stream.read::<u32>(), Err(TextStreamError::ReadPastEnd)));
    assert_eq!(stream.read_whole::<String>().unwrap(), None);
    peer.write_all(b"34 set attic 21").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 17);
    let mut stream = QTextStream::new(&mut rt[socket]);
    assert_eq!(stream.read_whole::<u32>().unwrap(), Some(1234));
    assert_eq!(stream.read_whole::<(String, String, f64)>().unwrap(), None);
    peer.write_all(b".5\n").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 15);
    let mut stream = QTextStream::new(&mut rt[socket]);
    let command = stream.read_whole::<(String, String, f64)>().unwrap();
    assert_eq!(command, Some(("set".to_owned(), "attic".to_owned(), 21.5)));
    peer.write_all(b"7").unwrap();
    drop(peer);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Unconnected);
    let mut stream = QTextStream::new(&mut rt[socket]);
    assert_eq!(stream.read_whole::<u32>().unwrap(), Some(7), "no more can come");
}

#[on_every_network]
fn white_space_before_a_value_does_not_fill_the_buffer_of_a_socket(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    rt[socket].set_read_buffer_size(Some(16));
    for _ in 0..4 {
        peer.write_all(&[b' '; 16]).unwrap();
        wait_until(&mut rt, |world| world[socket].bytes_available() == 16);
        let mut stream = QTextStream::new(&mut rt[socket]);
        stream.set_limit(20);
        assert_eq!(stream.read_whole::<(u32, u32)>().unwrap(), None);
        assert!(stream.at_end());
    }
}

#[on_every_network]
fn what_there_is_of_a_line_is_read_if_the_program_says_so(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    peer.write_all(b"login: \xc3").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 8);
    let mut stream = QTextStream::new(&mut rt[socket]);
    assert_eq!(stream.read_line().unwrap(), None);
    assert_eq!(stream.read_line_max(80).unwrap().as_deref(), Some("login: "));
    assert_eq!(stream.read_line_max(80).unwrap(), None, "half a character waits");
    assert_eq!(stream.read_all().unwrap(), "");
    assert_eq!(stream.read_chars(1).unwrap(), "");
    assert!(!stream.at_end());
    peer.write_all(b"\xa9").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 2);
    assert_eq!(QTextStream::new(&mut rt[socket]).read_all().unwrap(), "é");
}

#[on_every_network]
fn a_mark_that_comes_in_two_pieces_tells_the_encoding(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    for (count, piece) in [(1, &b"\xff"[..]), (2, b"\xfe")] {
        peer.write_all(piece).unwrap();
        wait_until(&mut rt, |world| world[socket].bytes_available() == count);
        let mut stream = QTextStream::new(&mut rt[socket]);
        assert_eq!(stream.read_all().unwrap(), "");
        assert_eq!(stream.read_line().unwrap(), None);
    }
    // These two bytes could be the beginning of a mark of UTF-32.
    peer.write_all(b"A").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 3);
    let mut stream = QTextStream::new(&mut rt[socket]);
    assert_eq!(stream.read_all().unwrap(), "");
    let encoding = stream.encoding();
    assert_eq!(encoding, Encoding::Utf16Le);
    peer.write_all(b"\0").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 2);
    let mut stream = QTextStream::new(&mut rt[socket]).with_encoding(encoding);
    assert_eq!(stream.read_all().unwrap(), "A");
}

#[on_every_network]
fn a_text_is_written_whole_or_not_at_all(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    rt[socket].set_write_buffer_limit(Some(16));
    let mut stream = QTextStream::new(&mut rt[socket]);
    let error = stream.write(&("too long ", "for the limit")).unwrap_err();
    assert!(matches!(error, TextStreamError::WriteFailed(_)), "{error}");
    stream.reset_status();
    writeln!(stream, "{:?}", [1, 2]).unwrap();
    stream.flush().unwrap();
    assert_eq!(read_exactly(&mut rt, &mut peer, 7), b"[1, 2]\n");
}

#[on_every_network]
fn a_long_line_in_many_pieces_and_one_over_the_limit(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    let long = "x".repeat(5000);
    for piece in long.as_bytes().chunks(1000) {
        let before = rt[socket].bytes_available();
        peer.write_all(piece).unwrap();
        wait_until(&mut rt, |world| world[socket].bytes_available() == before + piece.len());
        assert_eq!(QTextStream::new(&mut rt[socket]).read_line().unwrap(), None);
    }
    let mut stream = QTextStream::new(&mut rt[socket]);
    stream.set_limit(4999);
    let error = stream.read_line().unwrap_err();
    assert!(matches!(error, TextStreamError::LimitExceeded { limit: 4999 }), "{error}");
    peer.write_all(b"\n").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 5001);
    let mut stream = QTextStream::new(&mut rt[socket]);
    assert_eq!(stream.read_line().unwrap().as_deref(), Some(long.as_str()));
}

#[on_every_network]
fn a_line_of_exactly_the_limit_may_come_without_its_line_feed_first(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    let long = "x".repeat(2000);
    let mut received = 0;
    for piece in [long.as_bytes(), b"\r"] {
        peer.write_all(piece).unwrap();
        received += piece.len();
        wait_until(&mut rt, |world| world[socket].bytes_available() == received);
        let mut stream = QTextStream::new(&mut rt[socket]);
        stream.set_limit(2000);
        assert_eq!(stream.read_line().unwrap(), None, "after {received} bytes");
    }
    peer.write_all(b"\n").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 2002);
    let mut stream = QTextStream::new(&mut rt[socket]);
    stream.set_limit(2000);
    assert_eq!(stream.read_line().unwrap().as_deref(), Some(long.as_str()));
}

#[on_every_network]
fn a_datagram_ends_what_it_begins(net: &Net) {
    let mut rt = net.runtime();
    let (peer, _) = net.udp_peer();
    let socket = rt.add(QUdpSocket::new());
    rt[socket].bind(std::net::Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    let port = rt[socket].local_port().unwrap();
    for text in ["temperature 21", "set 7"] {
        peer.send_to(text.as_bytes(), ([127, 0, 0, 1], port)).unwrap();
    }
    // A socket of datagrams that is only bound is not open for reading as a device.
    rt[socket].open(OpenMode::READ_ONLY).unwrap();
    for text in ["temperature 21", "set 7"] {
        wait_until(&mut rt, |world| !world[socket].at_end());
        let mut stream = QTextStream::new(&mut rt[socket]);
        assert_eq!(stream.read_line().unwrap().as_deref(), Some(text));
    }
}
