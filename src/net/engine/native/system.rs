//! What systems have under different names, or not at all: sockets that never block, sending
//! without a signal, and the end of the peer's bytes.
//!
//! Linux, Android and the BSDs open and accept a socket that does not block in one system call, and
//! send with a flag against the signal `SIGPIPE`. Apple's systems need a call for each, as the
//! standard library and mio make them there, and have an option of the socket against the signal.

use std::io;
use std::net::SocketAddr;

use rustix::event::PollFlags;
use rustix::net::SendFlags;
use socket2::{Domain, Protocol, Socket, Type};

/// The event that the peer sends no more. Where the system has none, that is an input event alone.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
pub(super) const PEER_IS_DONE: PollFlags = PollFlags::RDHUP;
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
pub(super) const PEER_IS_DONE: PollFlags = PollFlags::empty();

/// Makes sending on a connection that has ended an error, and not a signal. On Apple's systems the
/// socket itself does that: see [`suppress_signals`].
#[cfg(not(target_vendor = "apple"))]
pub(super) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
pub(super) const NO_SIGNAL: SendFlags = SendFlags::empty();

/// Opens a socket that never blocks.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn open(domain: Domain, form: Type, protocol: Protocol) -> io::Result<Socket> {
    Socket::new(domain, form.nonblocking(), Some(protocol))
}

/// Opens a socket that never blocks. `Socket::new` suppresses its signals.
#[cfg(target_vendor = "apple")]
pub(super) fn open(domain: Domain, form: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(domain, form, Some(protocol))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Accepts a connection and makes it non-blocking, in one system call.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn accept(listener: &Socket) -> io::Result<(Socket, SocketAddr)> {
    use rustix::net::{SocketFlags, acceptfrom_with};
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let (socket, peer) = acceptfrom_with(listener, flags)?;
    let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
    Ok((socket.into(), peer.ok_or(io::ErrorKind::ConnectionAborted)?))
}

/// Accepts a connection and makes it non-blocking.
#[cfg(target_vendor = "apple")]
pub(super) fn accept(listener: &Socket) -> io::Result<(Socket, SocketAddr)> {
    let (socket, peer) = listener.accept()?;
    socket.set_nonblocking(true)?;
    // A connection that has ended already has no address and takes no option.
    let peer = peer.as_socket().filter(|_| suppress_signals(&socket).is_ok());
    Ok((socket, peer.ok_or(io::ErrorKind::ConnectionAborted)?))
}

/// Does nothing: `NO_SIGNAL` suppresses the signals of this system.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn suppress_signals(_: &Socket) -> io::Result<()> {
    Ok(())
}

/// Makes sending on a connection that has ended an error, and not a signal.
#[cfg(target_vendor = "apple")]
pub(super) fn suppress_signals(socket: &Socket) -> io::Result<()> {
    socket.set_nosigpipe(true)
}
