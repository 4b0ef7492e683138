//! What a device has received is written on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use slotwire::QBuffer;

use super::*;

/// A device that takes as much as there is room for, and gives back what it has taken.
#[derive(QObject, Default)]
struct Mirror {
    #[qobject(device)]
    device: Device,
    room: usize,
    held: Vec<u8>,
    fault: Option<ErrorKind>,
}

impl Mirror {
    fn with_room(room: usize) -> Self {
        let mut mirror = Self { room, ..Self::default() };
        mirror.open(OpenMode::READ_WRITE).unwrap();
        mirror
    }
}

impl RawDevice for Mirror {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (&self.held[..]).read(buffer)?;
        self.held.drain(..count);
        if count == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(fault) = self.fault {
            return Err(fault.into());
        }
        let count = bytes.len().min(self.room);
        self.room -= count;
        self.held.extend(&bytes[..count]);
        if count == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    fn data_available(&self) -> usize {
        self.held.len()
    }
}

#[test]
fn what_can_be_read_is_written_on_to_another_device() {
    let mut pipe = Pipe::with(b"more than ten bytes that are below");
    assert_eq!(pipe.peek(4), b"more");
    let mut other = Pipe::opened(OpenMode::WRITE_ONLY);
    assert_eq!(pipe.forward_to(&mut other).unwrap(), 34);
    assert_eq!(other.written, b"more than ten bytes that are below");
    assert_eq!(pipe.forward_to(&mut other).unwrap(), 0, "nothing is left");
    assert_eq!(pipe.bytes_available(), 0);
}

#[test]
fn what_there_is_no_room_for_is_read_next() {
    for len in [20, 100_000] {
        let data = noise(len);
        let mut pipe = Pipe::with(&data);
        let mut mirror = Mirror::with_room(len / 2);
        assert_eq!(pipe.forward_to(&mut mirror).unwrap(), len / 2);
        assert_eq!(pipe.forward_to(&mut mirror).unwrap(), 0, "there is no room");
        assert_eq!(pipe.peek(5), &data[len / 2..len / 2 + 5]);
        mirror.room = len;
        assert_eq!(pipe.forward_to(&mut mirror).unwrap(), len - len / 2);
        assert_eq!(mirror.held, data);
    }
}

#[test]
fn devices_that_are_not_open_forward_nothing() {
    let mut mirror = Mirror::with_room(100);
    let mut pipe = Pipe::with(b"abc");
    for (source, target) in
        [(OpenMode::WRITE_ONLY, OpenMode::READ_WRITE), (OpenMode::READ_WRITE, OpenMode::READ_ONLY)]
    {
        pipe.set_open_mode(source);
        mirror.set_open_mode(target);
        let refused = pipe.forward_to(&mut mirror).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotConnected);
        pipe.set_open_mode(if source == OpenMode::WRITE_ONLY { source } else { target });
        assert_eq!(pipe.echo().unwrap_err().kind(), ErrorKind::NotConnected);
    }
    pipe.set_open_mode(OpenMode::READ_WRITE);
    assert_eq!((pipe.read_all(), mirror.held), (b"abc".to_vec(), vec![]));
}

#[test]
fn an_error_is_returned_if_nothing_was_written_and_nothing_is_lost() {
    let mut pipe = Pipe::with(b"abc");
    let mut mirror = Mirror::with_room(100);
    mirror.fault = Some(ErrorKind::BrokenPipe);
    assert_eq!(pipe.forward_to(&mut mirror).unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(pipe.read_all(), b"abc");
    pipe.fault = Some(ErrorKind::ConnectionReset);
    pipe.pour(b"last");
    mirror.fault = None;
    assert_eq!(pipe.forward_to(&mut mirror).unwrap(), 4);
    assert_eq!(pipe.forward_to(&mut mirror).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn text_mode_leaves_carriage_returns_out() {
    let mut pipe = Pipe::with(b"\r\none\r\ntwo\rthree\r");
    pipe.set_text_mode_enabled(true);
    let mut mirror = Mirror::with_room(6);
    assert_eq!(pipe.forward_to(&mut mirror).unwrap(), 6);
    assert_eq!(mirror.held, b"\none\nt");
    mirror.room = 100;
    assert_eq!(pipe.forward_to(&mut mirror).unwrap(), 7);
    assert_eq!(mirror.held, b"\none\ntwothree");
}

#[test]
fn what_is_forwarded_in_a_transaction_can_be_given_back() {
    let mut pipe = Pipe::with(b"once or twice");
    let mut mirror = Mirror::with_room(100);
    assert!(pipe.start_transaction());
    assert_eq!(pipe.read_bytes(5), b"once ");
    assert_eq!(pipe.forward_to(&mut mirror).unwrap(), 8);
    assert_eq!(pipe.forward_to(&mut mirror).unwrap(), 0);
    assert!(pipe.rollback_transaction());
    assert_eq!(pipe.read_all(), b"once or twice");
    assert_eq!(mirror.held, b"or twice");
}

#[test]
fn a_device_sends_back_what_came_and_not_what_it_has_sent() {
    for len in [3, 50_000] {
        let mut mirror = Mirror::with_room(len);
        mirror.write_all(&noise(len)).unwrap();
        mirror.room = usize::MAX;
        assert_eq!(mirror.echo().unwrap(), len);
        assert_eq!(mirror.peek(2), &noise(len)[..2]);
        mirror.set_text_mode_enabled(true);
        let text = noise(len).iter().filter(|&&byte| byte != b'\r').count();
        assert_eq!(mirror.echo().unwrap(), text);
    }
}

#[test]
fn a_device_sends_back_no_more_than_there_is_room_for() {
    let mut pipe = Pipe::with(b"abcdef");
    let mut mirror = Mirror::with_room(6);
    pipe.forward_to(&mut mirror).unwrap();
    mirror.room = 2;
    assert_eq!(mirror.echo().unwrap(), 2);
    assert_eq!(mirror.echo().unwrap(), 0);
    assert_eq!(mirror.read_all(), b"cdefab");
}

#[test]
fn bytes_in_memory_are_forwarded_from_where_they_stand_and_have_no_peer() {
    let mut buffer = QBuffer::from(b"one two".to_vec());
    buffer.open(OpenMode::READ_WRITE).unwrap();
    buffer.seek_to(4).unwrap();
    assert_eq!(buffer.echo().unwrap_err().kind(), ErrorKind::Unsupported);
    let mut mirror = Mirror::with_room(2);
    assert_eq!(buffer.forward_to(&mut mirror).unwrap(), 2);
    assert_eq!((buffer.pos(), mirror.held), (6, b"tw".to_vec()));
    let mut copy = QBuffer::from(b"three four".to_vec());
    copy.open(OpenMode::READ_WRITE).unwrap();
    copy.seek_to(6).unwrap();
    assert_eq!(copy.peek(4), b"four");
    assert_eq!(buffer.forward_to(&mut copy).unwrap(), 1);
    assert_eq!((copy.pos(), copy.data()), (7, &b"three oour"[..]));
}

/// A device that panics when it is written to.
#[derive(QObject, Default)]
struct Bomb {
    #[qobject(device)]
    device: Device,
}

impl RawDevice for Bomb {
    fn read_data(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }

    fn write_data(&mut self, _: &[u8]) -> io::Result<usize> {
        panic!("on purpose")
    }
}

#[test]
fn what_a_writer_panics_at_can_still_be_read() {
    let mut pipe = Pipe::with(b"precious");
    assert_eq!(pipe.peek(8), b"precious");
    let mut bomb = Bomb::default();
    bomb.open(OpenMode::WRITE_ONLY).unwrap();
    let forward = AssertUnwindSafe(|| pipe.forward_to(&mut bomb));
    assert!(catch_unwind(forward).is_err());
    assert_eq!(pipe.read_all(), b"precious");
}

#[derive(Clone, Debug)]
enum Op {
    Pour(usize),
    Forward(usize),
    Echo,
    Read(usize),
    Peek(usize),
    Unget(u8),
}

fn op() -> impl Strategy<Value = Op> {
    let len = prop_oneof![3 => 0usize..40, 1 => 15_000usize..40_000].boxed();
    prop_oneof![
        3 => len.clone().prop_map(Op::Pour),
        4 => len.clone().prop_map(Op::Forward),
        1 => Just(Op::Echo),
        2 => len.clone().prop_map(Op::Read),
        1 => len.prop_map(Op::Peek),
        1 => any::<u8>().prop_map(Op::Unget),
    ]
}

proptest! {
    #[test]
    fn every_byte_goes_one_way_in_its_order(ops in proptest::collection::vec(op(), 0..30)) {
        let mut source = Mirror::with_room(usize::MAX);
        let mut expected = VecDeque::new();
        for op in ops {
            match op {
                Op::Pour(count) => {
                    source.write_all(&noise(count)).unwrap();
                    expected.extend(noise(count));
                }
                Op::Forward(room) => {
                    let mut target = Mirror::with_room(room);
                    let count = source.forward_to(&mut target).unwrap();
                    prop_assert_eq!(count, room.min(expected.len()));
                    prop_assert_eq!(target.held, expected.drain(..count).collect::<Vec<_>>());
                }
                Op::Echo => prop_assert_eq!(source.echo().unwrap(), expected.len()),
                Op::Read(max) => {
                    let bytes = source.read_bytes(max);
                    prop_assert_eq!(&bytes, &expected.drain(..bytes.len()).collect::<Vec<_>>());
                }
                Op::Peek(max) => {
                    let shown = source.peek(max).to_vec();
                    prop_assert_eq!(shown.len(), max.min(expected.len()));
                }
                Op::Unget(byte) => {
                    source.unget_char(byte);
                    expected.push_front(byte);
                }
            }
        }
        prop_assert_eq!(source.read_all(), Vec::from(expected));
    }
}
