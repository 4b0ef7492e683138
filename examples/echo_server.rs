//! Sends all received bytes back, and never holds more than 64 KiB in each direction of a
//! connection.
//!
//! Run it with `cargo run --example echo_server -- 7007`; without a port the system chooses one. It
//! prints `listening on 7007`, and `127.0.0.1 has gone` for each connection that ends. A number
//! after the port makes it end after so many connections.

use std::env;
use std::io::BufRead;

use slotwire::prelude::*;

/// How many bytes of a connection may wait in each direction.
const LIMIT: usize = 64 * 1024;

#[derive(QObject)]
struct EchoServer {
    #[child]
    listener: Obj<QTcpServer>,
    gone: usize,
    enough: usize,
}

#[slots]
impl EchoServer {
    fn new(cx: &mut Context<Self>, enough: usize) -> Self {
        Self { enough, ..Self::declared(cx) }
    }

    #[slot(listener.new_connection)]
    fn welcome(&mut self, cx: &mut Context<Self>) {
        while let Some(peer) = cx[self.listener].next_pending_connection() {
            cx[peer].set_read_buffer_size(Some(LIMIT));
            cx[peer].set_write_buffer_limit(Some(LIMIT));
            cx[peer].set_allow_half_open(true); // its bytes still go back
            cx.on(peer, QTcpSocket::ready_read, Self::echo);
            cx.on(peer, QTcpSocket::bytes_written, Self::echo);
            cx.on(peer, QTcpSocket::read_channel_finished, Self::echo);
            let address = cx[peer].peer_address();
            cx.on_fn(peer, QTcpSocket::disconnected, move |this, cx, ()| {
                if let Some(address) = address {
                    println!("{address} has gone");
                }
                cx.destroy(peer);
                this.gone += 1;
                if this.gone == this.enough {
                    cx.quit();
                }
            });
        }
    }

    /// Reads only as many bytes as there is room for. The other bytes wait, and in the end the peer
    /// waits too.
    #[slot]
    fn echo(&mut self, cx: &mut Context<Self>) -> std::io::Result<()> {
        let Some(peer) = cx.sender_mut::<QTcpSocket>() else { return Ok(()) };
        if peer.state() != SocketState::Connected {
            return Ok(());
        }
        peer.echo()?;
        if peer.fill_buf().is_ok_and(<[u8]>::is_empty) {
            peer.disconnect_from_host(); // the peer's end: takes effect once all bytes are sent
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let enough = arguments.next().map_or(Ok(usize::MAX), |enough| enough.parse())?;

    let mut rt = Runtime::new()?;
    rt.on_slot_error(|_, error| eprintln!("{error}"));
    let server = rt.add_with(|cx| EchoServer::new(cx, enough));
    let listener = rt[server].listener;
    rt[listener].listen_on(BindAddress::Any, port)?;
    println!("listening on {}", rt[listener].server_port().unwrap_or_default());
    rt.exec()?;
    Ok(())
}
