//! The load: what the peers of a server do. The same for every server, and bounded in count.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};

use crate::case::{BLOCK, GROUP, LINE, MESSAGE, Work};
use crate::control;

/// Does `count` operations over as many connections.
pub(crate) fn run(work: Work, port: u16, count: u64, connections: usize) -> io::Result<()> {
    match work {
        Work::Echo if connections == 1 => echo(port, count),
        Work::Echo => echo_by_many(port, count, connections),
        Work::Receive(_) => send(port, count),
        Work::Send => receive(port, count),
        Work::DatagramReceive => send_datagrams(port, count, 1),
        Work::DatagramEcho => send_datagrams(port, count, GROUP),
        Work::Churn => come_and_go(port, count, connections),
        Work::Idle => stay(port, count),
        Work::Tls(work) => crate::tls::load(work, port, count, connections),
    }
}

/// Connects from one of many addresses of this machine, since a port that was just used is not
/// free for a while.
pub(crate) fn connect(port: u16, number: u64) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let own = Ipv4Addr::new(127, 0, 0, 2 + (number % 200) as u8);
    socket.bind(&SocketAddr::from((own, 0)).into())?;
    socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn echo(port: u16, count: u64) -> io::Result<()> {
    let mut stream = connect(port, 0)?;
    let mut message = [7; MESSAGE];
    for number in 0..count {
        message[..8].copy_from_slice(&number.to_le_bytes());
        exchange(&mut stream, &message)?;
    }
    Ok(())
}

/// Sends a message and takes it back.
fn exchange(stream: &mut TcpStream, message: &[u8; MESSAGE]) -> io::Result<()> {
    let mut echoed = [0; MESSAGE];
    stream.write_all(message)?;
    stream.read_exact(&mut echoed)?;
    check(&echoed, message)
}

pub(crate) fn check(echoed: &[u8], sent: &[u8]) -> io::Result<()> {
    if echoed == sent { Ok(()) } else { Err(ErrorKind::InvalidData.into()) }
}

/// Keeps one message under way on each of several connections.
fn echo_by_many(port: u16, count: u64, connections: usize) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let message = [7; MESSAGE];
    let mut streams = Vec::new();
    for number in 0..connections {
        let stream = connect(port, number as u64)?;
        stream.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(number), Interest::READABLE)?;
        stream.write_all(&message)?;
        streams.push((stream, 0));
    }
    let (mut sent, mut received) = (connections as u64, 0);
    let mut events = Events::with_capacity(connections);
    let mut buffer = [0; MESSAGE];
    while received < count {
        poll.poll(&mut events, None)?;
        for event in &events {
            let (stream, filled) = &mut streams[event.token().0];
            while let Some(got) = stream.read(&mut buffer[*filled..]).map_or_else(or_wait, Some) {
                if got == 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                *filled += got;
                if *filled < MESSAGE {
                    continue;
                }
                check(&buffer, &message)?;
                *filled = 0;
                received += 1;
                if sent < count {
                    stream.write_all(&message)?;
                    sent += 1;
                }
                // Nothing more can be there: one message is under way on each connection.
                break;
            }
        }
    }
    Ok(())
}

/// No bytes for now; other errors end the connection, which the reader sees as nothing read.
fn or_wait(error: io::Error) -> Option<usize> {
    if error.kind() == ErrorKind::WouldBlock { None } else { Some(0) }
}

fn send(port: u16, blocks: u64) -> io::Result<()> {
    let mut stream = connect(port, 0)?;
    let mut line = [7; LINE];
    line[LINE - 1] = b'\n';
    let block = line.repeat(BLOCK / LINE);
    for _ in 0..blocks {
        stream.write_all(&block)?;
    }
    stream.shutdown(Shutdown::Write)?;
    // The server closes when it has all.
    let left = stream.read(&mut [0])?;
    if left == 0 { Ok(()) } else { Err(ErrorKind::InvalidData.into()) }
}

fn receive(port: u16, blocks: u64) -> io::Result<()> {
    let mut stream = connect(port, 0)?;
    let wanted = blocks * BLOCK as u64;
    stream.write_all(&wanted.to_le_bytes())?;
    let mut block = vec![0; BLOCK];
    let mut received = 0;
    loop {
        match stream.read(&mut block)? {
            0 if received == wanted => return Ok(()),
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => received += count as u64,
        }
    }
}

/// Sends groups of datagrams, and waits for the answers to each.
fn send_datagrams(port: u16, count: u64, answers: u64) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.connect((Ipv4Addr::LOCALHOST, port))?;
    // One that is lost makes the run fail and not hang.
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    let message = [7; MESSAGE];
    for _ in 0..count / GROUP {
        for _ in 0..GROUP {
            socket.send(&message)?;
        }
        for _ in 0..answers {
            let mut answer = [0; MESSAGE];
            let size = socket.recv(&mut answer)?;
            check(&answer[..size], &message)?;
        }
    }
    Ok(())
}

/// Connections that exchange one message and close, in groups of as many at a time.
fn come_and_go(port: u16, count: u64, at_a_time: usize) -> io::Result<()> {
    let message = [7; MESSAGE];
    for group in 0..count.div_ceil(at_a_time as u64) {
        let connect = |number| connect(port, group + number);
        let mut streams = (0..at_a_time as u64).map(connect).collect::<io::Result<Vec<_>>>()?;
        for stream in &mut streams {
            stream.write_all(&message)?;
        }
        for stream in &mut streams {
            let mut echoed = [0; MESSAGE];
            stream.read_exact(&mut echoed)?;
            check(&echoed, &message)?;
        }
    }
    Ok(())
}

/// Connections that stay: told when they stand, then after a message on each, until the input ends.
fn stay(port: u16, count: u64) -> io::Result<()> {
    let mut streams =
        (0..count).map(|number| connect(port, number)).collect::<io::Result<Vec<_>>>()?;
    // The last one has had an answer, so the server has taken all.
    if let Some(last) = streams.last_mut() {
        exchange(last, &[7; MESSAGE])?;
    }
    control::tell("standing");
    io::stdin().read_line(&mut String::new())?;
    for stream in &mut streams {
        exchange(stream, &[7; MESSAGE])?;
    }
    control::tell("greeted");
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}
