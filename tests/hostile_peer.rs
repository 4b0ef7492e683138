//! Peers that mean no good: whatever they do is a signal or an error, and costs a bounded amount.

use std::cell::Cell;
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use slotwire::prelude::*;
use support::*;

/// How many connections a test makes.
const ATTACKS: usize = 100;

/// Makes a server keep what it accepts until it ends, read at most `limit` bytes ahead, and answer
/// nothing. Counts the ends.
fn count_ends(rt: &mut Runtime, server: Obj<QTcpServer>, limit: usize, ended: &Rc<Cell<usize>>) {
    // All of them find room: to whom finds none, the kernel gives no answer, and it asks again
    // after a second, then after ever longer pauses.
    rt[server].set_listen_backlog_size(ATTACKS as u32);
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
    // A peer that is gone may be a failure to a proxy that was about to let it in.
    let count = ended.clone();
    rt.connect_fn(server, QTcpServer::accept_error, move |_, _| count.set(count.get() + 1));
}

/// Has many peers do the same, and sees that nothing is left of them and that the loop comes to
/// rest.
fn survive(net: &Net, test: &str, attack: fn() -> Vec<Deed>) {
    survive_until(net, test, attack, |attack, rt| drop(attack.end(rt)));
}

/// As `survive`, where each attack is over as `end` says.
fn survive_until(net: &Net, test: &str, attack: fn() -> Vec<Deed>, end: fn(Errand, &mut Runtime)) {
    net.in_own_process(test, || {
        let mut rt = net.runtime();
        settle(&mut rt);
        let descriptors = net.open_descriptors();
        let ended = Rc::new(Cell::new(0));
        // A server that listens for one has one attacker.
        let count = if net.listens_for_one() { ATTACKS } else { 1 };
        let servers: Vec<_> = (0..count)
            .map(|_| {
                let server = rt.add(QTcpServer::new());
                count_ends(&mut rt, server, 4096, &ended);
                (server, net.let_listen(&mut rt, server))
            })
            .collect();
        let ports = servers.iter().map(|&(_, port)| port).cycle().take(ATTACKS);
        let attackers: Vec<Peer> = ports.map(|port| net.dial(port)).collect();
        let attacks: Vec<Errand> = attackers.into_iter().map(|it| it.go(attack())).collect();
        wait_until(&mut rt, |_| ended.get() == ATTACKS);
        for attack in attacks {
            end(attack, &mut rt);
        }
        rests(&mut rt);
        assert_eq!(rt.len(), count, "the servers");
        servers.into_iter().for_each(|(server, _)| assert!(rt.destroy(server)));
        // A proxy in this process closes its ends a little later.
        let mut turns = 0;
        while net.open_descriptors() != descriptors {
            assert!(!rt.run_until(Duration::from_millis(1), |_| false).unwrap());
            turns += 1;
            assert!(turns < 10_000, "{} are open", net.open_descriptors());
        }
        assert_eq!(ended.get(), ATTACKS);
    });
}

fn rests(rt: &mut Runtime) {
    let mut turns = 0;
    while turn(rt) {
        turns += 1;
        assert!(turns < 100, "it spins");
    }
    assert_eq!(rt.next_deadline(), None);
}

#[on_every_network_and_layer(proxy_carries = "listening")]
fn a_peer_that_connects_and_goes(net: &Net) {
    survive(net, "a_peer_that_connects_and_goes", || vec![Deed::Close]);
}

#[on_every_network_and_layer(proxy_carries = "listening")]
fn a_peer_that_resets_at_once(net: &Net) {
    survive(net, "a_peer_that_resets_at_once", || vec![Deed::Reset]);
}

#[on_every_network_and_layer(proxy_carries = "listening")]
fn a_peer_that_resets_after_a_line_and_a_half(net: &Net) {
    survive(net, "a_peer_that_resets_after_a_line_and_a_half", || {
        vec![Deed::Write(b"HELO\r\nMAIL FR".to_vec()), Deed::Reset]
    });
}

#[on_every_network_and_layer(proxy_carries = "listening half-close")]
fn a_peer_that_finishes_and_listens(net: &Net) {
    survive(net, "a_peer_that_finishes_and_listens", || {
        let garbage = b"\n\n\0\xff\xfe\n\r\r\n".to_vec();
        vec![Deed::Write(garbage), Deed::Finish, Deed::ReadToEnd, Deed::Close]
    });
}

#[on_every_network_and_layer(proxy_carries = "listening")]
fn a_peer_that_sends_a_line_without_end(net: &Net) {
    let test = "a_peer_that_sends_a_line_without_end";
    let endless = || vec![Deed::Write(vec![b'a'; 100_000]), Deed::Close];
    // It is cut off in the middle.
    survive_until(net, test, endless, Errand::end_or_fail);
}

#[on_every_network_and_layer(proxy_carries = "listening")]
fn a_peer_that_sends_byte_by_byte(net: &Net) {
    survive(net, "a_peer_that_sends_byte_by_byte", || {
        let garbage = b"garbage\n\xf0\x28\x8c\xbc\n";
        let bytes = garbage.iter().map(|&byte| Deed::Write(vec![byte]));
        bytes.chain([Deed::Close]).collect()
    });
}

/// On the kernel's network alone: the simulated one has no urgent data.
#[test]
fn a_peer_that_sends_urgent_data() {
    in_own_process("a_peer_that_sends_urgent_data", || {
        let mut rt = Runtime::new().unwrap();
        let (server, ended) = (rt.add(QTcpServer::new()), Rc::new(Cell::new(0)));
        count_ends(&mut rt, server, 4096, &ended);
        rt[server].listen(any_port()).unwrap();
        let port = rt[server].server_port().unwrap();
        settle(&mut rt);
        let (objects, descriptors) = (rt.len(), open_descriptors());
        let attacker = std::thread::spawn(move || {
            for _ in 0..ATTACKS {
                let mut peer = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
                for _ in 0..10 {
                    socket2::SockRef::from(&peer).send_out_of_band(b"!").unwrap();
                    peer.write_all(b"line\n").unwrap();
                }
            }
        });
        wait_until(&mut rt, |_| ended.get() == ATTACKS);
        attacker.join().unwrap();
        rests(&mut rt);
        assert_eq!((rt.len(), open_descriptors()), (objects, descriptors));
    });
}

#[on_every_network_and_layer]
fn a_peer_that_never_reads_holds_no_more_than_the_limit(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
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
    rests(&mut rt);
    reset(peer);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Unconnected);
    assert_eq!(rt[socket].bytes_to_write(), 0);
}
