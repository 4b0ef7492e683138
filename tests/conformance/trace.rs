//! Traces: what came of a scenario, step by step.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What came of a scenario.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Trace {
    pub(crate) name: String,
    pub(crate) steps: Vec<TraceStep>,
}

/// What came of one step.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct TraceStep {
    /// The number of the step.
    pub(crate) i: usize,
    /// What the step did, for people.
    pub(crate) op: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) events: Vec<Value>,
    /// What it returned. A null is something else than nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(crate) ret: Option<Value>,
}

/// Reads a value that is there, be it null.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// As the files have it: a line for each step and each event.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{\"name\": {}, \"steps\": [", Value::from(self.name.as_str()))?;
        for (number, step) in self.steps.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(f, "{comma}\n  {{\"i\": {}, \"op\": {}", step.i, Value::from(step.op.as_str()))?;
            for (number, event) in step.events.iter().enumerate() {
                let lead = if number == 0 { ", \"events\": [" } else { "," };
                write!(f, "{lead}\n    {event}")?;
            }
            write!(f, "{}", if step.events.is_empty() { "" } else { "]" })?;
            if let Some(ret) = &step.ret {
                write!(f, ", \"ret\": {ret}")?;
            }
            write!(f, "}}")?;
        }
        writeln!(f, "\n]}}")
    }
}

#[test]
fn a_trace_is_read_as_it_was_written() {
    let step = |ret, events| TraceStep { i: 0, op: "x".into(), events, ret };
    let trace = Trace {
        name: "t".into(),
        steps: vec![
            step(Some(Value::Null), vec![]),
            step(
                None,
                vec![serde_json::json!({ "slot": "q.n1" }), serde_json::json!({ "slot": "q.n2" })],
            ),
        ],
    };
    let read: Trace = serde_json::from_str(&trace.to_string()).unwrap();
    assert_eq!(format!("{read:?}"), format!("{trace:?}"));
}
