//! The simulated network: peers that are plain sockets on the host of the objects under test.
//!
//! Time is the network's: it passes while the runtime waits for something, and when a peer does.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Duration;

use slotwire::Runtime;
use slotwire::sim::{Link, SimHost, SimListener, SimNetwork, SimStream, SimUdpSocket, Unrest};

use crate::peers::{Act, Engine, Peers, Received, localhost, receive_by, unknown};
use crate::scenario::{Family, Transport};
use crate::sim_script::SimScript;

/// How long connecting may take, and how often it is looked whether it is done.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const GLANCE: Duration = Duration::from_millis(1);

/// The free ports, below those that the network gives to whoever asks for any.
const FREE_PORTS: std::ops::Range<u16> = 20_000..32_000;

/// Of all networks.
const SEED: u64 = 1;

/// A network in memory for each scenario, with one host for the objects and their peers.
#[derive(Debug)]
pub(crate) struct SimEngine {
    loopback: Link,
    unrest: Unrest,
}

impl SimEngine {
    /// A network on which all goes as smoothly as it can.
    pub(crate) fn smooth() -> Self {
        Self { loopback: Link::loopback(), unrest: Unrest::new() }
    }

    /// A network that cuts what it carries at random, and tells late what has come.
    pub(crate) fn rough() -> Self {
        Self {
            loopback: Link::loopback().with_splitting(0.3),
            unrest: Unrest::new().with_delay(Duration::from_millis(1)),
        }
    }
}

impl Engine for SimEngine {
    fn set_up(&self) -> Result<(Runtime, Box<dyn Peers>), slotwire::Error> {
        let network = SimNetwork::new(SEED);
        network.set_loopback(self.loopback.clone());
        network.set_unrest(self.unrest.clone());
        let host = network.add_host("localhost");
        Ok((network.runtime(host)?, Box::new(SimPeers::new(network, host))))
    }

    fn meets(&self, need: &str) -> bool {
        matches!(need, "linux" | "ipv6" | "multicast-lo" | "no-dns" | "hosts-localhost")
    }

    fn is_native(&self) -> bool {
        false
    }
}

/// What a name stands for.
#[derive(Debug)]
enum Peer {
    Listener(Rc<SimListener>),
    Stream(SimStream),
    Datagrams(SimUdpSocket),
}

/// The peers of one scenario.
#[derive(Debug)]
pub(crate) struct SimPeers {
    network: SimNetwork,
    host: SimHost,
    free_ports: std::ops::Range<u16>,
    peers: HashMap<String, Peer>,
    scripts: HashMap<String, SimScript>,
}

impl SimPeers {
    fn new(network: SimNetwork, host: SimHost) -> Self {
        let (peers, scripts) = Default::default();
        Self { network, host, free_ports: FREE_PORTS, peers, scripts }
    }

    fn peer(&mut self, id: &str) -> io::Result<&mut Peer> {
        self.peers.get_mut(id).ok_or_else(|| unknown(id))
    }

    fn listener(&mut self, id: &str) -> io::Result<&Rc<SimListener>> {
        match self.peer(id)? {
            Peer::Listener(listener) => Ok(listener),
            _ => Err(unknown(id)),
        }
    }

    fn stream(&mut self, id: &str) -> io::Result<&mut SimStream> {
        match self.peer(id)? {
            Peer::Stream(stream) => Ok(stream),
            _ => Err(unknown(id)),
        }
    }

    fn datagrams(&mut self, id: &str) -> io::Result<&mut SimUdpSocket> {
        match self.peer(id)? {
            Peer::Datagrams(socket) => Ok(socket),
            _ => Err(unknown(id)),
        }
    }
}

impl Peers for SimPeers {
    fn now(&self) -> Duration {
        self.network.elapsed()
    }

    fn sleep(&mut self, time: Duration) {
        self.network.advance(time);
    }

    fn free_port(&mut self, _: Transport) -> io::Result<u16> {
        self.free_ports.next().ok_or_else(|| ErrorKind::AddrInUse.into())
    }

    fn listen(
        &mut self,
        id: &str,
        family: Family,
        port: u16,
        backlog: Option<u32>,
    ) -> io::Result<u16> {
        let listener = self.network.listen_on(self.host, (localhost(family), port))?;
        listener.set_backlog(backlog.unwrap_or(16))?;
        let port = listener.port()?;
        self.peers.insert(id.to_owned(), Peer::Listener(Rc::new(listener)));
        Ok(port)
    }

    fn accept(&mut self, listener: &str, id: &str) -> io::Result<Option<SocketAddr>> {
        match self.listener(listener)?.accept() {
            Ok((stream, from)) => {
                self.peers.insert(id.to_owned(), Peer::Stream(stream));
                Ok(Some(from))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn is_acceptable(&mut self, listener: &str) -> io::Result<bool> {
        Ok(self.listener(listener)?.has_pending())
    }

    fn connect(&mut self, id: &str, from: Option<SocketAddr>, to: SocketAddr) -> io::Result<u16> {
        let stream = match from {
            Some(from) => self.network.connect_from(self.host, from, to)?,
            None => self.network.connect(self.host, to)?,
        };
        let deadline = self.now() + CONNECT_TIMEOUT;
        while !stream.is_connected()? {
            if self.now() >= deadline {
                return Err(ErrorKind::TimedOut.into());
            }
            self.network.advance(GLANCE);
        }
        let port = stream.local_addr()?.port();
        self.peers.insert(id.to_owned(), Peer::Stream(stream));
        Ok(port)
    }

    fn send(&mut self, id: &str, bytes: &[u8]) -> io::Result<usize> {
        match self.stream(id)?.write(bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            done => done,
        }
    }

    fn receive(&mut self, id: &str, max: usize) -> io::Result<Received> {
        let stream = self.stream(id)?;
        receive_by(max, |buffer| stream.read(buffer))
    }

    fn peek(&mut self, id: &str, max: usize) -> io::Result<Received> {
        match self.peer(id)? {
            Peer::Stream(stream) => receive_by(max, |buffer| stream.peek(buffer)),
            // An empty datagram is no end.
            Peer::Datagrams(socket) => {
                let peeked = receive_by(max, |buffer| socket.peek(buffer))?;
                Ok(if peeked == Received::End { Received::Bytes(Vec::new()) } else { peeked })
            }
            Peer::Listener(_) => Err(unknown(id)),
        }
    }

    fn shutdown(&mut self, id: &str, how: &str) -> io::Result<()> {
        self.stream(id)?.shutdown(match how {
            "rd" => Shutdown::Read,
            "rdwr" => Shutdown::Both,
            _ => Shutdown::Write,
        })
    }

    fn close(&mut self, id: &str) -> io::Result<()> {
        self.peers.remove(id).map(drop).ok_or_else(|| unknown(id))
    }

    fn reset(&mut self, id: &str) -> io::Result<()> {
        let Some(Peer::Stream(stream)) = self.peers.remove(id) else { return Err(unknown(id)) };
        stream.reset();
        Ok(())
    }

    fn udp(&mut self, id: &str, family: Family, port: u16, reuse: bool) -> io::Result<u16> {
        let at = (localhost(family), port);
        let socket = match reuse {
            true => self.network.bind_udp_shared(self.host, at)?,
            false => self.network.bind_udp(self.host, at)?,
        };
        let port = socket.local_addr()?.port();
        self.peers.insert(id.to_owned(), Peer::Datagrams(socket));
        Ok(port)
    }

    fn send_to(&mut self, id: &str, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        self.datagrams(id)?.send_to(bytes, to).map(drop)
    }

    fn receive_from(&mut self, id: &str) -> io::Result<Option<(Vec<u8>, SocketAddr)>> {
        let mut buffer = vec![0; 1 << 16];
        match self.datagrams(id)?.recv_from(&mut buffer) {
            Ok((count, from)) => {
                buffer.truncate(count);
                Ok(Some((buffer, from)))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn family(&self, id: &str) -> Family {
        let address = match self.peers.get(id) {
            Some(Peer::Datagrams(socket)) => socket.local_addr().ok(),
            Some(Peer::Stream(stream)) => stream.local_addr().ok(),
            Some(Peer::Listener(listener)) => listener.local_addr().ok(),
            None => None,
        };
        if address.is_some_and(|address| address.is_ipv6()) { Family::V6 } else { Family::V4 }
    }

    fn play(&mut self, id: &str, listener: &str, script: Vec<Act>) -> io::Result<()> {
        let listener = self.listener(listener)?.clone();
        self.scripts.insert(id.to_owned(), SimScript::begin(&self.network, listener, script));
        Ok(())
    }

    fn played(&mut self, id: &str) -> Option<Vec<Vec<u8>>> {
        self.scripts.get(id)?.received()
    }

    fn give_away(&mut self, _: &str) -> Option<OwnedFd> {
        None
    }
}
