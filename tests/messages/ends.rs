//! Ends of the device, of the reader, of a connection.

use super::*;
use slotwire::message::{LengthPrefixCodec, LineCodec};

#[on_every_network]
fn the_end_of_a_connection_comes_after_its_last_message(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    let lines = rt.add(Messages::new(socket, LineCodec::new()));
    let journal = journal_of_messages(&mut rt, lines);
    let disconnected = journal.clone();
    rt.connect_fn(socket, QTcpSocket::disconnected, move |_, _| disconnected.note("disconnected"));
    peer.write_all(b"one\ntwo").unwrap();
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    wait_until(&mut rt, {
        let journal = journal.clone();
        move |_| journal.has("disconnected")
    });
    assert_eq!(journal.take(), ["\"one\"", "\"two\"", "end", "disconnected"]);
}

#[on_every_network]
fn a_socket_that_connects_anew_begins_with_a_new_message(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    let messages = rt.add(Messages::new(socket, LengthPrefixCodec::u8()));
    let journal = journal_of_messages(&mut rt, messages);
    for sent in [&[2, 1][..], &[1, 7, 3, 1]] {
        rt[socket].connect_to_host("127.0.0.1", port);
        wait_until(&mut rt, is(SocketState::Connected, socket));
        let mut peer = caller(&mut rt, &listener);
        peer.write_all(sent).unwrap();
        peer.shutdown(std::net::Shutdown::Write).unwrap();
        wait_until(&mut rt, is(SocketState::Unconnected, socket));
    }
    let incomplete = "!the device ended 2 bytes after the begin of a message";
    assert_eq!(journal.take(), [incomplete, "end", "[7]", incomplete, "end"]);
}

#[on_every_network]
fn a_connection_that_ends_for_a_wrong_message_or_at_our_end_is_finished_once(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    let messages = rt.add(Messages::new(socket, LengthPrefixCodec::u8().counting_itself()));
    let journal = journal_of_messages(&mut rt, messages);
    // A wrong message; a socket that is aborted, also by the slot that hears of the message.
    let wrong = "!the message is wrong: a length of 0 is less than its own bytes";
    for (sent, expected) in [(&[2, 7, 0, 1][..], &["[7]", wrong, "end"][..]), (&[3, 1], &["end"])] {
        rt[socket].connect_to_host("127.0.0.1", port);
        wait_until(&mut rt, is(SocketState::Connected, socket));
        let mut peer = caller(&mut rt, &listener);
        peer.write_all(sent).unwrap();
        if expected.len() == 1 {
            wait_until(&mut rt, |world| world[socket].bytes_available() == 2);
            rt[socket].abort();
        }
        wait_until(&mut rt, {
            let journal = journal.clone();
            move |_| journal.has("end")
        });
        assert_eq!(journal.take(), expected);
        drop(peer);
        wait_until(&mut rt, is(SocketState::Unconnected, socket));
    }
    rt.connect_fn(messages, Messages::error_occurred, move |world, _| world[socket].abort());
    rt[socket].connect_to_host("127.0.0.1", port);
    wait_until(&mut rt, is(SocketState::Connected, socket));
    let mut peer = caller(&mut rt, &listener);
    peer.write_all(&[0, 5, 0, 0]).unwrap();
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    settle(&mut rt);
    assert_eq!(journal.take(), [wrong, "end"]);
}

#[test]
fn nothing_is_read_after_the_device_is_gone() {
    let mut play = Play::new(LineCodec::new());
    assert_eq!(play.bring("one\ntw").len(), 1);
    play.rt.destroy(play.pipe);
    assert_eq!(play.journal.take(), [""; 0]);
    assert!(matches!(play.rt.send(play.messages, "three"), Err(MessageError::Unreachable)));
    play.rt.with(play.messages, Messages::resume_receiving);
}

#[test]
fn a_reader_that_is_destroyed_leaves_the_rest_to_others() {
    let mut play = Play::new(LineCodec::new());
    let (messages, pipe) = (play.messages, play.pipe);
    play.rt.connect_fn(messages, Messages::received, move |world, line| {
        if line == "STARTTLS" {
            world.destroy(messages);
        }
    });
    assert_eq!(play.bring("HELO\nSTARTTLS\nnot a line\n"), ["\"HELO\"", "\"STARTTLS\""]);
    assert_eq!(play.rt[pipe].read_all(), b"not a line\n");
}

#[test]
fn an_error_leaves_the_device_open_while_its_slots_run() {
    let mut play = Play::new(LengthPrefixCodec::u8().counting_itself());
    let pipe = play.pipe;
    let journal = play.journal.clone();
    play.rt.connect_fn(play.messages, Messages::error_occurred, move |world, _| {
        journal.note(format!("open: {}", world[pipe].is_open()));
    });
    let said = play.bring([0]);
    assert_eq!(said[1..], ["open: true"]);
    assert!(!play.is_open());
}

#[test]
fn a_slot_that_panics_takes_only_itself_along() {
    #[derive(QObject, Default)]
    struct Fragile {}

    impl Fragile {
        fn hear(&mut self, line: &str) {
            assert_ne!(line, "break");
        }
    }

    let mut play = Play::new(LineCodec::new());
    let fragile = play.rt.add(Fragile::default());
    play.rt.connect(play.messages, Messages::received, fragile, Fragile::hear);
    panic_of(|| play.bring("one\nbreak\ntwo\n"));
    play.rt.deliver();
    assert!(!play.rt.contains(fragile));
    assert_eq!(play.journal.take(), ["\"one\"", "\"break\"", "\"two\""]);
}
