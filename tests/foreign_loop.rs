//! A runtime that somebody else's loop drives: by its descriptor and its deadline.

use std::io::Write;
use std::os::fd::AsRawFd;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use slotwire::prelude::*;
use slotwire::{Clock, VirtualClock};

use support::*;

#[derive(QObject, Default)]
struct Bell {
    #[signal]
    rung: Signal<u32>,
}

/// Another loop's look at the runtime's descriptor: whether it becomes readable in time.
fn becomes_readable(rt: &Runtime, timeout: Duration) -> bool {
    let mut foreign = Poll::new().unwrap();
    let descriptor = rt.as_raw_fd();
    let registry = foreign.registry();
    registry.register(&mut SourceFd(&descriptor), Token(0), Interest::READABLE).unwrap();
    let mut events = Events::with_capacity(1);
    foreign.poll(&mut events, Some(timeout)).unwrap();
    !events.is_empty()
}

fn is_readable(rt: &Runtime) -> bool {
    becomes_readable(rt, Duration::ZERO)
}

/// Drives the runtime as another loop would, until it leaves that loop asleep.
fn drive(rt: &mut Runtime) {
    while is_readable(rt) || rt.next_deadline().is_some_and(|due| due <= std::time::Instant::now())
    {
        turn(rt);
    }
}

#[test]
fn a_runtime_with_nothing_to_do_lets_the_other_loop_sleep() {
    let mut rt = Runtime::new().unwrap();
    drive(&mut rt);
    assert!(!is_readable(&rt));
    assert_eq!(rt.next_deadline(), None);
}

#[test]
fn what_is_emitted_or_posted_outside_a_turn_makes_the_descriptor_readable() {
    let mut rt = Runtime::new().unwrap();
    let bell = rt.add(Bell::default());
    let spy = rt.spy(bell, Bell::rung);
    drive(&mut rt);
    for round in 0..3 {
        rt[bell].rung.emit(round);
        assert!(is_readable(&rt));
        drive(&mut rt);
        assert_eq!(spy.take(), [round]);
        rt.post(move |world| world[bell].rung.emit(round));
        assert!(is_readable(&rt));
        drive(&mut rt);
        assert_eq!(spy.take(), [round]);
    }
    assert!(!is_readable(&rt));
}

#[test]
fn what_a_delivery_outside_the_loop_leaves_for_it_makes_the_descriptor_readable() {
    let mut rt = Runtime::new().unwrap();
    let bell = rt.add(Bell::default());
    let echo = rt.add(Bell::default());
    let spy = rt.spy(echo, Bell::rung);
    rt.connect_fn_on_with(ConnectionType::QUEUED, bell, Bell::rung, echo, |echo, _, &count| {
        echo.rung.emit(count);
    });
    /// A delivery that leaves something by which `echo` is rung in a later pass.
    type Leaving = fn(&mut Runtime, Obj<Bell>, Obj<Bell>);
    let leavings: [(&str, Leaving); 5] = [
        ("a queued connection", |rt, bell, _| rt.emit(bell, Bell::rung, 1)),
        ("a queued connection of an emission that was recorded", |rt, bell, _| {
            rt[bell].rung.emit(1);
            rt.deliver();
        }),
        ("a closure posted by a method", |rt, bell, echo| {
            rt.with(bell, |_, cx| cx.post(move |world| world[echo].rung.emit(1)));
        }),
        ("a single shot without a delay", |rt, _, echo| {
            rt.single_shot_fn(Duration::ZERO, move |world| world[echo].rung.emit(1));
        }),
        ("an object to be destroyed", |rt, bell, echo| {
            let parent = rt.add(Bell::default());
            rt.connect_fn_on(parent, Bell::rung, echo, |echo, _, _| echo.rung.emit(1));
            rt.connect_destroyed_fn(parent, move |world, _| world[echo].rung.emit(1));
            rt.with(bell, |_, cx| cx.delete_later(parent));
        }),
    ];
    for (what, leave) in leavings {
        drive(&mut rt);
        assert!(!is_readable(&rt));
        leave(&mut rt, bell, echo);
        assert!(is_readable(&rt), "{what}");
        drive(&mut rt);
        assert_eq!(spy.take(), [1], "{what}");
    }
}

#[test]
fn what_is_written_outside_a_turn_makes_the_descriptor_readable() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer) = connected_pair(&mut rt);
    drive(&mut rt);
    assert!(!is_readable(&rt));
    rt[socket].write_all(b"hello").unwrap();
    assert!(is_readable(&rt));
    drive(&mut rt);
    assert_eq!(read_exactly(&mut rt, &mut peer, 5), b"hello");
}

/// Sees that what `start` does outside a turn wakes the other loop, though nothing is to be done
/// before a timer is due.
#[track_caller]
fn assert_wakes<O>(rt: &mut Runtime, start: impl FnOnce(&mut Runtime) -> O) {
    drive(rt);
    assert!(!is_readable(rt));
    start(rt);
    assert!(is_readable(rt), "the other loop sleeps on, with the deadline that it knows");
    drive(rt);
    assert!(!is_readable(rt));
}

#[test]
fn a_timer_that_is_started_outside_a_turn_makes_the_descriptor_readable() {
    const SECOND: Duration = Duration::from_secs(1);
    let mut rt = Runtime::new().unwrap();
    let [first, second] = [rt.add(QTimer::new()), rt.add(QTimer::new())];
    assert_wakes(&mut rt, |rt| rt[first].start_with(3600 * SECOND));
    assert_wakes(&mut rt, |rt| rt[second].start_with(1800 * SECOND));
    assert_wakes(&mut rt, |rt| rt[first].set_interval(900 * SECOND));
    assert_wakes(&mut rt, |rt| rt[second].start_with(800 * SECOND));
    assert_wakes(&mut rt, |rt| rt.single_shot_fn(700 * SECOND, |_| ()));
    assert_wakes(&mut rt, |rt| rt.single_shot(600 * SECOND, first, QTimer::stop));
    let mut early = QTimer::new();
    early.start_with(500 * SECOND);
    assert_wakes(&mut rt, |rt| rt.add(early));
    assert!(rt.next_deadline().unwrap() - std::time::Instant::now() <= 501 * SECOND);
}

#[test]
fn a_slot_outside_a_turn_of_the_loop_that_starts_a_timer_wakes_the_other_loop() {
    let mut rt = Runtime::new().unwrap();
    let (bell, timer) = (rt.add(Bell::default()), rt.add(QTimer::new()));
    rt.connect_fn(bell, Bell::rung, move |world, &seconds| {
        world[timer].start_with(Duration::from_secs(seconds.into()));
    });
    assert_wakes(&mut rt, |rt| rt.emit(bell, Bell::rung, 900));
}

#[test]
fn a_socket_that_begins_to_connect_outside_a_turn_wakes_the_other_loop_for_its_time_out() {
    let network = slotwire::sim::SimNetwork::new(1);
    let [here, there] = ["here", "there"].map(|name| network.add_host(name));
    network.partition(here, there);
    let address = network.addresses(there)[0];
    let mut rt = network.runtime(here).unwrap();
    let (bell, socket) = (rt.add(Bell::default()), rt.add(QTcpSocket::new()));
    rt.connect_fn(bell, Bell::rung, move |world, _| {
        world[socket].connect_to_host(&address.to_string(), 80);
    });
    settle(&mut rt);
    assert!(!is_readable(&rt));
    rt.emit(bell, Bell::rung, 0);
    assert_eq!(rt[socket].state(), SocketState::Connecting);
    assert!(rt.deliver(), "and all that it has recorded is done");
    assert!(is_readable(&rt));
}

#[test]
fn a_timer_that_brings_no_deadline_forward_lets_the_other_loop_sleep() {
    let mut rt = Runtime::new().unwrap();
    let [first, second] = [rt.add(QTimer::new()), rt.add(QTimer::new())];
    let bell = rt.add(Bell::default());
    rt[first].start_with(Duration::from_secs(900));
    drive(&mut rt);
    rt[second].start_with(Duration::from_secs(1800));
    rt[second].stop();
    rt[first].start_with(Duration::from_secs(1800));
    assert!(!is_readable(&rt));
    // In a turn the loop looks by itself.
    rt.connect_fn(bell, Bell::rung, move |world, _| {
        world[second].start_with(Duration::from_secs(1));
    });
    rt[bell].rung.emit(0);
    turn(&mut rt);
    assert!(!is_readable(&rt));
}

#[test]
fn a_call_from_another_thread_makes_the_descriptor_readable() {
    let mut rt = Runtime::new().unwrap();
    drive(&mut rt);
    for _ in 0..100 {
        let remote = rt.remote();
        let poster = std::thread::spawn(move || remote.post(|_| ()).unwrap());
        assert!(becomes_readable(&rt, DEADLINE));
        poster.join().unwrap();
        drive(&mut rt);
    }
}

#[test]
fn the_other_loop_is_woken_also_after_the_runtime_ran_a_loop_of_its_own() {
    let mut rt = Runtime::new().unwrap();
    let bell = rt.add(Bell::default());
    drive(&mut rt);
    rt.single_shot_fn(Duration::from_millis(1), |_| ());
    assert!(!rt.run_until(Duration::from_millis(2), |_| false).unwrap());
    rt.remote().post(|_| ()).unwrap();
    assert!(is_readable(&rt), "after run_until");

    drive(&mut rt);
    rt.single_shot_fn(Duration::from_millis(1), |world| world.quit());
    rt.exec().unwrap();
    rt[bell].rung.emit(1);
    rt.remote().post(|_| ()).unwrap();
    assert!(is_readable(&rt), "after exec");

    drive(&mut rt);
    rt.single_shot_fn(Duration::from_millis(1), |_| panic_on_purpose());
    panic_of(|| rt.exec());
    rt.remote().post(|_| ()).unwrap();
    assert!(is_readable(&rt), "after a panic");
}

#[test]
fn what_a_panic_left_undone_makes_the_descriptor_readable() {
    let mut rt = Runtime::new().unwrap();
    drive(&mut rt);
    rt.remote().post(|_| panic_on_purpose()).unwrap();
    let (send, receive) = std::sync::mpsc::channel();
    rt.remote().post(move |_| send.send(()).unwrap()).unwrap();
    panic_of(|| turn(&mut rt));
    assert!(is_readable(&rt));
    drive(&mut rt);
    assert!(receive.try_recv().is_ok());
}

#[test]
fn timers_fire_when_the_other_loop_keeps_the_deadline() {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    let timer = rt.add(QTimer::new());
    let ticks = rt.spy(timer, QTimer::timeout);
    rt[timer].start_with(Duration::from_millis(100));
    for tick in 1..=10 {
        let wait = rt.next_deadline().unwrap() - clock.now();
        clock.advance(wait);
        turn(&mut rt);
        assert_eq!(
            (ticks.len(), clock.elapsed()),
            (tick, tick as u32 * Duration::from_millis(100))
        );
    }
    rt[timer].stop();
    assert_eq!(rt.next_deadline(), None);
    rt.post(|_| ());
    assert_eq!(rt.next_deadline(), Some(clock.now()));
}

#[test]
fn the_other_loop_learns_that_a_slot_or_another_thread_wants_to_quit() {
    let mut rt = Runtime::new().unwrap();
    let bell = rt.add(Bell::default());
    rt.connect_fn(bell, Bell::rung, |world, &code| {
        world.quit();
        world.exit(code as i32);
    });
    drive(&mut rt);
    rt[bell].rung.emit(4);
    drive(&mut rt);
    assert_eq!(rt.take_quit_request(), Some(4));
    let remote = rt.remote();
    let other = std::thread::spawn(move || remote.exit(5).unwrap());
    assert!(becomes_readable(&rt, DEADLINE));
    other.join().unwrap();
    drive(&mut rt);
    assert_eq!(rt.quit_requested(), Some(5));
    rt.post(|world| world.exit(6));
    assert_eq!(rt.exec().unwrap(), 6);
    assert_eq!(rt.quit_requested(), None);
}

#[test]
fn a_ready_socket_makes_the_descriptor_readable() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut peer) = connected_pair(&mut rt);
    drive(&mut rt);
    peer.write_all(b"hello").unwrap();
    assert!(becomes_readable(&rt, DEADLINE));
    drive(&mut rt);
    assert_eq!(rt[socket].read_all(), b"hello");
}
