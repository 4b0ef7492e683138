//! Calls of `QBuffer`.

use slotwire::QBuffer;

use crate::answer::{Answer, Outcome};
use crate::args::Args;

pub(super) fn get(buffer: &QBuffer, name: &str) -> Option<Answer> {
    matches!(name, "buffer" | "data").then(|| Answer::Bytes(buffer.data().to_vec()))
}

pub(super) fn call(buffer: &mut QBuffer, method: &str, args: &Args<'_>) -> Option<Outcome> {
    matches!(method, "setData" | "setBuffer").then(|| {
        let data = args.bytes(0)?;
        buffer.set_data(data);
        Ok(Answer::Nothing)
    })
}
