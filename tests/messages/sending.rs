//! Messages go out whole or not at all.

use super::*;
use slotwire::message::{DataStreamCodec, LengthPrefixCodec, LineCodec};

#[on_every_network]
fn a_message_goes_out_whole_or_not_at_all(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    rt[socket].set_write_buffer_limit(Some(10));
    let lines = rt.add(Messages::new(socket, LineCodec::new()));
    rt.send(lines, "12345").unwrap();
    let error = rt.send(lines, "6789a").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error}");
    assert!(io::Error::from(error).to_string().starts_with("the message was not written: "));
    let never = rt.send(lines, "0123456789").unwrap_err();
    assert_eq!(never.kind(), io::ErrorKind::InvalidInput, "{never}");
    rt.connect_fn(socket, QTcpSocket::write_buffer_drained, move |world, _| {
        world.send(lines, "6789a")
    });
    assert_eq!(read_exactly(&mut rt, &mut peer, 12), b"12345\n6789a\n");
}

#[on_every_network]
fn an_answer_is_sent_in_the_slot_of_its_question(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    let numbers = rt.add(Messages::new(socket, DataStreamCodec::<u16>::new()));
    rt.connect_fn(numbers, Messages::received, move |world, number| {
        world.send(numbers, &(number + 1))
    });
    peer.write_all(&[0, 1, 0, 41, 0, 8]).unwrap();
    assert_eq!(read_exactly(&mut rt, &mut peer, 6), [0, 2, 0, 42, 0, 9]);
}

#[test]
fn what_the_codec_refuses_is_not_sent_in_part() {
    let mut rt = Runtime::new().unwrap();
    let buffer = rt.add(QBuffer::new());
    rt[buffer].open(OpenMode::READ_WRITE).unwrap();
    let messages = rt.add(Messages::new(buffer, LengthPrefixCodec::u8()));
    assert!(matches!(rt.send(messages, [0; 256]), Err(MessageError::TooLong { .. })));
    rt.send(messages, b"fits").unwrap();
    assert_eq!(rt[buffer].data(), b"\x04fits");
}

#[test]
fn a_device_that_is_not_open_takes_no_message() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(QTcpSocket::new());
    let lines = rt.add(Messages::new(socket, LineCodec::new()));
    let error = rt.send(lines, "one").unwrap_err();
    let cause = error.cause().and_then(|cause| cause.downcast_ref::<io::Error>()).unwrap();
    assert_eq!(cause.kind(), error.kind());
}

/// A connection that is a socket, and answers by itself.
#[derive(QObject)]
struct Echo {
    #[qobject(base: QAbstractSocket)]
    socket: QTcpSocket,
    lines: Obj<Messages<LineCodec>>,
}

#[slots]
impl Echo {
    fn new(cx: &mut Context<Self>) -> Self {
        let lines = cx.add_child(Messages::new(cx.this(), LineCodec::new()));
        Self { socket: QTcpSocket::new(), lines }
    }

    #[slot(lines.received)]
    fn answer(&mut self, cx: &mut Context<Self>, line: &str) -> io::Result<()> {
        assert!(matches!(cx.send(self.lines, line), Err(MessageError::Unreachable)));
        self.write_all(cx[self.lines].encode(line)?)
    }
}

#[on_every_network]
fn a_socket_that_is_its_own_receiver_writes_the_bytes_of_a_message_itself(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let echo = rt.add_with(Echo::new);
    rt[echo].connect_to_host("127.0.0.1", port);
    wait_until(&mut rt, move |world| world[echo].state() == SocketState::Connected);
    let mut peer = caller(&mut rt, &listener);
    peer.write_all(b"one\ntwo\n").unwrap();
    assert_eq!(read_exactly(&mut rt, &mut peer, 8), b"one\ntwo\n");
}
