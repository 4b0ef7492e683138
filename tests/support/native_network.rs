//! The kernel's network, as the tests use it: the sockets of the standard library.

use std::any::Any;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use slotwire::prelude::*;
use slotwire::{NetworkInterface, Remote, VirtualClock};

use super::errand::{Underway, Work};
use super::layered_network::{Carrier, Greeted, LayeredEnd};
use super::network::Ground;
use super::peer::{End, Lack, ListenerEnd, UdpEnd};
use super::socks5_server::serve;
use super::speech::Speech;
use super::{
    DEADLINE, closed_port, full_listener, in_own_process, leave_room_for_descriptors,
    leave_room_for_many_descriptors, open_descriptors,
};

/// The kernel's network.
pub(super) struct NativeNetwork;

impl Ground for NativeNetwork {
    fn name(&self) -> &'static str {
        "native"
    }

    fn runtime(&self) -> Runtime {
        Runtime::new().unwrap()
    }

    fn timed_runtime(&self) -> (Runtime, Box<dyn Fn() -> Duration>) {
        let clock = VirtualClock::new();
        let runtime = Runtime::with_clock(clock.clone()).unwrap();
        (runtime, Box::new(move || clock.elapsed()))
    }

    fn run_proxy(&self) -> (u16, Box<dyn Any>) {
        let (proxy, port) = ProxyThread::start();
        (port, Box::new(proxy))
    }

    fn listen(&self, at: SocketAddr) -> io::Result<Box<dyn ListenerEnd>> {
        let listener = TcpListener::bind(at)?;
        listener.set_nonblocking(true)?;
        Ok(Box::new(listener))
    }

    fn listen_and_greet(
        &self,
        at: SocketAddr,
        speech: fn() -> Box<dyn Speech>,
    ) -> io::Result<Box<dyn ListenerEnd>> {
        Ok(Box::new(GreetingListener::new(at, speech)?))
    }

    fn connect(&self, to: SocketAddr) -> io::Result<Box<dyn End>> {
        Ok(Box::new(NativeEnd::new(TcpStream::connect(to)?)?))
    }

    fn bind_udp(&self, at: SocketAddr) -> io::Result<Box<dyn UdpEnd>> {
        let socket = UdpSocket::bind(at)?;
        socket.set_nonblocking(true)?;
        Ok(Box::new(socket))
    }

    fn closed_port(&self) -> u16 {
        closed_port()
    }

    fn full_listener(&self) -> (SocketAddr, Box<dyn Any>) {
        let (address, kept) = full_listener();
        (address, Box::new(kept))
    }

    fn loopback(&self) -> NetworkInterface {
        NetworkInterface::from_name("lo").unwrap()
    }

    fn has_descriptors(&self) -> bool {
        true
    }

    fn open_descriptors(&self) -> usize {
        open_descriptors()
    }

    fn in_own_process(&self, test: &str, body: &mut dyn FnMut()) {
        in_own_process(test, body);
    }

    fn leave_room(&self, more: Option<usize>) {
        match more {
            Some(more) => leave_room_for_descriptors(more),
            None => leave_room_for_many_descriptors(),
        }
    }
}

/// A proxy that runs in a thread of its own until this is dropped.
struct ProxyThread {
    remote: Remote,
    thread: Option<JoinHandle<()>>,
}

impl ProxyThread {
    /// Starts the proxy, and returns its port too.
    fn start() -> (Self, u16) {
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut rt = Runtime::new().unwrap();
            let port = serve(&mut rt, 0).unwrap();
            tell.send((rt.remote(), port)).unwrap();
            rt.exec().unwrap();
        });
        let (remote, port) = told.recv().unwrap();
        (Self { remote, thread: Some(thread) }, port)
    }
}

impl Drop for ProxyThread {
    fn drop(&mut self) {
        self.remote.quit().unwrap();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// Waits until a socket is ready, up to the deadline.
fn wait_for(socket: impl AsFd, flags: PollFlags) -> io::Result<()> {
    let mut waiting = [PollFd::new(&socket, flags)];
    let deadline = Timespec::try_from(DEADLINE).unwrap();
    match poll(&mut waiting, Some(&deadline))? {
        0 => Err(ErrorKind::TimedOut.into()),
        _ => Ok(()),
    }
}

/// One end of a connection; none any more after a reset.
struct NativeEnd {
    stream: Option<TcpStream>,
}

impl NativeEnd {
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        // What it writes goes out at once.
        stream.set_nodelay(true)?;
        Ok(Self { stream: Some(stream) })
    }

    fn stream(&self) -> &TcpStream {
        self.stream.as_ref().expect("it was not reset")
    }

    /// Bytes wait to be read, or an end.
    fn has_news(&self) -> bool {
        !matches!(self.stream().peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }
}

impl End for NativeEnd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream().read(buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream().write(bytes)
    }

    fn wait(&self, lack: Lack) -> io::Result<()> {
        let flags = match lack {
            Lack::Bytes => PollFlags::IN,
            Lack::Room => PollFlags::OUT,
            Lack::Either => PollFlags::IN | PollFlags::OUT,
        };
        wait_for(self.stream(), flags)
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        self.stream().shutdown(how)
    }

    fn reset(&mut self) {
        if let Some(stream) = self.stream.take() {
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream().local_addr()
    }

    fn go(self: Box<Self>, work: Work) -> Box<dyn Underway> {
        go_in_thread(self, work)
    }
}

impl Carrier for NativeEnd {
    fn go_on_errand(end: Box<LayeredEnd<Self>>, work: Work) -> Box<dyn Underway> {
        go_in_thread(end, work)
    }
}

/// Does all of this in a thread.
fn go_in_thread<E: End + Send + 'static>(mut end: Box<E>, mut work: Work) -> Box<dyn Underway> {
    Box::new(std::thread::spawn(move || {
        while let Some(lack) = work.proceed(&mut *end) {
            end.wait(lack).unwrap();
        }
        let closes = work.closes();
        ((!closes).then_some(end), work)
    }))
}

impl<E> Underway for JoinHandle<(Option<Box<E>>, Work)> {
    /// The loop runs meanwhile, since a layer may hold back what the socket has counted as sent. A pass
    /// does not wait, so that a virtual clock stands still.
    fn end(self: Box<Self>, rt: &mut Runtime) -> Work {
        while !self.is_finished() {
            rt.process_events(Some(Duration::ZERO)).unwrap();
            std::thread::yield_now();
        }
        let (_closed, work) = self.join().unwrap();
        work
    }
}

impl ListenerEnd for TcpListener {
    fn accept(&self) -> io::Result<(Box<dyn End>, SocketAddr)> {
        let (stream, from) = TcpListener::accept(self)?;
        Ok((Box::new(NativeEnd::new(stream)?), from))
    }

    fn wait(&self) -> io::Result<()> {
        wait_for(self, PollFlags::IN)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        TcpListener::local_addr(self)
    }
}

/// A listener whose connections are greeted in a thread, as they come.
struct GreetingListener {
    shared: Arc<Greeting>,
    address: SocketAddr,
    /// Closed to end the thread.
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

struct Greeting {
    greeted: Mutex<Greeted<NativeEnd>>,
    /// The thread has seen what had come.
    has_gone_on: Condvar,
}

impl GreetingListener {
    fn new(at: SocketAddr, speech: fn() -> Box<dyn Speech>) -> io::Result<Self> {
        let listener = TcpListener::bind(at)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let greeted = Mutex::new(Greeted::new(speech));
        let shared = Arc::new(Greeting { greeted, has_gone_on: Condvar::new() });
        let (stop, stopped) = UnixStream::pair()?;
        let thread = std::thread::spawn({
            let shared = shared.clone();
            move || shared.greet_all(&listener, &stopped)
        });
        Ok(Self { shared, address, stop: Some(stop), thread: Some(thread) })
    }
}

impl Greeting {
    /// Waits for the thread while `condition` holds, up to the deadline.
    fn wait_while(
        &self,
        condition: impl Fn(&Greeted<NativeEnd>) -> bool,
    ) -> io::Result<MutexGuard<'_, Greeted<NativeEnd>>> {
        let greeted = self.greeted.lock().unwrap();
        let condition = |greeted: &mut Greeted<NativeEnd>| condition(greeted);
        match self.has_gone_on.wait_timeout_while(greeted, DEADLINE, condition).unwrap() {
            (_, timeout) if timeout.timed_out() => Err(ErrorKind::TimedOut.into()),
            (greeted, _) => Ok(greeted),
        }
    }

    /// Greets whoever calls, until the other end of `stopped` closes.
    fn greet_all(&self, listener: &TcpListener, stopped: &UnixStream) {
        loop {
            let mut greeted = self.greeted.lock().unwrap();
            while let Ok((stream, from)) = listener.accept() {
                if let Ok(end) = NativeEnd::new(stream) {
                    greeted.add(end, from);
                }
            }
            greeted.go_on();
            self.has_gone_on.notify_all();
            // They stay where they are while this thread waits: nobody else takes them.
            let calling: Vec<_> =
                greeted.waiting().map(|end| end.stream().try_clone().unwrap()).collect();
            drop(greeted);
            let mut waiting =
                vec![PollFd::new(listener, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
            waiting.extend(calling.iter().map(|stream| PollFd::new(stream, PollFlags::IN)));
            match poll(&mut waiting, None) {
                Ok(_) if !waiting[1].revents().is_empty() => return,
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => panic!("the listener cannot wait: {error}"),
            }
        }
    }
}

impl Drop for GreetingListener {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl ListenerEnd for GreetingListener {
    fn accept(&self) -> io::Result<(Box<dyn End>, SocketAddr)> {
        // Whoever sees itself connected has greeted, and nothing tells it later that the thread has
        // read that: it is waited for here.
        let is_behind = |greeted: &Greeted<NativeEnd>| {
            !greeted.is_ready() && greeted.waiting().any(NativeEnd::has_news)
        };
        let mut greeted = self.shared.wait_while(is_behind)?;
        greeted.next().ok_or(ErrorKind::WouldBlock.into())
    }

    fn wait(&self) -> io::Result<()> {
        self.shared.wait_while(|greeted| !greeted.is_ready()).map(drop)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl UdpEnd for UdpSocket {
    fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        UdpSocket::send_to(self, bytes, to)
    }

    fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        UdpSocket::recv_from(self, buffer)
    }

    fn wait(&self) -> io::Result<()> {
        wait_for(self, PollFlags::IN)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        UdpSocket::local_addr(self)
    }
}
