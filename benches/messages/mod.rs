//! Works that take whole messages from a device: by `Messages`, and by a slot of `ready_read` that
//! does it by hand and emits each message too.

use slotwire::OpenMode;
use slotwire::message::{Decoder, LengthPrefixCodec, LineCodec, Messages};
use slotwire::prelude::*;
use support::pipe::Pipe;

/// How many messages each readiness brings.
const AT_ONCE: usize = 100;

/// Counts the bytes of its messages.
#[derive(QObject, Default)]
struct Sum {
    bytes: usize,
}

impl Sum {
    fn add_line(&mut self, line: &str) {
        self.bytes += line.len();
    }

    fn add_block(&mut self, block: &[u8]) {
        self.bytes += block.len();
    }
}

/// Takes messages by hand.
#[derive(QObject)]
struct ByHand {
    pipe: Obj<Pipe>,
    #[signal]
    line: Signal<String>,
    #[signal]
    block: Signal<Vec<u8>>,
}

impl ByHand {
    fn take_lines(&mut self, cx: &mut Context<Self>) {
        while let Some(line) = cx[self.pipe].read_line_string() {
            self.line.emit(line);
        }
    }

    fn take_blocks(&mut self, cx: &mut Context<Self>) {
        let pipe = &mut cx[self.pipe];
        while let &[a, b, c, d] = pipe.peek(4) {
            let length = u32::from_be_bytes([a, b, c, d]) as usize;
            if pipe.bytes_available() < 4 + length {
                break;
            }
            pipe.skip(4);
            self.block.emit(pipe.read_bytes(length));
        }
    }
}

fn pipe(rt: &mut Runtime) -> Obj<Pipe> {
    let pipe = rt.add(Pipe::default());
    rt[pipe].open(OpenMode::READ_ONLY).expect("nothing stands in the way");
    pipe
}

/// Brings as many messages, and checks that their bytes were counted.
fn bring(
    rt: &mut Runtime,
    pipe: Obj<Pipe>,
    sum: Obj<Sum>,
    message: &[u8],
    len: usize,
    count: usize,
) {
    let messages = message.repeat(AT_ONCE);
    for _ in 0..count / AT_ONCE {
        rt.with(pipe, |pipe, _| pipe.bring(&messages));
    }
    rt.with(pipe, |pipe, _| pipe.end());
    assert_eq!(rt[sum].bytes, len * (count / AT_ONCE * AT_ONCE));
}

fn messages<C: Decoder>(
    rt: &mut Runtime,
    codec: C,
    connect: impl FnOnce(&mut Runtime, Obj<Messages<C>>, Obj<Sum>),
) -> (Obj<Pipe>, Obj<Sum>) {
    let (pipe, sum) = (pipe(rt), rt.add(Sum::default()));
    let messages = rt.add(Messages::new(pipe, codec));
    connect(rt, messages, sum);
    (pipe, sum)
}

fn by_hand(rt: &mut Runtime) -> (Obj<Pipe>, Obj<Sum>, Obj<ByHand>) {
    let pipe = pipe(rt);
    let by_hand = rt.add(ByHand { pipe, line: Signal::new(), block: Signal::new() });
    (pipe, rt.add(Sum::default()), by_hand)
}

fn line(len: usize) -> Vec<u8> {
    [vec![b'x'; len], vec![b'\n']].concat()
}

fn block(len: usize) -> Vec<u8> {
    [(len as u32).to_be_bytes().to_vec(), vec![7; len]].concat()
}

pub(crate) fn lines(len: usize, count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let (pipe, sum) = messages(&mut rt, LineCodec::new(), |rt, lines, sum| {
        rt.connect(lines, Messages::received, sum, Sum::add_line);
    });
    bring(&mut rt, pipe, sum, &line(len), len, count);
}

pub(crate) fn lines_by_hand(len: usize, count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let (pipe, sum, by_hand) = by_hand(&mut rt);
    rt.connect(pipe, QIODevice::ready_read, by_hand, ByHand::take_lines);
    rt.connect(by_hand, ByHand::line, sum, Sum::add_line);
    bring(&mut rt, pipe, sum, &line(len), len, count);
}

pub(crate) fn blocks(len: usize, count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let (pipe, sum) = messages(&mut rt, LengthPrefixCodec::u32(), |rt, blocks, sum| {
        rt.connect(blocks, Messages::received, sum, Sum::add_block);
    });
    bring(&mut rt, pipe, sum, &block(len), len, count);
}

pub(crate) fn blocks_by_hand(len: usize, count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let (pipe, sum, by_hand) = by_hand(&mut rt);
    rt.connect(pipe, QIODevice::ready_read, by_hand, ByHand::take_blocks);
    rt.connect(by_hand, ByHand::block, sum, Sum::add_block);
    bring(&mut rt, pipe, sum, &block(len), len, count);
}
