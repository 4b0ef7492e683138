//! A layer that does what its script says before it lets anybody pass.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::rc::Rc;

use slotwire::__private::v1::engine::{
    Address, Destination, EngineFailure, Handshake, Interest, Link, Progress, Question, Readiness,
    Route, Router, Settled, SocketEngine, SourceId,
};
use slotwire::SocketError;
use smallvec::SmallVec;

/// What a toll panics at, if it reads it after the handshake.
pub(crate) const ALARM: &[u8] = b"alarm";

/// What a toll asks of the program.
#[derive(Debug, Default)]
pub(crate) struct Password(pub(crate) RefCell<Option<&'static str>>);

/// What a toll does.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Says this to the peer.
    Say(&'static str),
    /// Waits until the peer has said this.
    Hear(&'static str),
    /// Asks the program for a password, and says that.
    AskPassword,
    /// Gives up its link for another one.
    Relink,
    /// Gets another link, and keeps the first one to hear when it ends.
    KeepControl(Link),
    /// Panics.
    Panic,
    /// Knows the peer by name alone from now on.
    Name(u16),
}

/// The layer.
#[derive(Debug)]
pub(crate) struct Toll {
    below: Box<dyn SocketEngine>,
    control: Option<Box<dyn SocketEngine>>,
    acts: VecDeque<Act>,
    heard: Vec<u8>,
    password: Option<Rc<Password>>,
    peer: Option<Address>,
    /// Nothing is left to do after the handshake.
    dissolves: bool,
    is_cut: bool,
}

impl Toll {
    fn stand_on(
        below: Box<dyn SocketEngine>,
        early: Vec<u8>,
        acts: Vec<Act>,
        dissolves: bool,
    ) -> Box<dyn SocketEngine> {
        Box::new(Self {
            below,
            control: None,
            acts: acts.into(),
            heard: early,
            password: None,
            peer: None,
            dissolves,
            is_cut: false,
        })
    }

    /// Reads until the peer has said this. Returns false if it has not yet.
    fn hear(&mut self, expected: &str) -> io::Result<bool> {
        loop {
            if let Some(rest) = self.heard.strip_prefix(expected.as_bytes()) {
                self.heard = rest.to_vec();
                return Ok(true);
            }
            if !expected.as_bytes().starts_with(&self.heard) {
                return Err(failure(SocketError::ProxyProtocol, "the peer says something else"));
            }
            let mut buffer = [0; 64];
            match self.below.read(&mut buffer) {
                Ok(0) => return Err(failure(SocketError::ProxyConnectionClosed, "the peer went")),
                Ok(count) => self.heard.extend(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        assert_eq!(self.below.write(text.as_bytes())?, text.len(), "there is room");
        Ok(())
    }

    fn check(&self) -> io::Result<()> {
        match self.is_cut {
            true => Err(failure(SocketError::ProxyConnectionClosed, "the control link has ended")),
            false => Ok(()),
        }
    }
}

fn failure(kind: SocketError, reason: &str) -> io::Error {
    EngineFailure::new(kind, reason).into()
}

impl SocketEngine for Toll {
    fn below(&self) -> Option<&dyn SocketEngine> {
        Some(&*self.below)
    }

    fn below_mut(&mut self) -> Option<&mut (dyn SocketEngine + 'static)> {
        Some(&mut *self.below)
    }

    fn shake_hands(&mut self) -> io::Result<Handshake> {
        while let Some(act) = self.acts.front().cloned() {
            match act {
                Act::Say(text) => self.say(text)?,
                Act::Hear(text) => {
                    if !self.hear(text)? {
                        return Ok(Handshake::Pending);
                    }
                }
                Act::AskPassword => {
                    if self.password.is_none() {
                        let password = Rc::<Password>::default();
                        self.password = Some(password.clone());
                        return Ok(Handshake::Asks(Question::new(password)));
                    }
                    return Ok(Handshake::Pending);
                }
                Act::Relink => return Ok(Handshake::NeedsLink(Link::again())),
                Act::KeepControl(link) => return Ok(Handshake::NeedsLink(link)),
                Act::Panic => panic!("on purpose"),
                Act::Name(port) => self.peer = Some(Address::Named(port)),
            }
            self.acts.pop_front();
        }
        Ok(Handshake::Done)
    }

    fn add_link(&mut self, link: Box<dyn SocketEngine>) {
        let before = std::mem::replace(&mut self.below, link);
        if let Some(Act::KeepControl(_)) = self.acts.pop_front() {
            self.control = Some(before);
        }
    }

    fn answered(&mut self) {
        let answer = self.password.take().and_then(|password| password.0.take());
        self.acts[0] = Act::Say(answer.unwrap_or("nothing"));
    }

    fn ready(&mut self, source: Option<SourceId>, readiness: Readiness) -> Readiness {
        let Some(control) = &mut self.control else { return self.below.ready(source, readiness) };
        if source.is_none() || source != control.source() {
            return self.below.ready(source, readiness);
        }
        self.is_cut = matches!(control.read(&mut [0; 8]), Ok(0));
        let (readable, read_closed) = (self.is_cut, self.is_cut);
        Readiness { readable, read_closed, ..Readiness::default() }
    }

    fn waits_for(&self, interest: Interest) -> SmallVec<[(&dyn SocketEngine, Interest); 2]> {
        let control = Interest { to_read: true, to_write: false };
        let control = self.control.as_deref().map(|engine| (engine, control));
        control.into_iter().chain([(&*self.below, interest)]).collect()
    }

    fn into_below(self: Box<Self>) -> Result<Settled, Box<dyn SocketEngine>> {
        match self.dissolves {
            true => Ok(Settled { engine: self.below, early: self.heard, ends: None }),
            false => Err(self),
        }
    }

    fn progress(&mut self) -> io::Result<Progress> {
        self.check()?;
        self.below.progress()
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        let count = self.below.read(buffer)?;
        assert_ne!(&buffer[..count], ALARM);
        Ok(count)
    }

    fn peek(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.below.peek(buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.below.write(bytes)
    }

    fn peer_addr(&self) -> io::Result<Address> {
        self.peer.map_or_else(|| self.below.peer_addr(), Ok)
    }

    fn into_descriptor(self: Box<Self>) -> Result<OwnedFd, Box<dyn SocketEngine>> {
        Err(self)
    }
}

/// Leads every connection through the same tolls.
pub(crate) struct TollRoad {
    /// Where it leads first, if that is not the peer.
    pub(crate) gate: Option<(&'static str, u16)>,
    /// The scripts of the tolls, from the lowest. The value tells whether the toll dissolves.
    pub(crate) tolls: Vec<(Vec<Act>, bool)>,
    /// What was asked for, by host and port.
    pub(crate) asked: Rc<RefCell<Vec<(String, u16)>>>,
}

impl TollRoad {
    /// A road with tolls that stay.
    pub(crate) fn new(tolls: impl IntoIterator<Item = Vec<Act>>) -> Self {
        let tolls = tolls.into_iter().map(|acts| (acts, false)).collect();
        Self { gate: None, tolls, asked: Rc::default() }
    }

    /// The same road with tolls that dissolve.
    pub(crate) fn dissolving(mut self) -> Self {
        self.tolls.iter_mut().for_each(|(_, dissolves)| *dissolves = true);
        self
    }
}

impl Router for TollRoad {
    fn route(&self, destination: &Destination<'_>) -> Route {
        self.asked.borrow_mut().push((destination.host.to_owned(), destination.port));
        let route = match self.gate {
            Some((host, port)) => Route::by_way_of(host, port),
            None => Route::direct(),
        };
        self.tolls.iter().cloned().fold(route, |route, (acts, dissolves)| {
            route.with_layer(move |below, early| Toll::stand_on(below, early, acts, dissolves))
        })
    }
}
