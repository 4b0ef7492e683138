//! What a proxy can make a socket hold in memory, by long answers: twice their length and 64 KiB at
//! most. The fuzzers check the same for the short ones.

use std::io::{self, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener};
use std::thread;
use std::time::Duration;

use counting_allocator::{CountingAllocator, count};
use slotwire::NetworkProxy;
use slotwire::prelude::*;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// How long a test waits for what must come.
const LONG: Duration = Duration::from_secs(30);

const KIB: usize = 1024;

/// Answers a socket with this, and asserts that the attempt fails so and takes no more memory than
/// it may. `named` is for messages.
#[track_caller]
fn check(proxy: fn(u16) -> NetworkProxy, answers: &[u8], expected: SocketError, named: &str) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(QTcpSocket::new());
    let mut users = 0;
    rt.connect_fn(socket, QTcpSocket::proxy_authentication_required, move |_, asked| {
        users += 1;
        asked.authenticator.set_user(format!("user{users}"));
    });
    rt[socket].set_proxy(proxy(listener.local_addr().unwrap().port()));
    rt[socket].connect_to_host("example.invalid", 80);
    let bytes = answers.to_vec();
    // A thread, whose memory is not counted here. The socket need not read to the end.
    let proxy = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let _ = client.write_all(&bytes).and_then(|()| client.shutdown(Shutdown::Write));
        // What was not read would make the end a reset.
        let _ = io::copy(&mut client, &mut io::sink());
    });
    let has_failed = |world: &World| world[socket].error().is_some();
    let used = count(|| assert!(rt.run_until(LONG, has_failed).unwrap(), "{named}"));
    assert_eq!(rt[socket].error(), Some(expected), "{named}");
    proxy.join().unwrap();
    let limit = 2 * answers.len() + 64 * KIB;
    assert!(
        used.peak_bytes <= i64::try_from(limit).unwrap(),
        "{named}: {} of {limit}",
        used.peak_bytes
    );
}

#[test]
fn a_socks5_proxy_makes_a_socket_hold_little_memory() {
    let socks5 = |port| NetworkProxy::socks5("127.0.0.1", port).with_credentials("ann", "pw");
    let part = [b"\x05\x02\x01\x00\x05\x00\x00\x03\xff".as_slice(), &[b'x'; 200]].concat();
    let refused = [b"\x05\x02\x01\x00\x05\x05".as_slice(), &[b'x'; 64 * KIB]].concat();
    check(socks5, &refused, SocketError::ConnectionRefused, "a refusal");
    check(socks5, &part, SocketError::ProxyConnectionClosed, "a part of a name");
    check(socks5, &[b'x'; 64 * KIB], SocketError::ProxyProtocol, "nonsense");
}

#[test]
fn an_http_proxy_makes_a_socket_hold_little_memory() {
    let http = |port| NetworkProxy::http("127.0.0.1", port).with_credentials("ann", "pw");
    let demand = |fields: &str| format!("HTTP/1.1 407 No\r\n{fields}\r\n");
    let empty = "Content-Length: 0\r\n";
    let refusal = "HTTP/1.1 500 No\r\n\r\n";
    let long = "x".repeat(60 * KIB);
    // The longest value that is kept has 4 KiB.
    let kept = &long[..4 * KIB];
    let basic = demand(&format!(
        "Proxy-Authenticate: Basic realm=\"{kept}\"\r\nA: {}\r\n{empty}",
        &long[..55 * KIB]
    ));
    let too_long = demand(&format!("Proxy-Authenticate: Basic realm=\"{long}\"\r\n{empty}"));
    let digest = |nonce: &str| {
        demand(&format!(
            "Proxy-Authenticate: Digest realm=\"{kept}\", nonce=\"{nonce}\", opaque=\"{kept}\"\r\n{empty}"
        ))
    };
    let schemes: String =
        (0..100).map(|n| format!("Proxy-Authenticate: X{n}{}\r\n", &long[..500])).collect();
    let parameters = "a=b,".repeat(15 * KIB);
    let chunk = format!("400\r\n{}\r\n", &long[..KIB]);
    let short = "Proxy-Authenticate: Basic realm=\"zone\"\r\n";
    let interim = format!("HTTP/1.1 100 Continue\r\nA: {}\r\n\r\n", &long[..2000]);
    for (named, answers, expected) in [
        (
            "a head without an end",
            format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(64 * KIB)),
            SocketError::ProxyProtocol,
        ),
        ("a realm that is too long", too_long, SocketError::ProxyAuthenticationRequired),
        ("a long realm", format!("{basic}{basic}{basic}{refusal}"), SocketError::ProxyProtocol),
        (
            "a long digest",
            [digest(kept), digest("n"), digest("m"), refusal.to_owned()].concat(),
            SocketError::ProxyProtocol,
        ),
        ("many schemes", demand(&schemes), SocketError::ProxyProtocol),
        (
            "many parameters",
            demand(&format!("Proxy-Authenticate: Basic {parameters}\r\n{empty}")) + refusal,
            SocketError::ProxyProtocol,
        ),
        (
            "a sized body",
            demand(&format!("{short}Content-Length: 65536\r\n")) + &"x".repeat(64 * KIB) + refusal,
            SocketError::ProxyProtocol,
        ),
        (
            "a chunked body",
            demand(&format!("{short}Transfer-Encoding: chunked\r\n"))
                + &chunk.repeat(60)
                + "0\r\n\r\n"
                + refusal,
            SocketError::ProxyProtocol,
        ),
        ("interim answers", interim.repeat(30) + refusal, SocketError::ProxyProtocol),
        ("nonsense", "x".repeat(64 * KIB), SocketError::ProxyProtocol),
    ] {
        check(http, answers.as_bytes(), expected, named);
    }
}
