//! Fetches a page over HTTP/1.0.
//!
//! Run it with `cargo run --example http_get -- http://example.org/`. It prints the status line and
//! the headers to standard error, and the page to standard output. The exit code is 1 if there is
//! no page.

use std::env;
use std::io;
use std::process::ExitCode;

use slotwire::prelude::*;

/// The most bytes that a server may send before the page.
const HEAD_LIMIT: usize = 64 * 1024;

#[derive(QObject)]
struct Fetch {
    socket: Obj<QTcpSocket>,
    request: String,
    head_bytes: usize,
    in_page: bool,
}

#[slots]
impl Fetch {
    fn new(cx: &mut Context<Self>, host: &str, port: u16, path: &str) -> Self {
        let socket = cx.add_child(QTcpSocket::new());
        cx[socket].set_read_buffer_size(Some(HEAD_LIMIT)); // a page may have any size
        cx[socket].connect_to_host(host, port);
        let request = format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
        Self { socket, request, head_bytes: 0, in_page: false }
    }

    #[slot(socket.connected)]
    fn ask(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        cx[self.socket].write_all(self.request.as_bytes())
    }

    #[slot(socket.ready_read)]
    #[slot(socket.read_channel_finished)]
    fn take(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        let socket = &mut cx[self.socket];
        while !self.in_page {
            let Some(line) = socket.read_line_string() else {
                let too_long = socket.bytes_available() + self.head_bytes >= HEAD_LIMIT;
                return if too_long { self.give_up(cx, "the head is too long") } else { Ok(()) };
            };
            self.head_bytes += line.len();
            self.in_page = line.is_empty();
            eprintln!("{line}");
        }
        let page = socket.read_all();
        io::stdout().write_all(&page)
    }

    #[slot(socket.error_occurred)]
    fn end(&mut self, cx: &mut Context<Self>, error: SocketError) -> io::Result<()> {
        self.take(cx)?;
        match error {
            SocketError::RemoteHostClosed if self.in_page => cx.quit(),
            _ => {
                let reason = cx[self.socket].error_string();
                self.give_up(cx, &reason)?;
            }
        }
        Ok(())
    }

    fn give_up(&mut self, cx: &mut Context<Self>, reason: &str) -> io::Result<()> {
        eprintln!("{reason}");
        cx[self.socket].abort();
        cx.exit(1);
        Ok(())
    }
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let url = env::args().nth(1).ok_or("usage: http_get http://host[:port]/path")?;
    let rest = url.strip_prefix("http://").ok_or("only http:// is spoken here")?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse()?),
        None => (authority, 80),
    };

    let mut rt = Runtime::new()?;
    rt.on_slot_error(|world, error| {
        eprintln!("{error}");
        world.exit(1);
    });
    rt.add_with(|cx| Fetch::new(cx, host, port, path));
    let code = rt.exec()?;
    Ok(ExitCode::from(u8::try_from(code)?))
}
