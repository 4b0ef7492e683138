//! `Tunnel`: the layer that speaks with a proxy until the proxy has connected to the peer.

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::rc::Rc;

use super::authenticator::ProxyAuthentication;
use super::network_proxy::NetworkProxy;
use super::protocol::{Credentials, Next, Over, Protocol};
use crate::net::engine::{Address, Ends, Handshake, Link, Question, Settled, SocketEngine};
use crate::net::values::{EngineFailure, SocketError};

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
    peer: Address,
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
    Stands {
        local: Option<Address>,
    },
}

impl Tunnel {
    /// Creates a tunnel to `peer` above a connection to the proxy.
    pub(super) fn new(
        below: Box<dyn SocketEngine>,
        early: Vec<u8>,
        proxy: Rc<NetworkProxy>,
        protocol: Box<dyn Protocol>,
        peer: Address,
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
            peer,
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
                Some(next) => self.follow(next).map_or_else(|| self.speak(), Ok),
                None => Err(EngineFailure::new(SocketError::ProxyConnectionClosed, reason).into()),
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
                    if let Some(handshake) = self.follow(next) {
                        return Ok(handshake);
                    }
                }
            }
        }
    }

    /// Goes where the conversation leads. Returns `None` if it goes on at once.
    fn follow(&mut self, next: Next) -> Option<Handshake> {
        match next {
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
            Next::Connected { local } => {
                self.stage = Stage::Stands { local };
                Some(Handshake::Done)
            }
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
            Stage::Stands { .. } => Ok(Handshake::Done),
        }
    }

    fn add_link(&mut self, link: Box<dyn SocketEngine>) {
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
            Stage::Stands { local } => {
                let ends = Ends { local, peer: self.peer };
                Ok(Settled { engine: self.below, early: self.heard, ends: Some(ends) })
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

impl From<EngineFailure> for Trouble {
    fn from(failure: EngineFailure) -> Self {
        Self::Failed(failure.into())
    }
}
