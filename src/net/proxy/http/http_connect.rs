//! `HttpConnect`: the client's side of CONNECT (RFC 9110, 9.3.6).
//!
//! Credentials are sent when a proxy has asked for them, not before, as in Qt.

use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::body::{Body, Endless};
use super::challenge::{Challenge, is_of_token};
use super::digest::{Saying, new_cnonce};
use super::head::{self, Head, wrong};
use crate::net::proxy::network_proxy::NetworkProxy;
use crate::net::proxy::protocol::{Credentials, Next, Over, Protocol};
use crate::net::proxy::target::Target;
use crate::net::values::{EngineFailure, SocketError};

const METHOD: &str = "CONNECT";

/// What names this library, unless the program names itself.
pub(super) const USER_AGENT: &str = concat!("slotwire/", env!("CARGO_PKG_VERSION"));

/// How often in a row a proxy may call its nonce too old.
const MOST_STALE: u32 = 3;

/// The client's side of CONNECT.
#[derive(Debug)]
pub(in crate::net::proxy) struct HttpConnect {
    /// The host of the peer, as HTTP has it: addresses of IPv6 in brackets.
    host: String,
    port: u16,
    /// The fields that the program adds.
    fields: Vec<(String, String)>,
    credentials: Credentials,
    demand: Option<Demand>,
    /// True if the last request had credentials.
    has_proved: bool,
    /// How often in a row the proxy has called its nonce too old.
    stale: u32,
    awaits: Awaits,
    /// How much of what was heard is no end of a head.
    searched: usize,
    /// The length of the interim heads before this one.
    interim: usize,
    /// True if the answer before said nothing of a body and may have had one.
    may_hear_body: bool,
}

/// What the proxy demands of each request.
#[derive(Debug)]
struct Demand {
    challenge: Challenge,
    /// The nonce of this client, and how often it has used that of the proxy.
    cnonce: String,
    count: u32,
}

/// What the proxy is to say next.
#[derive(Debug)]
enum Awaits {
    Head,
    /// A body, and what comes after it.
    Body(Body, Next),
}

impl HttpConnect {
    pub(in crate::net::proxy) fn new(target: Target, proxy: &NetworkProxy) -> Self {
        let (host, port) = match target {
            Target::Address(address) => (bracketed(address), address.port()),
            Target::Name(name, port) => (name, port),
        };
        Self {
            host,
            port,
            fields: proxy.raw_headers().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            credentials: Credentials::default(),
            demand: None,
            has_proved: false,
            stale: 0,
            awaits: Awaits::Head,
            searched: 0,
            interim: 0,
            may_hear_body: false,
        }
    }

    /// Returns the peer as the request names it.
    fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    fn request(&mut self) -> Result<Vec<u8>, EngineFailure> {
        let authority = self.authority();
        let proof = self.proof(&authority)?;
        let has = |name: &str| self.fields.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        let mut request = format!("{METHOD} {authority} HTTP/1.1\r\n").into_bytes();
        let mut add = |name: &str, value: &[u8]| {
            request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        };
        for (name, value) in [
            ("Host", self.host.as_str()),
            ("Proxy-Connection", "keep-alive"),
            ("User-Agent", USER_AGENT),
        ] {
            if !has(name) {
                add(name, value.as_bytes());
            }
        }
        for (name, value) in &self.fields {
            if proof.is_none() || !name.eq_ignore_ascii_case("Proxy-Authorization") {
                add(name, value.as_bytes());
            }
        }
        if let Some(proof) = &proof {
            add("Proxy-Authorization", proof);
        }
        request.extend(b"\r\n");
        self.has_proved = proof.is_some();
        Ok(request)
    }

    /// Returns the value of `Proxy-Authorization`, if the proxy demands one and there are
    /// credentials.
    fn proof(&mut self, authority: &str) -> Result<Option<Vec<u8>>, EngineFailure> {
        let Some(demand) = self.demand.as_mut().filter(|_| !self.credentials.is_empty()) else {
            return Ok(None);
        };
        let Credentials { user, password } = &self.credentials;
        Ok(Some(match &demand.challenge {
            Challenge::Basic { .. } if user.contains(':') => {
                return Err(unfit("the user for the proxy has a colon, which Basic cannot carry"));
            }
            Challenge::Basic { .. } => {
                format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))).into()
            }
            Challenge::Digest { digest, .. } => {
                demand.count += 1;
                let (cnonce, count) = (demand.cnonce.as_str(), demand.count);
                let saying = Saying { method: METHOD, uri: authority, cnonce, count };
                digest.answer(&self.credentials, saying)
            }
        }))
    }

    /// Refuses what would end a line of the request, or the request.
    fn check(&self, credentials: &Credentials) -> Result<(), EngineFailure> {
        for (what, text) in [("user", &credentials.user), ("password", &credentials.password)] {
            if let Some(found) = found_in(text) {
                return Err(unfit(&format!("the {what} for the proxy has {found}")));
            }
        }
        for (name, value) in &self.fields {
            let fault = match found_in(name).or_else(|| found_in(value)) {
                Some(found) => found,
                None if name.is_empty() || !name.bytes().all(is_of_token) => "no valid name",
                None => continue,
            };
            let reason = format!("the header {name:?} for the proxy has {fault}");
            return Err(EngineFailure::new(SocketError::UnsupportedSocketOperation, reason));
        }
        Ok(())
    }

    /// Takes a final head.
    fn on_head(&mut self, head: Head) -> Result<Next, EngineFailure> {
        let kind = match head.status {
            200..300 => return Ok(Next::Granted { address: None }),
            407 => return self.on_demand(head),
            401 => return self.on_unauthorized(&head),
            403 | 405 => SocketError::SocketAccess,
            404 => SocketError::HostNotFound,
            503 => SocketError::ConnectionRefused,
            _ => SocketError::ProxyProtocol,
        };
        Err(refused(kind, &head))
    }

    /// Takes the head of an answer which no proxy should give for itself. tinyproxy does so if the
    /// password is wrong.
    fn on_unauthorized(&mut self, head: &Head) -> Result<Next, EngineFailure> {
        match &self.demand {
            // Each request after a demand has a proof.
            Some(demand) => {
                let options = demand.challenge.options();
                Ok(Next::Authenticate { options, over: Over::NewLink })
            }
            None => Err(refused(SocketError::ProxyAuthenticationRequired, head)),
        }
    }

    /// Takes the head of an answer that demands credentials.
    fn on_demand(&mut self, head: Head) -> Result<Next, EngineFailure> {
        let challenge = head.challenge.map_err(|unusable| unusable.failure())?;
        let is_stale = matches!(challenge, Challenge::Digest { is_stale: true, .. });
        let is_unused = !self.has_proved && !self.credentials.is_empty();
        let over = if head.keeps_link { Over::SameLink } else { Over::NewLink };
        let next = match is_unused || is_stale && self.has_proved && self.stale < MOST_STALE {
            true => Next::Again(over),
            false => Next::Authenticate { options: challenge.options(), over },
        };
        self.stale = if is_stale { self.stale + 1 } else { 0 };
        self.demand(challenge);
        Ok(match head.body.filter(|_| head.keeps_link) {
            Some(body) => {
                self.may_hear_body = head.is_silent_of_body;
                self.awaits = Awaits::Body(body, next);
                Next::Listen
            }
            None => next,
        })
    }

    /// Meets this challenge from now on. The same nonce is counted on.
    fn demand(&mut self, challenge: Challenge) {
        let count_on = match (&self.demand, &challenge) {
            (
                Some(Demand { challenge: Challenge::Digest { digest: old, .. }, .. }),
                Challenge::Digest { digest: new, .. },
            ) => old == new,
            _ => false,
        };
        match &mut self.demand {
            Some(demand) if count_on => demand.challenge = challenge,
            demand => *demand = Some(Demand { challenge, cnonce: new_cnonce(), count: 0 }),
        }
    }
}

impl Protocol for HttpConnect {
    fn begin(&mut self, credentials: &Credentials) -> Result<Vec<u8>, EngineFailure> {
        self.check(credentials)?;
        self.credentials = credentials.clone();
        self.awaits = Awaits::Head;
        (self.searched, self.interim) = (0, 0);
        self.request()
    }

    fn go_on(&mut self, heard: &mut Vec<u8>, _said: &mut Vec<u8>) -> Result<Next, EngineFailure> {
        loop {
            if let Awaits::Body(body, _) = &mut self.awaits {
                let skipped = body.skip(heard);
                if skipped == Ok(false) {
                    return Ok(Next::Listen);
                }
                let Awaits::Body(_, next) = std::mem::replace(&mut self.awaits, Awaits::Head)
                else {
                    unreachable!("a body was awaited")
                };
                return Ok(if skipped == Err(Endless) { next.over_new_link() } else { next });
            }
            if heard.is_empty() {
                return Ok(Next::Listen);
            }
            let found = match head::length_of(heard, self.searched) {
                Err(_) if std::mem::take(&mut self.may_hear_body) => {
                    return Ok(Next::Again(Over::NewLink));
                }
                found => found?,
            };
            let Some(length) = found else {
                self.searched = heard.len();
                return Ok(Next::Listen);
            };
            let head = Head::parse(&heard[..length])?;
            heard.drain(..length);
            self.searched = 0;
            self.may_hear_body = false;
            if matches!(head.status, 100..200) {
                self.interim += length;
                if self.interim > head::LONGEST {
                    return Err(wrong("the proxy's interim answers are longer than 64 KiB"));
                }
                continue;
            }
            let next = self.on_head(head)?;
            if next != Next::Listen {
                return Ok(next);
            }
        }
    }

    /// A proxy that ends in a body has said what it demands in the head, as curl takes it too.
    fn on_end(&mut self) -> Option<Next> {
        match std::mem::replace(&mut self.awaits, Awaits::Head) {
            Awaits::Body(_, next) => Some(next.over_new_link()),
            Awaits::Head => None,
        }
    }
}

/// Returns the failure of a request that the proxy has refused.
fn refused(kind: SocketError, head: &Head) -> EngineFailure {
    let status = format!("HTTP {} {}", head.status, head.reason);
    let what = match head.status {
        502 | 504 => "did not reach the peer",
        _ => "refused the connection",
    };
    EngineFailure::new(kind, format!("the proxy {what} ({})", status.trim_end()))
}

/// Returns the host of an address, as HTTP has it.
fn bracketed(address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// Returns the name of the first byte that no line may have.
fn found_in(text: &str) -> Option<&'static str> {
    text.bytes().find_map(|byte| match byte {
        b'\r' => Some("a carriage return in it"),
        b'\n' => Some("a line feed in it"),
        0 => Some("a NUL in it"),
        _ => None,
    })
}

/// Returns the failure of credentials that cannot be used.
fn unfit(reason: &str) -> EngineFailure {
    EngineFailure::new(SocketError::ProxyAuthenticationRequired, reason)
}
