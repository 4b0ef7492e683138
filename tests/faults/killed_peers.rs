//! Peers that are killed in the middle of what they say.

use super::*;
use peer_process::PeerProcess;

/// How many processes there are.
const PEERS: usize = 30;

/// What each of them sends over and over.
fn phrase() -> Vec<u8> {
    noise(10_000)
}

/// What a peer does until it is killed: it speaks, and reads now and then.
fn speak(port: u16) {
    let mut stream = dial(port);
    let (phrase, mut buffer) = (phrase(), [0; 1000]);
    loop {
        stream.write_all(&phrase).unwrap();
        stream.read_exact(&mut buffer).unwrap();
    }
}

/// Says whether what was received is what a peer sends, from its start.
fn is_speech(received: &[u8]) -> bool {
    let phrase = phrase();
    received.chunks(phrase.len()).all(|part| part == &phrase[..part.len()])
}

#[test]
fn peers_that_are_killed_in_mid_stream_are_missed_once_and_leave_nothing() {
    let test =
        "killed_peers::peers_that_are_killed_in_mid_stream_are_missed_once_and_leave_nothing";
    if let Some(port) = PeerProcess::port() {
        return speak(port);
    }
    in_own_process(test, || {
        let mut rt = Runtime::new().unwrap();
        let visits = Visits::default();
        let noted = visits.clone();
        let (_, port) = server(&mut rt, move |world, socket| {
            noted.note(world, socket);
            // The peers take a tenth of it, so that something always waits for them.
            world[socket].set_write_buffer_limit(Some(100_000));
            world.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
                // A full buffer refuses, which is as good.
                let _ = world[socket].write(&[0; 10_000]);
            });
        });
        settle(&mut rt);
        let before = (rt.len(), open_descriptors());
        let peers: Vec<_> = (0..PEERS).map(|_| PeerProcess::start(test, port)).collect();
        wait_until(&mut rt, |_| visits.count() == PEERS && visits.least_received() > 100_000);
        for (killed, peer) in peers.into_iter().enumerate() {
            assert_eq!(visits.ended(), killed);
            peer.kill();
            wait_until(&mut rt, |_| visits.ended() == killed + 1);
        }
        settle(&mut rt);
        for Visit { received, errors, ends } in visits.take() {
            assert_eq!((&errors[..], ends), (&[SocketError::RemoteHostClosed][..], 1));
            assert!(is_speech(&received));
        }
        assert_eq!((rt.len(), open_descriptors()), before);
        assert_eq!(rt.next_deadline(), None);
    });
}

#[test]
fn a_peer_that_is_frozen_holds_no_more_than_the_limit_and_its_end_is_noticed() {
    let test =
        "killed_peers::a_peer_that_is_frozen_holds_no_more_than_the_limit_and_its_end_is_noticed";
    if let Some(port) = PeerProcess::port() {
        return speak(port);
    }
    let mut rt = Runtime::new().unwrap();
    let (listener, port) = std_listener();
    let peer = PeerProcess::start(test, port);
    let socket = rt.add(QTcpSocket::new());
    let descriptor = listener.accept().unwrap().0.into();
    let (state, mode) = (SocketState::Connected, OpenMode::READ_WRITE);
    rt[socket].set_socket_descriptor(descriptor, state, mode).unwrap();
    let journal = journal_of(&mut rt, socket);
    rt[socket].set_write_buffer_limit(Some(100_000));
    wait_until(&mut rt, |world| world[socket].bytes_available() >= 10_000);
    peer.stop();
    let mut turns_without_room = 0;
    while turns_without_room < 20 {
        turns_without_room = match rt[socket].write(&[0; 64 * 1024]) {
            Ok(_) => 0,
            Err(_) => turns_without_room + 1,
        };
        assert!(rt[socket].bytes_to_write() <= 100_000);
        turn(&mut rt);
    }
    assert_eq!(rt[socket].state(), SocketState::Connected);
    peer.kill();
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Unconnected);
    settle(&mut rt);
    assert_eq!(journal.count("RemoteHostClosed while Connected"), 1);
    assert_eq!(journal.count("disconnected"), 1);
    assert!(is_speech(&rt[socket].read_all()));
}
