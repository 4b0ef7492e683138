//! What a SOCKS5 proxy answers: to a request for a connection, to listen (with the news about the
//! peer that has connected), and to relay datagrams (with the datagrams).
//!
//! A conversation comes to the same outcome in whatever pieces the answers come, takes nothing of
//! what follows them, ends, and has no more memory than twice the answers and 64 KiB. A relay has
//! the room for one datagram besides. The answer to a datagram goes to whom the relay has named as
//! the sender.

#![no_main]

#[path = "support/proxy_answers.rs"]
mod proxy_answers;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use proxy_answers::{Input, check};
use slotwire::net::fuzzing::{Asked, socks5_conversation};

/// The largest datagram, in bytes.
const ROOM: usize = 64 * 1024;

/// What is asked, and all that the proxy says.
#[derive(Arbitrary, Debug)]
struct Socks5Input<'a> {
    asked: u8,
    /// Of what the proxy says, so many bytes are the datagrams of its relay: those at the end.
    relayed: u16,
    input: Input<'a>,
}

fuzz_target!(|input: Socks5Input<'_>| {
    let Socks5Input { asked, relayed, mut input } = input;
    let (asked, room) = match asked % 5 {
        0 => (Asked::Connection, 0),
        1 => (Asked::Listener, 0),
        2 => (Asked::Relay, ROOM),
        3 => (Asked::RelayOfAddress, ROOM),
        _ => (Asked::RelayOfName, ROOM),
    };
    let relayed = if room == 0 { 0 } else { usize::from(relayed) % (input.answers.len() + 1) };
    let (answers, relayed) = input.answers.split_at(input.answers.len() - relayed);
    input.answers = answers;
    check(input, relayed, room, |answers| socks5_conversation(asked, answers));
});
