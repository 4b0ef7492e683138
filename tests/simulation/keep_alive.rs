//! Keep-alive: who looks after a connection finds out that it is cut.

use slotwire::SocketOption;

use super::*;

/// Has a connection asked for after 30 s of silence, three times in 15 s.
fn look_after(socket: &mut QTcpSocket) {
    for option in [
        SocketOption::KeepAliveIdle(30 * SECOND),
        SocketOption::KeepAliveInterval(5 * SECOND),
        SocketOption::KeepAliveCount(3),
        SocketOption::KeepAlive(true),
    ] {
        socket.set_socket_option(option).unwrap();
    }
}

#[test]
fn a_cut_is_found_out_by_keep_alive() {
    let (mut sim, near, far) = two_hosts(3);
    let (socket, _peer) = connected_pair_on(&mut sim, near, far);
    look_after(&mut sim[near][socket]);
    sim.run_for(HOUR).unwrap();
    assert_eq!(sim[near][socket].state(), SocketState::Connected, "the other end answers");
    sim.partition(near, far);
    let began = sim.elapsed();
    let is_over = |sim: &Simulation| sim[near][socket].state() == SocketState::Unconnected;
    assert!(sim.run_until(HOUR, is_over).unwrap());
    let took = sim.elapsed() - began;
    assert!(took >= 15 * SECOND && took <= 50 * SECOND, "{took:?}");
    assert_eq!(sim[near][socket].error(), Some(SocketError::SocketTimeout));
}

#[test]
fn what_is_sent_again_is_waited_for_without_keep_alive() {
    let (mut sim, near, far) = two_hosts(3);
    let (socket, _peer) = connected_pair_on(&mut sim, near, far);
    look_after(&mut sim[near][socket]);
    sim.partition(near, far);
    sim[near][socket].write_all(b"hello").unwrap();
    sim.run_for(10 * MINUTE).unwrap();
    assert_eq!(sim[near][socket].state(), SocketState::Connected);
    sim.run_for(10 * MINUTE).unwrap();
    assert_eq!(sim[near][socket].error(), Some(SocketError::SocketTimeout));
}

#[test]
fn other_options_do_not_put_keep_alive_off() {
    let (mut sim, near, far) = two_hosts(3);
    let (socket, _peer) = connected_pair_on(&mut sim, near, far);
    look_after(&mut sim[near][socket]);
    sim.partition(near, far);
    for number in 0..6 {
        sim.run_for(10 * SECOND).unwrap();
        if sim[near][socket].state() == SocketState::Connected {
            let option = SocketOption::LowDelay(number % 2 == 0);
            sim[near][socket].set_socket_option(option).unwrap();
        }
    }
    assert_eq!(sim[near][socket].error(), Some(SocketError::SocketTimeout));
}

#[test]
fn another_time_of_silence_counts_from_what_was_heard_last() {
    let (mut sim, near, far) = two_hosts(3);
    let (socket, _peer) = connected_pair_on(&mut sim, near, far);
    look_after(&mut sim[near][socket]);
    sim.partition(near, far);
    sim.run_for(20 * SECOND).unwrap();
    let option = SocketOption::KeepAliveIdle(25 * SECOND);
    sim[near][socket].set_socket_option(option).unwrap();
    // Asked for after 25 s, and three times five more.
    sim.run_for(21 * SECOND).unwrap();
    assert_eq!(sim[near][socket].error(), Some(SocketError::SocketTimeout));
}
