//! The servers on tokio: its runtime of one thread, a task for each connection.

use std::hint::black_box;
use std::io;
use std::net::Ipv4Addr;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use crate::case::{BLOCK, GROUP, Way, Work};
use crate::control;

pub(super) fn serve(work: Work) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        match work {
            Work::DatagramReceive => return serve_datagrams(GROUP).await,
            Work::DatagramEcho => return serve_datagrams(1).await,
            _ => {}
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        control::begin(listener.local_addr()?, || control::tell(0));
        loop {
            let (stream, _) = listener.accept().await?;
            // A connection that breaks is over, which is all there is to say of it.
            match work {
                Work::Receive(Way::Lines | Way::LinesByStd) => {
                    tokio::spawn(async { drop(receive_lines(stream).await) })
                }
                Work::Receive(_) => tokio::spawn(async { drop(receive(stream).await) }),
                Work::Send => tokio::spawn(async { drop(send(stream).await) }),
                _ => tokio::spawn(async { drop(echo(stream).await) }),
            };
        }
    })
}

/// Receives datagrams, and answers each that ends a group.
async fn serve_datagrams(group: u64) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    control::begin(socket.local_addr()?, || control::tell(0));
    let (mut buffer, mut received) = (vec![0; BLOCK], 0);
    loop {
        let (count, from) = socket.recv_from(&mut buffer).await?;
        received += 1;
        if received % group == 0 {
            socket.send_to(&buffer[..count], from).await?;
        }
    }
}

pub(crate) async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count]).await?;
    }
}

pub(crate) async fn receive(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut buffer = vec![0; BLOCK];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

async fn receive_lines(stream: TcpStream) -> io::Result<()> {
    let mut stream = BufReader::with_capacity(BLOCK, stream);
    let mut line = Vec::new();
    while stream.read_until(b'\n', &mut line).await? > 0 {
        black_box(&line);
        line.clear();
    }
    Ok(())
}

pub(crate) async fn send(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let buffer = vec![0; BLOCK];
    for _ in 0..stream.read_u64_le().await? / BLOCK as u64 {
        stream.write_all(&buffer).await?;
    }
    // What is encrypted and has found no room would be dropped with the stream.
    stream.flush().await
}
