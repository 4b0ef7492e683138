//! Proxies that want a user and a password.

use super::*;
use slotwire::{Authenticator, ProxyType};

/// Gives these credentials to every question.
fn answer_with(
    rt: &mut Runtime,
    socket: Obj<QTcpSocket>,
    user: &'static str,
    password: &'static str,
) {
    rt.connect_fn(socket, QTcpSocket::proxy_authentication_required, move |world, asked| {
        assert_eq!(world[socket].state(), SocketState::Connecting);
        assert_eq!(asked.proxy.proxy_type(), ProxyType::Socks5);
        let authenticator: &Authenticator = &asked.authenticator;
        assert_eq!((authenticator.user(), authenticator.realm()), Default::default());
        assert_eq!(authenticator.options(), []);
        authenticator.set_user(user);
        authenticator.set_password(password);
    });
}

/// Wants the password of `ann`.
#[track_caller]
fn ask(rt: &mut Runtime, proxy: &mut Peer, expected: &[u8], accepts: bool) {
    hear(rt, proxy, b"\x05\x01\x02");
    proxy.write_all(b"\x05\x02").unwrap();
    hear(rt, proxy, expected);
    proxy.write_all(if accepts { b"\x01\x00" } else { b"\x01\x01" }).unwrap();
}

#[on_every_network]
fn a_slot_gives_the_credentials_and_the_socket_comes_back_with_them(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
    answer_with(&mut rt, socket, "ann", "pw");
    let mut proxy = caller(&mut rt, &listener);
    hear(&mut rt, &mut proxy, GREETING);
    proxy.write_all(b"\x05\xff").unwrap();
    let mut again = caller(&mut rt, &listener);
    assert_eq!(read_to_end(&mut rt, &mut proxy), b"", "the first connection is closed");
    ask(&mut rt, &mut again, b"\x01\x03ann\x02pw", true);
    hear(&mut rt, &mut again, REQUEST);
    again.write_all(SUCCESS).unwrap();
    wait_until(&mut rt, is(SocketState::Connected, socket));
    rt.deliver();
    assert_eq!(journal.take(), [&CONNECTED[..2], &["asked"], &CONNECTED[2..]].concat());
}

#[on_every_network]
fn a_refused_password_is_asked_for_again_and_given_up_when_it_stays_the_same(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) =
        begin(net, &mut rt, "example.invalid", |proxy| proxy.with_credentials("joe", "wrong"));
    answer_with(&mut rt, socket, "ann", "pw");
    let mut proxy = caller(&mut rt, &listener);
    ask(&mut rt, &mut proxy, b"\x01\x03joe\x05wrong", false);
    let mut again = caller(&mut rt, &listener);
    ask(&mut rt, &mut again, b"\x01\x03ann\x02pw", false);
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    rt.deliver();
    let failed = ["asked", "asked", "Unconnected", "ProxyAuthenticationRequired while Unconnected"];
    assert_eq!(journal.take(), [&FAILED[..2], &failed].concat());
    settle(&mut rt);
    assert!(listener.accept_now().is_none(), "it tries no third time");
}

#[on_every_network]
fn without_an_answer_the_attempt_fails(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
    let mut proxy = caller(&mut rt, &listener);
    hear(&mut rt, &mut proxy, GREETING);
    proxy.write_all(b"\x05\xff").unwrap();
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    rt.deliver();
    let failed = ["asked", "Unconnected", "ProxyAuthenticationRequired while Unconnected"];
    assert_eq!(journal.take(), [&FAILED[..2], &failed].concat());
}

#[on_every_network]
fn what_socks_cannot_carry_is_refused_before_a_byte_is_said(net: &Net) {
    let long = "x".repeat(256);
    for (user, password) in [(long.as_str(), "pw"), ("ann", &long)] {
        let mut rt = net.runtime();
        let (socket, _, listener) =
            begin(net, &mut rt, "example.invalid", |proxy| proxy.with_credentials(user, password));
        let mut proxy = caller(&mut rt, &listener);
        assert_eq!(read_to_end(&mut rt, &mut proxy), b"");
        assert_eq!(rt[socket].error(), Some(SocketError::ProxyAuthenticationRequired));
        assert!(rt[socket].error_string().contains("256 bytes"), "{}", rt[socket].error_string());
    }
}

#[on_every_network]
fn an_abort_while_a_proxy_asks_ends_the_attempt(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
    rt.connect_fn(socket, QTcpSocket::proxy_authentication_required, move |world, asked| {
        asked.authenticator.set_user("ann");
        world[socket].abort();
    });
    let mut proxy = caller(&mut rt, &listener);
    hear(&mut rt, &mut proxy, GREETING);
    proxy.write_all(b"\x05\xff").unwrap();
    wait_until(&mut rt, |_| journal.has("about_to_close"));
    assert_eq!(read_to_end(&mut rt, &mut proxy), b"");
    settle(&mut rt);
    assert!(listener.accept_now().is_none());
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
}
