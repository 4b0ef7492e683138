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
    wait_for(&mut rt, &journal, "disconnected");
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
        let mut peer = connect(&mut rt, socket, &listener, port);
        peer.write_all(sent).unwrap();
        peer.shutdown(std::net::Shutdown::Write).unwrap();
        wait_until(&mut rt, is(SocketState::Unconnected, socket));
    }
    let incomplete = "!the device ended 2 bytes after the beginning of a message";
    assert_eq!(journal.take(), [incomplete, "end", "[7]", incomplete, "end"]);
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

#[on_every_network]
fn a_connection_that_was_closed_for_an_error_leaves_nothing_to_the_next(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    let lines = rt.add(Messages::new(socket, LineCodec::new()));
    rt[lines].set_max_length(3);
    let journal = journal_of_messages(&mut rt, lines);
    let mut peer = connect(&mut rt, socket, &listener, port);
    peer.write_all(b"too long").unwrap();
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    let mut peer = connect(&mut rt, socket, &listener, port);
    peer.write_all(b"on").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 2);
    settle(&mut rt);
    peer.write_all(b"e\n").unwrap();
    wait_for(&mut rt, &journal, "\"one\"");
    assert_eq!(journal.take()[1..], ["\"one\""]);
}

#[on_every_network]
fn a_connection_that_a_slot_of_the_error_begins_is_not_closed(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    let lines = rt.add(Messages::new(socket, LineCodec::new()));
    rt[lines].set_max_length(3);
    let journal = journal_of_messages(&mut rt, lines);
    rt.connect_fn(lines, Messages::error_occurred, move |world, _| {
        world[socket].abort();
        world[socket].connect_to_host("127.0.0.1", port);
    });
    let mut peer = connect(&mut rt, socket, &listener, port);
    peer.write_all(b"too long").unwrap();
    let mut peer = caller(&mut rt, &listener);
    wait_until(&mut rt, is(SocketState::Connected, socket));
    peer.write_all(b"one\n").unwrap();
    wait_for(&mut rt, &journal, "\"one\"");
}

#[on_every_network]
fn a_reader_that_slept_through_a_connection_begins_with_the_next(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    let lines = rt.add(Messages::new(socket, LineCodec::new()));
    let journal = journal_of_messages(&mut rt, lines);
    rt[lines].pause_receiving();
    let mut peer = connect(&mut rt, socket, &listener, port);
    peer.write_all(b"lost\nlost").unwrap();
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    let mut peer = connect(&mut rt, socket, &listener, port);
    peer.write_all(b"on").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 2);
    rt.with(lines, Messages::resume_receiving);
    peer.write_all(b"e\n").unwrap();
    wait_for(&mut rt, &journal, "\"one\"");
    assert_eq!(journal.take(), ["\"one\""]);
}

#[test]
fn a_device_that_is_opened_anew_begins_with_a_new_message() {
    let mut play = Play::new(LengthPrefixCodec::u8());
    play.rt[play.messages].set_max_length(3);
    play.rt[play.messages].set_skips_long_messages(true);
    assert_eq!(play.bring([9, 1]).len(), 1);
    let pipe = play.pipe;
    play.rt.with(pipe, |pipe, _| pipe.close());
    play.rt[pipe].open(OpenMode::READ_ONLY).unwrap();
    assert_eq!(play.bring([1, 5]), ["[5]"]);

    let mut play = Play::new(LineCodec::new());
    assert_eq!(play.bring("a beginning"), [""; 0]);
    let pipe = play.pipe;
    play.rt.with(pipe, |pipe, _| pipe.close());
    play.rt[pipe].open(OpenMode::READ_ONLY).unwrap();
    assert_eq!(play.bring("a\nb\nc and what follows\n").len(), 3);
}

#[test]
fn what_is_behind_a_message_that_is_skipped_is_read_at_the_end_too() {
    let mut play = Play::new(LineCodec::new());
    play.rt[play.messages].set_max_length(3);
    play.rt[play.messages].set_skips_long_messages(true);
    play.rt[play.messages].pause_receiving();
    assert_eq!(play.bring("too long\none\ntoo long"), [""; 0]);
    assert_eq!(play.end(), [""; 0]);
    play.rt.with(play.messages, Messages::resume_receiving);
    let said = play.journal.take();
    assert!(said[0].starts_with('!') && said[2].starts_with('!'), "{said:?}");
    assert_eq!([&said[1], &said[3]], ["\"one\"", "end"]);
}

#[test]
fn what_was_wrong_at_the_end_is_told_once_and_the_end_too() {
    let mut play = Play::new(LengthPrefixCodec::u8().counting_itself());
    play.rt[play.messages].pause_receiving();
    assert_eq!(play.bring([2, 7, 0, 1]), [""; 0]);
    assert_eq!(play.end(), [""; 0]);
    play.rt.with(play.messages, Messages::resume_receiving);
    let wrong = "!the message is wrong: a length of 0 is less than its own bytes";
    assert_eq!(play.journal.take(), ["[7]", wrong, "end"]);
    play.rt.with(play.messages, Messages::resume_receiving);
    assert_eq!(play.end(), [""; 0]);
    assert!(play.is_open());
}

#[on_every_network]
fn a_slot_that_hears_of_the_closing_does_not_make_the_wrong_bytes_be_read_again(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    let lines = rt.add(Messages::new(socket, LengthPrefixCodec::u8().counting_itself()));
    let journal = journal_of_messages(&mut rt, lines);
    let closing = journal.clone();
    rt.connect_fn(socket, QTcpSocket::about_to_close, move |_, _| closing.note("closing"));
    peer.write_all(&[0, 0, 0, 2, 7]).unwrap();
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    settle(&mut rt);
    let wrong = "!the message is wrong: a length of 0 is less than its own bytes";
    assert_eq!(journal.take(), [wrong, "closing"]);
}

#[on_every_network]
fn a_socket_that_stays_half_open_sends_after_the_last_message_and_finishes_once(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    rt[socket].set_allow_half_open(true);
    rt[socket].set_ready_read_policy(slotwire::ReadyReadPolicy::WhileUnread);
    let lines = rt.add(Messages::new(socket, LineCodec::new()));
    let journal = journal_of_messages(&mut rt, lines);
    rt.connect_fn(lines, Messages::finished, move |world, _| world.send(lines, "bye"));
    peer.write_all(b"one\ntwo\nthree").unwrap();
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(read_exactly(&mut rt, &mut peer, 4), b"bye\n");
    rt[socket].disconnect_from_host();
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    settle(&mut rt);
    assert_eq!(journal.take(), ["\"one\"", "\"two\"", "\"three\"", "end"]);
}

#[on_every_network]
fn a_slot_of_a_message_may_connect_anew(net: &Net) {
    for pauses in [false, true] {
        let mut rt = net.runtime();
        let (listener, port) = net.listener();
        let socket = rt.add(QTcpSocket::new());
        let lines = rt.add(Messages::new(socket, LineCodec::new()));
        let journal = journal_of_messages(&mut rt, lines);
        rt.connect_fn(lines, Messages::received, move |world, line| {
            if line == "again" {
                if pauses {
                    world[lines].pause_receiving();
                }
                world[socket].abort();
                world[socket].connect_to_host("127.0.0.1", port);
            }
        });
        let mut peer = connect(&mut rt, socket, &listener, port);
        peer.write_all(b"again\nstale\nst").unwrap();
        let mut peer = caller(&mut rt, &listener);
        wait_until(&mut rt, is(SocketState::Connected, socket));
        rt.with(lines, Messages::resume_receiving);
        peer.write_all(b"on").unwrap();
        wait_until(&mut rt, |world| world[socket].bytes_available() == 2);
        settle(&mut rt);
        peer.write_all(b"e\n").unwrap();
        wait_for(&mut rt, &journal, "\"one\"");
        peer.shutdown(std::net::Shutdown::Write).unwrap();
        wait_until(&mut rt, is(SocketState::Unconnected, socket));
        assert_eq!(journal.take(), ["\"again\"", "end", "\"one\"", "end"]);
    }
}

#[on_every_network]
fn each_connection_has_its_end_even_if_nothing_comes_on_it(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    let lines = rt.add(Messages::new(socket, LineCodec::new()));
    let journal = journal_of_messages(&mut rt, lines);
    for _ in 0..2 {
        let peer = connect(&mut rt, socket, &listener, port);
        peer.shutdown(std::net::Shutdown::Write).unwrap();
        wait_until(&mut rt, is(SocketState::Unconnected, socket));
        settle(&mut rt);
        assert_eq!(journal.take(), ["end"]);
    }
}

#[test]
fn a_device_is_destroyed_in_a_slot_of_its_message_and_so_is_the_parent_of_both() {
    for with_parent in [false, true] {
        let mut rt = Runtime::new().unwrap();
        let parent = rt.add(Pipe::default());
        let pipe = rt.add_child_of(parent, Pipe::default());
        rt[pipe].open(OpenMode::READ_ONLY).unwrap();
        let messages = rt.add_child_of(pipe, Messages::new(pipe, LineCodec::new()));
        let journal = journal_of_messages(&mut rt, messages);
        rt.connect_fn(messages, Messages::received, move |world, _| {
            if with_parent {
                world.destroy(parent)
            } else {
                world.destroy(pipe)
            };
            assert!(world.send(messages, "one").is_err());
        });
        rt.with(pipe, |pipe, _| pipe.bring(b"one\ntwo\n"));
        assert_eq!(journal.take(), ["\"one\""]);
        assert!(!rt.contains(messages));
    }
}
