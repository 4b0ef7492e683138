//! A chat: one server, and any number of clients.
//!
//! Run `cargo run --example chat -- server 7700`, and in other terminals
//! `cargo run --example chat -- client 7700 alice`. The server prints `listening on 7700`, and a
//! line for each client that connects or disconnects. A number after the port makes the server end
//! after so many disconnections. A client sends the typed lines, prints the lines of the others,
//! and ends at the end of its input.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::io::{self, BufRead};
use std::thread;

use slotwire::prelude::*;

/// The longest line that a client may send, and the most bytes that may wait for a slow client.
const LINE_LIMIT: usize = 4096;
const WAITING_LIMIT: usize = 1024 * 1024;

#[derive(QObject)]
struct ChatServer {
    listener: Obj<QTcpServer>,
    /// The connected clients. The first line of a client is its name.
    names: BTreeMap<Obj<QTcpSocket>, Option<String>>,
    gone: usize,
    enough: usize,
}

#[slots]
impl ChatServer {
    fn new(cx: &mut Context<Self>, enough: usize) -> Self {
        let listener = cx.add_child(QTcpServer::new());
        Self { listener, names: BTreeMap::new(), gone: 0, enough }
    }

    #[slot(listener.new_connection)]
    fn welcome(&mut self, cx: &mut Context<Self>) {
        while let Some(guest) = cx[self.listener].next_pending_connection() {
            self.names.insert(guest, None);
            cx[guest].set_read_buffer_size(Some(LINE_LIMIT));
            cx[guest].set_write_buffer_limit(Some(WAITING_LIMIT));
            cx.on(guest, QTcpSocket::ready_read, Self::listen_to);
            cx.on(guest, QTcpSocket::disconnected, Self::see_off);
        }
    }

    #[slot]
    fn listen_to(&mut self, cx: &mut Context<Self>) {
        let Some(guest) = cx.sender_as::<QTcpSocket>() else { return };
        while let Some(line) = cx[guest].read_line_string() {
            match self.names.get(&guest) {
                Some(Some(name)) => self.tell_others(cx, guest, &format!("{name}: {line}")),
                _ => {
                    println!("{line} has come");
                    self.tell_others(cx, guest, &format!("* {line} has come"));
                    self.names.insert(guest, Some(line));
                }
            }
        }
        if cx[guest].bytes_available() >= LINE_LIMIT {
            cx[guest].abort(); // the line is too long
        }
    }

    #[slot]
    fn see_off(&mut self, cx: &mut Context<Self>) {
        let Some(guest) = cx.sender_as::<QTcpSocket>() else { return };
        if let Some(Some(name)) = self.names.remove(&guest) {
            println!("{name} has gone");
            self.tell_others(cx, guest, &format!("* {name} has gone"));
        }
        cx.destroy(guest);
        self.gone += 1;
        if self.gone == self.enough {
            cx.quit();
        }
    }

    fn tell_others(&self, cx: &mut Context<Self>, speaker: Obj<QTcpSocket>, line: &str) {
        for &guest in self.names.keys().filter(|&&guest| guest != speaker) {
            if writeln!(cx[guest], "{line}").is_err() {
                cx[guest].abort(); // the client does not read, or has disconnected
            }
        }
    }
}

fn client(rt: &mut Runtime, port: u16, name: &str) -> Result<(), Box<dyn Error>> {
    let socket = rt.add(QTcpSocket::new());
    rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
        while let Some(line) = world[socket].read_line_string() {
            println!("{line}");
        }
    });
    rt.connect_fn(socket, QTcpSocket::disconnected, |world, _| world.quit());
    rt.connect_fn(socket, QTcpSocket::error_occurred, move |world, _| {
        eprintln!("{}", world[socket].error_string());
        world.exit(1);
    });
    rt[socket].connect_to_host("localhost", port);
    writeln!(rt[socket], "{name}")?;

    let remote = rt.remote();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let _ = remote.post(move |world| {
                let _ = writeln!(world[socket], "{line}"); // fails only after an error or the end
            });
        }
        let _ = remote.post(move |world| world[socket].disconnect_from_host());
    });
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let usage = "usage: chat server port [guests], or chat client port name";
    let mut arguments = env::args().skip(1);
    let role = arguments.next().ok_or(usage)?;
    let port = arguments.next().ok_or(usage)?.parse()?;
    let mut rt = Runtime::new()?;
    if role == "client" {
        client(&mut rt, port, &arguments.next().ok_or(usage)?)?;
    } else {
        let enough = arguments.next().map_or(Ok(usize::MAX), |enough| enough.parse())?;
        let server = rt.add_with(|cx| ChatServer::new(cx, enough));
        let listener = rt[server].listener;
        rt[listener].listen_on(BindAddress::Any, port)?;
        println!("listening on {}", rt[listener].server_port().unwrap_or_default());
    }
    rt.exec()?;
    Ok(())
}
