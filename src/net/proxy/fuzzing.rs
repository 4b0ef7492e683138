//! Whole conversations with proxies, for the fuzzers: from the first answer of the proxy to what
//! the socket or the server makes of it. `fuzzing_link.rs` has the connection on which the proxy
//! speaks.

use std::io::{self, ErrorKind};
use std::rc::Rc;

use super::authenticator::ProxyAuthentication;
use super::fuzzing_link::{CONTROL, ControlLink, RelayLink, Script};
#[cfg(feature = "http-proxy")]
use super::http::HttpConnect;
use super::network_proxy::NetworkProxy;
use super::protocol::Protocol;
use super::socks5::{Request, Socks5};
use super::target::Target;
use super::tunnel::{Purpose, Tunnel};
use crate::net::engine::{Handshake, SocketEngine};
use crate::net::values::SocketType;
use crate::readiness::Readiness;

/// How many users the program knows at most.
const MOST_USERS: usize = 8;

/// The steps of a conversation on one connection, and what follows it. Nothing follows if the
/// connection is given up, or if it is not the peer's.
type Conversation = (Vec<String>, Vec<u8>);

/// What a SOCKS5 proxy is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Asked {
    /// A connection to a peer by its name.
    Connection,
    /// To listen for one connection.
    Listener,
    /// To relay the datagrams of everybody.
    Relay,
    /// To relay the datagrams of 10.9.8.7, port 80.
    RelayOfAddress,
    /// To relay the datagrams of a peer by its name.
    RelayOfName,
}

/// What a proxy says.
#[derive(Clone, Copy, Debug)]
pub struct Answers<'a> {
    /// What it says on the connection to it, in the pieces in which it comes.
    pub pieces: &'a [&'a [u8]],
    /// The datagrams that its relay sends. Before each there are two bytes: the first is odd if
    /// another host sends the datagram, and the second is the length.
    pub relayed: &'a [u8],
    /// True if the program has credentials.
    pub has_credentials: bool,
}

/// Speaks with a SOCKS5 proxy.
pub(in crate::net) fn socks5_conversation(asked: Asked, answers: Answers<'_>) -> Conversation {
    let (request, purpose) = match asked {
        Asked::Connection => {
            let target = named();
            let purpose = Purpose::Connect(target.peer());
            (Request::Connect(target), purpose)
        }
        Asked::Listener => (Request::Bind(([0, 0, 0, 0], 0).into()), Purpose::Listen),
        Asked::Relay => (Request::Associate, Purpose::Relay(None)),
        Asked::RelayOfAddress => {
            let peer = Target::Address(([10, 9, 8, 7], 80).into());
            (Request::Associate, Purpose::Relay(Some(peer)))
        }
        Asked::RelayOfName => (Request::Associate, Purpose::Relay(Some(named()))),
    };
    let proxy = NetworkProxy::socks5("proxy.example", 1080);
    converse(proxy, Box::new(Socks5::new(request)), purpose, answers)
}

/// Speaks with an HTTP proxy.
#[cfg(feature = "http-proxy")]
pub(in crate::net) fn http_conversation(answers: Answers<'_>) -> Conversation {
    let proxy = NetworkProxy::http("proxy.example", 3128);
    let target = named();
    let purpose = Purpose::Connect(target.peer());
    let protocol = Box::new(HttpConnect::new(target, &proxy));
    converse(proxy, protocol, purpose, answers)
}

fn named() -> Target {
    Target::Name("example.invalid".to_owned(), 80)
}

fn converse(
    proxy: NetworkProxy,
    protocol: Box<dyn Protocol>,
    purpose: Purpose,
    answers: Answers<'_>,
) -> Conversation {
    let proxy = match answers.has_credentials {
        true => proxy.with_credentials("user0", "pw"),
        false => proxy,
    };
    let listens = matches!(purpose, Purpose::Listen);
    let script = Script::new(answers.pieces);
    let link = Box::new(ControlLink::new(script.clone()));
    let mut tunnel = Box::new(Tunnel::new(link, Vec::new(), Rc::new(proxy), protocol, purpose));
    let mut steps = Vec::new();
    match shake_hands(&mut tunnel, &script, answers.relayed, &mut steps) {
        Ok(true) => {}
        Ok(false) => return (steps, Vec::new()),
        Err(error) => {
            steps.push(error.to_string());
            return (steps, Vec::new());
        }
    }
    match tunnel.into_below() {
        Ok(settled) => {
            steps.push(format!("{:?}", settled.ends));
            (steps, [settled.early, script.rest()].concat())
        }
        Err(engine) if listens => accept(engine, &script, steps),
        Err(engine) => {
            relay(engine, &script, &mut steps);
            (steps, Vec::new())
        }
    }
}

/// Makes the handshake of a tunnel. Returns false if the tunnel gives the connection up for another
/// one.
fn shake_hands(
    tunnel: &mut Tunnel,
    script: &Script,
    relayed: &[u8],
    steps: &mut Vec<String>,
) -> io::Result<bool> {
    let mut users = 0;
    loop {
        match tunnel.shake_hands()? {
            Handshake::Pending => assert!(script.go_on(), "the conversation waits after the end"),
            Handshake::Asks(question) => {
                let asked: &ProxyAuthentication = question.as_value().expect("no layer asks else");
                steps.push(format!("{:?}", asked.authenticator));
                users += 1;
                if users < MOST_USERS {
                    asked.authenticator.set_user(format!("user{users}"));
                    asked.authenticator.set_password("pw");
                }
                tunnel.answered();
            }
            Handshake::NeedsLink(link) => {
                steps.push(format!("{link:?}"));
                if link.kind != SocketType::Udp {
                    return Ok(false);
                }
                tunnel.add_link(Box::new(RelayLink::new(relayed)));
            }
            Handshake::Done => return Ok(true),
        }
    }
}

/// Waits for the one connection that the proxy listens for.
fn accept(
    mut engine: Box<dyn SocketEngine>,
    script: &Script,
    mut steps: Vec<String>,
) -> Conversation {
    loop {
        match engine.accept() {
            Ok(accepted) => {
                steps.push(format!("{:?}", accepted.peer));
                let again = engine.accept().map(|accepted| accepted.peer);
                assert_eq!(again.map_err(|error| error.kind()), Err(ErrorKind::WouldBlock));
                return (steps, [accepted.early.as_slice(), &script.rest()].concat());
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                assert!(!engine.ready_now().readable, "the news was there already");
                assert!(script.go_on(), "the server waits after the end");
            }
            Err(error) => {
                steps.push(error.to_string());
                return (steps, Vec::new());
            }
        }
    }
}

/// Takes all datagrams of a relay and answers each, then waits for the end of the relay.
fn relay(mut engine: Box<dyn SocketEngine>, script: &Script, steps: &mut Vec<String>) {
    let (mut datagrams, mut bytes, mut failures) = (0, 0, 0);
    loop {
        let size = engine.datagram_size().expect("it is known without a call");
        let mut room = [0; 256];
        match engine.receive_from(&mut room) {
            Ok((count, sender)) => {
                assert_eq!(size, Some(count));
                (datagrams, bytes) = (datagrams + 1, bytes + count);
                let answer = &room[..count];
                let sent = match engine.peer_addr() {
                    Ok(_) => engine.write(answer),
                    Err(_) => engine.send_to(answer, sender),
                };
                let is_sent = sent.is_ok_and(|sent| sent == count);
                let to_many = sender.internet().is_some_and(|to| {
                    let ip = to.ip().to_canonical();
                    ip.is_multicast() || ip == std::net::Ipv4Addr::BROADCAST
                });
                assert!(is_sent || to_many, "{sender:?}");
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(_) => failures += 1,
        }
    }
    steps.push(format!("{datagrams} datagrams of {bytes} bytes, {failures} failures"));
    let readable = Readiness { readable: true, ..Readiness::default() };
    while !engine.ready(Some(CONTROL), readable).read_closed {
        assert!(script.go_on(), "the relay stands after the end");
    }
    let end = engine.progress().map(drop).expect_err("the relay has ended");
    steps.push(end.to_string());
}
