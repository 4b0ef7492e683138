//! Sends a datagram to a multicast group, once a second.
//!
//! Run it with `cargo run --example multicast_sender -- 45454`. It prints `sent: message 1` and so
//! on. The name of an interface after the port, such as `lo`, sets the interface to send by. A
//! number after the name makes it end after so many datagrams.

use std::env;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{NetworkInterface, SocketOption};

/// A group for free use within an organisation: RFC 2365.
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 43, 21);

#[derive(QObject)]
struct Sender {
    socket: Obj<QUdpSocket>,
    timer: Obj<QTimer>,
    port: u16,
    sent: usize,
    enough: usize,
}

#[slots]
impl Sender {
    fn new(cx: &mut Context<Self>, port: u16, enough: usize) -> Self {
        let (socket, timer) = (cx.add_child(QUdpSocket::new()), cx.add_child(QTimer::new()));
        cx[timer].start_with(Duration::from_secs(1));
        Self { socket, timer, port, sent: 0, enough }
    }

    #[slot(timer.timeout)]
    fn send(&mut self, cx: &mut Context<Self>) -> Result<(), NetError> {
        let message = format!("message {}", self.sent + 1);
        let to = SocketAddr::from((GROUP, self.port));
        cx[self.socket].write_datagram(message.as_bytes(), to)?;
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
    let interface = arguments.next().map(|name| NetworkInterface::from_name(&name)).transpose()?;
    let enough = arguments.next().map_or(Ok(usize::MAX), |enough| enough.parse())?;

    let mut rt = Runtime::new()?;
    rt.on_slot_error(|_, error| eprintln!("{error}")); // the network may be back in a second
    let sender = rt.add_with(|cx| Sender::new(cx, port, enough));
    let socket = rt[sender].socket;
    rt[socket].bind(BindAddress::AnyIpv4, 0, BindMode::DEFAULT)?;
    rt[socket].set_socket_option(SocketOption::MulticastTtl(1))?; // not beyond a router
    if let Some(interface) = interface {
        rt[socket].set_multicast_interface(&interface)?;
    }
    rt.exec()?;
    Ok(())
}
