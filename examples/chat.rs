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

use slotwire::message::{LineCodec, MessageError, Messages};
use slotwire::prelude::*;

/// The longest line that a client may send, and the most bytes that may wait for a slow client.
const LINE_LIMIT: usize = 4096;
const WAITING_LIMIT: usize = 1024 * 1024;

type Lines = Messages<LineCodec>;

#[derive(QObject)]
struct ChatServer {
    #[child]
    listener: Obj<QTcpServer>,
    guests: BTreeMap<Obj<QTcpSocket>, Guest>,
    gone: usize,
    enough: usize,
}

struct Guest {
    lines: Obj<Lines>,
    /// The first line of a client.
    name: Option<String>,
}

#[slots]
impl ChatServer {
    fn new(cx: &mut Context<Self>, enough: usize) -> Self {
        Self { enough, ..Self::declared(cx) }
    }

    #[slot(listener.new_connection)]
    fn welcome(&mut self, cx: &mut Context<Self>) {
        while let Some(socket) = cx[self.listener].next_pending_connection() {
            cx[socket].set_read_buffer_size(Some(2 * LINE_LIMIT));
            cx[socket].set_write_buffer_limit(Some(WAITING_LIMIT));
            let lines = cx.add_child_of(socket, Messages::new(socket, LineCodec::new()));
            cx[lines].set_max_length(LINE_LIMIT);
            cx.on(lines, Lines::received, Self::hear);
            cx.on(socket, QTcpSocket::disconnected, Self::see_off);
            self.guests.insert(socket, Guest { lines, name: None });
        }
    }

    #[slot]
    fn hear(&mut self, cx: &mut Context<Self>, line: &str) {
        let Some(lines) = cx.sender_as::<Lines>() else { return };
        let speaker = self.guests.iter_mut().find(|(_, guest)| guest.lines == lines);
        let Some((&speaker, guest)) = speaker else { return };
        let said = match &guest.name {
            Some(name) => format!("{name}: {line}"),
            None => {
                guest.name = Some(line.to_owned());
                println!("{line} has come");
                format!("* {line} has come")
            }
        };
        self.tell_others(cx, speaker, &said);
    }

    #[slot]
    fn see_off(&mut self, cx: &mut Context<Self>) {
        let Some(socket) = cx.sender_as::<QTcpSocket>() else { return };
        let Some(guest) = self.guests.remove(&socket) else { return };
        if let Some(name) = guest.name {
            println!("{name} has gone");
            self.tell_others(cx, socket, &format!("* {name} has gone"));
        }
        cx.destroy(socket);
        self.gone += 1;
        if self.gone == self.enough {
            cx.quit();
        }
    }

    fn tell_others(&self, cx: &mut Context<Self>, speaker: Obj<QTcpSocket>, line: &str) {
        for (&socket, guest) in self.guests.iter().filter(|&(&socket, _)| socket != speaker) {
            if cx.send(guest.lines, line).is_err() {
                cx[socket].abort(); // the client does not read, or has disconnected
            }
        }
    }
}

fn client(rt: &mut Runtime, port: u16, name: &str) -> Result<(), MessageError> {
    let socket = rt.add(QTcpSocket::new());
    let lines = rt.add(Messages::new(socket, LineCodec::new()));
    rt.connect_fn(lines, Lines::received, |_, line| println!("{line}"));
    rt.connect_fn(socket, QTcpSocket::disconnected, |world, _| world.quit());
    rt.connect_fn(socket, QTcpSocket::error_occurred, move |world, _| {
        eprintln!("{}", world[socket].error_string());
        world.exit(1);
    });
    rt[socket].connect_to_host("localhost", port);
    rt.send(lines, name)?; // goes out when the connection is established

    let remote = rt.remote();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let _ = remote.post(move |world| {
                let _ = world.send(lines, line); // fails only after an error or the end
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
