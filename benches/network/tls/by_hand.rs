//! rustls driven by hand over mio: edge-triggered, a list of connections, one buffer for all.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use rustls::{ServerConfig, ServerConnection};

use super::server_config;
use crate::case::{BLOCK, Encrypted, Work};
use crate::control;

const LISTENER: Token = Token(usize::MAX);

pub(crate) fn serve(work: Work) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let any_port: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
    let mut listener = TcpListener::bind(any_port)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    control::begin(listener.local_addr()?, || control::tell(0));
    let config = server_config();
    let (mut connections, mut next) = (HashMap::new(), 0);
    let mut buffer = vec![0; BLOCK];
    let mut events = Events::with_capacity(1024);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            done => done?,
        }
        for event in &events {
            if event.token() == LISTENER {
                accept(&listener, &poll, &config, &mut connections, &mut next)?;
                continue;
            }
            let Token(number) = event.token();
            let Some(connection) = connections.get_mut(&number) else { continue };
            if !connection.go_on(work, &mut buffer).unwrap_or(false) {
                connections.remove(&number);
            }
        }
    }
}

fn accept(
    listener: &TcpListener,
    poll: &Poll,
    config: &Arc<ServerConfig>,
    connections: &mut HashMap<usize, Connection>,
    next: &mut usize,
) -> io::Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        let interest = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut stream, Token(*next), interest)?;
        let tls = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
        let stream = Counted { stream, is_drained: false };
        connections.insert(*next, Connection { stream, tls, owed: 0 });
        *next += 1;
    }
}

struct Connection {
    stream: Counted,
    tls: ServerConnection,
    /// Bytes that are still to be sent in the bulk work.
    owed: u64,
}

/// A stream that notes when a short read has emptied the kernel's buffer.
struct Counted {
    stream: TcpStream,
    is_drained: bool,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.is_drained = count < buffer.len();
        Ok(count)
    }
}

impl Connection {
    /// Returns false if the connection is over.
    fn go_on(&mut self, work: Work, buffer: &mut [u8]) -> io::Result<bool> {
        self.stream.is_drained = false;
        let mut is_over = false;
        while !self.stream.is_drained && !is_over {
            match self.tls.read_tls(&mut self.stream) {
                Ok(0) => is_over = true,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
            let state = self.tls.process_new_packets().map_err(io::Error::other)?;
            is_over |= state.peer_has_closed();
            while let Ok(count @ 1..) = self.tls.reader().read(buffer) {
                match work {
                    Work::Tls(Encrypted::Receive) => {}
                    Work::Tls(Encrypted::Send) => {
                        let owed = buffer[..count].try_into().map_err(io::Error::other)?;
                        self.owed = u64::from_le_bytes(owed);
                    }
                    _ => self.tls.writer().write_all(&buffer[..count])?,
                }
            }
        }
        if is_over {
            self.tls.send_close_notify();
        }
        loop {
            while self.tls.wants_write() {
                match self.tls.write_tls(&mut self.stream.stream) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(!is_over),
                    Err(error) => return Err(error),
                }
            }
            if self.owed == 0 {
                return Ok(!is_over);
            }
            let next = self.owed.min(BLOCK as u64) as usize;
            self.owed -= self.tls.writer().write(&buffer[..next])? as u64;
        }
    }
}
