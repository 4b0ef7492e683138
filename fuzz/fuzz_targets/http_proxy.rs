//! What an HTTP proxy answers.
//!
//! A conversation comes to the same outcome in whatever pieces the answers come, takes nothing of
//! what follows them, ends, and has no more memory than twice the answers and 64 KiB.

#![no_main]

#[path = "support/proxy_answers.rs"]
mod proxy_answers;

use libfuzzer_sys::fuzz_target;
use proxy_answers::{Input, check};
use slotwire::net::fuzzing::http_conversation;

fuzz_target!(|input: Input<'_>| check(input, &[], 0, http_conversation));
