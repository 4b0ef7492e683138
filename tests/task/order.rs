//! The order of slots and tasks.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use slotwire::VirtualClock;
use slotwire::prelude::*;
use slotwire::task::SenderGone;

use crate::people::{Log, Person};
use crate::{pass, runtime};

/// Spawns a task that notes each number that somebody says.
fn listen(rt: &mut Runtime, name: &'static str, log: &Log, whom: Obj<Person>) {
    let log = log.clone();
    rt.spawn(async move |task| {
        loop {
            let number = task.next(whom, Person::said).await?;
            log.add(format!("{name} awaits {number}"));
        }
        #[allow(unreachable_code, reason = "it says the type of the error")]
        Ok::<(), SenderGone>(())
    });
}

#[test]
fn a_task_runs_for_the_first_time_when_the_loop_comes_to_it() {
    let (mut rt, log) = (runtime(), Log::default());
    let noted = log.clone();
    rt.spawn(async move |_| noted.add("polled"));
    assert!(log.take().is_empty());
    pass(&mut rt);
    assert_eq!(log.take(), ["polled"]);
}

#[test]
fn a_woken_task_runs_in_the_same_pass_after_all_slots_of_the_turn() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log).on_hearing(|bob, _, n| bob.said.emit(n + 10)));
    let carol = rt.add(Person::new("carol", &log));
    listen(&mut rt, "task", &log, alice);
    pass(&mut rt);
    rt.connect(alice, Person::said, bob, Person::hear);
    rt.connect(bob, Person::said, carol, Person::hear);
    rt.connect(alice, Person::said, carol, Person::note);
    rt.post(move |world| world.emit(alice, Person::said, 1));
    pass(&mut rt);
    let slots = ["bob hears 1", "carol hears 11", "carol notes 1"];
    assert_eq!(log.take(), [&slots[..], &["task awaits 1"]].concat());
}

#[test]
fn tasks_run_in_the_order_in_which_they_were_woken() {
    let (mut rt, log) = (runtime(), Log::default());
    let people = ["alice", "bob", "carol"].map(|name| rt.add(Person::new(name, &log)));
    for (name, person) in ["first", "second", "third"].into_iter().zip(people) {
        listen(&mut rt, name, &log, person);
    }
    pass(&mut rt);
    for index in [2, 0, 1] {
        rt.post(move |world| world.emit(people[index], Person::said, index as u32));
    }
    pass(&mut rt);
    assert_eq!(log.take(), ["third awaits 2", "first awaits 0", "second awaits 1"]);
}

#[test]
fn a_task_that_is_woken_several_times_is_polled_once() {
    let mut rt = runtime();
    let (polls, waker) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(None)));
    let (counted, kept) = (polls.clone(), waker.clone());
    rt.spawn(async move |_| {
        std::future::poll_fn::<(), _>(|cx| {
            counted.set(counted.get() + 1);
            kept.set(Some(cx.waker().clone()));
            std::task::Poll::Pending
        })
        .await;
    });
    pass(&mut rt);
    assert_eq!(polls.get(), 1);
    let waker = waker.take().unwrap();
    (0..3).for_each(|_| waker.wake_by_ref());
    pass(&mut rt);
    assert_eq!(polls.get(), 2);
    pass(&mut rt);
    assert_eq!(polls.get(), 2);
}

#[test]
fn a_task_that_wakes_itself_runs_once_in_each_pass() {
    let mut rt = runtime();
    let polls = Rc::new(Cell::new(0));
    let counted = polls.clone();
    rt.spawn(async move |task| {
        loop {
            counted.set(counted.get() + 1);
            task.yield_now().await;
        }
    });
    for passes in 1..=5 {
        pass(&mut rt);
        assert_eq!(polls.get(), passes);
    }
}

#[test]
fn a_task_that_another_task_wakes_runs_in_the_same_pass() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    listen(&mut rt, "second", &log, alice);
    let noted = log.clone();
    rt.spawn(async move |task| {
        task.with(|world| world.emit(alice, Person::said, 5));
        noted.add("first goes on");
    });
    pass(&mut rt);
    assert_eq!(log.take(), ["first goes on"]);
    pass(&mut rt);
    assert_eq!(log.take(), ["second awaits 5"], "it was polled in the pass before");
}

#[test]
fn a_task_spawned_by_a_task_runs_in_the_same_pass() {
    let (mut rt, log) = (runtime(), Log::default());
    let noted = log.clone();
    rt.spawn(async move |task| {
        let inner = noted.clone();
        task.spawn(async move |_| inner.add("inner"));
        noted.add("outer");
    });
    pass(&mut rt);
    assert_eq!(log.take(), ["outer", "inner"]);
}

#[test]
fn what_a_task_does_takes_effect_when_its_closure_has_returned() {
    let (mut rt, log) = (runtime(), Log::default());
    let alice = rt.add(Person::new("alice", &log));
    let bob = rt.add(Person::new("bob", &log));
    rt.connect(alice, Person::said, bob, Person::hear);
    let noted = log.clone();
    rt.spawn(async move |task| {
        task.with(|world| {
            world.emit(alice, Person::said, 1);
            noted.add("in the closure");
        });
        noted.add("after the closure");
    });
    pass(&mut rt);
    assert_eq!(log.take(), ["in the closure", "bob hears 1", "after the closure"]);
}

#[test]
fn tasks_that_wake_themselves_without_end_keep_no_timer_call_or_socket_waiting() {
    const MORE_THAN_FIT: usize = 40_000;
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    let log = Log::default();
    for _ in 0..MORE_THAN_FIT {
        rt.spawn(async |task| {
            loop {
                task.yield_now().await;
            }
        });
    }
    pass(&mut rt);
    let (server, socket) = (rt.add(QTcpServer::new()), rt.add(QTcpSocket::new()));
    rt[server].listen(([127, 0, 0, 1], 0)).unwrap();
    let port = rt[server].server_port().unwrap();
    rt[socket].connect_to_address(([127, 0, 0, 1], port).into(), OpenMode::READ_WRITE);
    for (signal, word) in [(0, "connected"), (1, "accepted")] {
        let noted = log.clone();
        match signal {
            0 => rt.connect_fn(socket, QTcpSocket::connected, move |_, ()| noted.add(word)),
            _ => rt.connect_fn(server, QTcpServer::new_connection, move |_, ()| noted.add(word)),
        };
    }
    let noted = log.clone();
    rt.single_shot_fn(Duration::from_millis(1), move |_| noted.add("timer"));
    let noted = log.clone();
    rt.post(move |_| noted.add("call"));
    clock.advance(Duration::from_millis(1));
    pass(&mut rt);
    // The connection is made within this machine, so that one more pass hears of it.
    pass(&mut rt);
    let mut heard = log.take();
    heard.sort();
    assert_eq!(heard, ["accepted", "call", "connected", "timer"]);
}

#[test]
fn tasks_that_do_not_fit_into_a_pass_run_in_the_next_in_their_order() {
    const TASKS: usize = 40_000;
    let mut rt = runtime();
    let ran = Rc::new(std::cell::RefCell::new(Vec::new()));
    for number in 0..TASKS {
        let ran = ran.clone();
        rt.spawn(async move |_| ran.borrow_mut().push(number));
    }
    let mut passes = 0;
    while ran.borrow().len() < TASKS {
        pass(&mut rt);
        passes += 1;
    }
    assert!(passes > 1, "one pass has an allowance of 16,384");
    assert!(ran.borrow().iter().copied().eq(0..TASKS));
}

#[test]
fn the_waits_poll_no_task() {
    let (mut rt, log) = (runtime(), Log::default());
    let socket = rt.add(QTcpSocket::new());
    let server = rt.add(QTcpServer::new());
    rt[server].listen(([127, 0, 0, 1], 0)).unwrap();
    let port = rt[server].server_port().unwrap();
    let noted = log.clone();
    rt.spawn(async move |_| noted.add("polled"));
    rt[socket].connect_to_host("127.0.0.1", port);
    assert!(rt.wait_for_connected(socket, None));
    assert!(rt.wait_for_new_connection(server, None));
    assert!(log.take().is_empty());
    pass(&mut rt);
    assert_eq!(log.take(), ["polled"]);
}
