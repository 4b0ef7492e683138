//! Running out of descriptors, again and again.

use super::*;

/// Makes turns until so much time has passed on the clock, and counts them.
fn turns_in(rt: &mut Runtime, clock: &VirtualClock, time: Duration) -> usize {
    let until = clock.elapsed() + time;
    let mut turns = 0;
    while clock.elapsed() < until {
        rt.process_events(Some(until - clock.elapsed())).unwrap();
        turns += 1;
        assert!(turns < 10_000, "it spins");
    }
    turns
}

#[test]
fn a_server_that_starves_again_and_again_does_not_spin_and_always_recovers() {
    let test =
        "descriptors::a_server_that_starves_again_and_again_does_not_spin_and_always_recovers";
    in_own_process(test, || {
        let clock = VirtualClock::new();
        let mut rt = Runtime::with_clock(clock.clone()).unwrap();
        let (port, visits) = visited_server(&mut rt);
        settle(&mut rt);
        let before = (rt.len(), open_descriptors());
        for _ in 0..200 {
            let mut peer = dial(port);
            peer.write_all(b"after all").unwrap();
            leave_room_for_descriptors(0);
            // A try after 100 ms, then ever later up to a second, and what each try does.
            let turns = turns_in(&mut rt, &clock, Duration::from_secs(10));
            assert!(turns <= 40, "{turns} turns in 10 s without a descriptor");
            assert_eq!(visits.count(), 0);
            leave_room_for_many_descriptors();
            assert!(rt.run_until(Duration::from_secs(2), |_| visits.count() == 1).unwrap());
            drop(peer);
            wait_until(&mut rt, |_| visits.ended() == 1);
            settle(&mut rt);
            assert_eq!(visits.take().pop().unwrap().received, b"after all");
            assert_eq!(rt.next_deadline(), None);
            assert_eq!((rt.len(), open_descriptors()), before);
        }
    });
}

#[test]
fn more_peers_than_there_are_descriptors_are_served_one_after_the_other() {
    let test = "descriptors::more_peers_than_there_are_descriptors_are_served_one_after_the_other";
    in_own_process(test, || {
        let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
        let (server, port) = server(&mut rt, echo);
        let refusals = rt.spy(server, QTcpServer::accept_error);
        settle(&mut rt);
        let before = rt.len();
        let peers: Vec<_> = (0..500).map(|_| dial(port)).collect();
        leave_room_for_descriptors(16);
        settle(&mut rt);
        assert_eq!(rt.len(), before + 16);
        for mut peer in peers {
            peer.write_all(b"served").unwrap();
            assert_eq!(read_exactly(&mut rt, &mut peer, 6), b"served");
            // Both ends leave their descriptors to those who wait.
            drop(peer);
        }
        let refusals = refusals.take();
        assert!(!refusals.is_empty());
        assert!(refusals.iter().all(|&error| error == SocketError::SocketResource));
        settle(&mut rt);
        assert_eq!(rt.len(), before);
    });
}

#[test]
fn sockets_that_get_no_descriptor_say_so_and_work_later() {
    let test = "descriptors::sockets_that_get_no_descriptor_say_so_and_work_later";
    in_own_process(test, || {
        let mut rt = Runtime::new().unwrap();
        let (listener, port) = std_listener();
        let tcp = rt.add(QTcpSocket::new());
        let udp = rt.add(QUdpSocket::new());
        let server = rt.add(QTcpServer::new());
        let journal = journal_of(&mut rt, tcp);
        let before = open_descriptors();
        for _ in 0..100 {
            leave_room_for_descriptors(0);
            rt[tcp].connect_to_host("127.0.0.1", port);
            settle(&mut rt);
            assert_eq!(journal.take().last().unwrap(), "SocketResource while Unconnected");
            let bound = rt[udp].bind(BindAddress::AnyIpv4, 0, BindMode::DEFAULT).unwrap_err();
            let sent = rt[udp].write_datagram(b"?", any_port()).unwrap_err();
            let listened = rt[server].listen(any_port()).unwrap_err();
            for refused in [bound, sent, listened] {
                assert_eq!(refused.kind(), SocketError::SocketResource);
            }
            leave_room_for_many_descriptors();
            rt[tcp].connect_to_host("127.0.0.1", port);
            rt[udp].bind(BindAddress::AnyIpv4, 0, BindMode::DEFAULT).unwrap();
            rt[server].listen(any_port()).unwrap();
            wait_until(&mut rt, |world| world[tcp].state() == SocketState::Connected);
            drop(listener.accept().unwrap());
            wait_until(&mut rt, |world| world[tcp].state() == SocketState::Unconnected);
            rt[udp].abort();
            rt[server].close();
            settle(&mut rt);
            journal.take();
            assert_eq!(open_descriptors(), before);
        }
    });
}
