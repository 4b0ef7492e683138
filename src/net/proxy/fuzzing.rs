//! Whole conversations with proxies, for the fuzzers.

#[cfg(feature = "http-proxy")]
use super::http::HttpConnect;
#[cfg(feature = "http-proxy")]
use super::network_proxy::NetworkProxy;
use super::protocol::{Credentials, Next, Over, Protocol};
use super::socks5::{Request, Socks5};
use super::target::Target;

/// How many users the program knows at most.
const MOST_USERS: usize = 8;

/// The steps of a conversation on one connection, and what follows it. Nothing follows if the
/// connection is given up.
type Conversation = (Vec<String>, Vec<u8>);

/// Speaks with a SOCKS5 proxy whose answers come in these pieces.
pub(in crate::net) fn socks5_conversation(pieces: &[&[u8]], has_credentials: bool) -> Conversation {
    converse(Socks5::new(Request::Connect(target())), pieces, has_credentials)
}

/// Speaks with an HTTP proxy whose answers come in these pieces.
#[cfg(feature = "http-proxy")]
pub(in crate::net) fn http_conversation(pieces: &[&[u8]], has_credentials: bool) -> Conversation {
    let proxy = NetworkProxy::http("proxy.example", 3128);
    converse(HttpConnect::new(target(), &proxy), pieces, has_credentials)
}

fn target() -> Target {
    Target::Name("example.invalid".to_owned(), 80)
}

fn converse(mut protocol: impl Protocol, pieces: &[&[u8]], has_credentials: bool) -> Conversation {
    let user =
        |number: usize| Credentials { user: format!("user{number}"), password: "pw".to_owned() };
    let mut credentials = if has_credentials { user(0) } else { Credentials::default() };
    let (mut steps, mut heard) = (Vec::new(), Vec::new());
    let mut said = protocol.begin(&credentials).expect("nothing in these is refused");
    let mut pieces = pieces.iter();
    loop {
        said.clear();
        let next = match protocol.go_on(&mut heard, &mut said) {
            Ok(Next::Listen) if !said.is_empty() => continue,
            Ok(Next::Listen) => match pieces.next() {
                Some(piece) => {
                    heard.extend_from_slice(piece);
                    continue;
                }
                None => {
                    steps.extend(protocol.on_end().map(|next| format!("{next:?}")));
                    return (steps, heard);
                }
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
        said = protocol.begin(&credentials).expect("nothing in these is refused");
    }
}
