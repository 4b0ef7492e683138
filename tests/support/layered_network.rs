//! A network of which every connection to a listener of a test has a layer on it: the one of
//! `secret.rs`, or TLS (`tls.rs`). What the layer has to do with the other end is done behind the
//! test's back: the listener greets whoever calls.

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
use super::speech::{Below, Speech};

/// A layer, and what the other ends do for it.
#[derive(Clone, Copy)]
pub(super) struct TestLayer {
    /// What the tests on the kernel's network are called.
    pub(super) native: &'static str,
    /// What the tests on the simulated network are called.
    pub(super) simulated: &'static str,
    /// Makes what puts the layer on the routes of a runtime.
    pub(super) put_on: fn(&Runtime) -> Box<PutOn>,
    /// Makes the other end of the layer.
    pub(super) speech: fn() -> Box<dyn Speech>,
}

type PutOn = dyn Fn(Route) -> Route;

/// A network with a layer on its connections.
pub(super) struct LayeredNetwork {
    ground: Box<dyn Ground>,
    layer: TestLayer,
    /// Where somebody listens who greets.
    ports: Rc<RefCell<HashSet<u16>>>,
}

impl LayeredNetwork {
    pub(super) fn new(ground: Box<dyn Ground>, layer: TestLayer) -> Self {
        Self { ground, layer, ports: Rc::default() }
    }

    fn layered(&self, mut runtime: Runtime) -> Runtime {
        let put_on = (self.layer.put_on)(&runtime);
        runtime.set_router(ToListeners { ports: self.ports.clone(), put_on });
        runtime
    }
}

/// Puts the layer on what leads to a listener that greets.
struct ToListeners {
    ports: Rc<RefCell<HashSet<u16>>>,
    put_on: Box<PutOn>,
}

impl Router for ToListeners {
    fn route(&self, destination: &Destination<'_>) -> Route {
        let greets = self.ports.borrow().contains(&destination.port);
        match destination.kind {
            SocketType::Tcp if greets => (self.put_on)(Route::direct()),
            _ => Route::direct(),
        }
    }
}

impl Ground for LayeredNetwork {
    fn name(&self) -> &'static str {
        if self.ground.has_descriptors() { self.layer.native } else { self.layer.simulated }
    }

    fn runtime(&self) -> Runtime {
        self.layered(self.ground.runtime())
    }

    fn timed_runtime(&self) -> (Runtime, Box<dyn Fn() -> Duration>) {
        let (runtime, elapsed) = self.ground.timed_runtime();
        (self.layered(runtime), elapsed)
    }

    fn listen(&self, at: SocketAddr) -> io::Result<Box<dyn ListenerEnd>> {
        let listener = self.ground.listen_and_greet(at, self.layer.speech)?;
        self.ports.borrow_mut().insert(listener.local_addr()?.port());
        Ok(listener)
    }

    super::network::leave_to_ground!();
}

/// An end that a network has, and on which a layer can stand.
pub(super) trait Carrier: End + Sized + 'static {
    /// Does all of this while the test goes on.
    fn go_on_errand(end: Box<LayeredEnd<Self>>, work: Work) -> Box<dyn Underway>;
}

/// The other end of a connection with a layer.
pub(super) struct LayeredEnd<E: Carrier> {
    end: E,
    speech: Box<dyn Speech>,
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

impl<E: Carrier> LayeredEnd<E> {
    pub(super) fn new(end: E, speech: Box<dyn Speech>) -> Self {
        Self { end, speech, has_greeted: false }
    }

    /// Goes on with the greeting. Returns true if nothing is left to do for it.
    pub(super) fn greet(&mut self) -> bool {
        self.has_greeted = self.has_greeted || self.speech.greet(&mut self.end).unwrap_or(true);
        self.has_greeted
    }

    pub(super) fn carrier(&self) -> &E {
        &self.end
    }
}

impl<E: Carrier> End for LayeredEnd<E> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let _ = self.speech.send(&mut self.end);
        self.speech.read(&mut self.end, buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.speech.write(&mut self.end, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.speech.send(&mut self.end)?;
        if self.speech.holds_back() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(())
    }

    fn wait(&self, lack: Lack) -> io::Result<()> {
        let lack = match lack {
            Lack::Bytes if self.speech.holds_back() => Lack::Either,
            lack => lack,
        };
        self.end.wait(lack)
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        if how == Shutdown::Read {
            return self.end.shutdown(how);
        }
        self.speech.finish(&mut self.end)?;
        self.flush()?;
        if how == Shutdown::Both { self.end.shutdown(how) } else { Ok(()) }
    }

    fn reset(&mut self) {
        self.speech.forget();
        self.end.reset();
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.end.local_addr()
    }

    fn go(self: Box<Self>, work: Work) -> Box<dyn Underway> {
        E::go_on_errand(self, work)
    }
}

impl<E: Carrier> Drop for LayeredEnd<E> {
    fn drop(&mut self) {
        // Of a connection that is gone, nobody hears.
        let _ = self.speech.finish(&mut self.end);
        while self.speech.holds_back() && self.end.wait(Lack::Room).is_ok() {
            let _ = self.speech.send(&mut self.end);
        }
    }
}

/// Connections whose other ends are greeted as they come.
pub(super) struct Greeted<E: Carrier> {
    speech: fn() -> Box<dyn Speech>,
    greeting: Vec<(LayeredEnd<E>, SocketAddr)>,
    ready: VecDeque<(LayeredEnd<E>, SocketAddr)>,
}

impl<E: Carrier> Greeted<E> {
    pub(super) fn new(speech: fn() -> Box<dyn Speech>) -> Self {
        Self { speech, greeting: Vec::new(), ready: VecDeque::new() }
    }

    pub(super) fn add(&mut self, end: E, from: SocketAddr) {
        self.greeting.push((LayeredEnd::new(end, (self.speech)()), from));
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
