//! Messages that come over a device.
//!
//! Whatever the bytes are, and in whatever pieces they come, the messages and errors are those that an
//! oracle finds which reads all bytes at once. The reader comes to an end and has little memory.

#![no_main]

use std::cell::RefCell;
use std::fmt::Debug;
use std::rc::Rc;

use arbitrary::Arbitrary;
use counting_allocator::{CountingAllocator, count};
use libfuzzer_sys::fuzz_target;
use slotwire::message::{
    DataStreamCodec, Decoder, LengthPrefixCodec, LineCodec, MessageError, Messages, Skip,
    TokioCodec,
};
use slotwire::prelude::*;
use slotwire::stream::{ByteOrder, Bytes, QDataStream};
use tokio_util::codec::LinesCodec;

use pipe::Pipe;

#[path = "../../tests/support/pipe.rs"]
mod pipe;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// The memory that a reader may have besides twice the length of what comes, in bytes.
const MOST_MEMORY: usize = 1 << 20;

/// The codec of the messages.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Kind {
    Lines { requires_line_feed: bool },
    Prefixed { width: Width, is_little_endian: bool, counts_itself: bool },
    Values,
    TokioLines,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Width {
    One,
    Two,
    Three,
    Four,
    Eight,
}

impl Width {
    fn codec(self) -> LengthPrefixCodec {
        match self {
            Self::One => LengthPrefixCodec::u8(),
            Self::Two => LengthPrefixCodec::u16(),
            Self::Three => LengthPrefixCodec::u24(),
            Self::Four => LengthPrefixCodec::u32(),
            Self::Eight => LengthPrefixCodec::u64(),
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }
}

/// What the messages of a data stream are.
type Value = (u8, Option<String>, Vec<(i16, Vec<u8>)>);

#[derive(Arbitrary, Clone, Copy, Debug)]
struct Settings {
    /// How many bytes a message may have.
    limit: Option<u8>,
    skips: bool,
    is_unbuffered: bool,
    /// Each slot pauses the reading, and the program resumes it.
    pauses: bool,
    cuts: [u8; 4],
}

/// What the reader says.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    Message(String),
    TooLong,
    Incomplete,
    Invalid,
    End,
}

/// Of a value that announces more than the limit, and has wrong bytes behind that, the pieces decide
/// which error is found first, and whether it is found before the end.
fn of_values(mut said: Vec<Said>) -> Vec<Said> {
    let wrong = said.iter().position(|said| matches!(said, Said::TooLong | Said::Invalid));
    if let Some(wrong) = wrong {
        said.truncate(wrong);
        said.push(Said::Invalid);
    }
    said
}

impl From<&MessageError> for Said {
    fn from(error: &MessageError) -> Self {
        match error {
            MessageError::TooLong { .. } => Self::TooLong,
            MessageError::Incomplete { .. } => Self::Incomplete,
            MessageError::Invalid(_) => Self::Invalid,
            other => panic!("{other}"),
        }
    }
}

fuzz_target!(|input: (Kind, Settings, &[u8])| {
    let (kind, settings, bytes) = input;
    let limit = settings.limit.map_or(1 << 20, usize::from);
    match kind {
        Kind::Lines { requires_line_feed } => {
            let mut codec = LineCodec::new();
            if requires_line_feed {
                codec = codec.requiring_line_feed();
            }
            let expected = lines(bytes, limit, settings.skips, requires_line_feed);
            check(bytes, settings, &expected, || skipping(codec.clone(), settings.skips));
        }
        Kind::Prefixed { width, is_little_endian, counts_itself } => {
            let mut codec = width.codec();
            if is_little_endian {
                codec = codec.with_byte_order(ByteOrder::LittleEndian);
            }
            if counts_itself {
                codec = codec.counting_itself();
            }
            let expected = prefixed(
                bytes,
                limit,
                settings.skips,
                width.bytes(),
                is_little_endian,
                counts_itself,
            );
            check(bytes, settings, &expected, || skipping(codec.clone(), settings.skips));
        }
        Kind::Values => {
            let expected = values(bytes, limit);
            check_with(bytes, settings, &expected, of_values, || {
                reader(DataStreamCodec::<Value>::new())
            });
        }
        Kind::TokioLines => {
            // The codec has the limit: what the adapter counts are the bytes in its buffer.
            let expected = tokio_lines(bytes, limit);
            let settings = Settings { limit: None, ..settings };
            check(bytes, settings, &expected, || {
                reader(TokioCodec::new(LinesCodec::new_with_max_length(limit)))
            });
        }
    }
});

/// Creates the reader of a pipe.
type Reader<C> = (C, fn(&mut Messages<C>));

fn reader<C: Decoder>(codec: C) -> Reader<C> {
    (codec, |_| {})
}

fn skipping<C: Skip>(codec: C, skips: bool) -> Reader<C> {
    (codec, if skips { |messages| messages.set_skips_long_messages(true) } else { |_| {} })
}

fn check<C: Decoder>(
    bytes: &[u8],
    settings: Settings,
    expected: &[Said],
    reader: impl Fn() -> Reader<C>,
) {
    check_with(bytes, settings, expected, |said| said, reader);
}

/// Compares what is the same to `same`.
fn check_with<C: Decoder>(
    bytes: &[u8],
    settings: Settings,
    expected: &[Said],
    same: fn(Vec<Said>) -> Vec<Said>,
    reader: impl Fn() -> Reader<C>,
) {
    let expected = same(expected.to_vec());
    let mut ends = settings.cuts.map(|cut| usize::from(cut) % (bytes.len() + 1));
    ends.sort_unstable();
    let [a, b, c, d] = ends;
    let pieces = [&bytes[..a], &bytes[a..b], &bytes[b..c], &bytes[c..d], &bytes[d..]];
    let single: Vec<_> = bytes.chunks(1).collect();
    for pieces in [&[bytes][..], &pieces, &single] {
        let mut said = Vec::new();
        let memory = count(|| said = play(pieces, settings, reader())).peak_bytes;
        let limit = 2 * bytes.len() + MOST_MEMORY;
        assert!(usize::try_from(memory).is_ok_and(|memory| memory <= limit), "{memory} bytes");
        assert_eq!(same(said), expected, "{pieces:?}");
    }
}

thread_local! {
    /// The runtime of all executions: a new one for each would take most of their time.
    static RUNTIME: RefCell<Runtime> = RefCell::new(Runtime::new().unwrap());
}

/// Brings the pieces and then the end. Returns what the reader says.
fn play<C: Decoder>(pieces: &[&[u8]], settings: Settings, reader: Reader<C>) -> Vec<Said> {
    RUNTIME.with_borrow_mut(|rt| play_in(rt, pieces, settings, reader))
}

fn play_in<C: Decoder>(
    rt: &mut Runtime,
    pieces: &[&[u8]],
    settings: Settings,
    reader: Reader<C>,
) -> Vec<Said> {
    let pipe = rt.add(Pipe::default());
    let unbuffered = if settings.is_unbuffered { OpenMode::UNBUFFERED } else { OpenMode::NOT_OPEN };
    rt[pipe].open(OpenMode::READ_ONLY | unbuffered).unwrap();
    let (codec, set_up) = reader;
    let messages = rt.add(Messages::new(pipe, codec));
    if let Some(limit) = settings.limit {
        rt[messages].set_max_length(limit.into());
    }
    set_up(&mut rt[messages]);
    let said = Rc::new(RefCell::new(Vec::new()));
    let [told, failed, ended] = [(); 3].map(|()| said.clone());
    rt.connect_fn(messages, Messages::received, move |world, message| {
        told.borrow_mut().push(Said::Message(format!("{message:?}")));
        if settings.pauses {
            world[messages].pause_receiving();
        }
    });
    rt.connect_fn(messages, Messages::error_occurred, move |_, error| {
        failed.borrow_mut().push(Said::from(error));
    });
    rt.connect_fn(messages, Messages::finished, move |_, _| ended.borrow_mut().push(Said::End));
    let resume = |rt: &mut Runtime| {
        while rt[messages].is_paused() {
            rt.with(messages, Messages::resume_receiving);
        }
    };
    for piece in pieces {
        rt.with(pipe, |pipe, _| pipe.bring(piece));
        resume(rt);
    }
    rt.with(pipe, |pipe, _| pipe.end());
    resume(rt);
    rt.destroy(messages);
    rt.destroy(pipe);
    said.take()
}

fn lines(bytes: &[u8], limit: usize, skips: bool, requires_line_feed: bool) -> Vec<Said> {
    let mut said = Vec::new();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let whole = line.strip_suffix(b"\n");
        let text = whole.unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.len() > limit {
            said.push(Said::TooLong);
            if !skips {
                return said;
            }
        } else if whole.is_none() && requires_line_feed {
            said.push(Said::Incomplete);
        } else {
            said.push(Said::Message(format!("{:?}", String::from_utf8_lossy(text))));
        }
    }
    said.push(Said::End);
    said
}

fn prefixed(
    bytes: &[u8],
    limit: usize,
    skips: bool,
    width: usize,
    is_little_endian: bool,
    counts_itself: bool,
) -> Vec<Said> {
    let mut said = Vec::new();
    let mut rest = bytes;
    while let Some((prefix, behind)) = rest.split_at_checked(width) {
        let mut number = [0; 8];
        if is_little_endian {
            number[..width].copy_from_slice(prefix);
        } else {
            number[8 - width..].copy_from_slice(prefix);
        }
        let number =
            if is_little_endian { u64::from_le_bytes(number) } else { u64::from_be_bytes(number) };
        let counted = if counts_itself { width as u64 } else { 0 };
        let Some(length) = number.checked_sub(counted) else {
            said.push(Said::Invalid);
            return said;
        };
        let length = usize::try_from(length).unwrap();
        if length > limit {
            said.push(Said::TooLong);
            if !skips {
                return said;
            }
            rest = behind.get(length..).unwrap_or_default();
        } else if let Some((message, behind)) = behind.split_at_checked(length) {
            said.push(Said::Message(format!("{message:?}")));
            rest = behind;
        } else {
            break;
        }
    }
    if !rest.is_empty() {
        said.push(Said::Incomplete);
    }
    said.push(Said::End);
    said
}

fn values(bytes: &[u8], limit: usize) -> Vec<Said> {
    let mut said = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let mut stream = QDataStream::new(Bytes::from(rest));
        match stream.read_whole::<Value>() {
            Ok(Some(value)) => {
                let left = stream.skip_raw(usize::MAX);
                if rest.len() - left > limit {
                    said.push(Said::TooLong);
                    return said;
                }
                said.push(Said::Message(format!("{value:?}")));
                rest = &rest[rest.len() - left..];
            }
            Ok(None) if rest.len() <= limit && stream.bytes_needed() <= limit => {
                said.push(Said::Incomplete);
                break;
            }
            Ok(None) | Err(_) => {
                said.push(Said::TooLong);
                return said;
            }
        }
    }
    said.push(Said::End);
    said
}

fn tokio_lines(bytes: &[u8], limit: usize) -> Vec<Said> {
    let mut said = Vec::new();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let whole = line.strip_suffix(b"\n");
        let raw = whole.unwrap_or(line);
        // It counts the carriage return.
        if raw.len() > limit {
            said.push(Said::Invalid);
            return said;
        }
        if whole.is_none() && raw == b"\r" {
            break;
        }
        match str::from_utf8(raw.strip_suffix(b"\r").unwrap_or(raw)) {
            Ok(text) => said.push(Said::Message(format!("{text:?}"))),
            Err(_) => {
                said.push(Said::Invalid);
                if whole.is_none() {
                    // Only the end tells that this is the last line: the device is not closed then.
                    said.push(Said::End);
                }
                return said;
            }
        }
    }
    said.push(Said::End);
    said
}
