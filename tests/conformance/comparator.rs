//! The comparator: whether a trace is what was expected.
//!
//! Everything counts, but for what FORMAT.md excepts (labels, and `isValid` in a snap) and for two
//! departures that are rules. They are kept here and nowhere else:
//!
//! * A signal that is emitted in the middle of a call is delivered when the call has returned. So
//!   the `state` recorded with it may be that object's last state of the step instead.
//! * An IPv4-mapped IPv6 address is shown as the IPv4 address that it is.

use serde_json::{Map, Value, json};

use crate::scenario::Order;
use crate::trace::{Trace, TraceStep};

/// The first difference between two traces, in words; none if they match.
pub(crate) fn difference(expected: &Trace, actual: &Trace, order: Order) -> Option<String> {
    expected.steps.iter().find_map(|wanted| {
        let Some(got) = actual.steps.iter().find(|step| step.i == wanted.i) else {
            return Some(format!("step {} {}: missing", wanted.i, wanted.op));
        };
        step_difference(wanted, got, order)
    })
}

fn step_difference(wanted: &TraceStep, got: &TraceStep, order: Order) -> Option<String> {
    let (wanted_ret, got_ret) = (wanted.ret.as_ref().map(plain), got.ret.as_ref().map(plain));
    let wanted_events: Vec<_> = wanted.events.iter().map(plain_event).collect();
    let got_events: Vec<_> = got.events.iter().map(plain_event).collect();
    let events_match = match order {
        Order::Total => match_in_order(&wanted_events, &got_events),
        Order::PerObject => {
            let (wanted, got) = (by_object(&wanted_events), by_object(&got_events));
            wanted.len() == got.len()
                && wanted.iter().all(|(who, wanted)| {
                    let got = got.iter().find(|(other, _)| other == who);
                    got.is_some_and(|(_, got)| match_in_order(wanted, got))
                })
        }
    };
    let mut words = Vec::new();
    if wanted_ret != got_ret {
        words.push(format!("ret {}, expected {}", show(&got_ret), show(&wanted_ret)));
    }
    if !events_match {
        let lines = |events: &[Value]| -> String {
            events.iter().map(|event| format!("\n      {event}")).collect()
        };
        let (got, wanted) = (lines(&got_events), lines(&wanted_events));
        words.push(format!("events{got}\n    expected{wanted}"));
    }
    let differs = !words.is_empty();
    differs.then(|| format!("step {} {}: {}", wanted.i, wanted.op, words.join("\n    ")))
}

fn show(ret: &Option<Value>) -> String {
    ret.as_ref().map_or("nothing".to_owned(), Value::to_string)
}

fn match_in_order(wanted: &[Value], got: &[Value]) -> bool {
    wanted.len() == got.len()
        && wanted.iter().zip(got).all(|(wanted, event)| {
            wanted == event || {
                // The first rule.
                let mut later = event.clone();
                let last = last_state(got, event);
                last == Some(&event["state"]) && {
                    later["state"] = wanted["state"].clone();
                    *wanted == later
                }
            }
        })
}

/// The last state that the step's events tell of the object that emitted `event`.
fn last_state<'a>(events: &'a [Value], event: &Value) -> Option<&'a Value> {
    let object = object_of(event)?;
    events
        .iter()
        .rev()
        .find(|other| object_of(other) == Some(object) && other["state"].is_string())
        .map(|other| &other["state"])
}

/// The object that an event is of. What an operation returned is of nobody.
fn object_of(event: &Value) -> Option<&str> {
    let keys = ["sig", "slot", "event", "filter", "lookup"];
    let name = keys.iter().find_map(|key| event[*key].as_str())?;
    name.split(['.', ' ']).next()
}

/// The events of each object, in the order in which the objects first appear. What an operation
/// returned goes with the event before it.
fn by_object(events: &[Value]) -> Vec<(Option<&str>, Vec<Value>)> {
    let mut objects: Vec<(Option<&str>, Vec<Value>)> = Vec::new();
    let mut current = None;
    for event in events {
        current = object_of(event).or(current);
        match objects.iter_mut().find(|(who, _)| *who == current) {
            Some((_, events)) => events.push(event.clone()),
            None => objects.push((current, vec![event.clone()])),
        }
    }
    objects
}

/// The event without what does not count.
fn plain_event(event: &Value) -> Value {
    let mut event = plain(event);
    if let Some(label) = event.get_mut("op") {
        *label = json!("op");
    }
    event
}

/// The value without what does not count: `isValid` in a snap. Addresses as the second rule has
/// them.
fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            json!(text.strip_prefix("::ffff:").filter(|v4| v4.contains('.')).unwrap_or(text))
        }
        Value::Array(values) => values.iter().map(plain).collect(),
        Value::Object(fields) => {
            let counting = fields.iter().filter(|(key, _)| *key != "isValid");
            Value::Object(
                counting.map(|(key, value)| (key.clone(), plain(value))).collect::<Map<_, _>>(),
            )
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(events: &[Value], ret: Option<Value>) -> Trace {
        let step = TraceStep { i: 0, op: "step".into(), events: events.to_vec(), ret };
        Trace { name: "t".into(), steps: vec![step] }
    }

    fn matches(expected: &[Value], actual: &[Value], order: Order) -> bool {
        difference(&trace(expected, None), &trace(actual, None), order).is_none()
    }

    fn signal(name: &str, state: &str) -> Value {
        json!({ "sig": name, "state": state })
    }

    #[test]
    fn the_order_of_events_counts() {
        let (a, b) = (json!({ "slot": "q.n1" }), json!({ "slot": "r.n1" }));
        let (ab, ba) = ([a.clone(), b.clone()], [b, a.clone()]);
        assert!(matches(&ab, &ab, Order::Total));
        assert!(!matches(&ab, &ba, Order::Total));
        assert!(matches(&ab, &ba, Order::PerObject));
        assert!(!matches(&ab, &[a], Order::PerObject));
    }

    #[test]
    fn a_null_is_not_nothing() {
        let (null, nothing) = (trace(&[], Some(Value::Null)), trace(&[], None));
        assert!(difference(&null, &nothing, Order::Total).is_some());
        assert!(difference(&null, &null, Order::Total).is_none());
    }

    #[test]
    fn whether_a_socket_is_valid_does_not_count() {
        let snap = |valid, open| Some(json!({ "isValid": valid, "isOpen": open }));
        let one = trace(&[], snap(true, true));
        assert!(difference(&one, &trace(&[], snap(false, true)), Order::Total).is_none());
        assert!(difference(&one, &trace(&[], snap(true, false)), Order::Total).is_some());
    }

    #[test]
    fn a_state_may_be_the_last_of_the_step_and_no_other() {
        let expected =
            [signal("s.aboutToClose", "Connected"), signal("s.disconnected", "Unconnected")];
        let ours =
            [signal("s.aboutToClose", "Unconnected"), signal("s.disconnected", "Unconnected")];
        let wrong = [signal("s.aboutToClose", "Closing"), signal("s.disconnected", "Unconnected")];
        assert!(matches(&expected, &ours, Order::Total));
        assert!(!matches(&expected, &wrong, Order::Total));
        let others =
            [signal("t.aboutToClose", "Unconnected"), signal("s.disconnected", "Unconnected")];
        assert!(!matches(&expected, &others, Order::Total));
    }

    #[test]
    fn a_mapped_address_is_the_ipv4_address() {
        let mapped = trace(&[], Some(json!({ "sender": "::ffff:127.0.0.1" })));
        let plain = trace(&[], Some(json!({ "sender": "127.0.0.1" })));
        assert!(difference(&mapped, &plain, Order::Total).is_none());
    }
}
