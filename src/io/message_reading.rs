//! Reading from devices that give messages, as a socket of datagrams does.
//!
//! Each call takes one message, or the rest of one, and an empty one is taken as well. Only the
//! readers of lines, which are in `reading.rs`, go on from one message to the next. What was looked
//! at and not taken is in the buffer, and `messages.rs` knows where each message ends.

use std::io;

use super::io_device::QIODevice;
use super::reading::{MESSAGE, consume, copy, is_text, keeps, passes_by, with_scratch};
use super::text::RETURN;

pub(super) fn read<D: QIODevice + ?Sized>(device: &mut D, place: &mut [u8]) -> io::Result<usize> {
    if place.is_empty() {
        return Ok(0);
    }
    drop_returns(device);
    if device.device().message().is_none() {
        if passes_by(device, place.len()) {
            return device.read_data(place).map(|count| count.min(place.len()));
        }
        take_in(device)?;
    }
    Ok(take(device, place))
}

/// Takes the next message, up to `max` bytes. What is longer and was not looked at is lost.
pub(super) fn read_bytes<D: QIODevice + ?Sized>(device: &mut D, max: usize) -> Vec<u8> {
    if max == 0 || device.device().check_readable().is_err() {
        return Vec::new();
    }
    drop_returns(device);
    if device.device().message().is_none() {
        if !is_text(device) && !keeps(device) {
            return with_scratch(max.min(MESSAGE), |place| {
                let count = device.read_data(place).map_or(0, |count| count.min(place.len()));
                place[..count].to_vec()
            });
        }
        if take_in(device).is_err() {
            return Vec::new();
        }
    }
    let len = device.device().message().map_or(0, <[u8]>::len);
    let mut bytes = vec![0; len.min(max)];
    let count = take(device, &mut bytes);
    bytes.truncate(count);
    bytes
}

/// Shows the next message that is not empty. Takes one from below into the buffer if there is none.
pub(super) fn peek<D: QIODevice + ?Sized>(device: &mut D, max: usize) -> &[u8] {
    drop_returns(device);
    if device.device().unread().is_empty() && device.device().check_readable().is_ok() {
        // An error is told by the class.
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
    while device.device_mut().pass_empty_message() {}
    read_bytes(device, max).len()
}

/// Shows the next message, an empty one once.
pub(super) fn fill_buf<D: QIODevice + ?Sized>(device: &mut D) -> io::Result<&[u8]> {
    drop_returns(device);
    if device.device().message().is_none() {
        take_in(device)?;
        drop_returns(device);
    }
    if device.device_mut().pass_empty_message() {
        return Ok(&[]);
    }
    let message = device.device().message().unwrap_or_default();
    Ok(if is_text(device) { device.device().unread_text(message.len()) } else { message })
}

/// Takes a message from below into the buffer. Returns its length.
pub(super) fn take_in<D: QIODevice + ?Sized>(device: &mut D) -> io::Result<usize> {
    with_scratch(MESSAGE, |place| {
        let count = device.read_data(place)?.min(place.len());
        let mut message = &place[..count];
        if is_text(device) && message.iter().all(|&byte| byte == RETURN) {
            message = &[];
        }
        device.device_mut().fill_message(message);
        Ok(message.len())
    })
}

/// Takes what is left of the next message in the buffer, up to the size of `place`.
fn take<D: QIODevice + ?Sized>(device: &mut D, place: &mut [u8]) -> usize {
    if device.device_mut().pass_empty_message() {
        return 0;
    }
    let message = device.device().message().unwrap_or_default();
    let (taken, count) = copy(is_text(device), message, place);
    consume(device, taken);
    count
}

/// Drops the carriage returns in front of what is left of the next message, in text mode.
fn drop_returns<D: QIODevice + ?Sized>(device: &mut D) {
    if is_text(device) {
        let message = device.device().message().unwrap_or_default();
        let returns = message.iter().take_while(|&&byte| byte == RETURN).count();
        consume(device, returns);
    }
}
