//! Calls of `QIODevice`.
//!
//! Where Qt returns -1 the library returns an error, and -1 or null is what the trace has. Reading
//! that finds nothing yet is an error here (`WouldBlock`) and 0 bytes in Qt; the end is 0 bytes here
//! and -1 in Qt, but for a random-access device, where it is 0 bytes in both.

use std::io::ErrorKind;

use serde_json::Value;
use slotwire::prelude::*;

use super::done;
use crate::answer::{Answer, Outcome};
use crate::args::Args;
use crate::names;

type Device = dyn QIODevice;

pub(super) fn get(device: &Device, name: &str) -> Option<Answer> {
    Some(match name {
        "openMode" => names::open_mode(device.open_mode()).into(),
        "isOpen" => device.is_open().into(),
        "isReadable" => device.is_readable().into(),
        "isWritable" => device.is_writable().into(),
        "isSequential" => device.is_sequential().into(),
        "isTextModeEnabled" => device.is_text_mode_enabled().into(),
        "isTransactionStarted" => device.is_transaction_started().into(),
        "pos" => device.pos().into(),
        "size" => device.size().into(),
        "bytesAvailable" => device.bytes_available().into(),
        "bytesToWrite" => device.bytes_to_write().into(),
        "canReadLine" => device.can_read_line().into(),
        "atEnd" => device.at_end().into(),
        "readChannelCount" => device.read_channel_count().into(),
        "writeChannelCount" => device.write_channel_count().into(),
        "currentReadChannel" => device.current_read_channel().into(),
        "currentWriteChannel" => device.current_write_channel().into(),
        _ => return None,
    })
}

pub(super) fn call(device: &mut Device, method: &str, args: &Args<'_>) -> Option<Outcome> {
    Some(match method {
        "open" => args.open_mode(0).map(|mode| device.open(mode).is_ok().into()),
        "close" => Ok(done!(device.close())),
        "setOpenMode" => args.open_mode(0).map(|mode| done!(device.set_open_mode(mode))),
        "setTextModeEnabled" => args.boolean(0).map(|on| done!(device.set_text_mode_enabled(on))),
        "seek" => args.number(0).map(|position| match u64::try_from(position) {
            Ok(position) => device.seek_to(position).is_ok().into(),
            Err(_) => false.into(),
        }),
        "reset" => Ok(device.reset().is_ok().into()),
        "read" => args.number(0).map(|max| read(device, max)),
        "readAll" => Ok(Answer::Bytes(device.read_all())),
        "readLine" => read_line(device, args),
        "readLineBuf" => args.number(0).map(|max| read_line_into(device, max)),
        "peek" => args.number(0).map(|max| match usize::try_from(max) {
            Ok(max) if device.is_readable() => Answer::Bytes(device.peek(max).to_vec()),
            _ => Value::Null.into(),
        }),
        "skip" => args.number(0).map(|max| match usize::try_from(max) {
            Ok(max) if device.is_readable() => device.skip(max).into(),
            _ => (-1).into(),
        }),
        "getChar" => {
            Ok(device.get_char().map_or(Value::Null.into(), |byte| Answer::Bytes(vec![byte])))
        }
        "putChar" => args.byte(0).map(|byte| device.put_char(byte).is_ok().into()),
        "ungetChar" => args.byte(0).map(|byte| done!(device.unget_char(byte))),
        "write" => args.bytes(0).map(|bytes| match device.write(&bytes) {
            Ok(count) => count.into(),
            Err(_) => (-1).into(),
        }),
        "flush" => {
            // Qt says whether something was written.
            let before = device.bytes_to_write();
            let flushed = device.flush();
            Ok((flushed.is_ok() && device.bytes_to_write() < before).into())
        }
        "startTransaction" => Ok(done!(device.start_transaction())),
        "commitTransaction" => Ok(done!(device.commit_transaction())),
        "rollbackTransaction" => Ok(done!(device.rollback_transaction())),
        "setCurrentReadChannel" => {
            args.length(0).map(|channel| done!(device.set_current_read_channel(channel)))
        }
        "setCurrentWriteChannel" => {
            args.length(0).map(|channel| done!(device.set_current_write_channel(channel)))
        }
        _ => return None,
    })
}

fn read(device: &mut Device, max: i64) -> Answer {
    let Ok(max) = usize::try_from(max) else { return Value::Null.into() };
    let mut buffer = vec![0; max];
    match device.read(&mut buffer) {
        Ok(0) if max > 0 && device.is_sequential() => Value::Null.into(),
        Ok(count) => {
            buffer.truncate(count);
            Answer::Bytes(buffer)
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Answer::Bytes(Vec::new()),
        Err(_) => Value::Null.into(),
    }
}

/// Qt keeps one byte of the length for a terminator, and 0 means no limit.
fn read_line(device: &mut Device, args: &Args<'_>) -> Outcome {
    let max = if args.len() > 0 { args.number(0)? } else { 0 };
    let max = usize::try_from(max).map_or(0, |max| max.checked_sub(1).unwrap_or(usize::MAX));
    Ok(Answer::Bytes(device.read_line_max(max)))
}

/// The form that says what kept it from reading: null for a mistake or the end, and nothing for what
/// has not come yet.
fn read_line_into(device: &mut Device, max: i64) -> Answer {
    let mut line = Vec::new();
    match usize::try_from(max) {
        Ok(max) if max > 1 => {
            if device.read_line_into(&mut line, max - 1) || is_waiting(device) {
                Answer::Bytes(line)
            } else {
                Value::Null.into()
            }
        }
        _ => Value::Null.into(),
    }
}

/// Says whether more may come.
fn is_waiting(device: &mut Device) -> bool {
    device.fill_buf().is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}
