//! Reading a sequential device, in every way that there is.
//!
//! Whatever is below the device, in which pieces it comes and how it is read: each byte comes out
//! once, in its order and unaltered, but for the carriage returns that text mode drops. No reader
//! gets more than it asked for, and none gets less while there is more.

#![no_main]

use std::collections::VecDeque;
use std::io::{self, BufRead, ErrorKind, Read};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use slotwire::prelude::*;
use slotwire::{Device, OpenMode, RawDevice};

#[derive(Arbitrary, Debug)]
struct Program {
    unbuffered: bool,
    text: bool,
    /// What is below says that it gave more than there was room for.
    boasts: bool,
    acts: Vec<Act>,
}

/// A long program shows nothing that a short one does not.
const MOST_ACTS: usize = 48;

#[derive(Arbitrary, Debug)]
enum Act {
    Come(Below),
    Read(u16),
    ReadBytes(u16),
    ReadToEnd,
    ReadUntil(u8),
    Peek(u16),
    Skip(u16),
    LineUpTo(u16),
    WholeLine,
    LineOfText,
    GetChar,
    Unget(u8),
    Show(u8),
    Begin,
    Commit,
    RollBack,
    SetText(bool),
    OpenAnew,
}

/// What is found below the device when it looks there.
#[derive(Arbitrary, Debug)]
enum Below {
    Bytes(Vec<u8>),
    /// More than is read ahead at once.
    Many(u16),
    /// For now.
    Nothing,
    Fault,
    End,
}

/// How the last look below ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Bytes,
    Nothing,
    Fault,
    End,
}

#[derive(QObject, Default)]
struct Source {
    #[qobject(device)]
    device: Device,
    below: VecDeque<Below>,
    boasts: bool,
    found: Option<Found>,
    /// How many bytes were handed up since the device was opened for the first time.
    given: usize,
}

impl Source {
    fn bytes_below(&self) -> impl Iterator<Item = &[u8]> {
        self.below.iter().filter_map(|below| match below {
            Below::Bytes(bytes) => Some(&bytes[..]),
            _ => None,
        })
    }
}

impl RawDevice for Source {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        assert!(!buffer.is_empty(), "nobody needs to ask for nothing");
        let found = match self.below.front_mut() {
            Some(Below::Bytes(bytes)) => {
                let count = bytes.len().min(buffer.len());
                buffer[..count].copy_from_slice(&bytes[..count]);
                bytes.drain(..count);
                if bytes.is_empty() {
                    self.below.pop_front();
                }
                self.given += count;
                self.found = Some(Found::Bytes);
                let is_full = count == buffer.len();
                return Ok(count + usize::from(is_full && self.boasts));
            }
            Some(Below::End) => Found::End,
            Some(Below::Fault) => Found::Fault,
            Some(Below::Nothing | Below::Many(_)) | None => Found::Nothing,
        };
        self.found = Some(found);
        if found != Found::End {
            self.below.pop_front();
        }
        match found {
            Found::End => Ok(0),
            Found::Fault => Err(ErrorKind::ConnectionReset.into()),
            _ => Err(ErrorKind::WouldBlock.into()),
        }
    }

    fn write_data(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }

    fn data_available(&self) -> usize {
        self.bytes_below().map(<[u8]>::len).sum()
    }

    fn line_available(&self) -> bool {
        self.bytes_below().any(|bytes| bytes.contains(&b'\n'))
    }
}

/// A device, and all that has ever come to be read from it.
struct Bench {
    source: Source,
    stream: Vec<u8>,
    /// How far the stream was read.
    position: usize,
    /// Where a transaction began.
    mark: Option<usize>,
}

impl Bench {
    /// Brings something below the device.
    fn come(&mut self, below: Below) {
        let below = match below {
            Below::Bytes(bytes) => Below::Bytes(bytes),
            Below::Many(count) => {
                let start = self.stream.len();
                let count = usize::from(count % 20_000);
                Below::Bytes((start..start + count).map(|number| number as u8).collect())
            }
            other => other,
        };
        match &below {
            Below::Bytes(bytes) if bytes.is_empty() => return,
            Below::Bytes(bytes) => self.stream.extend(bytes),
            _ => {}
        }
        self.source.below.push_back(below);
    }

    fn is_text(&self) -> bool {
        self.source.is_text_mode_enabled()
    }

    /// What was handed up and not read yet.
    fn buffered(&self) -> &[u8] {
        &self.stream[self.position..self.source.given]
    }

    /// What a reader sees of these bytes.
    fn seen(&self, bytes: &[u8]) -> Vec<u8> {
        let is_text = self.is_text();
        bytes.iter().copied().filter(|&byte| !(is_text && byte == b'\r')).collect()
    }

    /// Goes to where the device stands; returns what lies between.
    fn follow(&mut self) -> Vec<u8> {
        let position = self.stream.len() - self.source.bytes_available();
        let passed = self.stream[self.position..position].to_vec();
        self.position = position;
        passed
    }

    /// Asserts that this was read, and nothing else.
    fn was_read(&mut self, read: &[u8]) {
        let passed = self.follow();
        assert_eq!(self.seen(&passed), read);
    }

    /// Asserts that there was nothing more to read for a reader that stopped.
    fn is_dry(&self) {
        assert_eq!(self.buffered(), b"");
    }

    /// Asserts that a reader that stopped had reached what cannot be passed.
    fn is_stopped(&self) {
        self.is_dry();
        assert_ne!(self.source.found, Some(Found::Bytes));
    }

    /// Asserts that a reader that failed had taken all there was, and says why it failed.
    fn failed(&self, error: &io::Error) {
        self.is_dry();
        self.says_why(error);
    }

    /// Asserts that a failed read says why.
    fn says_why(&self, error: &io::Error) {
        let expected = match self.source.found {
            Some(Found::Fault) => ErrorKind::ConnectionReset,
            _ => ErrorKind::WouldBlock,
        };
        assert_eq!(error.kind(), expected);
        assert_ne!(self.source.found, Some(Found::End));
    }

    /// Asserts that without a buffer nothing was taken from below that was not asked for.
    fn took_no_more_than(&self, given: usize, asked_up_to: usize) {
        if self.source.open_mode().contains(OpenMode::UNBUFFERED) && !self.is_text() {
            assert!(self.source.given <= given.max(asked_up_to));
        }
    }

    /// What a reader of lines makes of a line.
    fn as_line(&self, raw: &[u8]) -> Vec<u8> {
        match raw.strip_suffix(b"\r\n") {
            Some(line) if self.is_text() => [line, b"\n"].concat(),
            _ => raw.to_vec(),
        }
    }

    /// Asserts that this is the next line as it is to be read, up to `max` bytes.
    fn was_line(&mut self, line: &[u8], max: usize) {
        let given = self.source.given;
        let raw = self.follow();
        assert_eq!(line, self.as_line(&raw));
        assert!(raw.len() <= max);
        let end = raw.iter().position(|&byte| byte == b'\n');
        assert!(end.is_none_or(|end| end + 1 == raw.len()), "a line ends with its line feed");
        if end.is_none() && raw.len() < max {
            self.is_stopped();
        }
        if self.source.open_mode().contains(OpenMode::UNBUFFERED) {
            assert!(self.source.given <= given.max(self.position));
        }
    }

    fn act(&mut self, act: Act) {
        self.source.found = None;
        let (start, given) = (self.position, self.source.given);
        match act {
            Act::Come(below) => self.come(below),
            Act::Read(max) => {
                let mut place = vec![0; max.into()];
                match self.source.read(&mut place) {
                    Ok(count) => {
                        self.was_read(&place[..count]);
                        if count < place.len() {
                            self.is_dry();
                        }
                        if count == 0 && max > 0 {
                            assert_eq!(self.source.found, Some(Found::End));
                        }
                    }
                    Err(error) => {
                        self.was_read(b"");
                        self.failed(&error);
                    }
                }
                self.took_no_more_than(given, start + place.len());
            }
            Act::ReadBytes(max) => {
                let max = limit(max);
                let read = self.source.read_bytes(max);
                self.was_read(&read);
                assert!(read.len() <= max);
                if read.len() < max {
                    self.is_stopped();
                }
                self.took_no_more_than(given, start.saturating_add(max));
            }
            Act::ReadToEnd => {
                let mut read = Vec::new();
                let done = self.source.read_to_end(&mut read);
                self.was_read(&read);
                self.is_stopped();
                if let Err(error) = done {
                    self.failed(&error);
                }
            }
            Act::ReadUntil(byte) => {
                let mut read = Vec::new();
                let done = self.source.read_until(byte, &mut read);
                self.was_read(&read);
                match done {
                    Ok(_) if read.ends_with(&[byte]) => {}
                    Ok(_) => assert_eq!(self.source.found, Some(Found::End)),
                    // A line is taken whole or not at all.
                    Err(error) if byte == b'\n' && !self.is_text() => {
                        assert_eq!(read, b"");
                        assert!(!self.buffered().contains(&b'\n'));
                        self.says_why(&error);
                    }
                    Err(error) => self.failed(&error),
                }
            }
            Act::Peek(max) => {
                let max = limit(max);
                let peeked = self.source.peek(max).to_vec();
                assert_eq!(self.follow(), b"", "peeking takes nothing");
                let mut expected = self.seen(self.buffered());
                expected.truncate(max);
                assert_eq!(peeked, expected);
                if peeked.len() < max {
                    assert_ne!(self.source.found, Some(Found::Bytes));
                    assert_ne!(self.source.found, None);
                }
                self.took_no_more_than(given, start.saturating_add(max));
            }
            Act::Skip(max) => {
                let max = limit(max);
                let skipped = self.source.skip(max);
                let passed = self.follow();
                assert_eq!(self.seen(&passed).len(), skipped);
                assert!(skipped <= max);
                if skipped < max {
                    self.is_dry();
                }
            }
            Act::LineUpTo(max) => {
                let max = limit(max);
                let line = self.source.read_line_max(max);
                self.was_line(&line, max);
            }
            Act::WholeLine => match self.source.read_line_bytes() {
                Some(line) => {
                    self.was_line(&line, usize::MAX);
                    if !line.ends_with(b"\n") {
                        assert_eq!(self.source.found, Some(Found::End));
                    }
                }
                None => self.has_no_line(),
            },
            Act::LineOfText => match self.source.read_line_string() {
                Some(line) => {
                    let raw = self.follow();
                    let whole = self.as_line(&raw);
                    let text = match whole.strip_suffix(b"\n") {
                        Some(text) => text.strip_suffix(b"\r").unwrap_or(text),
                        None => &whole,
                    };
                    assert_eq!(line, String::from_utf8_lossy(text));
                    assert!(!line.contains('\n') && !raw.is_empty());
                }
                None => self.has_no_line(),
            },
            Act::GetChar => {
                let byte = self.source.get_char();
                self.was_read(byte.as_slice());
                if byte.is_none() {
                    self.is_stopped();
                }
            }
            Act::Unget(byte) => {
                let was_put_back = self.source.unget_char(byte);
                assert_eq!(was_put_back, self.mark.is_none());
                if was_put_back {
                    self.stream.insert(self.position, byte);
                    self.source.given += 1;
                }
            }
            Act::Show(count) => match self.source.fill_buf() {
                Ok(shown) => {
                    let shown = shown.to_vec();
                    self.was_read(b"");
                    assert!(self.buffered().starts_with(&shown));
                    assert!(!(self.is_text() && shown.contains(&b'\r')));
                    if shown.is_empty() {
                        assert_eq!(self.source.found, Some(Found::End));
                    }
                    let count = shown.len().min(count.into());
                    self.source.consume(count);
                    self.was_read(&shown[..count]);
                }
                Err(error) => {
                    self.was_read(b"");
                    self.failed(&error);
                }
            },
            Act::Begin => {
                assert_eq!(self.source.start_transaction(), self.mark.is_none());
                self.mark.get_or_insert(start);
            }
            Act::Commit => {
                assert_eq!(self.source.commit_transaction(), self.mark.take().is_some());
            }
            Act::RollBack => {
                let mark = self.mark.take();
                assert_eq!(self.source.rollback_transaction(), mark.is_some());
                self.position = mark.unwrap_or(start);
            }
            Act::SetText(on) => {
                self.source.set_text_mode_enabled(on);
                assert_eq!(self.is_text(), on);
            }
            Act::OpenAnew => {
                let mode = self.source.open_mode();
                self.source.open(mode).expect("nothing below says no");
                self.mark = None;
                self.position = given;
            }
        }
        assert_eq!(self.follow(), b"", "nothing moves but what was to move");
        let left = &self.stream[self.position..];
        assert_eq!(self.source.can_read_line(), left.contains(&b'\n'));
        assert_eq!(self.source.at_end(), left.is_empty());
        assert_eq!(self.source.is_transaction_started(), self.mark.is_some());
    }

    /// Asserts that there was no whole line to be had.
    fn has_no_line(&mut self) {
        assert_eq!(self.follow(), b"", "what is no line is left");
        assert!(!self.buffered().contains(&b'\n'));
        match self.source.found {
            Some(Found::End) => self.is_dry(),
            found => assert!(matches!(found, Some(Found::Nothing | Found::Fault))),
        }
    }
}

/// How much is asked for; the largest number is no limit.
fn limit(max: u16) -> usize {
    if max == u16::MAX { usize::MAX } else { max.into() }
}

fuzz_target!(|program: Program| {
    let mut mode = OpenMode::READ_ONLY;
    mode.set(OpenMode::UNBUFFERED, program.unbuffered);
    mode.set(OpenMode::TEXT, program.text);
    let mut source = Source { boasts: program.boasts, ..Source::default() };
    source.open(mode).expect("nothing below says no");
    let mut bench = Bench { source, stream: Vec::new(), position: 0, mark: None };
    for act in program.acts.into_iter().take(MOST_ACTS) {
        bench.act(act);
    }
});
