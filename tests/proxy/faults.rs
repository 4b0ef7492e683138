//! Proxies that are not there, go away, or say nothing.

use super::*;

/// Plays this much of a proxy, then ends, and returns the error.
fn cut_off_after(net: &Net, answers: usize, end: fn(Peer)) -> SocketError {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
    let mut proxy = caller(&mut rt, &listener);
    hear(&mut rt, &mut proxy, GREETING);
    if answers > 0 {
        proxy.write_all(b"\x05\x00").unwrap();
        hear(&mut rt, &mut proxy, REQUEST);
    }
    proxy.write_all(&SUCCESS[..answers.saturating_sub(1)]).unwrap();
    end(proxy);
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    rt.deliver();
    let error = rt[socket].error().unwrap();
    assert_eq!(journal.take(), [&FAILED[..], &[&format!("{error:?} while Unconnected")]].concat());
    error
}

#[on_every_network]
fn a_proxy_that_closes_in_any_phase_has_closed_early(net: &Net) {
    for answers in 0..4 {
        for end in [drop, reset as fn(Peer)] {
            assert_eq!(cut_off_after(net, answers, end), SocketError::ProxyConnectionClosed);
        }
    }
}

#[on_every_network]
fn a_proxy_that_is_not_there_has_refused(net: &Net) {
    let mut rt = net.runtime();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].set_proxy(NetworkProxy::socks5("127.0.0.1", net.closed_port()));
    let journal = journal_of(&mut rt, socket);
    rt[socket].connect_to_host("example.invalid", 80);
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    rt.deliver();
    let refused = ["ProxyConnectionRefused while Unconnected"];
    assert_eq!(journal.take(), [&FAILED[..], &refused].concat());
}

#[on_every_network]
fn a_proxy_whose_name_has_no_address_is_not_found(net: &Net) {
    for waits in [false, true] {
        let mut rt = net.runtime();
        let socket = rt.add(QTcpSocket::new());
        rt[socket].set_proxy(NetworkProxy::socks5("no proxy", 1080));
        let journal = journal_of(&mut rt, socket);
        rt[socket].connect_to_host("example.invalid", 80);
        if waits {
            assert!(!rt.wait_for_connected(socket, Some(DEADLINE)));
        } else {
            wait_until(&mut rt, is(SocketState::Unconnected, socket));
        }
        rt.deliver();
        let not_found = ["ProxyNotFound while Unconnected"];
        assert_eq!(journal.take(), [&FAILED[..], &not_found].concat());
    }
}

#[on_every_network]
fn a_proxy_that_says_nothing_takes_too_long(net: &Net) {
    for waits in [false, true] {
        let (mut rt, stopwatch) = net.timed_runtime();
        let (socket, _, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
        if waits {
            assert!(!rt.wait_for_connected(socket, None));
        } else {
            wait_until(&mut rt, is(SocketState::Unconnected, socket));
        }
        assert_eq!(rt[socket].error(), Some(SocketError::ProxyConnectionTimeout));
        let text = "the proxy was not reached, or did not reach the peer, in time";
        assert_eq!(rt[socket].error_string(), text);
        assert!(stopwatch.elapsed() >= Duration::from_secs(30));
        drop(listener);
    }
}

#[on_every_network]
fn a_socket_connects_again_after_a_proxy_has_failed(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
    drop(caller(&mut rt, &listener));
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    rt[socket].connect_to_host("example.invalid", 80);
    let mut proxy = caller(&mut rt, &listener);
    let_through(&mut rt, &mut proxy, REQUEST);
    wait_until(&mut rt, is(SocketState::Connected, socket));
    assert_eq!(rt[socket].error(), None);
}

#[on_every_network]
fn after_the_handshake_errors_are_those_of_the_connection(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
    let mut proxy = caller(&mut rt, &listener);
    let_through(&mut rt, &mut proxy, REQUEST);
    wait_until(&mut rt, is(SocketState::Connected, socket));
    reset(proxy);
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    assert_eq!(rt[socket].error(), Some(SocketError::RemoteHostClosed));
}

#[on_every_network]
fn a_name_that_no_proxy_can_be_told_is_refused_before_the_proxy_is_called(net: &Net) {
    for host in ["", "a\r\nb", "a\0b", "two words", "name%eth0", "fe80::1%eth0", &"x".repeat(256)] {
        let mut rt = net.runtime();
        let (socket, _, listener) = begin(net, &mut rt, host, |proxy| proxy);
        wait_until(&mut rt, is(SocketState::Unconnected, socket));
        settle(&mut rt);
        assert_eq!(rt[socket].error(), Some(SocketError::HostNotFound), "{host:?}");
        assert!(listener.accept_now().is_none());
    }
}
