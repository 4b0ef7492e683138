//! What an HTTP proxy may say before, with and after its demand for credentials, and with a refusal.

use super::http::{ANN, BASIC, begin_http, proved, request, say};
use super::*;

/// What a proxy says that lets the client through.
const FINE: &str = "HTTP/1.1 200 OK\r\n\r\n";

/// A demand by Digest with this nonce.
fn digest(nonce: u32, more: &str) -> String {
    format!(
        "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=\"zone\", nonce=\"n{nonce}\", \
         qop=\"auth\"{more}\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Runs the loop until the attempt has failed for want of credentials, which is told once.
#[track_caller]
fn is_refused(rt: &mut Runtime, socket: Obj<QTcpSocket>, journal: &Journal, questions: usize) {
    wait_until(rt, is(SocketState::Unconnected, socket));
    settle(rt);
    assert_eq!(journal.count("asked"), questions);
    let told = journal.take();
    let errors: Vec<_> = told.iter().filter(|it| it.ends_with("while Unconnected")).collect();
    assert_eq!(errors, ["ProxyAuthenticationRequired while Unconnected"]);
}

/// Lets the same socket through, on another connection.
#[track_caller]
fn connects_again(rt: &mut Runtime, socket: Obj<QTcpSocket>, listener: &Listener) {
    assert!(listener.accept_now().is_none(), "the proxy is not called once more");
    rt[socket].connect_to_host("example.invalid", 80);
    let mut proxy = caller(rt, listener);
    request(rt, &mut proxy);
    say(&mut proxy, FINE);
    wait_until(rt, is(SocketState::Connected, socket));
    assert_eq!(rt[socket].error(), None);
}

/// Without `stale`, it is the password that is refused (RFC 7616, 3.3).
#[on_every_network]
fn a_new_nonce_that_replaces_none_refuses_the_password(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) =
        begin_http(net, &mut rt, "example.invalid", |proxy| proxy.with_credentials("ann", "pw"));
    let mut proxy = caller(&mut rt, &listener);
    proved(&mut rt, &mut proxy, None);
    for nonce in 1..3 {
        say(&mut proxy, digest(nonce, ""));
        if nonce == 1 {
            let request = request(&mut rt, &mut proxy);
            assert!(request.contains("nonce=\"n1\""), "{request}");
            assert!(request.contains("nc=00000001"), "{request}");
        }
    }
    is_refused(&mut rt, socket, &journal, 1);
    assert_eq!(read_to_end(&mut rt, &mut proxy), b"");
    connects_again(&mut rt, socket, &listener);
}

/// A slot gives other credentials each time, and each is proved with the nonce that came last.
#[on_every_network]
fn the_nonce_that_came_last_is_the_one_that_counts(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin_http(net, &mut rt, "example.invalid", |proxy| proxy);
    let mut users = 0;
    rt.connect_fn(socket, QTcpSocket::proxy_authentication_required, move |_, asked| {
        users += 1;
        asked.authenticator.set_user(format!("user{users}"));
    });
    let mut proxy = caller(&mut rt, &listener);
    proved(&mut rt, &mut proxy, None);
    for nonce in 1..5 {
        say(&mut proxy, digest(nonce, ""));
        let request = request(&mut rt, &mut proxy);
        assert!(request.contains(&format!("username=\"user{nonce}\"")), "{request}");
        assert!(request.contains(&format!("nonce=\"n{nonce}\"")), "{request}");
    }
    say(&mut proxy, FINE);
    wait_until(&mut rt, is(SocketState::Connected, socket));
    assert_eq!(journal.count("asked"), 4);
}

#[on_every_network]
fn a_proxy_whose_nonces_are_always_too_old_is_given_up(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) =
        begin_http(net, &mut rt, "example.invalid", |proxy| proxy.with_credentials("ann", "pw"));
    let mut proxy = caller(&mut rt, &listener);
    // One request without a proof, one with it, and three for the sake of the nonce.
    for nonce in 0..5 {
        request(&mut rt, &mut proxy);
        say(&mut proxy, digest(nonce, if nonce == 0 { "" } else { ", stale=true" }));
    }
    is_refused(&mut rt, socket, &journal, 1);
    assert_eq!(read_to_end(&mut rt, &mut proxy), b"");
    connects_again(&mut rt, socket, &listener);
}

#[on_every_network]
fn of_several_challenges_the_strongest_that_is_known_is_met(net: &Net) {
    let (basic, sha256) = ("Basic realm=\"zone\"", "algorithm=SHA-256, nonce=\"s\"");
    let md5 = "Digest realm=\"zone\", nonce=\"m\"";
    let fields = |values: &[&str]| {
        let fields = values.iter().map(|value| format!("Proxy-Authenticate: {value}\r\n"));
        format!("HTTP/1.1 407 No\r\n{}Content-Length: 0\r\n\r\n", fields.collect::<String>())
    };
    for (values, expected) in [
        (vec!["Frobnicator a=b, Basic realm=\"zone\""], ANN),
        (vec!["NTLM", basic, "Negotiate"], ANN),
        (vec![basic, md5], "Digest username=\"ann\", realm=\"zone\", nonce=\"m\""),
        (
            vec![&format!("{basic}, {md5}, Digest realm=\"zone\", {sha256}")],
            "Digest username=\"ann\", realm=\"zone\", nonce=\"s\"",
        ),
    ] {
        let mut rt = net.runtime();
        let (socket, _, listener) = begin_http(net, &mut rt, "example.invalid", |proxy| {
            proxy.with_credentials("ann", "pw")
        });
        let mut proxy = caller(&mut rt, &listener);
        proved(&mut rt, &mut proxy, None);
        say(&mut proxy, fields(&values));
        let request = request(&mut rt, &mut proxy);
        assert!(request.contains(&format!("Proxy-Authorization: {expected}")), "{request}");
        say(&mut proxy, FINE);
        wait_until(&mut rt, is(SocketState::Connected, socket));
    }
}

#[on_every_network]
fn interim_answers_may_come_before_each_answer(net: &Net) {
    const INTERIM: &str = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n";
    let mut rt = net.runtime();
    let (socket, _, listener) =
        begin_http(net, &mut rt, "example.invalid", |proxy| proxy.with_credentials("ann", "pw"));
    let mut proxy = caller(&mut rt, &listener);
    proved(&mut rt, &mut proxy, None);
    say(&mut proxy, format!("{INTERIM}{BASIC}Content-Length: 4\r\n\r\nbody"));
    proved(&mut rt, &mut proxy, Some(ANN));
    say(&mut proxy, format!("{INTERIM}{FINE}more"));
    wait_until(&mut rt, |world| world[socket].bytes_available() == 4);
    assert_eq!(rt[socket].read_all(), b"more");
    assert_eq!(rt[socket].state(), SocketState::Connected);
}

/// The head says all: nobody waits for the body, however long it is.
#[on_every_network]
fn a_refusal_counts_without_its_body(net: &Net) {
    for body in [
        "Content-Length: 9\r\n\r\nforbidden",
        "Content-Length: 9\r\n\r\nforb",
        "Content-Length: 99999999999\r\n\r\nforbidden",
        "Transfer-Encoding: chunked\r\n\r\n9\r\nforbidden\r\n0\r\n\r\n",
        "Transfer-Encoding: gzip, chunked\r\n\r\n\x1f\x08",
        "Connection: close\r\n\r\n<html>forbidden",
        "\r\n",
    ] {
        let mut rt = net.runtime();
        let (socket, journal, listener) =
            begin_http(net, &mut rt, "example.invalid", |proxy| proxy);
        let mut proxy = caller(&mut rt, &listener);
        proved(&mut rt, &mut proxy, None);
        say(&mut proxy, format!("HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 403 Forbidden\r\n{body}"));
        wait_until(&mut rt, is(SocketState::Unconnected, socket));
        settle(&mut rt);
        let error = ["SocketAccess while Unconnected"];
        assert_eq!(journal.take(), [&FAILED[..], &error].concat(), "{body}");
        assert_eq!(rt[socket].bytes_available(), 0, "no body is taken for the peer's words");
        drop(proxy);
        connects_again(&mut rt, socket, &listener);
    }
}

/// It keeps no connection that it has promised to keep.
#[on_every_network]
fn a_proxy_that_closes_after_each_demand_is_given_up(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) =
        begin_http(net, &mut rt, "example.invalid", |proxy| proxy.with_credentials("ann", "pw"));
    for proof in [None, Some(ANN)] {
        let mut proxy = caller(&mut rt, &listener);
        proved(&mut rt, &mut proxy, proof);
        say(&mut proxy, format!("{BASIC}Content-Length: 0\r\n\r\n"));
        drop(proxy);
    }
    is_refused(&mut rt, socket, &journal, 1);
    connects_again(&mut rt, socket, &listener);
}
