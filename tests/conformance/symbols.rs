//! Symbols: the values that a scenario gives names to, and ports by their names.

use serde_json::{Value, json};

/// Ports from here on differ from run to run, so a trace shows them by name.
const FIRST_NAMELESS_PORT: u16 = 1024;

/// The captured values, in the order in which they were first captured.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    captured: Vec<(String, Value)>,
}

impl Symbols {
    pub(crate) fn capture(&mut self, name: &str, value: Value) {
        match self.captured.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.captured.push((name.to_owned(), value)),
        }
    }

    /// The value with every `"$name"` in it replaced by what was captured under that name.
    pub(crate) fn resolve(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match self.find(text) {
                Some(value) => value.clone(),
                None => value.clone(),
            },
            Value::Array(values) => values.iter().map(|value| self.resolve(value)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(key, value)| (key.clone(), self.resolve(value))).collect()
            }
            _ => value.clone(),
        }
    }

    /// A port as a trace shows it.
    pub(crate) fn show_port(&self, port: u16) -> Value {
        if port < FIRST_NAMELESS_PORT { json!(port) } else { self.show_by_name(&json!(port)) }
    }

    /// The values with every field `port` in them as a trace shows it.
    pub(crate) fn show_ports(&self, mut values: Vec<Value>) -> Vec<Value> {
        for value in &mut values {
            let Some(port) = value.get_mut("port") else { continue };
            if let Some(number) = port.as_u64().and_then(|number| u16::try_from(number).ok()) {
                *port = self.show_port(number);
            }
        }
        values
    }

    /// A value that differs from run to run, as a trace shows it.
    pub(crate) fn show_by_name(&self, value: &Value) -> Value {
        let known = self.captured.iter().find(|(_, captured)| captured == value);
        json!(known.map_or("$?".to_owned(), |(name, _)| format!("${name}")))
    }

    fn find(&self, text: &str) -> Option<&Value> {
        let name = text.strip_prefix('$')?;
        self.captured.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

#[test]
fn a_port_is_shown_by_the_first_symbol_that_has_it() {
    let mut symbols = Symbols::default();
    symbols.capture("a", json!(40_000));
    symbols.capture("b", json!(40_000));
    assert_eq!(symbols.show_port(40_000), json!("$a"));
    assert_eq!(symbols.show_port(40_001), json!("$?"));
    assert_eq!(symbols.show_port(80), json!(80));
    assert_eq!(symbols.resolve(&json!(["$b", { "x": "$c" }])), json!([40_000, { "x": "$c" }]));
}
