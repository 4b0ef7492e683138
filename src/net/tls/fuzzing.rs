//! A conversation of `TlsEngine` with a peer whose bytes somebody on the way has changed, for the
//! fuzzers in `fuzz/`.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufRead, ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::SystemTime;

use rustls::Connection;
use rustls::pki_types::UnixTime;

use super::configuration::SslConfiguration;
use super::engine::TlsEngine;
use super::error::{SslError, SslErrorKind};
use super::hearing::hear;
use super::session::{Report, Session};
use crate::net::engine::{Settled, SocketEngine};
use crate::readiness::{Readiness, SourceId};

/// How many calls one deed may make to the engine below, at the most.
const MOST_CALLS: usize = 100_000;

/// How many bytes each end writes, at the most.
const MOST_WRITTEN: usize = 256 * 1024;

/// What happens next in a conversation. Most have a number of bytes, or a place among those on the
/// way.
#[derive(Clone, Debug)]
pub enum TlsDeed {
    /// Our program writes this many bytes.
    Write(usize),
    /// Our program reads up to this many bytes.
    Read(usize),
    /// Our program looks for bytes without taking them.
    Peek,
    /// Our program closes its writing end.
    ShutDown,
    /// Our program closes the connection.
    Finish,
    /// The deadline passes.
    Due,
    /// Our program decides about the errors of the peer's certificate.
    Decide(bool),
    /// There is room for so many bytes more on the way to the peer.
    Room(usize),
    /// So many bytes reach us.
    Come(usize),
    /// So many bytes reach the peer.
    Go(usize),
    /// Everything on the way arrives, until nobody has anything to say.
    Settle,
    /// The peer writes so many bytes.
    PeerWrites(usize),
    /// The peer changes its keys.
    PeerChangesKeys,
    /// The peer says that no more will come.
    PeerCloses,
    /// A byte on the way to us is changed.
    Change(usize),
    /// Some bytes on the way to us, from this place on, are lost.
    Lose(usize, usize),
    /// The first bytes on the way to us come twice.
    Repeat(usize),
    /// What is on the way to us comes in another order.
    Swap(usize),
    /// Somebody adds bytes at the end of what is on the way to us.
    Add(Vec<u8>),
    /// The connection ends.
    End,
    /// The connection is reset.
    Reset,
}

/// What is on the way between both ends.
#[derive(Debug, Default)]
struct Way {
    /// What has reached us and was not read.
    come: VecDeque<u8>,
    /// What is on the way to us.
    to_us: Vec<u8>,
    to_peer: VecDeque<u8>,
    room: usize,
    has_ended: bool,
    is_reset: bool,
    /// How many calls the deed that is under way has made.
    calls: usize,
}

impl Way {
    fn count_call(&mut self) {
        self.calls += 1;
        assert!(self.calls < MOST_CALLS, "one deed calls the engine below without end");
    }
}

/// The engine below.
#[derive(Clone, Debug, Default)]
struct Link(Rc<RefCell<Way>>);

impl SocketEngine for Link {
    fn ready(&mut self, _: Option<SourceId>, readiness: Readiness) -> Readiness {
        readiness
    }

    fn ready_now(&self) -> Readiness {
        Readiness::default()
    }

    fn into_below(self: Box<Self>) -> Result<Settled, Box<dyn SocketEngine>> {
        Err(self)
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let way = &mut *self.0.borrow_mut();
        way.count_call();
        if way.come.is_empty() {
            return match (way.is_reset, way.has_ended) {
                (true, _) => Err(ErrorKind::ConnectionReset.into()),
                (false, true) => Ok(0),
                (false, false) => Err(ErrorKind::WouldBlock.into()),
            };
        }
        io::Read::read(&mut way.come, buffer)
    }

    fn peek(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let way = &mut *self.0.borrow_mut();
        way.count_call();
        if way.is_reset {
            return Err(ErrorKind::ConnectionReset.into());
        }
        let count = bytes.len().min(way.room);
        way.room -= count;
        way.to_peer.extend(&bytes[..count]);
        match count {
            0 => Err(ErrorKind::WouldBlock.into()),
            _ => Ok(count),
        }
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.0.borrow_mut().count_call();
        Ok(())
    }

    fn into_descriptor(self: Box<Self>) -> Result<OwnedFd, Box<dyn SocketEngine>> {
        Err(self)
    }
}

/// A conversation that is under way.
struct Conversation {
    engine: Box<TlsEngine>,
    session: Rc<Session>,
    link: Link,
    peer: Connection,
    /// The peer's session has failed.
    has_peer_failed: bool,
    /// How many bytes the peer has written, and how many of them have come to us.
    peer_wrote: usize,
    came: usize,
    /// How many bytes we have written, and how many of them have come to the peer.
    wrote: usize,
    went: usize,
    is_encrypted: bool,
    errors: usize,
    has_finished: bool,
}

/// Speaks with a peer. `ours` are the settings of our end, which is a server or a client, and
/// `theirs` those of the peer.
///
/// Panics if bytes come that were not written, or in another order; if there is more than one error;
/// if anything of the program comes or goes before the handshake is over; and if one deed makes calls
/// without end.
pub fn tls_conversation(
    (ours, theirs): (&SslConfiguration, &SslConfiguration),
    is_server: bool,
    wants_errors: bool,
    deeds: impl IntoIterator<Item = TlsDeed>,
) {
    let session = Rc::<Session>::default();
    session.set_wants_errors(wants_errors);
    session.set_wants_counts(true);
    let connection = |configuration: &SslConfiguration, is_server| {
        let begin = || match is_server {
            true => configuration.server(),
            false => configuration.client("localhost"),
        };
        hear(now(), false, begin).0.unwrap_or_else(|_| panic!("the settings are wrong"))
    };
    let link = Link::default();
    link.0.borrow_mut().room = 16 * 1024;
    let below = Box::new(link.clone());
    let ours_connection = connection(ours, is_server);
    let engine = TlsEngine::new(below, ours_connection, session.clone(), ours, Vec::new(), &[]);
    let peer = connection(theirs, !is_server);
    let mut conversation = Conversation {
        engine: Box::new(engine),
        session,
        link,
        peer,
        has_peer_failed: false,
        peer_wrote: 0,
        came: 0,
        wrote: 0,
        went: 0,
        is_encrypted: false,
        errors: 0,
        has_finished: false,
    };
    conversation.engine.begin();
    for deed in deeds {
        conversation.link.0.borrow_mut().calls = 0;
        conversation.carry_out(deed);
        conversation.hear_reports();
        if conversation.has_finished {
            break;
        }
    }
}

fn now() -> UnixTime {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    UnixTime::since_unix_epoch(now.unwrap_or_default())
}

/// The byte that each end writes at this place.
fn byte_at(place: usize) -> u8 {
    (place % 251) as u8
}

fn bytes_from(place: usize, count: usize) -> Vec<u8> {
    (place..place + count).map(byte_at).collect()
}

impl Conversation {
    fn carry_out(&mut self, deed: TlsDeed) {
        match deed {
            TlsDeed::Write(count) => self.write(count),
            TlsDeed::Read(max) => self.read(max),
            TlsDeed::Peek => {
                let mut buffer = [0; 16];
                match self.engine.peek(&mut buffer) {
                    Ok(count) => self.check_come(&buffer[..count]),
                    Err(error) => self.note(&error),
                }
            }
            TlsDeed::ShutDown => drop(self.engine.shutdown_write()),
            TlsDeed::Finish => self.has_finished = self.engine.finish(),
            TlsDeed::Due => self.engine.on_deadline(),
            TlsDeed::Decide(true) => self.engine.accept(),
            TlsDeed::Decide(false) => {
                self.engine.refuse(&SslError::new(SslErrorKind::SelfSignedCertificate, None));
            }
            TlsDeed::Room(count) => {
                let room = &mut self.link.0.borrow_mut().room;
                *room = count.min(MOST_WRITTEN);
            }
            TlsDeed::Come(count) => self.come(count),
            TlsDeed::Go(count) => self.go(count),
            TlsDeed::Settle => self.settle(),
            TlsDeed::PeerWrites(count) => {
                let count = count.min(MOST_WRITTEN - self.peer_wrote);
                if !self.peer.is_handshaking() {
                    let bytes = bytes_from(self.peer_wrote, count);
                    let written = self.peer.writer().write(&bytes);
                    self.peer_wrote += written.unwrap_or_default();
                }
            }
            TlsDeed::PeerChangesKeys => drop(self.peer.refresh_traffic_keys()),
            TlsDeed::PeerCloses => self.peer.send_close_notify(),
            TlsDeed::End => self.link.0.borrow_mut().has_ended = true,
            TlsDeed::Reset => self.link.0.borrow_mut().is_reset = true,
            lie => self.lie(lie),
        }
        self.take_said();
    }

    /// Changes what is on the way to us.
    fn lie(&mut self, deed: TlsDeed) {
        let to_us = &mut self.link.0.borrow_mut().to_us;
        let len = to_us.len();
        match deed {
            TlsDeed::Change(place) if len > 0 => to_us[place % len] ^= 1 << (place % 8),
            TlsDeed::Lose(place, count) if len > 0 => {
                let start = place % len;
                drop(to_us.drain(start..(start + count).min(len)));
            }
            TlsDeed::Repeat(count) if len < MOST_WRITTEN => {
                let again = to_us[..count.min(len)].to_vec();
                drop(to_us.splice(..0, again));
            }
            TlsDeed::Swap(place) if len > 0 => to_us.rotate_left(place % len),
            TlsDeed::Add(bytes) => to_us.extend(bytes),
            _ => {}
        }
    }

    /// Puts what the peer says on the way.
    fn take_said(&mut self) {
        let to_us = &mut self.link.0.borrow_mut().to_us;
        while self.peer.wants_write() && to_us.len() < 2 * MOST_WRITTEN {
            if self.peer.write_tls(to_us).is_err() {
                return;
            }
        }
    }

    fn come(&mut self, count: usize) {
        let is_closed = {
            let way = &mut *self.link.0.borrow_mut();
            let count = count.min(way.to_us.len());
            way.come.extend(way.to_us.drain(..count));
            way.has_ended || way.is_reset
        };
        let readiness = Readiness {
            readable: true,
            writable: self.link.0.borrow().room > 0,
            read_closed: is_closed,
            ..Readiness::default()
        };
        let _ = self.engine.ready(None, readiness);
    }

    fn go(&mut self, count: usize) {
        let bytes: Vec<u8> = {
            let way = &mut *self.link.0.borrow_mut();
            let count = count.min(way.to_peer.len());
            way.to_peer.drain(..count).collect()
        };
        let mut rest = &bytes[..];
        while !rest.is_empty() && !self.has_peer_failed {
            if !matches!(self.peer.read_tls(&mut rest), Ok(1..)) {
                return;
            }
            let peer = &mut self.peer;
            // An assertion of the library counts as an error, as in the engine.
            let mut process = || catch_unwind(AssertUnwindSafe(|| peer.process_new_packets()));
            let processed = hear(now(), true, || process().is_ok_and(|done| done.is_ok())).0;
            self.has_peer_failed = !processed;
            while let Ok(chunk @ [_, ..]) = self.peer.reader().fill_buf() {
                let count = chunk.len();
                assert!(self.went + count <= self.wrote, "the peer gets more than was written");
                assert_eq!(chunk, bytes_from(self.went, count), "the peer gets other bytes");
                self.went += count;
                self.peer.reader().consume(count);
            }
        }
        self.take_said();
    }

    fn settle(&mut self) {
        for _ in 0..16 {
            self.link.0.borrow_mut().room = MOST_WRITTEN;
            self.come(usize::MAX);
            // The socket does not read before it has emitted what the engine has reported.
            self.hear_reports();
            self.read(MOST_WRITTEN);
            self.hear_reports();
            let is_quiet = self.link.0.borrow().to_peer.is_empty();
            self.go(usize::MAX);
            if is_quiet && self.link.0.borrow().to_us.is_empty() {
                return;
            }
        }
    }

    fn write(&mut self, count: usize) {
        let bytes = bytes_from(self.wrote, count.min(MOST_WRITTEN - self.wrote));
        match self.engine.write(&bytes) {
            Ok(count) => {
                assert!(
                    count == 0 || self.is_encrypted,
                    "bytes go out before the handshake is over"
                );
                self.wrote += count;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // The connection is broken, which the next read reports.
            Err(_) => {}
        }
    }

    fn read(&mut self, max: usize) {
        let mut bytes = Vec::with_capacity(max.min(MOST_WRITTEN));
        match self.engine.read_to(&mut bytes, max) {
            Ok(count) => {
                assert_eq!(count, bytes.len());
                self.check_come(&bytes);
                self.came += count;
            }
            Err(error) => self.note(&error),
        }
    }

    /// Checks bytes that were read, or looked at.
    fn check_come(&self, bytes: &[u8]) {
        assert!(bytes.is_empty() || self.is_encrypted, "bytes come before the handshake is over");
        assert!(self.came + bytes.len() <= self.peer_wrote, "more comes than was written");
        assert_eq!(bytes, bytes_from(self.came, bytes.len()), "other bytes come");
    }

    fn note(&mut self, error: &io::Error) {
        if error.kind() != ErrorKind::WouldBlock {
            self.errors += 1;
            assert!(self.errors <= 1, "there is a second error: {error}");
        }
    }

    fn hear_reports(&mut self) {
        while let Some(report) = self.session.next_report() {
            match report {
                Report::Encrypted(_) => {
                    assert!(!self.is_encrypted, "it is encrypted twice");
                    self.is_encrypted = true;
                }
                Report::Doubts { errors, .. } => assert!(!errors.is_empty()),
                _ => {}
            }
        }
    }
}
