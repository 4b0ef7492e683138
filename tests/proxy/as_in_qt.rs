//! What Qt's own tests of its proxy classes expect, and no other module has: their answers, and what
//! comes of them.

use super::*;
use slotwire::{EnvironmentProxies, ProxyType};

/// The request to connect to 0.1.2.3, port 12345.
const ADDRESS: &[u8] = b"\x05\x01\x00\x01\x00\x01\x02\x03\x30\x39";

/// A socket that begins to connect to 0.1.2.3, port 12345, by this proxy.
fn begin_address(
    net: &Net,
    rt: &mut Runtime,
    proxy: fn(u16) -> NetworkProxy,
) -> (Obj<QTcpSocket>, Journal, Listener) {
    begin_to(net, rt, ("0.1.2.3", 12345), proxy)
}

fn socks5(port: u16) -> NetworkProxy {
    NetworkProxy::socks5("127.0.0.1", port)
}

/// With the user `foo`, whose password is `foo`.
fn socks5_with_user(port: u16) -> NetworkProxy {
    socks5(port).with_credentials("foo", "foo")
}

/// Runs the loop until an attempt has failed. Returns the error, which was told once.
#[track_caller]
fn failed(rt: &mut Runtime, socket: Obj<QTcpSocket>, journal: &Journal) -> SocketError {
    wait_until(rt, is(SocketState::Unconnected, socket));
    settle(rt);
    let error = rt[socket].error().unwrap();
    assert!(!rt[socket].error_string().is_empty());
    let told = journal.take();
    let errors: Vec<_> = told.iter().filter(|it| it.ends_with("while Unconnected")).collect();
    assert_eq!(errors, [&format!("{error:?} while Unconnected")]);
    error
}

/// The proxy says each of these once something has come from the client, and stays.
#[on_every_network]
fn an_answer_of_a_socks5_proxy_becomes_the_error_that_it_becomes_in_qt(net: &Net) {
    let garbage = b"\x04\x04\x04\x04".as_slice();
    let (none, password) = (b"\x05\x00".as_slice(), b"\x05\x02".as_slice());
    let plain = socks5 as fn(u16) -> NetworkProxy;
    for (proxy, answers, expected) in [
        (plain, &[garbage][..], SocketError::ProxyProtocol),
        (plain, &[none, garbage], SocketError::ProxyProtocol),
        (plain, &[b"\x05\x7f"], SocketError::SocketAccess),
        (plain, &[b"\x05\xff"], SocketError::ProxyAuthenticationRequired),
        // A refusal of the password, in the version of SOCKS.
        (socks5_with_user, &[password, b"\x05\x01"], SocketError::ProxyAuthenticationRequired),
        (socks5_with_user, &[password, b"\x01\x01"], SocketError::ProxyAuthenticationRequired),
        (socks5_with_user, &[password, garbage], SocketError::ProxyProtocol),
        // Without the address that belongs to the reply.
        (plain, &[none, b"\x05\x02\x00"], SocketError::SocketAccess),
        (plain, &[none, b"\x05\x03\x00"], SocketError::Network),
        (plain, &[none, b"\x05\x04\x00"], SocketError::HostNotFound),
        (plain, &[none, b"\x05\x05\x00"], SocketError::ConnectionRefused),
    ] {
        let mut rt = net.runtime();
        let (socket, journal, listener) = begin_address(net, &mut rt, proxy);
        let mut peer = caller(&mut rt, &listener);
        let mut expects = [3, if proxy as usize == plain as usize { 10 } else { 9 }].into_iter();
        for answer in answers {
            read_exactly(&mut rt, &mut peer, expects.next().unwrap());
            peer.write_all(answer).unwrap();
        }
        assert_eq!(failed(&mut rt, socket, &journal), expected, "{answers:?}");
        assert_eq!(read_to_end(&mut rt, &mut peer), b"", "the connection to the proxy is closed");
        assert!(listener.accept_now().is_none(), "nothing is tried again");
    }
}

/// The replies of a proxy that has connected: from 1.2.3.4, and from an address of IPv6.
const REPLIES: [(&[u8], &str); 2] = [
    (b"\x05\x00\x00\x01\x01\x02\x03\x04\x05\x06", "1.2.3.4"),
    (
        b"\x05\x00\x00\x04\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef\x05\x06",
        "123:4567:89ab:cdef:123:4567:89ab:cdef",
    ),
];

#[on_every_network]
fn the_local_address_is_that_of_a_reply_in_two_pieces(net: &Net) {
    for (reply, address) in REPLIES {
        for cut in 1..reply.len() {
            let mut rt = net.runtime();
            let (socket, _, listener) = begin_address(net, &mut rt, socks5_with_user);
            let mut proxy = caller(&mut rt, &listener);
            read_exactly(&mut rt, &mut proxy, 3);
            // The proxy wants no password, though one was offered.
            proxy.write_all(b"\x05\x00").unwrap();
            hear(&mut rt, &mut proxy, ADDRESS);
            proxy.write_all(&reply[..cut]).unwrap();
            settle(&mut rt);
            proxy.write_all(&reply[cut..]).unwrap();
            wait_until(&mut rt, is(SocketState::Connected, socket));
            assert_eq!(rt[socket].local_address(), Some(address.parse().unwrap()));
            assert_eq!(rt[socket].local_port(), Some(0x0506));
        }
    }
}

#[on_every_network]
fn a_proxy_that_ends_within_an_answer_has_closed_early(net: &Net) {
    let none = b"\x05\x00".as_slice();
    let mut talks = vec![vec![&none[..1]], vec![b"\x05\x02".as_slice(), b"\x01"]];
    for (reply, _) in REPLIES {
        talks.extend((1..reply.len()).map(|cut| vec![none, &reply[..cut]]));
    }
    for answers in talks {
        let mut rt = net.runtime();
        let (socket, journal, listener) = begin_address(net, &mut rt, socks5_with_user);
        let mut proxy = caller(&mut rt, &listener);
        for answer in &answers {
            read_exactly(&mut rt, &mut proxy, 3);
            proxy.write_all(answer).unwrap();
        }
        drop(proxy);
        let error = failed(&mut rt, socket, &journal);
        assert_eq!(error, SocketError::ProxyConnectionClosed, "{answers:?}");
    }
}

mod http {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;
    use slotwire::{ProxyQuery, SocketType};

    fn http(port: u16) -> NetworkProxy {
        NetworkProxy::http("127.0.0.1", port)
    }

    fn http_with_user(port: u16) -> NetworkProxy {
        http(port).with_credentials("foo", "foo")
    }

    /// Reads a request up to its end.
    #[track_caller]
    fn request(rt: &mut Runtime, proxy: &mut Peer) -> String {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.extend(read_exactly(rt, proxy, 1));
        }
        String::from_utf8(request).unwrap()
    }

    /// A proxy that answers each request with the next of these, and then ends. It answers each
    /// connection anew.
    #[track_caller]
    fn error_of(net: &Net, proxy: fn(u16) -> NetworkProxy, answers: &[&str]) -> SocketError {
        let mut rt = net.runtime();
        let (socket, journal, listener) = begin_address(net, &mut rt, proxy);
        let mut peers = Vec::new();
        // None needs more than two connections.
        for _ in 0..2 {
            let mut peer = None;
            wait_until(&mut rt, |world| {
                peer = listener.accept_now();
                peer.is_some() || world[socket].state() == SocketState::Unconnected
            });
            let Some(mut peer) = peer else { break };
            for answer in answers {
                request(&mut rt, &mut peer);
                peer.write_all(answer.as_bytes()).unwrap();
            }
            peer.shutdown(std::net::Shutdown::Write).unwrap();
            peers.push(peer);
        }
        failed(&mut rt, socket, &journal)
    }

    #[on_every_network]
    fn an_answer_of_an_http_proxy_becomes_the_error_that_it_becomes_in_qt(net: &Net) {
        const WANTS: &str = "HTTP/1.0 407 Proxy Authentication Required\r\n";
        let demand = |fields: &str| format!("{WANTS}{fields}\r\n\r\n");
        let basic = "Proxy-Authenticate: Basic, realm=wonderland";
        let plain = http as fn(u16) -> NetworkProxy;
        for (proxy, answers, expected) in [
            (plain, vec!["This is not HTTP\r\n\r\n".to_owned()], SocketError::ProxyProtocol),
            (plain, vec!["This is not HTTP".to_owned()], SocketError::ProxyProtocol),
            (plain, vec![String::new()], SocketError::ProxyConnectionClosed),
            (plain, vec!["HTTP/1.0 403 Forbidden\r\n\r\n".to_owned()], SocketError::SocketAccess),
            (
                plain,
                vec!["HTTP/1.0 405 Method Not Allowed\r\n\r\n".to_owned()],
                SocketError::SocketAccess,
            ),
            // No scheme, and one that no client knows.
            (http_with_user, vec![format!("{WANTS}\r\n")], SocketError::ProxyProtocol),
            (
                http_with_user,
                vec![demand("Proxy-Authenticate: Frobnicator")],
                SocketError::ProxyProtocol,
            ),
            (
                http_with_user,
                vec![demand(&format!("Proxy-Connection: close\r\n{basic}"))],
                SocketError::ProxyAuthenticationRequired,
            ),
            // The same connection goes on, and the password is refused there.
            (
                http_with_user,
                vec![demand(&format!("Proxy-Connection: keep-alive\r\n{basic}")), demand(basic)],
                SocketError::ProxyAuthenticationRequired,
            ),
            // Neither a realm, nor a word about the connection.
            (
                http_with_user,
                vec![demand("Proxy-Authenticate: Basic")],
                SocketError::ProxyAuthenticationRequired,
            ),
            (
                plain,
                vec!["HTTP/1.0 503 Service Unavailable\r\n\r\n".to_owned()],
                SocketError::ConnectionRefused,
            ),
            (plain, vec!["HTTP/1.0 404 Not Found\r\n\r\n".to_owned()], SocketError::HostNotFound),
        ] {
            let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
            assert_eq!(error_of(net, proxy, &answers), expected, "{answers:?}");
        }
    }

    #[on_every_network]
    fn the_end_is_told_though_the_buffer_was_full_when_it_came(net: &Net) {
        let mut rt = net.runtime();
        let (socket, journal, listener) = begin_address(net, &mut rt, http);
        let mut proxy = caller(&mut rt, &listener);
        request(&mut rt, &mut proxy);
        proxy.write_all(b"HTTP/1.0 200 Connection established\r\n\r\n").unwrap();
        wait_until(&mut rt, is(SocketState::Connected, socket));
        rt[socket].set_read_buffer_size(Some(1));
        rt[socket].write_all(b"\0").unwrap();
        hear(&mut rt, &mut proxy, b"\0");
        proxy.write_all(b"0").unwrap();
        drop(proxy);
        wait_until(&mut rt, |_| journal.has("ready_read"));
        settle(&mut rt);
        assert_eq!((rt[socket].state(), rt[socket].bytes_available()), (SocketState::Connected, 1));
        assert_eq!(rt[socket].read_all(), b"0");
        assert_eq!((rt[socket].state(), rt[socket].bytes_available()), (SocketState::Connected, 0));
        wait_until(&mut rt, is(SocketState::Unconnected, socket));
        rt.deliver();
        assert!(journal.has("disconnected"));
        assert_eq!(rt[socket].error(), Some(SocketError::RemoteHostClosed));
    }

    #[on_every_network]
    fn basic_has_the_user_and_the_password_and_the_realm_is_told(net: &Net) {
        for (challenge, realm, user, password, proof) in [
            ("Basic ", "", "foo", "", "Zm9vOg=="),
            ("Basic ", "", "foo", "bar", "Zm9vOmJhcg=="),
            ("Basic realm=\"secure area\"", "secure area", "foo", "bar", "Zm9vOmJhcg=="),
        ] {
            let mut rt = net.runtime();
            let (socket, journal, listener) = begin_address(net, &mut rt, http);
            rt.connect_fn(socket, QTcpSocket::proxy_authentication_required, move |_, asked| {
                assert_eq!(asked.authenticator.realm(), realm);
                assert_eq!(asked.authenticator.option("realm").as_deref(), Some(realm));
                asked.authenticator.set_user(user);
                asked.authenticator.set_password(password);
            });
            let mut proxy = caller(&mut rt, &listener);
            request(&mut rt, &mut proxy);
            let demand = format!("HTTP/1.1 407 No\r\nProxy-Authenticate: {challenge}\r\n\r\n");
            proxy.write_all(demand.as_bytes()).unwrap();
            let again = request(&mut rt, &mut proxy);
            assert!(again.contains(&format!("Authorization: Basic {proof}\r\n")), "{again}");
            proxy.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            wait_until(&mut rt, is(SocketState::Connected, socket));
            rt.deliver();
            assert_eq!(journal.count("asked"), 1);
        }
    }

    /// Each is taken for the other: what it says is wrong, or it ends.
    #[on_every_network]
    fn a_proxy_of_the_other_kind_is_an_error(net: &Net) {
        for (proxy, answer, expected) in [
            (http as fn(u16) -> NetworkProxy, &b""[..], SocketError::ProxyConnectionClosed),
            (http, b"\x05\xff", SocketError::ProxyProtocol),
            (socks5, b"", SocketError::ProxyConnectionClosed),
            (socks5, b"HTTP/1.0 400 Bad Request\r\n\r\n", SocketError::ProxyProtocol),
        ] {
            let mut rt = net.runtime();
            let (socket, journal, listener) = begin_address(net, &mut rt, proxy);
            let mut peer = caller(&mut rt, &listener);
            read_exactly(&mut rt, &mut peer, 3);
            peer.write_all(answer).unwrap();
            peer.shutdown(std::net::Shutdown::Write).unwrap();
            assert_eq!(failed(&mut rt, socket, &journal), expected);
        }
    }

    /// The first proxy of the list that carries what the socket sends.
    #[on_every_network]
    fn a_factory_is_asked_once_and_the_first_proxy_that_fits_is_used(net: &Net) {
        let mut rt = net.runtime();
        let (listener, port) = net.listener();
        let queries = Rc::new(RefCell::new(Vec::<ProxyQuery>::new()));
        let asked = queries.clone();
        rt.set_application_proxy_factory(move |query: &ProxyQuery| {
            asked.borrow_mut().push(query.clone());
            vec![http(1), socks5(port)]
        });
        let tcp = rt.add(QTcpSocket::new());
        rt[tcp].connect_to_host("example.invalid", 80);
        assert_eq!(rt[tcp].chosen_proxy(), Some(&http(1)));
        let udp = rt.add(QUdpSocket::new());
        rt[udp].connect_to_host("example.invalid", 53);
        assert_eq!(rt[udp].chosen_proxy(), Some(&socks5(port)));
        caller(&mut rt, &listener);
        let queries = queries.take();
        let told: Vec<_> = queries
            .iter()
            .map(|query| (query.socket_type, query.peer_host_name.as_str(), query.peer_port))
            .collect();
        let expected =
            [(SocketType::Tcp, "example.invalid", 80), (SocketType::Udp, "example.invalid", 53)];
        assert_eq!(told, expected);
        assert!(queries.iter().all(|query| query.protocol_tag.is_empty()));
    }

    #[on_every_network]
    fn a_variable_says_the_kind_the_host_and_the_port(net: &Net) {
        for (url, kind, host, port) in [
            ("socks5://127.0.0.1:4242", ProxyType::Socks5, "127.0.0.1", 4242),
            ("http://example.com:666", ProxyType::Http, "example.com", 666),
        ] {
            let mut rt = net.runtime();
            let proxies = EnvironmentProxies::from_variables([("all_proxy", url)]).unwrap();
            rt.set_application_proxy_factory(proxies);
            let socket = rt.add(QTcpSocket::new());
            rt[socket].connect_to_host("example.invalid", 80);
            let chosen = rt[socket].chosen_proxy().unwrap();
            assert_eq!((chosen.proxy_type(), chosen.host_name()), (kind, host));
            assert_eq!((chosen.port(), chosen.user(), chosen.password()), (port, "", ""));
        }
    }
}

#[on_every_network]
fn without_a_value_the_environment_names_no_proxy(net: &Net) {
    let mut rt = net.runtime();
    let proxies = EnvironmentProxies::from_variables([("all_proxy", "")]).unwrap();
    rt.set_application_proxy_factory(proxies);
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host("example.invalid", 80);
    assert_eq!(rt[socket].chosen_proxy(), None);
}

/// Only the runtime is of one thread.
#[test]
fn the_environment_is_the_same_in_another_thread() {
    let told = || format!("{:?}", EnvironmentProxies::from_env().map_err(|it| it.to_string()));
    assert_eq!(std::thread::spawn(told).join().unwrap(), told());
}

#[on_every_network]
fn this_host_is_reached_without_the_proxy_of_the_application(net: &Net) {
    for has_proxy in [true, false] {
        let mut rt = net.runtime();
        rt.set_application_proxy(socks5(1));
        if !has_proxy {
            rt.set_application_proxy(NetworkProxy::none());
        }
        let socket = rt.add(QTcpSocket::new());
        for (host, is_here) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("127.9.8.7", true),
            ("::1", true),
            ("[::1]", true),
            ("another.host.invalid", false),
            ("10.1.2.3", false),
        ] {
            rt[socket].connect_to_host(host, 80);
            let expected = has_proxy && !is_here;
            assert_eq!(rt[socket].chosen_proxy().is_some(), expected, "{host}");
            rt[socket].abort();
            rt.deliver();
        }
    }
}

#[test]
fn a_proxy_has_any_port_and_its_kind() {
    for port in [0, 1, 0xffff] {
        let proxy = NetworkProxy::socks5("h", port);
        assert_eq!((proxy.port(), proxy.proxy_type()), (port, ProxyType::Socks5));
    }
    assert_eq!(NetworkProxy::default().proxy_type(), ProxyType::Default);
    assert_eq!(NetworkProxy::none().proxy_type(), ProxyType::NoProxy);
}

#[on_every_network]
fn a_socket_that_has_failed_by_a_proxy_connects_without_it(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin_address(net, &mut rt, socks5);
    drop(caller(&mut rt, &listener));
    assert_eq!(failed(&mut rt, socket, &journal), SocketError::ProxyConnectionClosed);
    let (peer, port) = net.listener();
    rt[socket].set_proxy(NetworkProxy::none());
    rt[socket].connect_to_host("127.0.0.1", port);
    let mut peer = caller(&mut rt, &peer);
    wait_until(&mut rt, is(SocketState::Connected, socket));
    assert_eq!(rt[socket].error(), None);
    rt[socket].write_all(b"hi").unwrap();
    hear(&mut rt, &mut peer, b"hi");
}
