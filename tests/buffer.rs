//! `QBuffer`: a device over bytes in memory.

use std::io::{BufRead, ErrorKind, Seek, SeekFrom};
use std::time::Duration;

use proptest::prelude::*;
use slotwire::prelude::*;
use slotwire::{OpenMode, QBuffer};
use support::{Journal, settle, turn};

fn journal_of(rt: &mut Runtime, buffer: Obj<QBuffer>) -> Journal {
    let journal = Journal::new();
    let note = |name: &'static str| {
        let journal = journal.clone();
        move |_: &mut World, _: &()| journal.note(name)
    };
    rt.connect_fn(buffer, QBuffer::ready_read, note("ready_read"));
    rt.connect_fn(buffer, QBuffer::about_to_close, note("about_to_close"));
    let written = journal.clone();
    rt.connect_fn(buffer, QBuffer::bytes_written, move |_, count| {
        written.note(format!("bytes_written {count}"));
    });
    journal
}

fn opened(bytes: &[u8], mode: OpenMode) -> QBuffer {
    let mut buffer = QBuffer::from(bytes.to_vec());
    buffer.open(mode).unwrap();
    buffer
}

#[test]
fn what_was_written_is_read_where_one_goes() {
    let mut buffer = opened(b"", OpenMode::READ_WRITE);
    assert!(!buffer.is_sequential());
    buffer.write_all(b"hello world").unwrap();
    assert_eq!((buffer.pos(), buffer.size()), (11, 11));
    assert!(buffer.at_end());

    buffer.seek_to(0).unwrap();
    assert_eq!(buffer.read_bytes(5), b"hello");
    assert_eq!((buffer.pos(), buffer.bytes_available()), (5, 6));
    buffer.write_all(b"_").unwrap();
    assert_eq!(buffer.read_all(), b"world");
    assert!(buffer.at_end());
    assert_eq!(buffer.data(), b"hello_world");

    buffer.reset().unwrap();
    assert_eq!(buffer.pos(), 0);
}

#[test]
fn the_loop_tells_once_what_was_written() {
    let mut rt = Runtime::new().unwrap();
    let buffer = rt.add(QBuffer::new());
    let journal = journal_of(&mut rt, buffer);
    rt[buffer].open(OpenMode::READ_WRITE).unwrap();
    rt[buffer].write_all(b"one").unwrap();
    rt[buffer].write_all(b"three").unwrap();
    assert_eq!(journal.len(), 0);
    turn(&mut rt);
    assert_eq!(journal.take(), ["bytes_written 8", "ready_read"]);
    assert_eq!(rt[buffer].write(b"").unwrap(), 0);
    settle(&mut rt);
    assert_eq!(journal.take(), [""; 0], "nothing was written");
    settle(&mut rt);
    assert_eq!(journal.len(), 0);

    rt[buffer].put_char(b'!').unwrap();
    rt[buffer].close();
    settle(&mut rt);
    assert_eq!(journal.take(), ["about_to_close", "bytes_written 1", "ready_read"]);
}

#[test]
fn what_was_written_before_there_was_a_loop_is_told_by_it() {
    let mut rt = Runtime::new().unwrap();
    let mut buffer = opened(b"", OpenMode::WRITE_ONLY);
    buffer.write_all(b"early").unwrap();
    let buffer = rt.add(buffer);
    let journal = journal_of(&mut rt, buffer);
    settle(&mut rt);
    assert_eq!(journal.take(), ["bytes_written 5", "ready_read"]);
}

#[test]
fn a_slot_that_writes_again_is_called_again_and_holds_nobody_up() {
    let mut rt = Runtime::new().unwrap();
    let buffer = rt.add(opened(b"", OpenMode::WRITE_ONLY));
    rt.connect_fn(buffer, QBuffer::ready_read, move |world, ()| {
        world[buffer].put_char(b'x').unwrap();
    });
    rt[buffer].put_char(b'x').unwrap();
    rt.single_shot_fn(Duration::from_millis(1), |world| world.quit());
    rt.exec().unwrap();
    assert!(rt[buffer].size() > 2);
}

#[test]
fn who_hears_that_a_buffer_is_about_to_close_can_still_use_it() {
    let mut rt = Runtime::new().unwrap();
    let buffer = rt.add(opened(b"unread", OpenMode::READ_WRITE));
    let journal = Journal::new();
    let noted = journal.clone();
    rt.connect_fn(buffer, QBuffer::about_to_close, move |world, ()| {
        noted.note(String::from_utf8(world[buffer].read_all()).unwrap());
        world[buffer].write_all(b"!").unwrap();
    });
    rt[buffer].close();
    rt[buffer].close();
    settle(&mut rt);
    assert_eq!(journal.take(), ["unread"]);
    assert!(!rt[buffer].is_open());
    assert_eq!(rt[buffer].data(), b"unread!");
}

#[test]
fn a_buffer_opened_again_while_it_is_about_to_close_stays_open() {
    let mut rt = Runtime::new().unwrap();
    let buffer = rt.add(opened(b"abc", OpenMode::READ_WRITE));
    rt.connect_fn(buffer, QBuffer::about_to_close, move |world, ()| {
        world[buffer].open(OpenMode::READ_ONLY).unwrap();
    });
    rt[buffer].close();
    settle(&mut rt);
    assert_eq!(rt[buffer].read_all(), b"abc");
}

#[test]
fn a_buffer_that_is_destroyed_before_its_turn_tells_nothing() {
    let mut rt = Runtime::new().unwrap();
    let buffer = rt.add(opened(b"", OpenMode::WRITE_ONLY));
    let journal = journal_of(&mut rt, buffer);
    rt[buffer].put_char(b'x').unwrap();
    rt.destroy(buffer);
    settle(&mut rt);
    assert_eq!(journal.len(), 0);
}

#[test]
fn the_mode_says_where_writing_begins_and_what_it_may() {
    let mut buffer = QBuffer::from(b"old".to_vec());
    buffer.open(OpenMode::APPEND).unwrap();
    assert_eq!(buffer.open_mode(), OpenMode::APPEND | OpenMode::WRITE_ONLY | OpenMode::UNBUFFERED);
    buffer.write_all(b"new").unwrap();
    assert_eq!(buffer.data(), b"oldnew");
    assert_eq!(buffer.read(&mut [0]).unwrap_err().kind(), ErrorKind::NotConnected);
    buffer.close();
    assert_eq!((buffer.is_open(), buffer.pos(), buffer.size()), (false, 0, 6));

    buffer.open(OpenMode::TRUNCATE).unwrap();
    assert_eq!(buffer.data(), b"");
    assert!(buffer.is_writable() && !buffer.is_readable());

    buffer.open(OpenMode::READ_ONLY).unwrap();
    assert_eq!(buffer.write(b"x").unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(buffer.put_char(b'x').unwrap_err().kind(), ErrorKind::NotConnected);

    let error = buffer.open(OpenMode::TEXT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(buffer.is_open(), "what cannot be meant changes nothing");
}

#[test]
fn an_open_buffer_opened_again_begins_anew() {
    let mut buffer = opened(b"abc", OpenMode::READ_ONLY);
    assert_eq!(buffer.read_bytes(2), b"ab");
    assert!(buffer.start_transaction());
    buffer.open(OpenMode::READ_ONLY).unwrap();
    assert_eq!(buffer.pos(), 0);
    assert!(!buffer.is_transaction_started());
    assert_eq!(buffer.read_all(), b"abc");
}

#[test]
fn a_position_after_the_end_is_filled_up_to_if_one_may_write() {
    let mut buffer = opened(b"", OpenMode::WRITE_ONLY);
    buffer.seek_to(3).unwrap();
    buffer.write_all(b"x").unwrap();
    assert_eq!(buffer.data(), b"\0\0\0x");

    let mut buffer = opened(b"abc", OpenMode::READ_ONLY);
    buffer.seek_to(1).unwrap();
    assert_eq!(buffer.seek_to(4).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(buffer.pos(), 1);
    buffer.seek_to(3).unwrap();
    buffer.close();
    assert_eq!(buffer.seek_to(0).unwrap_err().kind(), ErrorKind::NotConnected);

    let mut buffer = opened(b"", OpenMode::READ_WRITE);
    assert_eq!(buffer.seek_to(u64::MAX).unwrap_err().kind(), ErrorKind::OutOfMemory);
    assert_eq!(buffer.data(), b"");
}

#[test]
fn lines_end_where_they_end() {
    let mut buffer = opened(b"a\nbb\nccc", OpenMode::READ_ONLY);
    assert!(buffer.can_read_line());
    assert_eq!(buffer.read_line_max(usize::MAX), b"a\n");
    assert_eq!(buffer.read_line_max(1), b"b");
    assert_eq!(buffer.read_line_max(0), b"");
    assert_eq!(buffer.pos(), 3);
    assert_eq!(buffer.read_line_max(100), b"b\n");
    assert!(!buffer.can_read_line());
    let mut line = b"what was there".to_vec();
    assert!(buffer.read_line_into(&mut line, 100));
    assert_eq!(line, b"ccc");
    assert!(!buffer.read_line_into(&mut line, 100));
    assert_eq!(line, b"");
    assert_eq!(buffer.read_line_bytes(), None);
}

#[test]
fn a_line_that_was_read_leaves_nothing_read_ahead() {
    let mut buffer = opened(b"one\ntwo\n", OpenMode::READ_WRITE);
    assert_eq!(buffer.read_line_bytes().unwrap(), b"one\n");
    assert_eq!(buffer.pos(), 4);
    buffer.write_all(b"T").unwrap();
    buffer.seek_to(4).unwrap();
    assert_eq!(buffer.read_line_bytes().unwrap(), b"Two\n");
}

#[test]
fn the_data_of_an_open_buffer_is_not_replaced() {
    let mut buffer = QBuffer::new();
    assert!(buffer.set_data(*b"abc"));
    buffer.open(OpenMode::READ_WRITE).unwrap();
    assert!(!buffer.set_data(*b"xyz"));
    assert_eq!(buffer.read_bytes(2), b"ab");
    assert!(buffer.unget_char(b'!'));
    assert_eq!(buffer.take_data(), b"abc");
    assert_eq!((buffer.pos(), buffer.size(), buffer.bytes_available()), (0, 0, 0));
    buffer.write_all(b"new").unwrap();
    assert_eq!(buffer.data(), b"new");
}

#[test]
fn a_byte_put_back_is_what_peek_shows_and_read_gives() {
    let mut buffer = opened(b"abc", OpenMode::READ_ONLY);
    assert_eq!(buffer.get_char(), Some(b'a'));
    assert!(buffer.unget_char(b'X'));
    assert_eq!((buffer.pos(), buffer.bytes_available()), (0, 3));
    assert_eq!(buffer.peek(10), b"Xbc");
    assert_eq!(buffer.read_all(), b"Xbc");
    assert_eq!(buffer.data(), b"abc");

    buffer.reset().unwrap();
    assert!(buffer.unget_char(b'>'), "also before the first byte");
    assert_eq!(buffer.pos(), 0);
    assert_eq!(buffer.read_all(), b">abc");
    assert_eq!(buffer.pos(), 3);
}

#[test]
fn a_transaction_rolled_back_leads_to_where_it_began() {
    let mut buffer = opened(b"0123456789", OpenMode::READ_ONLY);
    buffer.seek_to(2).unwrap();
    assert!(buffer.start_transaction());
    assert!(!buffer.start_transaction(), "one at a time");
    assert!(!buffer.unget_char(b'x'));
    assert_eq!(buffer.read_bytes(3), b"234");
    assert!(buffer.rollback_transaction());
    assert!(!buffer.rollback_transaction());
    assert_eq!(buffer.pos(), 2);

    buffer.start_transaction();
    buffer.skip(3);
    assert!(buffer.commit_transaction());
    assert!(!buffer.commit_transaction());
    assert_eq!(buffer.read_all(), b"56789");
}

#[test]
fn it_seeks_and_reads_as_the_standard_library_does() {
    fn middle(source: &mut (impl BufRead + Seek)) -> std::io::Result<String> {
        let size = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(size / 2))?;
        source.seek(SeekFrom::Current(-1))?;
        let mut line = String::new();
        source.read_line(&mut line)?;
        Ok(line)
    }

    let mut buffer = opened(b"abc\ndef\n", OpenMode::READ_ONLY);
    assert_eq!(middle(&mut buffer).unwrap(), "\n");
    let error = Seek::seek(&mut buffer, SeekFrom::End(-9)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(buffer.lines().map(Result::unwrap).collect::<Vec<_>>(), ["def"]);
}

#[test]
fn a_buffer_is_a_device_with_signals() {
    let mut rt = Runtime::new().unwrap();
    let buffer = rt.add(QBuffer::from(b"line\n".to_vec()));
    let device: Obj<dyn QIODevice> = buffer.upcast();
    rt[device].open(OpenMode::READ_ONLY).unwrap();
    assert_eq!(rt[device].read_line_string().as_deref(), Some("line"));
    let meta = rt[device].meta_object();
    assert_eq!(meta.super_class().map(|class| class.class_name()), Some("QIODevice"));
    assert_eq!(meta.signal("bytes_written").unwrap().argument(), "usize");
}

/// What is done to a buffer and to a vector with a cursor.
#[derive(Clone, Debug)]
enum Op {
    Open(OpenMode),
    Close,
    Write(Vec<u8>),
    Read(usize),
    ReadAll,
    Peek(usize),
    Skip(usize),
    ReadLine(usize),
    GetChar,
    Unget(u8),
    Seek(u64),
    Start,
    Commit,
    Rollback,
    Show,
    SetData(Vec<u8>),
}

fn mode() -> impl Strategy<Value = OpenMode> {
    let access = prop_oneof![
        4 => Just(OpenMode::READ_WRITE),
        1 => Just(OpenMode::READ_ONLY),
        1 => Just(OpenMode::WRITE_ONLY),
    ];
    let more = prop_oneof![
        4 => Just(OpenMode::NOT_OPEN),
        1 => Just(OpenMode::APPEND),
        1 => Just(OpenMode::TRUNCATE),
    ];
    (access, more).prop_map(|(access, more)| access | more)
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![1 => Just(b'\n'), 1 => Just(b'\r'), 10 => b'a'..=b'e'];
    proptest::collection::vec(byte, 0..12)
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => mode().prop_map(Op::Open),
        1 => Just(Op::Close),
        6 => bytes().prop_map(Op::Write),
        4 => (0usize..12).prop_map(Op::Read),
        1 => Just(Op::ReadAll),
        4 => (0usize..12).prop_map(Op::Peek),
        3 => (0usize..12).prop_map(Op::Skip),
        4 => (0usize..12).prop_map(Op::ReadLine),
        2 => Just(Op::GetChar),
        3 => any::<u8>().prop_map(Op::Unget),
        5 => (0u64..40).prop_map(Op::Seek),
        2 => Just(Op::Start),
        1 => Just(Op::Commit),
        1 => Just(Op::Rollback),
        2 => Just(Op::Show),
        1 => bytes().prop_map(Op::SetData),
    ]
}

#[test]
fn a_line_is_seen_that_ends_where_there_was_no_end_before() {
    let mut buffer = QBuffer::from(b"abcdef".to_vec());
    buffer.open(OpenMode::READ_WRITE).unwrap();
    assert!(!buffer.can_read_line());
    buffer.seek_to(2).unwrap();
    buffer.write_all(b"\n").unwrap();
    assert!(!buffer.can_read_line());
    buffer.seek_to(0).unwrap();
    assert!(buffer.can_read_line());
    assert_eq!(buffer.read_line_bytes().unwrap(), b"ab\n");
    assert!(!buffer.can_read_line());
    buffer.close();
    buffer.set_data(*b"abcde\n");
    buffer.open(OpenMode::READ_ONLY).unwrap();
    buffer.seek_to(3).unwrap();
    assert!(buffer.can_read_line());
}

/// A vector with a cursor, and with what was put back before it.
#[derive(Default)]
struct Model {
    mode: OpenMode,
    data: Vec<u8>,
    cursor: usize,
    /// Bytes put back, and not read yet: the last is the next.
    back: Vec<u8>,
    /// How many of the bytes at the cursor stand behind those that were put back.
    began: Option<usize>,
}

impl Model {
    fn reads(&self) -> bool {
        self.mode.contains(OpenMode::READ_ONLY)
    }

    fn writes(&self) -> bool {
        self.mode.contains(OpenMode::WRITE_ONLY)
    }

    fn open(&mut self, mode: OpenMode) {
        self.mode = mode;
        if mode.intersects(OpenMode::APPEND | OpenMode::TRUNCATE) {
            self.mode |= OpenMode::WRITE_ONLY;
        }
        if mode.contains(OpenMode::TRUNCATE) {
            self.data.clear();
        }
        self.cursor = if mode.contains(OpenMode::APPEND) { self.data.len() } else { 0 };
        self.back.clear();
        self.began = None;
    }

    fn pos(&self) -> usize {
        self.cursor.saturating_sub(self.back.len())
    }

    /// All that can be read.
    fn rest(&self) -> Vec<u8> {
        if !self.reads() {
            return Vec::new();
        }
        self.back.iter().rev().chain(&self.data[self.cursor..]).copied().collect()
    }

    fn take(&mut self, max: usize) -> Vec<u8> {
        let mut rest = self.rest();
        rest.truncate(max);
        let back = rest.len().min(self.back.len());
        self.back.truncate(self.back.len() - back);
        self.cursor += rest.len() - back;
        rest
    }

    fn take_line(&mut self, max: usize) -> Vec<u8> {
        let rest = self.rest();
        let end = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
        self.take(end.min(max))
    }

    fn write(&mut self, bytes: &[u8]) {
        self.cursor = self.pos();
        self.back.clear();
        let end = self.cursor + bytes.len();
        self.data.resize(self.data.len().max(end), 0);
        self.data[self.cursor..end].copy_from_slice(bytes);
        self.cursor = end;
    }

    fn seek(&mut self, position: usize) -> bool {
        if self.mode == OpenMode::NOT_OPEN || position > self.data.len() && !self.writes() {
            return false;
        }
        let ahead =
            self.cursor.checked_sub(self.back.len()).and_then(|at| position.checked_sub(at));
        match ahead {
            Some(ahead) if ahead <= self.back.len() => {
                self.back.truncate(self.back.len() - ahead);
            }
            _ => {
                self.data.resize(self.data.len().max(position), 0);
                self.cursor = position;
                self.back.clear();
            }
        }
        true
    }
}

proptest! {
    #[test]
    fn a_buffer_is_a_vector_with_a_cursor(ops in proptest::collection::vec(op(), 0..60)) {
        let mut buffer = QBuffer::new();
        let mut model = Model::default();
        for op in ops {
            match op {
                Op::Open(mode) => {
                    buffer.open(mode).unwrap();
                    model.open(mode);
                }
                Op::Close => {
                    buffer.close();
                    let data = std::mem::take(&mut model.data);
                    model = Model { data, ..Model::default() };
                }
                Op::Write(bytes) => {
                    prop_assert_eq!(buffer.write_all(&bytes).is_ok(), model.writes() || bytes.is_empty());
                    if model.writes() && !bytes.is_empty() {
                        model.write(&bytes);
                    }
                }
                Op::Read(max) => {
                    let mut place = vec![0; max];
                    let read = buffer.read(&mut place);
                    prop_assert_eq!(read.is_ok(), model.reads());
                    place.truncate(read.unwrap_or(0));
                    prop_assert_eq!(place, model.take(max));
                }
                Op::ReadAll => prop_assert_eq!(buffer.read_all(), model.take(usize::MAX)),
                Op::Peek(max) => {
                    let mut rest = model.rest();
                    rest.truncate(max);
                    prop_assert_eq!(buffer.peek(max), rest);
                }
                Op::Skip(max) => prop_assert_eq!(buffer.skip(max), model.take(max).len()),
                Op::ReadLine(max) => prop_assert_eq!(buffer.read_line_max(max), model.take_line(max)),
                Op::GetChar => prop_assert_eq!(buffer.get_char(), model.take(1).first().copied()),
                Op::Unget(byte) => {
                    let can = model.reads() && model.began.is_none();
                    prop_assert_eq!(buffer.unget_char(byte), can);
                    if can {
                        model.back.push(byte);
                    }
                }
                Op::Seek(position) => {
                    prop_assert_eq!(buffer.seek_to(position).is_ok(), model.seek(position as usize));
                }
                Op::Start => {
                    let can = model.reads() && model.began.is_none();
                    prop_assert_eq!(buffer.start_transaction(), can);
                    if can {
                        model.began = Some(model.pos());
                    }
                }
                Op::Commit => prop_assert_eq!(buffer.commit_transaction(), model.began.take().is_some()),
                Op::Rollback => {
                    let began = model.began.take();
                    prop_assert_eq!(buffer.rollback_transaction(), began.is_some());
                    if let Some(position) = began {
                        model.seek(position);
                    }
                }
                Op::Show => {
                    if let Ok(shown) = buffer.fill_buf() {
                        let count = shown.len().min(3);
                        let shown = shown[..count].to_vec();
                        buffer.consume(count);
                        prop_assert_eq!(shown, model.take(count));
                    }
                }
                Op::SetData(bytes) => {
                    let closed = model.mode == OpenMode::NOT_OPEN;
                    prop_assert_eq!(buffer.set_data(bytes.clone()), closed);
                    if closed {
                        model.data = bytes;
                    }
                }
            }
            let rest = model.rest();
            prop_assert_eq!(buffer.data(), &*model.data);
            prop_assert_eq!(buffer.pos(), model.pos() as u64);
            prop_assert_eq!(buffer.size(), model.data.len() as u64);
            prop_assert_eq!(buffer.bytes_available(), rest.len());
            prop_assert_eq!(buffer.at_end(), rest.is_empty());
            prop_assert_eq!(buffer.can_read_line(), rest.contains(&b'\n'));
            prop_assert_eq!(buffer.is_transaction_started(), model.began.is_some());
        }
    }
}
