//! The servers on tokio: its runtime of one thread, a task for each connection.

use std::io;
use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::case::{BLOCK, Work};
use crate::control;

pub(super) fn serve(work: Work) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        control::begin(listener.local_addr()?, || control::tell(0));
        loop {
            let (stream, _) = listener.accept().await?;
            // A connection that breaks is over, which is all there is to say of it.
            match work {
                Work::Receive => tokio::spawn(async { drop(receive(stream).await) }),
                Work::Send => tokio::spawn(async { drop(send(stream).await) }),
                Work::Echo | Work::Churn | Work::Idle => {
                    tokio::spawn(async { drop(echo(stream).await) })
                }
            };
        }
    })
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count]).await?;
    }
}

async fn receive(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; BLOCK];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

async fn send(mut stream: TcpStream) -> io::Result<()> {
    let buffer = vec![0; BLOCK];
    for _ in 0..stream.read_u64_le().await? / BLOCK as u64 {
        stream.write_all(&buffer).await?;
    }
    Ok(())
}
