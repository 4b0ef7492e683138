//! The server: sends back what comes, and holds no more than a little for anybody.

use std::error::Error;
use std::io;
use std::net::Ipv4Addr;

use slotwire::prelude::*;

use crate::control::{obey, tell};

/// How many bytes may wait in each direction of a connection.
const LIMIT: usize = 64 * 1024;

/// Serves until all who came have gone, and tells how many bytes there were.
pub(crate) fn serve() -> Result<(), Box<dyn Error>> {
    let mut rt = Runtime::new()?;
    rt.on_slot_error(|_, error| eprintln!("the server: {error}"));
    let server = rt.add_with(Echo::new);
    let listener = rt[server].listener;
    rt[listener].listen((Ipv4Addr::LOCALHOST, 0))?;
    tell(rt[listener].server_port().unwrap_or_default());
    obey(rt.remote(), |_, _| ());
    rt.exec()?;
    tell(rt[server].echoed);
    Ok(())
}

#[derive(QObject)]
struct Echo {
    listener: Obj<QTcpServer>,
    guests: usize,
    echoed: u64,
}

#[slots]
impl Echo {
    fn new(cx: &mut Context<Self>) -> Self {
        let listener = cx.add_child(QTcpServer::new());
        cx[listener].set_listen_backlog_size(1024);
        Self { listener, guests: 0, echoed: 0 }
    }

    #[slot(listener.new_connection)]
    fn welcome(&mut self, cx: &mut Context<Self>) {
        while let Some(guest) = cx[self.listener].next_pending_connection() {
            cx[guest].set_read_buffer_size(Some(LIMIT));
            cx.on(guest, QTcpSocket::ready_read, Self::echo);
            cx.on(guest, QTcpSocket::bytes_written, Self::echo);
            cx.on(guest, QTcpSocket::disconnected, Self::see_off);
            self.guests += 1;
        }
    }

    /// Takes no more than there is room for. The rest waits, and at last the peer does.
    #[slot]
    fn echo(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        let Some(guest) = cx.sender_as::<QTcpSocket>() else { return Ok(()) };
        let guest = &mut cx[guest];
        let room = LIMIT.saturating_sub(guest.bytes_to_write());
        let bytes = guest.read_bytes(room);
        self.echoed += bytes.len() as u64;
        guest.write_all(&bytes)
    }

    #[slot]
    fn see_off(&mut self, cx: &mut Context<Self>) {
        let Some(guest) = cx.sender_as::<QTcpSocket>() else { return };
        cx.destroy(guest);
        self.guests -= 1;
        if self.guests == 0 {
            cx.quit();
        }
    }
}
