//! Waiting for one socket, without the event loop.
//!
//! A wait polls that socket alone and delivers what it emits. Timers, posted calls and other
//! sockets have to wait meanwhile.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use super::abstract_socket::QAbstractSocket;
use super::accepting;
use super::engine::{Awaited, Network};
use super::error::SocketError;
use super::socket::SocketCore;
use super::socket_state::SocketState;
use super::socket_type::SocketType;
use super::tcp_server::QTcpServer;
use crate::event_loop::{Readiness, Runtime};
use crate::object::{Obj, Target};

/// Waiting for one socket.
///
/// These are for programs without an event loop, and for the beginning and the end of one with it.
/// `None` waits as long as it takes. A slot cannot wait: it has no runtime.
impl Runtime {
    /// Waits until the socket is connected; says whether it is.
    ///
    /// Looks up the name, if that is not done. When the time is over the attempt is given up:
    /// `state_changed(Unconnected)` is emitted, and [`error`](QAbstractSocket::error) is
    /// [`SocketTimeout`](SocketError::SocketTimeout), of which `error_occurred` does not tell, as in
    /// Qt.
    ///
    /// ```
    /// use std::time::Duration;
    /// use slotwire::prelude::*;
    /// use slotwire::QTcpSocket;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let port = listener.local_addr()?.port();
    /// let mut rt = Runtime::new()?;
    /// let socket = rt.add(QTcpSocket::new());
    /// rt[socket].connect_to_host("localhost", port);
    /// assert!(rt.wait_for_connected(socket, Some(Duration::from_secs(5))));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics when a slot does.
    #[doc(alias = "waitForConnected")]
    pub fn wait_for_connected<T>(&mut self, socket: Obj<T>, timeout: Option<Duration>) -> bool
    where
        T: ?Sized + Target + QAbstractSocket,
    {
        Wait::begin(self, socket, timeout).for_connection()
    }

    /// Waits until new bytes, or a datagram, have come; says whether they have.
    ///
    /// What has come before does not count. Finishes connecting first, and sends what was written.
    /// Returns `false` at once if the socket is neither connected nor bound, or its buffer is full,
    /// and as soon as the network has refused a datagram. A datagram that was announced counts until
    /// it is read. When the time
    /// is over, `error_occurred(SocketTimeout)` is emitted and the connection stays.
    ///
    /// # Panics
    ///
    /// Panics when a slot does.
    #[doc(alias = "waitForReadyRead")]
    pub fn wait_for_ready_read<T>(&mut self, socket: Obj<T>, timeout: Option<Duration>) -> bool
    where
        T: ?Sized + Target + QAbstractSocket,
    {
        Wait::begin(self, socket, timeout).for_arrival()
    }

    /// Waits until some of what was written has gone out; says whether it has.
    ///
    /// Returns `false` at once if nothing waits to go out. Otherwise as
    /// [`wait_for_ready_read`](Self::wait_for_ready_read).
    ///
    /// # Panics
    ///
    /// Panics when a slot does.
    #[doc(alias = "waitForBytesWritten")]
    pub fn wait_for_bytes_written<T>(&mut self, socket: Obj<T>, timeout: Option<Duration>) -> bool
    where
        T: ?Sized + Target + QAbstractSocket,
    {
        Wait::begin(self, socket, timeout).for_departure()
    }

    /// Waits until the socket is disconnected; says whether it is. `false` at once if it was not
    /// connected to begin with.
    ///
    /// Sends what was written, and buffers what comes. Returns `false` at once if both ends are closed
    /// and there is no room for what has come before. Otherwise as
    /// [`wait_for_ready_read`](Self::wait_for_ready_read).
    ///
    /// # Panics
    ///
    /// Panics when a slot does.
    #[doc(alias = "waitForDisconnected")]
    pub fn wait_for_disconnected<T>(&mut self, socket: Obj<T>, timeout: Option<Duration>) -> bool
    where
        T: ?Sized + Target + QAbstractSocket,
    {
        Wait::begin(self, socket, timeout).for_end()
    }

    /// Waits until a connection has been accepted; says whether one has. Accepts even while the
    /// server is paused. Returns `false` at once if the server does not listen, if as many
    /// connections wait to be taken [as may](QTcpServer::set_max_pending_connections), or if
    /// accepting fails, which [`accept_error`](QTcpServer::accept_error) tells as well.
    ///
    /// # Panics
    ///
    /// Panics when a slot does.
    #[doc(alias = "waitForNewConnection")]
    pub fn wait_for_new_connection(
        &mut self,
        server: Obj<QTcpServer>,
        timeout: Option<Duration>,
    ) -> bool {
        self.deliver();
        let deadline = timeout.map(|timeout| self.timers().after(timeout));
        loop {
            accepting::forget_destroyed(self, server);
            let Some(Some((engine, network))) = self.get(server).map(QTcpServer::awaited) else {
                return false;
            };
            let socket = Awaited { engine, to_read: true, to_write: false };
            match wait_on(self, &*network, &[socket], deadline) {
                Some(readiness) if readiness.iter().any(|ready| ready.readable) => {
                    match QTcpServer::accept_awaited(self, server) {
                        Ok(true) => return true,
                        Ok(false) => {}
                        Err(_) => return false,
                    }
                }
                Some(_) => {}
                None => {
                    if let Some(server) = self.get_mut(server) {
                        server.set_error(SocketError::SocketTimeout);
                    }
                    return false;
                }
            }
        }
    }
}

/// A wait that is under way.
struct Wait<'a, T: ?Sized + Target> {
    runtime: &'a mut Runtime,
    socket: Obj<T>,
    deadline: Option<Instant>,
    /// The time was over already when the socket was last looked at.
    has_looked_last: bool,
}

impl<'a, T: ?Sized + Target + QAbstractSocket> Wait<'a, T> {
    fn begin(runtime: &'a mut Runtime, socket: Obj<T>, timeout: Option<Duration>) -> Self {
        runtime.deliver();
        let deadline = timeout.map(|timeout| runtime.timers().after(timeout));
        Self { runtime, socket, deadline, has_looked_last: false }
    }

    fn for_connection(&mut self) -> bool {
        loop {
            match self.state() {
                SocketState::HostLookup => self.look_up(),
                SocketState::Connecting => {
                    if !self.step(true, true) {
                        self.give_up();
                    }
                }
                state => return state == SocketState::Connected,
            }
        }
    }

    fn for_arrival(&mut self) -> bool {
        let Some(before) = self.core().map(|core| core.traffic().arrivals) else { return false };
        if !self.is_ready() {
            return false;
        }
        let faults = self.core().map(|core| core.traffic().faults);
        loop {
            let Some(core) = self.core() else { return false };
            if core.traffic().arrivals != before {
                return true;
            }
            if !is_under_way(core) || core.engine.is_none() || !core.may_read() {
                return false;
            }
            if core.is_direct() && core.has_pending() {
                return true;
            }
            if faults != Some(core.traffic().faults) {
                return false;
            }
            let to_write = core.may_write();
            if !self.step(true, to_write) {
                return self.time_out();
            }
        }
    }

    fn for_departure(&mut self) -> bool {
        let Some(before) = self.core().map(|core| core.traffic().departures) else { return false };
        if self.core().is_none_or(|core| !core.has_unsent()) || !self.is_ready() {
            return false;
        }
        loop {
            let Some(core) = self.core() else { return false };
            if core.traffic().departures != before {
                return true;
            }
            if !is_under_way(core) || core.engine.is_none() || !core.has_unsent() {
                return false;
            }
            let to_read = core.may_read() && !core.has_pending();
            if !self.step(to_read, true) {
                return self.time_out();
            }
        }
    }

    fn for_end(&mut self) -> bool {
        if self.state() == SocketState::Unconnected || !self.is_ready() {
            return false;
        }
        loop {
            let Some(core) = self.core() else { return true };
            if !is_under_way(core) {
                return true;
            }
            let to_write = core.may_write();
            // What nobody has looked at stays, and brings nothing new.
            let to_read = core.may_read() && !core.has_pending();
            if !self.step(to_read, to_write) {
                return self.time_out();
            }
            // Both ends are closed, and it is over when somebody has read what came.
            if !to_read && !to_write && self.core().is_some_and(is_under_way) {
                return false;
            }
        }
    }

    /// Finishes connecting; says whether there is a connection, or an address, to wait on.
    fn is_ready(&mut self) -> bool {
        match self.state() {
            SocketState::HostLookup | SocketState::Connecting => self.for_connection(),
            _ => self.core().is_some_and(is_under_way),
        }
    }

    fn core(&self) -> Option<&SocketCore> {
        self.runtime.get(self.socket).map(T::core)
    }

    fn state(&self) -> SocketState {
        self.core().map_or(SocketState::Unconnected, |core| core.state)
    }

    /// Calls `f` with the socket's core, and delivers what it did.
    fn turn(&mut self, f: impl FnOnce(&mut SocketCore)) {
        let socket = self.socket;
        self.runtime.turn(|world| {
            if let Some(socket) = world.get_mut(socket) {
                f(socket.core_mut());
            }
        });
    }

    /// Waits for the addresses of the peer's name.
    fn look_up(&mut self) {
        let Some(core) = self.core() else { return };
        let Some(network) = core.network() else { return self.give_up() };
        let name = core.peer_name().to_owned();
        let turn = core.next_timeout();
        let deadline = turn.into_iter().chain(self.deadline).min();
        let timers = self.runtime.timers();
        let timeout = deadline.map(|deadline| deadline.saturating_duration_since(timers.now()));
        match network.resolve_now(&name, timeout) {
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                timers.clock().waited(timeout.unwrap_or_default());
                // Without a deadline, nobody will answer any more.
                if deadline == self.deadline {
                    self.give_up();
                } else {
                    self.turn(SocketCore::on_timeout);
                }
            }
            // Not by its number, which another answer may have too.
            found => self.turn(|core| {
                let lookup = core.expect_lookup();
                core.on_resolved(lookup, found);
            }),
        }
    }

    /// Waits until something happens at the socket, and does what follows; says whether there was
    /// time left.
    fn step(&mut self, to_read: bool, to_write: bool) -> bool {
        // One look when the time is over, and no more, however much there is to see.
        let is_over = self.deadline.is_some_and(|deadline| deadline <= self.runtime.timers().now());
        if is_over && std::mem::replace(&mut self.has_looked_last, true) {
            return false;
        }
        let Some(core) = self.core() else { return true };
        let Some(network) = core.network() else { return false };
        let sockets: Vec<Awaited<'_>> =
            core.engines().map(|engine| Awaited { engine, to_read, to_write }).collect();
        let turn = core.next_timeout();
        let deadline = turn.into_iter().chain(self.deadline).min();
        match wait_on(self.runtime, &*network, &sockets, deadline) {
            Some(readiness) => {
                let any = readiness.into_iter().reduce(|one, other| one | other);
                let any = any.unwrap_or_default();
                let was_connecting = self.state() == SocketState::Connecting;
                self.turn(|core| core.on_awaited_to_read(any));
                // What is told of the one may be the end of the other.
                if !was_connecting {
                    self.turn(|core| core.on_awaited_to_write(any));
                }
                true
            }
            // Without a deadline, nothing will come any more.
            None if deadline == self.deadline => false,
            None => {
                self.turn(SocketCore::on_timeout);
                true
            }
        }
    }

    /// The time is over, and the attempt to connect with it.
    fn give_up(&mut self) {
        self.turn(|core| {
            core.end_attempt(SocketError::SocketTimeout);
            core.set_error(Some(SocketError::SocketTimeout));
        });
    }

    /// The time is over; the connection stays.
    fn time_out(&mut self) -> bool {
        self.turn(|core| core.fail(SocketError::SocketTimeout, None));
        false
    }
}

/// Says whether there is a connection, or an address to which datagrams come. A slot may have ended
/// the one that is waited for, and begun another. A TCP socket has nobody to wait for before it
/// connects.
fn is_under_way(core: &SocketCore) -> bool {
    match core.state {
        SocketState::Connected | SocketState::Closing => true,
        SocketState::Bound => core.kind == SocketType::Udp,
        _ => false,
    }
}

/// Waits until one of the sockets is ready; `None` if the time was over before.
fn wait_on(
    runtime: &Runtime,
    network: &dyn Network,
    sockets: &[Awaited<'_>],
    deadline: Option<Instant>,
) -> Option<Vec<Readiness>> {
    let timers = runtime.timers();
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(timers.now()));
        // A poller that fails is as good as one that finds nothing: the socket's own calls tell.
        let ready = network.wait(sockets, timers.clock().sleep(left)).ok()?;
        if ready.iter().any(|ready| *ready != Readiness::default()) {
            return Some(ready);
        }
        if let Some(left) = left {
            timers.clock().waited(left);
            if deadline.is_some_and(|deadline| deadline <= timers.now()) {
                return None;
            }
        }
    }
}
