//! The simulated network: what it does to the sockets on it, and that one seed is one run.

mod connecting;
mod datagrams;
mod forgotten;
mod hosts;
mod keep_alive;
mod links;
mod names;
mod repeating;
mod time;

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use slotwire::NetworkInterface;
use slotwire::prelude::*;
use slotwire::sim::*;
use support::*;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// A simulation of two hosts, `near` and `far`.
fn two_hosts(seed: u64) -> (Simulation, SimHost, SimHost) {
    let mut sim = Simulation::new(seed);
    let near = sim.add_host("near").unwrap();
    let far = sim.add_host("far").unwrap();
    (sim, near, far)
}

/// A socket of `near` that is connected to a plain socket of `far`.
fn connected_to_plain(
    sim: &mut Simulation,
    near: SimHost,
    far: SimHost,
) -> (Obj<QTcpSocket>, SimStream) {
    let listener = sim.listen(far, 0).unwrap();
    let socket = sim[near].add(QTcpSocket::new());
    sim[near][socket].connect_to_host("far", listener.port().unwrap());
    let stands = |sim: &Simulation| sim[near][socket].state() == SocketState::Connected;
    assert!(sim.run_until(MINUTE, stands).unwrap());
    assert!(sim.run_until(MINUTE, |_| listener.has_pending()).unwrap());
    (socket, listener.accept().unwrap().0)
}

/// Two connected sockets, of `near` and of `far`.
fn connected_pair_on(
    sim: &mut Simulation,
    near: SimHost,
    far: SimHost,
) -> (Obj<QTcpSocket>, Obj<QTcpSocket>) {
    let server = sim[far].add(QTcpServer::new());
    sim[far][server].listen_on(BindAddress::Any, 0).unwrap();
    let port = sim[far][server].server_port().unwrap();
    let socket = sim[near].add(QTcpSocket::new());
    sim[near][socket].connect_to_host("far", port);
    let stands = |sim: &Simulation| sim[far][server].has_pending_connections();
    assert!(sim.run_until(MINUTE, stands).unwrap());
    let peer = sim[far][server].next_pending_connection().unwrap();
    let root: Option<Obj<dyn QObject>> = None;
    sim[far].set_parent(peer, root);
    sim[far].destroy(server);
    (socket, peer)
}

/// Reads from a plain socket until nothing is there, and says whether that was the end.
fn read_all(peer: &mut SimStream) -> (Vec<u8>, bool) {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match peer.read(&mut buffer) {
            Ok(0) => return (all, true),
            Ok(count) => all.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return (all, false),
            Err(error) => panic!("{error}"),
        }
    }
}
