//! One loud peer beside quiet ones. Counted in turns of the loop and in bytes, never in time.

use std::time::Instant;

use slotwire::Clock;

use super::*;

/// How many quiet peers there are, and how often each of them asks.
const PINGERS: usize = 200;
const ROUNDS: usize = 20;

/// How many turns it may take until all of them are answered.
const TURNS: usize = 4;

/// What the loud peer may get of one turn, in bytes: a few reads, or a few writes.
const READ_SHARE: usize = 4 << 16;
const WRITE_SHARE: usize = 4 << 20;

/// The system's clock, with a pass of the loop that is measured by its work: on a loaded host, the
/// time of a pass may go by while the thread does not run.
struct WorkClock;

impl Clock for WorkClock {
    fn now(&self) -> Instant {
        Instant::now()
    }
}

fn counting_runtime() -> Runtime {
    Runtime::with_clock(WorkClock).unwrap()
}

/// The quiet peers, and the server that knows them.
struct Quiet {
    server: Obj<QTcpServer>,
    pingers: Vec<TcpStream>,
}

/// Has all quiet peers ask, and counts the turns until the server has answered all of them.
fn ask_round(rt: &mut Runtime, quiet: &mut Quiet, round: usize) -> usize {
    for (number, pinger) in quiet.pingers.iter_mut().enumerate() {
        pinger.write_all(&question(number, round)).unwrap();
    }
    let sockets = rt.find_children::<QTcpSocket>(quiet.server, None);
    let is_asked = |rt: &Runtime, socket: Obj<QTcpSocket>| {
        let descriptor = rt[socket].socket_descriptor().unwrap();
        rustix::io::ioctl_fionread(descriptor).unwrap() > 0
    };
    // On a loaded host the system hands over late what was sent. No turn can answer that.
    wait_without_turns(|| sockets.iter().all(|&socket| is_asked(rt, socket)));
    let mut turns = 0;
    let is_waiting = |rt: &Runtime, socket| is_asked(rt, socket) || rt[socket].bytes_to_write() > 0;
    while sockets.iter().any(|&socket| is_waiting(rt, socket)) {
        turn(rt);
        turns += 1;
        assert!(turns <= 10 * TURNS, "quiet peers starve");
    }
    for (number, pinger) in quiet.pingers.iter_mut().enumerate() {
        let mut answer = [0; 8];
        wait_without_turns(|| match pinger.read(&mut answer) {
            Ok(count) => count == answer.len(),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                false
            }
        });
        assert_eq!(answer, question(number, round));
    }
    turns
}

/// Waits for what the system does by itself.
fn wait_without_turns(mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < deadline, "what is waited for does not happen");
        std::thread::yield_now();
    }
}

fn question(number: usize, round: usize) -> [u8; 8] {
    (1 + ((number as u64) << 32 | round as u64)).to_be_bytes()
}

/// Quiet peers, which the server knows already.
fn quiet_peers(rt: &mut Runtime) -> Quiet {
    let (server, port) = server(rt, echo);
    let pingers: Vec<_> = (0..PINGERS).map(|_| dial(port)).collect();
    for pinger in &pingers {
        pinger.set_nonblocking(true).unwrap();
        pinger.set_nodelay(true).unwrap();
    }
    wait_until(rt, |world| world.find_children::<QTcpSocket>(server, None).len() == PINGERS);
    let mut quiet = Quiet { server, pingers };
    ask_round(rt, &mut quiet, 0);
    quiet
}

#[test]
fn quiet_peers_are_answered_while_another_sends_without_end() {
    let mut rt = counting_runtime();
    let mut quiet = quiet_peers(&mut rt);
    let (loud, mut flooder) = connected_pair(&mut rt);
    let flood = Rc::new(Cell::new(0));
    let counted = flood.clone();
    rt.connect_fn(loud, QTcpSocket::ready_read, move |world, _| {
        counted.set(counted.get() + world[loud].read_all().len());
    });
    let flooding = std::thread::spawn(move || while flooder.write_all(&[0; 256 * 1024]).is_ok() {});
    for round in 1..=ROUNDS {
        let before = flood.get();
        wait_until(&mut rt, |_| flood.get() > before);
        let before = flood.get();
        let turns = ask_round(&mut rt, &mut quiet, round);
        assert!(turns <= TURNS, "the quiet ones were answered after {turns} turns");
        let taken = flood.get() - before;
        assert!(taken <= turns * READ_SHARE, "the loud one got {taken} bytes in {turns} turns");
    }
    rt.destroy(loud);
    flooding.join().unwrap();
}

#[test]
fn quiet_peers_are_answered_while_another_is_sent_to_without_end() {
    let mut rt = counting_runtime();
    let mut quiet = quiet_peers(&mut rt);
    let (loud, mut reader) = connected_pair(&mut rt);
    let sent = Rc::new(Cell::new(0));
    let counted = sent.clone();
    let supply = vec![0; 32 << 20];
    rt[loud].write_all(&supply).unwrap();
    rt.connect_fn(loud, QTcpSocket::bytes_written, move |world, count| {
        counted.set(counted.get() + count);
        if world[loud].bytes_to_write() < supply.len() {
            world[loud].write_all(&supply)?;
        }
        Ok::<_, std::io::Error>(())
    });
    let reading = std::thread::spawn(move || {
        let mut buffer = vec![0; 256 * 1024];
        while reader.read(&mut buffer).is_ok_and(|count| count > 0) {}
    });
    for round in 1..=ROUNDS {
        let before = sent.get();
        wait_until(&mut rt, |_| sent.get() > before);
        let before = sent.get();
        let turns = ask_round(&mut rt, &mut quiet, round);
        assert!(turns <= TURNS, "the quiet ones were answered after {turns} turns");
        let taken = sent.get() - before;
        assert!(taken <= turns * WRITE_SHARE, "the loud one got {taken} bytes in {turns} turns");
    }
    rt[loud].abort();
    reading.join().unwrap();
}

#[test]
fn quiet_peers_are_answered_while_others_come_and_go_without_end() {
    let mut rt = counting_runtime();
    let mut quiet = quiet_peers(&mut rt);
    let guests = Rc::new(Cell::new(0));
    let counted = guests.clone();
    let (door, port) = server(&mut rt, move |world, socket| {
        counted.set(counted.get() + 1);
        world.destroy(socket);
    });
    let coming = std::thread::spawn(move || {
        // A socket of one's own in each, so that no port is used up: the server closes first.
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {}
    });
    for round in 1..=ROUNDS {
        let before = guests.get();
        wait_until(&mut rt, |_| guests.get() > before);
        let turns = ask_round(&mut rt, &mut quiet, round);
        assert!(turns <= TURNS, "the quiet ones were answered after {turns} turns");
    }
    rt.destroy(door);
    coming.join().unwrap();
}
