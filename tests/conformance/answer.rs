//! Answers: what an operation returns, before ports and bytes are written as a trace has them.

use serde_json::{Map, Value, json};

use crate::bytes;
use crate::symbols::Symbols;

/// What an operation returns.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It returns nothing.
    Nothing,
    Value(Value),
    Bytes(Vec<u8>),
    Port(u16),
    Timer(u64),
    Record(Vec<(String, Answer)>),
}

/// What a scenario asks for and the library does not have.
#[derive(Debug)]
pub(crate) struct Missing(pub(crate) String);

/// What came of an operation.
pub(crate) type Outcome = Result<Answer, Missing>;

impl Answer {
    /// What a later operation gets that asks for it by name; none for what cannot be captured.
    pub(crate) fn captured(&self) -> Option<Value> {
        match self {
            Self::Nothing | Self::Record(_) => None,
            Self::Value(value) => Some(value.clone()),
            Self::Bytes(bytes) => Some(json!(bytes::to_latin1(bytes))),
            Self::Port(port) => Some(json!(port)),
            Self::Timer(timer) => Some(json!({ "timer": timer })),
        }
    }

    /// The answer as a trace shows it.
    pub(crate) fn show(&self, symbols: &Symbols) -> Option<Value> {
        Some(match self {
            Self::Nothing => return None,
            Self::Value(value) => value.clone(),
            Self::Bytes(bytes) => bytes::show(bytes),
            Self::Port(port) => symbols.show_port(*port),
            Self::Timer(timer) => symbols.show_by_name(&json!({ "timer": timer })),
            Self::Record(fields) => {
                let shown = fields
                    .iter()
                    .filter_map(|(name, answer)| Some((name.clone(), answer.show(symbols)?)));
                Value::Object(shown.collect::<Map<_, _>>())
            }
        })
    }
}

impl<T: Into<Value>> From<T> for Answer {
    fn from(value: T) -> Self {
        Self::Value(value.into())
    }
}

/// What came of an operation, as a trace shows it.
pub(crate) fn show(outcome: &Outcome, symbols: &Symbols) -> Option<Value> {
    match outcome {
        Ok(answer) => answer.show(symbols),
        Err(Missing(what)) => Some(json!({ "missing": what })),
    }
}

/// For what the library does not have.
pub(crate) fn missing<T>(what: impl Into<String>) -> Result<T, Missing> {
    Err(Missing(what.into()))
}
