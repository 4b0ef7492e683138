//! The peers: plain sockets on another host, which do what they like.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};

use slotwire::sim::{SimHost, SimListener, SimNetwork, SimStream, SimUdpSocket};

use super::application::{Application, OPEN};
use super::content::Content;
use super::program::PeerAction;
use super::server::PORT;

/// All peers, and where they take calls.
#[derive(Debug)]
pub(crate) struct Peers {
    network: SimNetwork,
    near: SimHost,
    far: SimHost,
    pub(crate) listener: Option<SimListener>,
    datagrams: Option<SimUdpSocket>,
    pub(crate) all: Vec<Peer>,
}

/// One end of a connection with the application.
#[derive(Debug)]
pub(crate) struct Peer {
    stream: Option<SimStream>,
    /// The port by which the connection is known: that of whoever called.
    pub(crate) port: u16,
    pub(crate) has_called: bool,
    /// How many bytes it has sent, and received.
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// It will send no more, though it still reads.
    pub(crate) is_shut: bool,
    /// It has read the end, or found that the connection is broken.
    pub(crate) has_ended: bool,
    pub(crate) is_broken: bool,
}

impl Peer {
    /// Says whether it holds its end still.
    pub(crate) fn is_there(&self) -> bool {
        self.stream.is_some()
    }

    /// Says whether the connection stands, for one that has called.
    pub(crate) fn stands(&self) -> bool {
        let connected = self.stream.as_ref().map(SimStream::is_connected);
        matches!(connected, Some(Ok(true)))
    }
}

impl Peers {
    pub(crate) fn new(network: &SimNetwork, near: SimHost, far: SimHost) -> Self {
        let mut peers = Self {
            network: network.clone(),
            near,
            far,
            listener: None,
            datagrams: None,
            all: Vec::new(),
        };
        peers.listen();
        peers
    }

    /// Begins to take calls and datagrams, if it does not.
    pub(crate) fn listen(&mut self) {
        if self.listener.is_none() {
            self.listener = self.network.listen(self.far, OPEN).ok();
        }
        if self.datagrams.is_none() {
            let at = SocketAddr::new(self.network.addresses(self.far)[0], OPEN);
            self.datagrams = self.network.bind_udp(self.far, at).ok();
        }
    }

    /// The host has gone down, and all of them with it.
    pub(crate) fn crash(&mut self) {
        (self.listener, self.datagrams) = (None, None);
        for peer in &mut self.all {
            peer.is_broken |= peer.stream.take().is_some();
        }
    }

    /// Sends so many bytes to whoever has called since it was last looked.
    pub(crate) fn greet(&mut self, app: &Application, size: usize) {
        let known = self.all.len();
        self.accept();
        for peer in &mut self.all[known..] {
            app.notebook.check(peer.act(app, PeerAction::Send(size)));
        }
    }

    /// Takes the calls that have come.
    pub(crate) fn accept(&mut self) {
        while let Some(Ok((stream, from))) = self.listener.as_ref().map(SimListener::accept) {
            self.all.push(Peer::new(stream, from.port(), false));
        }
    }

    /// Lets a peer do something.
    pub(crate) fn act(&mut self, app: &Application, number: usize, action: PeerAction) {
        self.accept();
        match action {
            PeerAction::Call(count) => {
                for _ in 0..count {
                    let to = SocketAddr::new(self.network.addresses(self.near)[0], PORT);
                    let Ok(stream) = self.network.connect(self.far, to) else { continue };
                    let Ok(own) = stream.local_addr() else { continue };
                    self.all.push(Peer::new(stream, own.port(), true));
                }
            }
            PeerAction::Datagrams(count, size) => self.send_datagrams(app, number, count, size),
            PeerAction::TakeDatagrams => app.notebook.check(self.take_datagrams(app)),
            _ => {
                let there: Vec<usize> =
                    (0..self.all.len()).filter(|&peer| self.all[peer].is_there()).collect();
                // Rather the last ones: those before have often done their part.
                if let Some(&peer) = there.iter().rev().nth(number % there.len().max(1)) {
                    app.notebook.note(format_args!("    peer {peer} {action:?}"));
                    let done = self.all[peer].act(app, action);
                    app.notebook.check(done.map_err(|fault| format!("peer {peer}: {fault}")));
                }
            }
        }
    }

    /// Everybody reads all there is; says whether there was something.
    pub(crate) fn read_all(&mut self, app: &Application) -> Result<bool, String> {
        self.accept();
        let mut any = false;
        for (number, peer) in self.all.iter_mut().enumerate() {
            let before = peer.received;
            peer.read(app, usize::MAX).map_err(|fault| format!("peer {number}: {fault}"))?;
            any |= peer.received != before;
        }
        self.take_datagrams(app)?;
        Ok(any)
    }

    fn send_datagrams(&self, app: &Application, number: usize, count: usize, size: usize) {
        let Some(port) = app.datagrams.port(number) else { return };
        let Some(socket) = &self.datagrams else { return };
        let to = SocketAddr::new(self.network.addresses(self.near)[0], port);
        for _ in 0..count {
            let bytes = app.datagrams.next(size);
            // What fails was not sent, and nobody will see it.
            let _ = socket.send_to(&bytes, to);
        }
    }

    fn take_datagrams(&self, app: &Application) -> Result<(), String> {
        let Some(socket) = &self.datagrams else { return Ok(()) };
        let mut buffer = vec![0; 65_536];
        loop {
            match socket.recv_from(&mut buffer) {
                Ok((count, _)) => app.datagrams.arrived(&buffer[..count], Some(true))?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(format!("receiving datagrams: {error}")),
            }
        }
    }
}

impl Peer {
    fn new(stream: SimStream, port: u16, has_called: bool) -> Self {
        Self {
            stream: Some(stream),
            port,
            has_called,
            sent: 0,
            received: 0,
            is_shut: false,
            has_ended: false,
            is_broken: false,
        }
    }

    pub(crate) fn act(&mut self, app: &Application, action: PeerAction) -> Result<(), String> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        match action {
            PeerAction::Send(size) if !self.is_shut => {
                let bytes = Content::of_peer(self.port).bytes(self.sent, size);
                match stream.write(&bytes) {
                    Ok(count) => self.sent += count as u64,
                    Err(error) => self.note(&error),
                }
            }
            PeerAction::Read(size) => self.read(app, size)?,
            PeerAction::ReadAll => self.read(app, usize::MAX)?,
            PeerAction::ShutDownWriting => self.is_shut |= stream.shutdown(Shutdown::Write).is_ok(),
            PeerAction::Close => self.stream = None,
            PeerAction::Reset => {
                if let Some(stream) = self.stream.take() {
                    stream.reset();
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn note(&mut self, error: &io::Error) {
        self.is_broken |= error.kind() != ErrorKind::WouldBlock;
    }

    /// Reads up to so many bytes, which are what the application has written there.
    fn read(&mut self, app: &Application, most: usize) -> Result<(), String> {
        let mut left = most;
        while left > 0 && !self.has_ended {
            let Some(stream) = &mut self.stream else { return Ok(()) };
            let mut buffer = vec![0; left.min(16 * 1024)];
            match stream.read(&mut buffer) {
                Ok(0) => self.has_ended = true,
                Ok(count) => {
                    self.check(app, &buffer[..count])?;
                    self.received += count as u64;
                    left -= count;
                }
                Err(error) => {
                    self.note(&error);
                    break;
                }
            }
        }
        Ok(())
    }

    fn check(&self, app: &Application, bytes: &[u8]) -> Result<(), String> {
        let tie = app.tie_of(self).ok_or("bytes of nobody")?;
        let written = app.connections.borrow()[tie].written;
        if self.received + bytes.len() as u64 > written {
            return Err(format!("more than the {written} bytes that were written come"));
        }
        match Content::of_application(tie).first_fault(self.received, bytes) {
            Some(fault) => Err(format!("a wrong byte comes at {fault}")),
            None => Ok(()),
        }
    }
}
