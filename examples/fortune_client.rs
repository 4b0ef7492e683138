//! Gets a fortune from a fortune server: from those beside this file, or from Qt's.
//!
//! Start a fortune server, and then run this with
//! `cargo run --example fortune_client -- localhost 7755`. It prints the fortune. If it gets none,
//! it prints the reason, and its exit code is 1.

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::stream::{DataStreamError, QDataStream};

#[derive(QObject)]
struct FortuneClient {
    socket: Obj<QTcpSocket>,
    has_fortune: bool,
}

#[slots]
impl FortuneClient {
    fn new(cx: &mut Context<Self>) -> Self {
        let socket = cx.add_child(QTcpSocket::new());
        cx[socket].set_connect_timeout(Some(Duration::from_secs(5)));
        Self { socket, has_fortune: false }
    }

    #[slot(socket.ready_read)]
    fn show(&mut self, cx: &mut Context<Self>) -> Result<(), DataStreamError> {
        let mut stream = QDataStream::new(&mut cx[self.socket]);
        while let Some(fortune) = stream.read_whole::<String>()? {
            println!("{fortune}");
            self.has_fortune = true;
        }
        Ok(())
    }

    /// The server closes the connection after its fortune: this is the normal end.
    #[slot(socket.error_occurred)]
    fn end(&mut self, cx: &mut Context<Self>, error: SocketError) {
        if self.has_fortune && error == SocketError::RemoteHostClosed {
            cx.quit();
        } else {
            eprintln!("{}", cx[self.socket].error_string());
            cx.exit(1);
        }
    }
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let host = arguments.next().unwrap_or_else(|| "localhost".to_owned());
    let port = arguments.next().map_or(Ok(7755), |port| port.parse())?;

    let mut rt = Runtime::new()?;
    let client = rt.add_with(FortuneClient::new);
    let socket = rt[client].socket;
    rt[socket].connect_to_host(&host, port);
    let code = rt.exec()?;
    Ok(ExitCode::from(u8::try_from(code)?))
}
