//! Connections through HTTP proxies that follow a script, on every network.

use super::*;
use slotwire::ProxyType;

/// What a proxy says that wants credentials by Basic, before the fields of the body.
pub(super) const BASIC: &str = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"zone\"\r\n";

/// The proof of the user `ann` with the password `pw`, and of `joe` with `secret`.
pub(super) const ANN: &str = "Basic YW5uOnB3";
const JOE: &str = "Basic am9lOnNlY3JldA==";

/// A socket that begins to connect to a host through the HTTP proxy that listens here.
pub(super) fn begin_http(
    net: &Net,
    rt: &mut Runtime,
    host: &str,
    finish: impl FnOnce(NetworkProxy) -> NetworkProxy,
) -> (Obj<QTcpSocket>, Journal, Listener) {
    begin(net, rt, host, |proxy| {
        finish(NetworkProxy::http(proxy.host_name().to_owned(), proxy.port()))
    })
}

/// Runs the loop until a request has come to the proxy.
#[track_caller]
pub(super) fn request(rt: &mut Runtime, proxy: &mut Peer) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.extend(read_exactly(rt, proxy, 1));
    }
    String::from_utf8(request).unwrap()
}

/// Runs the loop until a request has come to the proxy, which has this proof.
#[track_caller]
pub(super) fn proved(rt: &mut Runtime, proxy: &mut Peer, proof: Option<&str>) {
    let request = request(rt, proxy);
    let field = request.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: "));
    assert_eq!(field, proof, "{request}");
}

/// Gives these credentials to each question, one after the other.
fn answer_with(
    rt: &mut Runtime,
    socket: Obj<QTcpSocket>,
    answers: &'static [(&'static str, &'static str)],
) {
    let mut answers = answers.iter();
    rt.connect_fn(socket, QTcpSocket::proxy_authentication_required, move |world, asked| {
        assert_eq!(world[socket].state(), SocketState::Connecting);
        assert_eq!(asked.proxy.proxy_type(), ProxyType::Http);
        assert_eq!(asked.authenticator.realm(), "zone");
        assert!(asked.authenticator.option("scheme").is_some());
        let &(user, password) = answers.next().unwrap();
        asked.authenticator.set_user(user);
        asked.authenticator.set_password(password);
    });
}

pub(super) fn say(proxy: &mut Peer, text: impl AsRef<[u8]>) {
    proxy.write_all(text.as_ref()).unwrap();
}

#[on_every_network]
fn a_socket_connects_through_an_http_proxy(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin_http(net, &mut rt, "example.invalid", |proxy| proxy);
    rt[socket].write_all(b"early").unwrap();
    let mut proxy = caller(&mut rt, &listener);
    let agent = concat!("slotwire/", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        request(&mut rt, &mut proxy),
        format!(
            "CONNECT example.invalid:80 HTTP/1.1\r\nHost: example.invalid\r\n\
             Proxy-Connection: keep-alive\r\nUser-Agent: {agent}\r\n\r\n"
        )
    );
    say(&mut proxy, "HTTP/1.1 200 Connection established\r\nVia: 1.1 gate\r\n\r\n");
    hear(&mut rt, &mut proxy, b"early");
    wait_until(&mut rt, is(SocketState::Connected, socket));
    settle(&mut rt);
    let written = ["bytes_written 5"];
    assert_eq!(journal.take(), [&CONNECTED[..], &written].concat());
    assert_eq!(rt[socket].peer_name(), "example.invalid");
    assert_eq!((rt[socket].peer_address(), rt[socket].peer_port()), (None, Some(80)));
    assert_eq!(rt[socket].local_address(), Some(any_port().ip()));
    say(&mut proxy, "answer");
    wait_until(&mut rt, |world| world[socket].bytes_available() == 6);
    assert_eq!(rt[socket].read_all(), b"answer");
}

#[on_every_network]
fn an_address_is_named_in_brackets_if_it_needs_them(net: &Net) {
    for (host, line) in [("10.1.2.3", "10.1.2.3:80"), ("2001:db8::1", "[2001:db8::1]:80")] {
        let mut rt = net.runtime();
        let (socket, _, listener) = begin_http(net, &mut rt, host, |proxy| proxy);
        let mut proxy = caller(&mut rt, &listener);
        let request = request(&mut rt, &mut proxy);
        assert!(request.starts_with(&format!("CONNECT {line} HTTP/1.1\r\n")), "{request}");
        say(&mut proxy, "HTTP/1.1 200 OK\r\n\r\n");
        wait_until(&mut rt, is(SocketState::Connected, socket));
        assert_eq!(rt[socket].peer_address(), Some(host.parse().unwrap()));
    }
}

#[on_every_network]
fn every_success_counts_and_what_follows_is_the_peers(net: &Net) {
    for answer in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.0 200\r\n\r\n",
        "HTTP/1.1 299 Fine\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ] {
        let mut rt = net.runtime();
        let (socket, _, listener) = begin_http(net, &mut rt, "example.invalid", |proxy| proxy);
        let mut proxy = caller(&mut rt, &listener);
        proved(&mut rt, &mut proxy, None);
        say(&mut proxy, format!("{answer}more"));
        wait_until(&mut rt, |world| world[socket].bytes_available() == 4);
        assert_eq!(rt[socket].read_all(), b"more");
        assert_eq!(rt[socket].state(), SocketState::Connected);
    }
}

#[on_every_network]
fn an_answer_of_http_may_come_in_any_pieces(net: &Net) {
    let answer = "HTTP/1.1 200 OK\r\nA: b\r\n\r\nmore";
    for cut in 0..answer.len() {
        let mut rt = net.runtime();
        let (socket, _, listener) = begin_http(net, &mut rt, "example.invalid", |proxy| proxy);
        let mut proxy = caller(&mut rt, &listener);
        proved(&mut rt, &mut proxy, None);
        say(&mut proxy, &answer[..cut]);
        settle(&mut rt);
        say(&mut proxy, &answer[cut..]);
        wait_until(&mut rt, |world| world[socket].bytes_available() == 4);
        assert_eq!(rt[socket].read_all(), b"more");
    }
}

/// Answers the request with this, then ends, and returns the error and its text.
fn refused(net: &Net, answer: &[u8]) -> (SocketError, String) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin_http(net, &mut rt, "example.invalid", |proxy| proxy);
    let mut proxy = caller(&mut rt, &listener);
    proved(&mut rt, &mut proxy, None);
    say(&mut proxy, answer);
    drop(proxy);
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    settle(&mut rt);
    let error = rt[socket].error().unwrap();
    assert_eq!(journal.take(), [&FAILED[..], &[&format!("{error:?} while Unconnected")]].concat());
    assert!(listener.accept_now().is_none());
    (error, rt[socket].error_string())
}

#[on_every_network]
fn a_refusal_by_http_is_the_error_of_the_peer(net: &Net) {
    for (status, expected) in [
        ("403 Forbidden", SocketError::SocketAccess),
        ("405 Method Not Allowed", SocketError::SocketAccess),
        ("404 Not Found", SocketError::HostNotFound),
        ("503 Service Unavailable", SocketError::ConnectionRefused),
        ("302 Found", SocketError::ProxyProtocol),
        ("400 Bad Request", SocketError::ProxyProtocol),
        ("500 Oops", SocketError::ProxyProtocol),
        ("502 Bad Gateway", SocketError::ProxyProtocol),
        ("504 Gateway Timeout", SocketError::ProxyProtocol),
    ] {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 4\r\n\r\nbody");
        let (error, text) = refused(net, answer.as_bytes());
        assert_eq!(error, expected, "{status}");
        let is_peer_unreached = status.starts_with("502") || status.starts_with("504");
        let what =
            if is_peer_unreached { "did not reach the peer" } else { "refused the connection" };
        assert_eq!(text, format!("the proxy {what} (HTTP {status})"));
    }
}

#[on_every_network]
fn an_answer_that_is_not_http_is_an_error_of_the_protocol(net: &Net) {
    let many = "A: b\r\n".repeat(200);
    for answer in [
        "what is this\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno field\r\n\r\n",
        &format!("HTTP/1.1 200 OK\r\n{many}\r\n"),
        "\x05\x00",
    ] {
        assert_eq!(refused(net, answer.as_bytes()).0, SocketError::ProxyProtocol, "{answer}");
    }
}

#[on_every_network]
fn a_head_without_an_end_is_given_up(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = begin_http(net, &mut rt, "example.invalid", |proxy| proxy);
    let mut proxy = caller(&mut rt, &listener);
    proved(&mut rt, &mut proxy, None);
    let endless = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(64 * 1024));
    let says = proxy.go([Deed::Write(endless.into_bytes())]);
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    assert_eq!(rt[socket].error(), Some(SocketError::ProxyProtocol));
    assert!(rt[socket].error_string().contains("64 KiB"), "{}", rt[socket].error_string());
    says.end_or_fail(&mut rt);
}

#[on_every_network]
fn an_http_proxy_that_closes_early_is_an_error_of_its_own(net: &Net) {
    for said in ["", "HTTP/1.1 20", "HTTP/1.1 100 Continue\r\n\r\n"] {
        assert_eq!(refused(net, said.as_bytes()).0, SocketError::ProxyConnectionClosed, "{said}");
    }
}

#[on_every_network]
fn credentials_of_the_proxy_are_given_when_it_asks(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin_http(net, &mut rt, "example.invalid", |proxy| {
        proxy.with_credentials("joe", "secret")
    });
    let mut proxy = caller(&mut rt, &listener);
    proved(&mut rt, &mut proxy, None);
    say(&mut proxy, format!("{BASIC}Content-Length: 4\r\n\r\nbody"));
    proved(&mut rt, &mut proxy, Some(JOE));
    say(&mut proxy, "HTTP/1.1 200 OK\r\n\r\n");
    wait_until(&mut rt, is(SocketState::Connected, socket));
    rt.deliver();
    assert_eq!(journal.take(), CONNECTED);
}

#[on_every_network]
fn the_same_connection_goes_on_after_a_body_that_has_an_end(net: &Net) {
    for body in [
        "Content-Length: 4\r\n\r\nbody",
        "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n3;x\r\n...\r\n0\r\nT: t\r\n\r\n",
        "Content-Length: 0\r\n\r\n",
        "\r\n",
    ] {
        let mut rt = net.runtime();
        let (socket, journal, listener) =
            begin_http(net, &mut rt, "example.invalid", |proxy| proxy);
        answer_with(&mut rt, socket, &[("ann", "pw")]);
        let mut proxy = caller(&mut rt, &listener);
        proved(&mut rt, &mut proxy, None);
        say(&mut proxy, format!("{BASIC}{body}"));
        proved(&mut rt, &mut proxy, Some(ANN));
        say(&mut proxy, "HTTP/1.1 200 OK\r\n\r\n");
        wait_until(&mut rt, is(SocketState::Connected, socket));
        rt.deliver();
        assert_eq!(journal.take(), [&CONNECTED[..2], &["asked"], &CONNECTED[2..]].concat());
        assert!(listener.accept_now().is_none(), "{body}");
    }
}

#[on_every_network]
fn another_connection_is_made_if_the_proxy_does_not_keep_the_first(net: &Net) {
    for (fields, version) in [
        ("Connection: close\r\n\r\n<html>", 1),
        ("Proxy-Connection: close\r\nContent-Length: 0\r\n\r\n", 1),
        ("Content-Length: 0\r\n\r\n", 0),
        ("Content-Length: 1000000\r\n\r\n<html>", 1),
        ("Transfer-Encoding: chunked\r\n\r\nno length\r\n", 1),
    ] {
        let mut rt = net.runtime();
        let (socket, journal, listener) =
            begin_http(net, &mut rt, "example.invalid", |proxy| proxy);
        answer_with(&mut rt, socket, &[("ann", "pw")]);
        let mut first = caller(&mut rt, &listener);
        proved(&mut rt, &mut first, None);
        say(&mut first, format!("{BASIC}{fields}").replace("1.1", &format!("1.{version}")));
        let mut second = caller(&mut rt, &listener);
        assert_eq!(read_to_end(&mut rt, &mut first), b"", "{fields}");
        proved(&mut rt, &mut second, Some(ANN));
        say(&mut second, "HTTP/1.1 200 OK\r\n\r\nmore");
        wait_until(&mut rt, |world| world[socket].bytes_available() == 4);
        rt.deliver();
        let asked = ["asked", "Connected", "connected", "ready_read"];
        assert_eq!(journal.take(), [&CONNECTED[..2], &asked].concat());
    }
}

#[on_every_network]
fn another_connection_is_made_if_the_first_ends_against_its_promise(net: &Net) {
    for said_more in ["", "<html>"] {
        let mut rt = net.runtime();
        let (socket, _, listener) = begin_http(net, &mut rt, "example.invalid", |proxy| {
            proxy.with_credentials("ann", "pw")
        });
        let mut first = caller(&mut rt, &listener);
        proved(&mut rt, &mut first, None);
        say(&mut first, format!("{BASIC}\r\n"));
        proved(&mut rt, &mut first, Some(ANN));
        say(&mut first, said_more);
        drop(first);
        let mut second = caller(&mut rt, &listener);
        proved(&mut rt, &mut second, Some(ANN));
        say(&mut second, "HTTP/1.1 200 OK\r\n\r\n");
        wait_until(&mut rt, is(SocketState::Connected, socket));
    }
}

#[on_every_network]
fn refused_credentials_are_asked_for_until_nothing_changes(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin_http(net, &mut rt, "example.invalid", |proxy| {
        proxy.with_credentials("joe", "secret")
    });
    answer_with(&mut rt, socket, &[("ann", "pw"), ("ann", "pw")]);
    let mut proxy = caller(&mut rt, &listener);
    for proof in [None, Some(JOE), Some(ANN)] {
        proved(&mut rt, &mut proxy, proof);
        say(&mut proxy, format!("{BASIC}Content-Length: 0\r\n\r\n"));
    }
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    rt.deliver();
    let failed = ["asked", "asked", "Unconnected", "ProxyAuthenticationRequired while Unconnected"];
    assert_eq!(journal.take(), [&FAILED[..2], &failed].concat());
    assert_eq!(read_to_end(&mut rt, &mut proxy), b"");
    assert!(listener.accept_now().is_none());
}

#[on_every_network]
fn without_an_answer_an_http_attempt_fails(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin_http(net, &mut rt, "example.invalid", |proxy| proxy);
    let mut proxy = caller(&mut rt, &listener);
    proved(&mut rt, &mut proxy, None);
    say(&mut proxy, format!("{BASIC}Content-Length: 0\r\n\r\n"));
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    rt.deliver();
    let failed = ["asked", "Unconnected", "ProxyAuthenticationRequired while Unconnected"];
    assert_eq!(journal.take(), [&FAILED[..2], &failed].concat());
}

/// tinyproxy answers a wrong password so.
#[on_every_network]
fn a_401_after_credentials_refuses_them(net: &Net) {
    const UNAUTHORIZED: &str = "HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\
         Connection: close\r\n\r\n<html>";
    for is_answered in [true, false] {
        let mut rt = net.runtime();
        let (socket, journal, listener) = begin_http(net, &mut rt, "example.invalid", |proxy| {
            proxy.with_credentials("joe", "secret")
        });
        if is_answered {
            answer_with(&mut rt, socket, &[("ann", "pw")]);
        }
        let mut first = caller(&mut rt, &listener);
        proved(&mut rt, &mut first, None);
        say(&mut first, format!("{BASIC}Content-Length: 0\r\n\r\n"));
        proved(&mut rt, &mut first, Some(JOE));
        say(&mut first, UNAUTHORIZED);
        if is_answered {
            // The challenge is known from before.
            let mut second = caller(&mut rt, &listener);
            proved(&mut rt, &mut second, Some(ANN));
            say(&mut second, "HTTP/1.1 200 OK\r\n\r\n");
            wait_until(&mut rt, is(SocketState::Connected, socket));
            rt.deliver();
            assert_eq!(journal.take(), [&CONNECTED[..2], &["asked"], &CONNECTED[2..]].concat());
        } else {
            wait_until(&mut rt, is(SocketState::Unconnected, socket));
            rt.deliver();
            let failed = ["asked", "Unconnected", "ProxyAuthenticationRequired while Unconnected"];
            assert_eq!(journal.take(), [&FAILED[..2], &failed].concat());
        }
    }
    let (error, text) = refused(net, UNAUTHORIZED.as_bytes());
    assert_eq!(error, SocketError::ProxyAuthenticationRequired);
    assert!(text.ends_with("(HTTP 401 Unauthorized)"), "{text}");
}

/// The challenge has come with the head.
#[on_every_network]
fn a_proxy_that_ends_in_the_body_of_its_demand_is_called_again(net: &Net) {
    for fields in ["Content-Length: 10", "Transfer-Encoding: chunked"] {
        for resets in [false, true] {
            let mut rt = net.runtime();
            let (socket, journal, listener) =
                begin_http(net, &mut rt, "example.invalid", |proxy| proxy);
            answer_with(&mut rt, socket, &[("ann", "pw")]);
            let mut first = caller(&mut rt, &listener);
            proved(&mut rt, &mut first, None);
            say(&mut first, format!("{BASIC}{fields}\r\n\r\n5\r\n"));
            settle(&mut rt);
            match resets {
                true => reset(first),
                false => {
                    first.shutdown(std::net::Shutdown::Write).unwrap();
                    let closed = read_to_end(&mut rt, &mut first);
                    assert_eq!(closed, b"", "nothing is said there any more");
                }
            }
            let mut second = caller(&mut rt, &listener);
            proved(&mut rt, &mut second, Some(ANN));
            say(&mut second, "HTTP/1.1 200 OK\r\n\r\n");
            wait_until(&mut rt, is(SocketState::Connected, socket));
            rt.deliver();
            assert_eq!(journal.take(), [&CONNECTED[..2], &["asked"], &CONNECTED[2..]].concat());
        }
    }
}

#[on_every_network]
fn a_digest_is_given_and_a_stale_nonce_replaced_without_a_question(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin_http(net, &mut rt, "example.invalid", |proxy| proxy);
    answer_with(&mut rt, socket, &[("ann", "pw")]);
    rt.connect_fn(socket, QTcpSocket::proxy_authentication_required, |_, asked| {
        let option = |name| asked.authenticator.option(name);
        assert_eq!(option("scheme").as_deref(), Some("Digest"));
        assert_eq!(option("algorithm").as_deref(), Some("SHA-256"));
        assert_eq!((asked.authenticator.options().len(), option("nonce")), (3, None));
    });
    let mut proxy = caller(&mut rt, &listener);
    proved(&mut rt, &mut proxy, None);
    for (nonce, stale) in [("one", "false"), ("two", "true")] {
        say(
            &mut proxy,
            format!(
                "{BASIC}Proxy-Authenticate: NTLM, Digest realm=\"zone\", nonce=\"{nonce}\", \
                 algorithm=SHA-256, qop=\"auth\", stale={stale}\r\nContent-Length: 0\r\n\r\n"
            ),
        );
        let request = request(&mut rt, &mut proxy);
        let proof = format!(
            "Proxy-Authorization: Digest username=\"ann\", realm=\"zone\", nonce=\"{nonce}\", \
             uri=\"example.invalid:80\", response=\""
        );
        assert!(request.contains(&proof), "{request}");
        assert!(request.contains(", algorithm=SHA-256, qop=auth, nc=00000001\r\n"), "{request}");
    }
    say(&mut proxy, "HTTP/1.1 200 OK\r\n\r\n");
    wait_until(&mut rt, is(SocketState::Connected, socket));
    rt.deliver();
    assert_eq!(journal.count("asked"), 1);
}

#[on_every_network]
fn schemes_that_are_not_known_are_named(net: &Net) {
    let answer =
        b"HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate\r\n\r\n";
    let (error, text) = refused(net, answer);
    assert_eq!(error, SocketError::ProxyAuthenticationRequired);
    assert!(text.contains("NTLM or Negotiate"), "{text}");
}

#[on_every_network]
fn what_would_end_a_line_is_refused_before_a_byte_is_said(net: &Net) {
    type Finish = fn(NetworkProxy) -> NetworkProxy;
    let bad: [(Finish, SocketError, &str); 4] = [
        (
            |proxy| proxy.with_credentials("a\nb", "pw"),
            SocketError::ProxyAuthenticationRequired,
            "line feed",
        ),
        (
            |proxy| proxy.with_credentials("ann", "p\0w"),
            SocketError::ProxyAuthenticationRequired,
            "NUL",
        ),
        (
            |proxy| proxy.with_raw_header("X-Tag", "1\r\nHost: other"),
            SocketError::UnsupportedSocketOperation,
            "carriage return",
        ),
        (
            |proxy| proxy.with_raw_header("X Tag", "1"),
            SocketError::UnsupportedSocketOperation,
            "\"X Tag\"",
        ),
    ];
    for (finish, expected, named) in bad {
        let mut rt = net.runtime();
        let (socket, _, listener) = begin_http(net, &mut rt, "example.invalid", finish);
        let mut proxy = caller(&mut rt, &listener);
        assert_eq!(read_to_end(&mut rt, &mut proxy), b"");
        assert_eq!(rt[socket].error(), Some(expected), "{named}");
        let text = rt[socket].error_string();
        assert!(text.contains(named), "{text}");
    }
    for host in ["a\r\nb", "a\nb", "a\0b"] {
        let mut rt = net.runtime();
        let (socket, _, listener) = begin_http(net, &mut rt, host, |proxy| proxy);
        wait_until(&mut rt, is(SocketState::Unconnected, socket));
        settle(&mut rt);
        assert_eq!(rt[socket].error(), Some(SocketError::HostNotFound), "{host:?}");
        assert!(listener.accept_now().is_none());
    }
}

#[on_every_network]
fn what_a_slot_answers_is_checked_too(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = begin_http(net, &mut rt, "example.invalid", |proxy| proxy);
    answer_with(&mut rt, socket, &[("ann", "pw\r\nHost: other")]);
    let mut proxy = caller(&mut rt, &listener);
    proved(&mut rt, &mut proxy, None);
    say(&mut proxy, format!("{BASIC}Content-Length: 0\r\n\r\n"));
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    assert_eq!(read_to_end(&mut rt, &mut proxy), b"");
    assert!(rt[socket].error_string().contains("carriage return"));
}

#[on_every_network]
fn a_wait_connects_through_an_http_proxy_that_asks(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) =
        begin_http(net, &mut rt, "example.invalid", |proxy| proxy.with_credentials("ann", "pw"));
    let mut proxy = caller(&mut rt, &listener);
    let length = request(&mut rt, &mut proxy).len();
    let field = format!("Proxy-Authorization: {ANN}\r\n").len();
    let plays = proxy.go([
        Deed::Write(format!("{BASIC}Content-Length: 0\r\n\r\n").into_bytes()),
        Deed::Read(length + field),
        Deed::Write(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
    ]);
    assert!(rt.wait_for_connected(socket, Some(DEADLINE)));
    plays.end(&mut rt);
}

#[on_every_network]
fn an_http_proxy_that_says_nothing_takes_too_long(net: &Net) {
    let (mut rt, _) = net.timed_runtime();
    let (socket, _, listener) = begin_http(net, &mut rt, "example.invalid", |proxy| proxy);
    let mut proxy = caller(&mut rt, &listener);
    proved(&mut rt, &mut proxy, None);
    say(&mut proxy, "HTTP/1.1 200 OK\r\n");
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    assert_eq!(rt[socket].error(), Some(SocketError::ProxyConnectionTimeout));
}
