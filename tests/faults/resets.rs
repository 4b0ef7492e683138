//! Peers that send something and reset the connection, in storms.

use super::namespace::in_own_network;
use super::*;
use slotwire::QTcpServer;

/// How many peers come at once, and how many times.
const STORM: [usize; 2] = [100, 10];

/// What the peer of this number sends before it resets.
fn last_words(number: usize) -> Vec<u8> {
    let mut words = noise(number % 40 * 97);
    words.extend(u32::try_from(number).unwrap().to_be_bytes());
    words
}

/// Sees that each visit brought all that one peer sent, and was told to have ended once.
fn check(visits: Vec<Visit>, expected: impl Iterator<Item = Vec<u8>>) {
    let mut received = Vec::new();
    for Visit { received: bytes, errors, ends } in visits {
        assert_eq!((&errors[..], ends), (&[SocketError::RemoteHostClosed][..], 1));
        received.push(bytes);
    }
    let mut expected: Vec<_> = expected.collect();
    received.sort();
    expected.sort();
    assert!(received == expected, "not all that was sent was received");
}

#[test]
fn what_was_sent_before_a_reset_is_read_and_the_reset_is_told_once() {
    in_own_process(
        "resets::what_was_sent_before_a_reset_is_read_and_the_reset_is_told_once",
        || {
            let mut rt = Runtime::new().unwrap();
            let (port, visits) = visited_server(&mut rt);
            settle(&mut rt);
            let before = (rt.len(), open_descriptors());
            let [at_once, times] = STORM;
            for storm in 0..times {
                // Half of the storms come over connections that the server knows already.
                let is_known = storm % 2 == 0;
                let mut peers: Vec<_> = (0..at_once).map(|_| dial(port)).collect();
                if is_known {
                    wait_until(&mut rt, |_| visits.count() == at_once);
                    settle(&mut rt);
                }
                for (place, peer) in peers.iter_mut().enumerate() {
                    peer.write_all(&last_words(storm * at_once + place)).unwrap();
                }
                peers.into_iter().for_each(reset);
                wait_until(&mut rt, |_| visits.ended() == at_once);
                settle(&mut rt);
                let numbers = storm * at_once..(storm + 1) * at_once;
                check(visits.take(), numbers.map(last_words));
            }
            assert_eq!((rt.len(), open_descriptors()), before);
        },
    );
}

#[test]
fn a_reset_in_the_middle_of_what_is_sent_to_the_peer_is_told_once() {
    let mut rt = Runtime::new().unwrap();
    let visits = Visits::default();
    let noted = visits.clone();
    // More than the kernel takes, so that something is always on its way.
    let answer = Rc::new(noise(8 << 20));
    let (_, port) = server(&mut rt, move |world, socket| {
        noted.note(world, socket);
        world[socket].write_all(&answer).unwrap();
    });
    for _ in 0..5 {
        let mut peers: Vec<_> = (0..10).map(|_| dial(port)).collect();
        wait_until(&mut rt, |_| visits.count() == 10);
        for (number, peer) in peers.iter_mut().enumerate() {
            peer.read_exact(&mut vec![0; number * 10_000]).unwrap();
            peer.write_all(&last_words(number)).unwrap();
        }
        peers.into_iter().for_each(reset);
        wait_until(&mut rt, |_| visits.ended() == 10);
        settle(&mut rt);
        check(visits.take(), (0..10).map(last_words));
    }
    assert_eq!(rt.len(), 1);
}

#[test]
fn sockets_whose_listener_resets_them_hear_of_it_once() {
    let mut rt = Runtime::new().unwrap();
    let (listener, port) = std_listener();
    for number in 0..200 {
        let socket = rt.add(QTcpSocket::new());
        let journal = journal_of(&mut rt, socket);
        rt[socket].connect_to_host("127.0.0.1", port);
        wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
        let mut peer = listener.accept().unwrap().0;
        peer.write_all(&last_words(number)).unwrap();
        reset(peer);
        wait_until(&mut rt, |world| world[socket].state() == SocketState::Unconnected);
        settle(&mut rt);
        assert_eq!(rt[socket].read_all(), last_words(number));
        assert_eq!(journal.count("RemoteHostClosed while Connected"), 1);
        assert_eq!(journal.count("disconnected"), 1);
        rt.destroy(socket);
    }
    assert!(rt.is_empty());
}

#[test]
fn a_client_that_calls_a_dead_port_does_not_keep_its_server_from_coming_back() {
    let test = "resets::a_client_that_calls_a_dead_port_does_not_keep_its_server_from_coming_back";
    in_own_network(test, || {
        let port = 40_000;
        // Whoever calls that port calls from there, and reaches itself.
        std::fs::write("/proc/sys/net/ipv4/ip_local_port_range", format!("{port} {port}")).unwrap();
        let mut rt = Runtime::new().unwrap();
        let socket = rt.add(QTcpSocket::new());
        let journal = journal_of(&mut rt, socket);
        for _ in 0..3 {
            rt[socket].connect_to_host("127.0.0.1", port);
            wait_until(&mut rt, |_| journal.has("ConnectionRefused while Unconnected"));
            let expected = ["HostLookup", "Connecting", "host_found", "Unconnected"];
            assert_eq!(journal.take()[..4], expected);
        }
        let server = rt.add(QTcpServer::new());
        rt[server].listen((Ipv4Addr::LOCALHOST, port)).unwrap();
    });
}
