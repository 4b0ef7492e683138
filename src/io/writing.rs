//! Opening, writing and seeking: what every device does above what is below.

use std::cell::Cell;
use std::fmt;
use std::io::{self, ErrorKind, Write};

use super::byte_queue::ByteQueue;
use super::io_device::QIODevice;
use super::open_mode::OpenMode;

/// Memory for a text is kept if it is no larger than this, in bytes.
const KEPT: usize = 16 * 1024;

thread_local! {
    /// The memory of the last text that was formatted.
    static TEXT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

pub(super) fn open<D: QIODevice + ?Sized>(device: &mut D, mut mode: OpenMode) -> io::Result<()> {
    if mode.intersects(OpenMode::APPEND | OpenMode::TRUNCATE | OpenMode::NEW_ONLY) {
        mode |= OpenMode::WRITE_ONLY;
    }
    if !mode.intersects(OpenMode::READ_WRITE) {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "the device was to be opened neither for reading nor for writing",
        ));
    }
    device.device_mut().open(mode);
    let opened = device.open_data(mode).and_then(|()| begin(device, mode));
    if opened.is_err() {
        device.device_mut().set_mode(OpenMode::NOT_OPEN);
    }
    opened
}

/// Goes to where a device that was just opened begins.
fn begin<D: QIODevice + ?Sized>(device: &mut D, mode: OpenMode) -> io::Result<()> {
    if !device.is_random_access() {
        return Ok(());
    }
    let start = if mode.contains(OpenMode::APPEND) { device.data_size() } else { 0 };
    device.seek_data(start)?;
    device.device_mut().set_cursor(start);
    Ok(())
}

pub(super) fn close<D: QIODevice + ?Sized>(device: &mut D) {
    let state = device.device();
    let is_heard = state.closing_is_heard();
    state.announce_closing();
    // Its slots may still read and write.
    if !is_heard || !device.close_later() {
        device.device_mut().shut();
        device.close_data();
    }
}

pub(crate) fn write<D: QIODevice + ?Sized>(device: &mut D, bytes: &[u8]) -> io::Result<usize> {
    device.device().check_writable()?;
    if !device.is_random_access() {
        return device.write_data(bytes).map(|count| count.min(bytes.len()));
    }
    // What was read ahead lies before the cursor, and is about to be overwritten.
    if device.device().unread_len() > 0 {
        let position = device.pos();
        device.seek_data(position)?;
        device.device_mut().drop_buffer();
        device.device_mut().set_cursor(position);
    }
    let count = device.write_data(bytes)?.min(bytes.len());
    device.device_mut().move_cursor(count);
    Ok(count)
}

/// Writes all bytes, or none if the device has no room for all.
pub(crate) fn write_all<D: QIODevice + ?Sized>(device: &mut D, bytes: &[u8]) -> io::Result<()> {
    // As in the standard library.
    if bytes.is_empty() {
        return Ok(());
    }
    device.device().check_writable()?;
    device.check_room(bytes.len())?;
    let mut rest = bytes;
    while !rest.is_empty() {
        match write(device, rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            // The rest would be another message.
            Ok(count) if count < rest.len() && device.is_message_based() => {
                return Err(ErrorKind::WriteZero.into());
            }
            Ok(count) => rest = &rest[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes a formatted text as one piece, all of it or nothing.
pub(crate) fn write_fmt<D: QIODevice + ?Sized>(
    device: &mut D,
    text: fmt::Arguments<'_>,
) -> io::Result<()> {
    if let Some(text) = text.as_str() {
        return write_all(device, text.as_bytes());
    }
    // Taken out, because a value may write to another device while it is formatted.
    let mut memory = TEXT.take();
    memory.clear();
    let written = memory.write_fmt(text).and_then(|()| write_all(device, &memory));
    if memory.capacity() <= KEPT {
        TEXT.set(memory);
    }
    written
}

/// Writes what is in a queue, and takes it out of there.
#[inline]
pub(super) fn write_queue<D: QIODevice + ?Sized>(
    device: &mut D,
    queue: &mut ByteQueue,
) -> io::Result<usize> {
    device.device().check_writable()?;
    if !device.is_random_access() {
        return device.write_queue(queue);
    }
    let count = write(device, queue.as_slice())?;
    Ok(queue.consume(count))
}

pub(super) fn seek<D: QIODevice + ?Sized>(device: &mut D, position: u64) -> io::Result<()> {
    let state = device.device();
    if state.mode() == OpenMode::NOT_OPEN {
        return Err(io::Error::new(ErrorKind::NotConnected, "the device is not open"));
    }
    if !device.is_random_access() {
        return Err(io::Error::new(ErrorKind::Unsupported, "a sequential device has no positions"));
    }
    // What was read ahead need not be read again.
    let first = state.cursor().checked_sub(state.unread_len() as u64);
    let ahead = first.and_then(|first| position.checked_sub(first));
    match ahead.and_then(|ahead| usize::try_from(ahead).ok()) {
        Some(ahead) if ahead <= state.unread_len() => {
            device.device_mut().advance(ahead);
            device.device_mut().release();
        }
        _ => {
            device.seek_data(position)?;
            device.device_mut().drop_buffer();
            device.device_mut().set_cursor(position);
        }
    }
    Ok(())
}

/// The position of a random-access device: as far before its cursor as there are unread bytes.
pub(super) fn position<D: QIODevice + ?Sized>(device: &D) -> u64 {
    if device.is_random_access() {
        let state = device.device();
        state.cursor().saturating_sub(state.unread_len() as u64)
    } else {
        0
    }
}
