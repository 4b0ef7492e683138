//! The hand-written loop: mio, edge-triggered, a slab of connections, one buffer for all.

use std::hint::black_box;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr};

use mio::event::Event;
use mio::net::{TcpListener, TcpStream, UdpSocket};
use mio::{Events, Interest, Poll, Token};

use crate::case::{BLOCK, GROUP, Way, Work};
use crate::control;

const LISTENER: Token = Token(usize::MAX);

/// How much one connection may send or receive before the others get their turn.
const PER_TURN: usize = 1 << 20;

pub(super) fn serve(work: Work) -> io::Result<()> {
    match work {
        Work::DatagramReceive => serve_datagrams(GROUP),
        Work::DatagramEcho => serve_datagrams(1),
        _ => serve_connections(work),
    }
}

/// Receives datagrams, and answers each that ends a group.
fn serve_datagrams(group: u64) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let any_port: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
    let mut socket = UdpSocket::bind(any_port)?;
    poll.registry().register(&mut socket, Token(0), Interest::READABLE | Interest::WRITABLE)?;
    control::begin(socket.local_addr()?, || control::tell(0));
    let (mut buffer, mut received) = (vec![0; BLOCK], 0);
    let mut events = Events::with_capacity(1024);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            done => done?,
        }
        while let Some((count, from)) = unless_blocked(socket.recv_from(&mut buffer))? {
            received += 1;
            if received % group == 0 {
                unless_blocked(socket.send_to(&buffer[..count], from))?;
            }
        }
    }
}

fn unless_blocked<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        done => done.map(Some),
    }
}

fn serve_connections(work: Work) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let any_port: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
    let mut listener = TcpListener::bind(any_port)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    control::begin(listener.local_addr()?, || control::tell(0));
    let mut server =
        Server { work, slab: Slab::default(), buffer: vec![0; BLOCK], again: Vec::new() };
    let mut events = Events::with_capacity(1024);
    loop {
        let timeout = (!server.again.is_empty()).then_some(std::time::Duration::ZERO);
        match poll.poll(&mut events, timeout) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            done => done?,
        }
        for event in &events {
            match event.token() {
                LISTENER => server.accept(&listener, &poll)?,
                Token(number) => server.on_ready(number, Ready::of(event)),
            }
        }
        for number in std::mem::take(&mut server.again) {
            server.on_ready(number, Ready { readable: true, ended: false });
        }
    }
}

/// What became of a connection when it was looked after.
enum Outcome {
    /// It waits for its next event.
    Waits,
    /// It had its share and would go on at once.
    HasMore,
    /// It is over.
    Over,
}

struct Ready {
    readable: bool,
    /// The end may be there behind what is to be read.
    ended: bool,
}

impl Ready {
    fn of(event: &Event) -> Self {
        let ended = event.is_read_closed() || event.is_error();
        Self { readable: event.is_readable() || ended, ended }
    }
}

struct Server {
    work: Work,
    slab: Slab,
    buffer: Vec<u8>,
    /// The connections that go on without an event.
    again: Vec<usize>,
}

impl Server {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> io::Result<()> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let number = self.slab.vacant();
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(number), interest)?;
            self.slab.fill(number, Connection::new(stream));
        }
    }

    fn on_ready(&mut self, number: usize, ready: Ready) {
        let Some(connection) = self.slab.get(number) else { return };
        let outcome = match self.work {
            Work::Receive(way) => connection.receive(&mut self.buffer, ready.ended, way),
            Work::Send => connection.send(&mut self.buffer, ready.readable),
            _ => connection.echo(&mut self.buffer, &ready),
        };
        match outcome {
            Ok(Outcome::Waits) => {}
            Ok(Outcome::HasMore) => self.again.push(number),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // The descriptor is closed, by which the kernel stops watching it.
            Ok(Outcome::Over) | Err(_) => self.slab.remove(number),
        }
    }
}

struct Connection {
    stream: TcpStream,
    /// What the kernel did not take.
    outgoing: Vec<u8>,
    /// The line that has not come whole.
    line: Vec<u8>,
    /// Bytes that are still to be sent in the bulk work.
    owed: u64,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        Self { stream, outgoing: Vec::new(), line: Vec::new(), owed: 0 }
    }

    fn echo(&mut self, buffer: &mut [u8], ready: &Ready) -> io::Result<Outcome> {
        if !self.outgoing.is_empty() {
            let sent = self.stream.write(&self.outgoing)?;
            self.outgoing.drain(..sent);
        }
        if !ready.readable {
            return Ok(Outcome::Waits);
        }
        loop {
            let count = self.stream.read(buffer)?;
            if count == 0 {
                return Ok(Outcome::Over);
            }
            let sent = match self.outgoing.is_empty() {
                true => unless_blocked(self.stream.write(&buffer[..count]))?.unwrap_or(0),
                false => 0,
            };
            self.outgoing.extend_from_slice(&buffer[sent..count]);
            // A short read emptied the kernel's buffer, unless the end is behind it.
            if count < buffer.len() && !ready.ended {
                return Ok(Outcome::Waits);
            }
        }
    }

    fn receive(&mut self, buffer: &mut [u8], ended: bool, way: Way) -> io::Result<Outcome> {
        for _ in 0..PER_TURN / buffer.len() {
            let count = self.stream.read(buffer)?;
            if matches!(way, Way::Lines | Way::LinesByStd) {
                self.take_lines(&buffer[..count])?;
            }
            match count {
                0 => return Ok(Outcome::Over),
                count if count < buffer.len() && !ended => return Ok(Outcome::Waits),
                _ => {}
            }
        }
        Ok(Outcome::HasMore)
    }

    fn take_lines(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while bytes.read_until(b'\n', &mut self.line)? > 0 {
            if self.line.ends_with(b"\n") {
                black_box(&self.line);
                self.line.clear();
            }
        }
        Ok(())
    }

    fn send(&mut self, buffer: &mut [u8], readable: bool) -> io::Result<Outcome> {
        if readable && self.owed == 0 {
            match self.stream.read(buffer)? {
                0 => return Ok(Outcome::Over),
                8 => self.owed = u64::from_le_bytes(buffer[..8].try_into().unwrap_or_default()),
                _ => return Err(ErrorKind::InvalidData.into()),
            }
        }
        let mut budget = PER_TURN;
        while self.owed > 0 && budget > 0 {
            let next =
                usize::try_from(self.owed).map_or(buffer.len(), |owed| owed.min(buffer.len()));
            let sent = self.stream.write(&buffer[..next])?;
            self.owed -= sent as u64;
            budget = budget.saturating_sub(sent);
            if self.owed == 0 {
                self.stream.shutdown(Shutdown::Write)?;
            }
        }
        Ok(if self.owed > 0 { Outcome::HasMore } else { Outcome::Waits })
    }
}

/// Connections under small numbers, which are given again.
#[derive(Default)]
struct Slab {
    entries: Vec<Option<Connection>>,
    free: Vec<usize>,
}

impl Slab {
    /// The number that the next connection gets.
    fn vacant(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        })
    }

    fn fill(&mut self, number: usize, connection: Connection) {
        self.entries[number] = Some(connection);
    }

    fn get(&mut self, number: usize) -> Option<&mut Connection> {
        self.entries.get_mut(number)?.as_mut()
    }

    fn remove(&mut self, number: usize) {
        if self.entries[number].take().is_some() {
            self.free.push(number);
        }
    }
}
