//! Ends of connections that are gone without a word: whoever waits for them finds out.

use std::net::Shutdown;

use super::*;

/// A connection whose far end has so much to read that there is no room for more, and its socket.
fn clogged(seed: u64) -> (Simulation, SimHost, SimHost, Obj<QTcpSocket>, SimStream) {
    let (mut sim, near, far) = two_hosts(seed);
    let (socket, peer) = connected_to_plain(&mut sim, near, far);
    sim[near][socket].write_all(&[b'x'; 1 << 20]).unwrap();
    sim.run_for(MINUTE).unwrap();
    assert!(sim[near][socket].bytes_to_write() > 0);
    (sim, near, far, socket, peer)
}

#[test]
fn who_waits_for_room_finds_out_that_the_host_was_down() {
    let (mut sim, near, far, socket, _peer) = clogged(1);
    sim.crash(far);
    sim.run_for(MINUTE).unwrap();
    assert_eq!(sim[near][socket].state(), SocketState::Connected);
    sim.boot(far).unwrap();
    sim.run_for(2 * MINUTE).unwrap();
    assert_eq!(sim[near][socket].error(), Some(SocketError::RemoteHostClosed));
    assert_eq!(sim[near][socket].state(), SocketState::Unconnected);
}

#[test]
fn who_waits_for_room_gives_up_on_a_host_that_stays_down() {
    let (mut sim, near, far, socket, _peer) = clogged(2);
    sim.crash(far);
    sim.run_for(HOUR).unwrap();
    assert_eq!(sim[near][socket].error(), Some(SocketError::SocketTimeout));
}

#[test]
fn what_was_closed_and_could_not_be_sent_is_forgotten() {
    let (mut sim, near, far, socket, _peer) = clogged(3);
    sim[near][socket].abort();
    sim.crash(far);
    sim.run_for(HOUR).unwrap();
    assert_eq!(sim.sockets(near), 0);
}

#[test]
fn a_reset_that_was_lost_is_said_again_to_who_sends() {
    let (mut sim, near, far) = two_hosts(4);
    let (socket, peer) = connected_to_plain(&mut sim, near, far);
    sim[near][socket].write_all(b"on its way").unwrap();
    sim[near].process_events(Some(Duration::ZERO)).unwrap();
    // It arrives, and the answer to it does not.
    sim.partition(near, far);
    peer.reset();
    sim.run_for(MINUTE).unwrap();
    assert_eq!(sim[near][socket].state(), SocketState::Connected);
    sim.repair(near, far);
    sim.run_for(2 * MINUTE).unwrap();
    assert_eq!(sim[near][socket].state(), SocketState::Unconnected);
}

#[test]
fn nothing_is_left_of_connections_that_close_over_a_bad_line() {
    for seed in 0..50 {
        let (mut sim, near, far) = two_hosts(seed);
        let (socket, peer) = connected_to_plain(&mut sim, near, far);
        sim.set_link(near, far, Link::new().with_loss(0.5));
        sim[near][socket].write_all(b"the last word").unwrap();
        sim[near][socket].disconnect_from_host();
        drop(peer);
        sim.run_for(HOUR).unwrap();
        assert_eq!(sim[near][socket].state(), SocketState::Unconnected, "seed {seed}");
        assert_eq!((sim.sockets(near), sim.sockets(far)), (0, 0), "seed {seed}");
    }
}

#[test]
fn a_caller_that_is_gone_leaves_its_place_in_the_queue() {
    let (mut sim, near, far) = two_hosts(5);
    let listener = sim.listen(far, 7).unwrap();
    listener.set_backlog(0).unwrap();
    let port = listener.port().unwrap();
    let far_address = sim.addresses(far)[0];
    let caller = sim.connect(near, (far_address, port)).unwrap();
    // The call arrives, and the answer; that it was heard does not.
    sim.run_for(Duration::from_micros(1_500)).unwrap();
    sim.set_route_from(near, far, Route::Cut);
    sim.run_for(Duration::from_millis(1)).unwrap();
    assert!(caller.is_connected().unwrap());
    caller.reset();
    sim.repair(near, far);
    sim.run_for(MINUTE).unwrap();
    assert!(!listener.has_pending());
    let next = sim.connect(near, (far_address, port)).unwrap();
    sim.run_for(MINUTE).unwrap();
    assert!(next.is_connected().unwrap() && listener.has_pending());
}

#[test]
fn a_host_that_is_down_does_not_answer_for_what_came_before() {
    let (mut sim, near, far) = two_hosts(6);
    let (socket, _peer) = connected_to_plain(&mut sim, near, far);
    // It arrives, and the host goes down before that is known.
    sim.set_route_from(far, near, Route::Cut);
    sim[near][socket].write_all(b"hello").unwrap();
    sim.run_for(Duration::from_millis(50)).unwrap();
    sim.crash(far);
    sim.repair(near, far);
    sim.run_for(5 * MINUTE).unwrap();
    assert_eq!(sim[near][socket].state(), SocketState::Connected);
    sim.run_for(HOUR).unwrap();
    assert_eq!(sim[near][socket].error(), Some(SocketError::SocketTimeout));
}

#[test]
fn who_waits_for_room_finds_out_that_the_way_is_cut() {
    let (mut sim, near, far, socket, mut peer) = clogged(7);
    sim.run_for(24 * HOUR).unwrap();
    assert_eq!(sim[near][socket].state(), SocketState::Connected, "the other end answers");
    sim.partition(near, far);
    sim.run_for(5 * MINUTE).unwrap();
    sim.repair(near, far);
    sim.run_for(5 * MINUTE).unwrap();
    assert_eq!(sim[near][socket].state(), SocketState::Connected);
    while sim[near][socket].bytes_to_write() > 0 {
        assert!(!read_all(&mut peer).0.is_empty());
        sim.run_for(SECOND).unwrap();
    }
    let (mut sim, near, far, socket, _peer) = clogged(8);
    sim.partition(near, far);
    sim.run_for(HOUR).unwrap();
    assert_eq!(sim[near][socket].error(), Some(SocketError::SocketTimeout));
}

#[test]
fn who_sends_to_an_end_that_has_given_up_is_reset() {
    let (mut sim, near, far) = two_hosts(9);
    let (socket, mut peer) = connected_to_plain(&mut sim, near, far);
    sim.partition(near, far);
    peer.write_all(b"anybody?").unwrap();
    sim.run_for(HOUR).unwrap();
    sim.repair(near, far);
    sim[near][socket].write_all(b"hello").unwrap();
    sim.run_for(MINUTE).unwrap();
    assert_eq!(sim[near][socket].error(), Some(SocketError::RemoteHostClosed));
    assert_eq!(peer.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::TimedOut);
}

#[test]
fn who_ends_what_nobody_knows_any_more_is_reset_and_does_not_take_its_bytes_for_heard() {
    let (mut sim, near, far) = two_hosts(10);
    let (socket, mut peer) = connected_to_plain(&mut sim, near, far);
    sim.set_route_from(near, far, Route::Cut);
    sim[near][socket].write_all(b"never heard").unwrap();
    sim[near][socket].disconnect_from_host();
    sim.run_for(SECOND).unwrap();
    // It comes to a connection that its program has closed, and the answer does not arrive.
    peer.write_all(b"never read").unwrap();
    sim.run_for(13 * SECOND).unwrap();
    assert_eq!(sim.sockets(near), 0);
    // The end arrives before the bytes are sent again.
    sim.repair(near, far);
    peer.shutdown(Shutdown::Write).unwrap();
    sim.run_for(SECOND).unwrap();
    assert_eq!(peer.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn an_end_that_is_said_again_after_both_ends_is_acknowledged_for_a_minute() {
    for (silence, is_known) in [(50 * SECOND, true), (70 * SECOND, false)] {
        let (mut sim, near, far) = two_hosts(11);
        let (socket, mut peer) = connected_to_plain(&mut sim, near, far);
        sim[near][socket].disconnect_from_host();
        sim.run_for(SECOND).unwrap();
        assert_eq!(read_all(&mut peer), (Vec::new(), true));
        // The peer's end arrives, and that it did is not heard for so long.
        sim.set_route_from(near, far, Route::Cut);
        peer.shutdown(Shutdown::Write).unwrap();
        sim.run_for(silence).unwrap();
        sim.repair(near, far);
        sim.run_for(MINUTE).unwrap();
        let error = peer.is_connected().err().map(|error| error.kind());
        let expected = if is_known { None } else { Some(ErrorKind::ConnectionReset) };
        assert_eq!(error, expected, "after {silence:?}");
        drop(peer);
        sim.run_for(HOUR).unwrap();
        assert_eq!((sim.sockets(near), sim.sockets(far)), (0, 0));
    }
}

#[test]
fn what_was_heard_before_one_end_closed_counts_as_heard_though_that_was_told_late() {
    let (mut sim, near, far) = two_hosts(14);
    let (socket, mut peer) = connected_to_plain(&mut sim, near, far);
    // The bytes arrive, and that they did is not heard.
    sim.set_route_from(near, far, Route::Cut);
    peer.write_all(b"heard").unwrap();
    sim.run_for(Duration::from_millis(10)).unwrap();
    assert_eq!(sim[near][socket].read_all(), b"heard");
    sim.repair(near, far);
    sim[near][socket].disconnect_from_host();
    sim.run_for(MINUTE / 2).unwrap();
    assert_eq!(sim.sockets(near), 0);
    assert_eq!(read_all(&mut peer), (Vec::new(), true));
    // It is acknowledged, and the peer can end its direction as well.
    assert!(peer.is_connected().unwrap());
    peer.shutdown(Shutdown::Write).unwrap();
    sim.run_for(SECOND).unwrap();
    assert_eq!(peer.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
}

#[test]
fn a_reset_after_both_ends_says_nothing_new() {
    let (mut sim, near, far) = two_hosts(15);
    let listener = sim.listen(far, 7).unwrap();
    let one = sim.connect(near, (sim.addresses(far)[0], 7)).unwrap();
    sim.run_for(SECOND).unwrap();
    let (other, _) = listener.accept().unwrap();
    for end in [&one, &other] {
        end.shutdown(Shutdown::Write).unwrap();
    }
    sim.run_for(SECOND).unwrap();
    other.reset();
    sim.run_for(SECOND).unwrap();
    let mut one = one;
    assert_eq!(read_all(&mut one), (Vec::new(), true));
    assert!(one.is_connected().is_ok());
}

#[test]
fn a_connection_that_one_end_has_closed_may_be_ended_by_the_other_for_a_minute() {
    for (silence, is_known) in [(50 * SECOND, true), (70 * SECOND, false)] {
        let (mut sim, near, far) = two_hosts(12);
        let (socket, peer) = connected_to_plain(&mut sim, near, far);
        sim[near][socket].disconnect_from_host();
        sim.run_for(silence).unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        sim.run_for(MINUTE).unwrap();
        let error = peer.is_connected().err().map(|error| error.kind());
        let expected = if is_known { None } else { Some(ErrorKind::ConnectionReset) };
        assert_eq!(error, expected, "after {silence:?}");
    }
}

#[test]
fn a_host_that_was_down_knows_nothing_of_connections_that_it_had_closed() {
    let (mut sim, near, far) = two_hosts(13);
    let (socket, peer) = connected_to_plain(&mut sim, near, far);
    sim[near][socket].disconnect_from_host();
    sim.run_for(SECOND).unwrap();
    sim.crash(near);
    sim.boot(near).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    sim.run_for(SECOND).unwrap();
    let error = peer.is_connected().err().map(|error| error.kind());
    assert_eq!(error, Some(ErrorKind::ConnectionReset));
}
