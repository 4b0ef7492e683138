//! Sends one fortune on each connection, and closes it: to the fortune clients beside this file, and
//! to Qt's.
//!
//! Run it with `cargo run --example fortune_server -- 7755`; without a port the system chooses one.
//! It prints `listening on 7755`, and `told 127.0.0.1: ...` for each fortune. A number after the
//! port makes it end after so many connections.

use std::env;

use slotwire::prelude::*;
use slotwire::stream::{DataStreamError, QDataStream};

const FORTUNES: [&str; 3] = [
    "You will find a lost semicolon in an unexpected place.",
    "A borrow is returned to you sooner than you think.",
    "Somebody is waiting for your signal.",
];

#[derive(QObject)]
struct FortuneServer {
    #[child]
    listener: Obj<QTcpServer>,
    told: usize,
    gone: usize,
    enough: usize,
}

#[slots]
impl FortuneServer {
    fn new(cx: &mut Context<Self>, enough: usize) -> Self {
        Self { enough, ..Self::declared(cx) }
    }

    #[slot(listener.new_connection)]
    fn tell(&mut self, cx: &mut Context<Self>) -> Result<(), DataStreamError> {
        while let Some(guest) = cx[self.listener].next_pending_connection() {
            cx.on(guest, QTcpSocket::disconnected, Self::see_off);
            let fortune = FORTUNES[self.told % FORTUNES.len()];
            self.told += 1;
            if let Some(address) = cx[guest].peer_address() {
                println!("told {address}: {fortune}");
            }
            QDataStream::new(&mut cx[guest]).write(fortune)?;
            cx[guest].disconnect_from_host(); // takes effect once the fortune is sent
        }
        Ok(())
    }

    /// The socket of a connection is a child of the server, which must destroy it at the end.
    #[slot]
    fn see_off(&mut self, cx: &mut Context<Self>) {
        if let Some(guest) = cx.sender() {
            cx.destroy(guest);
        }
        self.gone += 1;
        if self.gone == self.enough {
            cx.quit();
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let enough = arguments.next().map_or(Ok(usize::MAX), |enough| enough.parse())?;

    let mut rt = Runtime::new()?;
    rt.on_slot_error(|_, error| eprintln!("{error}"));
    let server = rt.add_with(|cx| FortuneServer::new(cx, enough));
    let listener = rt[server].listener;
    rt[listener].listen_on(BindAddress::Any, port)?;
    println!("listening on {}", rt[listener].server_port().unwrap_or_default());
    rt.exec()?;
    Ok(())
}
