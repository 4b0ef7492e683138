//! Peers: the other end of a socket that is tested. They are plain sockets of its network, and
//! block as those of the standard library do.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::DEADLINE;
use super::errand::{Deed, Errand, Underway, Work};

/// One end of a connection, as a network has it. Nothing here blocks but `wait`.
pub(crate) trait End {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Sends what was written and held back. `WouldBlock` if there is no room for it.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Waits until this may have become possible.
    fn wait(&self, lack: Lack) -> io::Result<()>;

    /// Closes a direction, or both. `WouldBlock` if something is to go out before.
    fn shutdown(&mut self, how: Shutdown) -> io::Result<()>;

    /// Closes it so that the other end sees a reset.
    fn reset(&mut self);

    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// Does all of this while the test goes on.
    fn go(self: Box<Self>, work: Work) -> Box<dyn Underway>;
}

/// What an operation waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lack {
    Bytes,
    Room,
    Either,
}

/// What takes connections, as a network has it.
pub(crate) trait ListenerEnd {
    /// Takes a connection if one waits.
    fn accept(&self) -> io::Result<(Box<dyn End>, SocketAddr)>;

    fn wait(&self) -> io::Result<()>;

    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// A socket for datagrams, as a network has it.
pub(crate) trait UdpEnd {
    fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize>;

    /// Takes a datagram if one waits.
    fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)>;

    fn wait(&self) -> io::Result<()>;

    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// Calls `f` until it need not wait, up to the deadline.
fn block<E: ?Sized, T>(
    end: &mut E,
    mut f: impl FnMut(&mut E) -> io::Result<T>,
    wait: impl Fn(&E) -> io::Result<()>,
) -> io::Result<T> {
    let begin = Instant::now();
    while begin.elapsed() < DEADLINE {
        match f(end) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => wait(end)?,
            done => return done,
        }
    }
    Err(ErrorKind::TimedOut.into())
}

/// The other end of a connection.
pub struct Peer {
    end: RefCell<Box<dyn End>>,
}

impl Peer {
    pub(super) fn new(end: Box<dyn End>) -> Self {
        Self { end: RefCell::new(end) }
    }

    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.end.borrow_mut().shutdown(how)
    }

    /// Its own port.
    pub fn port(&self) -> u16 {
        self.end.borrow().local_addr().unwrap().port()
    }

    /// Writes what there is room for.
    pub fn write_now(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.end.get_mut().write(bytes)
    }

    /// Does all of this while the test goes on.
    pub fn go(self, deeds: impl IntoIterator<Item = Deed>) -> Errand {
        Errand::new(self.end.into_inner().go(Work::new(deeds)))
    }
}

impl Read for Peer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.end.get_mut().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.end.get_mut().wait(Lack::Bytes)?
                }
                done => return done,
            }
        }
    }
}

impl Write for Peer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        block(&mut **self.end.get_mut(), |end| end.write(bytes), |end| end.wait(Lack::Room))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A peer's stream: a [`Peer`], or one of the standard library where a test is the kernel's alone.
pub trait PeerStream {
    /// Reads what has come: `WouldBlock` if that is nothing.
    fn read_now(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Closes it so that the other end sees a reset instead of the end.
    fn reset(self);
}

impl PeerStream for Peer {
    fn read_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.end.get_mut().read(buffer)
    }

    fn reset(mut self) {
        self.end.get_mut().reset();
    }
}

impl PeerStream for TcpStream {
    fn read_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.set_nonblocking(true)?;
        let read = self.read(buffer);
        self.set_nonblocking(false)?;
        read
    }

    fn reset(self) {
        socket2::SockRef::from(&self).set_linger(Some(Duration::ZERO)).unwrap();
    }
}

/// What sockets connect to.
pub struct Listener {
    end: Box<dyn ListenerEnd>,
}

impl Listener {
    pub(super) fn new(end: Box<dyn ListenerEnd>) -> Self {
        Self { end }
    }

    /// Waits for a connection and takes it; the address is that of its other end.
    #[track_caller]
    pub fn accept(&self) -> (Peer, SocketAddr) {
        let (end, from) = block(&mut &*self.end, |end| end.accept(), |end| end.wait()).unwrap();
        (Peer::new(end), from)
    }

    /// Takes a connection if one waits.
    pub fn accept_now(&self) -> Option<Peer> {
        Some(Peer::new(self.end.accept().ok()?.0))
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.end.local_addr().unwrap()
    }
}

/// What sends datagrams to sockets, and receives theirs.
pub struct UdpPeer {
    end: Box<dyn UdpEnd>,
}

impl UdpPeer {
    pub(super) fn new(end: Box<dyn UdpEnd>) -> Self {
        Self { end }
    }

    pub fn send_to(&self, bytes: &[u8], to: impl Into<SocketAddr>) -> io::Result<usize> {
        self.end.send_to(bytes, to.into())
    }

    /// Waits for a datagram and takes it; says how large it was and who sent it.
    pub fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        block(&mut &*self.end, |end| end.recv_from(buffer), |end| end.wait())
    }

    /// Takes a datagram if one waits.
    pub fn recv_now(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.end.recv_from(buffer)
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.end.local_addr().unwrap()
    }
}
