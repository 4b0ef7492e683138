//! Works on servers, sockets of datagrams and lookups, beside so much that is pending. On the
//! simulated network, whose own work counts as well.

use std::hint::black_box;
use std::net::{Ipv4Addr, UdpSocket};

use slotwire::SocketOption;
use slotwire::prelude::*;
use slotwire::sim::{NameAnswer, SimNetwork};

use crate::work::{MOST, Work};

pub(crate) fn works() -> Vec<Work> {
    vec![
        Work::new("next_pending_connection", next_pending_connection),
        Work::new("pending_datagram_size", pending_datagram_size),
        Work::new("read_datagram", read_datagram),
        Work::new("pending_datagram_size_kernel", pending_datagram_size_kernel),
        Work::new("look_up_host_abort", look_up_host_abort),
        Work::new("look_up_known_abort", look_up_known_abort),
        Work::new("look_up_host_answer", look_up_host_answer),
    ]
}

/// A connection is taken out of so many, and put behind them again.
fn next_pending_connection(size: usize, count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let server = rt.add(QTcpServer::new());
    for _ in 0..size {
        let socket = rt.add_child_of(server, QTcpSocket::new());
        rt[server].add_pending_connection(socket);
    }
    for _ in 0..count {
        let socket = rt[server].next_pending_connection().expect("a connection");
        rt[server].add_pending_connection(socket);
    }
}

/// A socket on the simulated network at which so many datagrams wait.
fn waiting(size: usize) -> (Runtime, Obj<QUdpSocket>) {
    let network = SimNetwork::new(1);
    let host = network.add_host("host");
    let mut rt = network.runtime(host).expect("a runtime");
    let socket = rt.add(QUdpSocket::new());
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).expect("a port");
    let room = 1 << 30;
    rt[socket].set_socket_option(SocketOption::ReceiveBufferSize(room)).expect("room");
    let to = rt[socket].local_addr().expect("it is bound");
    let sender = rt.add(QUdpSocket::new());
    for _ in 0..size {
        rt[sender].write_datagram(&[0; 16], to).expect("it goes out");
    }
    network.advance(std::time::Duration::from_millis(10));
    (rt, socket)
}

fn pending_datagram_size(size: usize, count: usize) {
    let (rt, socket) = waiting(size);
    for _ in 0..count {
        assert_eq!(rt[socket].pending_datagram_size(), Some(16));
    }
}

fn read_datagram(size: usize, count: usize) {
    let (mut rt, socket) = waiting(size + MOST);
    for _ in 0..count {
        rt[socket].read_datagram(&mut [0; 16]).expect("a datagram");
    }
}

/// The same on the kernel's network, which keeps as many as it has room for.
fn pending_datagram_size_kernel(size: usize, count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let socket = rt.add(QUdpSocket::new());
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).expect("a port");
    let to = rt[socket].local_addr().expect("it is bound");
    let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    for _ in 0..size {
        sender.send_to(&[0; 16], to).expect("it goes out");
    }
    for _ in 0..count {
        assert_eq!(rt[socket].pending_datagram_size(), Some(16));
    }
}

/// A runtime that waits for the answers to so many lookups, each of another name.
fn asking(size: usize) -> (Runtime, SimNetwork) {
    let network = SimNetwork::new(1);
    let host = network.add_host("host");
    let mut rt = network.runtime(host).expect("a runtime");
    for number in 0..size {
        let name = format!("silent-{number}");
        network.set_name(&name, NameAnswer::never());
        rt.look_up_host(&name, |_, _| ());
    }
    network.set_name("slow", NameAnswer::never());
    (rt, network)
}

/// A lookup of another name is begun and aborted.
fn look_up_host_abort(size: usize, count: usize) {
    let (mut rt, _network) = asking(size);
    for _ in 0..count {
        let id = rt.look_up_host("slow", |_, _| ());
        assert!(rt.abort_host_lookup(id));
    }
}

/// A lookup of a name that waits for its answer already.
fn look_up_known_abort(size: usize, count: usize) {
    let (mut rt, _network) = asking(size);
    let name = format!("silent-{}", size / 2);
    for _ in 0..count {
        let id = rt.look_up_host(&name, |_, _| ());
        assert!(rt.abort_host_lookup(id));
    }
}

/// A lookup is begun and answered.
fn look_up_host_answer(size: usize, count: usize) {
    let (mut rt, network) = asking(size);
    network.set_name("there", NameAnswer::found([Ipv4Addr::LOCALHOST.into()]));
    for _ in 0..count {
        rt.clear_host_cache();
        rt.look_up_host("there", |world, info| {
            black_box(info.addresses().len());
            world.quit();
        });
        rt.exec().expect("an answer");
    }
}
