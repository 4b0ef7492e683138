//! Operations of `QDataStream`.
//!
//! Where Qt returns a value that it has not read, a zero, the library returns an error. The trace has
//! the zero.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use slotwire::prelude::*;
use slotwire::stream::{
    ByteOrder, DataStreamError, DataStreamVersion, FloatingPointPrecision, FromDataStream,
    QDataStream, QVariant, StreamDevice,
};

use crate::answer::{Answer, Outcome, missing};
use crate::bytes;
use crate::stage::Stage;

/// How values stand in a stream.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Format {
    version: Option<String>,
    order: Option<String>,
    precision: Option<String>,
}

/// What a stream works on.
#[derive(Debug, Deserialize)]
pub(crate) struct Place {
    hex: Option<Value>,
    /// A device, whose stream goes on with the status that it had.
    obj: Option<String>,
}

fn version_of(name: &str) -> Option<DataStreamVersion> {
    Some(match name {
        "Qt_4_0" => DataStreamVersion::Qt4_0,
        "Qt_4_6" => DataStreamVersion::Qt4_6,
        "Qt_5_0" => DataStreamVersion::Qt5_0,
        "Qt_5_15" => DataStreamVersion::QT_5_15,
        "Qt_6_0" => DataStreamVersion::Qt6_0,
        _ => return None,
    })
}

fn open<D: StreamDevice>(device: D, format: &Format) -> Option<QDataStream<D>> {
    let mut stream = QDataStream::new(device);
    if let Some(version) = &format.version {
        stream.set_version(version_of(version)?);
    }
    if format.order.as_deref() == Some("little") {
        stream.set_byte_order(ByteOrder::LittleEndian);
    }
    if format.precision.as_deref() == Some("single") {
        stream.set_floating_point_precision(FloatingPointPrecision::Single);
    }
    Some(stream)
}

/// Writes items into memory, or onto a device.
pub(crate) fn write(
    stage: &Stage,
    world: &mut World,
    items: &[(String, Value)],
    format: &Format,
    obj: Option<&str>,
) -> Outcome {
    let Some(id) = obj else {
        let Some(mut stream) = open(Vec::new(), format) else { return missing("this version") };
        if !items.iter().all(|item| write_item(&mut stream, item).is_some()) {
            return missing("a type of a stream");
        }
        let status = format!("{:?}", stream.status());
        let hex = stream.device().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        return Ok(json!({ "hex": hex, "status": status }).into());
    };
    let object = stage.object(world, id)?;
    let Some(device) = object.device() else { return missing("a stream on no device") };
    let Some(mut stream) = open(&mut world[device], format) else { return missing("this version") };
    stream.set_status(stage.streams.borrow().get(id).copied().unwrap_or_default());
    if !items.iter().all(|item| write_item(&mut stream, item).is_some()) {
        return missing("a type of a stream");
    }
    stage.streams.borrow_mut().insert(id.to_owned(), stream.status());
    Ok(format!("{:?}", stream.status()).into())
}

/// Writes an item. Returns `None` if it is of no type that a stream has.
fn write_item<D: StreamDevice>(
    stream: &mut QDataStream<D>,
    (kind, value): &(String, Value),
) -> Option<()> {
    // What went wrong is in the status.
    let _: Result<(), DataStreamError> = match kind.as_str() {
        "u8" => stream.write(&u8::try_from(value.as_u64()?).ok()?),
        "i8" => stream.write(&i8::try_from(value.as_i64()?).ok()?),
        "u16" => stream.write(&u16::try_from(value.as_u64()?).ok()?),
        "i16" => stream.write(&i16::try_from(value.as_i64()?).ok()?),
        "u32" => stream.write(&u32::try_from(value.as_u64()?).ok()?),
        "i32" => stream.write(&i32::try_from(value.as_i64()?).ok()?),
        "u64" => stream.write(&value.as_u64()?),
        "i64" => stream.write(&value.as_i64()?),
        "f32" => stream.write(&(value.as_f64()? as f32)),
        "f64" => stream.write(&value.as_f64()?),
        "bool" => stream.write(&value.as_bool()?),
        "string" => stream.write(&value.as_str().map(str::to_owned)),
        "bytes" if value.is_null() => stream.write(&None::<Vec<u8>>),
        "bytes" | "cbytes" => stream.write(&bytes::parse(value)?),
        "raw" => stream.write_raw(&bytes::parse(value)?),
        "stringlist" => stream
            .write(&value.as_array()?.iter().map(|it| it.as_str()).collect::<Option<Vec<_>>>()?),
        "variant" => stream.write(&to_variant(value)?),
        _ => return None,
    };
    Some(())
}

/// Reads types from bytes, or from a device.
pub(crate) fn read(
    stage: &Stage,
    world: &mut World,
    types: &[Value],
    format: &Format,
    place: &Place,
) -> Outcome {
    let read = match (&place.hex, &place.obj) {
        (Some(hex), _) => {
            let Some(bytes) = bytes::parse(&json!({ "hex": hex })) else {
                return missing("these bytes");
            };
            let Some(mut stream) = open(slotwire::stream::Bytes::from(&bytes[..]), format) else {
                return missing("this version");
            };
            types.iter().map(|kind| read_item(&mut stream, kind)).collect::<Option<Vec<_>>>()
        }
        (None, Some(id)) => {
            let object = stage.object(world, id)?;
            let Some(device) = object.device() else { return missing("a stream on no device") };
            let Some(mut stream) = open(&mut world[device], format) else {
                return missing("this version");
            };
            stream.set_status(stage.streams.borrow().get(id).copied().unwrap_or_default());
            let read = types.iter().map(|kind| read_item(&mut stream, kind)).collect();
            stage.streams.borrow_mut().insert(id.clone(), stream.status());
            read
        }
        (None, None) => None,
    };
    match read {
        Some(read) => Ok(Answer::Value(Value::Array(read))),
        None => missing("a type of a stream"),
    }
}

/// Reads an item, or does something else to the stream. Returns `None` if a stream cannot.
fn read_item<D: StreamDevice>(stream: &mut QDataStream<D>, kind: &Value) -> Option<Value> {
    fn number<T: FromDataStream + Default + Into<Value>, D: StreamDevice>(
        stream: &mut QDataStream<D>,
    ) -> Value {
        stream.read::<T>().unwrap_or_default().into()
    }

    if let Some([what, count]) = kind.as_array().map(Vec::as_slice) {
        let count = usize::try_from(count.as_u64()?).ok()?;
        return Some(match what.as_str()? {
            "raw" => bytes::show(&stream.read_raw(count).unwrap_or_default()),
            "skip" => stream.skip_raw(count).into(),
            _ => return None,
        });
    }
    Some(match kind.as_str()? {
        "u8" => number::<u8, D>(stream),
        "i8" => number::<i8, D>(stream),
        "u16" => number::<u16, D>(stream),
        "i16" => number::<i16, D>(stream),
        "u32" => number::<u32, D>(stream),
        "i32" => number::<i32, D>(stream),
        "u64" => number::<u64, D>(stream),
        "i64" => number::<i64, D>(stream),
        "f32" => number::<f32, D>(stream),
        "f64" => number::<f64, D>(stream),
        "bool" => number::<bool, D>(stream),
        "string" => number::<String, D>(stream),
        "bytes" => bytes::show(&stream.read::<Vec<u8>>().unwrap_or_default()),
        "stringlist" => number::<Vec<String>, D>(stream),
        "variant" => show_variant(&stream.read::<QVariant>().unwrap_or_default())?,
        "status" => format!("{:?}", stream.status()).into(),
        "atEnd" => stream.at_end().into(),
        "commit" => stream.commit_transaction().into(),
        "start" => {
            stream.start_transaction();
            Value::Null
        }
        "rollback" => {
            stream.rollback_transaction();
            Value::Null
        }
        "abort" => {
            stream.abort_transaction();
            Value::Null
        }
        "resetStatus" => {
            stream.reset_status();
            Value::Null
        }
        _ => return None,
    })
}

fn to_variant(value: &Value) -> Option<QVariant> {
    Some(match value {
        Value::Null => QVariant::Invalid,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => match i32::try_from(whole) {
                Ok(short) => short.into(),
                Err(_) => whole.into(),
            },
            (None, number) => number?.into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(values) => {
            QVariant::QVariantList(values.iter().map(to_variant).collect::<Option<Vec<_>>>()?)
        }
        Value::Object(entries) => {
            let entries =
                entries.iter().map(|(key, value)| Some((key.clone(), to_variant(value)?)));
            QVariant::QVariantMap(entries.collect::<Option<BTreeMap<_, _>>>()?)
        }
    })
}

fn show_variant(variant: &QVariant) -> Option<Value> {
    Some(match variant {
        QVariant::Invalid => Value::Null,
        QVariant::Bool(value) => (*value).into(),
        QVariant::Int(value) => (*value).into(),
        QVariant::UInt(value) => (*value).into(),
        QVariant::LongLong(value) => (*value).into(),
        QVariant::ULongLong(value) => (*value).into(),
        QVariant::Double(value) => (*value).into(),
        QVariant::QString(text) => text.clone().unwrap_or_default().into(),
        QVariant::QByteArray(bytes) => bytes::show(bytes.as_deref().unwrap_or_default()),
        QVariant::QVariantList(values) => {
            values.iter().map(show_variant).collect::<Option<Value>>()?
        }
        QVariant::QVariantMap(entries) => {
            let entries =
                entries.iter().map(|(key, value)| Some((key.clone(), show_variant(value)?)));
            Value::Object(entries.collect::<Option<Map<_, _>>>()?)
        }
        _ => return None,
    })
}
