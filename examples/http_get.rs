//! Fetches a page over HTTP/1.0.
//!
//! Run it with `cargo run --example http_get -- http://example.org/`. It prints the status line and
//! the headers to standard error, and the page to standard output. The exit code is 1 if there is
//! no page.

use std::env;
use std::io;
use std::process::ExitCode;

use slotwire::message::{LineCodec, MessageError, Messages};
use slotwire::prelude::*;

/// The most bytes that a line before the page may have, and the most lines.
const LINE_LIMIT: usize = 8 * 1024;
const LINES: usize = 100;

#[derive(QObject)]
struct Fetch {
    socket: Obj<QTcpSocket>,
    head: Obj<Messages<LineCodec>>,
    request: String,
    lines: usize,
    in_page: bool,
}

#[slots]
impl Fetch {
    fn new(cx: &mut Context<Self>, host: &str, port: u16, path: &str) -> Self {
        let socket = cx.add_child(QTcpSocket::new());
        cx[socket].set_read_buffer_size(Some(2 * LINE_LIMIT)); // a page may have any size
        cx[socket].connect_to_host(host, port);
        let head = cx.add_child(Messages::new(socket, LineCodec::new()));
        cx[head].set_max_length(LINE_LIMIT);
        let request = format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
        Self { socket, head, request, lines: 0, in_page: false }
    }

    #[slot(socket.connected)]
    fn ask(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        cx[self.socket].write_all(self.request.as_bytes())
    }

    #[slot(head.received)]
    fn read_head(&mut self, cx: &mut Context<Self>, line: &str) -> io::Result<()> {
        self.lines += 1;
        if self.lines > LINES {
            return self.give_up(cx, "the head is too long");
        }
        eprintln!("{line}");
        if line.is_empty() {
            cx.destroy(self.head); // the rest is no lines
            self.in_page = true;
            self.take_page(cx)?;
        }
        Ok(())
    }

    #[slot(head.error_occurred)]
    fn refuse_head(&mut self, cx: &mut Context<Self>, error: MessageError) -> io::Result<()> {
        self.give_up(cx, &error.to_string())
    }

    #[slot(socket.ready_read)]
    #[slot(socket.read_channel_finished)]
    fn take_page(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        if !self.in_page {
            return Ok(());
        }
        let page = cx[self.socket].read_all();
        io::stdout().write_all(&page)
    }

    #[slot(socket.error_occurred)]
    fn end(&mut self, cx: &mut Context<Self>, error: SocketError) -> io::Result<()> {
        self.take_page(cx)?;
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
