//! Tests of `HttpConnect`: requests, and answers in all pieces.

use super::http_connect::{HttpConnect, USER_AGENT};
use crate::net::proxy::network_proxy::NetworkProxy;
use crate::net::proxy::protocol::{Credentials, Next, Over, Protocol};
use crate::net::proxy::target::Target;

const BASIC: &str = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"zone\"\r\n";

fn conversation(proxy: &NetworkProxy, host: &str) -> HttpConnect {
    HttpConnect::new(Target::parse(host, 80).unwrap(), proxy)
}

fn proxy() -> NetworkProxy {
    NetworkProxy::http("proxy.example", 3128)
}

fn ann() -> Credentials {
    Credentials { user: "ann".to_owned(), password: "pw".to_owned() }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// Returns what comes of an answer that comes in pieces, and what is left of it.
fn heard(protocol: &mut HttpConnect, pieces: &[&[u8]]) -> (Result<Next, String>, Vec<u8>) {
    let (mut heard, mut said) = (Vec::new(), Vec::new());
    let mut result = Ok(Next::Listen);
    for piece in pieces {
        heard.extend_from_slice(piece);
        if matches!(result, Ok(Next::Listen)) {
            result = protocol.go_on(&mut heard, &mut said).map_err(|error| error.to_string());
        }
    }
    assert_eq!(said, b"");
    (result, heard)
}

fn answered(credentials: &Credentials, pieces: &[&[u8]]) -> (Result<Next, String>, Vec<u8>) {
    let mut protocol = conversation(&proxy(), "example.invalid");
    protocol.begin(credentials).unwrap();
    heard(&mut protocol, pieces)
}

#[test]
fn a_request_names_the_peer_and_has_the_headers_of_the_program() {
    let request = conversation(&proxy(), "example.invalid").begin(&ann()).unwrap();
    let agent = USER_AGENT;
    assert_eq!(
        text(request),
        format!(
            "CONNECT example.invalid:80 HTTP/1.1\r\nHost: example.invalid\r\n\
             Proxy-Connection: keep-alive\r\nUser-Agent: {agent}\r\n\r\n"
        )
    );
    let proxy = proxy()
        .with_raw_header("x-tag", "1")
        .with_raw_header("user-agent", "mine")
        .with_raw_header("Proxy-Authorization", "Bearer x")
        .with_raw_header("X-Tag", "2");
    let mut protocol = conversation(&proxy, "2001:db8::1");
    let request = text(protocol.begin(&ann()).unwrap());
    assert_eq!(
        request,
        "CONNECT [2001:db8::1]:80 HTTP/1.1\r\nHost: [2001:db8::1]\r\n\
         Proxy-Connection: keep-alive\r\nuser-agent: mine\r\nProxy-Authorization: Bearer x\r\n\
         X-Tag: 2\r\n\r\n"
    );
    let (next, _) = heard(&mut protocol, &[format!("{BASIC}\r\n").as_bytes()]);
    assert_eq!(next, Ok(Next::Again(Over::SameLink)));
    let request = text(protocol.begin(&ann()).unwrap());
    assert!(
        request.ends_with("X-Tag: 2\r\nProxy-Authorization: Basic YW5uOnB3\r\n\r\n"),
        "{request}"
    );
    assert!(!request.contains("Bearer"), "{request}");
}

#[test]
fn what_would_end_a_line_is_refused() {
    for (byte, name) in [('\r', "carriage return"), ('\n', "line feed"), ('\0', "NUL")] {
        let bad = format!("a{byte}b");
        let refused = |proxy: NetworkProxy, credentials: Credentials| {
            let refusal = conversation(&proxy, "example.invalid").begin(&credentials);
            let reason = refusal.unwrap_err().to_string();
            assert!(reason.contains(name), "{reason}");
            reason
        };
        let user = Credentials { user: bad.clone(), ..ann() };
        assert!(refused(proxy(), user).contains("the user"));
        let password = Credentials { password: bad.clone(), ..ann() };
        assert!(refused(proxy(), password).contains("the password"));
        refused(proxy().with_raw_header(&bad, "1"), ann());
        let reason = refused(proxy().with_raw_header("X-Tag", &bad), ann());
        assert!(reason.contains("\"X-Tag\""), "{reason}");
    }
    for name in ["", "a b", "a:", "ä"] {
        let mut protocol = conversation(&proxy().with_raw_header(name, "1"), "example.invalid");
        assert!(protocol.begin(&ann()).unwrap_err().to_string().contains("no valid name"));
    }
}

#[test]
fn basic_carries_no_colon_in_a_user() {
    let mut protocol = conversation(&proxy(), "example.invalid");
    let colon = Credentials { user: "a:b".to_owned(), ..ann() };
    protocol.begin(&colon).unwrap();
    heard(&mut protocol, &[format!("{BASIC}\r\n").as_bytes()]).0.unwrap();
    assert!(protocol.begin(&colon).unwrap_err().to_string().contains("colon"));
}

/// Returns the value of a parameter of the proof in a request.
fn parameter(request: &str, name: &str) -> String {
    let found = request.split([' ', ',', '\r']).find_map(|part| part.strip_prefix(name));
    found.unwrap_or_else(|| panic!("{name} in {request}")).trim_matches('"').to_owned()
}

#[test]
fn a_nonce_is_counted_and_a_new_one_begins_anew() {
    let demand = |nonce: &str, more: &str| {
        format!(
            "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=\"zone\", nonce=\"{nonce}\", \
             qop=\"auth\", opaque=\"o\"{more}\r\n\r\n"
        )
    };
    let mut protocol = conversation(&proxy(), "example.invalid");
    protocol.begin(&ann()).unwrap();
    let mut client = String::new();
    for (nonce, more, next, count, is_new) in [
        ("one", "", Next::Again(Over::SameLink), "1", true),
        ("two", ", stale=true", Next::Again(Over::SameLink), "1", true),
        ("two", "", authenticate("zone"), "2", false),
        ("three", "", authenticate("zone"), "1", true),
    ] {
        assert_eq!(heard(&mut protocol, &[demand(nonce, more).as_bytes()]).0, Ok(next));
        let request = text(protocol.begin(&ann()).unwrap());
        assert_eq!(parameter(&request, "nonce="), nonce);
        assert_eq!(parameter(&request, "nc="), format!("0000000{count}"));
        assert_eq!(parameter(&request, "uri="), "example.invalid:80");
        let cnonce = parameter(&request, "cnonce=");
        assert_eq!(cnonce != client, is_new);
        client = cnonce;
    }
}

/// Wants credentials for a realm, by Digest with MD5.
fn authenticate(realm: &str) -> Next {
    let options = [("scheme", "Digest"), ("realm", realm), ("algorithm", "MD5")];
    let options = options.map(|(name, value)| (name, value.to_owned())).to_vec();
    Next::Authenticate { options, over: Over::SameLink }
}

#[test]
fn a_proxy_whose_nonces_are_always_too_old_asks_at_last() {
    let mut protocol = conversation(&proxy(), "example.invalid");
    protocol.begin(&ann()).unwrap();
    let mut results = Vec::new();
    for nonce in 0..5 {
        let demand = format!(
            "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest nonce=\"{nonce}\", stale=true\r\n\r\n"
        );
        results.push(heard(&mut protocol, &[demand.as_bytes()]).0.unwrap());
        protocol.begin(&ann()).unwrap();
    }
    let again = || Next::Again(Over::SameLink);
    assert_eq!(results, [again(), again(), again(), authenticate(""), authenticate("")]);
}

#[test]
fn a_body_that_was_not_announced_costs_a_new_connection() {
    let mut protocol = conversation(&proxy(), "example.invalid");
    protocol.begin(&ann()).unwrap();
    let (next, _) = heard(&mut protocol, &[format!("{BASIC}\r\n").as_bytes()]);
    assert_eq!(next, Ok(Next::Again(Over::SameLink)));
    protocol.begin(&ann()).unwrap();
    assert_eq!(heard(&mut protocol, &[b"<html>"]).0, Ok(Next::Again(Over::NewLink)));
    protocol.begin(&ann()).unwrap();
    assert!(heard(&mut protocol, &[b"<html>"]).0.is_err(), "only once");
}

#[test]
fn a_refusal_that_comes_byte_by_byte_costs_no_more_than_its_bytes() {
    let long = format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(60_000));
    let pieces: Vec<&[u8]> = long.as_bytes().chunks(1).collect();
    assert_eq!(answered(&ann(), &pieces).0, Ok(Next::Granted { address: None }));
}

#[test]
fn interim_answers_are_bounded() {
    let interim = format!("HTTP/1.1 103 Early\r\nA: {}\r\n\r\n", "x".repeat(1000));
    let all = interim.repeat(70);
    assert!(answered(&ann(), &[all.as_bytes()]).0.is_err());
}

/// Answers of all kinds, each with what follows it.
fn answers() -> Vec<String> {
    let chunked = "Transfer-Encoding: chunked\r\n\r\n4;a\r\nbody\r\n0\r\nT: t\r\n\r\n";
    vec![
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nmore".to_owned(),
        "HTTP/1.0 299 Fine\n\nmore".to_owned(),
        "HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 103 Wait\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\nmore"
            .to_owned(),
        format!("{BASIC}Content-Length: 4\r\n\r\nbodymore"),
        format!("{BASIC}{chunked}more"),
        format!("{BASIC}Transfer-Encoding: chunked\r\n\r\n4\r\nbodyx"),
        format!("{BASIC}Connection: close\r\n\r\n<html>"),
        format!("{BASIC}Content-Length: 70000\r\n\r\n<html>"),
        "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest nonce=\"1\",\r\n realm=\"zone\"\r\n\r\nmore"
            .to_owned(),
        "HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\n\r\n".to_owned(),
        "HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\nbody".to_owned(),
        "HTTP/1.1 502\r\n\r\n".to_owned(),
        "what is this\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nno field\r\n\r\n".to_owned(),
    ]
}

proptest::proptest! {
    #[test]
    fn an_answer_may_come_in_any_pieces(
        which in 0..14_usize,
        mut cuts in proptest::collection::vec(0..120_usize, 0..4),
        has_credentials: bool,
    ) {
        let credentials = if has_credentials { ann() } else { Credentials::default() };
        let answers = answers();
        let whole = answers[which].as_bytes();
        cuts.extend([0, whole.len()]);
        cuts.iter_mut().for_each(|cut| *cut = (*cut).min(whole.len()));
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &whole[ends[0]..ends[1]]).collect();
        let (expected, rest) = answered(&credentials, &[whole]);
        let (next, left) = answered(&credentials, &pieces);
        proptest::prop_assert_eq!(&next, &expected);
        if next.is_ok() {
            proptest::prop_assert_eq!(left, rest);
        }
    }

    #[test]
    fn any_bytes_come_to_an_end(bytes in proptest::collection::vec(0_u8..=255, 0..200)) {
        let start = [b"HTTP/1.1 407 No\r\n", bytes.as_slice()].concat();
        let _ = answered(&ann(), &[&bytes]);
        let _ = answered(&ann(), &[&start, b"\r\n\r\n"]);
    }
}
