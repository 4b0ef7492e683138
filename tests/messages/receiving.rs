//! When messages are taken from the device, and when not.

use std::collections::VecDeque;

use super::*;
use slotwire::QUdpSocket;
use slotwire::message::{DataStreamCodec, LengthPrefixCodec, LineCodec};
use slotwire::{Trace, message};

#[test]
fn what_is_there_already_is_read_too() {
    let mut rt = Runtime::new().unwrap();
    let buffer = rt.add(QBuffer::from(b"one\ntwo\n".to_vec()));
    rt[buffer].open(OpenMode::READ_ONLY).unwrap();
    let lines = rt.add(Messages::new(buffer, LineCodec::new()));
    let journal = journal_of_messages(&mut rt, lines);
    rt.deliver();
    assert_eq!(journal.take(), ["\"one\"", "\"two\""]);
}

#[test]
fn the_bytes_behind_a_message_are_there_while_its_slots_run() {
    let mut play = Play::new(LineCodec::new());
    let (pipe, messages) = (play.pipe, play.messages);
    let journal = play.journal.clone();
    play.rt.connect_fn(messages, Messages::received, move |world, line| {
        if let Some(count) = line.strip_prefix("DATA ") {
            let data = world[pipe].read_bytes(count.parse().unwrap());
            journal.note(String::from_utf8(data).unwrap());
        }
    });
    let said = play.bring("DATA 4\na\nb\nDATA 2\n\n\nend\n");
    assert_eq!(said, ["\"DATA 4\"", "a\nb\n", "\"DATA 2\"", "\n\n", "\"end\""]);
}

#[test]
fn a_pause_holds_the_messages_back() {
    let mut play = Play::new(LineCodec::new());
    let messages = play.messages;
    play.rt.connect_fn(messages, Messages::received, move |world, line| {
        if line == "stop" {
            world[messages].pause_receiving();
        }
    });
    assert_eq!(play.bring("one\nstop\ntwo\nstop\nthree"), ["\"one\"", "\"stop\""]);
    assert_eq!(play.bring("!\n"), [""; 0]);
    assert_eq!(play.end(), [""; 0]);
    assert!(play.rt[messages].is_paused());
    play.rt.with(messages, Messages::resume_receiving);
    assert_eq!(play.journal.take(), ["\"two\"", "\"stop\""]);
    play.rt.with(messages, Messages::resume_receiving);
    assert_eq!(play.journal.take(), ["\"three!\"", "end"]);
}

#[test]
fn a_pause_that_is_over_at_once_repeats_nothing() {
    let mut play = Play::new(LineCodec::new());
    let messages = play.messages;
    play.rt.connect_fn(messages, Messages::received, move |world, _| {
        world[messages].pause_receiving();
        world.with(messages, Messages::resume_receiving);
        world.with(messages, Messages::resume_receiving);
    });
    assert_eq!(play.bring("one\ntwo\nthree\n"), ["\"one\"", "\"two\"", "\"three\""]);
}

#[test]
fn a_codec_changes_between_two_messages() {
    let mut play = Play::new(LengthPrefixCodec::u8());
    let messages = play.messages;
    play.rt.connect_fn(messages, Messages::received, move |world, message| {
        if message == b"wide" {
            *world[messages].codec_mut() = LengthPrefixCodec::u16();
        }
    });
    assert_eq!(play.bring(b"\x04wide\x00\x01x\x00\x00"), ["[119, 105, 100, 101]", "[120]", "[]"]);
}

/// Says which bytes came first, and never finds a message.
#[derive(Debug)]
struct Deaf;

impl Decoder for Deaf {
    type Message = ();

    fn decode(&mut self, incoming: &mut message::Incoming<'_>) -> Result<Option<()>, MessageError> {
        assert!(incoming.available() <= 3000, "more and more bytes are kept");
        Ok(None)
    }
}

#[test]
fn a_decoder_that_never_finds_a_message_does_not_make_the_device_keep_everything() {
    let mut play = Play::new(Deaf);
    play.rt[play.messages].set_max_length(1000);
    let said = play.bring_in_pieces(&[0; 5000], 100);
    assert_eq!(said, ["!a message is longer than the limit of 1000 bytes"]);
    assert!(!play.is_open());
}

#[on_every_network]
fn a_message_that_does_not_fit_into_the_read_buffer_is_too_long(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    rt[socket].set_read_buffer_size(Some(10));
    let messages = rt.add(Messages::new(socket, LengthPrefixCodec::u8()));
    let journal = journal_of_messages(&mut rt, messages);
    peer.write_all(&[&[9][..], &[1; 9], &[10], &[2; 10]].concat()).unwrap();
    wait_until(&mut rt, |_| journal.len() == 2);
    assert_eq!(
        journal.take(),
        ["[1, 1, 1, 1, 1, 1, 1, 1, 1]", "!a message is longer than the limit of 10 bytes"]
    );
}

#[on_every_network]
fn each_datagram_ends_its_last_message_and_a_wrong_one_is_dropped_alone(net: &Net) {
    let mut rt = net.runtime();
    let socket = rt.add(QUdpSocket::new());
    rt[socket].bind(std::net::Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    rt[socket].open(OpenMode::READ_ONLY).unwrap();
    let to = rt[socket].local_addr().unwrap();
    let messages = rt.add(Messages::new(socket, DataStreamCodec::<u16>::new()));
    let journal = journal_of_messages(&mut rt, messages);
    let (peer, _) = net.udp_peer();
    let datagrams = [&[0, 1, 0, 2][..], &[0], &[], &[0, 3, 9], &[0, 4]];
    for datagram in datagrams {
        peer.send_to(datagram, to).unwrap();
    }
    wait_for(&mut rt, &journal, "4");
    let incomplete = "!the device ended 1 bytes after the beginning of a message";
    assert_eq!(journal.take(), ["1", "2", incomplete, "3", incomplete, "4"]);
    assert_eq!(rt[socket].state(), SocketState::Bound);
}

#[on_every_network]
fn ten_thousand_messages_in_one_readiness_are_delivered_in_their_order(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    let lines = rt.add(Messages::new(socket, LineCodec::new()));
    let spy = rt.spy(lines, Messages::received);
    let text: String = (0..10_000).map(|number| format!("{number}\n")).collect();
    let sending = peer.go([Deed::Write(text.into_bytes()), Deed::Finish]);
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    sending.end(&mut rt);
    assert!(spy.take().into_iter().eq((0..10_000).map(|number| number.to_string())));
}

#[test]
fn a_trace_shows_the_messages() {
    let mut rt = Runtime::new().unwrap();
    let trace = Trace::new();
    rt.record_into(&trace);
    let buffer = rt.add(QBuffer::from(b"one\n".to_vec()));
    rt[buffer].open(OpenMode::READ_ONLY).unwrap();
    rt.add(Messages::new(buffer, LineCodec::new()));
    rt.deliver();
    assert!(trace.to_string().contains("received(\"one\")"), "{trace}");
}

#[on_every_network]
fn a_message_that_does_not_fit_into_the_read_buffer_is_skipped_where_that_is_wanted(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    rt[socket].set_read_buffer_size(Some(10));
    let messages = rt.add(Messages::new(socket, LengthPrefixCodec::u16()));
    rt[messages].set_skips_long_messages(true);
    let journal = journal_of_messages(&mut rt, messages);
    let errors = std::cell::Cell::new(0);
    rt.connect_fn(messages, Messages::error_occurred, move |_, _| {
        errors.set(errors.get() + 1);
        assert!(errors.get() < 10, "the same error again and again");
    });
    peer.write_all(&[&[0, 9][..], &[1; 9], &[0, 30], &[2; 30], &[0, 1, 3]].concat()).unwrap();
    wait_for(&mut rt, &journal, "[3]");
    let too_long = "!a message is longer than the limit of 10 bytes";
    assert_eq!(journal.take(), [too_long, too_long, "[3]"]);
}

#[test]
fn a_codec_that_skips_nothing_is_not_asked_for_ever() {
    let mut rt = Runtime::new().unwrap();
    let pipe = rt.add(Pipe::default());
    rt[pipe].limit = 4;
    rt[pipe].open(OpenMode::READ_ONLY).unwrap();
    let messages = rt.add(Messages::new(pipe, LengthPrefixCodec::u64()));
    rt[messages].set_skips_long_messages(true);
    let journal = journal_of_messages(&mut rt, messages);
    let counted = journal.clone();
    rt.connect_fn(messages, Messages::error_occurred, move |_, _| assert!(counted.len() < 10));
    rt.with(pipe, |pipe, _| pipe.bring(&[0; 4]));
    assert_eq!(journal.len(), 2);
    assert!(!rt[pipe].is_open());
}

#[test]
fn a_message_that_is_being_skipped_is_skipped_to_its_end_even_if_the_next_is_not_to_be() {
    let mut play = Play::new(LineCodec::new());
    let messages = play.messages;
    play.rt[messages].set_max_length(5);
    play.rt[messages].set_skips_long_messages(true);
    play.rt.connect_fn(messages, Messages::error_occurred, move |world, _| {
        world[messages].set_skips_long_messages(false);
    });
    let said = play.bring("much too long\none\nmuch too long\n");
    assert_eq!(said.len(), 3, "{said:?}");
    assert_eq!(said[1], "\"one\"");
    assert!(!play.is_open());
}

#[test]
fn a_slot_of_the_device_itself_resumes_the_reading() {
    let mut play = Play::new(LineCodec::new());
    let (messages, pipe) = (play.messages, play.pipe);
    play.rt[messages].pause_receiving();
    assert_eq!(play.bring("one\n"), [""; 0]);
    play.rt.with(pipe, |_, cx| cx.with(messages, Messages::resume_receiving));
    assert_eq!(play.journal.take(), ["\"one\""]);
}

#[test]
fn a_message_comes_whole_in_text_mode_and_from_a_device_that_does_not_tell_what_there_is() {
    let mut play = Play::new(LengthPrefixCodec::u8());
    play.rt[play.pipe].set_text_mode_enabled(true);
    assert_eq!(play.bring(b"\x03a\r\r"), [""; 0]);
    assert_eq!(play.bring(b"b\rc"), ["[97, 98, 99]"]);
    assert_eq!(play.bring(b"\x02d\r"), [""; 0]);
    assert_eq!(play.end().len(), 2);

    let mut rt = Runtime::new().unwrap();
    let pipe = rt.add(Pipe::default());
    rt[pipe].tells_nothing = true;
    rt[pipe].open(OpenMode::READ_ONLY).unwrap();
    let messages = rt.add(Messages::new(pipe, LengthPrefixCodec::u32()));
    rt[messages].set_skips_long_messages(true);
    let spy = rt.spy(messages, Messages::received);
    rt.with(pipe, |pipe, _| pipe.bring(&[&[0, 0, 0xff, 0xff][..], &[7; 0xffff]].concat()));
    assert_eq!(spy.take(), [vec![7; 0xffff]]);
    rt[messages].set_max_length(1);
    rt.with(pipe, |pipe, _| {
        pipe.bring(&[&[0, 0, 0xff, 0xff][..], &[7; 0xffff], &[0, 0, 0, 1, 8]].concat());
    });
    assert_eq!(spy.take(), [[8]]);
}

/// A device of messages that are empty, for ever.
#[derive(QObject, Default)]
struct Empties {
    #[qobject(device)]
    device: Device,
    read: usize,
    has_stopped: bool,
}

impl RawDevice for Empties {
    fn read_data(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.read += 1;
        assert!(self.read < 10_000_000, "nothing else gets a turn");
        if self.has_stopped { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(0) }
    }

    fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn is_message_based(&self) -> bool {
        true
    }

    fn message_available(&self) -> bool {
        !self.has_stopped
    }
}

#[test]
fn datagrams_without_a_message_do_not_keep_the_loop_busy() {
    let mut rt = Runtime::new().unwrap();
    let device = rt.add(Empties::default());
    rt[device].open(OpenMode::READ_ONLY).unwrap();
    rt.add(Messages::new(device, LineCodec::new()));
    rt.remote().post(move |rt| rt[device].has_stopped = true).unwrap();
    wait_until(&mut rt, |world| world[device].has_stopped);
}

#[on_every_network]
fn the_rest_of_a_datagram_is_not_read_after_the_socket_is_opened_anew(net: &Net) {
    let mut rt = net.runtime();
    let socket = rt.add(QUdpSocket::new());
    let open = move |world: &mut World| {
        world[socket].bind(std::net::Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
        world[socket].open(OpenMode::READ_ONLY).unwrap();
        world[socket].local_addr().unwrap()
    };
    let to = open(&mut rt);
    let lines = rt.add(Messages::new(socket, LineCodec::new()));
    let journal = journal_of_messages(&mut rt, lines);
    rt.connect_fn(lines, Messages::received, move |world, line| {
        if line == "close" {
            world[socket].close();
        }
    });
    let (peer, _) = net.udp_peer();
    peer.send_to(b"close\nstale", to).unwrap();
    wait_for(&mut rt, &journal, "\"close\"");
    let to = open(&mut rt);
    peer.send_to(b"one", to).unwrap();
    wait_for(&mut rt, &journal, "\"one\"");
    assert_eq!(journal.take(), ["\"close\"", "\"one\""]);
}

/// A device that reads its own messages.
#[derive(QObject)]
struct Talker {
    #[qobject(device)]
    device: Device,
    come: VecDeque<u8>,
    lines: Obj<Messages<LineCodec>>,
    heard: Vec<String>,
}

impl RawDevice for Talker {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.come.read(buffer)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }

    fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
}

#[slots]
impl Talker {
    fn new(cx: &mut Context<Self>) -> Self {
        let this = cx.this();
        let lines = cx.add_child(Messages::new(this, LineCodec::new()));
        let device = Device::new();
        Self { device, come: VecDeque::from(b"one\ntwo\n".to_vec()), lines, heard: Vec::new() }
    }

    #[slot(lines.received)]
    fn hear(&mut self, line: String) {
        self.heard.push(line);
    }
}

#[test]
fn a_device_reads_its_own_messages_from_the_first_one_on() {
    let mut rt = Runtime::new().unwrap();
    let talker = rt.add_with(Talker::new);
    rt[talker].open(OpenMode::READ_ONLY).unwrap();
    rt.with(talker, |talker, _| talker.ready_read().emit(()));
    assert_eq!(rt[talker].heard, ["one", "two"]);
    let lines = rt[talker].lines;
    let refused = rt.with(talker, |_, cx| cx.send(lines, "no"));
    assert!(matches!(refused, Some(Err(MessageError::Unreachable))), "{refused:?}");
}

#[test]
fn a_turn_that_is_put_aside_keeps_the_order_of_messages_and_end() {
    let mut play = Play::new(LineCodec::new());
    let text: String = (0..50_000).map(|number| format!("{number}\n")).collect();
    let pipe = play.pipe;
    // From outside of a turn: the loop delivers it in as many passes as it takes.
    play.rt[pipe].bring(text.as_bytes());
    play.rt[pipe].end();
    let journal = play.journal.clone();
    wait_for(&mut play.rt, &journal, "end");
    let mut expected: Vec<_> = (0..50_000).map(|number| format!("\"{number}\"")).collect();
    expected.push("end".to_owned());
    assert_eq!(journal.take(), expected);
}

#[on_every_network]
fn messages_come_whole_from_a_socket_without_a_buffer(net: &Net) {
    for pauses in [false, true] {
        let mut rt = net.runtime();
        let (listener, port) = net.listener();
        let socket = rt.add(QTcpSocket::new());
        let address = (std::net::Ipv4Addr::LOCALHOST, port);
        rt[socket].connect_to_address(address.into(), OpenMode::READ_WRITE | OpenMode::UNBUFFERED);
        wait_until(&mut rt, is(SocketState::Connected, socket));
        let mut peer = caller(&mut rt, &listener);
        let messages = rt.add(Messages::new(socket, LengthPrefixCodec::u8()));
        rt[messages].set_max_length(3);
        rt[messages].set_skips_long_messages(true);
        let journal = journal_of_messages(&mut rt, messages);
        if pauses {
            rt[messages].pause_receiving();
        }
        for piece in [&[2, 1][..], &[2, 100], &[7; 99], &[7, 1, 3, 1], &[4]] {
            peer.write_all(piece).unwrap();
            settle(&mut rt);
        }
        peer.shutdown(std::net::Shutdown::Write).unwrap();
        settle(&mut rt);
        rt.with(messages, Messages::resume_receiving);
        wait_for(&mut rt, &journal, "end");
        let too_long = "!a message of 100 bytes is longer than the limit of 3 bytes";
        assert_eq!(journal.take(), ["[1, 2]", too_long, "[3]", "[4]", "end"]);
    }
}
