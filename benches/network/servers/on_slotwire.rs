//! The servers on slotwire: one object whose slots serve every connection.

use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

use counting_allocator::so_far;
use slotwire::prelude::*;
use slotwire::{QTcpServer, QTcpSocket};

use crate::case::{BLOCK, Work};
use crate::control;

pub(super) fn serve(work: Work) -> Result<(), Box<dyn Error>> {
    let mut rt = Runtime::new()?;
    let listener = match work {
        Work::Receive => {
            let server = rt.add_with(Sink::new);
            rt[server].listener
        }
        Work::Send => {
            let server = rt.add_with(Source::new);
            rt[server].listener
        }
        Work::Echo | Work::Churn | Work::Idle => {
            let server = rt.add_with(Echo::new);
            rt[server].listener
        }
    };
    rt[listener].listen((Ipv4Addr::LOCALHOST, 0))?;
    let port = rt[listener].server_port().unwrap_or_default();
    let remote = rt.remote();
    control::begin(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), move || {
        // Fails when the runtime has ended, and then so does the process.
        let _ = remote.post(|_| control::tell(so_far().bytes));
    });
    rt.exec()?;
    Ok(())
}

/// Adds a listener that takes all the connections that wait in the kernel.
fn listener<T: QObject>(cx: &mut Context<'_, T>) -> Obj<QTcpServer> {
    let listener = cx.add_child(QTcpServer::new());
    cx[listener].set_max_pending_connections(1024);
    cx[listener].set_listen_backlog_size(1024);
    listener
}

/// Sends back what comes.
#[derive(QObject)]
struct Echo {
    listener: Obj<QTcpServer>,
    buffer: Vec<u8>,
}

#[slots]
impl Echo {
    fn new(cx: &mut Context<Self>) -> Self {
        Self { listener: listener(cx), buffer: vec![0; BLOCK] }
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
        let Some(socket) = cx.sender_as::<QTcpSocket>() else { return Ok(()) };
        let socket = &mut cx[socket];
        while socket.bytes_available() > 0 {
            let count = socket.read(&mut self.buffer)?;
            socket.write_all(&self.buffer[..count])?;
        }
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
    received: u64,
}

#[slots]
impl Sink {
    fn new(cx: &mut Context<Self>) -> Self {
        Self { listener: listener(cx), received: 0 }
    }

    #[slot(listener.new_connection)]
    fn welcome(&mut self, cx: &mut Context<Self>) {
        while let Some(socket) = cx[self.listener].next_pending_connection() {
            cx.on(socket, QTcpSocket::ready_read, Self::receive);
            cx.on(socket, QTcpSocket::disconnected, Self::forget);
        }
    }

    #[slot]
    fn receive(&mut self, cx: &mut Context<Self>) {
        let Some(socket) = cx.sender_as::<QTcpSocket>() else { return };
        // Looks at the bytes in their place, as the loop does.
        let count = cx[socket].peek(usize::MAX).len();
        cx[socket].skip(count);
        self.received += count as u64;
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
    fn new(cx: &mut Context<Self>) -> Self {
        Self { listener: listener(cx), block: vec![0; BLOCK], owed: 0 }
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
