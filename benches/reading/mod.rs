//! Works that read: a device whose buffer holds a MiB is read in small pieces.
//!
//! Each operation should cost what its piece costs, however much is in the buffer behind it.

use std::hint::black_box;
use std::io::{self, BufRead, ErrorKind, Read};

use slotwire::prelude::*;
use slotwire::{Device, OpenMode, RawDevice};

/// How much the buffer holds when it was filled.
const FULL: usize = 1 << 20;

/// The size of a piece, which is a line.
const LINE: usize = 64;

/// A sequential device that gives lines for as long as it is asked.
#[derive(QObject)]
struct Tape {
    #[qobject(device)]
    device: Device,
    lines: Vec<u8>,
    left: usize,
}

impl Tape {
    fn new(mode: OpenMode) -> Self {
        let mut line = [b'x'; LINE];
        line[LINE - 1] = b'\n';
        if mode.contains(OpenMode::TEXT) {
            line[LINE - 2] = b'\r';
        }
        let mut tape = Self { device: Device::new(), lines: line.repeat(FULL / LINE), left: 0 };
        tape.open(OpenMode::READ_ONLY | mode).expect("nothing stands in the way");
        tape
    }

    /// Fills the buffer if it is empty.
    fn fill(&mut self) {
        if self.at_end() {
            self.left = FULL;
            let text = self.is_text_mode_enabled();
            self.set_text_mode_enabled(false);
            black_box(self.peek(FULL).len());
            self.set_text_mode_enabled(text);
        }
    }
}

impl RawDevice for Tape {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match (&self.lines[FULL - self.left..]).read(buffer)? {
            0 => Err(ErrorKind::WouldBlock.into()),
            count => {
                self.left -= count;
                Ok(count)
            }
        }
    }

    fn write_data(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }
}

/// Does `read` so many times, each with a device that has at least a line in its buffer.
fn repeat(mode: OpenMode, count: usize, mut read: impl FnMut(&mut Tape)) {
    let mut tape = Tape::new(mode);
    for _ in 0..count {
        tape.fill();
        read(&mut tape);
    }
}

/// Drops 64 KiB: what the others pay for the bytes that come into the buffer.
pub(crate) fn skip(count: usize) {
    repeat(OpenMode::NOT_OPEN, count, |tape| {
        black_box(tape.skip(64 * 1024));
    });
}

/// Shows 64 KiB and takes them.
pub(crate) fn fill_buf(count: usize) {
    repeat(OpenMode::NOT_OPEN, count, |tape| {
        let shown = tape.fill_buf().expect("a full buffer").len().min(64 * 1024);
        tape.consume(black_box(shown));
    });
}

/// Takes a line by `BufRead`.
pub(crate) fn line_by_std(mode: OpenMode, count: usize) {
    let mut line = Vec::new();
    repeat(mode, count, |tape| {
        line.clear();
        black_box(tape.read_until(b'\n', &mut line).expect("a full buffer"));
    });
}

/// Takes a line.
pub(crate) fn line(mode: OpenMode, count: usize) {
    let mut line = Vec::new();
    repeat(mode, count, |tape| {
        black_box(tape.read_line_into(&mut line, usize::MAX));
    });
}

/// Looks at as much as a line, and drops it.
pub(crate) fn peek(mode: OpenMode, count: usize) {
    repeat(mode, count, |tape| {
        let seen = black_box(tape.peek(LINE).len());
        tape.skip(seen);
    });
}

/// Looks at everything, and drops as much as a line.
pub(crate) fn peek_all(mode: OpenMode, count: usize) {
    repeat(mode, count, |tape| {
        black_box(tape.peek(FULL).len());
        tape.skip(LINE);
    });
}
