//! The links to a proxy of which the fuzzers have written what comes: the connection to it, on which
//! it answers, and the one to its relay.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use crate::net::engine::{Address, Progress, Settled, SocketEngine};
use crate::readiness::SourceId;

/// The source of the connection to the proxy.
pub(super) const CONTROL: SourceId = SourceId(NonZeroUsize::MIN);

/// What a proxy says, in pieces that come one after the other, and then its end.
#[derive(Clone, Debug)]
pub(super) struct Script(Rc<RefCell<Answers>>);

#[derive(Debug)]
struct Answers {
    bytes: Vec<u8>,
    read: usize,
    /// How many bytes have come.
    come: usize,
    /// The lengths of the pieces that have not come.
    later: VecDeque<usize>,
    has_ended: bool,
}

impl Script {
    pub(super) fn new(pieces: &[&[u8]]) -> Self {
        let later = pieces.iter().map(|piece| piece.len()).collect();
        let bytes = pieces.concat();
        let answers = Answers { bytes, read: 0, come: 0, later, has_ended: false };
        Self(Rc::new(RefCell::new(answers)))
    }

    /// Lets the next piece come, or the end. Returns false if the end has come before.
    pub(super) fn go_on(&self) -> bool {
        let answers = &mut *self.0.borrow_mut();
        if let Some(length) = answers.later.pop_front() {
            answers.come += length;
            return true;
        }
        !std::mem::replace(&mut answers.has_ended, true)
    }

    /// Returns all that was not read.
    pub(super) fn rest(&self) -> Vec<u8> {
        let answers = &*self.0.borrow();
        answers.bytes[answers.read..].to_vec()
    }
}

/// The connection to a proxy.
#[derive(Debug)]
pub(super) struct ControlLink(Script);

impl ControlLink {
    pub(super) fn new(script: Script) -> Self {
        Self(script)
    }
}

impl SocketEngine for ControlLink {
    fn source(&self) -> Option<SourceId> {
        Some(CONTROL)
    }

    fn into_below(self: Box<Self>) -> Result<Settled, Box<dyn SocketEngine>> {
        Err(self)
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let answers = &mut *self.0.0.borrow_mut();
        let count = buffer.len().min(answers.come - answers.read);
        if count == 0 && !answers.has_ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        buffer[..count].copy_from_slice(&answers.bytes[answers.read..][..count]);
        answers.read += count;
        Ok(count)
    }

    fn peek(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn peer_addr(&self) -> io::Result<Address> {
        Ok(SocketAddr::from(([10, 0, 0, 1], 1080)).into())
    }

    fn into_descriptor(self: Box<Self>) -> Result<OwnedFd, Box<dyn SocketEngine>> {
        Err(self)
    }
}

/// The link to a relay, whose datagrams have come already.
#[derive(Debug)]
pub(super) struct RelayLink {
    /// The datagrams, each behind two bytes: the first is odd if another host has sent the
    /// datagram, and the second is its length.
    datagrams: Vec<u8>,
    /// Where the datagrams begin that were not received.
    received: usize,
    /// Where the datagrams begin that were not answered, and that come after an answered one.
    answered: usize,
}

impl RelayLink {
    pub(super) fn new(datagrams: &[u8]) -> Self {
        Self { datagrams: datagrams.to_vec(), received: 0, answered: 0 }
    }

    /// Returns the last byte of the sender's address, and where the datagram is that begins here.
    fn datagram_at(&self, start: usize) -> Option<(u8, Range<usize>)> {
        let [sender, length] = *self.datagrams.get(start..)?.first_chunk()?;
        let start = start + 2;
        let end = self.datagrams.len().min(start + usize::from(length));
        Some((1 + sender % 2, start..end))
    }
}

impl SocketEngine for RelayLink {
    fn into_below(self: Box<Self>) -> Result<Settled, Box<dyn SocketEngine>> {
        Err(self)
    }

    fn progress(&mut self) -> io::Result<Progress> {
        Ok(Progress::Connected)
    }

    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }

    fn peek(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }

    fn receive_from(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Address)> {
        let (sender, at) = self.datagram_at(self.received).ok_or(ErrorKind::WouldBlock)?;
        self.received = at.end;
        buffer[..at.len()].copy_from_slice(&self.datagrams[at.clone()]);
        Ok((at.len(), SocketAddr::from(([10, 0, 0, sender], 1081)).into()))
    }

    /// Takes the answer to a datagram: the same text. So it is the same datagram, since a head names
    /// a receiver as it names a sender.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        const MAPPED: [u8; 16] = [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
        const NAMED: [u8; 4] = [0, 0, 0, 3];
        while let Some((_, at)) = self.datagram_at(self.answered) {
            self.answered = at.end;
            let datagram = &self.datagrams[at];
            let may_differ = datagram.starts_with(&MAPPED) || bytes.starts_with(&NAMED);
            if may_differ || datagram == bytes {
                return Ok(bytes.len());
            }
        }
        panic!("{bytes:?} answers no datagram")
    }

    fn peer_addr(&self) -> io::Result<Address> {
        Ok(SocketAddr::from(([10, 0, 0, 1], 1081)).into())
    }

    fn into_descriptor(self: Box<Self>) -> Result<OwnedFd, Box<dyn SocketEngine>> {
        Err(self)
    }
}
