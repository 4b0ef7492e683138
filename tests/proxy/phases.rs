//! Proxies that are not there, and proxies that hang, close, reset or say something else in each phase
//! of a conversation. Each is one error, told once, and then the same socket connects through a proxy
//! that does what it should.

use super::*;

/// What a proxy waits for before it goes on.
#[derive(Clone, Copy)]
enum Hears {
    Bytes(usize),
    /// A request of HTTP, up to the empty line.
    Head,
}

use Hears::{Bytes, Head};

/// A conversation up to the place where it goes wrong.
struct Phase {
    /// What the proxy hears, and what it says then.
    steps: &'static [(Hears, &'static [u8])],
    /// What a proxy may say here that it should not, and the error that this is.
    wrong: Option<(&'static [u8], SocketError)>,
    /// True if a proxy that closes here is called once more.
    is_called_again: bool,
}

impl Phase {
    const fn new(
        steps: &'static [(Hears, &'static [u8])],
        wrong: &'static [u8],
        error: SocketError,
    ) -> Self {
        Self { steps, wrong: Some((wrong, error)), is_called_again: false }
    }

    #[track_caller]
    fn play(&self, rt: &mut Runtime, proxy: &mut Peer) {
        for (hears, answer) in self.steps {
            match hears {
                Bytes(count) => drop(read_exactly(rt, proxy, *count)),
                Head => {
                    let mut heard = Vec::new();
                    while !heard.ends_with(b"\r\n\r\n") {
                        heard.extend(read_exactly(rt, proxy, 1));
                    }
                }
            }
            proxy.write_all(answer).unwrap();
        }
        settle(rt);
    }
}

/// A kind of proxy, for the user `joe` with the password `secret`.
struct Kind {
    proxy: fn(&str, u16) -> NetworkProxy,
    phases: &'static [Phase],
    good: fn(&mut Runtime, &mut Peer),
}

impl Kind {
    fn at(&self, host: &str, port: u16) -> NetworkProxy {
        (self.proxy)(host, port).with_credentials("joe", "secret")
    }
}

/// The greeting, and the message with the user and the password.
const GREETS: Hears = Bytes(3);
const TELLS: Hears = Bytes(12);

const SOCKS5: Kind = Kind {
    proxy: |host, port| NetworkProxy::socks5(host, port),
    phases: &[
        Phase::new(&[(GREETS, b"")], b"\x04\x04", SocketError::ProxyProtocol),
        Phase::new(&[(GREETS, b"\x05")], b"\x01", SocketError::SocketAccess),
        Phase::new(&[(GREETS, b"\x05\x02"), (TELLS, b"")], b"\xff", SocketError::ProxyProtocol),
        Phase::new(
            &[(GREETS, b"\x05\x02"), (TELLS, b"\x01")],
            b"\x02",
            SocketError::ProxyAuthenticationRequired,
        ),
        Phase::new(
            &[(GREETS, b"\x05\x02"), (TELLS, b"\x01\x00"), (Bytes(22), b"")],
            b"HTTP",
            SocketError::ProxyProtocol,
        ),
        Phase::new(
            &[(GREETS, b"\x05\x02"), (TELLS, b"\x01\x00"), (Bytes(22), b"\x05\x00\x00")],
            b"\x09",
            SocketError::ProxyProtocol,
        ),
    ],
    good: let_joe_through,
};

const HTTP: Kind = Kind {
    proxy: |host, port| NetworkProxy::http(host, port),
    phases: &[
        Phase::new(&[(Head, b"")], b"what is this\r\n\r\n", SocketError::ProxyProtocol),
        Phase::new(&[(Head, b"HTTP/1.1 20")], b"x\r\n\r\n", SocketError::ProxyProtocol),
        Phase::new(
            &[(Head, b"HTTP/1.1 100 Continue\r\n\r\n")],
            b"\x05\x00",
            SocketError::ProxyProtocol,
        ),
        // Within a body, which may be anything.
        Phase {
            steps: &[(Head, b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 9\r\n\r\nbod")],
            wrong: None,
            is_called_again: true,
        },
        Phase {
            steps: &[(
                Head,
                b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbo",
            )],
            wrong: None,
            is_called_again: true,
        },
        // The password was sent on the same connection.
        Phase {
            steps: &[
                (
                    Head,
                    b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nbody",
                ),
                (Head, b""),
            ],
            wrong: Some((b"what is this\r\n\r\n", SocketError::ProxyProtocol)),
            is_called_again: true,
        },
        Phase::new(
            &[
                (
                    Head,
                    b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
                ),
                (Head, b"HTTP/1.1 2"),
            ],
            b"\r\n\r\n",
            SocketError::ProxyProtocol,
        ),
    ],
    good: |rt, proxy| {
        let phase = Phase::new(&[(Head, b"HTTP/1.1 200 OK\r\n\r\n")], b"", SocketError::Unknown);
        phase.play(rt, proxy);
    },
};

const KINDS: [Kind; 2] = [SOCKS5, HTTP];

/// A socket that begins to connect to `example.invalid` by this proxy, and what it says.
fn begin(rt: &mut Runtime, proxy: NetworkProxy) -> (Obj<QTcpSocket>, Journal) {
    let socket = rt.add(QTcpSocket::new());
    let journal = journal_of(rt, socket);
    rt[socket].set_proxy(proxy);
    rt[socket].connect_to_host("example.invalid", 80);
    (socket, journal)
}

/// Checks that the attempt has failed with this error, once, and that the socket connects through a
/// proxy of this kind that listens here.
#[track_caller]
fn fails_once_and_connects_again(
    rt: &mut Runtime,
    (socket, journal): (Obj<QTcpSocket>, &Journal),
    expected: SocketError,
    (kind, listener): (&Kind, &Listener),
) {
    wait_until(rt, is(SocketState::Unconnected, socket));
    settle(rt);
    let told = journal.take();
    assert_eq!(told, [&FAILED[..], &[&format!("{expected:?} while Unconnected")]].concat());
    assert_eq!(rt[socket].error(), Some(expected));
    assert!(!rt[socket].error_string().is_empty());
    assert!(listener.accept_now().is_none(), "the proxy is not called once more");
    assert_eq!(rt.next_deadline(), None, "nothing is left of the attempt");

    rt[socket].set_proxy(kind.at("127.0.0.1", listener.local_addr().port()));
    rt[socket].connect_to_host("example.invalid", 80);
    let mut proxy = caller(rt, listener);
    (kind.good)(rt, &mut proxy);
    wait_until(rt, is(SocketState::Connected, socket));
    settle(rt);
    assert_eq!(journal.take(), CONNECTED);
    assert_eq!(rt[socket].error(), None);
    rt[socket].write_all(b"hi").unwrap();
    hear(rt, &mut proxy, b"hi");
    proxy.write_all(b"yo").unwrap();
    wait_until(rt, |world| world[socket].bytes_available() == 2);
    assert_eq!(rt[socket].read_all(), b"yo");
}

#[on_every_network]
fn a_proxy_that_hangs_in_any_phase_takes_too_long(net: &Net) {
    for kind in KINDS {
        for phase in kind.phases {
            let (mut rt, stopwatch) = net.timed_runtime();
            let (listener, port) = net.listener();
            let (socket, journal) = begin(&mut rt, kind.at("127.0.0.1", port));
            let mut proxy = caller(&mut rt, &listener);
            phase.play(&mut rt, &mut proxy);
            wait_until(&mut rt, is(SocketState::Unconnected, socket));
            assert!(stopwatch.elapsed() >= Duration::from_secs(30));
            let timeout = SocketError::ProxyConnectionTimeout;
            let again = (&kind, &listener);
            fails_once_and_connects_again(&mut rt, (socket, &journal), timeout, again);
            assert_eq!(read_to_end(&mut rt, &mut proxy), b"", "the first connection is closed");
        }
    }
}

#[on_every_network]
fn a_proxy_that_closes_in_any_phase_is_one_error(net: &Net) {
    for kind in KINDS {
        for phase in kind.phases {
            for end in [drop, reset as fn(Peer)] {
                let mut rt = net.runtime();
                let (listener, port) = net.listener();
                let (socket, journal) = begin(&mut rt, kind.at("127.0.0.1", port));
                let mut proxy = caller(&mut rt, &listener);
                phase.play(&mut rt, &mut proxy);
                end(proxy);
                if phase.is_called_again {
                    end(caller(&mut rt, &listener));
                }
                let closed = SocketError::ProxyConnectionClosed;
                let again = (&kind, &listener);
                fails_once_and_connects_again(&mut rt, (socket, &journal), closed, again);
            }
        }
    }
}

#[on_every_network]
fn a_proxy_that_says_something_else_in_any_phase_is_one_error(net: &Net) {
    for kind in KINDS {
        for phase in kind.phases {
            let Some((wrong, expected)) = phase.wrong else { continue };
            let mut rt = net.runtime();
            let (listener, port) = net.listener();
            let (socket, journal) = begin(&mut rt, kind.at("127.0.0.1", port));
            let mut proxy = caller(&mut rt, &listener);
            phase.play(&mut rt, &mut proxy);
            proxy.write_all(wrong).unwrap();
            let again = (&kind, &listener);
            fails_once_and_connects_again(&mut rt, (socket, &journal), expected, again);
            assert_eq!(read_to_end(&mut rt, &mut proxy), b"", "the connection is closed");
        }
    }
}

#[on_every_network]
fn a_proxy_that_is_not_there_is_one_error(net: &Net) {
    for kind in KINDS {
        for (host, port, expected) in [
            ("127.0.0.1", net.closed_port(), SocketError::ProxyConnectionRefused),
            ("no proxy", 1080, SocketError::ProxyNotFound),
        ] {
            let mut rt = net.runtime();
            let (listener, _) = net.listener();
            let (socket, journal) = begin(&mut rt, kind.at(host, port));
            let again = (&kind, &listener);
            fails_once_and_connects_again(&mut rt, (socket, &journal), expected, again);
        }
        let (full, _kept) = net.full_listener();
        let (mut rt, _) = net.timed_runtime();
        let (listener, _) = net.listener();
        let (socket, journal) = begin(&mut rt, kind.at("127.0.0.1", full.port()));
        let (again, timeout) = ((&kind, &listener), SocketError::ProxyConnectionTimeout);
        fails_once_and_connects_again(&mut rt, (socket, &journal), timeout, again);
    }
}
