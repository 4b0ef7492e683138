//! Bytes, as scenarios write them and as traces show them.

use serde_json::{Value, json};

/// Up to this many bytes a trace shows them; of more it shows the length and a hash.
const SHOWN: usize = 120;

/// Reads the bytes that a scenario writes as a string, `{"hex"}`, `{"rep","n"}`, `{"cat"}` or
/// `{"bytes"}`.
pub(crate) fn parse(value: &Value) -> Option<Vec<u8>> {
    if let Some(text) = value.as_str() {
        return of_latin1(text);
    }
    let object = value.as_object()?;
    if let Some(hex) = object.get("hex") {
        let digits: String = hex.as_str()?.split_whitespace().collect();
        let pairs = digits.as_bytes().chunks(2);
        return pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect();
    }
    if let Some(unit) = object.get("rep") {
        let count = usize::try_from(object.get("n")?.as_u64()?).ok()?;
        return Some(parse(unit)?.into_iter().cycle().take(count).collect());
    }
    if let Some(parts) = object.get("cat") {
        let parts: Option<Vec<_>> = parts.as_array()?.iter().map(parse).collect();
        return Some(parts?.concat());
    }
    parse(object.get("bytes")?)
}

/// Shows bytes as a trace does.
pub(crate) fn show(bytes: &[u8]) -> Value {
    if bytes.len() <= SHOWN {
        return Value::String(to_latin1(bytes));
    }
    json!({ "len": bytes.len(), "fnv1a64": format!("{:016x}", fnv1a(bytes)) })
}

/// The string with one character, U+0000 to U+00FF, for each byte.
pub(crate) fn to_latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn of_latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[test]
fn bytes_are_read_in_every_form() {
    assert_eq!(parse(&json!("a\u{ff}")), Some(vec![b'a', 0xff]));
    assert_eq!(parse(&json!({ "hex": "00ff 10" })), Some(vec![0, 0xff, 0x10]));
    assert_eq!(parse(&json!({ "rep": "ab", "n": 5 })), Some(b"ababa".to_vec()));
    assert_eq!(parse(&json!({ "cat": ["a", { "hex": "62" }] })), Some(b"ab".to_vec()));
    assert_eq!(parse(&json!("\u{100}")), None);
}

#[test]
fn many_bytes_are_shown_by_their_hash() {
    let many = parse(&json!({ "rep": "0123456789abcdef", "n": 1_000_000 })).unwrap();
    assert_eq!(show(&many), json!({ "len": 1_000_000, "fnv1a64": "786d5339b32cc645" }));
    assert_eq!(show(b"few"), json!("few"));
}
