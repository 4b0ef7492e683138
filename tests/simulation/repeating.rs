//! One seed is one run.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::rc::Rc;

use super::*;

/// Who listens to a chattering pair notes what it hears, and when.
type Notes = Rc<RefCell<String>>;

/// Lets pairs of sockets chatter over bad links for a while; returns all that happened.
fn chatter(seed: u64, pairs: usize) -> String {
    let (mut sim, near, far) = two_hosts(seed);
    let bad = Link::new().with_jitter(Duration::from_millis(9)).with_loss(0.05);
    sim.set_link(near, far, bad.with_splitting(0.3).with_duplication(0.1));
    sim.set_unrest(Unrest::new().with_delay(Duration::from_millis(1)).with_false_alarms(0.1));
    let notes = Notes::default();
    for number in 0..pairs {
        let (one, other) = connected_pair_on(&mut sim, near, far);
        for (host, socket, name) in [(near, one, "one"), (far, other, "other")] {
            let (notes, network) = (notes.clone(), SimNetwork::clone(&sim));
            sim[host].connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
                let heard = world[socket].read_all();
                let now = network.elapsed();
                writeln!(notes.borrow_mut(), "{now:?} {name} {number}: {heard:02x?}")?;
                let answer: Vec<u8> = heard.iter().map(|byte| byte.wrapping_add(1)).collect();
                world[socket].write_all(&answer)?;
                Ok::<_, Box<dyn std::error::Error>>(())
            });
        }
        sim[near][one].write_all(&[number as u8; 10]).unwrap();
    }
    sim.after(SECOND, move |network| network.partition(near, far));
    sim.after(2 * SECOND, move |network| network.repair(near, far));
    sim.run_for(5 * SECOND).unwrap();
    drop(sim);
    notes.take()
}

#[test]
fn the_same_seed_does_the_same_and_another_something_else() {
    let first = chatter(11, 5);
    assert!(first.lines().count() > 500, "{first}");
    assert_eq!(first, chatter(11, 5));
    assert_ne!(first, chatter(12, 5));
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
