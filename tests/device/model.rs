//! A device beside a model of it: a list of bytes and a mark.

use proptest::prelude::*;

use super::*;

/// What is done to a device and to its model.
#[derive(Clone, Debug)]
enum Op {
    Receive(Vec<u8>),
    Read(usize),
    ReadAll,
    ReadBytes(usize),
    Peek(usize),
    Skip(usize),
    Line(usize),
    WholeLine,
    GetChar,
    Unget(u8),
    Show(usize),
    Start,
    Commit,
    Rollback,
    Text(bool),
    End,
}

fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![Just(b'\n'), Just(b'\r'), b'a'..=b'd']
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => proptest::collection::vec(byte(), 0..16).prop_map(Op::Receive),
        1 => (16_000usize..17_000).prop_map(|count| Op::Receive(vec![b'z'; count])),
        4 => prop_oneof![0usize..12, 16_384usize..17_000].prop_map(Op::Read),
        1 => Just(Op::ReadAll),
        2 => (0usize..12).prop_map(Op::ReadBytes),
        4 => prop_oneof![0usize..12, Just(20_000)].prop_map(Op::Peek),
        3 => prop_oneof![0usize..12, Just(20_000)].prop_map(Op::Skip),
        3 => (0usize..12).prop_map(Op::Line),
        3 => Just(Op::WholeLine),
        2 => Just(Op::GetChar),
        3 => byte().prop_map(Op::Unget),
        2 => (0usize..6).prop_map(Op::Show),
        3 => Just(Op::Start),
        2 => Just(Op::Commit),
        2 => Just(Op::Rollback),
        1 => any::<bool>().prop_map(Op::Text),
        1 => Just(Op::End),
    ]
}

/// The bytes that were not given away yet, and how many of them a transaction has read.
#[derive(Default)]
struct Model {
    bytes: Vec<u8>,
    mark: Option<usize>,
    text: bool,
    ended: bool,
}

impl Model {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.mark.unwrap_or(0)..]
    }

    /// Takes raw bytes.
    fn advance(&mut self, count: usize) -> Vec<u8> {
        let taken = self.rest()[..count].to_vec();
        match &mut self.mark {
            Some(mark) => *mark += count,
            None => drop(self.bytes.drain(..count)),
        }
        taken
    }

    /// What is read, and how many raw bytes that takes.
    fn readable(&self, max: usize) -> (Vec<u8>, usize) {
        let (mut read, mut raw) = (Vec::new(), 0);
        for (at, &byte) in self.rest().iter().enumerate() {
            if read.len() < max && !(self.text && byte == b'\r') {
                read.push(byte);
                raw = at + 1;
            }
        }
        (read, raw)
    }

    fn read(&mut self, max: usize) -> Vec<u8> {
        let (read, raw) = self.readable(max);
        self.advance(raw);
        read
    }

    /// Drops the carriage returns that come next.
    fn drop_returns(&mut self) {
        let count = self.rest().iter().take_while(|&&byte| byte == b'\r').count();
        self.advance(count);
    }

    fn line(&mut self, max: usize, whole: bool) -> Vec<u8> {
        let end = self.rest().iter().position(|&byte| byte == b'\n').map(|at| at + 1);
        let end = match end {
            Some(end) => end,
            None if whole && !self.ended => return Vec::new(),
            None => self.rest().len(),
        };
        let mut line = self.advance(end.min(max));
        if self.text && line.ends_with(b"\r\n") {
            line.truncate(line.len() - 2);
            line.push(b'\n');
        }
        line
    }
}

fn without_returns(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|&byte| byte != b'\r').collect()
}

proptest! {
    #[test]
    fn a_device_is_a_line_of_bytes_with_a_mark(
        unbuffered: bool,
        ops in proptest::collection::vec(op(), 0..60),
    ) {
        let mut mode = OpenMode::READ_WRITE;
        mode.set(OpenMode::UNBUFFERED, unbuffered);
        let mut pipe = Pipe::opened(mode);
        let mut model = Model::default();
        for op in ops {
            // Whether carriage returns are dropped with the byte before them or with the byte after
            // is the device's affair. Where that could be seen, those in front are dropped first.
            let is_seen = !matches!(op, Op::Receive(_) | Op::Read(_) | Op::Peek(_) | Op::Skip(_));
            if model.text && is_seen {
                let _ = pipe.fill_buf();
                model.drop_returns();
            }
            match op {
                Op::Receive(bytes) => {
                    if !model.ended {
                        pipe.pour(&bytes);
                        model.bytes.extend(bytes);
                    }
                }
                Op::Read(max) => {
                    let mut place = vec![0; max];
                    let read = pipe.read(&mut place);
                    let expected = model.read(max);
                    if expected.is_empty() && max > 0 && !model.ended {
                        prop_assert_eq!(read.unwrap_err().kind(), ErrorKind::WouldBlock);
                    } else {
                        place.truncate(read.unwrap());
                        prop_assert_eq!(place, expected);
                    }
                }
                Op::ReadAll => prop_assert_eq!(pipe.read_all(), model.read(usize::MAX)),
                Op::ReadBytes(max) => prop_assert_eq!(pipe.read_bytes(max), model.read(max)),
                Op::Peek(max) => prop_assert_eq!(pipe.peek(max), model.readable(max).0),
                Op::Skip(max) => prop_assert_eq!(pipe.skip(max), model.read(max).len()),
                Op::Line(max) => prop_assert_eq!(pipe.read_line_max(max), model.line(max, false)),
                Op::WholeLine => {
                    let line = pipe.read_line_bytes().unwrap_or_default();
                    prop_assert_eq!(line, model.line(usize::MAX, true));
                }
                Op::GetChar => prop_assert_eq!(pipe.get_char(), model.read(1).first().copied()),
                Op::Unget(byte) => {
                    prop_assert_eq!(pipe.unget_char(byte), model.mark.is_none());
                    if model.mark.is_none() {
                        model.bytes.insert(0, byte);
                    }
                }
                Op::Show(max) => {
                    if let Ok(shown) = pipe.fill_buf() {
                        let count = shown.len().min(max);
                        let shown = shown[..count].to_vec();
                        pipe.consume(count);
                        prop_assert_eq!(shown, model.read(count));
                    }
                }
                Op::Start => {
                    prop_assert_eq!(pipe.start_transaction(), model.mark.is_none());
                    model.mark.get_or_insert(0);
                }
                Op::Commit => {
                    prop_assert_eq!(pipe.commit_transaction(), model.mark.is_some());
                    model.bytes.drain(..model.mark.take().unwrap_or(0));
                }
                Op::Rollback => {
                    prop_assert_eq!(pipe.rollback_transaction(), model.mark.take().is_some());
                }
                Op::Text(on) => {
                    pipe.set_text_mode_enabled(on);
                    model.text = on;
                }
                Op::End => {
                    pipe.has_ended = true;
                    model.ended = true;
                }
            }
            prop_assert_eq!(pipe.can_read_line(), model.rest().contains(&b'\n'));
            if model.text {
                let seen = pipe.peek(usize::MAX);
                prop_assert_eq!(seen, without_returns(model.rest()));
            } else {
                prop_assert_eq!(pipe.bytes_available(), model.rest().len());
            }
            prop_assert_eq!(pipe.is_transaction_started(), model.mark.is_some());
        }
    }
}
