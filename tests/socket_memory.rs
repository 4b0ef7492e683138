//! What sockets hold in memory for the bytes that they have received and are to send.

use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use counting_allocator::{CountingAllocator, count};
use slotwire::prelude::*;
use slotwire::{QTcpServer, QTcpSocket};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// How long a test waits for what must come.
const LONG: Duration = Duration::from_secs(30);

/// Returns sockets that are connected to the peers.
fn connected(rt: &mut Runtime, count: usize) -> (Vec<Obj<QTcpSocket>>, Vec<TcpStream>) {
    let server = rt.add(QTcpServer::new());
    rt[server].listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = rt[server].server_port().unwrap();
    let connect = |_| {
        let peer = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let has_come = |world: &World| world[server].has_pending_connections();
        assert!(rt.run_until(LONG, has_come).unwrap());
        (rt[server].next_pending_connection().unwrap(), peer)
    };
    (0..count).map(connect).unzip()
}

#[test]
fn sockets_with_a_few_unread_bytes_hold_little_memory() {
    let mut rt = Runtime::new().unwrap();
    let (sockets, mut peers) = connected(&mut rt, 40);
    let used = count(|| {
        for text in ["a few", " bytes"] {
            for (socket, peer) in sockets.iter().zip(&mut peers) {
                let before = rt[*socket].bytes_available();
                peer.write_all(text.as_bytes()).unwrap();
                let all = before + text.len();
                let has_come = |world: &World| world[*socket].bytes_available() == all;
                assert!(rt.run_until(LONG, has_come).unwrap());
            }
        }
    });
    // Two buffers are the runtime's, whoever has them.
    assert!(used.bytes < 2 * 64 * 1024 + 40 * 1024, "{} bytes", used.bytes);
    assert!(sockets.iter().all(|&socket| rt[socket].read_all() == b"a few bytes"));
}

#[test]
fn a_socket_that_was_read_but_for_a_few_bytes_holds_little_memory() {
    let mut rt = Runtime::new().unwrap();
    let (sockets, mut peers) = connected(&mut rt, 20);
    let used = count(|| {
        for (&socket, peer) in sockets.iter().zip(&mut peers) {
            peer.write_all(&[b'x'; 40_000]).unwrap();
            let has_come = |world: &World| world[socket].bytes_available() == 40_000;
            assert!(rt.run_until(LONG, has_come).unwrap());
            assert_eq!(rt[socket].skip(39_990), 39_990);
        }
        rt.process_events(Some(Duration::ZERO)).unwrap();
    });
    assert!(used.bytes < 2 * 64 * 1024 + 20 * 1024, "{} bytes", used.bytes);
    assert!(sockets.iter().all(|&socket| rt[socket].read_all() == [b'x'; 10]));
}

#[test]
fn sockets_whose_tasks_await_a_line_hold_no_buffer() {
    let mut rt = Runtime::new().unwrap();
    let (sockets, mut peers) = connected(&mut rt, 40);
    let answered = Rc::new(Cell::new(0));
    let used = count(|| {
        for &socket in &sockets {
            let answered = answered.clone();
            rt.spawn(async move |task| {
                let mut socket = task.socket(socket);
                while let Some(line) = socket.next_line().await? {
                    socket.write_all(line.as_bytes()).await?;
                    answered.set(answered.get() + 1);
                }
                Ok::<_, std::io::Error>(())
            });
        }
        for peer in &mut peers {
            peer.write_all(b"line\n").unwrap();
        }
        assert!(rt.run_until(LONG, |_| answered.get() == 40).unwrap());
        for peer in &mut peers {
            peer.read_exact(&mut [0; 4]).unwrap();
        }
    });
    // Two buffers are the runtime's. A task, and what it has connected, takes less than 4 KiB.
    assert!(used.bytes < 2 * 64 * 1024 + 40 * 4096, "{} bytes", used.bytes);
}

#[test]
fn messages_to_and_from_a_socket_allocate_nothing() {
    let mut rt = Runtime::new().unwrap();
    let (sockets, mut peers) = connected(&mut rt, 2);
    let mut buffer = vec![0; 20_000];
    let mut exchange = |rounds| {
        for _ in 0..rounds {
            for (socket, peer) in sockets.iter().zip(&mut peers) {
                for len in [10, 1000, 10_000] {
                    peer.write_all(&vec![1; len]).unwrap();
                    let has_come = |world: &World| world[*socket].bytes_available() == len;
                    assert!(rt.run_until(LONG, has_come).unwrap());
                    rt[*socket].read_exact(&mut buffer[..len]).unwrap();
                    rt[*socket].write_all(&buffer[..len]).unwrap();
                    let is_sent = |world: &World| world[*socket].bytes_to_write() == 0;
                    assert!(rt.run_until(LONG, is_sent).unwrap());
                    peer.read_exact(&mut buffer[..len]).unwrap();
                }
            }
        }
    };
    exchange(3);
    // The test's own are the peers' messages.
    assert_eq!(count(|| exchange(20)).allocations, 20 * 2 * 3);
}
