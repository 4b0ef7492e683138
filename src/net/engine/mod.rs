//! Engines: what moves the bytes below the socket's state machine.
//!
//! The state machine knows these traits and no more; which network it is on is decided by the
//! [`Network`] that hangs on the world. An engine never blocks, never emits, and never decides
//! about states: it does what it is asked and says how it went.

mod native;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use crate::event_loop::OnReady;
use crate::object::ObjectKey;

pub(crate) use native::NativeNetwork;

/// How far a connection attempt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It is still under way.
    Pending,
    /// It is established.
    Connected,
}

/// A stream of bytes to a peer.
pub(crate) trait StreamEngine: fmt::Debug {
    /// Has `on_ready` called for `owner` whenever the stream may be read from or written to.
    fn watch(&mut self, owner: ObjectKey, on_ready: OnReady) -> io::Result<()>;

    /// Asks how the connection attempt is doing. Fails with the reason if it failed.
    fn progress(&mut self) -> io::Result<Progress>;

    /// Reads what has come. `WouldBlock` if that is nothing, 0 at the end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes what there is room for. `WouldBlock` if there is none.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// This end's address.
    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// The other end's address.
    fn peer_addr(&self) -> io::Result<SocketAddr>;
}

/// Something that takes connections.
pub(crate) trait ListenEngine: fmt::Debug {
    /// Has `on_ready` called for `owner` whenever there may be a connection.
    fn watch(&mut self, owner: ObjectKey, on_ready: OnReady) -> io::Result<()>;

    /// Takes the next connection. `WouldBlock` if there is none.
    fn accept(&mut self) -> io::Result<Box<dyn StreamEngine>>;

    /// The address that it listens on.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// Takes the addresses of a name to whoever asked; their port means nothing.
pub(crate) type OnResolved = Box<dyn FnOnce(io::Result<Vec<SocketAddr>>) + Send>;

/// A lookup that was asked for. Dropping it calls it off: it is not begun if it was not, and whoever
/// asked is not called any more, unless that call is on its way already.
#[must_use = "dropping it calls the lookup off"]
pub(crate) struct Lookup {
    cancel: Option<Box<dyn FnOnce()>>,
}

impl Lookup {
    pub(crate) fn new(cancel: impl FnOnce() + 'static) -> Self {
        Self { cancel: Some(Box::new(cancel)) }
    }

    /// One that is answered already.
    pub(crate) fn finished() -> Self {
        Self { cancel: None }
    }
}

impl Drop for Lookup {
    fn drop(&mut self) {
        if let Some(cancel) = self.cancel.take() {
            cancel();
        }
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup").finish_non_exhaustive()
    }
}

/// A network: where engines come from.
pub(crate) trait Network {
    /// Begins to connect to an address.
    fn connect(&self, address: SocketAddr) -> io::Result<Box<dyn StreamEngine>>;

    /// Begins to listen on an address; `backlog` connections may wait to be accepted.
    fn listen(&self, address: SocketAddr, backlog: u32) -> io::Result<Box<dyn ListenEngine>>;

    /// Looks up the addresses of a name, which is no literal address. Fails with `NotFound` if
    /// there is no such name.
    ///
    /// `on_resolved` is called from any thread, and from here if the answer is known already.
    fn resolve(&self, name: &str, on_resolved: OnResolved) -> Lookup;

    /// Forgets what names were found to mean.
    fn clear_host_cache(&self);
}

/// The network of a runtime, as its objects find it.
pub(crate) struct NetworkService(pub(crate) Rc<dyn Network>);
