//! The log: what happened in a step, and how often what happened in the whole scenario.

use std::collections::HashMap;

use serde_json::{Value, json};

/// Events, in the order in which they happened.
#[derive(Debug, Default)]
pub(crate) struct Log {
    events: Vec<Value>,
    counts: HashMap<String, u64>,
    totals: HashMap<String, i64>,
    /// Signals that are counted and not written.
    ignored: Vec<String>,
}

impl Log {
    pub(crate) fn new(ignored: Vec<String>) -> Self {
        Self { ignored, ..Self::default() }
    }

    /// Notes an emission of `signal`, named `object.signal`.
    pub(crate) fn signal(&mut self, signal: String, args: Vec<Value>, state: Option<String>) {
        let sum: i64 = args.iter().filter_map(Value::as_i64).sum();
        *self.totals.entry(signal.clone()).or_default() += sum;
        if !self.ignored.contains(&signal) {
            let mut event = json!({ "sig": signal });
            if !args.is_empty() {
                event["args"] = args.into();
            }
            if let Some(state) = state {
                event["state"] = state.into();
            }
            self.events.push(event);
        }
        self.count(signal);
    }

    /// Notes a call of a probe's slot, named `probe.slot`.
    pub(crate) fn slot(&mut self, slot: String, args: Vec<Value>) {
        let mut event = json!({ "slot": slot });
        if !args.is_empty() {
            event["args"] = args.into();
        }
        self.events.push(event);
        self.count(slot);
    }

    /// Notes something else, which counts under `name`.
    pub(crate) fn other(&mut self, name: String, event: Value) {
        self.events.push(event);
        self.count(name);
    }

    /// Notes what an operation in a reaction returned.
    pub(crate) fn nested(&mut self, label: String, ret: Value) {
        self.events.push(json!({ "op": label, "ret": ret }));
    }

    /// How often something of this name has happened since the scenario began.
    pub(crate) fn seen(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or_default()
    }

    /// The sum of all arguments that a signal was emitted with.
    pub(crate) fn total(&self, signal: &str) -> i64 {
        self.totals.get(signal).copied().unwrap_or_default()
    }

    /// Takes the events of the step that ends.
    pub(crate) fn take(&mut self) -> Vec<Value> {
        joined(std::mem::take(&mut self.events))
    }

    fn count(&mut self, name: String) {
        *self.counts.entry(name).or_default() += 1;
    }
}

/// Joins what comes in as many pieces as the kernel likes: `readyRead` after `readyRead` of one
/// object in one state, `bytesWritten` after `bytesWritten` of one object.
fn joined(events: Vec<Value>) -> Vec<Value> {
    let mut joined: Vec<Value> = Vec::new();
    for event in events {
        if let (Some(last), Some(signal)) = (joined.last_mut(), event["sig"].as_str())
            && last["sig"] == signal
        {
            if signal.ends_with(".readyRead") && last["state"] == event["state"] {
                continue;
            }
            if signal.ends_with(".bytesWritten")
                && let (Some(before), Some(more)) =
                    (last["args"][0].as_i64(), event["args"][0].as_i64())
            {
                last["args"][0] = json!(before + more);
                continue;
            }
        }
        joined.push(event);
    }
    joined
}

#[test]
fn pieces_of_a_transfer_are_joined_unless_something_comes_between() {
    let mut log = Log::default();
    let connected = || Some("ConnectedState".to_owned());
    log.signal("s.bytesWritten".into(), vec![json!(3)], connected());
    log.signal("s.bytesWritten".into(), vec![json!(4)], connected());
    log.signal("s.readyRead".into(), vec![], connected());
    log.signal("s.readyRead".into(), vec![], connected());
    log.nested("s.readAll".into(), json!("x"));
    log.signal("s.readyRead".into(), vec![], connected());
    assert_eq!(log.seen("s.bytesWritten"), 2);
    assert_eq!(log.total("s.bytesWritten"), 7);
    assert_eq!(
        log.take(),
        [
            json!({ "sig": "s.bytesWritten", "args": [7], "state": "ConnectedState" }),
            json!({ "sig": "s.readyRead", "state": "ConnectedState" }),
            json!({ "op": "s.readAll", "ret": "x" }),
            json!({ "sig": "s.readyRead", "state": "ConnectedState" }),
        ]
    );
}
