//! `Head`: the head of a proxy's answer.

use super::body::Body;
use super::challenge::{Challenge, Unusable};
use crate::net::values::{EngineFailure, SocketError};

/// The longest head, in bytes. The heads of interim answers count too.
pub(super) const LONGEST: usize = 64 * 1024;

/// How many fields a head may have.
const MOST_FIELDS: usize = 128;

/// How every answer of HTTP begins.
const START: &[u8] = b"HTTP/1.";

/// The longest reason of a status that is shown, in characters.
const LONGEST_REASON: usize = 64;

/// What a head says.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    /// The proxy's words for the status.
    pub(super) reason: String,
    /// The body; `None` if its end is not known, or if it is too long to be skipped.
    pub(super) body: Option<Body>,
    /// True if the head has no length of a body, so that there may be none.
    pub(super) is_silent_of_body: bool,
    /// True if the connection can carry another answer after the body.
    pub(super) keeps_link: bool,
    /// What the proxy demands.
    pub(super) challenge: Result<Challenge, Unusable>,
}

/// Returns the length of a head, if all of it has come. `searched` bytes have no end.
pub(super) fn length_of(heard: &[u8], searched: usize) -> Result<Option<usize>, EngineFailure> {
    let start = heard.len().min(START.len());
    if heard[..start] != START[..start] {
        return Err(wrong("the proxy does not speak HTTP"));
    }
    // A part of an end may have come before.
    let from = searched.saturating_sub(2);
    let length = memchr::memchr_iter(b'\n', &heard[from..]).find_map(|feed| {
        let next = from + feed + 1;
        match &heard[next..] {
            [b'\n', ..] => Some(next + 1),
            [b'\r', b'\n', ..] => Some(next + 2),
            _ => None,
        }
    });
    match length {
        Some(length) if length <= LONGEST => Ok(Some(length)),
        None if heard.len() < LONGEST => Ok(None),
        _ => Err(wrong("the head of the proxy's answer is longer than 64 KiB")),
    }
}

impl Head {
    /// Parses a head.
    pub(super) fn parse(head: &[u8]) -> Result<Self, EngineFailure> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        let parsed = httparse::ParserConfig::default()
            .allow_obsolete_multiline_headers_in_responses(true)
            .parse_response(&mut response, head);
        let (Ok(httparse::Status::Complete(length)), Some(status)) = (parsed, response.code) else {
            return Err(wrong("the head of the proxy's answer is not valid"));
        };
        if length != head.len() {
            return Err(wrong("the head of the proxy's answer is not valid"));
        }
        let values = |name: &'static str| {
            let fields = response.headers.iter();
            fields.filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|f| f.value)
        };
        let has_option = |option: &str| {
            let values = values("connection").chain(values("proxy-connection"));
            let mut options = values.flat_map(|value| value.split(|&byte| byte == b','));
            options.any(|given| given.trim_ascii().eq_ignore_ascii_case(option.as_bytes()))
        };
        let is_persistent = response.version == Some(1) || has_option("keep-alive");
        let coding = values("transfer-encoding").next();
        let length = values("content-length").next();
        let body = match (coding, length) {
            (Some(coding), _) if coding.trim_ascii().eq_ignore_ascii_case(b"chunked") => {
                (values("transfer-encoding").count() == 1).then(Body::chunked)
            }
            (Some(_), _) => None,
            (None, Some(first)) if values("content-length").all(|other| other == first) => {
                number(first).and_then(|length| Body::sized(length).ok())
            }
            (None, Some(_)) => None,
            (None, None) => Some(Body::Sized(0)),
        };
        Ok(Self {
            status,
            reason: shown(response.reason.unwrap_or_default()),
            keeps_link: is_persistent && !has_option("close") && body.is_some(),
            body,
            is_silent_of_body: coding.is_none() && length.is_none(),
            challenge: Challenge::strongest(values("proxy-authenticate")),
        })
    }
}

/// Parses a `Content-Length`.
fn number(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| str::from_utf8(digits).ok()?.parse().ok())?
}

/// Returns a reason as far as it is shown.
fn shown(reason: &str) -> String {
    reason.chars().filter(|letter| !letter.is_control()).take(LONGEST_REASON).collect()
}

pub(super) fn wrong(reason: &str) -> EngineFailure {
    EngineFailure::new(SocketError::ProxyProtocol, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        assert_eq!(length_of(text.as_bytes(), 0).unwrap(), Some(text.len()), "{text:?}");
        Head::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_head_ends_at_the_empty_line_wherever_it_is_cut() {
        for text in ["HTTP/1.1 200 OK\r\nA: b\r\n\r\n", "HTTP/1.0 200 OK\nA: b\n\n"] {
            let all = [text.as_bytes(), b"more"].concat();
            for cut in 0..text.len() {
                assert_eq!(length_of(&all[..cut], 0).unwrap(), None, "{cut}");
                assert_eq!(length_of(&all, cut).unwrap(), Some(text.len()), "{cut}");
            }
        }
    }

    #[test]
    fn what_is_no_http_is_known_at_its_first_bytes() {
        for wrong in ["X", "HTTP/2", "SSH-2.0-OpenSSH\r\n", "\r\n", "\x05\x00"] {
            assert!(length_of(wrong.as_bytes(), 0).is_err(), "{wrong}");
        }
        for wrong in
            ["HTTP/1.x 200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nA b\r\n\r\n"]
        {
            assert_eq!(length_of(wrong.as_bytes(), 0).unwrap(), Some(wrong.len()));
            assert!(Head::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_head_is_at_most_64_kib_long() {
        let of_length = |length: usize| {
            let start = "HTTP/1.1 200 OK\r\nA: ";
            format!("{start}{}\r\n\r\n", "x".repeat(length - start.len() - 4))
        };
        assert_eq!(length_of(of_length(LONGEST).as_bytes(), 0).unwrap(), Some(LONGEST));
        assert!(length_of(of_length(LONGEST + 1).as_bytes(), 0).is_err());
        assert!(length_of(&of_length(LONGEST + 1).as_bytes()[..LONGEST], 0).is_err());
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(129));
        assert!(Head::parse(many.as_bytes()).is_err());
    }

    #[test]
    fn a_connection_is_kept_as_the_version_and_the_options_say() {
        let keeps = |version: u8, fields: &str| {
            head(&format!("HTTP/1.{version} 407 No\r\n{fields}Content-Length: 3\r\n\r\n"))
                .keeps_link
        };
        assert!(keeps(1, ""));
        assert!(!keeps(0, ""));
        assert!(keeps(0, "Proxy-Connection: Keep-Alive\r\n"));
        assert!(keeps(0, "Connection: x, keep-alive\r\n"));
        assert!(!keeps(1, "connection: x, Close\r\n"));
        assert!(!keeps(1, "Connection: close\r\nProxy-Connection: keep-alive\r\n"));
        assert!(!keeps(1, "Content-Length: 4\r\n"), "two lengths");
    }

    #[test]
    fn a_body_has_a_length_or_chunks() {
        let body = |fields: &str| head(&format!("HTTP/1.1 407 No\r\n{fields}\r\n")).body;
        assert_eq!(body("Content-Length: 12\r\n"), Some(Body::Sized(12)));
        assert_eq!(body("Content-Length: 12\r\nContent-Length: 12\r\n"), Some(Body::Sized(12)));
        assert_eq!(body("Content-Length: 1x\r\n"), None);
        assert_eq!(body("Content-Length: 999999999\r\n"), None);
        assert_eq!(
            body("Transfer-Encoding: Chunked\r\nContent-Length: 2\r\n"),
            Some(Body::chunked())
        );
        assert_eq!(body("Transfer-Encoding: gzip, chunked\r\n"), None);
        assert_eq!(body(""), Some(Body::Sized(0)));
        assert!(head("HTTP/1.1 407 No\r\n\r\n").is_silent_of_body);
    }
}
