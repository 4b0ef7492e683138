//! Sends a datagram to all hosts of the local network, once a second.
//!
//! Run it with `cargo run --example broadcast_sender -- 45454`. It prints `sent: message 1` and so
//! on. An address after the port replaces 255.255.255.255 as the destination. A number after the
//! address makes it end after so many datagrams.

use std::env;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use slotwire::prelude::*;

#[derive(QObject)]
struct Sender {
    socket: Obj<QUdpSocket>,
    timer: Obj<QTimer>,
    to: SocketAddr,
    sent: usize,
    enough: usize,
}

#[slots]
impl Sender {
    fn new(cx: &mut Context<Self>, to: SocketAddr, enough: usize) -> Self {
        let (socket, timer) = (cx.add_child(QUdpSocket::new()), cx.add_child(QTimer::new()));
        cx[timer].start_with(Duration::from_secs(1));
        Self { socket, timer, to, sent: 0, enough }
    }

    #[slot(timer.timeout)]
    fn send(&mut self, cx: &mut Context<Self>) -> Result<(), NetError> {
        let message = format!("message {}", self.sent + 1);
        cx[self.socket].write_datagram(message.as_bytes(), self.to)?;
        println!("sent: {message}");
        self.sent += 1;
        if self.sent == self.enough {
            cx.quit();
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let port = arguments.next().map_or(Ok(45454), |port| port.parse())?;
    let address = arguments.next().map_or(Ok(Ipv4Addr::BROADCAST), |ip| ip.parse())?;
    let enough = arguments.next().map_or(Ok(usize::MAX), |enough| enough.parse())?;

    let mut rt = Runtime::new()?;
    rt.on_slot_error(|_, error| eprintln!("{error}")); // the network may be back in a second
    let to = SocketAddr::from((address, port));
    rt.add_with(|cx| Sender::new(cx, to, enough));
    rt.exec()?;
    Ok(())
}
