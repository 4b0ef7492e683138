//! Operations of `QTextStream`.
//!
//! A stream of the library belongs to its device only as long as it works on it, so the one of a
//! scenario's device is made anew for each operation, with the settings and the status that it had.

use serde::Deserialize;
use serde_json::Value;
use slotwire::prelude::*;
use slotwire::stream::{
    Encoding, FieldAlignment, IntegerBase, NumberFlags, QTextStream, RealNumberNotation,
    StreamDevice, TextStreamStatus,
};
use slotwire::{OpenMode, QBuffer};

use crate::answer::{Answer, Outcome, missing};
use crate::bytes;
use crate::stage::Stage;

/// What is done with a stream, and on what.
#[derive(Debug, Deserialize)]
pub(crate) struct Work {
    data: Option<Value>,
    /// A device, whose stream goes on as it was.
    obj: Option<String>,
    #[serde(rename = "do")]
    steps: Vec<Vec<Value>>,
    encoding: Option<String>,
}

/// How the stream of a device is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    status: TextStreamStatus,
    /// The setters that were called.
    settings: Vec<Vec<Value>>,
}

/// Does the steps, and answers with what they return.
pub(crate) fn perform(stage: &Stage, world: &mut World, work: &Work) -> Outcome {
    let Some(encoding) = encoding_of(work.encoding.as_deref().unwrap_or("Utf8")) else {
        return missing("this encoding");
    };
    let answers = match (&work.data, &work.obj) {
        (Some(data), _) => {
            let Some(data) = bytes::parse(data) else { return missing("these bytes") };
            let mut buffer = QBuffer::from(data);
            buffer.open(OpenMode::READ_WRITE).expect("a buffer can be opened");
            let mut stream = QTextStream::new(&mut buffer).with_encoding(encoding);
            do_all(&mut stream, work, |stream| Some(bytes::show(stream.device().data())))
        }
        (None, Some(id)) => {
            let object = stage.object(world, id)?;
            let Some(device) = object.device() else { return missing("a stream on no device") };
            let mut kept = stage.text_streams.borrow().get(id).cloned().unwrap_or_default();
            let mut stream = QTextStream::new(&mut world[device]).with_encoding(encoding);
            for setting in &kept.settings {
                do_step(&mut stream, setting);
            }
            stream.set_status(kept.status);
            let answers = do_all(&mut stream, work, |_| None);
            kept.status = stream.status();
            let settings = work.steps.iter().filter(|step| is_setter(step)).cloned();
            kept.settings.extend(settings);
            stage.text_streams.borrow_mut().insert(id.clone(), kept);
            answers
        }
        (None, None) => None,
    };
    match answers {
        Some(answers) => Ok(Answer::Value(Value::Array(answers))),
        None => missing("a step of a text stream"),
    }
}

fn is_setter(step: &[Value]) -> bool {
    step.first().and_then(Value::as_str).is_some_and(|name| name.starts_with("set"))
}

fn do_all<D: StreamDevice>(
    stream: &mut QTextStream<D>,
    work: &Work,
    buffer: impl Fn(&QTextStream<D>) -> Option<Value>,
) -> Option<Vec<Value>> {
    let steps = work.steps.iter();
    steps
        .map(|step| match step.first()?.as_str()? {
            "buffer" => buffer(stream),
            _ => do_step(stream, step),
        })
        .collect()
}

/// Does a step. Returns `None` if a stream cannot.
fn do_step<D: StreamDevice>(stream: &mut QTextStream<D>, step: &[Value]) -> Option<Value> {
    let number = |at: usize| step.get(at).and_then(Value::as_u64);
    let count = |at: usize| usize::try_from(number(at)?).ok();
    let name = |at: usize| step.get(at).and_then(Value::as_str);
    // What went wrong is in the status.
    match name(0)? {
        "write" => {
            let value = step.get(1)?;
            let _ = match (value.as_str(), value.as_i64()) {
                (Some(text), _) => stream.write(text),
                (None, Some(whole)) => stream.write(&whole),
                (None, None) => stream.write(&value.as_f64()?),
            };
        }
        "readLine" => {
            let max = count(1).filter(|&max| max > 0).unwrap_or(usize::MAX);
            return Some(stream.read_line_max(max).ok()?.unwrap_or_default().into());
        }
        "read" => return Some(stream.read_chars(count(1)?).ok()?.into()),
        "readAll" => return Some(stream.read_all().ok()?.into()),
        "atEnd" => return Some(stream.at_end().into()),
        "status" => return Some(format!("{:?}", stream.status()).into()),
        "flush" => _ = stream.flush(),
        "reset" => _ = stream.reset(),
        "resetStatus" => stream.reset_status(),
        "skipWhiteSpace" => stream.skip_white_space(),
        "setEncoding" => stream.set_encoding(encoding_of(name(1)?)?),
        "setAutoDetectUnicode" => stream.set_auto_detect_unicode(step.get(1)?.as_bool()?),
        "setGenerateByteOrderMark" => stream.set_generate_byte_order_mark(step.get(1)?.as_bool()?),
        "setIntegerBase" => {
            stream.set_integer_base(IntegerBase::from_number(u32::try_from(number(1)?).ok()?)?);
        }
        "setFieldWidth" => stream.set_field_width(count(1)?),
        "setPadChar" => stream.set_pad_char(name(1)?.chars().next()?),
        "setFieldAlignment" => stream.set_field_alignment(match name(1)? {
            "AlignLeft" => FieldAlignment::Left,
            "AlignRight" => FieldAlignment::Right,
            "AlignCenter" => FieldAlignment::Center,
            "AlignAccountingStyle" => FieldAlignment::AccountingStyle,
            _ => return None,
        }),
        "setRealNumberNotation" => stream.set_real_number_notation(match name(1)? {
            "SmartNotation" => RealNumberNotation::Smart,
            "FixedNotation" => RealNumberNotation::Fixed,
            "ScientificNotation" => RealNumberNotation::Scientific,
            _ => return None,
        }),
        "setRealNumberPrecision" => {
            stream.set_real_number_precision(u16::try_from(number(1)?).ok()?);
        }
        "setNumberFlags" => {
            stream.set_number_flags(NumberFlags::from_bits(u8::try_from(number(1)?).ok()?)?);
        }
        _ => return None,
    }
    Some(Value::Null)
}

/// The encoding with Qt's name of the enumerator.
fn encoding_of(name: &str) -> Option<Encoding> {
    Some(match name {
        "Utf8" => Encoding::Utf8,
        "Utf16" => Encoding::Utf16,
        "Utf16LE" => Encoding::Utf16Le,
        "Utf16BE" => Encoding::Utf16Be,
        "Utf32" => Encoding::Utf32,
        "Utf32LE" => Encoding::Utf32Le,
        "Utf32BE" => Encoding::Utf32Be,
        "Latin1" => Encoding::Latin1,
        _ => return None,
    })
}
