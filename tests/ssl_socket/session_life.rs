//! Sessions that are resumed, and for how long, by the clock of the runtime.

use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{QSslSocket, SslProtocol};

use crate::parties::{Authority, Pair, Server, listen, ssl_journal_of};
use support::*;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Connects, and connects again after this time. Returns true if the second session resumes the
/// first one.
fn is_resumed_after(net: &Net, protocol: SslProtocol, time: Duration) -> bool {
    let (mut rt, _) = net.timed_runtime();
    let authority = Authority::new();
    let server = rt.add(Server::new(authority.proves("localhost")));
    listen(&mut rt, server);
    let mut socket = QSslSocket::new();
    socket.set_ssl_configuration(authority.trusted().with_protocol(protocol).unwrap());
    socket.set_peer_verify_name("localhost");
    let client = rt.add(socket);
    let journal = ssl_journal_of(&mut rt, client);
    let mut pair = Pair { rt, server, client, journal }.connected();
    assert!(!pair.rt[client].is_session_resumed());
    settle(&mut pair.rt);
    pair.rt[client].disconnect_from_host();
    pair.until(|world| world[client].state() == SocketState::Unconnected);
    assert!(!pair.rt.run_until(time, |_| false).unwrap());
    pair.connected().rt[client].is_session_resumed()
}

#[on_every_network]
fn a_session_is_resumed_for_a_day(net: &Net) {
    for protocol in [SslProtocol::TlsV1_3, SslProtocol::TlsV1_2] {
        assert!(is_resumed_after(net, protocol, 23 * HOUR), "{protocol}");
        assert!(!is_resumed_after(net, protocol, 25 * HOUR), "{protocol}");
    }
}
