//! The servers on slotwire: one object whose slots serve every connection.

use std::error::Error;
use std::hint::black_box;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

use counting_allocator::so_far;
use slotwire::prelude::*;
use slotwire::{BindMode, NetError, QTcpServer, QTcpSocket, QUdpSocket};

use crate::case::{BLOCK, GROUP, Way, Work};
use crate::control;

pub(super) fn serve(work: Work) -> Result<(), Box<dyn Error>> {
    match work {
        Work::DatagramReceive => serve_datagrams(GROUP),
        Work::DatagramEcho => serve_datagrams(1),
        _ => serve_connections(work),
    }
}

fn serve_datagrams(group: u64) -> Result<(), Box<dyn Error>> {
    let mut rt = Runtime::new()?;
    let server = rt.add_with(|cx| Datagrams::new(cx, group));
    let socket = rt[server].socket;
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT)?;
    let port = rt[socket].local_port().unwrap_or_default();
    run(rt, port)
}

fn serve_connections(work: Work) -> Result<(), Box<dyn Error>> {
    let mut rt = Runtime::new()?;
    let is_encrypted = work.is_encrypted();
    let listener = match work.in_plain() {
        Work::Receive(way) => {
            let server = rt.add_with(|cx| Sink::new(cx, way, is_encrypted));
            rt[server].listener
        }
        Work::Send => {
            let server = rt.add_with(|cx| Source::new(cx, is_encrypted));
            rt[server].listener
        }
        _ => {
            let server = rt.add_with(|cx| Echo::new(cx, is_encrypted));
            rt[server].listener
        }
    };
    rt[listener].listen((Ipv4Addr::LOCALHOST, 0))?;
    let port = rt[listener].server_port().unwrap_or_default();
    run(rt, port)
}

fn run(mut rt: Runtime, port: u16) -> Result<(), Box<dyn Error>> {
    let remote = rt.remote();
    control::begin(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), move || {
        // Fails when the runtime has ended, and then so does the process.
        let _ = remote.post(|_| control::tell(so_far().bytes));
    });
    rt.exec()?;
    Ok(())
}

/// Adds a listener that takes all the connections that wait in the kernel.
fn listener<T: QObject>(cx: &mut Context<'_, T>, is_encrypted: bool) -> Obj<QTcpServer> {
    let listener = match is_encrypted {
        true => crate::tls::listener(cx),
        _ => cx.add_child(QTcpServer::new()),
    };
    cx[listener].set_max_pending_connections(1024);
    cx[listener].set_listen_backlog_size(1024);
    listener
}

/// Sends back what comes.
#[derive(QObject)]
struct Echo {
    listener: Obj<QTcpServer>,
}

#[slots]
impl Echo {
    fn new(cx: &mut Context<Self>, is_encrypted: bool) -> Self {
        Self { listener: listener(cx, is_encrypted) }
    }

    #[slot(listener.new_connection)]
    fn welcome(&mut self, cx: &mut Context<Self>) {
        while let Some(socket) = cx[self.listener].next_pending_connection() {
            cx.on(socket, QTcpSocket::ready_read, Self::echo);
            cx.on(socket, QTcpSocket::disconnected, Self::forget);
        }
    }

    #[slot]
    fn echo(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        let Some(socket) = cx.sender_mut::<QTcpSocket>() else { return Ok(()) };
        socket.echo()?;
        Ok(())
    }

    #[slot]
    fn forget(&mut self, cx: &mut Context<Self>) {
        cx.sender_as::<QTcpSocket>().map(|socket| cx.destroy(socket));
    }
}

/// Takes what comes.
#[derive(QObject)]
struct Sink {
    listener: Obj<QTcpServer>,
    way: Way,
    buffer: Vec<u8>,
    /// The line that has not come whole.
    line: Vec<u8>,
    received: usize,
}

#[slots]
impl Sink {
    fn new(cx: &mut Context<Self>, way: Way, is_encrypted: bool) -> Self {
        let buffer = vec![0; BLOCK];
        Self { listener: listener(cx, is_encrypted), way, buffer, line: Vec::new(), received: 0 }
    }

    #[slot(listener.new_connection)]
    fn welcome(&mut self, cx: &mut Context<Self>) {
        while let Some(socket) = cx[self.listener].next_pending_connection() {
            cx.on(socket, QTcpSocket::ready_read, Self::receive);
            cx.on(socket, QTcpSocket::disconnected, Self::forget);
        }
    }

    #[slot]
    fn receive(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        let Some(socket) = cx.sender_mut::<QTcpSocket>() else { return Ok(()) };
        self.received += match self.way {
            // Looks at the bytes in their place, as the loop does.
            Way::Peek => {
                let count = socket.peek(usize::MAX).len();
                socket.skip(count)
            }
            Way::FillBuf => {
                let count = socket.fill_buf()?.len();
                socket.consume(count);
                count
            }
            Way::Read => socket.read(&mut self.buffer)?,
            Way::ReadAll => socket.read_all().len(),
            Way::Lines => {
                while let Some(line) = socket.read_line_bytes() {
                    black_box(line);
                }
                0
            }
            Way::LinesByStd => {
                while socket.bytes_available() > 0 {
                    socket.read_until(b'\n', &mut self.line).or_else(unless_blocked)?;
                    if self.line.ends_with(b"\n") {
                        black_box(&self.line);
                        self.line.clear();
                    }
                }
                0
            }
        };
        Ok(())
    }

    #[slot]
    fn forget(&mut self, cx: &mut Context<Self>) {
        cx.sender_as::<QTcpSocket>().map(|socket| cx.destroy(socket));
    }
}

/// Sends as many blocks as it is asked for, to one peer at a time.
#[derive(QObject)]
struct Source {
    listener: Obj<QTcpServer>,
    block: Vec<u8>,
    /// Bytes that are still to be written.
    owed: u64,
}

#[slots]
impl Source {
    fn new(cx: &mut Context<Self>, is_encrypted: bool) -> Self {
        Self { listener: listener(cx, is_encrypted), block: vec![0; BLOCK], owed: 0 }
    }

    #[slot(listener.new_connection)]
    fn welcome(&mut self, cx: &mut Context<Self>) {
        while let Some(socket) = cx[self.listener].next_pending_connection() {
            // What the kernel does not take is not piled up here.
            cx[socket].set_write_buffer_limit(Some(BLOCK));
            cx.on(socket, QTcpSocket::ready_read, Self::begin);
            cx.on(socket, QTcpSocket::bytes_written, Self::go_on);
            cx.on(socket, QTcpSocket::disconnected, Self::forget);
        }
    }

    #[slot]
    fn begin(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        let Some(socket) = cx.sender_as::<QTcpSocket>() else { return Ok(()) };
        let mut owed = [0; 8];
        cx[socket].read_exact(&mut owed)?;
        self.owed = u64::from_le_bytes(owed);
        self.send(&mut cx[socket])
    }

    #[slot]
    fn go_on(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        let Some(socket) = cx.sender_as::<QTcpSocket>() else { return Ok(()) };
        self.send(&mut cx[socket])
    }

    fn send(&mut self, socket: &mut QTcpSocket) -> io::Result<()> {
        while self.owed > 0 {
            let next = usize::try_from(self.owed).map_or(BLOCK, |owed| owed.min(BLOCK));
            match socket.write(&self.block[..next]) {
                Ok(count) => self.owed -= count as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
            if self.owed == 0 {
                socket.disconnect_from_host();
            }
        }
        Ok(())
    }

    #[slot]
    fn forget(&mut self, cx: &mut Context<Self>) {
        cx.sender_as::<QTcpSocket>().map(|socket| cx.destroy(socket));
    }
}

/// Receives datagrams, and answers each that ends a group.
#[derive(QObject)]
struct Datagrams {
    socket: Obj<QUdpSocket>,
    buffer: Vec<u8>,
    received: u64,
    group: u64,
}

#[slots]
impl Datagrams {
    fn new(cx: &mut Context<Self>, group: u64) -> Self {
        let socket = cx.add_child(QUdpSocket::new());
        Self { socket, buffer: vec![0; BLOCK], received: 0, group }
    }

    #[slot(socket.ready_read)]
    fn receive(&mut self, cx: &mut Context<Self>) -> Result<(), NetError> {
        let socket = &mut cx[self.socket];
        while let Ok((count, from)) = socket.read_datagram(&mut self.buffer) {
            self.received += 1;
            if self.received.is_multiple_of(self.group) {
                socket.write_datagram(&self.buffer[..count], from)?;
            }
        }
        Ok(())
    }
}

/// The rest of a line has not come yet.
fn unless_blocked(error: io::Error) -> io::Result<usize> {
    if error.kind() == ErrorKind::WouldBlock { Ok(0) } else { Err(error) }
}
