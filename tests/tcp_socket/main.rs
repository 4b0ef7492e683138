//! TCP sockets: what they say, in which order, and how they look while they say it.

mod adopting;
mod binding;
mod connecting;
mod ending;
mod forwarding;
mod half_open;
mod limits;
mod modes;
mod options;
mod transfer;

use slotwire::prelude::*;
use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;
use support::*;

/// What a connection by address says up to its end.
const CONNECTING: [&str; 5] = ["HostLookup", "Connecting", "host_found", "Connected", "connected"];

/// What an orderly end says.
const CLOSING: [&str; 4] = ["Closing", "Unconnected", "read_channel_finished", "disconnected"];

/// What the end says that the peer brought about.
const LOST: [&str; 5] = [
    "RemoteHostClosed while Connected",
    "Closing",
    "Unconnected",
    "read_channel_finished",
    "disconnected",
];

/// What is noted when the peer has reset the connection.
fn lost_by_reset(net: &Net) -> Vec<String> {
    let error = format!("{:?} while Connected", net.error_of_reset());
    std::iter::once(error).chain(LOST[1..].iter().map(ToString::to_string)).collect()
}

const ABORTED: [&str; 4] =
    ["about_to_close", "Unconnected", "read_channel_finished", "disconnected"];

fn is_unconnected(socket: Obj<QTcpSocket>) -> impl FnMut(&World) -> bool {
    move |world| world[socket].state() == SocketState::Unconnected
}

/// A socket that was never connected, and its journal.
fn socket(rt: &mut Runtime) -> (Obj<QTcpSocket>, Journal) {
    let socket = rt.add(QTcpSocket::new());
    let journal = journal_of(rt, socket);
    (socket, journal)
}

/// A connected socket whose journal begins now, and its peer.
fn connected(net: &Net, rt: &mut Runtime) -> (Obj<QTcpSocket>, Peer, Journal) {
    let (socket, peer) = net.connected_pair(rt);
    settle(rt);
    let journal = journal_of(rt, socket);
    (socket, peer, journal)
}

/// Runs `act` once, in the first slot of the socket's that hears `entry`, as the journal names it.
fn once_at(
    rt: &mut Runtime,
    socket: Obj<QTcpSocket>,
    entry: &'static str,
    act: impl FnMut(&mut World) + 'static,
) {
    let act = Rc::new(RefCell::new(Some(act)));
    let run = move |world: &mut World| {
        let act = act.borrow_mut().take();
        if let Some(mut act) = act {
            act(world);
        }
    };
    let on = |rt: &mut Runtime, signal: fn(&QTcpSocket) -> &Signal<()>| {
        let run = run.clone();
        rt.connect_fn(socket, signal, move |world, _| run(world));
    };
    match entry {
        "host_found" => on(rt, QTcpSocket::host_found),
        "connected" => on(rt, QTcpSocket::connected),
        "disconnected" => on(rt, QTcpSocket::disconnected),
        "ready_read" => on(rt, QTcpSocket::ready_read),
        "about_to_close" => on(rt, QTcpSocket::about_to_close),
        "read_channel_finished" => on(rt, QTcpSocket::read_channel_finished),
        "bytes_written" => {
            rt.connect_fn(socket, QTcpSocket::bytes_written, move |world, _| run(world));
        }
        "error" => {
            rt.connect_fn(socket, QTcpSocket::error_occurred, move |world, _| run(world));
        }
        state => {
            rt.connect_fn(socket, QTcpSocket::state_changed, move |world, announced| {
                if format!("{announced:?}") == state {
                    run(world);
                }
            });
        }
    }
}
