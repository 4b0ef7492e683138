//! The kernel's network: peers that are plain BSD sockets on the loopback interface.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use slotwire::Runtime;
use socket2::{Domain, SockRef, Socket, Type};

use crate::native_script;
use crate::peers::{Act, Engine, Peers, Received, localhost, receive_by, unknown};
use crate::scenario::{Family, Transport};

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Free ports are taken from here on, below those that the kernel gives to whoever asks for any
/// port: so none of the scenarios that run at the same time comes to listen there.
const FREE_PORTS: std::ops::Range<u16> = 20_000..32_000;

/// The kernel's network and clock.
#[derive(Debug)]
pub(crate) struct NativeEngine;

impl Engine for NativeEngine {
    fn set_up(&self) -> Result<(Runtime, Box<dyn Peers>), slotwire::Error> {
        Ok((Runtime::new()?, Box::new(NativePeers::new())))
    }

    fn meets(&self, need: &str) -> bool {
        match need {
            "linux" => cfg!(target_os = "linux"),
            "ipv6" => TcpListener::bind((localhost(Family::V6), 0)).is_ok(),
            "multicast-lo" => UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).is_ok_and(|socket| {
                let group = Ipv4Addr::new(239, 255, 43, 1);
                socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST).is_ok()
            }),
            "no-dns" => ("nosuch.invalid", 0).to_socket_addrs().is_err(),
            "hosts-localhost" => ("localhost", 0)
                .to_socket_addrs()
                .is_ok_and(|mut found| found.all(|address| address.ip() == localhost(Family::V4))),
            _ => false,
        }
    }

    fn is_native(&self) -> bool {
        true
    }
}

/// What a name stands for.
#[derive(Debug)]
enum Peer {
    Listener { listener: TcpListener, accepted: Vec<(TcpStream, SocketAddr)> },
    Stream(TcpStream),
    Datagrams(UdpSocket),
}

/// The peers of one scenario.
#[derive(Debug)]
pub(crate) struct NativePeers {
    start: Instant,
    peers: HashMap<String, Peer>,
    scripts: HashMap<String, JoinHandle<Vec<Vec<u8>>>>,
}

impl NativePeers {
    fn new() -> Self {
        Self { start: Instant::now(), peers: HashMap::new(), scripts: HashMap::new() }
    }

    fn peer(&mut self, id: &str) -> io::Result<&mut Peer> {
        self.peers.get_mut(id).ok_or_else(|| unknown(id))
    }

    fn stream(&mut self, id: &str) -> io::Result<&mut TcpStream> {
        match self.peer(id)? {
            Peer::Stream(stream) => Ok(stream),
            _ => Err(unknown(id)),
        }
    }

    fn datagrams(&mut self, id: &str) -> io::Result<&mut UdpSocket> {
        match self.peer(id)? {
            Peer::Datagrams(socket) => Ok(socket),
            _ => Err(unknown(id)),
        }
    }

    fn add_stream(&mut self, id: &str, stream: TcpStream) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        self.peers.insert(id.to_owned(), Peer::Stream(stream));
        Ok(())
    }
}

impl Peers for NativePeers {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&mut self, time: Duration) {
        thread::sleep(time);
    }

    fn free_port(&mut self, transport: Transport) -> io::Result<u16> {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        // Another process that does the same mostly begins elsewhere.
        let offset = (std::process::id() % 997) as u16 * 11;
        for _ in FREE_PORTS {
            let number = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(offset);
            let port = FREE_PORTS.start + number % (FREE_PORTS.end - FREE_PORTS.start);
            let address = (localhost(Family::V4), port);
            let is_free = match transport {
                Transport::Tcp => TcpListener::bind(address).is_ok(),
                Transport::Udp => UdpSocket::bind(address).is_ok(),
            };
            if is_free {
                return Ok(port);
            }
        }
        Err(ErrorKind::AddrInUse.into())
    }

    fn listen(
        &mut self,
        id: &str,
        family: Family,
        port: u16,
        backlog: Option<u32>,
    ) -> io::Result<u16> {
        let address = SocketAddr::new(localhost(family), port);
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(backlog.unwrap_or(16).cast_signed())?;
        let listener = TcpListener::from(socket);
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        self.peers.insert(id.to_owned(), Peer::Listener { listener, accepted: Vec::new() });
        Ok(port)
    }

    fn accept(&mut self, listener: &str, id: &str) -> io::Result<Option<SocketAddr>> {
        if !self.is_acceptable(listener)? {
            return Ok(None);
        }
        let Peer::Listener { accepted, .. } = self.peer(listener)? else { return Ok(None) };
        let (stream, from) = accepted.remove(0);
        self.add_stream(id, stream)?;
        Ok(Some(from))
    }

    fn is_acceptable(&mut self, listener: &str) -> io::Result<bool> {
        let Peer::Listener { listener, accepted } = self.peer(listener)? else {
            return Err(unknown(listener));
        };
        if accepted.is_empty() {
            match listener.accept() {
                Ok(stream) => accepted.push(stream),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(!accepted.is_empty())
    }

    fn connect(&mut self, id: &str, from: Option<SocketAddr>, to: SocketAddr) -> io::Result<u16> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        if let Some(from) = from {
            socket.set_reuse_address(true)?;
            socket.bind(&from.into())?;
        }
        socket.connect_timeout(&to.into(), CONNECT_TIMEOUT)?;
        let stream = TcpStream::from(socket);
        let port = stream.local_addr()?.port();
        self.add_stream(id, stream)?;
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
            Peer::Listener { .. } => Err(unknown(id)),
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
        SockRef::from(&*self.stream(id)?).set_linger(Some(Duration::ZERO))?;
        self.close(id)
    }

    fn udp(&mut self, id: &str, family: Family, port: u16, reuse: bool) -> io::Result<u16> {
        let address = SocketAddr::new(localhost(family), port);
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
        socket.set_reuse_address(reuse)?;
        socket.bind(&address.into())?;
        let socket = UdpSocket::from(socket);
        socket.set_nonblocking(true)?;
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
            Some(Peer::Listener { listener, .. }) => listener.local_addr().ok(),
            None => None,
        };
        if address.is_some_and(|address| address.is_ipv6()) { Family::V6 } else { Family::V4 }
    }

    fn play(&mut self, id: &str, listener: &str, script: Vec<Act>) -> io::Result<()> {
        let Peer::Listener { listener, .. } = self.peer(listener)? else {
            return Err(unknown(listener));
        };
        let listener = listener.try_clone()?;
        let player = thread::spawn(move || native_script::play(&listener, &script));
        self.scripts.insert(id.to_owned(), player);
        Ok(())
    }

    fn played(&mut self, id: &str) -> Option<Vec<Vec<u8>>> {
        self.scripts.get(id)?.is_finished().then_some(())?;
        self.scripts.remove(id)?.join().ok()
    }

    fn give_away(&mut self, id: &str) -> Option<OwnedFd> {
        match self.peers.remove(id)? {
            Peer::Listener { listener, .. } => Some(listener.into()),
            Peer::Stream(stream) => Some(stream.into()),
            Peer::Datagrams(socket) => Some(socket.into()),
        }
    }
}
