//! Devices over the standard library's readers and writers: files, pipes, the standard streams.

use std::io::{self, ErrorKind, Read, Write};

use super::cursor::{Cursor, first};
use super::device::StreamDevice;

/// How many bytes are read at a time.
const CHUNK: usize = 8 * 1024;

/// A reader of the standard library, from which a stream reads: a file, a pipe, `stdin`.
///
/// It may block, and reads no further than the stream needs it to; what it reads beyond that, it keeps
/// for the next read.
#[derive(Debug)]
pub struct Reader<R> {
    reader: R,
    buffer: Vec<u8>,
    /// How many bytes of the buffer were taken.
    cursor: Cursor,
    has_ended: bool,
    error: Option<io::Error>,
}

impl<R: Read> Reader<R> {
    /// Creates a device that reads from `reader`.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            cursor: Cursor::default(),
            has_ended: false,
            error: None,
        }
    }

    /// Returns the error by which reading has ended, if it was one. What came before it can be read; but a
    /// line, a word or a number that ends with it has not come whole, so that
    /// [`read_line`](super::QTextStream::read_line) returns `None` for it. It is there for
    /// [`read_all`](super::QTextStream::read_all), and [`at_end`](super::QTextStream::at_end) is false
    /// until then.
    pub fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    /// Returns the reader. What was read ahead is lost.
    pub fn into_inner(self) -> R {
        self.reader
    }

    /// Reads once, and returns true if it has got something.
    fn fill(&mut self) -> bool {
        if self.has_ended || self.error.is_some() {
            return false;
        }
        let passed = self.cursor.passed();
        if passed >= self.buffer.len() / 2 {
            self.buffer.drain(..passed);
            self.cursor.drop_passed();
        }
        let len = self.buffer.len();
        self.buffer.resize(len + CHUNK, 0);
        let read = loop {
            match self.reader.read(&mut self.buffer[len..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.buffer.truncate(len + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => self.has_ended = true,
            Ok(_) => return true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => self.error = Some(error),
        }
        false
    }
}

impl<R: Read> StreamDevice for Reader<R> {
    /// Blocks until there are `count` bytes, or the reader has ended.
    fn look(&mut self, count: usize) -> &[u8] {
        while self.buffer.len() - self.cursor.at() < count && self.fill() {}
        self.look_to_end(count).0
    }

    fn take(&mut self, count: usize) {
        self.cursor.take(count, self.buffer.len());
    }

    fn put(&mut self, _: &[u8]) -> io::Result<()> {
        Err(io::Error::new(ErrorKind::Unsupported, "a reader can only be read"))
    }

    fn begin(&mut self) -> bool {
        self.cursor.begin()
    }

    fn end(&mut self, puts_back: bool) {
        self.cursor.end(puts_back);
    }

    fn look_to_end(&mut self, count: usize) -> (&[u8], bool) {
        let rest = &self.buffer[self.cursor.at()..];
        (first(rest, count), self.has_ended && rest.len() <= count)
    }

    fn wait(&mut self) -> bool {
        self.fill()
    }
}

/// A writer of the standard library, to which a stream writes: a file, a pipe, `stdout`.
///
/// It may block. Put a [`BufWriter`](io::BufWriter) into it if each write is a system call.
#[derive(Debug)]
pub struct Writer<W> {
    writer: W,
}

impl<W: Write> Writer<W> {
    /// Creates a device that writes to `writer`.
    pub fn new(writer: W) -> Self {
        Self { writer }
    }

    /// Returns the writer.
    pub fn into_inner(self) -> W {
        self.writer
    }
}

impl<W: Write> StreamDevice for Writer<W> {
    fn look(&mut self, _: usize) -> &[u8] {
        &[]
    }

    fn take(&mut self, _: usize) {}

    /// If the writer fails in the middle, a part is written.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)
    }

    fn begin(&mut self) -> bool {
        true
    }

    fn end(&mut self, _: bool) {}

    fn look_to_end(&mut self, _: usize) -> (&[u8], bool) {
        (&[], true)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
