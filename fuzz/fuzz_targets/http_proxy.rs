//! What an HTTP proxy answers.
//!
//! A conversation comes to the same outcome in whatever pieces the answers come, takes nothing of
//! what follows them, and ends.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use slotwire::net::fuzzing::http_conversation;

/// Answers, and where they are cut.
#[derive(Arbitrary, Debug)]
struct Input<'a> {
    has_credentials: bool,
    cuts: [u16; 3],
    answers: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let Input { has_credentials, cuts, answers } = input;
    let mut ends = cuts.map(|cut| usize::from(cut) % (answers.len() + 1));
    ends.sort_unstable();
    let [a, b, c] = ends;
    let pieces = [&answers[..a], &answers[a..b], &answers[b..c], &answers[c..]];
    let (whole, rest) = http_conversation(&[answers], has_credentials);
    let (cut, left) = http_conversation(&pieces, has_credentials);
    assert_eq!(cut, whole);
    assert_eq!(left, rest);
    assert!(answers.ends_with(&rest));
    // Each byte apart.
    let bytes: Vec<&[u8]> = answers.chunks(1).collect();
    assert_eq!(http_conversation(&bytes, has_credentials), (whole, rest));
});
