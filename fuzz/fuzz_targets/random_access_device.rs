//! Reading, writing and moving about in random-access devices.
//!
//! A device with or without a buffer, over something that gives as little at a time as it likes,
//! and a `QBuffer`: each is a row of bytes with a position, and what is read is what stands there.

#![no_main]

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use slotwire::prelude::*;
use slotwire::{Device, OpenMode, QBuffer, RawDevice};

#[derive(Arbitrary, Debug)]
struct Program {
    bytes: Vec<u8>,
    /// How much the file gives and takes at once.
    step: u8,
    unbuffered: bool,
    text: bool,
    acts: Vec<Act>,
}

/// A long program shows nothing that a short one does not.
const MOST_ACTS: usize = 48;

#[derive(Arbitrary, Debug)]
enum Act {
    Read(u16),
    ReadBytes(u16),
    Peek(u16),
    Skip(u16),
    LineUpTo(u16),
    WholeLine,
    Show(u8),
    PutBackAndGet(u8),
    Write(Vec<u8>),
    Seek(u16),
    SeekFromEnd(i16),
    SeekFromHere(i16),
    Begin,
    Commit,
    RollBack,
    SetText(bool),
    OpenAnew { append: bool, truncate: bool },
}

/// A file that reads and writes in small steps.
#[derive(QObject, Default)]
struct File {
    #[qobject(device)]
    device: Device,
    bytes: Vec<u8>,
    cursor: usize,
    step: usize,
}

impl RawDevice for File {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        assert!(!buffer.is_empty(), "nobody needs to ask for nothing");
        let asked = buffer.len().min(self.step);
        let count = self.bytes[self.cursor..].as_ref().read(&mut buffer[..asked])?;
        self.cursor += count;
        Ok(count)
    }

    fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..bytes.len().min(self.step)];
        put(&mut self.bytes, self.cursor, bytes);
        self.cursor += bytes.len();
        Ok(bytes.len())
    }

    fn is_random_access(&self) -> bool {
        true
    }

    fn data_size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn line_available(&self) -> bool {
        self.bytes[self.cursor..].contains(&b'\n')
    }

    fn seek_data(&mut self, position: u64) -> io::Result<()> {
        if position > self.data_size() {
            return Err(ErrorKind::InvalidInput.into());
        }
        self.cursor = position as usize;
        Ok(())
    }

    fn open_data(&mut self, mode: OpenMode) -> io::Result<()> {
        if mode.contains(OpenMode::TRUNCATE) {
            self.bytes.clear();
        }
        Ok(())
    }
}

/// Puts bytes over those that stand at a position, and after the end.
fn put(bytes: &mut Vec<u8>, position: usize, new: &[u8]) {
    let over = new.len().min(bytes.len() - position);
    bytes.splice(position..position + over, new.iter().copied());
}

/// A row of bytes with a position.
#[derive(Default)]
struct Row {
    bytes: Vec<u8>,
    position: usize,
    /// Where a transaction began.
    mark: Option<usize>,
    text: bool,
    /// Zeros are put where somebody seeks beyond the end.
    pads: bool,
}

impl Row {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.position..]
    }

    /// What a reader sees of these bytes.
    fn seen(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.iter().copied().filter(|&byte| !(self.text && byte == b'\r')).collect()
    }

    /// Goes to where the device stands; returns what lies between.
    fn follow(&mut self, device: &dyn QIODevice) -> Vec<u8> {
        let position = device.pos() as usize;
        let passed = self.bytes[self.position..position].to_vec();
        self.position = position;
        passed
    }

    /// Asserts that this was read, and nothing else.
    fn was_read(&mut self, device: &dyn QIODevice, read: &[u8]) {
        let passed = self.follow(device);
        assert_eq!(self.seen(&passed), read);
    }

    /// Says how far the next line goes, up to `max` bytes.
    fn line_len(&self, max: usize) -> usize {
        let end = self.rest().iter().position(|&byte| byte == b'\n');
        end.map_or(self.rest().len(), |end| end + 1).min(max)
    }

    /// Asserts that this is the next line, up to `max` bytes.
    fn was_line(&mut self, device: &dyn QIODevice, line: &[u8], max: usize) {
        let len = self.line_len(max);
        let raw = self.follow(device);
        assert_eq!(raw.len(), len);
        let mut expected = raw;
        if self.text && expected.ends_with(b"\r\n") {
            expected.truncate(len - 2);
            expected.push(b'\n');
        }
        assert_eq!(line, expected);
    }

    fn seek(&mut self, target: Option<u64>, done: &io::Result<()>) {
        match target.map(|target| target as usize) {
            Some(target) if target <= self.bytes.len() || self.pads => {
                assert!(done.is_ok(), "{target}");
                self.bytes.resize(self.bytes.len().max(target), 0);
                self.position = target;
            }
            _ => assert_eq!(done.as_ref().unwrap_err().kind(), ErrorKind::InvalidInput),
        }
    }

    fn act(&mut self, device: &mut dyn QIODevice, act: &Act) {
        match act {
            Act::Read(max) => {
                let mut place = vec![0; (*max).into()];
                let count = device.read(&mut place).expect("a file has an end");
                self.was_read(device, &place[..count]);
                if count == 0 && *max > 0 {
                    assert_eq!(self.rest(), b"");
                }
            }
            Act::ReadBytes(max) => {
                let max = usize::from(*max);
                let read = device.read_bytes(max);
                self.was_read(device, &read);
                assert!(read.len() <= max);
                assert!(read.len() == max || self.rest().is_empty());
            }
            Act::Peek(max) => {
                let mut expected = self.seen(self.rest());
                expected.truncate((*max).into());
                assert_eq!(device.peek((*max).into()), expected);
            }
            Act::Skip(max) => {
                let max = usize::from(*max);
                let skipped = device.skip(max);
                let passed = self.follow(device);
                assert_eq!(self.seen(&passed).len(), skipped);
                assert!(skipped == max || skipped < max && self.rest().is_empty());
            }
            Act::LineUpTo(max) => {
                let line = device.read_line_max((*max).into());
                self.was_line(device, &line, (*max).into());
            }
            Act::WholeLine => {
                let line = device.read_line_bytes();
                assert_eq!(line.is_none(), self.rest().is_empty());
                self.was_line(device, &line.unwrap_or_default(), usize::MAX);
            }
            Act::Show(count) => {
                let shown = device.fill_buf().expect("a file has an end").to_vec();
                self.was_read(device, b"");
                assert!(self.rest().starts_with(&shown));
                assert_eq!(shown.is_empty(), self.rest().is_empty());
                let count = shown.len().min((*count).into());
                device.consume(count);
                self.was_read(device, &shown[..count]);
            }
            Act::PutBackAndGet(byte) => {
                let is_dropped = self.text && *byte == b'\r';
                if !is_dropped && device.unget_char(*byte) {
                    assert!(self.mark.is_none());
                    assert_eq!(device.get_char(), Some(*byte));
                    // Carriage returns behind it may have gone with it.
                    self.was_read(device, b"");
                }
            }
            Act::Write(bytes) => {
                let count = device.write(bytes).expect("it is open for writing");
                assert!(count > 0 || bytes.is_empty());
                put(&mut self.bytes, self.position, &bytes[..count]);
                self.position += count;
            }
            Act::Seek(target) => {
                let target = u64::from(*target);
                self.seek(Some(target), &device.seek_to(target));
            }
            Act::SeekFromEnd(_) | Act::SeekFromHere(_) => {}
            Act::Begin => {
                assert_eq!(device.start_transaction(), self.mark.is_none());
                self.mark.get_or_insert(self.position);
            }
            Act::Commit => assert_eq!(device.commit_transaction(), self.mark.take().is_some()),
            Act::RollBack => {
                let mark = self.mark.take();
                assert_eq!(device.rollback_transaction(), mark.is_some());
                self.position = mark.unwrap_or(self.position);
            }
            Act::SetText(on) => {
                device.set_text_mode_enabled(*on);
                self.text = *on;
            }
            Act::OpenAnew { append, truncate } => {
                let mut mode = device.open_mode();
                mode.set(OpenMode::APPEND, *append);
                mode.set(OpenMode::TRUNCATE, *truncate);
                device.open(mode).expect("nothing below says no");
                self.mark = None;
                if *truncate {
                    self.bytes.clear();
                }
                self.position = if *append { self.bytes.len() } else { 0 };
            }
        }
        assert_eq!(device.pos(), self.position as u64);
        assert_eq!(device.size(), self.bytes.len() as u64);
        assert_eq!(device.bytes_available(), self.rest().len());
        assert_eq!(device.can_read_line(), self.rest().contains(&b'\n'));
    }
}

/// Does to a buffer what only it can.
fn act_on_buffer(row: &mut Row, buffer: &mut QBuffer, act: &Act) {
    let (from, target) = match *act {
        Act::SeekFromEnd(offset) => {
            (SeekFrom::End(offset.into()), buffer.size().checked_add_signed(offset.into()))
        }
        Act::SeekFromHere(offset) => {
            (SeekFrom::Current(offset.into()), buffer.pos().checked_add_signed(offset.into()))
        }
        _ => return row.act(buffer, act),
    };
    let done = buffer.seek(from);
    row.seek(target, &done.map(|position| assert_eq!(Some(position), target)));
    assert_eq!(buffer.data(), row.bytes);
}

fuzz_target!(|program: Program| {
    let Program { bytes, step, unbuffered, text, acts } = program;
    let mut mode = OpenMode::READ_WRITE;
    mode.set(OpenMode::UNBUFFERED, unbuffered);
    mode.set(OpenMode::TEXT, text);
    let step = if step == 0 { usize::MAX } else { step.into() };
    let mut file = File { bytes: bytes.clone(), step, ..File::default() };
    let mut buffer = QBuffer::from(bytes.clone());
    file.open(mode).expect("nothing below says no");
    buffer.open(mode).expect("nothing below says no");
    let mut row_of_file = Row { bytes: bytes.clone(), text, ..Row::default() };
    let mut row_of_buffer = Row { bytes, text, pads: true, ..Row::default() };
    for act in acts.iter().take(MOST_ACTS) {
        row_of_file.act(&mut file, act);
        act_on_buffer(&mut row_of_buffer, &mut buffer, act);
    }
    assert_eq!(file.bytes, row_of_file.bytes);
    assert_eq!(buffer.data(), row_of_buffer.bytes);
});
