//! A fortune server and three clients in one process, over real sockets on the loopback interface.
//!
//! Run it with `cargo run --example fortune`. It prints every signal when it is emitted, and the
//! fortunes. It ends when the last connection has ended.

use std::net::Ipv4Addr;

use slotwire::prelude::*;
use slotwire::stream::{DataStreamError, QDataStream};

const FORTUNES: [&str; 3] = [
    "You will find a lost semicolon in an unexpected place.",
    "A borrow is returned to you sooner than you think.",
    "Somebody is waiting for your signal.",
];

/// Sends one fortune on each connection, and closes it.
#[derive(QObject)]
struct FortuneServer {
    #[child]
    listener: Obj<QTcpServer>,
    told: usize,
    guests: usize,
}

#[slots]
impl FortuneServer {
    #[slot(listener.new_connection)]
    fn greet(&mut self, cx: &mut Context<Self>) -> Result<(), DataStreamError> {
        while let Some(peer) = cx[self.listener].next_pending_connection() {
            QDataStream::new(&mut cx[peer]).write(FORTUNES[self.told % FORTUNES.len()])?;
            cx[peer].disconnect_from_host(); // takes effect once the fortune is sent
            self.told += 1;
        }
        Ok(())
    }

    #[slot]
    fn see_off(&mut self, cx: &mut Context<Self>) {
        self.guests -= 1;
        if self.guests == 0 {
            cx.quit();
        }
    }
}

/// Connects, waits for a fortune, and announces it.
#[derive(QObject)]
struct FortuneClient {
    name: &'static str,
    #[child]
    socket: Obj<QTcpSocket>,
    /// Emitted for each fortune that arrives.
    #[signal]
    fortune: Signal<String>,
    /// Emitted when the server has closed the connection.
    #[signal]
    done: Signal<()>,
}

#[slots]
impl FortuneClient {
    fn new(cx: &mut Context<Self>, name: &'static str) -> Self {
        Self { name, ..Self::declared(cx) }
    }

    #[slot(socket.state_changed)]
    fn show_state(&mut self, state: SocketState) {
        println!("{}: state_changed({state:?})", self.name);
    }

    #[slot(socket.ready_read)]
    fn read_fortunes(&mut self, cx: &mut Context<Self>) -> Result<(), DataStreamError> {
        println!("{}: ready_read", self.name);
        let mut stream = QDataStream::new(&mut cx[self.socket]);
        while let Some(fortune) = stream.read_whole()? {
            self.fortune.emit(fortune);
        }
        Ok(())
    }

    #[slot(self.fortune)]
    fn show_fortune(&mut self, fortune: &str) {
        println!("{}: fortune({fortune:?})", self.name);
    }

    #[slot(socket.error_occurred)]
    fn show_error(&mut self, error: SocketError) {
        println!("{}: error_occurred({error:?})", self.name);
    }

    #[slot(socket.disconnected)]
    fn finish(&mut self) {
        println!("{}: disconnected", self.name);
        self.done.emit(());
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rt = Runtime::new()?;

    let server = rt.add_with(FortuneServer::declared);
    let listener = rt[server].listener;
    rt[listener].listen((Ipv4Addr::LOCALHOST, 0))?;
    let port = rt[listener].server_port().expect("it listens");

    for name in ["alice", "bob", "carol"] {
        let client = rt.add_with(|cx| FortuneClient::new(cx, name));
        rt.connect(client, FortuneClient::done, server, FortuneServer::see_off);
        rt[server].guests += 1;
        let socket = rt[client].socket;
        rt[socket].connect_to_host("localhost", port);
    }

    rt.exec()?;
    Ok(())
}
