//! Calls of `QIODevice`.
//!
//! Where Qt returns -1 the library returns an error, and -1 or null is what the trace has. Reading
//! that finds nothing yet is an error here (`WouldBlock`) and 0 bytes in Qt; the end is 0 bytes here
//! and -1 in Qt, but for a random-access device, where it is 0 bytes in both.

use std::io::ErrorKind;

use serde_json::Value;
use slotwire::prelude::*;

use super::nothing;
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
        "bytesAvailable" => device.bytes_available().into(),
        "bytesToWrite" => device.bytes_to_write().into(),
        "canReadLine" => device.can_read_line().into(),
        "atEnd" => device.at_end().into(),
        _ => return None,
    })
}

pub(super) fn call(device: &mut Device, method: &str, args: &Args<'_>) -> Option<Outcome> {
    Some(match method {
        "read" => args.number(0).map(|max| read(device, max)),
        "readAll" => Ok(Answer::Bytes(device.read_all())),
        "readLine" => read_line(device, args),
        "peek" => args.number(0).map(|max| match usize::try_from(max) {
            Ok(max) if device.is_readable() => Answer::Bytes(device.peek(max).to_vec()),
            _ => Value::Null.into(),
        }),
        "skip" => args.number(0).map(|max| match usize::try_from(max) {
            Ok(max) if device.is_readable() => device.skip(max).into(),
            _ => (-1).into(),
        }),
        "getChar" => {
            let mut byte = [0];
            Ok(match device.read(&mut byte) {
                Ok(1) => Answer::Bytes(byte.to_vec()),
                _ => Value::Null.into(),
            })
        }
        "putChar" => args.byte(0).map(|byte| device.write_all(&[byte]).is_ok().into()),
        "write" => args.bytes(0).map(|bytes| match device.write(&bytes) {
            Ok(count) => count.into(),
            Err(_) => (-1).into(),
        }),
        "close" => nothing(device.close()),
        _ => return None,
    })
}

fn read(device: &mut Device, max: i64) -> Answer {
    let Ok(max) = usize::try_from(max) else { return Value::Null.into() };
    let mut buffer = vec![0; max];
    match device.read(&mut buffer) {
        Ok(0) if max > 0 => Value::Null.into(),
        Ok(count) => {
            buffer.truncate(count);
            Answer::Bytes(buffer)
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Answer::Bytes(Vec::new()),
        Err(_) => Value::Null.into(),
    }
}

/// Qt's `readLine` gives what there is of a line.
fn read_line(device: &mut Device, args: &Args<'_>) -> Outcome {
    if args.len() > 0 && args.number(0)? != 0 {
        return crate::answer::missing("reading a line up to a length");
    }
    Ok(Answer::Bytes(match device.read_line_bytes() {
        Some(line) => line,
        None => device.read_all(),
    }))
}
