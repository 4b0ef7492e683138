//! Reading: what every device does between its buffer and what is below.
//!
//! The buffer comes first, and only what is missing is asked for below. What is read ahead goes
//! into the buffer, so at any time a random-access device stands as far behind its cursor as there
//! are unread bytes. Carriage returns stay in the buffer in text mode too, and are dropped on the
//! way out.
//!
//! No call looks at or copies more bytes than it hands out, apart from those that it reads ahead
//! once, and the carriage returns among them that text mode drops: a transaction that is rolled back
//! brings these back too, and they are passed over again. `tests/cost/reading.rs` counts it.

use std::cell::RefCell;
use std::io::{self, ErrorKind};

use super::io_device::QIODevice;
use super::message_reading;
use super::open_mode::OpenMode;
use super::text::{self, RETURN};
use super::transaction::Advance;
use super::writing;

/// How much is read ahead at a time. As in Qt.
pub(super) const CHUNK: usize = 16 * 1024;

/// How much of a line is read at first where what is read ahead has to be read again.
const FIRST_OF_LINE: usize = 64;

/// The room for a message of unknown length: no datagram is longer.
pub(super) const MESSAGE: usize = 64 * 1024;

thread_local! {
    /// Where bytes from below go first, so that the buffer grows by no more than what came. There
    /// is one for each device of those that read from one another.
    static SCRATCH: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn read<D: QIODevice + ?Sized>(device: &mut D, buffer: &mut [u8]) -> io::Result<usize> {
    device.device().check_readable()?;
    if device.is_message_based() {
        return message_reading::read(device, buffer);
    }
    let mut filled = take(device, buffer);
    while filled < buffer.len() && (filled == 0 || device.has_data_below()) {
        let rest = &mut buffer[filled..];
        let (asked, came) = if passes_by(device, rest.len()) {
            let asked = rest.len();
            let came = device.read_data(rest).map(|count| count.min(asked));
            if let Ok(count) = came {
                device.device_mut().move_cursor(count);
                filled += count;
            }
            (asked, came)
        } else {
            let asked = if is_unbuffered(device) { rest.len().min(CHUNK) } else { CHUNK };
            let came = fill(device, asked);
            filled += take(device, rest);
            (asked, came)
        };
        match came {
            Ok(0) => break,
            // There may be more, or all that came were carriage returns.
            Ok(count) if count == asked || filled == 0 => {}
            Ok(_) => break,
            Err(error) if filled == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(filled)
}

/// Reads all that is there, up to `max` bytes.
pub(super) fn read_bytes<D: QIODevice + ?Sized>(device: &mut D, max: usize) -> Vec<u8> {
    if device.is_message_based() {
        return message_reading::read_bytes(device, max);
    }
    let mut bytes = take_vec(device, max);
    while bytes.len() < max
        && (bytes.is_empty() || device.has_data_below())
        && device.device().check_readable().is_ok()
    {
        let missing = max - bytes.len();
        let asked = if is_unbuffered(device) { missing.min(CHUNK) } else { CHUNK };
        match fill(device, asked) {
            Ok(0) | Err(_) => break,
            Ok(_) if bytes.is_empty() => bytes = take_vec(device, max),
            Ok(_) => bytes.append(&mut take_vec(device, missing)),
        }
    }
    bytes
}

/// Which lines a reader takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    /// Whole ones; at the end of the device, what is left.
    Whole,
    /// What there is of one.
    Partial,
}

/// Reads up to and including a line feed, up to `max` bytes, into `line`, which is emptied before.
/// Returns true if there was anything to read.
pub(super) fn read_line<D: QIODevice + ?Sized>(
    device: &mut D,
    line: &mut Vec<u8>,
    max: usize,
    lines: Lines,
) -> bool {
    line.clear();
    if device.is_message_based() && max > 0 && message_reading::pass_empty(device) {
        return false;
    }
    let Ok(found) = find_line(device, max, lines) else { return false };
    let len = found.len;
    if device.is_message_based() && len == 0 && max > 0 {
        message_reading::pass_empty(device);
    }
    line.extend_from_slice(&device.device().unread()[..len]);
    pass_line(device, found);
    if is_text(device) && line.ends_with(b"\r\n") {
        line.truncate(len - 2);
        line.push(b'\n');
    }
    len > 0
}

/// A line at the beginning of the unread bytes.
pub(super) struct FoundLine {
    /// With its line feed.
    pub(super) len: usize,
    /// How many bytes were read ahead to find it.
    ahead: usize,
}

/// Reads ahead until there is a line, of up to `max` bytes. Takes nothing.
///
/// Fails with the error from below if there is no such line.
pub(super) fn find_line<D: QIODevice + ?Sized>(
    device: &mut D,
    max: usize,
    lines: Lines,
) -> io::Result<FoundLine> {
    let has_messages = device.is_message_based();
    let (mut ahead, mut next) = (0, FIRST_OF_LINE);
    let len = loop {
        let unread = device.device().unread().len();
        match device.device().line_len(max) {
            Some(len) => break len,
            None if unread >= max => break max,
            None => {}
        }
        device.device().check_readable()?;
        if has_messages && unread >= device.buffer_limit() {
            break unread;
        }
        // Without a buffer nothing may be read beyond the line, unless it can be read again.
        let asked = if !is_unbuffered(device) {
            CHUNK
        } else if device.is_random_access() {
            let asked = next.min(max - unread);
            next = CHUNK.min(2 * next);
            asked
        } else {
            1
        };
        match fill(device, asked) {
            Ok(0) => break unread,
            Ok(count) => ahead += count,
            Err(error) if lines == Lines::Whole && error.kind() != ErrorKind::NotConnected => {
                return Err(error);
            }
            Err(error) if unread == 0 && !has_messages => return Err(error),
            // Nobody is there from whom the rest could come, or what there is is wanted.
            Err(_) => break unread,
        }
    };
    Ok(FoundLine { len, ahead })
}

/// Removes a line from the unread bytes.
pub(super) fn pass_line<D: QIODevice + ?Sized>(
    device: &mut D,
    FoundLine { len, ahead }: FoundLine,
) {
    consume(device, len);
    if is_unbuffered(device) && device.is_random_access() {
        unfill(device, ahead);
    }
}

/// Drops up to `ahead` unread bytes that were read ahead, and goes back to where they are.
fn unfill<D: QIODevice + ?Sized>(device: &mut D, ahead: usize) {
    let ahead = ahead.min(device.device().unread().len());
    let cursor = device.device().cursor() - ahead as u64;
    if ahead > 0 && device.seek_data(cursor).is_ok() {
        device.device_mut().unfill(ahead);
        device.device_mut().set_cursor(cursor);
    }
}

pub(super) fn peek<D: QIODevice + ?Sized>(device: &mut D, max: usize) -> &[u8] {
    peek_to_end(device, max).0
}

/// As [`peek`], and returns true if nothing will come after these bytes. A datagram ends what it
/// begins.
pub(crate) fn peek_to_end<D: QIODevice + ?Sized>(device: &mut D, max: usize) -> (&[u8], bool) {
    if device.is_message_based() {
        let bytes = message_reading::peek(device, max);
        return (bytes, bytes.len() < max);
    }
    // What there is is wanted, however little it is.
    let gathered = gather(device, max);
    let ends = gathered.is_err_and(|error| {
        matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::NotConnected)
    });
    let bytes = if is_text(device) {
        device.device().view(max)
    } else {
        let unread = device.device().unread();
        &unread[..unread.len().min(max)]
    };
    (bytes, ends)
}

/// Reads ahead until `count` bytes are there to be read. Takes none of them.
///
/// Fails with the error from below if there are fewer, and with `UnexpectedEof` at the end.
pub(super) fn gather<D: QIODevice + ?Sized>(device: &mut D, count: usize) -> io::Result<()> {
    loop {
        let ready = if is_text(device) {
            device.device_mut().make_view(usize::MAX, count)
        } else {
            device.device().unread().len()
        };
        if ready >= count {
            return Ok(());
        }
        device.device().check_readable()?;
        let missing = count - ready;
        let asked = if is_unbuffered(device) { missing.min(CHUNK) } else { CHUNK };
        if fill(device, asked)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
}

pub(super) fn skip<D: QIODevice + ?Sized>(device: &mut D, max: usize) -> usize {
    if device.device().check_readable().is_err() {
        return 0;
    }
    if device.is_message_based() {
        return message_reading::skip(device, max);
    }
    if is_text(device) || keeps(device) {
        return read_past(device, max);
    }
    let buffered = max.min(device.device().unread().len());
    consume(device, buffered);
    let missing = max - buffered;
    if missing == 0 {
        buffered
    } else if device.is_random_access() {
        let left = device.data_size().saturating_sub(device.pos());
        let further = left.min(missing as u64);
        match writing::seek(device, device.pos() + further) {
            // No more than `missing`, which is a `usize`.
            Ok(()) => buffered + further as usize,
            Err(_) => buffered,
        }
    } else {
        let skipped = device.skip_data(missing).map_or(0, |skipped| skipped.min(missing));
        buffered + skipped
    }
}

/// Skips by reading.
fn read_past<D: QIODevice + ?Sized>(device: &mut D, max: usize) -> usize {
    let mut chunk = [0; 512];
    let mut skipped = 0;
    while skipped < max {
        let asked = chunk.len().min(max - skipped);
        match read(device, &mut chunk[..asked]) {
            Ok(0) | Err(_) => break,
            Ok(count) => skipped += count,
        }
    }
    skipped
}

/// The bytes that come next, for `BufRead`; none at the end.
pub(crate) fn fill_buf<D: QIODevice + ?Sized>(device: &mut D) -> io::Result<&[u8]> {
    device.device().check_readable()?;
    if device.is_message_based() {
        return message_reading::fill_buf(device);
    }
    let text = is_text(device);
    loop {
        if text {
            let unread = device.device().unread();
            let returns = unread.iter().take_while(|&&byte| byte == RETURN).count();
            consume(device, returns);
        }
        if !device.device().unread().is_empty() || fill(device, CHUNK)? == 0 {
            break;
        }
    }
    Ok(if text { device.device().unread_text(usize::MAX) } else { device.device().unread() })
}

/// Notes that the first `count` unread bytes are read.
pub(crate) fn consume<D: QIODevice + ?Sized>(device: &mut D, count: usize) {
    let state = device.device_mut();
    let advance = if state.is_readable() { state.advance(count) } else { Advance::Nothing };
    match advance {
        Advance::Left => made_room(device),
        Advance::Kept => device.buffer_kept(),
        Advance::Nothing => {}
    }
}

/// Tells that bytes have left the buffer, and drops its memory if it is empty now.
#[inline]
pub(super) fn made_room<D: QIODevice + ?Sized>(device: &mut D) {
    device.buffer_consumed();
    device.device_mut().release();
}

/// Takes what is in the buffer, up to the size of `target`.
fn take<D: QIODevice + ?Sized>(device: &mut D, target: &mut [u8]) -> usize {
    let (taken, count) = copy(is_text(device), device.device().unread(), target);
    consume(device, taken);
    count
}

/// Copies what there is room for. Returns how many bytes of `source` were used, and how many were
/// given.
pub(super) fn copy(text: bool, source: &[u8], target: &mut [u8]) -> (usize, usize) {
    if text {
        return text::copy(source, target);
    }
    let count = source.len().min(target.len());
    target[..count].copy_from_slice(&source[..count]);
    (count, count)
}

/// Takes what is in the buffer, up to `max` bytes; all of it without copying, if that can be.
fn take_vec<D: QIODevice + ?Sized>(device: &mut D, max: usize) -> Vec<u8> {
    let unread = device.device().unread();
    if unread.is_empty() {
        return Vec::new();
    }
    if unread.len() <= max && !is_text(device) && !keeps(device) {
        let taken = device.device_mut().take_buffer();
        made_room(device);
        return taken;
    }
    let mut bytes = vec![0; unread.len().min(max)];
    let count = take(device, &mut bytes);
    bytes.truncate(count);
    bytes
}

/// Reads up to `asked` bytes, and no more than a chunk, from below into the buffer; if it gives
/// messages, a whole one.
pub(super) fn fill<D: QIODevice + ?Sized>(device: &mut D, asked: usize) -> io::Result<usize> {
    if device.is_message_based() {
        return message_reading::take_in(device);
    }
    with_scratch(asked.min(CHUNK), |scratch| {
        let count = device.read_data(scratch)?.min(scratch.len());
        device.device_mut().fill(&scratch[..count]);
        Ok(count)
    })
}

/// Calls `f` with memory of this size where bytes from below can go.
pub(super) fn with_scratch<T>(size: usize, f: impl FnOnce(&mut [u8]) -> T) -> T {
    // A device that reads from another one comes here again meanwhile.
    let mut scratch = SCRATCH.with_borrow_mut(Vec::pop).unwrap_or_default();
    if scratch.len() < size {
        scratch.resize(size, 0);
    }
    let result = f(&mut scratch[..size]);
    SCRATCH.with_borrow_mut(|kept| kept.push(scratch));
    result
}

/// Returns true if a read of this size goes to what is below without the buffer between.
fn passes_by<D: QIODevice + ?Sized>(device: &D, size: usize) -> bool {
    (size >= CHUNK || is_unbuffered(device)) && !is_text(device) && !keeps(device)
}

/// Returns true if what is in the buffer, or below it, can be read.
pub(super) fn can_be_read<D: QIODevice + ?Sized>(device: &D) -> bool {
    device.device().is_readable() || device.tells_unopened()
}

/// Returns true if what is read stays in the buffer, since it may be given back.
pub(super) fn keeps<D: QIODevice + ?Sized>(device: &D) -> bool {
    device.device().transaction().keeps()
}

fn is_unbuffered<D: QIODevice + ?Sized>(device: &D) -> bool {
    device.device().mode().contains(OpenMode::UNBUFFERED)
}

pub(super) fn is_text<D: QIODevice + ?Sized>(device: &D) -> bool {
    device.device().mode().contains(OpenMode::TEXT)
}
