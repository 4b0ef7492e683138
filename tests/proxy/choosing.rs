//! Which proxy a socket uses.

use std::cell::RefCell;
use std::rc::Rc;

use super::*;
use slotwire::{ProxyQuery, SocketType};

/// A proxy that listens here.
fn proxy(net: &Net) -> (NetworkProxy, Listener) {
    let (listener, port) = net.listener();
    (NetworkProxy::socks5("127.0.0.1", port), listener)
}

#[on_every_network]
fn a_socket_without_a_proxy_of_its_own_uses_that_of_the_application(net: &Net) {
    let mut rt = net.runtime();
    let (value, listener) = proxy(net);
    rt.set_application_proxy(value.clone());
    assert_eq!(rt.application_proxy(), value);
    let socket = rt.add(QTcpSocket::new());
    assert_eq!(*rt[socket].proxy(), NetworkProxy::default());
    rt[socket].connect_to_host("example.invalid", 80);
    let mut server = caller(&mut rt, &listener);
    let_through(&mut rt, &mut server, REQUEST);
    wait_until(&mut rt, is(SocketState::Connected, socket));
}

#[on_every_network]
fn a_socket_that_is_to_use_no_proxy_connects_directly(net: &Net) {
    let mut rt = net.runtime();
    let (value, listener) = proxy(net);
    rt.set_application_proxy(value.for_loopback());
    let (peer, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].set_proxy(NetworkProxy::none());
    rt[socket].connect_to_host("127.0.0.1", port);
    caller(&mut rt, &peer);
    assert!(listener.accept_now().is_none());
}

#[on_every_network]
fn this_host_is_reached_directly_unless_a_proxy_is_meant_for_it(net: &Net) {
    for host in ["127.0.0.1", "localhost", "::ffff:127.0.0.1"] {
        let mut rt = net.runtime();
        let (value, listener) = proxy(net);
        let (peer, port) = net.listener();
        rt.set_application_proxy(value.clone());
        let socket = rt.add(QTcpSocket::new());
        rt[socket].connect_to_host(host, port);
        caller(&mut rt, &peer);
        assert!(listener.accept_now().is_none(), "{host}");

        let own = rt.add(QTcpSocket::new());
        rt[own].set_proxy(value.clone());
        rt[own].connect_to_host(host, port);
        caller(&mut rt, &listener);

        rt.set_application_proxy(value.for_loopback());
        let socket = rt.add(QTcpSocket::new());
        rt[socket].connect_to_host(host, port);
        caller(&mut rt, &listener);
    }
}

#[on_every_network]
fn a_factory_sees_what_is_to_be_reached_and_answers_with_proxies(net: &Net) {
    let mut rt = net.runtime();
    let (value, listener) = proxy(net);
    let queries = Rc::new(RefCell::new(Vec::<ProxyQuery>::new()));
    let asked = queries.clone();
    rt.set_application_proxy_factory(move |query: &ProxyQuery| {
        asked.borrow_mut().push(query.clone());
        match query.peer_host_name.ends_with(".direct") {
            true => vec![],
            false => vec![value.clone()],
        }
    });
    let socket = rt.add(QTcpSocket::new());
    rt[socket].set_protocol_tag("news");
    rt[socket].connect_to_host("example.invalid", 80);
    let mut server = caller(&mut rt, &listener);
    let_through(&mut rt, &mut server, REQUEST);
    let query = queries.take().pop().unwrap();
    assert_eq!((query.peer_host_name.as_str(), query.peer_port), ("example.invalid", 80));
    assert_eq!((query.socket_type, query.protocol_tag.as_str()), (SocketType::Tcp, "news"));

    let direct = rt.add(QTcpSocket::new());
    rt[direct].connect_to_host("name.direct", 80);
    rt.deliver();
    assert_eq!(queries.borrow().len(), 1);
    settle(&mut rt);
    assert!(listener.accept_now().is_none());
}

#[on_every_network]
fn nothing_goes_past_a_proxy_that_is_set(net: &Net) {
    let mut rt = net.runtime();
    let (value, _listener) = proxy(net);
    rt.set_application_proxy(value.for_loopback());
    let (stranger, to) = net.udp_peer();

    // The proxy says nothing, so nothing is sent.
    let udp = rt.add(QUdpSocket::new());
    let error = rt[udp].write_datagram(b"past it", to).unwrap_err();
    assert_eq!(error.kind(), SocketError::Temporary);
    let connects = rt.add(QUdpSocket::new());
    rt[connects].connect_to_host(&to.ip().to_string(), to.port());
    settle(&mut rt);
    assert!(rt[connects].write(b"past it").is_err());
    assert_eq!(rt[connects].state(), SocketState::Connecting);

    let tcp = rt.add(QTcpSocket::new());
    let error = rt[tcp].bind(any_port().ip(), 0, BindMode::DEFAULT).unwrap_err();
    assert_eq!(error.kind(), SocketError::UnsupportedSocketOperation);
    // A socket that uses no proxy is not concerned.
    let direct = rt.add(QUdpSocket::new());
    rt[direct].set_proxy(NetworkProxy::none());
    rt[direct].write_datagram(b"directly", to).unwrap();
    settle(&mut rt);
    assert_eq!(stranger.recv_from(&mut [0; 16]).unwrap().0, 8);
}

/// HTTP proxies make connections alone.
#[on_every_network]
fn no_datagram_goes_past_a_proxy_that_cannot_carry_it(net: &Net) {
    let mut rt = net.runtime();
    let (_listener, port) = net.listener();
    rt.set_application_proxy(NetworkProxy::http("127.0.0.1", port).for_loopback());
    let (_stranger, to) = net.udp_peer();
    let udp = rt.add(QUdpSocket::new());
    let error = rt[udp].write_datagram(b"past it", to).unwrap_err();
    assert_eq!(error.kind(), SocketError::UnsupportedSocketOperation);
    let error = rt[udp].bind(any_port().ip(), 0, BindMode::DEFAULT).unwrap_err();
    assert!(error.to_string().contains("proxy"), "{error}");
    rt[udp].connect_to_host(&to.ip().to_string(), to.port());
    wait_until(&mut rt, |world| world[udp].error().is_some());
    assert_eq!(rt[udp].state(), SocketState::Unconnected);
    assert_eq!(rt[udp].error(), Some(SocketError::UnsupportedSocketOperation));
}

fn chosen(rt: &Runtime, socket: Obj<QTcpSocket>) -> Option<&str> {
    rt[socket].chosen_proxy().map(NetworkProxy::host_name)
}

#[on_every_network]
fn a_socket_tells_which_proxy_was_chosen(net: &Net) {
    let mut rt = net.runtime();
    let (value, listener) = proxy(net);
    let socket = rt.add(QTcpSocket::new());
    let asks = Rc::new(RefCell::new(0));
    let asked = asks.clone();
    let answer = value.clone();
    rt.set_application_proxy_factory(move |query: &ProxyQuery| {
        *asked.borrow_mut() += 1;
        match query.peer_host_name.as_str() {
            "direct.invalid" => vec![NetworkProxy::none(), answer.clone()],
            _ => vec![answer.clone(), NetworkProxy::none()],
        }
    });
    assert_eq!(rt[socket].chosen_proxy(), None, "it has not begun to connect");
    rt[socket].connect_to_host("example.invalid", 80);
    assert_eq!(rt[socket].chosen_proxy(), Some(&value));
    let mut server = caller(&mut rt, &listener);
    let_through(&mut rt, &mut server, REQUEST);
    wait_until(&mut rt, is(SocketState::Connected, socket));
    rt[socket].abort();
    rt.deliver();
    assert_eq!(rt[socket].chosen_proxy(), Some(&value), "that of the last connection");

    for host in ["direct.invalid", "127.0.0.1"] {
        rt[socket].connect_to_host(host, 80);
        assert_eq!(rt[socket].chosen_proxy(), None, "{host}");
        rt[socket].abort();
        rt.deliver();
    }
    assert_eq!(*asks.borrow(), 3);

    rt[socket].set_proxy(NetworkProxy::socks5("own.invalid", 1));
    rt[socket].connect_to_host("example.invalid", 80);
    assert_eq!(chosen(&rt, socket), Some("own.invalid"));
    let found = Rc::new(RefCell::new(None));
    let noted = found.clone();
    rt.connect_fn(socket, QTcpSocket::error_occurred, move |world, _| {
        noted.replace(world[socket].chosen_proxy().cloned());
    });
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    rt.deliver();
    assert_eq!(found.take().unwrap().host_name(), "own.invalid");
    assert_eq!(*asks.borrow(), 3, "its own proxy needs no factory");

    rt.set_application_proxy(NetworkProxy::socks5("application.invalid", 1));
    rt[socket].set_proxy(NetworkProxy::default());
    rt[socket].connect_to_host("example.invalid", 80);
    assert_eq!(chosen(&rt, socket), Some("application.invalid"));
}

#[test]
fn a_connection_that_was_taken_over_goes_by_no_proxy() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].set_proxy(NetworkProxy::socks5("proxy.invalid", 1));
    rt[socket].connect_to_host("example.invalid", 80);
    rt[socket].abort();
    rt.deliver();
    assert_eq!(chosen(&rt, socket), Some("proxy.invalid"));
    let listener = std::net::TcpListener::bind(any_port()).unwrap();
    let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (state, mode) = (SocketState::Connected, OpenMode::READ_WRITE);
    rt[socket].set_socket_descriptor(stream.into(), state, mode).unwrap();
    assert_eq!(chosen(&rt, socket), None);
}

/// The connection to a proxy is direct: no proxy is asked for it.
#[on_every_network]
fn a_proxy_that_would_be_reached_by_itself_is_reached_directly(net: &Net) {
    let (listener, port) = net.listener();
    let value = NetworkProxy::socks5("localhost", port).for_loopback();
    let queries = Rc::new(RefCell::new(Vec::<String>::new()));
    let asked = queries.clone();
    let answer = value.clone();
    let factory = move |query: &ProxyQuery| {
        asked.borrow_mut().push(query.peer_host_name.clone());
        vec![answer.clone()]
    };
    // To another host, and to the proxy's own.
    for (host, length) in [("example.invalid", REQUEST.len()), ("localhost", 16)] {
        for has_factory in [false, true] {
            let mut rt = net.runtime();
            match has_factory {
                true => rt.set_application_proxy_factory(factory.clone()),
                false => rt.set_application_proxy(value.clone()),
            }
            let socket = rt.add(QTcpSocket::new());
            rt.connect_fn(socket, QTcpSocket::proxy_authentication_required, |_, asked| {
                asked.authenticator.set_user("ann");
            });
            rt[socket].connect_to_host(host, port);
            let mut first = caller(&mut rt, &listener);
            hear(&mut rt, &mut first, GREETING);
            first.write_all(b"\x05\xff").unwrap();
            // The second connection is as direct as the first.
            let mut second = caller(&mut rt, &listener);
            hear(&mut rt, &mut second, b"\x05\x01\x02");
            second.write_all(b"\x05\x00").unwrap();
            let request = read_exactly(&mut rt, &mut second, length);
            assert!(request[5..].starts_with(host.as_bytes()), "{request:?}");
            second.write_all(SUCCESS).unwrap();
            wait_until(&mut rt, is(SocketState::Connected, socket));
            let expected: &[&str] = if has_factory { &[host] } else { &[] };
            assert_eq!(queries.take(), expected);
        }
    }
}

#[on_every_network]
fn a_proxy_that_fails_is_not_replaced_by_the_next_of_a_list(net: &Net) {
    let mut rt = net.runtime();
    let (value, listener) = proxy(net);
    let closed = NetworkProxy::socks5("127.0.0.1", net.closed_port());
    let list = vec![closed.clone(), value];
    rt.set_application_proxy_factory(move |_: &ProxyQuery| list.clone());
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host("example.invalid", 80);
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    settle(&mut rt);
    assert_eq!(rt[socket].error(), Some(SocketError::ProxyConnectionRefused));
    assert_eq!(rt[socket].chosen_proxy(), Some(&closed));
    assert!(listener.accept_now().is_none());
}
