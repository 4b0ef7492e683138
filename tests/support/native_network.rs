//! The kernel's network, as the tests use it: the sockets of the standard library.

use std::any::Any;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use slotwire::prelude::*;
use slotwire::{NetworkInterface, VirtualClock};

use super::errand::{Underway, Work};
use super::network::Ground;
use super::peer::{End, Lack, ListenerEnd, UdpEnd};
use super::{
    DEADLINE, closed_port, full_listener, in_own_process, leave_room_for_descriptors,
    leave_room_for_many_descriptors,
};

/// The kernel's network.
pub(super) struct NativeNetwork;

impl Ground for NativeNetwork {
    fn runtime(&self) -> Runtime {
        Runtime::new().unwrap()
    }

    fn timed_runtime(&self) -> (Runtime, Box<dyn Fn() -> Duration>) {
        let clock = VirtualClock::new();
        let runtime = Runtime::with_clock(clock.clone()).unwrap();
        (runtime, Box::new(move || clock.elapsed()))
    }

    fn listen(&self, at: SocketAddr) -> io::Result<Box<dyn ListenerEnd>> {
        let listener = TcpListener::bind(at)?;
        listener.set_nonblocking(true)?;
        Ok(Box::new(listener))
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

    fn in_own_process(&self, test: &str, body: &mut dyn FnMut()) {
        in_own_process(&format!("{test}::native"), body);
    }

    fn leave_room(&self, more: Option<usize>) {
        match more {
            Some(more) => leave_room_for_descriptors(more),
            None => leave_room_for_many_descriptors(),
        }
    }
}

/// Waits until a socket is ready, up to the deadline.
fn wait_for(socket: impl AsFd, flags: PollFlags) -> io::Result<()> {
    let mut waiting = [PollFd::new(&socket, flags)];
    let deadline = Timespec::try_from(DEADLINE).unwrap();
    match poll(&mut waiting, Some(&deadline))? {
        0 => Err(io::ErrorKind::TimedOut.into()),
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
        Ok(Self { stream: Some(stream) })
    }

    fn stream(&self) -> &TcpStream {
        self.stream.as_ref().expect("it was not reset")
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

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
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

    fn go(mut self: Box<Self>, mut work: Work) -> Box<dyn Underway> {
        Box::new(std::thread::spawn(move || {
            while let Some(lack) = work.proceed(&mut *self).unwrap() {
                self.wait(lack).unwrap();
            }
            let closes = work.closes();
            ((!closes).then_some(self), work)
        }))
    }
}

impl Underway for JoinHandle<(Option<Box<NativeEnd>>, Work)> {
    fn is_over(&self) -> bool {
        self.is_finished()
    }

    fn end(self: Box<Self>, _: &mut Runtime) -> (Option<Box<dyn End>>, Work) {
        let (end, work) = self.join().unwrap();
        (end.map(|end| end as Box<dyn End>), work)
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
