//! `QIODevice`: what all devices do between their buffer and what is below it.

mod forwarding;
mod messages;
mod model;

use std::collections::VecDeque;
use std::io::{self, BufRead, ErrorKind};

use slotwire::prelude::*;
use slotwire::{Device, OpenMode, RawDevice};
use support::{Journal, noise, settle};

/// A sequential device: what is poured in at one end can be read, what is written is kept.
#[derive(QObject, Default)]
struct Pipe {
    #[qobject(device)]
    device: Device,
    below: VecDeque<u8>,
    has_ended: bool,
    /// What comes is in the buffer, as far as the buffer has anything.
    is_drained: bool,
    fault: Option<ErrorKind>,
    written: Vec<u8>,
    /// The sizes of the reads that came down here, and how often there was room again.
    reads: Vec<usize>,
    consumed: u32,
    calls: Vec<&'static str>,
}

impl Pipe {
    fn opened(mode: OpenMode) -> Self {
        let mut pipe = Self::default();
        pipe.open(mode).unwrap();
        pipe.calls.clear();
        pipe
    }

    fn with(bytes: &[u8]) -> Self {
        let mut pipe = Self::opened(OpenMode::READ_WRITE);
        pipe.pour(bytes);
        pipe
    }

    fn pour(&mut self, bytes: &[u8]) {
        self.below.extend(bytes);
        self.ready_read().emit(());
    }
}

impl RawDevice for Pipe {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads.push(buffer.len());
        self.below.make_contiguous();
        match (self.below.read(buffer)?, self.fault) {
            (0, Some(fault)) => Err(fault.into()),
            (0, None) if !self.has_ended => Err(ErrorKind::WouldBlock.into()),
            (count, _) => Ok(count),
        }
    }

    fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(10);
        self.written.extend(&bytes[..count]);
        self.bytes_written().emit(count);
        Ok(count)
    }

    fn flush_data(&mut self) -> io::Result<()> {
        self.calls.push("flush");
        Ok(())
    }

    fn has_data_below(&self) -> bool {
        !self.is_drained
    }

    fn data_available(&self) -> usize {
        self.below.len()
    }

    fn line_available(&self) -> bool {
        self.below.contains(&b'\n')
    }

    fn data_to_write(&self) -> usize {
        self.written.len()
    }

    fn open_data(&mut self, mode: OpenMode) -> io::Result<()> {
        self.calls.push("open");
        if mode.contains(OpenMode::EXISTING_ONLY) {
            Err(ErrorKind::NotFound.into())
        } else {
            Ok(())
        }
    }

    fn close_data(&mut self) {
        self.calls.push("close");
    }

    fn buffer_consumed(&mut self) {
        self.consumed += 1;
    }

    fn error_text(&self) -> Option<String> {
        self.fault.map(|fault| fault.to_string())
    }
}

#[test]
fn a_device_is_read_and_written_as_the_standard_library_does() {
    let mut pipe = Pipe::with(b"first\nsecond\nrest");
    let mut line = String::new();
    pipe.read_line(&mut line).unwrap();
    assert_eq!(line, "first\n");
    let mut three = [0; 3];
    pipe.read_exact(&mut three).unwrap();
    assert_eq!(&three, b"sec");
    pipe.has_ended = true;
    let mut rest = String::new();
    pipe.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "ond\nrest");
    assert_eq!(pipe.read(&mut three).unwrap(), 0);

    pipe.write_all(b"more than ten bytes").unwrap();
    pipe.flush().unwrap();
    assert_eq!(pipe.written, b"more than ten bytes");
    assert_eq!(pipe.calls, ["flush"]);
    assert_eq!(pipe.bytes_to_write(), 19);
}

#[test]
fn what_has_not_come_whole_stays_where_it_is() {
    let would_block = |error: io::Error| assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let mut pipe = Pipe::with(b"half of a li");
    let (mut text, mut bytes, mut place) = (String::new(), Vec::new(), [0; 20]);
    would_block(pipe.read_line(&mut text).unwrap_err());
    would_block(pipe.read_until(b'\n', &mut bytes).unwrap_err());
    would_block(pipe.read_exact(&mut place).unwrap_err());
    assert_eq!((&*text, &*bytes, pipe.bytes_available()), ("", &b""[..], 12));
    assert_eq!(pipe.consumed, 0);

    pipe.pour(b"ne\n\xff\nlast\nno more");
    assert_eq!(pipe.read_line(&mut text).unwrap(), 15);
    assert_eq!(text, "half of a line\n");
    assert_eq!(pipe.read_line(&mut text).unwrap_err().kind(), ErrorKind::InvalidData);
    assert_eq!(pipe.read_until(b'\n', &mut bytes).unwrap(), 5);
    assert_eq!((&*text, &*bytes), ("half of a line\n", &b"last\n"[..]));
    pipe.read_exact(&mut place[..3]).unwrap();
    assert_eq!(&place[..3], b"no ");

    pipe.has_ended = true;
    assert_eq!(pipe.read_exact(&mut place).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(pipe.read_line(&mut text).unwrap(), 4);
    assert_eq!(pipe.read_line(&mut text).unwrap(), 0);
    assert_eq!(text, "half of a line\nmore");
}

#[test]
fn a_delimiter_that_is_no_line_feed_is_read_to_piece_by_piece() {
    let mut pipe = Pipe::with(b"a,b");
    let mut bytes = Vec::new();
    assert_eq!(pipe.read_until(b',', &mut bytes).unwrap(), 2);
    assert_eq!(pipe.read_until(b',', &mut bytes).unwrap_err().kind(), ErrorKind::WouldBlock);
    pipe.pour(b",");
    assert_eq!(pipe.read_until(b',', &mut bytes).unwrap(), 1);
    assert_eq!(bytes, b"a,b,");
}

#[test]
fn nothing_yet_and_the_end_are_two_things() {
    let mut pipe = Pipe::with(b"");
    assert_eq!(pipe.read(&mut [0; 4]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(pipe.read(&mut []).unwrap(), 0);
    assert_eq!(pipe.fill_buf().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(pipe.read_bytes(4), b"");
    pipe.pour(b"li");
    assert_eq!(pipe.read_line_bytes(), None);
    assert_eq!(pipe.bytes_available(), 2);
    pipe.pour(b"ne");
    pipe.has_ended = true;
    assert_eq!(pipe.read_line_string().as_deref(), Some("line"));
    assert_eq!(pipe.read_line_string(), None);
    assert_eq!(pipe.read(&mut [0; 4]).unwrap(), 0);
    assert!(pipe.fill_buf().unwrap().is_empty());
}

#[test]
fn an_error_below_comes_after_what_came_before_it() {
    let mut pipe = Pipe::with(b"abc");
    pipe.fault = Some(ErrorKind::ConnectionReset);
    let mut place = [0; 5];
    assert_eq!(pipe.read(&mut place).unwrap(), 3);
    assert_eq!(pipe.read(&mut place).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(pipe.error_string(), "connection reset");
    pipe.set_error_string("the pipe burst");
    assert_eq!(pipe.error_string(), "the pipe burst");
    pipe.close();
    assert_eq!(pipe.error_string(), "connection reset");
    pipe.fault = None;
    assert_eq!(pipe.error_string(), "Unknown error");
}

#[test]
fn a_closed_device_gives_and_takes_nothing() {
    let mut pipe = Pipe::default();
    pipe.pour(b"line\n");
    assert_eq!(pipe.read(&mut [0]).unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(pipe.write(b"x").unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(pipe.put_char(b'x').unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(pipe.seek_to(0).unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!((pipe.read_all(), pipe.read_line_max(9), pipe.get_char()), (vec![], vec![], None));
    assert_eq!((pipe.skip(1), pipe.bytes_available(), pipe.size()), (0, 0, 0));
    assert_eq!(pipe.peek(1), b"");
    assert!(!pipe.can_read_line() && pipe.at_end() && !pipe.unget_char(b'x'));
    assert!(!pipe.start_transaction());
    assert_eq!((pipe.read_channel_count(), pipe.write_channel_count()), (0, 0));
    pipe.set_text_mode_enabled(true);
    assert_eq!(pipe.open_mode(), OpenMode::NOT_OPEN);
    assert!(pipe.reads.is_empty());
}

#[test]
fn opening_and_closing_reach_what_is_below() {
    let mut rt = Runtime::new().unwrap();
    let pipe = rt.add(Pipe::default());
    let journal = Journal::new();
    let noted = journal.clone();
    rt.connect_fn(pipe, Pipe::about_to_close, move |_, ()| noted.note("about_to_close"));

    let error = rt[pipe].open(OpenMode::READ_ONLY | OpenMode::EXISTING_ONLY).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(!rt[pipe].is_open());

    rt[pipe].open(OpenMode::NEW_ONLY).unwrap();
    assert!(rt[pipe].is_writable());
    rt[pipe].open(OpenMode::READ_ONLY).unwrap();
    assert_eq!((rt[pipe].read_channel_count(), rt[pipe].write_channel_count()), (1, 0));
    rt[pipe].pour(b"unread\n");
    assert!(rt[pipe].can_read_line());
    rt[pipe].peek(3);
    rt[pipe].close();
    rt[pipe].close();
    settle(&mut rt);
    assert_eq!(journal.take(), ["about_to_close"]);
    assert_eq!(rt[pipe].calls, ["open", "open", "open", "close", "close"]);
    rt[pipe].open(OpenMode::READ_ONLY).unwrap();
    assert_eq!(rt[pipe].read_all(), b"", "what was read ahead went with the buffer");
}

#[test]
fn bytes_are_read_ahead_but_for_large_reads_and_without_a_buffer() {
    let mut pipe = Pipe::with(&[b'x'; 100]);
    assert_eq!(pipe.get_char(), Some(b'x'));
    assert_eq!(pipe.read_bytes(9).len(), 9);
    assert_eq!(pipe.reads, [16 * 1024]);
    assert_eq!(pipe.bytes_available(), 90);
    let mut large = vec![0; 20_000];
    assert_eq!(pipe.read(&mut large).unwrap(), 90);
    assert_eq!(pipe.reads, [16 * 1024, 20_000 - 90]);

    let mut pipe = Pipe::opened(OpenMode::READ_ONLY | OpenMode::UNBUFFERED);
    pipe.pour(b"abcdef\nghi");
    assert_eq!(pipe.get_char(), Some(b'a'));
    assert_eq!(pipe.read(&mut [0; 3]).unwrap(), 3);
    assert_eq!(pipe.peek(2), b"ef");
    assert_eq!(pipe.reads, [1, 3, 2]);
    assert_eq!(pipe.read_line_bytes().unwrap(), b"ef\n");
    assert_eq!(pipe.below.len(), 3);
    assert_eq!(pipe.skip(2), 2);
    assert_eq!(pipe.below.len(), 1);
}

#[test]
fn a_device_with_nothing_below_its_buffer_is_asked_below_only_when_that_is_empty() {
    let mut pipe = Pipe::with(b"abcdef");
    pipe.is_drained = true;
    assert_eq!(pipe.peek(1), b"a");
    pipe.reads.clear();
    let mut some = [0; 20];
    assert_eq!(pipe.read(&mut some).unwrap(), 6);
    assert_eq!(pipe.reads, [0; 0]);
    assert_eq!(pipe.read(&mut some).unwrap_err().kind(), ErrorKind::WouldBlock);
    pipe.has_ended = true;
    assert_eq!(pipe.read(&mut some).unwrap(), 0);
    assert_eq!(pipe.reads.len(), 2);

    let mut pipe = Pipe::with(b"abcdef");
    pipe.is_drained = true;
    assert_eq!(pipe.peek(1), b"a");
    pipe.reads.clear();
    assert_eq!(pipe.read_all(), b"abcdef");
    assert_eq!(pipe.reads, [0; 0]);
    assert_eq!(pipe.read_all(), b"");
    assert_eq!(pipe.reads.len(), 1);
}

#[test]
fn a_device_may_read_from_another_while_it_is_read() {
    /// Gives what another pipe gives, in capitals.
    #[derive(QObject, Default)]
    struct Capitals {
        #[qobject(device)]
        device: Device,
        #[qobject(skip)]
        source: Pipe,
    }

    impl RawDevice for Capitals {
        fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let line = self.source.read_line_max(buffer.len());
            buffer[..line.len()].copy_from_slice(&line.to_ascii_uppercase());
            if line.is_empty() { Err(ErrorKind::WouldBlock.into()) } else { Ok(line.len()) }
        }

        fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.source.write(bytes)
        }
    }

    let mut capitals = Capitals { source: Pipe::with(b"one\ntwo\n"), ..Capitals::default() };
    capitals.open(OpenMode::READ_WRITE).unwrap();
    assert_eq!(capitals.read_line_string().as_deref(), Some("ONE"));
    assert_eq!(capitals.read_line_string().as_deref(), Some("TWO"));
    assert_eq!(capitals.read_line_string(), None);
    capitals.put_char(b'!').unwrap();
    assert_eq!(capitals.source.written, b"!");
}

/// A random-access device: a file that others write to as well.
#[derive(QObject, Default)]
struct File {
    #[qobject(device)]
    device: Device,
    bytes: Vec<u8>,
    cursor: usize,
    /// How many bytes were read, those among them that were read again.
    read: usize,
}

impl RawDevice for File {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes[self.cursor..].as_ref().read(buffer)?;
        self.cursor += count;
        self.read += count;
        Ok(count)
    }

    fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let over = bytes.len().min(self.bytes.len() - self.cursor);
        self.bytes.splice(self.cursor..self.cursor + over, bytes.iter().copied());
        self.cursor += bytes.len();
        Ok(bytes.len())
    }

    fn is_random_access(&self) -> bool {
        true
    }

    fn data_size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn seek_data(&mut self, position: u64) -> io::Result<()> {
        if position > self.data_size() {
            return Err(ErrorKind::InvalidInput.into());
        }
        self.cursor = position as usize;
        Ok(())
    }
}

#[test]
fn a_random_access_device_is_read_ahead_and_still_stands_where_it_was_read_to() {
    let mut file = File { bytes: b"one\ntwo\nthree\n".to_vec(), ..File::default() };
    file.open(OpenMode::READ_WRITE).unwrap();
    assert_eq!(file.read_line_bytes().unwrap(), b"one\n");
    assert_eq!((file.cursor, file.pos(), file.bytes_available()), (14, 4, 10));
    file.write_all(b"TWO").unwrap();
    assert_eq!((file.cursor, file.pos()), (7, 7));
    assert_eq!(file.read_line_bytes().unwrap(), b"\n");
    file.seek_to(9).unwrap();
    assert_eq!((file.cursor, file.peek(4)), (14, &b"hree"[..]));
    assert_eq!((file.skip(100), file.pos()), (5, 14));
    assert!(file.seek_to(15).is_err());
    file.open(OpenMode::APPEND).unwrap();
    assert_eq!(file.pos(), 14);
    file.put_char(b'!').unwrap();
    assert_eq!(file.bytes, b"one\nTWO\nthree\n!");
}

#[test]
fn without_a_buffer_a_line_shows_what_is_below_when_it_is_read() {
    let mut file = File { bytes: b"one\ntwo\n".to_vec(), ..File::default() };
    file.open(OpenMode::READ_ONLY | OpenMode::UNBUFFERED).unwrap();
    assert_eq!(file.read_line_bytes().unwrap(), b"one\n");
    assert_eq!(file.cursor, 4);
    file.bytes[4..7].copy_from_slice(b"new");
    assert_eq!(file.read_line_max(2), b"ne");
    assert_eq!(file.read_line_string().as_deref(), Some("w"));
}

#[test]
fn without_a_buffer_little_more_than_a_line_is_read() {
    for len in [1, 10, 1000, 100_000] {
        let mut line = vec![b'x'; len - 1];
        line.push(b'\n');
        let mut file = File { bytes: line.repeat(100), ..File::default() };
        file.open(OpenMode::READ_ONLY | OpenMode::UNBUFFERED).unwrap();
        for number in 1..=50 {
            assert_eq!(file.read_line_bytes().as_ref(), Some(&line));
            assert!(file.read <= number * (3 * len + 64), "{} for {number} of {len}", file.read);
        }
    }
}

#[test]
fn lines_have_limits_and_forms() {
    let mut pipe = Pipe::with(b"par");
    assert!(!pipe.can_read_line());
    pipe.pour(b"tial\nnext\r\nrest");
    assert!(pipe.can_read_line());
    assert_eq!(pipe.read_line_max(4), b"part");
    assert_eq!(pipe.read_line_max(usize::MAX), b"ial\n");
    assert_eq!(pipe.read_line_bytes().unwrap(), b"next\r\n");
    assert!(!pipe.can_read_line());
    assert_eq!(pipe.read_line_bytes(), None);
    assert_eq!(pipe.read_line_max(usize::MAX), b"rest");
    assert_eq!(pipe.read_line_max(usize::MAX), b"");
    pipe.pour(b"end\r\n\xff\n");
    assert_eq!(pipe.read_line_string().as_deref(), Some("end"));
    assert_eq!(pipe.read_line_string().as_deref(), Some("\u{fffd}"));
}

#[test]
fn peeking_takes_nothing_and_skipping_takes_what_was_seen() {
    let mut pipe = Pipe::with(b"abcdefghij");
    assert_eq!(pipe.peek(4), b"abcd");
    assert_eq!(pipe.bytes_available(), 10);
    assert_eq!(pipe.skip(3), 3);
    assert_eq!(pipe.peek(100), b"defghij");
    assert_eq!(pipe.skip(100), 7);
    assert_eq!(pipe.peek(1), b"");
    assert!(pipe.at_end());

    pipe.pour(&[b'x'; 50_000]);
    assert_eq!(pipe.peek(40_000).len(), 40_000);
    assert_eq!(pipe.skip(45_000), 45_000);
    assert_eq!(pipe.skip(45_000), 5_000);

    let bytes = noise(20_000);
    pipe.pour(&bytes);
    assert_eq!(pipe.skip(5_000), 5_000);
    assert_eq!(pipe.read_bytes(100), bytes[5_000..5_100], "and no byte more was skipped");
}

#[test]
fn bytes_put_back_come_out_first_the_last_one_leading() {
    let mut pipe = Pipe::with(b"yz");
    assert_eq!(pipe.get_char(), Some(b'y'));
    assert!(!pipe.is_text_mode_enabled());
    assert!(pipe.unget_char(b'1') && pipe.unget_char(b'2'));
    assert_eq!(pipe.bytes_available(), 3);
    assert_eq!(pipe.read_all(), b"21z");
    assert_eq!(pipe.get_char(), None);
    assert!(pipe.unget_char(b'\n'));
    assert!(!pipe.at_end() && pipe.can_read_line());
    assert_eq!(pipe.read_line_string().as_deref(), Some(""));
}

#[test]
fn text_mode_drops_carriage_returns_on_the_way_out() {
    let mut pipe = Pipe::opened(OpenMode::READ_WRITE | OpenMode::TEXT);
    assert!(pipe.is_text_mode_enabled());
    pipe.pour(b"a\r\nb\rc\nend");
    assert_eq!(pipe.read_line_bytes().unwrap(), b"a\n");
    assert_eq!(pipe.bytes_available(), 7, "they count until they are dropped");
    assert_eq!(pipe.peek(3), b"bc\n");
    assert_eq!(pipe.bytes_available(), 7);
    assert_eq!(pipe.skip(2), 2);
    assert_eq!(pipe.read_all(), b"\nend");

    pipe.pour(b"cut\r");
    let mut place = [0; 4];
    assert_eq!(pipe.read(&mut place).unwrap(), 3, "also at the end of what came");
    pipe.pour(b"\r\r");
    assert_eq!(pipe.read(&mut place).unwrap_err().kind(), ErrorKind::WouldBlock);
    pipe.pour(b"\r\n1\r2\r");
    assert_eq!(pipe.get_char(), Some(b'\n'));
    let shown = pipe.fill_buf().unwrap().to_vec();
    assert_eq!(shown, b"1");
    pipe.consume(1);
    assert_eq!(pipe.fill_buf().unwrap(), b"2");
    pipe.consume(1);
    assert_eq!(pipe.fill_buf().unwrap_err().kind(), ErrorKind::WouldBlock);

    pipe.pour(b"1\r\n2\r\n");
    pipe.set_text_mode_enabled(false);
    assert_eq!(pipe.read_line_bytes().unwrap(), b"1\r\n");
    pipe.set_text_mode_enabled(true);
    assert_eq!(pipe.read_line_bytes().unwrap(), b"2\n");

    pipe.write_all(b"x\ny\n").unwrap();
    assert_eq!(pipe.written, b"x\ny\n");
}

#[test]
fn text_mode_fills_the_reader_in_spite_of_what_it_drops() {
    let mut pipe = Pipe::opened(OpenMode::READ_ONLY | OpenMode::TEXT | OpenMode::UNBUFFERED);
    pipe.pour(b"\r\r1\r\r2\r\r3\r");
    let mut place = [0; 3];
    pipe.read_exact(&mut place).unwrap();
    assert_eq!(&place, b"123");
    assert_eq!(pipe.read_all(), b"");
    assert_eq!(pipe.bytes_available(), 0);
}

#[test]
fn a_transaction_gives_back_what_it_read_and_what_came_meanwhile() {
    let mut pipe = Pipe::with(b"l1\nl2\nl3");
    assert!(pipe.start_transaction());
    assert!(pipe.is_transaction_started() && !pipe.start_transaction());
    assert_eq!(pipe.read_line_bytes().unwrap(), b"l1\n");
    assert_eq!(pipe.peek(2), b"l2");
    assert_eq!(pipe.skip(1), 1);
    assert!(pipe.can_read_line());
    assert_eq!(pipe.read_line_bytes().unwrap(), b"2\n");
    assert!(!pipe.can_read_line());
    assert_eq!(pipe.bytes_available(), 2);
    assert!(!pipe.unget_char(b'x'));
    assert!(!pipe.set_current_read_channel(0));
    pipe.pour(b"\nl4");
    assert_eq!(pipe.read_all(), b"l3\nl4");
    assert!(pipe.at_end());
    assert_eq!(pipe.consumed, 0, "all of it is still there");
    assert!(pipe.rollback_transaction());
    assert!(!pipe.rollback_transaction() && !pipe.commit_transaction());
    assert_eq!(pipe.read_all(), b"l1\nl2\nl3\nl4");
    assert_eq!(pipe.consumed, 1);

    pipe.pour(b"abcdef");
    pipe.start_transaction();
    assert_eq!(pipe.read_bytes(2), b"ab");
    assert!(pipe.commit_transaction());
    assert_eq!(pipe.read_all(), b"cdef");

    pipe.pour(b"abc");
    pipe.start_transaction();
    pipe.close();
    assert!(!pipe.is_transaction_started());
}

#[test]
fn a_sequential_device_has_no_positions() {
    let mut pipe = Pipe::with(b"abc");
    assert!(pipe.is_sequential());
    assert_eq!(pipe.seek_to(1).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(pipe.reset().unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!((pipe.pos(), pipe.size()), (0, 3));
    assert_eq!(pipe.get_char(), Some(b'a'));
    assert_eq!((pipe.pos(), pipe.size()), (0, 2));
}

#[test]
fn there_is_one_channel() {
    let mut pipe = Pipe::with(b"");
    assert_eq!((pipe.read_channel_count(), pipe.write_channel_count()), (1, 1));
    assert!(pipe.set_current_read_channel(0) && pipe.set_current_write_channel(0));
    assert!(!pipe.set_current_read_channel(1) && !pipe.set_current_write_channel(1));
    assert_eq!((pipe.current_read_channel(), pipe.current_write_channel()), (0, 0));
}

#[test]
fn a_device_of_ones_own_is_known_by_its_signals_and_its_class() {
    let mut rt = Runtime::new().unwrap();
    let pipe = rt.add(Pipe::with(b""));
    let ready = rt.spy(pipe, Pipe::ready_read);
    let device: Obj<dyn QIODevice> = pipe.upcast();
    let written = rt.spy(device, <dyn QIODevice>::bytes_written);
    rt.with(pipe, |pipe, _| pipe.pour(b"x"));
    rt[device].write_all(b"abc").unwrap();
    settle(&mut rt);
    assert_eq!((ready.take().len(), written.take()), (1, vec![3]));
    let meta = rt[device].meta_object();
    assert_eq!(meta.super_class().unwrap().class_name(), "QIODevice");
    for signal in ["ready_read", "about_to_close", "channel_bytes_written"] {
        assert!(meta.signal(signal).is_some(), "{signal}");
    }
}
