//! Works that read, beside so many bytes that wait in the buffer.
//!
//! A text has a carriage return and a line feed at the end of each line of 16 bytes, and is read in
//! text mode. What is read without text mode has line feeds alone.

use std::hint::black_box;
use std::io::{self, BufRead, ErrorKind, Read};

use slotwire::prelude::*;
use slotwire::{Device, OpenMode, RawDevice};

use crate::work::{MOST, Work};

/// The size of a line, and of what one call reads.
const LINE: usize = 16;

const UNIX: &[u8; LINE] = b"fifteen letters\n";
const DOS: &[u8; LINE] = b"as many letter\r\n";
const ENDLESS: &[u8; LINE] = b"no end of a line";

pub(crate) fn works() -> Vec<Work> {
    vec![
        Work::new("read", |size, count| lines(size).repeat(count, read)),
        Work::new("read_text", |size, count| text(size).repeat(count, read)),
        Work::new("read_all", read_all).seldom(),
        Work::new("read_all_text", read_all_text).seldom(),
        Work::new("fill_buf", |size, count| lines(size).repeat(count, fill_buf)),
        Work::new("fill_buf_text", |size, count| text(size).repeat(count, fill_buf)),
        Work::new("peek", |size, count| lines(size).repeat(count, peek)),
        Work::new("peek_text", |size, count| text(size).repeat(count, peek)),
        Work::new("peek_all", |size, count| lines(size).repeat(count, peek_all)),
        Work::new("peek_all_text", |size, count| text(size).repeat(count, peek_all)),
        Work::new("read_line", |size, count| lines(size).repeat(count, read_line)),
        Work::new("read_line_text", |size, count| text(size).repeat(count, read_line)),
        Work::new("read_line_unfinished", |size, count| endless(size).repeat(count, no_line)),
        Work::new("can_read_line", |size, count| lines(size).repeat(count, can_read_line)),
        Work::new("cannot_read_line", |size, count| endless(size).repeat(count, can_read_line)),
        Work::new("skip", |size, count| lines(size).repeat(count, skip)),
        Work::new("skip_text", |size, count| text(size).repeat(count, skip)),
        Work::new("unget_char", |size, count| lines(size).repeat(count, unget_char)),
        Work::new("rollback", |size, count| lines(size).repeat(count, rollback)),
        Work::new("rollback_text", |size, count| text(size).repeat(count, rollback)),
        Work::new("commit", |size, count| lines(size).repeat(count, commit)),
        Work::new("commit_text", |size, count| text(size).repeat(count, commit)),
        Work::new("rollback_line", |size, count| endless(size).repeat(count, rollback_line)),
        Work::new("rollback_peek_all", |size, count| lines(size).repeat(count, rollback_peek_all)),
        Work::new("rollback_peek_all_text", |size, count| {
            text(size).repeat(count, rollback_peek_all);
        }),
        Work::new("rollback_fill_buf_text", |size, count| {
            text_without_returns(size).repeat(count, rollback_fill_buf);
        }),
        Work::new("read_behind_mark", |size, count| marked(lines(size), size).repeat(count, read)),
        Work::new("read_line_behind_mark", |size, count| {
            marked(lines(size), size).repeat(count, read_line);
        }),
        Work::new("peek_behind_mark_text", |size, count| {
            marked(text(size), size).repeat(count, peek);
        }),
    ]
}

/// A sequential device whose bytes wait in its buffer, except for those that are poured in later.
#[derive(QObject, Default)]
struct Well {
    #[qobject(device)]
    device: Device,
    below: Vec<u8>,
}

impl Well {
    /// A device with so many bytes in its buffer, and as many lines more as the longest run takes out.
    fn with(mode: OpenMode, line: &[u8; LINE], size: usize) -> Self {
        Self::exactly(mode, line, size + MOST * LINE)
    }

    fn exactly(mode: OpenMode, line: &[u8; LINE], size: usize) -> Self {
        let mut well = Self::default();
        well.open(OpenMode::READ_ONLY).expect("nothing stands in the way");
        well.below = line.repeat(size.div_ceil(LINE));
        assert!(well.peek(usize::MAX).len() >= size);
        well.set_open_mode(OpenMode::READ_ONLY | mode);
        well
    }

    fn repeat(mut self, count: usize, mut call: impl FnMut(&mut Self)) {
        for _ in 0..count {
            call(&mut self);
        }
    }
}

impl RawDevice for Well {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (&self.below[..]).read(buffer)?;
        self.below.drain(..count);
        if count == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    fn write_data(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }
}

fn lines(size: usize) -> Well {
    Well::with(OpenMode::NOT_OPEN, UNIX, size)
}

fn text(size: usize) -> Well {
    Well::with(OpenMode::TEXT, DOS, size)
}

fn endless(size: usize) -> Well {
    Well::with(OpenMode::NOT_OPEN, ENDLESS, size)
}

fn text_without_returns(size: usize) -> Well {
    Well::with(OpenMode::TEXT, ENDLESS, size)
}

/// In a transaction in which all but what the longest run takes was read.
fn marked(mut well: Well, size: usize) -> Well {
    well.start_transaction();
    well.read_exact(&mut vec![0; size / LINE * (LINE - 1)]).expect("a full buffer");
    well
}

fn read(well: &mut Well) {
    black_box(well.read(&mut [0; LINE]).expect("a full buffer"));
}

/// Takes everything. A device for each call.
fn read_all(size: usize, count: usize) {
    each(|| Well::exactly(OpenMode::NOT_OPEN, UNIX, size), count);
}

fn read_all_text(size: usize, count: usize) {
    each(|| Well::exactly(OpenMode::TEXT, DOS, size), count);
}

fn each(well: impl Fn() -> Well, count: usize) {
    let mut wells: Vec<_> = (0..4).map(|_| well()).collect();
    for well in &mut wells[..count] {
        black_box(well.read_all());
    }
}

fn fill_buf(well: &mut Well) {
    let shown = well.fill_buf().expect("a full buffer").len().min(LINE);
    well.consume(black_box(shown));
}

fn peek(well: &mut Well) {
    let seen = black_box(well.peek(LINE).len());
    well.skip(seen);
}

fn peek_all(well: &mut Well) {
    black_box(well.peek(usize::MAX).len());
    well.skip(LINE);
}

fn read_line(well: &mut Well) {
    black_box(well.read_line_bytes());
}

/// A line that has not come to its end, of which a little more has come.
fn no_line(well: &mut Well) {
    well.below.extend_from_slice(ENDLESS);
    assert!(!well.can_read_line() && well.read_line_bytes().is_none());
}

fn can_read_line(well: &mut Well) {
    black_box(well.can_read_line());
}

fn skip(well: &mut Well) {
    black_box(well.skip(LINE));
}

fn unget_char(well: &mut Well) {
    black_box(well.unget_char(b'x'));
}

fn rollback(well: &mut Well) {
    well.start_transaction();
    read(well);
    well.rollback_transaction();
}

fn commit(well: &mut Well) {
    well.start_transaction();
    read(well);
    well.commit_transaction();
}

/// A transaction that reads a little, and then finds no end of a line.
fn rollback_line(well: &mut Well) {
    well.start_transaction();
    read(well);
    assert!(!well.can_read_line());
    well.rollback_transaction();
}

/// A transaction that looks at everything, reads a little and goes back.
fn rollback_peek_all(well: &mut Well) {
    well.start_transaction();
    black_box(well.peek(usize::MAX).len());
    read(well);
    well.rollback_transaction();
}

fn rollback_fill_buf(well: &mut Well) {
    well.start_transaction();
    fill_buf(well);
    fill_buf(well);
    well.rollback_transaction();
}
