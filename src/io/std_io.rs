//! What the standard library's traits do for a device: the derive macro writes them for each class.
//!
//! The defaults of `read_exact`, `read_line` and `read_until` take what there is before they fail, and
//! their caller cannot find it again. Here they keep one promise: if they fail with `WouldBlock` on a
//! stream of bytes, they have taken nothing, and can be called again when more has come.

use std::io::{self, ErrorKind};

use super::io_device::QIODevice;
use super::reading::{self, Lines};
pub(crate) use super::reading::{consume, fill_buf, read};
pub(crate) use super::writing::{write, write_all, write_fmt};

/// Fills `buffer`, or takes nothing if it would block.
pub(crate) fn read_exact<D: QIODevice + ?Sized>(
    device: &mut D,
    buffer: &mut [u8],
) -> io::Result<()> {
    // All bytes of a random-access device are there.
    if !device.is_message_based() && !device.is_random_access() {
        reading::gather(device, buffer.len())?;
    }
    let mut filled = 0;
    while filled < buffer.len() {
        match read(device, &mut buffer[filled..])? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    Ok(())
}

/// Reads up to and including `delimiter`. If that is a line feed, takes nothing if it would block.
pub(crate) fn read_until<D: QIODevice + ?Sized>(
    device: &mut D,
    delimiter: u8,
    bytes: &mut Vec<u8>,
) -> io::Result<usize> {
    if delimiter == b'\n' && finds_lines(device) {
        let found = reading::find_line(device, usize::MAX, Lines::Whole)?;
        let len = found.len;
        bytes.extend_from_slice(&device.device().unread()[..len]);
        reading::pass_line(device, found);
        return Ok(len);
    }
    let mut count = 0;
    loop {
        let unread = fill_buf(device)?;
        let end = memchr::memchr(delimiter, unread);
        let len = end.map_or(unread.len(), |end| end + 1);
        bytes.extend_from_slice(&unread[..len]);
        consume(device, len);
        count += len;
        if end.is_some() || len == 0 {
            return Ok(count);
        }
    }
}

/// Reads a line, with its line feed, or takes nothing if it would block.
pub(crate) fn read_line<D: QIODevice + ?Sized>(
    device: &mut D,
    text: &mut String,
) -> io::Result<usize> {
    let no_text = || io::Error::new(ErrorKind::InvalidData, "the line is not valid UTF-8");
    if finds_lines(device) {
        let found = reading::find_line(device, usize::MAX, Lines::Whole)?;
        let len = found.len;
        let is_text = match std::str::from_utf8(&device.device().unread()[..len]) {
            Ok(line) => {
                text.push_str(line);
                true
            }
            Err(_) => false,
        };
        reading::pass_line(device, found);
        return if is_text { Ok(len) } else { Err(no_text()) };
    }
    let mut line = Vec::new();
    let count = read_until(device, b'\n', &mut line);
    match std::str::from_utf8(&line) {
        Ok(line) => {
            text.push_str(line);
            count
        }
        Err(_) => count.and(Err(no_text())),
    }
}

/// Returns true if the unread bytes are those that a reader gets, and are one stream.
fn finds_lines<D: QIODevice + ?Sized>(device: &D) -> bool {
    !device.is_message_based() && !reading::is_text(device)
}
