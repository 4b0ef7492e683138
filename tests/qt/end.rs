//! The ends of a TCP connection, of which one is Qt's.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::json;

use super::*;

/// One end of a connection.
pub(crate) enum End {
    Ours(OurEnd),
    Qts(QtEnd),
}

pub(crate) struct OurEnd {
    socket: Obj<QTcpSocket>,
    journal: Journal,
    received: Rc<RefCell<Vec<u8>>>,
}

pub(crate) struct QtEnd {
    peer: QtPeer,
    signals: Vec<String>,
    written: u64,
}

/// Numbers of four bytes, so that lost, doubled and swapped bytes are noticed.
fn words(first: u32, count: u32) -> Vec<u8> {
    (first..first + count).flat_map(u32::to_be_bytes).collect()
}

/// Which end of a connection is ours.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    Client,
    Server,
}

/// Returns the client and the server of a new connection.
#[track_caller]
pub(crate) fn connected(rt: &mut Runtime, qt: Qt, ours: Role) -> (End, End) {
    match ours {
        Role::Client => {
            let mut server = QtEnd::new(qt.start(rt, "tcp.py", &["listen"]));
            let port = server.peer.told(rt, "port");
            let mut client = End::Ours(OurEnd::connecting_to(rt, port));
            server.accept(rt);
            client.wait_for(rt, "connected");
            (client, End::Qts(server))
        }
        Role::Server => {
            let listener = rt.add(QTcpServer::new());
            rt[listener].listen(any_port()).unwrap();
            let port = rt[listener].server_port().unwrap();
            let mut client = End::Qts(QtEnd::connecting_to(rt, qt, port));
            wait_until(rt, |world| world[listener].has_pending_connections());
            let socket = rt[listener].next_pending_connection().unwrap();
            let server = End::Ours(OurEnd::new(rt, socket));
            client.wait_for(rt, "connected");
            (client, server)
        }
    }
}

impl OurEnd {
    fn new(rt: &mut Runtime, socket: Obj<QTcpSocket>) -> Self {
        let (journal, received) = (journal_of(rt, socket), Rc::new(RefCell::new(Vec::new())));
        let keep = Rc::clone(&received);
        rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
            keep.borrow_mut().extend(world[socket].read_all());
        });
        received.borrow_mut().extend(rt[socket].read_all());
        Self { socket, journal, received }
    }

    pub(crate) fn connecting_to(rt: &mut Runtime, port: u16) -> Self {
        let socket = rt.add(QTcpSocket::new());
        let end = Self::new(rt, socket);
        rt[socket].connect_to_host("127.0.0.1", port);
        end
    }
}

impl QtEnd {
    fn new(peer: QtPeer) -> Self {
        Self { peer, signals: Vec::new(), written: 0 }
    }

    pub(crate) fn connecting_to(rt: &Runtime, qt: Qt, port: u16) -> Self {
        Self::new(qt.start(rt, "tcp.py", &["connect", &port.to_string()]))
    }

    #[track_caller]
    fn accept(&mut self, rt: &mut Runtime) {
        assert_eq!(self.peer.answer(rt), json!({"accepted": true}));
    }

    /// Notes what a signal says. Returns false for another answer.
    fn note(&mut self, answer: &serde_json::Value) -> bool {
        self.written += answer["written"].as_u64().unwrap_or(0);
        self.signals.extend(answer["signal"].as_str().map(str::to_owned));
        answer["equal"].is_null()
    }
}

impl End {
    /// Writes as many words.
    #[track_caller]
    pub(crate) fn write(&mut self, rt: &mut Runtime, first: u32, count: u32) {
        match self {
            Self::Ours(end) => rt[end.socket].write_all(&words(first, count)).unwrap(),
            Self::Qts(end) => {
                end.peer.order(&json!({"do": "write", "first": first, "count": count}));
            }
        }
    }

    /// Waits until these words have come.
    #[track_caller]
    pub(crate) fn expect(&mut self, rt: &mut Runtime, first: u32, count: u32) {
        let equal = match self {
            Self::Ours(end) => {
                let expected = words(first, count);
                let came =
                    rt.run_until(DEADLINE, |_| end.received.borrow().len() >= expected.len());
                let mut received = end.received.borrow_mut();
                let (count, all) = (received.len(), expected.len());
                assert!(came.unwrap(), "{count} of {all} bytes have come");
                let rest = received.split_off(expected.len());
                std::mem::replace(&mut *received, rest) == expected
            }
            Self::Qts(end) => {
                end.peer.order(&json!({"do": "expect", "first": first, "count": count}));
                loop {
                    let answer = end.peer.answer(rt);
                    if !end.note(&answer) {
                        break answer["equal"] == true;
                    }
                }
            }
        };
        assert!(equal, "other bytes have come");
    }

    #[track_caller]
    pub(crate) fn disconnect_from_host(&mut self, rt: &mut Runtime) {
        match self {
            Self::Ours(end) => rt[end.socket].disconnect_from_host(),
            Self::Qts(end) => end.peer.order(&json!({"do": "disconnect_from_host"})),
        }
    }

    #[track_caller]
    pub(crate) fn close(&mut self, rt: &mut Runtime) {
        match self {
            Self::Ours(end) => rt[end.socket].close(),
            Self::Qts(end) => end.peer.order(&json!({"do": "close"})),
        }
    }

    #[track_caller]
    pub(crate) fn abort(&mut self, rt: &mut Runtime) {
        match self {
            Self::Ours(end) => rt[end.socket].abort(),
            Self::Qts(end) => end.peer.order(&json!({"do": "abort"})),
        }
    }

    /// Ends our direction of the connection.
    #[track_caller]
    pub(crate) fn shutdown_write(&mut self, rt: &mut Runtime) {
        rt[self.our_socket()].shutdown_write();
    }

    /// Resets the connection at our end.
    #[track_caller]
    pub(crate) fn abort_with_reset(&mut self, rt: &mut Runtime) {
        rt[self.our_socket()].abort_with_reset();
    }

    #[track_caller]
    fn our_socket(&self) -> Obj<QTcpSocket> {
        match self {
            Self::Ours(end) => end.socket,
            Self::Qts(_) => panic!("Qt's sockets cannot do this"),
        }
    }

    /// Waits for a signal.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, rt: &mut Runtime, signal: &str) {
        match self {
            Self::Ours(end) => {
                let emits = rt.run_until(DEADLINE, |_| end.journal.has(signal)).unwrap();
                assert!(emits, "no {signal} after {:?}", end.journal.take());
            }
            Self::Qts(end) => {
                while !end.signals.iter().any(|it| it == signal) {
                    let answer = end.peer.answer(rt);
                    assert!(end.note(&answer), "{answer} instead of {signal}");
                }
            }
        }
    }

    /// Returns all signals up to now, except those that come as often as the kernel likes, and how
    /// many bytes were written.
    pub(crate) fn story(self) -> Story {
        match self {
            Self::Qts(end) => Story { signals: end.signals, written: end.written },
            Self::Ours(end) => {
                let mut signals = end.journal.take();
                signals.retain(|it| it != "ready_read");
                let count = |it: &String| it.strip_prefix("bytes_written ").map(str::to_owned);
                let written = signals.iter().filter_map(count).map(|it| it.parse::<u64>().unwrap());
                let written = written.sum();
                signals.retain(|it| count(it).is_none());
                Story { signals, written }
            }
        }
    }
}

/// What one end of a connection has told.
#[derive(Debug, PartialEq)]
pub(crate) struct Story {
    pub(crate) signals: Vec<String>,
    pub(crate) written: u64,
}
