//! The native engine: the kernel's sockets, by mio and socket2.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use mio::Interest;
use mio::net::{TcpListener, TcpStream};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::{ListenEngine, Lookup, Network, OnResolved, Progress, StreamEngine};
use crate::event_loop::{OnReady, Reactor, SourceId, Timers};
use crate::net::resolver::Resolver;
use crate::net::resolver_pool::ResolverPool;
use crate::object::ObjectKey;

/// The kernel's network.
pub(crate) struct NativeNetwork {
    reactor: Rc<Reactor>,
    resolver: Resolver,
}

impl NativeNetwork {
    pub(crate) fn new(reactor: Rc<Reactor>, clock: Rc<Timers>) -> Self {
        Self { reactor, resolver: Resolver::new(ResolverPool::of_process(), clock) }
    }
}

impl Network for NativeNetwork {
    fn connect(&self, address: SocketAddr) -> io::Result<Box<dyn StreamEngine>> {
        let stream = TcpStream::connect(address)?;
        // Urgent data stays in its place in the stream, as in Qt.
        SockRef::from(&stream).set_out_of_band_inline(true)?;
        Ok(Box::new(NativeStream { stream, watch: Watch::new(&self.reactor) }))
    }

    fn listen(&self, address: SocketAddr, backlog: u32) -> io::Result<Box<dyn ListenEngine>> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        // As Qt does on Unix: a port whose old connections linger can be listened on again. On
        // Windows the option means something else, and std leaves it alone there as well.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(!address.ip().is_unspecified())?;
        }
        // Accepted sockets inherit it.
        socket.set_out_of_band_inline(true)?;
        socket.bind(&address.into())?;
        socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        let listener = TcpListener::from_std(socket.into());
        Ok(Box::new(NativeListener { listener, watch: Watch::new(&self.reactor) }))
    }

    fn resolve(&self, name: &str, on_resolved: OnResolved) -> Lookup {
        self.resolver.resolve(name, on_resolved)
    }

    fn clear_host_cache(&self) {
        self.resolver.clear_cache();
    }
}

/// A source's place in the reactor, given up when the source is closed.
#[derive(Debug)]
struct Watch {
    reactor: Rc<Reactor>,
    source: Option<SourceId>,
}

impl Watch {
    fn new(reactor: &Rc<Reactor>) -> Self {
        Self { reactor: reactor.clone(), source: None }
    }

    fn begin(
        &mut self,
        source: &mut impl mio::event::Source,
        interest: Interest,
        owner: ObjectKey,
        on_ready: OnReady,
    ) -> io::Result<()> {
        self.source = Some(self.reactor.register(source, interest, owner, on_ready)?);
        Ok(())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(source) = self.source {
            // The descriptor is closed along with this, by which the kernel forgets it too.
            self.reactor.forget(source);
        }
    }
}

#[derive(Debug)]
struct NativeStream {
    stream: TcpStream,
    watch: Watch,
}

impl StreamEngine for NativeStream {
    fn watch(&mut self, owner: ObjectKey, on_ready: OnReady) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        // A read ends before urgent data, so that is to be known.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let interest = interest | Interest::PRIORITY;
        self.watch.begin(&mut self.stream, interest, owner, on_ready)
    }

    fn progress(&mut self) -> io::Result<Progress> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error);
        }
        match self.stream.peer_addr() {
            // A free port in the range for outgoing connections can be reached by itself.
            Ok(peer) if self.stream.local_addr()? == peer => {
                Err(io::ErrorKind::ConnectionRefused.into())
            }
            Ok(_) => Ok(Progress::Connected),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(Progress::Pending),
            Err(error) => Err(error),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        uninterrupted(|| io::Read::read(&mut self.stream, buffer))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        uninterrupted(|| io::Write::write(&mut self.stream, bytes))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

#[derive(Debug)]
struct NativeListener {
    listener: TcpListener,
    watch: Watch,
}

impl ListenEngine for NativeListener {
    fn watch(&mut self, owner: ObjectKey, on_ready: OnReady) -> io::Result<()> {
        self.watch.begin(&mut self.listener, Interest::READABLE, owner, on_ready)
    }

    fn accept(&mut self) -> io::Result<Box<dyn StreamEngine>> {
        let (stream, _) = uninterrupted(|| self.listener.accept())?;
        Ok(Box::new(NativeStream { stream, watch: Watch::new(&self.watch.reactor) }))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Repeats a call until no signal interrupts it.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
