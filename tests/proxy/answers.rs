//! What a proxy may answer, and in which pieces.

use super::*;

#[on_every_network]
fn answers_may_come_in_any_pieces_and_what_follows_is_the_peers(net: &Net) {
    let name = b"\x05\x00\x00\x03\x04gate\x1f\x90".as_slice();
    let v6 = [b"\x05\x00\x00\x04".as_slice(), &[0x20; 16], b"\x1f\x90"].concat();
    for reply in [SUCCESS, name, &v6] {
        for cut in 0..reply.len() + 3 {
            let mut rt = net.runtime();
            let (socket, _, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
            let mut proxy = caller(&mut rt, &listener);
            hear(&mut rt, &mut proxy, GREETING);
            proxy.write_all(b"\x05").unwrap();
            settle(&mut rt);
            proxy.write_all(b"\x00").unwrap();
            hear(&mut rt, &mut proxy, REQUEST);
            let all = [reply, b"more"].concat();
            proxy.write_all(&all[..cut]).unwrap();
            settle(&mut rt);
            proxy.write_all(&all[cut..]).unwrap();
            wait_until(&mut rt, |world| world[socket].bytes_available() == 4);
            assert_eq!(rt[socket].read_all(), b"more");
            assert_eq!(rt[socket].state(), SocketState::Connected);
        }
    }
}

#[on_every_network]
fn a_proxy_that_replies_by_a_name_tells_no_address(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
    let mut proxy = caller(&mut rt, &listener);
    reply_with(&mut rt, &mut proxy, REQUEST, b"\x05\x00\x00\x03\x04gate\x1f\x90");
    wait_until(&mut rt, is(SocketState::Connected, socket));
    assert_eq!((rt[socket].local_address(), rt[socket].local_port()), (None, Some(8080)));
}

#[on_every_network]
fn a_proxy_that_tells_no_address_leaves_that_of_the_connection_to_it(net: &Net) {
    let mapped = b"\x05\x00\x00\x04\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0\0\0\0";
    for reply in [b"\x05\x00\x00\x01\0\0\0\0\0\0".as_slice(), mapped] {
        let mut rt = net.runtime();
        let (socket, _, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
        let mut proxy = caller(&mut rt, &listener);
        reply_with(&mut rt, &mut proxy, REQUEST, reply);
        wait_until(&mut rt, is(SocketState::Connected, socket));
        assert_eq!(rt[socket].local_address(), Some(std::net::Ipv4Addr::LOCALHOST.into()));
        assert_ne!(rt[socket].local_port(), Some(0));
    }
}

/// Answers the request with this, and returns the error and its text.
fn refused(net: &Net, host: &str, request: usize, answer: &[u8]) -> (SocketError, String) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin(net, &mut rt, host, |proxy| proxy);
    let mut proxy = caller(&mut rt, &listener);
    hear(&mut rt, &mut proxy, GREETING);
    proxy.write_all(b"\x05\x00").unwrap();
    read_exactly(&mut rt, &mut proxy, request);
    proxy.write_all(answer).unwrap();
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    settle(&mut rt);
    let error = rt[socket].error().unwrap();
    let journal = journal.take();
    assert_eq!(journal.last().unwrap(), &format!("{error:?} while Unconnected"));
    (error, rt[socket].error_string())
}

#[on_every_network]
fn a_refusal_of_the_proxy_is_the_error_of_the_peer(net: &Net) {
    let by_name = |code| refused(net, "example.invalid", 22, &[5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
    let by_address = |code| refused(net, "10.1.2.3", 10, &[5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
    for (code, named, addressed) in [
        (1, SocketError::HostNotFound, SocketError::Network),
        (2, SocketError::HostNotFound, SocketError::SocketAccess),
        (3, SocketError::Network, SocketError::Network),
        (4, SocketError::HostNotFound, SocketError::HostNotFound),
        (5, SocketError::ConnectionRefused, SocketError::ConnectionRefused),
        (6, SocketError::Network, SocketError::Network),
        (7, SocketError::UnsupportedSocketOperation, SocketError::UnsupportedSocketOperation),
        (8, SocketError::UnsupportedSocketOperation, SocketError::UnsupportedSocketOperation),
        (9, SocketError::Unknown, SocketError::Unknown),
    ] {
        let (error, text) = by_name(code);
        assert_eq!(error, named, "{code}");
        assert!(text.ends_with(&format!("(SOCKS5 reply {code})")), "{text}");
        assert_eq!(by_address(code).0, addressed, "{code}");
    }
}

#[on_every_network]
fn an_answer_that_is_not_socks_is_an_error_of_the_protocol(net: &Net) {
    for answer in [
        b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(),
        b"\x05\x00\x01\x01\x0a\x09\x08\x07\x00\x50",
        b"\x05\x00\x00\x02\x0a\x09\x08\x07\x00\x50",
        b"\x04\x5a\x00\x00\x00\x00\x00\x00",
    ] {
        assert_eq!(refused(net, "example.invalid", 22, answer).0, SocketError::ProxyProtocol);
    }
}

#[on_every_network]
fn a_method_that_was_not_offered_is_refused(net: &Net) {
    for (method, expected) in [
        (1, SocketError::SocketAccess),
        (2, SocketError::SocketAccess),
        (0x80, SocketError::SocketAccess),
    ] {
        let mut rt = net.runtime();
        let (socket, _, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
        let mut proxy = caller(&mut rt, &listener);
        hear(&mut rt, &mut proxy, GREETING);
        proxy.write_all(&[5, method]).unwrap();
        wait_until(&mut rt, is(SocketState::Unconnected, socket));
        assert_eq!(rt[socket].error(), Some(expected));
    }
}

/// RFC 1928 lets a proxy choose only what was offered; some let everybody through and say so.
#[on_every_network]
fn a_proxy_that_wants_no_password_gets_none(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) =
        begin(net, &mut rt, "example.invalid", |proxy| proxy.with_credentials("joe", "secret"));
    let mut proxy = caller(&mut rt, &listener);
    hear(&mut rt, &mut proxy, b"\x05\x01\x02");
    proxy.write_all(b"\x05\x00").unwrap();
    hear(&mut rt, &mut proxy, REQUEST);
    proxy.write_all(SUCCESS).unwrap();
    wait_until(&mut rt, is(SocketState::Connected, socket));
}
