//! A layer of the tests' own: both ends greet each other with a secret, and everything after that is
//! in records whose bytes are changed by the secret of the end that wrote them.
//!
//! A record has two bytes for the length of its text, and the text. One without a text ends its
//! direction. So the layer reads and writes other bytes than the socket, holds back what the engine
//! below has no room for, and has an end of its own before that of the connection, as TLS has.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};

use slotwire::__private::v1::engine::{
    EngineFailure, Handshake, Progress, Readiness, Settled, SocketEngine, SourceId,
};
use slotwire::SocketError;

use super::layered_network::TestLayer;
use super::speech::{Below, Outbox, Speech};

/// What each end says first, before the byte that is its secret.
const GREETING: [u8; 7] = *b"secret:";

/// How much text a record has at most.
const RECORD: usize = 8 * 1024;

/// How much text an end reads ahead of its reader.
const AHEAD: usize = 64 * 1024;

/// The layer, and what the other ends do for it.
pub(super) const SECRET: TestLayer = TestLayer {
    native: "native_with_layer",
    simulated: "simulated_with_layer",
    put_on: |_| Box::new(|route| route.with_layer(Secret::stand_on)),
    speech: || Box::new(Conversation::new(0xa5, Vec::new())),
};

/// Changes each byte by a secret, and back. It takes eight bytes at a time, since tests are compiled
/// without optimization.
fn exclusive_or(bytes: &mut [u8], secret: u8) {
    let eight = u64::from_ne_bytes([secret; 8]);
    let (words, rest) = bytes.as_chunks_mut();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ eight).to_ne_bytes();
    }
    for byte in rest {
        *byte ^= secret;
    }
}

/// One end of the conversation, whatever is below.
#[derive(Debug)]
pub(super) struct Conversation {
    own_secret: u8,
    /// The other end's, once it has greeted.
    its_secret: Option<u8>,
    /// What came from below and is no whole record yet.
    raw: Vec<u8>,
    /// What the other end has said.
    text: VecDeque<u8>,
    /// Why no more text will come.
    end: Option<End>,
    /// What is to go below.
    outgoing: Outbox,
}

#[derive(Debug)]
enum End {
    Orderly,
    /// The engine below has failed, as is told once.
    Failed(Option<io::Error>),
}

impl Conversation {
    pub(super) fn new(own_secret: u8, early: Vec<u8>) -> Self {
        Self {
            own_secret,
            its_secret: None,
            raw: early,
            text: VecDeque::new(),
            end: None,
            outgoing: Outbox::beginning_with(GREETING.into_iter().chain([own_secret])),
        }
    }

    /// Goes on with the greeting. Returns true if both ends have greeted.
    pub(super) fn greet(&mut self, below: &mut dyn Below) -> io::Result<bool> {
        self.send(below)?;
        while self.its_secret.is_none() {
            if let Some(greeting) = self.raw.first_chunk::<{ GREETING.len() + 1 }>() {
                let [said @ .., secret] = *greeting;
                if said != GREETING {
                    let reason = "the peer does not know the greeting";
                    return Err(EngineFailure::new(SocketError::ProxyProtocol, reason).into());
                }
                self.its_secret = Some(secret);
                self.raw.drain(..=GREETING.len());
                self.decode();
                break;
            }
            match self.fetch(below) {
                Ok(0) => return Err(ErrorKind::ConnectionReset.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(!self.outgoing.holds_back())
    }

    fn fetch(&mut self, below: &mut dyn Below) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        let count = below.read(&mut buffer)?;
        self.raw.extend_from_slice(&buffer[..count]);
        Ok(count)
    }

    /// Takes the whole records out of what came.
    fn decode(&mut self) {
        let Some(secret) = self.its_secret else { return };
        while let (None, Some(&length)) = (&self.end, self.raw.first_chunk()) {
            let length = usize::from(u16::from_be_bytes(length));
            let Some(text) = self.raw.get_mut(2..2 + length) else { return };
            exclusive_or(text, secret);
            self.text.extend(&*text);
            if length == 0 {
                self.end = Some(End::Orderly);
            }
            self.raw.drain(..2 + length);
        }
    }

    /// Reads ahead, as far as something has come.
    pub(super) fn read_ahead(&mut self, below: &mut dyn Below) {
        while self.end.is_none() && self.text.len() < AHEAD {
            match self.fetch(below) {
                Ok(0) => self.end = Some(End::Orderly),
                Ok(_) => self.decode(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => self.end = Some(End::Failed(Some(error))),
            }
        }
    }

    /// Reads text. `keeps` leaves it there.
    pub(super) fn read(
        &mut self,
        below: &mut dyn Below,
        buffer: &mut [u8],
        keeps: bool,
    ) -> io::Result<usize> {
        let mut count = 0;
        loop {
            self.read_ahead(below);
            if keeps {
                let (first, second) = self.text.as_slices();
                count = first.chain(second).read(buffer)?;
                break;
            }
            let more = self.text.read(&mut buffer[count..])?;
            count += more;
            if more == 0 || count == buffer.len() {
                break;
            }
        }
        match &mut self.end {
            _ if count > 0 || buffer.is_empty() => Ok(count),
            None => Err(ErrorKind::WouldBlock.into()),
            Some(End::Orderly) => Ok(0),
            Some(End::Failed(error)) => error.take().map_or(Ok(0), Err),
        }
    }

    /// Writes text, if nothing is held back.
    pub(super) fn write(&mut self, below: &mut dyn Below, bytes: &[u8]) -> io::Result<usize> {
        self.send(below)?;
        let mut said = 0;
        while !self.outgoing.holds_back() && said < bytes.len() {
            let mut text = bytes[said..bytes.len().min(said + RECORD)].to_vec();
            said += text.len();
            exclusive_or(&mut text, self.own_secret);
            self.outgoing.bytes.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
            self.outgoing.bytes.extend(text);
            self.send(below)?;
        }
        if said == 0 && !bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(said)
    }

    /// Ends the direction to the other end, when all is said.
    pub(super) fn finish(&mut self, below: &mut dyn Below) -> io::Result<()> {
        if self.outgoing.finish() {
            self.outgoing.bytes.extend([0, 0]);
            if self.outgoing.bytes.len() == 2 {
                return self.send(below);
            }
        }
        Ok(())
    }

    /// Sends what is held back, as far as there is room.
    pub(super) fn send(&mut self, below: &mut dyn Below) -> io::Result<()> {
        self.outgoing.send(below)
    }

    pub(super) fn holds_back(&self) -> bool {
        self.outgoing.holds_back()
    }

    /// Says nothing any more: the connection is gone.
    pub(super) fn forget(&mut self) {
        self.outgoing.forget();
    }
}

impl Speech for Conversation {
    fn greet(&mut self, below: &mut dyn Below) -> io::Result<bool> {
        self.greet(below)
    }

    fn read(&mut self, below: &mut dyn Below, buffer: &mut [u8]) -> io::Result<usize> {
        self.read(below, buffer, false)
    }

    fn write(&mut self, below: &mut dyn Below, bytes: &[u8]) -> io::Result<usize> {
        self.write(below, bytes)
    }

    fn finish(&mut self, below: &mut dyn Below) -> io::Result<()> {
        self.finish(below)
    }

    fn send(&mut self, below: &mut dyn Below) -> io::Result<()> {
        self.send(below)
    }

    fn holds_back(&self) -> bool {
        self.holds_back()
    }

    fn forget(&mut self) {
        self.forget();
    }
}

impl Below for Box<dyn SocketEngine> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (**self).read(buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (**self).write(bytes)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.shutdown_write()
    }
}

/// The layer on a connection of ours.
#[derive(Debug)]
pub struct Secret {
    below: Box<dyn SocketEngine>,
    conversation: Conversation,
}

impl Secret {
    pub fn stand_on(below: Box<dyn SocketEngine>, early: Vec<u8>) -> Box<dyn SocketEngine> {
        Box::new(Self { below, conversation: Conversation::new(0x5a, early) })
    }

    /// What can be read without the engine below.
    fn readable(&self) -> Readiness {
        let read_closed = self.conversation.end.is_some();
        let readable = read_closed || !self.conversation.text.is_empty();
        Readiness { readable, read_closed, ..Readiness::default() }
    }
}

impl SocketEngine for Secret {
    fn below(&self) -> Option<&dyn SocketEngine> {
        Some(&*self.below)
    }

    fn below_mut(&mut self) -> Option<&mut (dyn SocketEngine + 'static)> {
        Some(&mut *self.below)
    }

    fn shake_hands(&mut self) -> io::Result<Handshake> {
        let has_greeted = self.conversation.greet(&mut self.below)?;
        Ok(if has_greeted { Handshake::Done } else { Handshake::Pending })
    }

    fn ready(&mut self, source: Option<SourceId>, readiness: Readiness) -> Readiness {
        let Self { below, conversation } = self;
        let ready = below.ready(source, readiness);
        if conversation.its_secret.is_none() {
            return Readiness::default();
        }
        if ready.writable {
            // A failure is told by the next write, or the next read.
            let _ = conversation.send(below);
        }
        if ready.readable {
            conversation.read_ahead(below);
        }
        Readiness { writable: ready.writable && !conversation.holds_back(), ..self.readable() }
    }

    fn ready_now(&self) -> Readiness {
        self.readable()
    }

    fn into_below(self: Box<Self>) -> Result<Settled, Box<dyn SocketEngine>> {
        Err(self)
    }

    fn progress(&mut self) -> io::Result<Progress> {
        match &mut self.conversation.end {
            Some(End::Failed(error)) => error.take().map_or(Ok(Progress::Connected), Err),
            _ => self.below.progress(),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.conversation.read(&mut self.below, buffer, false)
    }

    fn read_to(&mut self, buffer: &mut Vec<u8>, max: usize) -> io::Result<usize> {
        self.conversation.read_ahead(&mut self.below);
        // One byte finds out about the end.
        let most = self.conversation.text.len().max(1);
        self.read_cleared(buffer, max.min(most))
    }

    fn peek(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.conversation.read(&mut self.below, buffer, true)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.conversation.write(&mut self.below, bytes)
    }

    fn holds_back(&self) -> bool {
        self.conversation.holds_back()
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.conversation.finish(&mut self.below)
    }

    fn available(&self) -> io::Result<usize> {
        Ok(self.conversation.text.len())
    }

    fn into_descriptor(self: Box<Self>) -> Result<std::os::fd::OwnedFd, Box<dyn SocketEngine>> {
        Err(self)
    }
}
