//! `Socks5`: the client's side of SOCKS5 (RFC 1928), with user and password (RFC 1929).

use std::net::{Ipv4Addr, SocketAddr};

use super::address::{push_address, push_counted, push_target};
use super::reply::{Aim, VERSION, parse_reply, wrong};
use crate::net::proxy::protocol::{Credentials, Next, Over, Protocol};
use crate::net::proxy::target::Target;
use crate::net::values::{EngineFailure, SocketError};

const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
/// The version of the negotiation of user and password.
const PASSWORD_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const BIND: u8 = 2;
const ASSOCIATE: u8 = 3;

/// What a proxy is asked for.
#[derive(Debug)]
pub(in crate::net::proxy) enum Request {
    /// To connect to this peer.
    Connect(Target),
    /// To relay datagrams.
    Associate,
    /// To listen at this address for one connection.
    Bind(SocketAddr),
}

impl Request {
    fn aim(&self) -> Aim {
        let described = match self {
            Self::Connect(_) => "connect to the peer",
            Self::Associate => "relay datagrams",
            Self::Bind(_) => "listen",
        };
        Aim { described, is_named: matches!(self, Self::Connect(Target::Name(..))) }
    }
}

/// The client's side of SOCKS5.
#[derive(Debug)]
pub(in crate::net::proxy) struct Socks5 {
    request: Request,
    credentials: Credentials,
    awaits: Awaits,
}

/// What the proxy is to say next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaits {
    /// The method that it has chosen.
    Method,
    /// If it accepts the password.
    Password,
    /// The reply to the request.
    Reply,
}

impl Socks5 {
    pub(in crate::net::proxy) fn new(request: Request) -> Self {
        Self { request, credentials: Credentials::default(), awaits: Awaits::Method }
    }

    /// Returns the bytes of the request.
    fn request(&self) -> Vec<u8> {
        match &self.request {
            Request::Connect(target) => {
                let mut request = vec![VERSION, CONNECT, 0];
                push_target(&mut request, target);
                request
            }
            Request::Bind(address) => {
                let mut request = vec![VERSION, BIND, 0];
                push_address(&mut request, *address);
                request
            }
            Request::Associate => {
                let mut request = vec![VERSION, ASSOCIATE, 0];
                // The address from which the datagrams will come is not known: an address that is
                // translated on the way is not the socket's own.
                push_address(&mut request, SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
                request
            }
        }
    }

    /// Takes the method that the proxy has chosen.
    fn on_method(&mut self, method: u8, said: &mut Vec<u8>) -> Result<Next, EngineFailure> {
        match method {
            NO_AUTHENTICATION => {
                said.extend(self.request());
                self.awaits = Awaits::Reply;
            }
            USER_AND_PASSWORD if !self.credentials.is_empty() => {
                said.push(PASSWORD_VERSION);
                push_counted(said, &self.credentials.user);
                push_counted(said, &self.credentials.password);
                self.awaits = Awaits::Password;
            }
            NO_METHOD => return Ok(wants_credentials()),
            other => {
                return Err(EngineFailure::new(
                    SocketError::SocketAccess,
                    format!(
                        "the proxy chose the authentication method {other}, which was not offered"
                    ),
                ));
            }
        }
        Ok(Next::Listen)
    }
}

impl Protocol for Socks5 {
    fn begin(&mut self, credentials: &Credentials) -> Result<Vec<u8>, EngineFailure> {
        for (what, text) in [("user", &credentials.user), ("password", &credentials.password)] {
            if text.len() > usize::from(u8::MAX) {
                return Err(EngineFailure::new(
                    SocketError::ProxyAuthenticationRequired,
                    format!(
                        "the {what} for the proxy has {} bytes, and SOCKS5 takes 255",
                        text.len()
                    ),
                ));
            }
        }
        self.credentials = credentials.clone();
        self.awaits = Awaits::Method;
        let method = if credentials.is_empty() { NO_AUTHENTICATION } else { USER_AND_PASSWORD };
        Ok(vec![VERSION, 1, method])
    }

    fn go_on(&mut self, heard: &mut Vec<u8>, said: &mut Vec<u8>) -> Result<Next, EngineFailure> {
        match (self.awaits, &heard[..]) {
            (Awaits::Method, [version, ..]) if *version != VERSION => {
                Err(wrong("the proxy does not speak SOCKS5"))
            }
            (Awaits::Password, [version, ..]) if ![PASSWORD_VERSION, VERSION].contains(version) => {
                Err(wrong("the proxy answers the password in another version"))
            }
            (Awaits::Method, [_, method, ..]) => {
                let next = self.on_method(*method, said)?;
                heard.drain(..2);
                Ok(next)
            }
            (Awaits::Password, [PASSWORD_VERSION, 0, ..]) => {
                said.extend(self.request());
                self.awaits = Awaits::Reply;
                heard.drain(..2);
                Ok(Next::Listen)
            }
            (Awaits::Password, [_, 0, ..]) => {
                Err(wrong("the proxy accepts the password in another version"))
            }
            // As in Qt, a refusal is one in the version of SOCKS too.
            (Awaits::Password, [_, _, ..]) => Ok(wants_credentials()),
            (Awaits::Reply, _) => {
                let reply = parse_reply(heard, self.request.aim())?;
                let Some((address, length)) = reply else { return Ok(Next::Listen) };
                heard.drain(..length);
                Ok(Next::Granted { address: Some(address) })
            }
            _ => Ok(Next::Listen),
        }
    }
}

/// Returns what comes next when the proxy wants credentials, or other ones.
fn wants_credentials() -> Next {
    Next::Authenticate { options: Vec::new(), over: Over::NewLink }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What came of a conversation: the last step, what was said, and what is left.
    type Talk = (Result<Next, String>, Vec<u8>, Vec<u8>);

    /// Speaks with a proxy whose answers come in these pieces.
    fn talk<'a>(user: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> Talk {
        let mut socks = Socks5::new(Request::Connect(Target::parse("example.test", 80).unwrap()));
        let credentials = Credentials { user: user.to_owned(), password: String::new() };
        let mut said = socks.begin(&credentials).unwrap();
        let (mut heard, mut next) = (Vec::new(), Ok(Next::Listen));
        for piece in pieces {
            heard.extend_from_slice(piece);
            while let Ok(Next::Listen) = next {
                let before = said.len();
                next = socks.go_on(&mut heard, &mut said).map_err(|failure| failure.to_string());
                if said.len() == before {
                    break;
                }
            }
        }
        (next, said, heard)
    }

    /// Bytes that a proxy may send: mostly what belongs to SOCKS5.
    fn answers() -> impl Strategy<Value = Vec<u8>> {
        let method = prop::sample::select(vec![[5, 0], [5, 2], [5, 0xff], [4, 0], [1, 0], [5, 7]]);
        let head = prop::sample::select(vec![
            [5, 0, 0, 1],
            [5, 0, 0, 3],
            [5, 0, 0, 4],
            [5, 1, 0, 1],
            [5, 0, 1, 1],
            [5, 0, 0, 9],
            [1, 0, 5, 0],
        ]);
        let rest = prop::collection::vec(any::<u8>(), 0..300);
        (method, head, rest).prop_map(|(method, head, rest)| [&method[..], &head, &rest].concat())
    }

    proptest! {
        #[test]
        fn an_answer_means_the_same_in_whatever_pieces_it_comes(
            bytes in prop_oneof![answers(), prop::collection::vec(any::<u8>(), 0..40)],
            user in prop_oneof![Just(""), Just("ann")],
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let whole = talk(user, [&bytes[..]]);
            let in_pieces = talk(user, cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]));
            prop_assert_eq!(&in_pieces.0, &whole.0);
            prop_assert_eq!(&in_pieces.1, &whole.1);
            if let Ok(Next::Granted { .. }) = whole.0 {
                prop_assert_eq!(&in_pieces.2, &whole.2);
                prop_assert!(bytes.ends_with(&whole.2), "what is left belongs to the peer");
            }
        }
    }

    #[test]
    fn a_name_of_any_length_that_can_be_told_is_told_whole() {
        for length in [1, 63, 253, 255] {
            let name: String = "a.".repeat(128)[..length].to_owned();
            let socks = Socks5::new(Request::Connect(Target::Name(name.clone(), 443)));
            let request = socks.request();
            assert_eq!(usize::from(request[4]), length);
            assert_eq!(request[5..5 + length], *name.as_bytes());
            assert_eq!(request[5 + length..], [1, 0xbb]);
        }
    }
}
