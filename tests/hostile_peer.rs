//! Peers that mean no good: whatever they do is a signal or an error, and costs a bounded amount.

mod support;

use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::rc::Rc;

use slotwire::prelude::*;
use support::*;

/// How many connections a test makes.
const ATTACKS: usize = 100;

/// A server that keeps what it accepts until it ends, reads at most `limit` bytes ahead, and
/// answers nothing. Counts the ends.
fn server(rt: &mut Runtime, limit: usize) -> (u16, Rc<Cell<usize>>) {
    let server = rt.add(QTcpServer::new());
    // All of them find room: to whom finds none, the kernel gives no answer, and it asks again
    // after a second, then after ever longer pauses.
    rt[server].set_listen_backlog_size(ATTACKS as u32);
    rt[server].listen(any_port()).unwrap();
    let ended = Rc::new(Cell::new(0));
    let count = ended.clone();
    rt.connect_fn(server, QTcpServer::new_connection, move |world, _| {
        while let Some(socket) = world[server].next_pending_connection() {
            world[socket].set_read_buffer_size(Some(limit));
            let count = count.clone();
            world.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
                assert!(world[socket].bytes_available() <= limit);
                while world[socket].read_line_string().is_some() {}
                if world[socket].bytes_available() == limit {
                    world[socket].abort();
                }
            });
            world.connect_fn(socket, QTcpSocket::disconnected, move |world, _| {
                count.set(count.get() + 1);
                world.destroy(socket);
            });
        }
    });
    (rt[server].server_port().unwrap(), ended)
}

/// Has `attack` run in a thread for each of the connections in turn, and sees that nothing is left
/// of them and that the loop comes to rest.
fn survive(test: &str, attack: fn(TcpStream)) {
    in_own_process(test, || {
        let mut rt = Runtime::new().unwrap();
        let (port, ended) = server(&mut rt, 4096);
        settle(&mut rt);
        let (objects, descriptors) = (rt.len(), open_descriptors());
        let attacker = std::thread::spawn(move || {
            for _ in 0..ATTACKS {
                attack(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap());
            }
        });
        wait_until(&mut rt, |_| ended.get() == ATTACKS);
        attacker.join().unwrap();
        let mut turns = 0;
        while turn(&mut rt) {
            turns += 1;
            assert!(turns < 100, "it spins");
        }
        assert_eq!((rt.len(), open_descriptors()), (objects, descriptors));
        assert_eq!(rt.next_deadline(), None);
    });
}

#[test]
fn a_peer_that_connects_and_goes() {
    survive("a_peer_that_connects_and_goes", drop);
}

#[test]
fn a_peer_that_resets_at_once() {
    survive("a_peer_that_resets_at_once", reset);
}

#[test]
fn a_peer_that_resets_after_a_line_and_a_half() {
    survive("a_peer_that_resets_after_a_line_and_a_half", |mut peer| {
        peer.write_all(b"HELO\r\nMAIL FR").unwrap();
        reset(peer);
    });
}

#[test]
fn a_peer_that_finishes_and_listens() {
    survive("a_peer_that_finishes_and_listens", |mut peer| {
        peer.write_all(b"\n\n\0\xff\xfe\n\r\r\n").unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        // A reset is as good as the end.
        let _ = peer.read(&mut [0]);
    });
}

#[test]
fn a_peer_that_sends_a_line_without_end() {
    survive("a_peer_that_sends_a_line_without_end", |mut peer| {
        // It is cut off in the middle.
        let _ = peer.write_all(&[b'a'; 100_000]);
    });
}

#[test]
fn a_peer_that_sends_byte_by_byte() {
    survive("a_peer_that_sends_byte_by_byte", |mut peer| {
        peer.set_nodelay(true).unwrap();
        for byte in *b"garbage\n\xf0\x28\x8c\xbc\n" {
            peer.write_all(&[byte]).unwrap();
        }
    });
}

#[test]
fn a_peer_that_sends_urgent_data() {
    survive("a_peer_that_sends_urgent_data", |mut peer| {
        for _ in 0..10 {
            socket2::SockRef::from(&peer).send_out_of_band(b"!").unwrap();
            peer.write_all(b"line\n").unwrap();
        }
    });
}

#[test]
fn a_peer_that_never_reads_holds_no_more_than_the_limit() {
    let mut rt = Runtime::new().unwrap();
    let (socket, peer) = connected_pair(&mut rt);
    rt[socket].set_write_buffer_limit(Some(100_000));
    let mut refused = 0;
    while refused < 20 {
        match rt[socket].write(&[0; 64 * 1024]) {
            Ok(_) => refused = 0,
            Err(_) => refused += 1,
        }
        assert!(rt[socket].bytes_to_write() <= 100_000);
        turn(&mut rt);
    }
    assert!(!turn(&mut rt), "it spins");
    reset(peer);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Unconnected);
    assert_eq!(rt[socket].bytes_to_write(), 0);
}
