//! A network of which every connection to a listener of a test has a layer on it: the one of
//! `secret.rs`. What the layer has to do with the other end is done behind the test's back: the
//! listener greets whoever calls.

use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use slotwire::__private::v1::engine::{Destination, Route, Router};
use slotwire::SocketType;
use slotwire::prelude::*;

use super::errand::{Underway, Work};
use super::network::Ground;
use super::peer::{End, Lack, ListenerEnd};
use super::secret::{Below, Conversation, Secret};

/// A network with a layer on its connections.
pub(super) struct LayeredNetwork {
    ground: Box<dyn Ground>,
    /// Where somebody listens who greets.
    ports: Rc<RefCell<HashSet<u16>>>,
}

impl LayeredNetwork {
    pub(super) fn new(ground: Box<dyn Ground>) -> Self {
        Self { ground, ports: Rc::default() }
    }

    fn layered(&self, mut runtime: Runtime) -> Runtime {
        runtime.set_router(ToListeners { ports: self.ports.clone() });
        runtime
    }
}

/// Puts the layer on what leads to a listener that greets.
struct ToListeners {
    ports: Rc<RefCell<HashSet<u16>>>,
}

impl Router for ToListeners {
    fn route(&self, destination: &Destination<'_>) -> Route {
        let greets = self.ports.borrow().contains(&destination.port);
        match destination.kind {
            SocketType::Tcp if greets => Route::direct().with_layer(Secret::stand_on),
            _ => Route::direct(),
        }
    }
}

impl Ground for LayeredNetwork {
    fn name(&self) -> &'static str {
        if self.ground.has_descriptors() { "native_with_layer" } else { "simulated_with_layer" }
    }

    fn runtime(&self) -> Runtime {
        self.layered(self.ground.runtime())
    }

    fn timed_runtime(&self) -> (Runtime, Box<dyn Fn() -> Duration>) {
        let (runtime, elapsed) = self.ground.timed_runtime();
        (self.layered(runtime), elapsed)
    }

    fn listen(&self, at: SocketAddr) -> io::Result<Box<dyn ListenerEnd>> {
        let listener = self.ground.listen_and_greet(at)?;
        self.ports.borrow_mut().insert(listener.local_addr()?.port());
        Ok(listener)
    }

    super::network::leave_to_ground!();
}

/// An end that a network has, and on which a conversation can stand.
pub(super) trait Carrier: End + Sized + 'static {
    /// Does all of this while the test goes on.
    fn go_on_errand(end: Box<SecretEnd<Self>>, work: Work) -> Box<dyn Underway>;
}

/// The other end of a connection with a layer.
pub(super) struct SecretEnd<E: Carrier> {
    end: E,
    conversation: Conversation,
    /// The other end has greeted, or cannot any more.
    has_greeted: bool,
}

impl<E: Carrier> Below for E {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        End::read(self, buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        End::write(self, bytes)
    }

    fn finish(&mut self) -> io::Result<()> {
        End::shutdown(self, Shutdown::Write)
    }
}

impl<E: Carrier> SecretEnd<E> {
    pub(super) fn new(end: E) -> Self {
        Self { end, conversation: Conversation::new(0xa5, Vec::new()), has_greeted: false }
    }

    /// Goes on with the greeting. Returns true if nothing is left to do for it.
    pub(super) fn greet(&mut self) -> bool {
        self.has_greeted =
            self.has_greeted || self.conversation.greet(&mut self.end).unwrap_or(true);
        self.has_greeted
    }

    pub(super) fn carrier(&self) -> &E {
        &self.end
    }
}

impl<E: Carrier> End for SecretEnd<E> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let _ = self.conversation.send(&mut self.end);
        self.conversation.read(&mut self.end, buffer, false)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.conversation.write(&mut self.end, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.conversation.send(&mut self.end)?;
        if self.conversation.holds_back() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(())
    }

    fn wait(&self, lack: Lack) -> io::Result<()> {
        let lack = match lack {
            Lack::Bytes if self.conversation.holds_back() => Lack::Either,
            lack => lack,
        };
        self.end.wait(lack)
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        if how == Shutdown::Read {
            return self.end.shutdown(how);
        }
        self.conversation.finish(&mut self.end)?;
        self.flush()?;
        if how == Shutdown::Both { self.end.shutdown(how) } else { Ok(()) }
    }

    fn reset(&mut self) {
        self.conversation.forget();
        self.end.reset();
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.end.local_addr()
    }

    fn go(self: Box<Self>, work: Work) -> Box<dyn Underway> {
        E::go_on_errand(self, work)
    }
}

impl<E: Carrier> Drop for SecretEnd<E> {
    fn drop(&mut self) {
        // Of a connection that is gone, nobody hears.
        let _ = self.conversation.finish(&mut self.end);
        while self.conversation.holds_back() && self.end.wait(Lack::Room).is_ok() {
            let _ = self.conversation.send(&mut self.end);
        }
    }
}

/// Connections whose other ends are greeted as they come.
pub(super) struct Greeted<E: Carrier> {
    greeting: Vec<(SecretEnd<E>, SocketAddr)>,
    ready: VecDeque<(SecretEnd<E>, SocketAddr)>,
}

impl<E: Carrier> Default for Greeted<E> {
    fn default() -> Self {
        Self { greeting: Vec::new(), ready: VecDeque::new() }
    }
}

impl<E: Carrier> Greeted<E> {
    pub(super) fn add(&mut self, end: E, from: SocketAddr) {
        self.greeting.push((SecretEnd::new(end), from));
        self.go_on();
    }

    /// Goes on with all greetings.
    pub(super) fn go_on(&mut self) {
        self.ready.extend(self.greeting.extract_if(.., |(end, _)| end.greet()));
    }

    /// The ends that wait for the greeting of the others.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &E> {
        self.greeting.iter().map(|(end, _)| end.carrier())
    }

    pub(super) fn next(&mut self) -> Option<(Box<dyn End>, SocketAddr)> {
        let (end, from) = self.ready.pop_front()?;
        Some((Box::new(end), from))
    }

    pub(super) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }
}
