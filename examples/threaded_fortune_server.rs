//! A fortune server with a pool of threads, each of which runs a loop for its connections.
//!
//! Run it with `cargo run --example threaded_fortune_server -- 7755`; without a port the system
//! chooses one. It prints `listening on 7755`, and `teller 0 told 127.0.0.1` for each fortune. A
//! number after the port makes it end after so many connections.

use std::env;
use std::os::fd::OwnedFd;

use slotwire::prelude::*;
use slotwire::stream::QDataStream;
use slotwire::{Incoming, QThread, Remote};

const TELLERS: usize = 3;

const FORTUNES: [&str; 3] = [
    "You will find a lost semicolon in an unexpected place.",
    "A borrow is returned to you sooner than you think.",
    "Somebody is waiting for your signal.",
];

/// Accepts connections, and sends the descriptor of each to the next thread. Objects stay in the
/// thread in which they were created.
#[derive(QObject)]
struct FortuneServer {
    #[qobject(base)]
    server: QTcpServer,
    threads: Vec<Obj<QThread>>,
    accepted: usize,
    told: usize,
    enough: usize,
}

#[slots]
impl FortuneServer {
    fn new(cx: &mut Context<Self>, enough: usize) -> std::io::Result<Self> {
        let mut threads = Vec::new();
        for teller in 0..TELLERS {
            let thread = cx.add_child(QThread::new(format!("teller {teller}")));
            cx[thread].start(|_| ())?;
            threads.push(thread);
        }
        let server = QTcpServer::with_incoming(Self::incoming_connection);
        Ok(Self { server, threads, accepted: 0, told: 0, enough })
    }

    fn incoming_connection(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        let teller = self.accepted % TELLERS;
        let fortune = FORTUNES[self.accepted % FORTUNES.len()];
        let Some(thread) = cx[self.threads[teller]].remote() else { return };
        let Ok(descriptor) = incoming.into_descriptor() else { return };
        self.accepted += 1;
        let (home, this) = (cx.remote(), cx.this());
        // Fails if the thread has ended: the descriptor is dropped, which closes the connection.
        let _ = thread.post(move |world| {
            if let Err(error) = tell(world, descriptor, fortune, teller, home, this) {
                eprintln!("teller {teller}: {error}");
            }
        });
    }

    #[slot]
    fn count(&mut self, cx: &mut Context<Self>) {
        self.told += 1;
        if self.told == self.enough {
            cx.quit();
        }
    }
}

/// Runs in a teller's thread.
fn tell(
    world: &mut World,
    descriptor: OwnedFd,
    fortune: &str,
    teller: usize,
    home: Remote,
    server: Obj<FortuneServer>,
) -> Result<(), Box<dyn std::error::Error>> {
    let guest = world.add(QTcpSocket::new());
    world.connect_fn(guest, QTcpSocket::disconnected, move |world, _| {
        world.destroy(guest);
        let _ = home.invoke(server, FortuneServer::count, ()); // fails if that loop has ended
    });
    let (state, mode) = (SocketState::Connected, OpenMode::READ_WRITE);
    world[guest].set_socket_descriptor(descriptor, state, mode)?;
    if let Some(address) = world[guest].peer_address() {
        println!("teller {teller} told {address}");
    }
    QDataStream::new(&mut world[guest]).write(fortune)?;
    world[guest].disconnect_from_host();
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let enough = arguments.next().map_or(Ok(usize::MAX), |enough| enough.parse())?;

    let mut rt = Runtime::new()?;
    let server = rt.try_add_with(|cx| FortuneServer::new(cx, enough))?;
    rt[server].server.listen_on(BindAddress::Any, port)?;
    println!("listening on {}", rt[server].server.server_port().unwrap_or_default());
    rt.exec()?;
    Ok(())
}
