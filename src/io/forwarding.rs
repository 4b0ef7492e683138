//! Forwarding: what a device has received is written on, to another device or back to its own peer.
//!
//! The writer gets the buffer of the reader itself, and takes from it what it has room for. So nothing
//! is copied out first, and large memory changes hands as it is. What there is no room for is read next.

use std::io::{self, ErrorKind};

use super::byte_queue::ByteQueue;
use super::io_device::QIODevice;
use super::reading::{CHUNK, fill, is_text, keeps, made_room};
use super::{message_reading, writing};

/// Writes what can be read on to another device. Returns how many bytes it took.
pub(super) fn forward<D: QIODevice + ?Sized>(
    source: &mut D,
    target: &mut dyn QIODevice,
) -> io::Result<usize> {
    source.device().check_readable()?;
    target.device().check_writable()?;
    if source.is_message_based() {
        message_reading::forward(source, |_, message| writing::write(target, message))
    } else if is_text(source) || keeps(source) {
        forward_shown(source, |_, bytes| writing::write(target, bytes))
    } else {
        forward_stream(source, usize::MAX, |_, queue| writing::write_queue(target, queue))
    }
}

/// Writes what can be read back to where it came from. Returns how many bytes were taken.
pub(super) fn echo<D: QIODevice + ?Sized>(device: &mut D) -> io::Result<usize> {
    let state = device.device();
    state.check_readable()?;
    state.check_writable()?;
    if device.is_random_access() {
        let problem = "a random-access device has no peer to which its bytes could go back";
        return Err(io::Error::new(ErrorKind::Unsupported, problem));
    }
    if device.is_message_based() {
        message_reading::forward(device, |device, message| writing::write(device, message))
    } else if is_text(device) || keeps(device) {
        forward_shown(device, |device, bytes| writing::write(device, bytes))
    } else {
        let mut write = |device: &mut D, queue: &mut ByteQueue| writing::write_queue(device, queue);
        if device.has_data_below() {
            let left_below = known_below(device);
            forward_stream(device, left_below, write)
        } else {
            forward_buffer(device, &mut write)
        }
    }
}

/// Returns how much may be read from below while a device writes to itself, so that it does not read what
/// it has written: that may come back at once.
fn known_below<D: QIODevice + ?Sized>(device: &D) -> usize {
    match device.data_available() {
        // Many devices do not know. The first read comes before the first write.
        0 if device.device().unread().is_empty() => CHUNK,
        known => known,
    }
}

/// Forwards what is in the buffer, and up to `left_below` bytes that can be read from below, while there
/// is room for them.
#[inline]
fn forward_stream<D: QIODevice + ?Sized>(
    source: &mut D,
    mut left_below: usize,
    mut write: impl FnMut(&mut D, &mut ByteQueue) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut forwarded = 0;
    loop {
        match forward_buffer(source, &mut write) {
            Ok(count) => forwarded += count,
            Err(error) if forwarded == 0 => return Err(error),
            Err(_) => break,
        }
        if left_below == 0 || !source.has_data_below() || !source.device().unread().is_empty() {
            break;
        }
        let asked = CHUNK.min(left_below);
        match fill(source, asked) {
            Ok(count) if count == asked => left_below -= count,
            Ok(_) => left_below = 0,
            Err(error) if forwarded == 0 => return unless_blocked(error),
            Err(_) => break,
        }
    }
    Ok(forwarded)
}

/// A device whose buffer was taken out. What is left of it goes back, also if a write panics.
struct Taken<'a, D: QIODevice + ?Sized> {
    source: &'a mut D,
    queue: ByteQueue,
}

impl<D: QIODevice + ?Sized> Taken<'_, D> {
    /// Puts back what is left. Inlined, unlike a drop.
    #[inline]
    fn put_back(mut self) {
        self.restore();
        std::mem::forget(self);
    }

    #[inline]
    fn restore(&mut self) {
        self.source.device_mut().put_queue_back(std::mem::take(&mut self.queue));
    }
}

impl<D: QIODevice + ?Sized> Drop for Taken<'_, D> {
    fn drop(&mut self) {
        self.restore();
    }
}

/// Forwards what is in the buffer, until there is no room for more. Returns an error only if nothing
/// was written.
#[inline(never)]
fn forward_buffer<D: QIODevice + ?Sized>(
    source: &mut D,
    write: &mut impl FnMut(&mut D, &mut ByteQueue) -> io::Result<usize>,
) -> io::Result<usize> {
    let queue = source.device_mut().take_queue();
    let mut taken = Taken { source, queue };
    let mut forwarded = 0;
    let mut failure = None;
    while !taken.queue.is_empty() {
        match write(taken.source, &mut taken.queue) {
            Ok(0) => break,
            Ok(count) => forwarded += count,
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    taken.put_back();
    if forwarded > 0 {
        made_room(source);
    }
    match failure {
        Some(error) if forwarded == 0 => unless_blocked(error),
        _ => Ok(forwarded),
    }
}

/// Forwards bytes that are not those of the buffer, or that stay there: in text mode, or in a
/// transaction.
fn forward_shown<D: QIODevice + ?Sized>(
    source: &mut D,
    mut write: impl FnMut(&mut D, &[u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let bytes = source.peek(usize::MAX).to_vec();
    let mut forwarded = 0;
    while forwarded < bytes.len() {
        match write(source, &bytes[forwarded..]) {
            Ok(0) => break,
            Ok(count) => forwarded += count,
            Err(error) if forwarded == 0 => return unless_blocked(error),
            Err(_) => break,
        }
    }
    Ok(source.skip(forwarded))
}

/// The writer has no room now, which is no error.
pub(super) fn unless_blocked(error: io::Error) -> io::Result<usize> {
    if error.kind() == ErrorKind::WouldBlock { Ok(0) } else { Err(error) }
}
