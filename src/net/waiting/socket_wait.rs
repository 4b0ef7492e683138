//! Waiting for one socket, without the event loop.
//!
//! A wait polls one socket and delivers its emissions. Until the wait ends, timers, posted calls
//! and other sockets are not served.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::wait_steps::{Lookup, deliver_before, look_up, turn_of, wait_on};
use crate::event_loop::Runtime;
use crate::net::engine::Interest;
#[cfg(feature = "tls")]
use crate::net::socket::QSslSocket;
use crate::net::socket::{News, QAbstractSocket, SocketCore, StateMachine};
#[cfg(feature = "tls")]
use crate::net::tls::SslMode;
use crate::net::values::{SocketError, SocketState};
use crate::object::{Obj, Target};
use crate::readiness::Readiness;

/// Waiting for one socket.
///
/// For programs without an event loop, and for the beginning and the end of a program with one. A
/// timeout of `None` is no limit. A slot cannot wait, because it has no runtime.
///
/// A wait serves its socket alone. The other sockets and servers of the runtime, its timers and its
/// posted calls are not served until the call returns. So a peer that must act, for example answer,
/// must be in another thread or process. If the peer is in the same runtime, the wait times out or,
/// without a timeout, never returns.
///
/// A wait first delivers the emissions that were recorded before the call, and finishes the
/// socket's turns that were put aside; this time counts towards the timeout. Only signals that are
/// delivered during the call count, even if the state of the socket has changed again before the
/// call returns. Signals that were recorded before the last call of `connect_to_host`, `bind` or
/// `set_socket_descriptor` do not count. A slot that begins to connect again prolongs the wait.
impl Runtime {
    /// Waits until a connection is established.
    ///
    /// Returns true if the socket is connected when this is called, or if `connected` is emitted
    /// before the call returns, even if the connection has ended since. Returns false if there is
    /// no attempt to connect, if the attempt fails, or if it takes longer than `timeout`.
    ///
    /// Finishes the lookup of the name first. When the timeout passes, the attempt ends:
    /// `state_changed(Unconnected)` is emitted, and [`error`](QAbstractSocket::error) returns
    /// [`SocketTimeout`](SocketError::SocketTimeout); as in Qt, `error_occurred` is not emitted.
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
    /// Panics if a slot panics.
    #[doc(alias = "waitForConnected")]
    pub fn wait_for_connected<T>(&mut self, socket: Obj<T>, timeout: Option<Duration>) -> bool
    where
        T: ?Sized + Target + QAbstractSocket,
    {
        Wait::begin(self, socket, timeout).for_connection()
    }

    /// Waits until a UDP socket is bound by its proxy.
    ///
    /// Returns true if the socket is bound when the call returns, so that
    /// [`local_port`](QAbstractSocket::local_port) is known. Returns false if the proxy refuses or
    /// fails; if the socket was not being bound; or if this takes longer than `timeout`: then
    /// [`error`](QAbstractSocket::error) returns [`SocketTimeout`](SocketError::SocketTimeout).
    ///
    /// A socket without a proxy is bound when [`bind`](QAbstractSocket::bind) returns. Qt has no such
    /// call, because its `bind` blocks for up to 5 seconds.
    ///
    /// # Panics
    ///
    /// Panics if a slot panics.
    pub fn wait_for_bound<T>(&mut self, socket: Obj<T>, timeout: Option<Duration>) -> bool
    where
        T: ?Sized + Target + QAbstractSocket,
    {
        Wait::begin(self, socket, timeout).for_binding()
    }

    /// Waits until the connection of a socket is encrypted.
    ///
    /// Returns true if the handshake is over when this is called, or if `encrypted` is emitted before
    /// the call returns. Returns false if the socket does not connect, or has not begun to encrypt its
    /// connection; if the handshake fails; or if the wait takes longer than `timeout`: then
    /// `error_occurred(SocketTimeout)` is emitted, and the connection does not end.
    ///
    /// Finishes connecting first. Otherwise as
    /// [`wait_for_connected`](Self::wait_for_connected).
    ///
    /// # Panics
    ///
    /// Panics if a slot panics.
    #[cfg(feature = "tls")]
    #[doc(alias = "waitForEncrypted")]
    pub fn wait_for_encrypted(
        &mut self,
        socket: Obj<QSslSocket>,
        timeout: Option<Duration>,
    ) -> bool {
        Wait::begin(self, socket, timeout).for_encryption()
    }

    /// Waits until new bytes or a datagram have come.
    ///
    /// Returns true if `ready_read` is emitted before the call returns, or if an announced datagram
    /// waits to be read. Bytes that came before the call do not count.
    ///
    /// Finishes connecting first, and sends written bytes. Returns false if connecting fails; if
    /// the socket is not, or no longer, connected or bound; if its read buffer is full; if the
    /// network refuses a datagram; or if the wait takes longer than `timeout`: then
    /// `error_occurred(SocketTimeout)` is emitted, and the connection does not end.
    ///
    /// # Panics
    ///
    /// Panics if a slot panics.
    #[doc(alias = "waitForReadyRead")]
    pub fn wait_for_ready_read<T>(&mut self, socket: Obj<T>, timeout: Option<Duration>) -> bool
    where
        T: ?Sized + Target + QAbstractSocket,
    {
        Wait::begin(self, socket, timeout).for_arrival()
    }

    /// Waits until some of the written bytes are sent.
    ///
    /// Returns true if `bytes_written` is emitted before the call returns. Returns false at once if
    /// no bytes are left to be sent, which is always so on a UDP socket.
    ///
    /// Finishes connecting first. Otherwise as [`wait_for_ready_read`](Self::wait_for_ready_read).
    ///
    /// # Panics
    ///
    /// Panics if a slot panics.
    #[doc(alias = "waitForBytesWritten")]
    pub fn wait_for_bytes_written<T>(&mut self, socket: Obj<T>, timeout: Option<Duration>) -> bool
    where
        T: ?Sized + Target + QAbstractSocket,
    {
        Wait::begin(self, socket, timeout).for_departure()
    }

    /// Waits until the connection has ended.
    ///
    /// Returns true if `disconnected` is emitted before the call returns, even if a slot has begun
    /// to connect again since. An end just before the call, as by `abort`, also counts, if the
    /// slots have not been called yet. Returns false if the socket is unconnected otherwise; if
    /// connecting fails; or if the wait takes longer than `timeout`.
    ///
    /// Finishes connecting first, sends written bytes, and buffers bytes that come. Returns false
    /// at once if both ends are closed and the read buffer has no room for the rest. When the
    /// timeout passes, an attempt to connect ends as in
    /// [`wait_for_connected`](Self::wait_for_connected); a connection does not end, and
    /// `error_occurred(SocketTimeout)` is emitted.
    ///
    /// A program that ends after its last bytes are sent:
    ///
    /// ```
    /// use std::io::Write;
    /// use std::time::Duration;
    /// use slotwire::prelude::*;
    /// use slotwire::QTcpSocket;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let port = listener.local_addr()?.port();
    /// let mut rt = Runtime::new()?;
    /// let socket = rt.add(QTcpSocket::new());
    /// rt[socket].connect_to_host("127.0.0.1", port);
    /// rt[socket].write_all(b"good-bye")?;
    /// rt[socket].disconnect_from_host();
    /// assert!(rt.wait_for_disconnected(socket, Some(Duration::from_secs(5))));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if a slot panics.
    #[doc(alias = "waitForDisconnected")]
    pub fn wait_for_disconnected<T>(&mut self, socket: Obj<T>, timeout: Option<Duration>) -> bool
    where
        T: ?Sized + Target + QAbstractSocket,
    {
        Wait::begin(self, socket, timeout).for_end()
    }
}

/// Waits until bytes have gone out, or until the last of them have. The end of a flush: a layer may
/// hold bytes back that are written already and for which no signal is emitted.
pub(super) fn wait_for_sending<T>(
    runtime: &mut Runtime,
    socket: Obj<T>,
    timeout: Option<Duration>,
) -> bool
where
    T: ?Sized + Target + QAbstractSocket,
{
    let mut wait = Wait::begin(runtime, socket, timeout);
    match wait.machine().is_some_and(|machine| machine.has_unsent()) {
        true => wait.for_departure(),
        false => wait.for_held_back(),
    }
}

/// A wait that is under way.
struct Wait<'a, T: ?Sized + Target> {
    runtime: &'a mut Runtime,
    socket: Obj<T>,
    deadline: Option<Instant>,
    /// The state when the wait began, before any delivery.
    began_in: SocketState,
    /// The news at the time when the socket was destroyed, if it was.
    legacy: Rc<Cell<News>>,
    /// The socket was polled once after the deadline, or may not be polled any more.
    has_looked_last: bool,
}

#[cfg(feature = "tls")]
impl Wait<'_, QSslSocket> {
    fn for_encryption(&mut self) -> bool {
        while !self.is_encrypted() && self.is_ready_until(News::ENCRYPTED) {
            let socket = self.runtime.get(self.socket);
            if socket.is_none_or(|socket| socket.mode() == SslMode::Unencrypted) {
                return false;
            }
            let to_write = self.machine().is_some_and(|machine| machine.has_to_send());
            if !self.step(true, to_write) {
                self.time_out();
                break;
            }
        }
        self.is_encrypted() || self.has_happened(News::ENCRYPTED)
    }

    fn is_encrypted(&self) -> bool {
        self.runtime.get(self.socket).is_some_and(QSslSocket::is_encrypted)
    }
}

impl<'a, T: ?Sized + Target + QAbstractSocket> Wait<'a, T> {
    fn begin(runtime: &'a mut Runtime, socket: Obj<T>, timeout: Option<Duration>) -> Self {
        let deadline = timeout.map(|timeout| runtime.timers().after(timeout));
        let legacy = Rc::<Cell<News>>::default();
        if let Some(socket) = runtime.get_mut(socket) {
            let core = socket.machine().core();
            core.begin_to_be_awaited(&legacy);
            #[cfg(feature = "tls")]
            core.tell_engine_wishes();
        }
        let mut wait = Self {
            runtime,
            socket,
            deadline,
            began_in: SocketState::Unconnected,
            legacy,
            has_looked_last: false,
        };
        wait.began_in = wait.state();
        if !deliver_before(wait.runtime, socket, deadline) {
            // The turn that was put aside comes first, so the socket may not be polled any more.
            wait.has_looked_last = true;
        }
        wait
    }

    fn for_connection(&mut self) -> bool {
        if self.began_in != SocketState::Connected {
            self.finish_connecting(News::CONNECTED);
        }
        self.began_in == SocketState::Connected || self.has_happened(News::CONNECTED)
    }

    fn for_binding(&mut self) -> bool {
        if self.core().is_some_and(SocketCore::is_being_bound) {
            self.finish_connecting(News::empty());
        }
        self.state() == SocketState::Bound
    }

    fn for_arrival(&mut self) -> bool {
        while self.is_ready_until(News::ARRIVED) {
            let Some(machine) = self.machine() else { break };
            let core = machine.core();
            if !core.has_engine() || !machine.may_read() {
                return false;
            }
            if machine.is_direct() && machine.has_pending() {
                return true;
            }
            if core.news().contains(News::REFUSED) {
                return false;
            }
            let to_write = machine.may_write();
            if !self.step(true, to_write) {
                self.time_out();
                break;
            }
        }
        self.has_happened(News::ARRIVED)
    }

    fn for_departure(&mut self) -> bool {
        self.send_while(|machine| machine.has_unsent(), News::DEPARTED);
        self.has_happened(News::DEPARTED)
    }

    /// Waits until the engine holds no bytes back.
    fn for_held_back(&mut self) -> bool {
        self.send_while(|machine| machine.has_to_send(), News::empty());
        self.machine().is_some_and(|machine| !machine.has_to_send())
    }

    /// Sends while something is left to send, until this has happened.
    fn send_while(&mut self, is_left: fn(&dyn StateMachine) -> bool, awaited: News) {
        while self.machine().is_some_and(|machine| is_left(machine)) && self.is_ready_until(awaited)
        {
            let Some(machine) = self.machine().filter(|machine| machine.core().has_engine()) else {
                break;
            };
            let to_read = machine.may_read() && !machine.has_pending();
            if !self.step(to_read, true) {
                self.time_out();
                break;
            }
        }
    }

    fn for_end(&mut self) -> bool {
        while self.began_in != SocketState::Unconnected && self.is_ready_until(News::ENDED) {
            let Some(machine) = self.machine() else { break };
            let to_write = machine.may_write();
            // Unread bytes keep an unbuffered socket readable, and bring no news.
            let to_read = machine.may_read() && !machine.has_pending();
            if !self.step(to_read, to_write) {
                self.time_out();
                break;
            }
            // Both ends are closed, and the connection ends only when the buffered bytes are read.
            if !to_read && !to_write {
                break;
            }
        }
        self.has_happened(News::ENDED)
    }

    /// Finishes connecting. Returns true if the socket is connected or bound, and `awaited` has not
    /// happened yet.
    fn is_ready_until(&mut self, awaited: News) -> bool {
        self.finish_connecting(awaited)
            && !self.has_happened(awaited)
            && self.core().is_some_and(SocketCore::is_under_way)
    }

    /// Finishes connecting, if an attempt is under way, but stops when `awaited` has happened.
    /// Returns false if the deadline passes before.
    fn finish_connecting(&mut self, awaited: News) -> bool {
        while !self.has_happened(awaited) {
            let has_time = match self.state() {
                // Before the step is taken, there may be nothing to wait for. And what is looked up
                // past it may be a name that nobody may be told.
                SocketState::HostLookup | SocketState::Connecting
                    if self.core().is_some_and(SocketCore::has_step_ahead) =>
                {
                    self.turn(|machine| machine.settle());
                    true
                }
                SocketState::HostLookup => self.look_up(),
                SocketState::Connecting if self.core().is_some_and(SocketCore::looks_up) => {
                    self.look_up()
                }
                SocketState::Connecting => self.step(true, true),
                _ => return true,
            };
            if !has_time {
                self.give_up();
                return false;
            }
        }
        true
    }

    /// Returns the state machine of the socket, if the socket still exists.
    fn machine(&mut self) -> Option<&mut dyn StateMachine> {
        self.runtime
            .get_mut(self.socket)
            .map(|socket| socket.machine().get() as &mut dyn StateMachine)
    }

    /// Returns true if any of `news` has happened since the wait began.
    fn has_happened(&self, news: News) -> bool {
        self.core().map_or_else(|| self.legacy.get(), SocketCore::news).intersects(news)
    }

    fn core(&self) -> Option<&SocketCore> {
        self.runtime.get(self.socket).map(T::core)
    }

    fn state(&self) -> SocketState {
        self.core().map_or(SocketState::Unconnected, |core| core.state())
    }

    /// Calls `f` with the socket's core, and delivers the effects that `f` recorded.
    fn turn(&mut self, f: impl FnOnce(&mut dyn StateMachine)) {
        turn_of(self.runtime, self.socket, |socket| f(socket.machine().get()));
    }

    /// Waits for the addresses of the peer's name, or of a host on the way. Returns false if the
    /// deadline passes before.
    fn look_up(&mut self) -> bool {
        let Some(core) = self.core() else { return true };
        let Some(network) = core.network() else { return false };
        let name = core.name_to_look_up().to_owned();
        let next_try = core.next_timeout();
        match look_up(self.runtime, &*network, &name, next_try, self.deadline) {
            Lookup::Answered(found) => self.turn(|machine| machine.on_resolved(found)),
            Lookup::Due => self.turn(|machine| machine.on_timeout()),
            Lookup::TooLate => return false,
        }
        true
    }

    /// Waits until the socket is ready, and handles the readiness. Returns false if the deadline
    /// passed before.
    fn step(&mut self, to_read: bool, to_write: bool) -> bool {
        // After the deadline the socket is polled once more, and not again, even if it is ready.
        let is_over = self.deadline.is_some_and(|deadline| deadline <= self.runtime.timers().now());
        if is_over && std::mem::replace(&mut self.has_looked_last, true) {
            return false;
        }
        let Some(core) = self.core() else { return true };
        let Some(network) = core.network() else { return false };
        let interest = Interest { to_read, to_write };
        let held = core.ready_now();
        let is_ready = to_read && held.readable || held.writable;
        let sockets = core.awaited(interest);
        let next_try = core.next_timeout();
        let deadline = next_try.into_iter().chain(self.deadline).min();
        // A layer that waits for the program alone has no use for what this wait is for.
        let is_idle = (to_read || to_write)
            && sockets.iter().all(|socket| !socket.interest.to_read && !socket.interest.to_write);
        let ready = match is_ready {
            true => Some(Vec::new()),
            false if is_idle && deadline.is_none() => None,
            false => wait_on(self.runtime, &*network, &sockets, deadline),
        };
        match ready {
            Some(ready) => {
                let sources = sockets.iter().map(|socket| socket.engine.source());
                let ready: Vec<_> = sources.zip(ready).collect();
                let was_connecting = self.state() == SocketState::Connecting;
                let mut any = Readiness::default();
                self.turn(|machine| {
                    any = machine.on_awaited(&ready);
                    if !was_connecting {
                        machine.on_awaited_to_read(any);
                    }
                });
                // The readiness of an attempt is not that of the connection.
                if !was_connecting {
                    self.turn(|machine| machine.on_awaited_to_write(any));
                }
                true
            }
            // Without a deadline, this means that the socket will never be ready.
            None if deadline == self.deadline => false,
            None => {
                self.turn(|machine| machine.on_due());
                true
            }
        }
    }

    /// Ends the attempt to connect, since the deadline has passed.
    fn give_up(&mut self) {
        self.turn(|machine| {
            let core = machine.core_mut();
            core.end_attempt(SocketError::SocketTimeout);
            core.set_error_for_good(Some(SocketError::SocketTimeout));
        });
    }

    /// Emits the timeout; the connection does not end.
    fn time_out(&mut self) {
        self.turn(|machine| machine.core_mut().fail(SocketError::SocketTimeout, None));
    }
}
