//! Time: it jumps to what happens next, and passes for everybody alike.

use super::*;
use std::rc::Rc;
use std::time::SystemTime;

#[test]
fn timers_of_all_hosts_go_by_the_networks_time() {
    let (mut sim, near, far) = two_hosts(8);
    let journal = Journal::new();
    for (host, period) in [(near, 3), (far, 2)] {
        let timer = sim[host].add(QTimer::new());
        let (journal, network) = (journal.clone(), SimNetwork::clone(&sim));
        sim[host].connect_fn(timer, QTimer::timeout, move |_, _| {
            journal.note(format!("{} at {:?}", network.host_name(host), network.elapsed()));
        });
        sim[host][timer].set_timer_type(slotwire::TimerType::Precise);
        sim[host][timer].start_with(period * SECOND);
    }
    sim.run_for(6 * SECOND).unwrap();
    let rung = ["far at 2s", "near at 3s", "far at 4s", "near at 6s", "far at 6s"];
    assert_eq!(journal.take(), rung);
}

#[test]
fn what_is_scheduled_happens_at_its_time() {
    let (mut sim, near, far) = two_hosts(8);
    let (socket, _peer) = connected_pair_on(&mut sim, near, far);
    let began = sim.elapsed();
    sim.after(10 * SECOND, move |network| network.partition(near, far));
    sim.after(70 * SECOND, move |network| network.repair(near, far));
    sim.run_for(20 * SECOND).unwrap();
    sim[near][socket].write_all(b"late").unwrap();
    let is_sent = |sim: &Simulation| sim[near][socket].bytes_to_write() == 0;
    assert!(sim.run_until(HOUR, is_sent).unwrap());
    sim.run_for(HOUR).unwrap();
    assert_eq!(sim.elapsed() - began, 20 * SECOND + HOUR);
}

#[test]
fn a_network_on_which_nothing_happens_any_more_is_not_waited_for() {
    let (mut sim, near, _) = two_hosts(8);
    let before = sim.elapsed();
    assert!(!sim.run_until(HOUR, |_| false).unwrap());
    assert_eq!(sim.elapsed() - before, HOUR);
    // And a wait without an end ends.
    let server = sim[near].add(QTcpServer::new());
    sim[near][server].listen(any_port()).unwrap();
    assert!(!sim[near].wait_for_new_connection(server, None));
}

#[test]
fn another_thread_can_call_a_loop_that_has_nothing_to_wait_for() {
    let mut rt = Runtime::simulated(8).unwrap();
    let remote = rt.remote();
    let caller = std::thread::spawn(move || remote.exit(7));
    assert_eq!(rt.exec().unwrap(), 7);
    caller.join().unwrap().unwrap();
}

#[test]
fn a_notifier_of_the_kernels_works_beside_the_simulated_network() {
    let mut rt = Runtime::simulated(8).unwrap();
    let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let ours = Rc::new(ours);
    let kind = slotwire::NotifierType::Read;
    let notifier = rt.add(slotwire::QSocketNotifier::new(ours.clone(), kind).unwrap());
    rt.connect_fn(notifier, slotwire::QSocketNotifier::activated, |world, _| world.quit());
    theirs.write_all(b"!").unwrap();
    rt.single_shot_fn(HOUR, |world| world.exit(1));
    assert_eq!(rt.exec().unwrap(), 0, "the kernel is asked before time jumps");
}

#[test]
fn readiness_that_is_late_merged_or_false_changes_nothing() {
    let (mut sim, near, far) = two_hosts(8);
    let unrest = Unrest::new().with_delay(Duration::from_millis(40)).with_false_alarms(0.5);
    sim.set_unrest(unrest);
    let (socket, peer) = connected_pair_on(&mut sim, near, far);
    let sent = noise(700_000);
    sim[near][socket].write_all(&sent).unwrap();
    sim[near][socket].disconnect_from_host();
    let is_over = |sim: &Simulation| sim[far][peer].state() == SocketState::Unconnected;
    assert!(sim.run_until(HOUR, is_over).unwrap());
    assert_eq!(sim[far][peer].read_all(), sent);
    assert_eq!(sim[near][socket].state(), SocketState::Unconnected);
}

#[test]
fn readiness_comes_as_late_as_was_asked_for_and_no_later() {
    let (mut sim, near, far) = two_hosts(8);
    let (socket, mut peer) = connected_to_plain(&mut sim, near, far);
    let (way, most) = (Duration::from_millis(1), Duration::from_millis(50));
    sim.set_unrest(Unrest::new().with_delay(most));
    let mut latest = Duration::ZERO;
    for _ in 0..20 {
        peer.write_all(b"!").unwrap();
        let began = sim.elapsed();
        let is_there = |sim: &Simulation| sim[near][socket].bytes_available() == 1;
        assert!(sim.run_until(SECOND, is_there).unwrap());
        latest = latest.max(sim.elapsed() - began);
        assert_eq!(sim[near][socket].read_all(), b"!");
    }
    assert!(latest > way + most / 2 && latest <= way + most, "{latest:?}");
}

#[test]
fn time_passes_also_for_a_program_that_never_rests() {
    fn again(world: &mut World) {
        world.post(again);
    }
    let (mut sim, near, far) = two_hosts(8);
    let (socket, peer) = connected_pair_on(&mut sim, near, far);
    sim[near].post(again);
    assert!(!sim.settle().unwrap());
    sim[near][socket].write_all(b"hello").unwrap();
    let is_there = |sim: &Simulation| sim[far][peer].bytes_available() == 5;
    assert!(sim.run_until(SECOND, is_there).unwrap());
    assert!(!sim[near].run_until(Duration::from_millis(3), |_| false).unwrap());
}

/// Has a socket answer whatever comes with the same.
fn parrot(world: &mut World, socket: Obj<QTcpSocket>) {
    world.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
        let words = world[socket].read_all();
        world[socket].write_all(&words)
    });
}

#[test]
fn time_passes_also_while_two_talk_over_a_link_that_takes_none() {
    let (mut sim, near, far) = two_hosts(8);
    sim.set_default_link(Link::new().with_latency(Duration::ZERO));
    let (socket, peer) = connected_pair_on(&mut sim, near, far);
    parrot(&mut sim[near], socket);
    parrot(&mut sim[far], peer);
    sim[near][socket].write_all(b"polly").unwrap();
    let before = sim.elapsed();
    sim.run_for(Duration::from_millis(3)).unwrap();
    assert!(sim.elapsed() - before >= Duration::from_millis(3));
}

#[test]
fn time_passes_also_while_a_host_talks_to_itself_in_none() {
    let network = SimNetwork::new(8);
    let host = network.add_host("host");
    network.set_loopback(Link::loopback().with_latency(Duration::ZERO));
    let mut rt = network.runtime(host).unwrap();
    let server = rt.add(QTcpServer::new());
    rt[server].listen(([127, 0, 0, 1], 80)).unwrap();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host("localhost", 80);
    wait_until(&mut rt, |world| world[server].has_pending_connections());
    let peer = rt[server].next_pending_connection().unwrap();
    parrot(&mut rt, socket);
    parrot(&mut rt, peer);
    rt[socket].write_all(b"polly").unwrap();
    rt.single_shot_fn(Duration::from_millis(3), |world| world.quit());
    assert_eq!(rt.exec().unwrap(), 0);
}

#[test]
fn a_wait_without_an_end_ends_when_nothing_will_come_any_more() {
    let (mut sim, near, far) = two_hosts(8);
    let (socket, _peer) = connected_to_plain(&mut sim, near, far);
    assert!(!sim[near].wait_for_ready_read(socket, None));
    assert_eq!(sim[near][socket].error(), Some(SocketError::SocketTimeout));
    assert!(!sim[near].wait_for_disconnected(socket, None));
    sim.set_name("silent", NameAnswer::never());
    let caller = sim[near].add(QTcpSocket::new());
    sim[near][caller].set_connect_timeout(None);
    sim[near][caller].connect_to_host("silent", 80);
    assert!(!sim[near].wait_for_connected(caller, None));
    assert_eq!(sim[near][caller].error(), Some(SocketError::SocketTimeout));
}

#[test]
fn another_thread_can_call_a_loop_that_waits_while_something_always_happens() {
    let exited = watched(|| {
        let network = SimNetwork::new(8);
        let (host, far) = (network.add_host("host"), network.add_host("far"));
        let listener = network.listen(far, 80).unwrap();
        let mut rt = network.runtime(host).unwrap();
        let socket = rt.add(QTcpSocket::new());
        rt[socket].connect_to_host("far", 80);
        assert!(rt.wait_for_connected(socket, Some(SECOND)));
        // The hosts ask each other for ever whether they are there, and no program hears of it.
        rt[socket].set_socket_option(slotwire::SocketOption::KeepAlive(true)).unwrap();
        let remote = rt.remote();
        let caller = std::thread::spawn(move || remote.exit(7));
        let exited = rt.exec().unwrap();
        caller.join().unwrap().unwrap();
        drop(listener);
        exited
    });
    assert_eq!(exited, 7);
}

#[test]
fn a_runtime_whose_socket_became_ready_while_another_ran_wants_its_pass_now() {
    let (mut sim, near, far) = two_hosts(8);
    let (socket, peer) = connected_pair_on(&mut sim, near, far);
    sim.settle().unwrap();
    assert_eq!(sim[far].next_deadline(), None);
    sim[near][socket].write_all(b"hello").unwrap();
    sim[near].process_events(Some(SECOND)).unwrap();
    sim[near].process_events(Some(SECOND)).unwrap();
    assert_eq!(sim[far][peer].bytes_available(), 0);
    assert_eq!(sim[far].next_deadline(), Some(sim[far].now()));
    sim[far].process_events(Some(Duration::ZERO)).unwrap();
    assert_eq!(sim[far][peer].read_all(), b"hello");
    assert_eq!(sim[far].next_deadline(), None);
}

#[test]
fn a_clock_at_the_end_of_time_does_not_go_back() {
    let (mut sim, near, _) = two_hosts(8);
    sim.run_for(HOUR).unwrap();
    let timer = sim[near].add(QTimer::new());
    let rung = sim[near].spy(timer, QTimer::timeout);
    sim[near][timer].set_single_shot(true);
    sim[near][timer].start_with(HOUR);
    sim.run_for(Duration::MAX).unwrap();
    assert_eq!(rung.len(), 1);
    assert_eq!(sim[near].next_deadline(), None);
}

#[test]
fn room_that_is_gone_before_it_was_told_of_is_told_of_when_it_comes_again() {
    for seed in 0..20 {
        let (mut sim, near, far) = two_hosts(seed);
        let (socket, mut peer) = connected_to_plain(&mut sim, near, far);
        sim[near][socket].write_all(&[b'x'; 1 << 20]).unwrap();
        sim.run_for(SECOND).unwrap();
        // There is room, which is told of late, and no more when it is.
        sim.set_unrest(Unrest::new().with_delay(Duration::from_millis(50)));
        let mut count = read_all(&mut peer).0.len();
        sim.run_for(Duration::from_millis(3)).unwrap();
        sim[near][socket].set_socket_option(slotwire::SocketOption::SendBufferSize(1)).unwrap();
        for _ in 0..1_000 {
            sim.run_for(SECOND).unwrap();
            count += read_all(&mut peer).0.len();
        }
        assert_eq!((sim[near][socket].bytes_to_write(), count), (0, 1 << 20), "seed {seed}");
    }
}

#[test]
fn the_date_of_all_hosts_is_that_of_the_network() {
    let (mut sim, near, far) = two_hosts(8);
    let in_2000 = SystemTime::UNIX_EPOCH + Duration::from_secs(946_684_800);
    assert_eq!(sim[near].system_time(), in_2000);
    sim.run_for(HOUR).unwrap();
    assert_eq!(sim[far].system_time(), in_2000 + HOUR);
    let (date, elapsed) = (in_2000 + 1000 * HOUR, sim.elapsed());
    sim.set_system_time(date);
    assert_eq!(sim.elapsed(), elapsed);
    sim.run_for(SECOND).unwrap();
    for host in [near, far] {
        assert_eq!(sim[host].system_time(), date + SECOND);
    }
}
