//! Prints the datagrams that are broadcast in the local network.
//!
//! Run it with `cargo run --example broadcast_receiver -- 45454`; with port 0 the system chooses a
//! port. It prints `listening on 45454`, and `127.0.0.1 says: message 1` for each datagram. A
//! number after the port makes it end after so many datagrams.

use std::env;

use slotwire::prelude::*;

#[derive(QObject)]
struct Receiver {
    #[child]
    socket: Obj<QUdpSocket>,
    heard: usize,
    enough: usize,
}

#[slots]
impl Receiver {
    fn new(cx: &mut Context<Self>, enough: usize) -> Self {
        Self { enough, ..Self::declared(cx) }
    }

    #[slot(socket.ready_read)]
    fn read(&mut self, cx: &mut Context<Self>) -> Result<(), NetError> {
        while let Some(datagram) = cx[self.socket].receive_datagram(None)? {
            if let Some(sender) = datagram.sender_address() {
                println!("{sender} says: {}", String::from_utf8_lossy(datagram.data()));
            }
            self.heard += 1;
            if self.heard == self.enough {
                cx.quit();
            }
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let port = arguments.next().map_or(Ok(45454), |port| port.parse())?;
    let enough = arguments.next().map_or(Ok(usize::MAX), |enough| enough.parse())?;

    let mut rt = Runtime::new()?;
    rt.on_slot_error(|_, error| eprintln!("{error}"));
    let receiver = rt.add_with(|cx| Receiver::new(cx, enough));
    let socket = rt[receiver].socket;
    // Shared, so that several receivers on this host get the same broadcast.
    rt[socket].bind(BindAddress::AnyIpv4, port, BindMode::SHARE_ADDRESS)?;
    println!("listening on {}", rt[socket].local_port().unwrap_or_default());
    rt.exec()?;
    Ok(())
}
