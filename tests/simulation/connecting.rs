//! Calls that are answered, refused, swallowed and turned back.

use super::*;

/// What becomes of a socket of `near` that connects to `to`, and when.
fn outcome_of(sim: &mut Simulation, near: SimHost, to: SocketAddr) -> (Vec<String>, Duration) {
    let began = sim.elapsed();
    let socket = sim[near].add(QTcpSocket::new());
    let journal = journal_of(&mut sim[near], socket);
    sim[near][socket].set_connect_timeout(None);
    sim[near][socket].connect_to_address(to, OpenMode::READ_WRITE);
    let is_decided = |sim: &Simulation| {
        let state = sim[near][socket].state();
        state == SocketState::Connected
            || state == SocketState::Unconnected && sim[near][socket].error().is_some()
    };
    assert!(sim.run_until(HOUR, is_decided).unwrap());
    sim.settle().unwrap();
    let (said, took) = (journal.take(), sim.elapsed() - began);
    sim[near].destroy(socket);
    (said, took)
}

fn address(sim: &Simulation, host: SimHost, port: u16) -> SocketAddr {
    SocketAddr::new(sim.addresses(host)[0], port)
}

#[test]
fn a_listener_answers_after_the_way_there_and_back() {
    let (mut sim, near, far) = two_hosts(1);
    let _listener = sim.listen(far, 80).unwrap();
    let to = address(&sim, far, 80);
    let (said, took) = outcome_of(&mut sim, near, to);
    assert_eq!(said, ["HostLookup", "Connecting", "host_found", "Connected", "connected"]);
    assert_eq!(took, Duration::from_millis(2));
}

#[test]
fn a_port_without_a_listener_refuses() {
    let (mut sim, near, far) = two_hosts(1);
    let to = address(&sim, far, 80);
    let (said, took) = outcome_of(&mut sim, near, to);
    assert_eq!(said[3..], ["Unconnected", "ConnectionRefused while Unconnected"]);
    assert_eq!(took, Duration::from_millis(2));
}

#[test]
fn a_closed_port_answers_nobody() {
    let (mut sim, near, far) = two_hosts(1);
    let _listener = sim.listen(far, 80).unwrap();
    sim.close_port(far, 80);
    let to = address(&sim, far, 80);
    let (said, took) = outcome_of(&mut sim, near, to);
    assert_eq!(said[3..], ["Unconnected", "Network while Unconnected"]);
    // Six more calls, each twice as long after the one before: 1 + 2 + 4 + 8 + 16 + 32 s.
    assert!(took > 63 * SECOND && took < 64 * SECOND, "{took:?}");
    sim.open_port(far, 80);
    assert_eq!(outcome_of(&mut sim, near, to).0[4], "connected");
}

#[test]
fn nobody_at_an_address_is_found_out() {
    let (mut sim, near, _) = two_hosts(1);
    let (said, took) = outcome_of(&mut sim, near, ([10, 0, 9, 9], 80).into());
    assert_eq!(said[3..], ["Unconnected", "Network while Unconnected"]);
    assert_eq!(took, 3 * SECOND);
}

#[test]
fn a_router_that_turns_packets_back_says_why() {
    let (mut sim, near, far) = two_hosts(1);
    let to = address(&sim, far, 80);
    sim.set_route(near, far, Route::Unreachable);
    assert_eq!(outcome_of(&mut sim, near, to).0[4], "Network while Unconnected");
    sim.set_route(near, far, Route::Prohibited);
    assert_eq!(outcome_of(&mut sim, near, to).0[4], "SocketAccess while Unconnected");
}

#[test]
fn a_full_queue_lets_callers_wait_until_there_is_room() {
    let (mut sim, near, far) = two_hosts(1);
    let listener = sim.listen(far, 80).unwrap();
    listener.set_backlog(1).unwrap();
    let sockets: Vec<_> = (0..3).map(|_| sim[near].add(QTcpSocket::new())).collect();
    for &socket in &sockets {
        sim[near][socket].connect_to_host("far", 80);
    }
    let connected = |sim: &Simulation| {
        let stands =
            |socket: &&Obj<QTcpSocket>| sim[near][**socket].state() == SocketState::Connected;
        sockets.iter().filter(stands).count()
    };
    sim.run_for(SECOND / 2).unwrap();
    assert_eq!(connected(&sim), 2, "a backlog of one lets two wait, as on Linux");
    let _taken = listener.accept().unwrap();
    sim.run_for(2 * SECOND).unwrap();
    assert_eq!(connected(&sim), 3);
}

#[test]
fn ports_run_out_and_come_back() {
    let (mut sim, near, far) = two_hosts(1);
    let _listener = sim.listen(far, 80).unwrap();
    let to = address(&sim, far, 80);
    let all: Vec<_> = std::iter::from_fn(|| sim.connect(near, to).ok()).collect();
    assert_eq!(all.len(), 60_999 - 32_768 + 1);
    let error = sim.connect(near, to).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    drop(all);
    sim.run_for(HOUR).unwrap();
    assert!(sim.connect(near, to).is_ok());
}

#[test]
fn an_address_is_given_once_unless_it_is_shared() {
    let (sim, near, _) = two_hosts(1);
    let any = SocketAddr::from(([0; 4], 53));
    let first = sim.bind_udp(near, any).unwrap();
    for taken in [any, ([127, 0, 0, 1], 53).into(), ([10, 0, 0, 1], 53).into()] {
        let error = sim.bind_udp(near, taken).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse, "{taken}");
    }
    drop(first);
    let one = sim.bind_udp_shared(near, any).unwrap();
    let other = sim.bind_udp_shared(near, any).unwrap();
    assert_eq!(one.local_addr().unwrap(), other.local_addr().unwrap());
    let foreign = SocketAddr::from(([10, 0, 0, 2], 53));
    let error = sim.bind_udp(near, foreign).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
}
