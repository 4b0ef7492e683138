//! The loop: turns, their order and bounds, its end, and what panics and shortages leave of it.

use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, SystemTime};

use slotwire::prelude::*;
use slotwire::{Error, NotifierType, QSocketNotifier, QThread, Remote, VirtualClock};

use support::*;

/// Emits at a partner whenever it is emitted at.
#[derive(QObject, Default)]
struct Echo {
    heard: u64,
    #[signal]
    call: Signal<u64>,
}

#[slots]
impl Echo {
    #[slot]
    fn answer(&mut self, number: u64) {
        self.heard += 1;
        self.call.emit(number + 1);
    }

    #[slot]
    fn fail(&mut self, number: u64) -> Result<(), String> {
        Err(format!("number {number}"))
    }
}

/// Two objects that emit at each other for ever, once they are begun.
fn endless(rt: &mut Runtime) -> [Obj<Echo>; 2] {
    let [ping, pong] = [rt.add(Echo::default()), rt.add(Echo::default())];
    rt.connect(ping, Echo::call, pong, Echo::answer);
    rt.connect(pong, Echo::call, ping, Echo::answer);
    rt[ping].call.emit(0);
    [ping, pong]
}

fn note(journal: &Journal, entry: &'static str) -> impl FnOnce(&mut World) + 'static {
    let journal = journal.clone();
    move |_| journal.note(entry)
}

#[test]
fn exec_returns_the_exit_code() {
    let mut rt = Runtime::new().unwrap();
    for code in [0, 7, -1] {
        rt.post(move |world| world.exit(code));
        assert_eq!(rt.exec().unwrap(), code);
    }
    rt.post(|world| world.quit());
    assert_eq!(rt.exec().unwrap(), 0);
}

#[test]
fn the_last_exit_code_counts() {
    let mut rt = Runtime::new().unwrap();
    rt.post(|world| world.exit(1));
    rt.post(|world| world.exit(2));
    assert_eq!(rt.exec().unwrap(), 2);
    rt.post(|world| {
        world.quit();
        world.exit(9);
    });
    assert_eq!(rt.exec().unwrap(), 9);
    rt.post(|world| {
        world.exit(9);
        world.quit();
    });
    assert_eq!(rt.exec().unwrap(), 0);
}

#[test]
fn exec_begins_without_what_was_asked_for_before() {
    let mut rt = Runtime::new().unwrap();
    rt.exit(1);
    rt.post(|world| world.exit(2));
    assert_eq!(rt.exec().unwrap(), 2);
    rt.exit(3);
    rt.post(|world| {
        assert_eq!(world.quit_requested(), None);
        world.exit(4);
    });
    assert_eq!(rt.exec().unwrap(), 4);
    assert_eq!(rt.quit_requested(), None, "exec has obeyed");
}

#[test]
fn who_makes_the_turns_asks_whether_to_quit() {
    let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
    let echo = rt.add(Echo::default());
    rt.connect_fn(echo, Echo::call, |world, &code| world.exit(code as i32));
    assert_eq!(rt.quit_requested(), None);
    rt.emit(echo, Echo::call, 5);
    assert_eq!(rt.quit_requested(), Some(5));
    turn(&mut rt);
    assert_eq!(rt.quit_requested(), Some(5), "a turn forgets nothing");
    rt[echo].call.emit(6);
    turn(&mut rt);
    assert_eq!(rt.take_quit_request(), Some(6));
    assert_eq!((rt.quit_requested(), rt.take_quit_request()), (None, None));

    rt.single_shot_fn(Duration::from_secs(1), |world| world.quit());
    let hour = Duration::from_secs(3600);
    assert!(rt.run_until(hour, |world| world.quit_requested() == Some(0)).unwrap());
    assert!(!rt.run_until(hour, |_| false).unwrap(), "and nothing else heeds it");
    assert_eq!(rt.quit_requested(), Some(0));
}

#[test]
fn quitting_is_not_lost_in_a_turn_that_panics() {
    let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
    rt.post(|world| world.exit(6));
    rt.post(|_| panic_on_purpose());
    assert_eq!(panic_of(|| rt.exec()), "on purpose");
    assert_eq!(rt.quit_requested(), Some(6));
    rt.single_shot_fn(Duration::from_secs(3600), |_| panic!("the loop ends after a turn"));
    assert_eq!(rt.exec().unwrap(), 6);
    rt.post(|world| world.exit(7));
    assert_eq!(rt.exec().unwrap(), 7);

    rt.post(|_| panic_on_purpose());
    panic_of(|| rt.exec());
    rt.exit(8);
    rt.post(|world| world.exit(9));
    assert_eq!(rt.exec().unwrap(), 9, "there was no request to keep");
}

#[test]
fn a_turn_makes_the_calls_of_another_thread_that_end_its_sleep() {
    const ROUNDS: u32 = 2000;
    watched(|| {
        for timeout in [None, Some(DEADLINE)] {
            let mut rt = Runtime::new().unwrap();
            settle(&mut rt);
            let (go, gone) = mpsc::channel();
            let (made, calls) = mpsc::channel();
            let remote = rt.remote();
            let poster = std::thread::spawn(move || {
                for round in gone {
                    let made = made.clone();
                    remote.post(move |_| made.send(round).unwrap()).unwrap();
                }
            });
            for round in 0..ROUNDS {
                go.send(round).unwrap();
                assert!(rt.process_events(timeout).unwrap(), "there was something");
                assert_eq!(calls.try_recv(), Ok(round), "it was done");
            }
            drop(go);
            poster.join().unwrap();
        }
    });
}

#[test]
fn the_echo_of_a_wake_up_ends_no_wait() {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    let echo = rt.add(Echo::default());
    settle(&mut rt);
    // Wakes the loop that may sleep on the descriptor, and is done before the next turn.
    rt.connect_fn(echo, Echo::call, |_, _| ());
    rt[echo].call.emit(1);
    rt.deliver();
    assert!(!rt.process_events(Some(Duration::from_secs(5))).unwrap());
    assert_eq!(clock.elapsed(), Duration::from_secs(5));
    rt[echo].call.emit(1);
    rt.deliver();
    rt.single_shot_fn(Duration::from_secs(60), |_| ());
    assert!(rt.process_events(None).unwrap());
    assert_eq!(clock.elapsed(), Duration::from_secs(65));
}

#[test]
fn the_date_is_that_of_the_clock() {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    let in_2000 = SystemTime::UNIX_EPOCH + Duration::from_secs(946_684_800);
    assert_eq!(rt.system_time(), in_2000);
    rt.single_shot_fn(Duration::from_secs(60), |world| world.quit());
    rt.exec().unwrap();
    assert_eq!(rt.system_time(), in_2000 + Duration::from_secs(60));
    let real = Runtime::new().unwrap();
    assert!(real.system_time() > in_2000);
    // A date that cannot be told stays as it is, and nothing panics.
    clock.advance(Duration::MAX);
    assert_eq!(rt.system_time(), in_2000);
}

#[test]
fn quitting_lets_the_turn_end() {
    let mut rt = Runtime::new().unwrap();
    let journal = Journal::new();
    let timer = rt.add(QTimer::new());
    let notes = journal.clone();
    rt.connect_fn(timer, QTimer::timeout, move |_, _| notes.note("timer"));
    rt[timer].start();
    rt.post(|world| world.quit());
    rt.post(note(&journal, "posted"));
    rt.exec().unwrap();
    assert_eq!(journal.take(), ["posted", "timer"]);
}

#[test]
fn a_turn_without_time_says_whether_there_was_anything_to_do() {
    let mut rt = Runtime::new().unwrap();
    settle(&mut rt);
    assert!(!turn(&mut rt));
    rt.post(|_| ());
    assert!(turn(&mut rt));
    assert!(!turn(&mut rt));
}

#[test]
fn a_turn_waits_for_as_long_as_it_is_told() {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    settle(&mut rt);
    assert!(!rt.process_events(Some(Duration::from_secs(5))).unwrap());
    assert_eq!(clock.elapsed(), Duration::from_secs(5));
    rt.single_shot_fn(Duration::from_secs(2), |_| ());
    assert!(rt.process_events(Some(Duration::from_secs(5))).unwrap());
    assert_eq!(clock.elapsed(), Duration::from_secs(7));
    rt.single_shot_fn(Duration::from_secs(60), |_| ());
    assert!(rt.process_events(None).unwrap());
    assert_eq!(clock.elapsed(), Duration::from_secs(67));
}

#[test]
fn posted_calls_run_in_order_and_those_posted_meanwhile_wait_for_the_next_turn() {
    let mut rt = Runtime::new().unwrap();
    let journal = Journal::new();
    for name in ["a", "b", "c"] {
        let notes = journal.clone();
        rt.post(move |world| {
            notes.note(name);
            world.post(move |_| notes.note(format!("later {name}")));
        });
    }
    turn(&mut rt);
    assert_eq!(journal.take(), ["a", "b", "c"]);
    turn(&mut rt);
    assert_eq!(journal.take(), ["later a", "later b", "later c"]);
}

#[test]
fn a_call_that_posts_itself_for_ever_lets_timers_and_descriptors_have_theirs() {
    fn for_ever(world: &mut World) {
        world.post(for_ever);
    }
    let mut rt = Runtime::new().unwrap();
    let ticks = watch_timer_and_descriptor(&mut rt);
    rt.post(for_ever);
    wait_until(&mut rt, |_| ticks.count("timer") > 3 && ticks.count("descriptor") > 3);
}

/// A timer without interval and a descriptor that is always ready; both note when they are served.
fn watch_timer_and_descriptor(rt: &mut Runtime) -> Journal {
    let journal = Journal::new();
    let timer = rt.add(QTimer::new());
    let notes = journal.clone();
    rt.connect_fn(timer, QTimer::timeout, move |_, _| notes.note("timer"));
    rt[timer].start();
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    std::mem::forget(theirs);
    let notifier = rt.add(QSocketNotifier::new(&ours, NotifierType::Write).unwrap());
    let notes = journal.clone();
    rt.connect_fn(notifier, QSocketNotifier::activated, move |_, _| notes.note("descriptor"));
    journal
}

#[test]
fn run_until_stops_when_the_condition_holds_or_the_time_is_over() {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    let timer = rt.add(QTimer::new());
    let ticks = rt.spy(timer, QTimer::timeout);
    rt[timer].start_with(Duration::from_secs(1));
    assert!(rt.run_until(Duration::from_secs(10), |_| ticks.len() == 4).unwrap());
    assert_eq!(clock.elapsed(), Duration::from_secs(4));
    assert!(!rt.run_until(Duration::from_secs(10), |_| false).unwrap());
    assert_eq!(clock.elapsed(), Duration::from_secs(14));
    assert!(rt.run_until(Duration::ZERO, |_| true).unwrap());
    assert!(!rt.run_until(Duration::ZERO, |_| false).unwrap());
}

#[test]
fn objects_that_emit_at_each_other_for_ever_keep_nobody_waiting() {
    let mut rt = Runtime::new().unwrap();
    let journal = watch_timer_and_descriptor(&mut rt);
    let (socket, mut peer) = connected_pair(&mut rt);
    let [ping, pong] = endless(&mut rt);
    peer.write_all(b"through").unwrap();
    rt.post(note(&journal, "posted"));
    let remote = rt.remote();
    let remote_call = Rc::new(Cell::new(false));
    let (send, receive) = mpsc::channel();
    remote.post(move |_| send.send(()).unwrap()).unwrap();
    wait_until(&mut rt, |world| {
        remote_call.set(remote_call.get() || receive.try_recv().is_ok());
        remote_call.get()
            && journal.has("posted")
            && journal.count("timer") > 10
            && journal.count("descriptor") > 10
            && world[socket].bytes_available() == 7
    });
    assert!(rt[ping].heard > 10_000);
    assert!(rt[ping].heard.abs_diff(rt[pong].heard) <= 1);
    rt.post(|world| world.exit(9));
    assert_eq!(rt.exec().unwrap(), 9, "and it can be ended");
    rt.destroy(pong);
    settle_without(&mut rt, ping);
}

/// Sees that an object hears nothing any more.
fn settle_without(rt: &mut Runtime, echo: Obj<Echo>) {
    for _ in 0..10 {
        turn(rt);
    }
    let heard = rt[echo].heard;
    for _ in 0..10 {
        turn(rt);
    }
    assert_eq!(rt[echo].heard, heard);
}

#[test]
fn the_error_of_a_slot_is_reported_with_its_receiver() {
    let mut rt = Runtime::new().unwrap();
    let journal = Journal::new();
    let notes = journal.clone();
    let echo = rt.add(Echo::default());
    rt.on_slot_error(move |_, error| {
        let of_echo = error.receiver() == Some(echo.upcast());
        notes.note(format!("{of_echo}: {}", error.into_inner()));
    });
    rt.connect(echo, Echo::call, echo, Echo::fail);
    rt.connect_fn(echo, Echo::call, |_, _| Err::<(), _>("closure"));
    rt.emit(echo, Echo::call, 1);
    rt[echo].call.emit(2);
    turn(&mut rt);
    rt.invoke(echo, Echo::fail, 3);
    turn(&mut rt);
    assert_eq!(
        journal.take(),
        ["true: number 1", "false: closure", "true: number 2", "false: closure", "true: number 3"]
    );
}

#[test]
fn a_panic_out_of_exec_leaves_everything_else_in_its_place() {
    let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
    let journal = Journal::new();
    // Three of each kind; the second panics.
    for number in 0..3 {
        let act = {
            let journal = journal.clone();
            move |what: &str| {
                journal.note(format!("{what} {number}"));
                if number == 1 {
                    panic_on_purpose();
                }
            }
        };
        let call = act.clone();
        rt.post(move |_| call("posted"));

        let timer = rt.add(QTimer::new());
        let slot = act.clone();
        rt.connect_fn(timer, QTimer::timeout, move |_, _| slot("timer"));
        rt[timer].set_single_shot(true);
        rt[timer].start();

        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        std::mem::forget(theirs);
        let notifier = rt.add(QSocketNotifier::new(&ours, NotifierType::Write).unwrap());
        let slot = act.clone();
        rt.connect_fn(notifier, QSocketNotifier::activated, move |world, _| {
            world[notifier].set_enabled(false).unwrap();
            slot("descriptor");
        });

        let echo = rt.add(Echo::default());
        rt.connect_fn(echo, Echo::call, move |_, _| act("emission"));
        rt[echo].call.emit(0);
    }
    rt.single_shot_fn(Duration::from_secs(1), |world| world.exit(5));
    let mut panics = 0;
    let code = loop {
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rt.exec())) {
            Ok(code) => break code.unwrap(),
            Err(_) => panics += 1,
        }
    };
    assert_eq!((code, panics), (5, 4));
    let mut heard = journal.take();
    heard.sort();
    let mut all: Vec<_> = ["posted", "timer", "descriptor", "emission"]
        .iter()
        .flat_map(|what| (0..3).map(move |number| format!("{what} {number}")))
        .collect();
    all.sort();
    assert_eq!(heard, all);
}

#[test]
fn readiness_that_a_panic_has_left_lets_no_time_pass() {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    let journal = Journal::new();
    let pairs = [(); 2].map(|()| std::os::unix::net::UnixStream::pair().unwrap());
    for (ours, _) in &pairs {
        let notifier = rt.add(QSocketNotifier::new(ours, NotifierType::Write).unwrap());
        let journal = journal.clone();
        rt.connect_fn(notifier, QSocketNotifier::activated, move |world, _| {
            world[notifier].set_enabled(false).unwrap();
            journal.note("descriptor");
            panic_on_purpose();
        });
    }
    let hour = Some(Duration::from_secs(3600));
    for heard in [1, 2] {
        panic_of(|| rt.process_events(hour));
        assert_eq!((journal.len(), clock.elapsed()), (heard, Duration::ZERO));
    }
}

#[test]
fn remote_calls_after_one_that_panics_are_still_made_in_order() {
    let mut rt = Runtime::new().unwrap();
    let (send, receive) = mpsc::channel();
    for number in 0..5 {
        let send = send.clone();
        let call = move |_: &mut World| {
            send.send(number).unwrap();
            if number == 2 {
                panic_on_purpose();
            }
        };
        rt.remote().post(call).unwrap();
    }
    panic_of(|| turn(&mut rt));
    turn(&mut rt);
    assert_eq!(receive.try_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

/// Has calls wait in every way there is, of a closure that captures what `capture` gives.
fn have_calls_wait<C: Send + 'static>(rt: &mut Runtime, capture: impl Fn() -> C) {
    let (echo, remote) = (rt.add(Echo::default()), rt.remote());
    let held = capture();
    rt.post(move |_| drop(held));
    let held = capture();
    remote.post(move |_| drop(held)).unwrap();
    for delay in [Duration::ZERO, Duration::from_secs(1)] {
        let held = capture();
        rt.single_shot_fn(delay, move |_| drop(held));
    }
    let held = capture();
    rt.later(echo, move |_, _| drop(held));
}

#[test]
fn what_calls_captured_that_were_not_made_is_dropped_with_the_runtime() {
    let mut rt = Runtime::new().unwrap();
    let captured = Arc::new(());
    have_calls_wait(&mut rt, || captured.clone());
    assert_eq!(Arc::strong_count(&captured), 6);
    drop(rt);
    assert_eq!(Arc::strong_count(&captured), 1);
}

/// Posts a call when it is dropped, if there is a runtime still, and counts that.
struct LastPost {
    remote: Remote,
    posts: Arc<AtomicUsize>,
}

impl Drop for LastPost {
    fn drop(&mut self) {
        self.posts.fetch_add(1, Ordering::Relaxed);
        let _ = self.remote.post(|_| ());
    }
}

#[test]
fn what_calls_captured_may_post_as_it_is_dropped() {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    let (remote, posts) = (rt.remote(), Arc::new(AtomicUsize::new(0)));
    let capture = || LastPost { remote: remote.clone(), posts: posts.clone() };
    have_calls_wait(&mut rt, capture);
    clock.advance(Duration::from_secs(1));
    rt.process_events(Some(Duration::ZERO)).unwrap();
    assert_eq!(posts.load(Ordering::Relaxed), 5);
    have_calls_wait(&mut rt, capture);
    let held = capture();
    assert!(rt.single_shot_fn(Duration::ZERO, move |_| drop(held)).cancel());
    drop(rt);
    assert_eq!(posts.load(Ordering::Relaxed), 11);
}

#[test]
fn what_a_call_captured_is_dropped_when_the_call_panics() {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    let captured = Arc::new(());
    let panic = |held: Arc<()>| move |_: &mut World| assert!(Arc::strong_count(&held) == 0, "call");
    rt.post(panic(captured.clone()));
    rt.remote().post(panic(captured.clone())).unwrap();
    rt.single_shot_fn(Duration::ZERO, panic(captured.clone()));
    rt.single_shot_fn(Duration::from_secs(1), panic(captured.clone()));
    clock.advance(Duration::from_secs(1));
    for left in [4, 3, 2, 1] {
        panic_of(|| rt.process_events(Some(Duration::ZERO)));
        assert_eq!(Arc::strong_count(&captured), left);
    }
}

#[test]
fn a_runtime_that_gets_no_poller_says_so_and_leaks_nothing() {
    in_own_process("a_runtime_that_gets_no_poller_says_so_and_leaks_nothing", || {
        let before = open_descriptors();
        for room in 0..3 {
            leave_room_for_descriptors(room);
            let refused = Runtime::new();
            leave_room_for_many_descriptors();
            assert!(matches!(refused, Err(Error::Poller(_))), "with room for {room}");
            assert_eq!(open_descriptors(), before, "with room for {room}");
        }
        let mut rt = Runtime::new().unwrap();
        let thread = rt.add(QThread::new("worker"));
        leave_room_for_descriptors(1);
        let refused = rt[thread].start(|_| ());
        leave_room_for_many_descriptors();
        assert!(refused.is_err());
        assert!(!rt[thread].is_running());
        rt[thread].start(|rt| rt.post(|world| world.quit())).unwrap();
        assert!(rt.wait_for_thread(thread, None));
    });
}

#[test]
fn a_runtime_that_is_dropped_with_everything_pending_leaks_no_descriptor() {
    in_own_process("a_runtime_that_is_dropped_with_everything_pending_leaks_no_descriptor", || {
        let before = open_descriptors();
        for _ in 0..20 {
            let mut rt = Runtime::new().unwrap();
            let server = rt.add(QTcpServer::new());
            rt[server].listen(any_port()).unwrap();
            let port = rt[server].server_port().unwrap();
            let (connected, peer) = connected_pair(&mut rt);
            let _ = rt[connected].write(&[0; 100_000]).unwrap();
            drop(peer);
            for _ in 0..4 {
                let socket = rt.add(QTcpSocket::new());
                rt[socket].connect_to_host("127.0.0.1", port);
            }
            turn(&mut rt);
            let notifier = QSocketNotifier::new(std::io::stdin(), NotifierType::Read).unwrap();
            let notifier = rt.add(notifier);
            let thread = rt.add(QThread::new("worker"));
            rt[thread].start(|_| ()).unwrap();
            let timer = rt.add(QTimer::new());
            rt[timer].start_with(Duration::from_secs(1));
            endless(&mut rt);
            let (remote, held) = (rt.remote(), rt.remote());
            remote.post(move |_| drop(held)).unwrap();
            rt.post(move |world| {
                world.destroy(notifier);
            });
            rt.single_shot_fn(Duration::from_secs(1), |_| ());
            rt[server].close();
            drop(rt);
            drop(remote);
        }
        assert_eq!(open_descriptors(), before);
    });
}
