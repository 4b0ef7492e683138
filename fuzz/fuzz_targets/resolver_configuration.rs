//! The domain in a `resolv.conf`, whatever bytes are in that file.
//!
//! It is the second word of the last line whose first word is `domain` or `search` and that has a
//! second one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slotwire::net::fuzzing::configured_domain;

/// The words of a line. What ends a line has no place in a word either.
fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// The domain that a line names.
fn named(line: &[u8]) -> Option<&[u8]> {
    let mut words = words(line);
    matches!(words.next()?, b"domain" | b"search").then(|| words.next())?
}

fuzz_target!(|configuration: &[u8]| {
    let lines = configuration.split(|&byte| byte == b'\n');
    let expected = lines.filter_map(named).last().map(String::from_utf8_lossy);
    assert_eq!(configured_domain(configuration).as_deref(), expected.as_deref());
});
