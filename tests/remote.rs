//! Remotes: calls from other threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use slotwire::prelude::*;
use slotwire::{PostError, QThread, Remote, VirtualClock};

use support::*;

#[derive(QObject, Default)]
struct Counter {
    heard: Vec<u32>,
    #[signal]
    count: Signal<u32>,
}

#[slots]
impl Counter {
    #[slot]
    fn hear(&mut self, number: u32) {
        self.heard.push(number);
    }
}

/// Counts how many of it were dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

const _: () = {
    const fn may_go_anywhere<T: Send + Sync + Clone + 'static>() {}
    may_go_anywhere::<Remote>();
};

#[test]
fn a_million_calls_of_four_threads_all_come_each_thread_s_in_order() {
    const EACH: u32 = 250_000;
    let mut rt = Runtime::new().unwrap();
    let counters: Vec<_> = (0..4).map(|_| rt.add(Counter::default())).collect();
    let threads: Vec<_> = counters
        .iter()
        .map(|&counter| {
            let remote = rt.remote();
            std::thread::spawn(move || {
                for number in 0..EACH {
                    remote.invoke(counter, Counter::hear, number).unwrap();
                }
            })
        })
        .collect();
    wait_until(&mut rt, |world| counters.iter().all(|&c| world[c].heard.len() == EACH as usize));
    for thread in threads {
        thread.join().unwrap();
    }
    for counter in counters {
        assert!(rt[counter].heard.iter().copied().eq(0..EACH));
    }
}

#[test]
fn a_post_after_the_runtime_is_gone_fails_and_drops_the_call() {
    let rt = Runtime::new().unwrap();
    let remote = rt.remote();
    drop(rt);
    let dropped = Arc::new(AtomicUsize::new(0));
    let counted = Counted(dropped.clone());
    assert_eq!(remote.post(move |_| drop(counted)), Err(PostError::RuntimeGone));
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    assert_eq!(remote.quit(), Err(PostError::RuntimeGone));
}

#[test]
fn calls_that_wait_when_the_runtime_goes_are_dropped_and_not_made() {
    let mut rt = Runtime::new().unwrap();
    let dropped = Arc::new(AtomicUsize::new(0));
    for number in 0..6 {
        let (counted, remote) = (Counted(dropped.clone()), rt.remote());
        let call = move |_: &mut World| {
            let _held = (counted, remote);
            assert_eq!(number, 0, "on purpose: the others are not made");
        };
        rt.remote().post(call).unwrap();
        if number == 2 {
            // Leaves some taken over and not made, beside those that are still in the inbox.
            panic_of(|| turn(&mut rt));
        }
    }
    drop(rt);
    assert_eq!(dropped.load(Ordering::SeqCst), 6);
}

#[test]
fn a_call_for_an_object_that_is_gone_does_nothing() {
    let mut rt = Runtime::new().unwrap();
    let counter = rt.add(Counter::default());
    rt.remote().invoke(counter, Counter::hear, 1).unwrap();
    rt.remote().emit(counter, Counter::count, 1).unwrap();
    rt.destroy(counter);
    assert!(turn(&mut rt));
}

#[test]
fn a_signal_is_emitted_from_another_thread() {
    let mut rt = Runtime::new().unwrap();
    let counter = rt.add(Counter::default());
    let spy = rt.spy(counter, Counter::count);
    let remote = rt.remote();
    std::thread::spawn(move || remote.emit(counter, Counter::count, 5).unwrap()).join().unwrap();
    wait_until(&mut rt, |_| !spy.is_empty());
    assert_eq!(spy.take(), [5]);
}

#[test]
fn a_loop_is_ended_from_another_thread() {
    let mut rt = Runtime::new().unwrap();
    for code in [0, 5] {
        let remote = rt.remote();
        let other = std::thread::spawn(move || match code {
            0 => remote.quit(),
            code => remote.exit(code),
        });
        assert_eq!(rt.exec().unwrap(), code);
        other.join().unwrap().unwrap();
    }
}

/// Starts a thread with a counter in it.
fn counter_in_thread(rt: &mut Runtime) -> (Obj<QThread>, Remote, Obj<Counter>) {
    let thread = rt.add(QThread::new("counter"));
    let set_up = |rt: &mut Runtime| (rt.remote(), rt.add(Counter::default()));
    let (remote, counter) = rt[thread].start(set_up).unwrap();
    (thread, remote, counter)
}

/// Waits for all that was posted to a remote so far.
fn flush(remote: &Remote) {
    let (send, receive) = mpsc::channel();
    remote.post(move |_| send.send(()).unwrap()).unwrap();
    receive.recv_timeout(DEADLINE).unwrap();
}

#[test]
fn a_connection_into_another_thread_delivers_in_order() {
    let mut rt = Runtime::new().unwrap();
    let source = rt.add(Counter::default());
    let (_thread, remote, counter) = counter_in_thread(&mut rt);
    rt.connect_remote(source, Counter::count, &remote, counter, Counter::hear);
    for number in 0..1000 {
        rt.emit(source, Counter::count, number);
    }
    let (send, receive) = mpsc::channel();
    remote.post(move |world| send.send(world[counter].heard.clone()).unwrap()).unwrap();
    assert!(receive.recv_timeout(DEADLINE).unwrap().into_iter().eq(0..1000));
}

#[test]
fn a_connection_into_another_thread_ends_with_the_receiver() {
    let mut rt = Runtime::new().unwrap();
    let source = rt.add(Counter::default());
    let (_thread, remote, counter) = counter_in_thread(&mut rt);
    let connection = rt.connect_remote(source, Counter::count, &remote, counter, Counter::hear);
    rt.emit(source, Counter::count, 1);
    assert!(connection.is_connected());
    remote
        .post(move |world| {
            world.destroy(counter);
        })
        .unwrap();
    flush(&remote);
    rt.emit(source, Counter::count, 2);
    flush(&remote);
    rt.emit(source, Counter::count, 3);
    assert!(!connection.is_connected());
}

#[test]
fn a_connection_into_another_thread_ends_with_its_runtime() {
    let mut rt = Runtime::new().unwrap();
    let source = rt.add(Counter::default());
    let (thread, remote, counter) = counter_in_thread(&mut rt);
    let connection = rt.connect_remote(source, Counter::count, &remote, counter, Counter::hear);
    rt.destroy(thread);
    assert_eq!(remote.post(|_| ()), Err(PostError::RuntimeGone));
    rt.emit(source, Counter::count, 1);
    assert!(!connection.is_connected());
}

/// Answers each call of the other side by one call there, so that both sleep all the time.
#[derive(QObject)]
struct Player {
    other: Option<(Remote, Obj<Player>)>,
    left: u32,
}

#[slots]
impl Player {
    #[slot]
    fn play(&mut self, cx: &mut Context<Self>) {
        self.left -= 1;
        if let Some((remote, player)) = &self.other {
            let _ = remote.invoke(*player, Player::play, ());
        }
        if self.left == 0 {
            cx.quit();
        }
    }
}

#[test]
fn no_wake_up_is_lost_in_a_hundred_thousand_sleeps() {
    const ROUNDS: u32 = 100_000;
    watched(|| {
        let (send, receive) = mpsc::channel::<(Remote, Obj<Player>)>();
        let (back, answer) = mpsc::channel();
        let other = std::thread::spawn(move || {
            let mut rt = Runtime::new().unwrap();
            let player = rt.add(Player { other: Some(receive.recv().unwrap()), left: ROUNDS });
            back.send((rt.remote(), player)).unwrap();
            rt.exec().unwrap()
        });
        let mut rt = Runtime::new().unwrap();
        let player = rt.add(Player { other: None, left: ROUNDS });
        send.send((rt.remote(), player)).unwrap();
        rt[player].other = Some(answer.recv().unwrap());
        rt.invoke(player, Player::play, ());
        rt.exec().unwrap();
        other.join().unwrap();
    });
}

#[test]
fn a_post_above_the_limit_fails_and_those_below_it_arrive() {
    let mut rt = Runtime::new().unwrap();
    let counter = rt.add(Counter::default());
    let (limited, unlimited) = (rt.remote().with_limit(3), rt.remote());
    for number in 0..3 {
        limited.invoke(counter, Counter::hear, number).unwrap();
    }
    let full = Err(PostError::Full { limit: 3 });
    assert_eq!(limited.invoke(counter, Counter::hear, 100), full);
    assert_eq!(limited.exit(7), full);
    unlimited.invoke(counter, Counter::hear, 3).unwrap();
    rt.process_events(Some(std::time::Duration::ZERO)).unwrap();
    assert_eq!(rt[counter].heard, [0, 1, 2, 3]);
    limited.invoke(counter, Counter::hear, 4).unwrap();
    rt.process_events(Some(std::time::Duration::ZERO)).unwrap();
    assert_eq!(rt[counter].heard.last(), Some(&4), "there is room again");
    drop(rt);
    assert_eq!(limited.post(|_| ()), Err(PostError::RuntimeGone));
}

#[test]
fn a_connection_whose_post_was_refused_is_there_for_the_next_emission() {
    let (mut here, mut there) = (Runtime::new().unwrap(), Runtime::new().unwrap());
    let (from, to) = (here.add(Counter::default()), there.add(Counter::default()));
    let remote = there.remote().with_limit(1);
    let connection = here.connect_remote(from, Counter::count, &remote, to, Counter::hear);
    for number in 1..=3 {
        here.emit(from, Counter::count, number);
    }
    assert!(connection.is_connected());
    there.process_events(Some(std::time::Duration::ZERO)).unwrap();
    here.emit(from, Counter::count, 4);
    there.process_events(Some(std::time::Duration::ZERO)).unwrap();
    assert_eq!(there[to].heard, [1, 4]);
}

#[test]
fn a_loop_on_a_virtual_clock_sleeps_until_it_is_called_if_no_timer_is_armed() {
    let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
    let remote = rt.remote();
    let (begin, begins) = mpsc::channel();
    let caller = std::thread::spawn(move || {
        begins.recv().unwrap();
        remote.post(|world| world.quit()).unwrap();
    });
    begin.send(()).unwrap();
    assert!(rt.process_events(None).unwrap(), "it has slept until the call");
    caller.join().unwrap();
}
