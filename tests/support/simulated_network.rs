//! The simulated network, as the tests use it: one host, and its plain sockets.

use std::any::Any;
use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::rc::{Rc, Weak};
use std::time::Duration;

use slotwire::NetworkInterface;
use slotwire::prelude::*;
use slotwire::sim::{Link, SimHost, SimListener, SimNetwork, SimStream, SimUdpSocket};

use super::errand::{Underway, Work};
use super::layered_network::{Carrier, Greeted, LayeredEnd};
use super::network::Ground;
use super::peer::{End, Lack, ListenerEnd, UdpEnd};
use super::socks5_server::serve;
use super::speech::Speech;
use super::{settle, wait_until};

/// How long a call of a peer's takes, as one takes the kernel some time: a peer that never rests
/// does not stop the clock.
const CALL: Duration = Duration::from_micros(1);

/// How often a peer on an errand looks whether it can go on.
const LOOK: Duration = Duration::from_micros(100);

/// A host in memory.
pub(super) struct SimulatedNetwork {
    network: SimNetwork,
    host: SimHost,
}

impl SimulatedNetwork {
    pub(super) fn new() -> Self {
        let network = SimNetwork::new(1);
        network.set_loopback(Link::loopback().with_latency(Duration::ZERO));
        let host = network.add_host("host");
        Self { network, host }
    }

    fn end(&self, stream: SimStream) -> SimulatedEnd {
        SimulatedEnd { stream: Some(stream), network: self.network.clone() }
    }
}

impl Ground for SimulatedNetwork {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn runtime(&self) -> Runtime {
        self.network.runtime(self.host).unwrap()
    }

    fn timed_runtime(&self) -> (Runtime, Box<dyn Fn() -> Duration>) {
        let network = self.network.clone();
        (self.runtime(), Box::new(move || network.elapsed()))
    }

    fn run_proxy(&self) -> (u16, Box<dyn Any>) {
        let mut runtime = self.runtime();
        let port = serve(&mut runtime, 0).unwrap();
        let proxy = Rc::new(RefCell::new(runtime));
        run(Rc::downgrade(&proxy), &self.network);
        (port, Box::new(proxy))
    }

    fn listen(&self, at: SocketAddr) -> io::Result<Box<dyn ListenerEnd>> {
        let listener = self.network.listen(self.host, at.port())?;
        let network = self.network.clone();
        Ok(Box::new(SimulatedListener { listener, network }))
    }

    fn listen_and_greet(
        &self,
        at: SocketAddr,
        speech: fn() -> Box<dyn Speech>,
    ) -> io::Result<Box<dyn ListenerEnd>> {
        let listener = self.network.listen(self.host, at.port())?;
        let greeted = RefCell::new(Greeted::new(speech));
        let network = self.network.clone();
        let shared = Rc::new(Greeting { listener, greeted, network });
        Greeting::look_after(Rc::downgrade(&shared), &self.network);
        Ok(Box::new(GreetingListener { shared }))
    }

    fn connect(&self, to: SocketAddr) -> io::Result<Box<dyn End>> {
        let stream = self.network.connect(self.host, to)?;
        self.network.advance(CALL);
        stream.is_connected()?;
        Ok(Box::new(self.end(stream)))
    }

    fn bind_udp(&self, at: SocketAddr) -> io::Result<Box<dyn UdpEnd>> {
        let socket = self.network.bind_udp(self.host, at)?;
        let network = self.network.clone();
        Ok(Box::new(SimulatedUdpSocket { socket, network }))
    }

    fn closed_port(&self) -> u16 {
        // Ports go round, so nobody else gets it soon.
        self.network.listen(self.host, 0).and_then(|listener| listener.port()).unwrap()
    }

    fn full_listener(&self) -> (SocketAddr, Box<dyn Any>) {
        let listener = self.network.listen(self.host, 0).unwrap();
        listener.set_backlog(0).unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, listener.port().unwrap()));
        let waiting = self.network.connect(self.host, address).unwrap();
        self.network.advance(CALL);
        (address, Box::new((listener, waiting)))
    }

    fn loopback(&self) -> NetworkInterface {
        let interfaces = self.network.interfaces(self.host);
        interfaces.into_iter().find(|interface| interface.name() == "lo").unwrap()
    }

    fn has_descriptors(&self) -> bool {
        false
    }

    fn open_descriptors(&self) -> usize {
        self.network.sockets(self.host)
    }

    fn in_own_process(&self, _: &str, body: &mut dyn FnMut()) {
        // Each test has a host of its own.
        body();
    }

    fn leave_room(&self, more: Option<usize>) {
        let limit = more.map(|more| self.network.descriptors(self.host) + more);
        self.network.set_descriptor_limit(self.host, limit);
    }
}

/// Runs a runtime beside that of the test as the network's time passes, until nobody has it any
/// more.
fn run(runtime: Weak<RefCell<Runtime>>, network: &SimNetwork) {
    network.after(LOOK, move |network| {
        if let Some(running) = runtime.upgrade() {
            settle(&mut running.borrow_mut());
            run(runtime, network);
        }
    });
}

/// Lets what is next happen on the network.
fn wait_on(network: &SimNetwork) -> io::Result<()> {
    let next = network.next_event().ok_or(io::ErrorKind::TimedOut)?;
    network.advance(next.saturating_sub(network.elapsed()));
    Ok(())
}

/// One end of a connection; none any more after a reset.
struct SimulatedEnd {
    stream: Option<SimStream>,
    network: SimNetwork,
}

impl SimulatedEnd {
    fn call<T>(&mut self, f: impl FnOnce(&mut SimStream) -> T) -> T {
        let done = f(self.stream.as_mut().expect("it was not reset"));
        self.network.advance(CALL);
        done
    }
}

impl End for SimulatedEnd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.call(|stream| stream.read(buffer))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.call(|stream| stream.write(bytes))
    }

    fn wait(&self, _: Lack) -> io::Result<()> {
        wait_on(&self.network)
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        self.stream.as_ref().expect("it was not reset").shutdown(how)
    }

    fn reset(&mut self) {
        self.stream.take().expect("it was not reset").reset();
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.as_ref().expect("it was not reset").local_addr()
    }

    fn go(self: Box<Self>, work: Work) -> Box<dyn Underway> {
        let network = self.network.clone();
        SimulatedErrand::begin(self, work, &network)
    }
}

impl Carrier for SimulatedEnd {
    fn go_on_errand(end: Box<LayeredEnd<Self>>, work: Work) -> Box<dyn Underway> {
        let network = end.carrier().network.clone();
        SimulatedErrand::begin(end, work, &network)
    }
}

/// What a peer does by itself.
#[derive(Clone)]
struct SimulatedErrand {
    state: Rc<RefCell<State>>,
}

enum State {
    Begun(Box<dyn End>, Work),
    /// The end is kept as long as somebody waits for the work.
    Over(#[allow(dead_code, reason = "it is open until it is dropped")] Option<Box<dyn End>>, Work),
    /// Somebody has it in hand.
    Taken,
}

impl SimulatedErrand {
    fn begin(end: Box<dyn End>, work: Work, network: &SimNetwork) -> Box<dyn Underway> {
        let errand = Self { state: Rc::new(RefCell::new(State::Begun(end, work))) };
        errand.clone().look_after(network);
        Box::new(errand)
    }

    /// Goes on when the network's time has passed.
    fn look_after(self, network: &SimNetwork) {
        network.after(LOOK, move |network| {
            let State::Begun(mut end, mut work) = self.state.replace(State::Taken) else { return };
            if work.proceed(&mut *end).is_some() {
                self.state.replace(State::Begun(end, work));
                return self.look_after(network);
            }
            let end = (!work.closes()).then_some(end);
            self.state.replace(State::Over(end, work));
        });
    }
}

impl Underway for SimulatedErrand {
    fn end(self: Box<Self>, rt: &mut Runtime) -> Work {
        wait_until(rt, |_| matches!(*self.state.borrow(), State::Over(..)));
        match self.state.replace(State::Taken) {
            State::Begun(_, work) | State::Over(_, work) => work,
            State::Taken => unreachable!("nobody else has it in hand"),
        }
    }
}

/// What takes connections.
struct SimulatedListener {
    listener: SimListener,
    network: SimNetwork,
}

impl ListenerEnd for SimulatedListener {
    fn accept(&self) -> io::Result<(Box<dyn End>, SocketAddr)> {
        let (stream, from) = self.listener.accept()?;
        Ok((Box::new(SimulatedEnd { stream: Some(stream), network: self.network.clone() }), from))
    }

    fn wait(&self) -> io::Result<()> {
        wait_on(&self.network)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok((Ipv4Addr::LOCALHOST, self.listener.port()?).into())
    }
}

/// A listener whose connections are greeted as the network's time passes.
struct GreetingListener {
    shared: Rc<Greeting>,
}

struct Greeting {
    listener: SimListener,
    greeted: RefCell<Greeted<SimulatedEnd>>,
    network: SimNetwork,
}

impl Greeting {
    /// Greets whoever has called.
    fn greet_all(&self) {
        let mut greeted = self.greeted.borrow_mut();
        while let Ok((stream, from)) = self.listener.accept() {
            greeted.add(SimulatedEnd { stream: Some(stream), network: self.network.clone() }, from);
        }
        greeted.go_on();
    }

    /// Goes on when the network's time has passed, until nobody has the listener any more.
    fn look_after(this: Weak<Self>, network: &SimNetwork) {
        network.after(LOOK, move |network| {
            if let Some(greeting) = this.upgrade() {
                greeting.greet_all();
                Self::look_after(this, network);
            }
        });
    }
}

impl ListenerEnd for GreetingListener {
    fn accept(&self) -> io::Result<(Box<dyn End>, SocketAddr)> {
        self.shared.greet_all();
        self.shared.greeted.borrow_mut().next().ok_or(io::ErrorKind::WouldBlock.into())
    }

    fn wait(&self) -> io::Result<()> {
        wait_on(&self.shared.network)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok((Ipv4Addr::LOCALHOST, self.shared.listener.port()?).into())
    }
}

/// A socket for datagrams.
struct SimulatedUdpSocket {
    socket: SimUdpSocket,
    network: SimNetwork,
}

impl UdpEnd for SimulatedUdpSocket {
    fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        let sent = self.socket.send_to(bytes, to);
        self.network.advance(CALL);
        sent
    }

    fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.recv_from(buffer)
    }

    fn wait(&self) -> io::Result<()> {
        wait_on(&self.network)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}
