//! What reading costs: each way to read takes as much work as it hands out, however much is in the
//! buffer behind it.

use std::hint::black_box;
use std::io::{self, BufRead, ErrorKind, Read, Write};

use slotwire::prelude::*;
use slotwire::stream::{QDataStream, QTextStream, Unfinished};
use slotwire::{Device, OpenMode, QBuffer, RawDevice};

use super::callgrind;

/// The test, as the harness calls it.
const TEST: &str = "reading::reading_takes_as_much_work_as_it_hands_out";

/// The size of a piece, which is a line.
const LINE: usize = 16;

/// How many bytes are read, in three runs. The last difference is twice the first if the work is
/// linear, and four times the first if it grows with the square.
const SIZES: [usize; 3] = [8 * 1024, 16 * 1024, 32 * 1024];

/// How many instructions any reader may take for a byte, in a build without optimization. The most
/// that one takes is half of this: lines byte by byte, of a device that reads from another.
const MOST: u64 = 7000;

/// A way to read so many bytes, in pieces of a line.
type Reader = fn(usize);

/// Lists functions with their names.
macro_rules! readers {
    ($($reader:ident),* $(,)?) => { [$((stringify!($reader), $reader as Reader)),*] };
}

/// All of them, by the names that callgrind shows.
const READERS: [(&str, Reader); 41] = readers![
    fill_buf,
    fill_buf_of_text,
    fill_buf_of_text_without_returns,
    fill_buf_of_text_in_a_transaction,
    lines_by_std,
    lines_by_std_of_text,
    strings_by_std,
    lines,
    lines_of_text,
    lines_in_a_transaction,
    pieces_of_one_line,
    pieces_of_one_line_in_a_transaction,
    read,
    read_of_text,
    read_bytes,
    read_bytes_of_text,
    get_char,
    peek,
    peek_of_text,
    peek_at_everything,
    peek_at_everything_of_text,
    peek_at_what_grows,
    peek_at_what_grows_of_text,
    skip,
    skip_of_text,
    unget,
    get_and_unget,
    a_line_that_is_not_whole,
    a_line_that_is_not_whole_in_a_transaction,
    a_line_that_is_taken_back,
    transactions,
    transactions_that_peek_at_everything_of_text,
    lines_without_a_buffer,
    lines_of_a_buffer,
    a_line_of_a_buffer_that_is_not_whole,
    lines_of_a_text_stream,
    lines_of_a_text_stream_on_text,
    words_of_a_text_stream,
    words_of_a_text_stream_in_a_transaction,
    a_line_of_a_text_stream_that_is_not_whole,
    a_list_of_a_data_stream_that_is_not_whole,
];

/// A sequential device: what is poured in at one end can be read.
#[derive(QObject, Default)]
struct Pipe {
    #[qobject(device)]
    device: Device,
    below: Vec<u8>,
    taken: usize,
}

impl Pipe {
    fn new(mode: OpenMode) -> Self {
        let mut pipe = Self::default();
        pipe.open(OpenMode::READ_ONLY | mode).unwrap();
        pipe
    }

    /// A device with so many bytes in its buffer.
    fn with(mode: OpenMode, line: &[u8; LINE], size: usize) -> Self {
        let mut pipe = Self::new(OpenMode::NOT_OPEN);
        pipe.below = line.repeat(size / LINE);
        assert_eq!(pipe.peek(usize::MAX).len(), size);
        pipe.set_open_mode(OpenMode::READ_ONLY | mode);
        pipe
    }

    fn pour(&mut self, bytes: &[u8]) {
        self.below.extend_from_slice(bytes);
    }
}

impl RawDevice for Pipe {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (&self.below[self.taken..]).read(buffer)?;
        self.taken += count;
        if count == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    fn write_data(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }

    fn data_available(&self) -> usize {
        self.below.len() - self.taken
    }
}

const UNIX: &[u8; LINE] = b"fifteen letters\n";
const DOS: &[u8; LINE] = b"as many letter\r\n";
const ENDLESS: &[u8; LINE] = b"no end of a line";

const BINARY: OpenMode = OpenMode::NOT_OPEN;
const TEXT: OpenMode = OpenMode::TEXT;

/// Takes by `BufRead` until nothing is left, and no more than a line at a time.
fn take_by_fill_buf(pipe: &mut Pipe) {
    while let Ok(shown) = pipe.fill_buf() {
        let count = shown.len().min(LINE);
        pipe.consume(black_box(count));
    }
}

fn fill_buf(size: usize) {
    take_by_fill_buf(&mut Pipe::with(BINARY, ENDLESS, size));
}

fn fill_buf_of_text(size: usize) {
    take_by_fill_buf(&mut Pipe::with(TEXT, DOS, size));
}

fn fill_buf_of_text_without_returns(size: usize) {
    take_by_fill_buf(&mut Pipe::with(TEXT, ENDLESS, size));
}

fn fill_buf_of_text_in_a_transaction(size: usize) {
    let mut pipe = Pipe::with(TEXT, ENDLESS, size);
    for _ in 0..2 {
        pipe.start_transaction();
        take_by_fill_buf(&mut pipe);
        pipe.rollback_transaction();
    }
}

fn take_by_read_until(pipe: &mut Pipe) {
    let mut line = Vec::new();
    while let Ok(1..) = pipe.read_until(b'\n', &mut line) {
        line.clear();
    }
}

fn lines_by_std(size: usize) {
    take_by_read_until(&mut Pipe::with(BINARY, UNIX, size));
}

fn lines_by_std_of_text(size: usize) {
    take_by_read_until(&mut Pipe::with(TEXT, DOS, size));
}

fn strings_by_std(size: usize) {
    let lines = Pipe::with(BINARY, UNIX, size).lines().map_while(Result::ok).count();
    assert_eq!(lines, size / LINE);
}

fn take_lines(device: &mut dyn QIODevice) {
    let mut line = Vec::new();
    while device.read_line_into(&mut line, usize::MAX) {
        black_box(line.len());
    }
}

fn lines(size: usize) {
    take_lines(&mut Pipe::with(BINARY, UNIX, size));
}

fn lines_of_text(size: usize) {
    take_lines(&mut Pipe::with(TEXT, DOS, size));
}

fn lines_in_a_transaction(size: usize) {
    let mut pipe = Pipe::with(BINARY, UNIX, size);
    for _ in 0..2 {
        pipe.start_transaction();
        take_lines(&mut pipe);
        pipe.rollback_transaction();
    }
}

fn pieces_of_one_line(size: usize) {
    let mut pipe = Pipe::with(BINARY, ENDLESS, size);
    while !pipe.can_read_line() && !pipe.read_line_max(LINE).is_empty() {}
}

fn pieces_of_one_line_in_a_transaction(size: usize) {
    let mut pipe = Pipe::with(BINARY, ENDLESS, size);
    pipe.start_transaction();
    while !pipe.can_read_line() && !pipe.read_line_max(LINE).is_empty() {}
}

fn take_by_read(pipe: &mut Pipe) {
    let mut piece = [0; LINE];
    while let Ok(1..) = pipe.read(&mut piece) {}
}

fn read(size: usize) {
    take_by_read(&mut Pipe::with(BINARY, UNIX, size));
}

fn read_of_text(size: usize) {
    take_by_read(&mut Pipe::with(TEXT, DOS, size));
}

fn read_bytes(size: usize) {
    let mut pipe = Pipe::with(BINARY, UNIX, size);
    while !pipe.read_bytes(LINE).is_empty() {}
}

fn read_bytes_of_text(size: usize) {
    let mut pipe = Pipe::with(TEXT, DOS, size);
    while !pipe.read_bytes(LINE).is_empty() {}
}

fn get_char(size: usize) {
    let mut pipe = Pipe::with(BINARY, UNIX, size);
    while pipe.bytes_available() > 0 && pipe.get_char().is_some() {}
}

/// Peeks at so many bytes and drops a line, until nothing is left.
fn take_by_peek(pipe: &mut Pipe, max: usize) {
    while !pipe.peek(max).is_empty() {
        pipe.skip(LINE);
    }
}

fn peek(size: usize) {
    take_by_peek(&mut Pipe::with(BINARY, UNIX, size), LINE);
}

fn peek_of_text(size: usize) {
    take_by_peek(&mut Pipe::with(TEXT, DOS, size), LINE);
}

fn peek_at_everything(size: usize) {
    take_by_peek(&mut Pipe::with(BINARY, UNIX, size), usize::MAX);
}

fn peek_at_everything_of_text(size: usize) {
    take_by_peek(&mut Pipe::with(TEXT, DOS, size), usize::MAX);
}

/// Calls `look` each time when another line has come.
fn grow(mode: OpenMode, line: &[u8; LINE], size: usize, mut look: impl FnMut(&mut Pipe)) {
    let mut pipe = Pipe::new(mode);
    for _ in 0..size / LINE {
        pipe.pour(line);
        look(&mut pipe);
    }
}

fn peek_at_what_grows(size: usize) {
    grow(BINARY, UNIX, size, |pipe| assert!(!pipe.peek(usize::MAX).is_empty()));
}

fn peek_at_what_grows_of_text(size: usize) {
    grow(TEXT, DOS, size, |pipe| assert!(!pipe.peek(usize::MAX).is_empty()));
}

fn skip(size: usize) {
    let mut pipe = Pipe::with(BINARY, UNIX, size);
    while pipe.skip(LINE) > 0 {}
}

fn skip_of_text(size: usize) {
    let mut pipe = Pipe::with(TEXT, DOS, size);
    while pipe.skip(LINE) > 0 {}
}

fn unget(size: usize) {
    let mut pipe = Pipe::with(BINARY, UNIX, size);
    for _ in 0..size {
        pipe.unget_char(b'x');
    }
}

fn get_and_unget(size: usize) {
    let mut pipe = Pipe::with(TEXT, UNIX, size);
    while let Some(byte) = pipe.get_char() {
        pipe.unget_char(byte);
        pipe.peek(2);
        pipe.skip(LINE);
    }
}

fn a_line_that_is_not_whole(size: usize) {
    grow(BINARY, ENDLESS, size, |pipe| {
        assert!(!pipe.can_read_line() && pipe.read_line_bytes().is_none());
    });
}

fn a_line_that_is_not_whole_in_a_transaction(size: usize) {
    let mut is_first = true;
    grow(BINARY, ENDLESS, size, |pipe| {
        if std::mem::take(&mut is_first) {
            pipe.start_transaction();
            pipe.get_char();
        }
        assert!(!pipe.can_read_line() && pipe.read_line_bytes().is_none());
    });
}

/// Reads all lines, each by a stream of its own, as the slots of a program do.
fn take_lines_by_streams(pipe: &mut Pipe, size: usize) {
    for _ in 0..size / LINE {
        let line = QTextStream::new(&mut *pipe).read_line().unwrap();
        assert!(line.is_some());
    }
}

fn lines_of_a_text_stream(size: usize) {
    take_lines_by_streams(&mut Pipe::with(BINARY, UNIX, size), size);
}

fn lines_of_a_text_stream_on_text(size: usize) {
    take_lines_by_streams(&mut Pipe::with(TEXT, DOS, size), size);
}

fn words_of_a_text_stream(size: usize) {
    let mut pipe = Pipe::with(BINARY, UNIX, size);
    let mut stream = QTextStream::new(&mut pipe);
    for _ in 0..2 * (size / LINE) - 1 {
        assert!(stream.read::<String>().is_ok());
    }
}

fn words_of_a_text_stream_in_a_transaction(size: usize) {
    let mut pipe = Pipe::with(BINARY, UNIX, size);
    let read = QTextStream::new(&mut pipe).transaction(|stream| {
        (0..2 * (size / LINE) - 1).try_for_each(|_| stream.read::<String>().map(drop))
    });
    assert!(read.unwrap().is_some());
}

fn a_line_of_a_text_stream_that_is_not_whole(size: usize) {
    grow(BINARY, ENDLESS, size, |pipe| {
        assert!(QTextStream::new(&mut *pipe).read_line().unwrap().is_none());
    });
}

/// A list that comes element by element, whose length tells little of what is to come.
fn a_list_of_a_data_stream_that_is_not_whole(size: usize) {
    let mut unfinished = Unfinished::<Vec<String>>::default();
    let mut count = Some(size / LINE + 1);
    grow(BINARY, b"\0\0\0\x0c\0l\0e\0t\0t\0e\0r", size, |pipe| {
        if let Some(count) = count.take() {
            let string = std::mem::take(&mut pipe.below);
            pipe.pour(&u32::try_from(count).unwrap().to_be_bytes());
            pipe.pour(&string);
        }
        assert!(QDataStream::new(&mut *pipe).resume(&mut unfinished).unwrap().is_none());
    });
}

fn a_line_that_is_taken_back(size: usize) {
    let mut is_first = true;
    grow(BINARY, ENDLESS, size, |pipe| {
        if std::mem::take(&mut is_first) {
            pipe.pour(b"one\ntwo\n");
        }
        pipe.start_transaction();
        assert!(pipe.read_line_bytes().is_some() && pipe.read_line_bytes().is_some());
        assert!(pipe.read_line_bytes().is_none());
        pipe.rollback_transaction();
    });
}

fn transactions(size: usize) {
    let mut pipe = Pipe::with(TEXT, DOS, size);
    while !pipe.at_end() {
        for _ in 0..2 {
            pipe.rollback_transaction();
            pipe.start_transaction();
            black_box(pipe.read(&mut [0; LINE]).unwrap());
        }
        pipe.commit_transaction();
    }
}

fn transactions_that_peek_at_everything_of_text(size: usize) {
    let mut pipe = Pipe::with(TEXT, DOS, size);
    for _ in 0..size / LINE {
        pipe.start_transaction();
        black_box(pipe.peek(usize::MAX).len());
        pipe.skip(LINE);
        pipe.rollback_transaction();
    }
}

/// Lines of a device without a buffer, each read by one with a buffer.
fn lines_without_a_buffer(size: usize) {
    #[derive(QObject, Default)]
    struct Outer {
        #[qobject(device)]
        device: Device,
        #[qobject(skip)]
        inner: Pipe,
    }

    impl RawDevice for Outer {
        fn read_data(&mut self, mut buffer: &mut [u8]) -> io::Result<usize> {
            let line = self.inner.read_line_max(buffer.len());
            buffer.write(&line)
        }

        fn write_data(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::Unsupported.into())
        }
    }

    let mut outer = Outer { inner: Pipe::new(OpenMode::UNBUFFERED), ..Outer::default() };
    outer.inner.pour(&UNIX.repeat(size / LINE));
    outer.open(OpenMode::READ_ONLY).unwrap();
    take_lines(&mut outer);
}

fn lines_of_a_buffer(size: usize) {
    let mut buffer = QBuffer::from(UNIX.repeat(size / LINE));
    buffer.open(OpenMode::READ_ONLY).unwrap();
    take_lines(&mut buffer);
}

fn a_line_of_a_buffer_that_is_not_whole(size: usize) {
    let mut buffer = QBuffer::new();
    buffer.open(OpenMode::READ_WRITE).unwrap();
    for _ in 0..size / LINE {
        buffer.write_all(ENDLESS).unwrap();
        buffer.seek_to(0).unwrap();
        assert!(!buffer.can_read_line());
        buffer.seek_to(buffer.size()).unwrap();
    }
}

#[test]
fn reading_takes_as_much_work_as_it_hands_out() {
    let work = |size| READERS.iter().for_each(|(_, read)| read(size));
    let Some(costs) = callgrind::count(TEST, SIZES, work) else { return };
    let mut too_much = Vec::new();
    for (name, _) in READERS {
        let growth = callgrind::growth(&costs, name);
        let each = (costs[2][name] - costs[1][name]) / (SIZES[2] - SIZES[1]) as u64;
        println!("{name}: {each} for each byte, growing by {growth:.2}");
        if growth > callgrind::MOST_GROWTH || each > MOST {
            too_much.push(name);
        }
    }
    assert!(too_much.is_empty(), "these do more than they have to: {too_much:?}");
}
