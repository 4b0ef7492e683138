//! One seed is one run.

use std::collections::BTreeMap;

use slotwire::Trace;

use super::*;

/// Lets pairs of sockets chatter over bad links for a while; returns what they said and all that was
/// emitted.
fn chatter(seed: u64, pairs: usize) -> String {
    let (mut sim, near, far) = two_hosts(seed);
    let trace = Trace::timed();
    sim.record_into(&trace);
    let bad = Link::new().with_jitter(Duration::from_millis(9)).with_loss(0.05);
    sim.set_link(near, far, bad.with_splitting(0.3).with_duplication(0.1));
    sim.set_unrest(Unrest::new().with_delay(Duration::from_millis(1)).with_false_alarms(0.1));
    let heard = Journal::new();
    for number in 0..pairs {
        let (one, other) = connected_pair_on(&mut sim, near, far);
        for (host, socket) in [(near, one), (far, other)] {
            let heard = heard.clone();
            sim[host].connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
                let words = world[socket].read_all();
                heard.note(format!("{words:02x?}"));
                let answer: Vec<u8> = words.iter().map(|byte| byte.wrapping_add(1)).collect();
                world[socket].write_all(&answer)
            });
        }
        sim[near][one].write_all(&[number as u8; 10]).unwrap();
    }
    sim.after(SECOND, move |network| network.partition(near, far));
    sim.after(2 * SECOND, move |network| network.repair(near, far));
    sim.after(3 * SECOND, move |network| network.set_unrest(Unrest::new()));
    sim.run_for(4 * SECOND).unwrap();
    sim.crash(far);
    sim.boot(far).unwrap();
    sim.run_for(SECOND).unwrap();
    format!("{}\n{trace}", heard.take().join("\n"))
}

#[test]
fn the_same_seed_does_the_same_and_another_something_else() {
    let first = chatter(11, 5);
    assert!(first.lines().count() > 1000, "{first}");
    assert_eq!(first, chatter(11, 5));
    assert_ne!(first, chatter(12, 5));
}

#[test]
fn a_network_tells_the_seed_by_which_it_can_be_repeated() {
    assert_eq!(Simulation::new(1789).seed(), 1789);
    assert_eq!(SimNetwork::new(u64::MAX).seed(), u64::MAX);
}

#[test]
fn the_same_seed_does_the_same_in_another_process() {
    const MARK: &str = "SLOTWIRE_CHATTER";
    let test = "repeating::the_same_seed_does_the_same_in_another_process";
    let here = chatter(13, 3);
    if let Some(path) = std::env::var_os(MARK) {
        std::fs::write(path, here).unwrap();
        return;
    }
    let path = std::env::temp_dir().join(format!("slotwire-chatter-{}", std::process::id()));
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact"])
        .env(MARK, &path)
        .output()
        .unwrap();
    assert!(child.status.success());
    let there = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(here, there);
}

/// Tells every guest what one of them says. The order of the guests is that of a map.
#[derive(QObject)]
struct Hub {
    server: Obj<QTcpServer>,
    guests: BTreeMap<Obj<QTcpSocket>, Duration>,
    began: std::time::Instant,
}

#[slots]
impl Hub {
    fn new(cx: &mut Context<Self>) -> Self {
        let server = cx.add_child(QTcpServer::new());
        Self { server, guests: BTreeMap::new(), began: cx.now() }
    }

    #[slot(server.new_connection)]
    fn welcome(&mut self, cx: &mut Context<Self>) {
        while let Some(guest) = cx[self.server].next_pending_connection() {
            self.guests.insert(guest, cx.now() - self.began);
            cx.on(guest, QTcpSocket::ready_read, Self::tell_all);
            cx.on(guest, QTcpSocket::disconnected, Self::see_off);
        }
    }

    #[slot]
    fn tell_all(&mut self, cx: &mut Context<Self>) -> std::io::Result<()> {
        let Some(speaker) = cx.sender_as::<QTcpSocket>() else { return Ok(()) };
        let words = cx[speaker].read_all();
        for (&guest, since) in &self.guests {
            writeln!(cx[guest], "{since:?} {words:02x?}")?;
        }
        Ok(())
    }

    #[slot]
    fn see_off(&mut self, cx: &mut Context<Self>) {
        let Some(guest) = cx.sender_as::<QTcpSocket>() else { return };
        self.guests.remove(&guest);
        cx.destroy(guest);
    }
}

/// Lets guests come, speak and go at a hub. Returns all that was emitted.
fn gathering(seed: u64) -> Trace {
    let (mut sim, near, far) = two_hosts(seed);
    let trace = Trace::timed();
    sim.record_into(&trace);
    sim.set_link(near, far, Link::new().with_jitter(Duration::from_millis(9)));
    let hub = sim[far].add_with(Hub::new);
    let server = sim[far][hub].server;
    sim[far][server].listen_on(BindAddress::Any, 80).unwrap();
    for round in 0..3_u8 {
        let guests: Vec<_> = (0..10).map(|_| sim[near].add(QTcpSocket::new())).collect();
        for &guest in &guests {
            sim[near][guest].connect_to_host("far", 80);
        }
        sim.run_for(SECOND).unwrap();
        sim[near][guests[0]].write_all(&[round]).unwrap();
        sim.run_for(SECOND).unwrap();
        for &guest in guests.iter().step_by(2) {
            sim[near][guest].disconnect_from_host();
        }
        sim.run_for(SECOND).unwrap();
    }
    assert_eq!(sim[far][hub].guests.len(), 15);
    trace
}

#[test]
fn the_same_seed_does_the_same_if_the_program_keeps_its_handles_in_an_ordered_map() {
    let first = gathering(21);
    assert!(first.len() > 500, "{first}");
    assert_eq!(first.difference(&gathering(21)), None);
}

#[test]
fn a_seed_splits_a_stream_alike_on_machines_of_every_width() {
    let (mut sim, near, far) = two_hosts(17);
    let (one, other) = connected_pair_on(&mut sim, near, far);
    sim.set_link(near, far, Link::new().with_splitting(1.0).with_bandwidth(Some(1000)));
    let pieces = Journal::new();
    let notes = pieces.clone();
    sim[far].connect_fn(other, QTcpSocket::ready_read, move |world, _| {
        notes.note(world[other].read_all().len().to_string());
    });
    sim[near][one].write_all(&[0; 1000]).unwrap();
    sim.run_for(10 * SECOND).unwrap();
    let expected = ["800", "3", "4", "23", "78", "13", "3", "55", "17", "2", "1", "1"];
    assert_eq!(pieces.take(), expected);
}

#[test]
fn a_trace_has_the_hosts_that_come_later_too_by_the_same_time() {
    let mut sim = Simulation::new(1);
    let trace = Trace::timed();
    sim.record_into(&trace);
    sim.run_for(SECOND).unwrap();
    let host = sim.add_host("late").unwrap();
    for _ in 0..2 {
        let timer = sim[host].add(QTimer::new());
        sim[host].set_object_name(timer, "clock");
        sim[host][timer].start_with(SECOND);
        sim.run_for(SECOND).unwrap();
        sim.crash(host);
        sim.boot(host).unwrap();
    }
    let all = r#"late 1 @1s QTimer "clock" object_name_changed("clock")
late 1 @2s QTimer "clock" timeout()
late 1 @2s QTimer "clock" object_name_changed("clock")
late 1 @3s QTimer "clock" timeout()
"#;
    assert_eq!(trace.to_string(), all);
}
