//! The servers on tokio-rustls.

use std::io;
use std::net::Ipv4Addr;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::server_config;
use crate::case::{Encrypted, Work};
use crate::control;
use crate::servers::on_tokio::{echo, receive, send};

pub(crate) fn serve(work: Work) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let acceptor = TlsAcceptor::from(server_config());
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        control::begin(listener.local_addr()?, || control::tell(0));
        loop {
            let (stream, _) = listener.accept().await?;
            let acceptor = acceptor.clone();
            // A connection that breaks is over, which is all there is to say of it.
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let _ = match work {
                    Work::Tls(Encrypted::Receive) => receive(stream).await,
                    Work::Tls(Encrypted::Send) => send(stream).await,
                    _ => echo(stream).await,
                };
            });
        }
    })
}
