//! Forwards each connection to another host, with back-pressure in both directions.
//!
//! Run it with `cargo run --example port_forwarder -- 8080 localhost 80`; with port 0 the system
//! chooses a port. It prints `listening on 8080`, and `a connection has ended` for each connection.
//! A number after the last port makes it end after so many connections. A slow reader at one end
//! makes the writer at the other end wait: at most 128 KiB wait here in each direction.

use std::env;
use std::io::BufRead;

use slotwire::Incoming;
use slotwire::prelude::*;

/// How many bytes may wait in each buffer.
const LIMIT: usize = 64 * 1024;

/// Creates a link for each incoming connection.
#[derive(QObject)]
struct Forwarder {
    #[qobject(base)]
    server: QTcpServer,
    host: String,
    port: u16,
    ended: usize,
    enough: usize,
}

#[slots]
impl Forwarder {
    fn new(host: &str, port: u16, enough: usize) -> Self {
        let server = QTcpServer::with_incoming(Self::incoming_connection);
        Self { server, host: host.to_owned(), port, ended: 0, enough }
    }

    fn incoming_connection(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        let (host, port) = (&self.host, self.port);
        let link = cx.add_child_with(|cx| Link::new(cx, incoming.into_socket(), host, port));
        cx.on(link, Link::ended, Self::count);
    }

    #[slot]
    fn count(&mut self, cx: &mut Context<Self>) {
        println!("a connection has ended");
        self.ended += 1;
        if self.ended == self.enough {
            cx.quit();
        }
    }
}

/// Two sockets, each of which sends what the other receives.
#[derive(QObject)]
struct Link {
    near: Obj<QTcpSocket>,
    far: Obj<QTcpSocket>,
    #[signal]
    ended: Signal<()>,
}

#[slots]
impl Link {
    fn new(cx: &mut Context<Self>, near: QTcpSocket, host: &str, port: u16) -> Self {
        let (near, far) = (cx.add_child(near), cx.add_child(QTcpSocket::new()));
        for socket in [near, far] {
            cx[socket].set_read_buffer_size(Some(LIMIT));
            cx[socket].set_write_buffer_limit(Some(LIMIT));
            cx[socket].set_allow_half_open(true); // one direction may end before the other
        }
        cx[far].connect_to_host(host, port);
        Self { near, far, ended: Signal::new() }
    }

    #[slot(far.connected)]
    #[slot(near.ready_read)]
    #[slot(near.read_channel_finished)]
    #[slot(far.write_buffer_drained)]
    fn forward(&mut self, cx: &mut Context<Self>) {
        pump(cx, self.near, self.far);
    }

    #[slot(far.ready_read)]
    #[slot(far.read_channel_finished)]
    #[slot(near.write_buffer_drained)]
    fn back(&mut self, cx: &mut Context<Self>) {
        pump(cx, self.far, self.near);
    }

    #[slot(near.error_occurred)]
    #[slot(far.error_occurred)]
    fn give_up(&mut self, cx: &mut Context<Self>) {
        cx[self.near].abort();
        cx[self.far].abort();
    }

    #[slot(near.disconnected)]
    #[slot(far.disconnected)]
    fn finish(&mut self, cx: &mut Context<Self>) {
        let states = [cx[self.near].state(), cx[self.far].state()];
        if states == [SocketState::Unconnected; 2] {
            self.ended.emit(());
            cx.destroy_this();
        }
    }
}

/// Moves the bytes that `from` has received to `to`, as long as there is room.
fn pump(world: &mut World, from: Obj<QTcpSocket>, to: Obj<QTcpSocket>) {
    let Some((source, sink)) = world.pair(from, to) else { return };
    // If there is no room for all of it, `write_buffer_drained` is emitted when there is.
    if source.forward_to(sink).is_ok() && source.fill_buf().is_ok_and(<[u8]>::is_empty) {
        sink.shutdown_write(); // the end, and all of it is on its way
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [own_port, host, port, enough @ ..] = &arguments[..] else {
        return Err("usage: port_forwarder port host port [connections]".into());
    };
    let enough = enough.first().map_or(Ok(usize::MAX), |enough| enough.parse())?;

    let mut rt = Runtime::new()?;
    let forwarder = rt.add(Forwarder::new(host, port.parse()?, enough));
    rt[forwarder].server.listen_on(BindAddress::Any, own_port.parse()?)?;
    println!("listening on {}", rt[forwarder].server.server_port().unwrap_or_default());
    rt.exec()?;
    Ok(())
}
