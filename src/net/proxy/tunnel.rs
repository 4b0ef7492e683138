//! `Tunnel`: the layer that speaks with a proxy until the proxy has done what it was asked for.

use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use super::authenticator::ProxyAuthentication;
use super::network_proxy::NetworkProxy;
use super::protocol::{Credentials, Next, Over, Protocol};
use super::socks5::{Association, BindListener, End, tells_ip};
use super::target::Target;
use crate::net::engine::{Address, Ends, Handshake, Link, Question, Settled, SocketEngine};
use crate::net::values::{EngineFailure, SocketError, SocketType, canonical};

/// How many bytes are read at once. The answers of proxies are short.
const CHUNK: usize = 1024;

/// A layer that speaks with a proxy.
#[derive(Debug)]
pub(super) struct Tunnel {
    below: Box<dyn SocketEngine>,
    proxy: Rc<NetworkProxy>,
    protocol: Box<dyn Protocol>,
    credentials: Credentials,
    /// What the proxy has said and the protocol has not taken.
    heard: Vec<u8>,
    /// What is to be said and has found no room below.
    said: Vec<u8>,
    stage: Stage,
    /// True if the conversation has begun anew on this connection.
    is_kept: bool,
    purpose: Purpose,
}

/// What the proxy is asked for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// A connection to this peer.
    Connect(Address),
    /// To relay datagrams: to and from this peer, or any.
    Relay(Option<Target>),
    /// To listen for one connection.
    Listen,
}

/// What a tunnel does.
#[derive(Debug)]
enum Stage {
    /// Has a connection to the proxy on which the conversation is to begin, for the first time or
    /// anew.
    Begins,
    Speaks,
    /// Waits for the answer of the program.
    Asks(Rc<ProxyAuthentication>, Over),
    /// Has credentials that the proxy has not seen, and needs a new connection.
    Returns,
    /// The program has not given other credentials.
    GivesUp,
    /// The proxy relays datagrams that are sent to this address, and there is no link to it yet.
    NeedsRelay(SocketAddr),
    /// The proxy has done what it was asked for.
    Stands(Standing),
}

/// What a proxy has granted.
#[derive(Debug)]
enum Standing {
    /// A connection to this peer, for which the proxy has this address.
    Connection { local: Option<Address>, peer: Address },
    /// A link to the relay.
    Relay(Box<dyn SocketEngine>),
    /// A proxy that listens at this address.
    Listener(SocketAddr),
}

impl Tunnel {
    /// Creates a tunnel above a connection to the proxy.
    pub(super) fn new(
        below: Box<dyn SocketEngine>,
        early: Vec<u8>,
        proxy: Rc<NetworkProxy>,
        protocol: Box<dyn Protocol>,
        purpose: Purpose,
    ) -> Self {
        let credentials =
            Credentials { user: proxy.user().to_owned(), password: proxy.password().to_owned() };
        Self {
            below,
            proxy,
            protocol,
            credentials,
            heard: early,
            said: Vec::new(),
            stage: Stage::Begins,
            is_kept: false,
            purpose,
        }
    }

    /// Goes on with the conversation until the proxy has to say more.
    fn speak(&mut self) -> io::Result<Handshake> {
        match self.converse() {
            Ok(handshake) => Ok(handshake),
            Err(Trouble::Failed(error)) => Err(error),
            // A proxy may close a connection that it has not promised to keep.
            Err(Trouble::Lost(_)) if self.is_kept && self.heard.is_empty() => {
                self.stage = Stage::Returns;
                Ok(Handshake::NeedsLink(Link::again()))
            }
            Err(Trouble::Lost(reason)) => match self.protocol.on_end() {
                Some(next) => match self.follow(next)? {
                    Some(handshake) => Ok(handshake),
                    None => self.speak(),
                },
                None => Err(Trouble::Lost(reason).into()),
            },
        }
    }

    fn converse(&mut self) -> Result<Handshake, Trouble> {
        loop {
            if let Stage::Begins = self.stage {
                self.said = self.protocol.begin(&self.credentials)?;
                self.stage = Stage::Speaks;
            }
            self.send()?;
            if !self.said.is_empty() {
                return Ok(Handshake::Pending);
            }
            match self.protocol.go_on(&mut self.heard, &mut self.said)? {
                Next::Listen if !self.said.is_empty() => {}
                Next::Listen => {
                    if !self.hear()? {
                        return Ok(Handshake::Pending);
                    }
                }
                next => {
                    if let Some(handshake) = self.follow(next)? {
                        return Ok(handshake);
                    }
                }
            }
        }
    }

    /// Goes where the conversation leads. Returns `None` if it goes on at once.
    fn follow(&mut self, next: Next) -> Result<Option<Handshake>, Trouble> {
        Ok(match next {
            Next::Listen => None,
            Next::Again(over) => {
                self.begin_anew(over);
                matches!(over, Over::NewLink).then(|| Handshake::NeedsLink(Link::again()))
            }
            Next::Authenticate { options, over } => {
                let question = Rc::new(ProxyAuthentication::of((*self.proxy).clone(), options));
                self.stage = Stage::Asks(question.clone(), over);
                Some(Handshake::Asks(Question::new(question)))
            }
            Next::Granted { address } => {
                self.stage = self.granted(address)?;
                Some(self.handshake_once_granted())
            }
        })
    }

    /// Returns what follows when the proxy has done what it was asked for and has said this address.
    fn granted(&self, address: Option<Address>) -> Result<Stage, Trouble> {
        Ok(match self.purpose {
            Purpose::Connect(peer) => {
                let local = address.filter(|told| told.internet().is_none_or(tells_ip));
                Stage::Stands(Standing::Connection { local, peer })
            }
            Purpose::Relay(_) => Stage::NeedsRelay(self.place_of(address)?),
            Purpose::Listen => Stage::Stands(Standing::Listener(self.place_of(address)?)),
        })
    }

    /// Returns where the proxy takes datagrams, or listens. A proxy that does not tell its IP address
    /// means its own.
    fn place_of(&self, told: Option<Address>) -> Result<SocketAddr, Trouble> {
        let (ip, port) = match told {
            Some(Address::Internet(address)) => {
                (tells_ip(address).then(|| canonical(address).ip()), address.port())
            }
            Some(Address::Named(port)) => (None, port),
            None => (None, 0),
        };
        let own = self.below.peer_addr().map_err(Trouble::of)?.internet();
        match (ip, own) {
            (Some(ip), _) if port != 0 => Ok(SocketAddr::new(ip, port)),
            (None, Some(mut own)) if port != 0 => {
                own.set_port(port);
                Ok(own)
            }
            _ => {
                let reason = match self.purpose {
                    Purpose::Listen => "the proxy did not say where it listens",
                    _ => "the proxy did not say where it takes datagrams",
                };
                Err(EngineFailure::new(SocketError::ProxyProtocol, reason).into())
            }
        }
    }

    /// Returns what is left of the handshake when the proxy has done what it was asked for.
    fn handshake_once_granted(&self) -> Handshake {
        match self.stage {
            Stage::NeedsRelay(at) => Handshake::NeedsLink(Link::new(SocketType::Udp, at)),
            _ => Handshake::Done,
        }
    }

    fn begin_anew(&mut self, over: Over) {
        self.stage = match over {
            Over::SameLink => Stage::Begins,
            Over::NewLink => Stage::Returns,
        };
        self.is_kept = matches!(over, Over::SameLink);
    }

    /// Sends what is to be said, as far as there is room.
    fn send(&mut self) -> Result<(), Trouble> {
        while !self.said.is_empty() {
            match self.below.write(&self.said) {
                Ok(count) => drop(self.said.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(Trouble::of(error)),
            }
        }
        Ok(())
    }

    /// Reads what the proxy has said. Returns false if nothing has come.
    fn hear(&mut self) -> Result<bool, Trouble> {
        let mut chunk = [0; CHUNK];
        match self.below.read(&mut chunk) {
            Ok(0) => {
                let reason = "the proxy closed the connection before it had connected to the peer";
                Err(Trouble::Lost(reason.to_owned()))
            }
            Ok(count) => {
                self.heard.extend_from_slice(&chunk[..count]);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(Trouble::of(error)),
        }
    }
}

impl SocketEngine for Tunnel {
    fn below(&self) -> Option<&dyn SocketEngine> {
        Some(&*self.below)
    }

    fn below_mut(&mut self) -> Option<&mut (dyn SocketEngine + 'static)> {
        Some(&mut *self.below)
    }

    fn shake_hands(&mut self) -> io::Result<Handshake> {
        match &self.stage {
            Stage::Begins | Stage::Speaks => self.speak(),
            Stage::Asks(..) => Ok(Handshake::Pending),
            Stage::Returns => Ok(Handshake::NeedsLink(Link::again())),
            Stage::GivesUp => {
                let reason = "the proxy requires a user and a password, or other ones";
                Err(EngineFailure::new(SocketError::ProxyAuthenticationRequired, reason).into())
            }
            Stage::Stands(Standing::Relay(_)) => {
                // The end may have come with the reply, and then it is not reported once more.
                End::hear_out(&mut *self.below)?;
                Ok(Handshake::Done)
            }
            Stage::NeedsRelay(_) | Stage::Stands(_) => Ok(self.handshake_once_granted()),
        }
    }

    fn add_link(&mut self, link: Box<dyn SocketEngine>) {
        if let Stage::NeedsRelay(_) = self.stage {
            self.stage = Stage::Stands(Standing::Relay(link));
            return;
        }
        self.below = link;
        self.heard.clear();
        self.said.clear();
        self.stage = Stage::Begins;
        self.is_kept = false;
    }

    fn answered(&mut self) {
        if let Stage::Asks(question, over) = &self.stage {
            let over = *over;
            let answer = &question.authenticator;
            let given = Credentials { user: answer.user(), password: answer.password() };
            let is_new = !given.is_empty() && given != self.credentials;
            self.credentials = given;
            match is_new {
                true => self.begin_anew(over),
                false => self.stage = Stage::GivesUp,
            }
        }
    }

    fn holds_back(&self) -> bool {
        !self.said.is_empty()
    }

    fn into_below(self: Box<Self>) -> Result<Settled, Box<dyn SocketEngine>> {
        match self.stage {
            Stage::Stands(Standing::Connection { local, peer }) => {
                let ends = Some(Ends { local, peer });
                Ok(Settled { engine: self.below, early: self.heard, ends })
            }
            Stage::Stands(Standing::Relay(relay)) => {
                let peer = match self.purpose {
                    Purpose::Relay(peer) => peer,
                    Purpose::Connect(_) | Purpose::Listen => None,
                };
                Err(Box::new(Association::new(self.below, relay, peer)))
            }
            Stage::Stands(Standing::Listener(local)) => {
                Err(Box::new(BindListener::new(self.below, self.heard, local)))
            }
            _ => Err(self),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.below.read(buffer)
    }

    fn peek(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.below.peek(buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.below.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.below.write_vectored(slices)
    }

    fn into_descriptor(self: Box<Self>) -> Result<OwnedFd, Box<dyn SocketEngine>> {
        Err(self)
    }
}

/// Why a conversation ends.
enum Trouble {
    /// The connection to the proxy is gone.
    Lost(String),
    Failed(io::Error),
}

impl Trouble {
    fn of(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
                Self::Lost(format!("the connection to the proxy broke: {error}"))
            }
            _ => Self::Failed(error),
        }
    }
}

impl From<Trouble> for io::Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Failed(error) => error,
            Trouble::Lost(reason) => {
                EngineFailure::new(SocketError::ProxyConnectionClosed, reason).into()
            }
        }
    }
}

impl From<EngineFailure> for Trouble {
    fn from(failure: EngineFailure) -> Self {
        Self::Failed(failure.into())
    }
}
