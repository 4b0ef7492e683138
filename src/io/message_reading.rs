//! Reading from devices that give messages, as a socket of datagrams does.
//!
//! Each call takes one message, or what an earlier look has left of one, and an empty one is taken as
//! well. Only the readers of lines, which are in `reading.rs`, go on from one message to the next. What
//! was looked at and not taken is in the buffer, and `message_ends.rs` knows where each message ends.

use std::io;

use super::forwarding::unless_blocked;
use super::io_device::QIODevice;
use super::reading::{
    MESSAGE, can_be_read, consume, copy, is_text, keeps, made_room, with_scratch,
};
use super::text::RETURN;

/// Takes the next message, up to the size of `place`. What there is no room for is lost, unless an
/// earlier look has taken the message into the buffer.
pub(super) fn read<D: QIODevice + ?Sized>(device: &mut D, place: &mut [u8]) -> io::Result<usize> {
    if place.is_empty() {
        return Ok(0);
    }
    drop_returns(device);
    if device.device().message().is_some() {
        return Ok(take(device, place, Rest::Stays));
    }
    if passes_by(device) {
        return device.read_data(place).map(|count| count.min(place.len()));
    }
    take_in(device)?;
    Ok(take(device, place, Rest::IsLost))
}

/// Takes the next message, up to `max` bytes; otherwise as [`read`].
pub(super) fn read_bytes<D: QIODevice + ?Sized>(device: &mut D, max: usize) -> Vec<u8> {
    if max == 0 || device.device().check_readable().is_err() {
        return Vec::new();
    }
    drop_returns(device);
    let mut rest = Rest::Stays;
    if device.device().message().is_none() {
        if passes_by(device) {
            return with_room(max.min(device.message_room()), |place| {
                let count = device.read_data(place).map_or(0, |count| count.min(place.len()));
                place[..count].to_vec()
            });
        }
        if take_in(device).is_err() {
            return Vec::new();
        }
        rest = Rest::IsLost;
    }
    let len = device.device().message().map_or(0, <[u8]>::len);
    let mut bytes = vec![0; len.min(max)];
    let count = take(device, &mut bytes, rest);
    bytes.truncate(count);
    bytes
}

/// Takes the next message in the buffer as it is, carriage returns included.
pub(crate) fn take_held<D: QIODevice + ?Sized>(device: &mut D) -> Vec<u8> {
    let message = device.device().message().unwrap_or_default().to_vec();
    if !pass_empty(device) {
        consume(device, message.len());
    }
    message
}

/// Shows the next message that is not empty. Takes one from below into the buffer if there is none.
pub(super) fn peek<D: QIODevice + ?Sized>(device: &mut D, max: usize) -> &[u8] {
    drop_returns(device);
    if device.device().unread().is_empty() && device.device().check_readable().is_ok() {
        // The class of the device emits its errors by itself.
        let _ = take_in(device);
    }
    if is_text(device) {
        let len = device.device().message_with_bytes().len();
        device.device_mut().make_view(len, max);
        device.device().view(max)
    } else {
        let message = device.device().message_with_bytes();
        &message[..message.len().min(max)]
    }
}

/// Drops the next message that is not empty, and the empty ones before it that were peeked at.
pub(super) fn skip<D: QIODevice + ?Sized>(device: &mut D, max: usize) -> usize {
    if max == 0 {
        return 0;
    }
    drop_returns(device);
    while pass_empty(device) {}
    read_bytes(device, max).len()
}

/// Has `write` send the next message on, and takes off it what was written. Returns how many bytes that
/// was: 0 as well for an empty message, and if there is none.
pub(super) fn forward<D: QIODevice + ?Sized>(
    device: &mut D,
    write: impl FnOnce(&mut D, &[u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    drop_returns(device);
    if device.device().message().is_none() {
        if let Err(error) = take_in(device) {
            return unless_blocked(error);
        }
        drop_returns(device);
    }
    if device.device().message().is_some_and(<[u8]>::is_empty) {
        write(device, &[]).or_else(unless_blocked)?;
        pass_empty(device);
        return Ok(0);
    }
    let message = peek(device, usize::MAX).to_vec();
    let count = write(device, &message).or_else(unless_blocked)?;
    Ok(skip(device, count))
}

/// Shows the next message, an empty one once.
pub(super) fn fill_buf<D: QIODevice + ?Sized>(device: &mut D) -> io::Result<&[u8]> {
    drop_returns(device);
    if device.device().message().is_none() {
        take_in(device)?;
        drop_returns(device);
    }
    if pass_empty(device) {
        return Ok(&[]);
    }
    let message = device.device().message().unwrap_or_default();
    Ok(if is_text(device) { device.device().unread_text(message.len()) } else { message })
}

/// Returns true if a message can be read now. Carriage returns that text mode has left of one are none.
pub(super) fn has_message<D: QIODevice + ?Sized>(device: &D) -> bool {
    if !can_be_read(device) {
        return false;
    }
    let state = device.device();
    let is_over = |rest: &[u8]| !rest.is_empty() && rest.iter().all(|&byte| byte == RETURN);
    let is_read =
        is_text(device) && state.message_is_rest() && state.message().is_some_and(is_over);
    let held = if state.is_readable() { state.messages_left() } else { 0 };
    held > usize::from(is_read) || device.message_available()
}

/// Takes a message from below into the buffer. Returns its length.
pub(super) fn take_in<D: QIODevice + ?Sized>(device: &mut D) -> io::Result<usize> {
    with_room(device.message_room(), |place| {
        let count = device.read_data(place)?.min(place.len());
        let mut message = &place[..count];
        if is_text(device) && message.iter().all(|&byte| byte == RETURN) {
            message = &[];
        }
        device.device_mut().fill_message(message);
        Ok(message.len())
    })
}

/// Calls `f` with memory of this size, which is kept only if it is not more than most messages need.
fn with_room<T>(size: usize, f: impl FnOnce(&mut [u8]) -> T) -> T {
    if size <= MESSAGE { with_scratch(size, f) } else { f(&mut vec![0; size]) }
}

/// Takes the next message in the buffer if it is an empty one. Returns false if it is not.
pub(super) fn pass_empty<D: QIODevice + ?Sized>(device: &mut D) -> bool {
    let has_passed = device.device_mut().pass_empty_message();
    if has_passed && keeps(device) {
        device.buffer_kept();
    } else if has_passed {
        made_room(device);
    }
    has_passed
}

/// What becomes of that for which a reader has no room.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// It is read next.
    Stays,
    IsLost,
}

/// Takes what is left of the next message in the buffer, up to the size of `place`.
fn take<D: QIODevice + ?Sized>(device: &mut D, place: &mut [u8], rest: Rest) -> usize {
    if pass_empty(device) {
        return 0;
    }
    let message = device.device().message().unwrap_or_default();
    let (taken, count) = copy(is_text(device), message, place);
    let passed = if rest == Rest::IsLost { message.len() } else { taken };
    consume(device, passed);
    count
}

/// Returns true if a read goes to what is below without the buffer between.
fn passes_by<D: QIODevice + ?Sized>(device: &D) -> bool {
    !is_text(device) && !keeps(device)
}

/// Drops the carriage returns in front of the next message in text mode, and what was left of one
/// before if that is nothing else. A whole message of them is an empty one.
fn drop_returns<D: QIODevice + ?Sized>(device: &mut D) {
    while is_text(device) {
        let message = device.device().message().unwrap_or_default();
        let returns = message.iter().take_while(|&&byte| byte == RETURN).count();
        let is_all = returns > 0 && returns == message.len();
        let is_rest = device.device().message_is_rest();
        consume(device, returns);
        if is_all && !is_rest {
            device.device_mut().leave_empty_message();
        }
        if !(is_all && is_rest) {
            break;
        }
    }
}
