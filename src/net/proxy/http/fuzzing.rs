//! A whole conversation with a proxy, for the fuzzer.

use super::http_connect::HttpConnect;
use crate::net::proxy::network_proxy::NetworkProxy;
use crate::net::proxy::protocol::{Credentials, Next, Over, Protocol};
use crate::net::proxy::target::Target;

/// How many users the program knows at most.
const MOST_USERS: usize = 8;

/// Returns the steps of a conversation on one connection, and what follows it. Nothing follows if
/// the connection is given up.
pub(in crate::net) fn http_conversation(
    pieces: &[&[u8]],
    has_credentials: bool,
) -> (Vec<String>, Vec<u8>) {
    let user =
        |number: usize| Credentials { user: format!("user{number}"), password: "pw".to_owned() };
    let mut credentials = if has_credentials { user(0) } else { Credentials::default() };
    let target = Target::Name("example.invalid".to_owned(), 80);
    let mut protocol = HttpConnect::new(target, &NetworkProxy::http("proxy.example", 3128));
    let (mut steps, mut heard, mut said) = (Vec::new(), Vec::new(), Vec::new());
    protocol.begin(&credentials).expect("nothing in these is refused");
    let mut pieces = pieces.iter();
    loop {
        let next = match protocol.go_on(&mut heard, &mut said) {
            Ok(Next::Listen) => match pieces.next() {
                Some(piece) => {
                    heard.extend_from_slice(piece);
                    continue;
                }
                None => return (steps, heard),
            },
            Ok(next) => next,
            Err(failure) => {
                steps.push(failure.to_string());
                return (steps, Vec::new());
            }
        };
        steps.push(format!("{next:?}"));
        match next {
            Next::Again(Over::SameLink) => {}
            Next::Authenticate { over: Over::SameLink, .. } if steps.len() < MOST_USERS => {
                credentials = user(steps.len());
            }
            Next::Granted { .. } => {
                heard.extend(pieces.copied().flatten().copied());
                return (steps, heard);
            }
            // The connection is given up, with what is on it.
            _ => return (steps, Vec::new()),
        }
        protocol.begin(&credentials).expect("nothing in these is refused");
    }
}
