//! Works to be counted, not timed: run by `benches/instructions.sh` under callgrind.
//!
//! `instructions WORK COUNT` does WORK COUNT times. The script runs each work with two counts and
//! takes the difference, so set-up does not count.
//!
//! | row | what is done once for each COUNT |
//! |---|---|
//! | `emit0` to `emit100` | an emission from outside to that many slots |
//! | `inside` | an emission from outside to a slot that emits to another slot |
//! | `chain` | an emission from inside a slot to one slot, and nothing else; includes that slot |
//! | `emit1_in` | two emissions from inside a slot, each to one slot; includes both slots |
//! | `unheard`, `unheard_base` | an emission in a method that nobody listens to; the loop alone |
//! | `connect` | one connect and one disconnect, between two objects, from outside |
//! | `child` | an object without fields is made as a child and destroyed; its parent stays |
//! | `tree` | one such child, and a hundredth of its parent, with which it is destroyed |
//! | `index`, `index_mut` | `rt[handle].field` is read; `rt[handle].field += 1` |
//! | `queued` | an emission from outside over a queued connection, and the slot |
//! | `post`, `post_thread` | a call posted by a `Remote`, of the same or of another thread, and its run |
//! | `post_own`, `later` | `World::post` and its run; `World::later` in a method, and its run |
//! | `task_yield` | a task is woken, polled, and wakes itself: one of a hundred in each pass |
//! | `task_stream` | a task is woken by an emission and takes it out of its stream, one of a hundred for each emission |
//! | `task_next` | the same with `next`, which connects for each emission anew |
//! | `task_with` | a task reaches the world, and changes an object |
//! | `timers` | a single shot is armed and fires |
//! | `qtimers` | a `QTimer` in single-shot mode, made before, is started and fires |
//! | `restarts` | a running `QTimer` is started again |
//! | `ticks` | a repeating `QTimer` fires |
//! | `datagram1`, `datagram11` | so many datagrams are sent, and read by one call of a slot |
//! | `datagram_sent` | a datagram is sent, by the standard library's socket |
//! | `echo_direct`, `echo_socks5` | a message of 64 bytes is sent back, on a direct connection and through a SOCKS5 proxy; includes its peer. With the feature `http-proxy`, `echo_http` does it through an HTTP proxy |
//! | `echo_peer` | such a message is written and read, by the standard library's sockets |
//! | `message_line`, `message_block` | one of a hundred lines of 64 bytes, or blocks of 1,024 bytes, that came at once is emitted to one slot; the row `.._by_hand` does it in a slot of `ready_read` |
//! | `skip` to `peek_all_text` | a read from a full buffer: see `reading/mod.rs` |
//!
//! A row called `by_hand` does the same as its neighbour without the library. The script derives
//! more rows from these:
//!
//! | row | | what it is |
//! |---|---|---|
//! | `each_slot` | (`emit100` - `emit10`) / 90 | each further slot of an emission |
//! | `second_in` | `emit1_in` - `chain` | the emission that a slot makes beside another one |
//! | `second_in_extra` | `emit1_in` - 2 `chain` | how much more that costs than one that is alone |
//! | `unheard_in` | `unheard` - `unheard_base` | an unheard emission in a method, without the loop |
//! | `queued_rest` | `queued` - (`emit1` - `each_slot`) | a queued delivery without the emission |
//! | `echo`, `echo_tunnel` | `echo_direct` or `echo_socks5` - `echo_peer` | a message without its peer's work |
//! | `datagram_wake` | `datagram1` - `datagram_sent` | a wake-up that brings one datagram |
//! | `datagram_further` | (`datagram11` - `datagram1`) / 10 - `datagram_sent` | each further datagram of a wake-up |
//!
//! What objects and connections take in memory is in `bytes.rs`.

use std::cell::Cell;
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::hint::black_box;
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::rc::Rc;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use classes::{Relay, Source, Sum};
use slotwire::prelude::*;
use slotwire::{OpenMode, VirtualClock};
use support::echo::{self, Way};

mod classes;
mod messages;
mod reading;

impl Relay {
    /// What a method does beside its emission.
    fn emit_many(&mut self, count: usize) {
        for value in 0..count {
            // Otherwise the compiler looks once, before the loop, whether anybody listens.
            black_box(&self.relayed).emit(black_box(value as i32));
        }
    }
}

/// Passes a number that falls to zero on to the next link.
#[derive(QObject, Default)]
struct Link {
    #[signal]
    passed: Signal<i32>,
    #[signal]
    noted: Signal<i32>,
}

#[slots]
impl Link {
    #[slot]
    fn pass(&mut self, left: i32) {
        if left > 0 {
            self.passed.emit(left - 1);
        }
    }

    /// Passes the number on after another emission.
    #[slot]
    fn note_and_pass(&mut self, left: i32) {
        if left > 0 {
            self.noted.emit(left);
            self.passed.emit(left - 1);
        }
    }
}

/// An object without fields.
#[derive(QObject, Default)]
struct Plain {}

/// The hand-written signal: what a program would do without a library.
struct ByHand {
    slots: Vec<Box<dyn FnMut(i32)>>,
}

impl ByHand {
    fn emit(&mut self, value: i32) {
        for slot in &mut self.slots {
            slot(value);
        }
    }
}

fn emit(slots: usize, count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let source = rt.add(Source::default());
    for _ in 0..slots {
        let sum = rt.add(Sum::default());
        rt.connect(source, Source::value, sum, Sum::add);
    }
    for value in 0..count {
        rt.emit(source, Source::value, black_box(value as i32));
    }
}

fn by_hand(slots: usize, count: usize) {
    let mut signal = ByHand { slots: Vec::new() };
    let totals: Vec<_> = (0..slots).map(|_| Rc::new(Cell::new(0_i64))).collect();
    for total in &totals {
        let total = total.clone();
        signal.slots.push(Box::new(move |value| total.set(total.get() + i64::from(value))));
    }
    for value in 0..count {
        signal.emit(black_box(value as i32));
    }
    black_box(totals);
}

/// An emission from outside whose one slot emits in turn: twice `emit 1` plus the record.
fn inside(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let (source, relay) = (rt.add(Source::default()), rt.add(Relay::default()));
    let sum = rt.add(Sum::default());
    rt.connect(source, Source::value, relay, Relay::relay);
    rt.connect(relay, Relay::relayed, sum, Sum::add);
    for value in 0..count {
        rt.emit(source, Source::value, black_box(value as i32));
    }
}

/// Emissions inside slots: two links pass a number to each other, and nothing else is emitted.
fn chain(count: usize) {
    let mut rt = Runtime::with_clock(VirtualClock::new()).expect("a poller");
    let (one, other) = (rt.add(Link::default()), rt.add(Link::default()));
    rt.connect(one, Link::passed, other, Link::pass);
    rt.connect(other, Link::passed, one, Link::pass);
    pass_on(&mut rt, one, count);
}

/// `chain`, but each slot emits to a sum first.
fn emit1_in(count: usize) {
    let mut rt = Runtime::with_clock(VirtualClock::new()).expect("a poller");
    let (one, other) = (rt.add(Link::default()), rt.add(Link::default()));
    let sum = rt.add(Sum::default());
    rt.connect(one, Link::passed, other, Link::note_and_pass);
    rt.connect(other, Link::passed, one, Link::note_and_pass);
    rt.connect(one, Link::noted, sum, Sum::add);
    rt.connect(other, Link::noted, sum, Sum::add);
    pass_on(&mut rt, one, count);
    assert_eq!(rt[sum].total, (1..=count as i64).sum());
}

/// Starts with `first`, and delivers until the number is zero.
fn pass_on(rt: &mut Runtime, first: Obj<Link>, count: usize) {
    rt.emit(first, Link::passed, count as i32);
    while !rt.deliver() {}
}

/// Emissions inside a method that nobody listens to.
fn unheard(count: usize) {
    let mut relay = Relay::default();
    relay.emit_many(count);
    black_box(relay.relayed.is_connected());
}

/// The loop of `unheard` without the emission.
fn unheard_base(count: usize) {
    for value in 0..count {
        black_box(value as i32);
    }
}

fn queued(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let (source, sum) = (rt.add(Source::default()), rt.add(Sum::default()));
    rt.connect_with(ConnectionType::QUEUED, source, Source::value, sum, Sum::add);
    for _ in 0..count / 100 {
        for value in 0..100 {
            rt.emit(source, Source::value, black_box(value));
        }
        rt.process_events(Some(Duration::ZERO)).expect("a turn");
    }
}

fn queued_by_hand(count: usize) {
    let total = Rc::new(Cell::new(0_i64));
    let mut queue: VecDeque<Box<dyn FnOnce()>> = VecDeque::new();
    for _ in 0..count / 100 {
        for value in 0..100 {
            let (total, value) = (total.clone(), black_box(value));
            queue.push_back(Box::new(move || total.set(total.get() + value)));
        }
        for call in std::mem::take(&mut queue) {
            call();
        }
    }
}

/// Single shots, a hundred at a time: armed in no order of their times, and fired.
fn timers(count: usize) {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).expect("a poller");
    let total = Rc::new(Cell::new(0_i64));
    for _ in 0..count / 100 {
        for number in 0..100 {
            let (total, delay) = (total.clone(), delay(number));
            rt.single_shot_fn(delay, move |_| total.set(total.get() + 1));
        }
        clock.advance(Duration::from_millis(100));
        rt.process_events(Some(Duration::ZERO)).expect("a turn");
    }
    black_box(total);
}

/// Ticks of a hundred repeating timers, and the slot that each calls.
fn ticks(count: usize) {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).expect("a poller");
    let total = Rc::new(Cell::new(0_i64));
    for number in 0..100 {
        let (timer, total) = (rt.add(QTimer::new()), total.clone());
        rt.connect_fn(timer, QTimer::timeout, move |_, _| total.set(total.get() + 1));
        rt[timer].start_with(Duration::from_millis(100) + Duration::from_micros(number));
    }
    for _ in 0..count / 100 {
        clock.advance(Duration::from_millis(101));
        rt.process_events(Some(Duration::ZERO)).expect("a turn");
    }
    black_box(total);
}

/// `timers` with a hundred QTimers that are there before.
fn qtimers(count: usize) {
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).expect("a poller");
    let total = Rc::new(Cell::new(0_usize));
    let timers: Vec<_> = (0..100)
        .map(|number| {
            let mut timer = QTimer::new();
            timer.set_single_shot(true);
            timer.set_interval(delay(number));
            let (timer, total) = (rt.add(timer), total.clone());
            rt.connect_fn(timer, QTimer::timeout, move |_, _| total.set(total.get() + 1));
            timer
        })
        .collect();
    for _ in 0..count / 100 {
        for &timer in &timers {
            rt[timer].start();
        }
        // Longer than any delay, since these timers are coarse.
        clock.advance(Duration::from_millis(200));
        rt.process_events(Some(Duration::ZERO)).expect("a turn");
    }
    assert_eq!(total.get(), count / 100 * 100);
}

/// A timer that is put off again and again, as an idle time-out is.
fn restarts(count: usize) {
    let mut rt = Runtime::with_clock(VirtualClock::new()).expect("a poller");
    let timer = rt.add(QTimer::new());
    rt[timer].set_interval(Duration::from_secs(60));
    for _ in 0..count {
        rt[timer].start();
    }
}

/// `timers` with a heap, whose cancelled timers would stay in it and do nothing.
fn timers_by_hand(count: usize) {
    let mut now = Instant::now();
    let mut heap = BinaryHeap::new();
    let mut started = 0;
    let total = Rc::new(Cell::new(0_i64));
    for _ in 0..count / 100 {
        for number in 0..100 {
            let (total, deadline) = (total.clone(), now + delay(number));
            started += 1;
            let call = Box::new(move || total.set(total.get() + 1));
            heap.push(ByTime { turn: Reverse((deadline, started)), call: Some(call) });
        }
        now += Duration::from_millis(100);
        while heap.peek().is_some_and(|timer| timer.turn.0.0 <= now) {
            if let Some(call) = heap.pop().and_then(|timer| timer.call) {
                call();
            }
        }
    }
    black_box(total);
}

/// The delays of a hundred timers: 1 to 100 ms, up and down.
fn delay(number: u64) -> Duration {
    Duration::from_millis(black_box(number) * 37 % 100 + 1)
}

/// A timer in the hand-written heap, the next uppermost.
struct ByTime {
    turn: Reverse<(Instant, u64)>,
    call: Option<Box<dyn FnOnce()>>,
}

impl PartialEq for ByTime {
    fn eq(&self, other: &Self) -> bool {
        self.turn == other.turn
    }
}

impl Eq for ByTime {}

impl PartialOrd for ByTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByTime {
    fn cmp(&self, other: &Self) -> Ordering {
        self.turn.cmp(&other.turn)
    }
}

/// Datagrams that come in bursts, each read by one call of a slot.
fn datagrams(burst: usize, count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let sum = rt.add(Sum::default());
    let socket = rt.add(QUdpSocket::new());
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).expect("a port");
    rt.connect_fn_on(socket, QUdpSocket::ready_read, sum, |sum, cx, ()| {
        let mut buffer = [0; 64];
        let Some(socket) = cx.sender_mut::<QUdpSocket>() else { return };
        while let Ok((size, _)) = socket.read_datagram(&mut buffer) {
            sum.total += size as i64;
        }
    });
    let to = rt[socket].local_addr().expect("it is bound");
    let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    for _ in 0..count {
        for _ in 0..burst {
            sender.send_to(&[0; 64], to).expect("it goes out");
        }
        rt.process_events(Some(Duration::ZERO)).expect("a pass");
    }
    assert_eq!(rt[sum].total, (64 * burst * count) as i64);
}

/// The sending of `datagrams`. Nobody reads, so the kernel drops what there is no room for.
fn datagrams_sent(count: usize) {
    let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let to = receiver.local_addr().expect("it is bound");
    let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    for _ in 0..count {
        sender.send_to(&[0; 64], to).expect("it goes out");
    }
}

/// The peer's part of an echo: writes a message to one socket, and reads it from another.
fn echo_peer(count: usize) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let mut writer =
        TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
    writer.set_nodelay(true).expect("an option that all have");
    let mut reader = listener.accept().expect("it was called").0;
    for _ in 0..count {
        writer.write_all(&echo::MESSAGE).expect("there is room");
        echo::take(&mut reader);
    }
}

/// Posts from a remote and the runs of what was posted, a hundred at a time, on one thread.
fn post(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let sum = rt.add(Sum::default());
    let remote = rt.remote();
    for _ in 0..count / 100 {
        for value in 0..100 {
            let value = black_box(value);
            remote.post(move |world| world[sum].total += value).expect("a runtime");
        }
        rt.process_events(Some(Duration::ZERO)).expect("a turn");
    }
}

/// Makes passes with a hundred tasks, before each of which `begin` does something.
fn passes(rt: &mut Runtime, count: usize, mut begin: impl FnMut(&mut Runtime)) {
    for _ in 0..count / 100 {
        begin(rt);
        rt.process_events(Some(Duration::ZERO)).expect("a turn");
    }
}

fn task_yield(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    for _ in 0..100 {
        rt.spawn(async |task| {
            loop {
                task.yield_now().await;
            }
        });
    }
    passes(&mut rt, count, |_| ());
}

fn task_stream(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let source = rt.add(Source::default());
    for _ in 0..100 {
        let mut values = rt.stream(source, Source::value, 4);
        rt.spawn(async move |_| {
            while let Some(value) = values.next().await {
                black_box(value).expect("there is room");
            }
        });
    }
    passes(&mut rt, count, |rt| rt.emit(source, Source::value, 1));
}

fn task_next(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let source = rt.add(Source::default());
    for _ in 0..100 {
        rt.spawn(async move |task| {
            while let Ok(value) = task.next(source, Source::value).await {
                black_box(value);
            }
        });
    }
    rt.process_events(Some(Duration::ZERO)).expect("a turn");
    passes(&mut rt, count, |rt| rt.emit(source, Source::value, 1));
}

fn task_with(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let sum = rt.add(Sum::default());
    rt.spawn(async move |task| {
        for value in 0..count {
            let value = black_box(value as i64);
            task.with(|world| world[sum].total += value);
        }
    });
    rt.process_events(Some(Duration::ZERO)).expect("a turn");
}

/// `post` by the world itself.
fn post_own(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let sum = rt.add(Sum::default());
    for _ in 0..count / 100 {
        for value in 0..100 {
            let value = black_box(value);
            rt.post(move |world| world[sum].total += value);
        }
        rt.process_events(Some(Duration::ZERO)).expect("a turn");
    }
}

/// Calls that a method puts off until it has returned, a hundred at a time.
fn later(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let sum = rt.add(Sum::default());
    for _ in 0..count / 100 {
        rt.with(sum, |_, cx| {
            for value in 0..100 {
                let value = black_box(value);
                cx.later(sum, move |sum, _| sum.total += value);
            }
        });
    }
}

/// `post` from another thread, which waits while its posts run.
fn post_thread(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let sum = rt.add(Sum::default());
    let (remote, barrier) = (rt.remote(), Arc::new(Barrier::new(2)));
    let theirs = barrier.clone();
    let poster = thread::spawn(move || {
        for _ in 0..count / 100 {
            theirs.wait();
            for value in 0..100 {
                let value = black_box(value);
                remote.post(move |world| world[sum].total += value).expect("a runtime");
            }
            theirs.wait();
        }
    });
    for _ in 0..count / 100 {
        barrier.wait();
        barrier.wait();
        rt.process_events(Some(Duration::ZERO)).expect("a turn");
    }
    poster.join().expect("a poster that does not panic");
    assert_eq!(rt[sum].total, (count / 100 * (0..100).sum::<usize>()) as i64);
}

/// Children made and destroyed one by one.
fn child(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let parent = rt.add(Plain::default());
    for _ in 0..count {
        let child = rt.add_child_of(parent, Plain::default());
        black_box(rt.destroy(child));
    }
    assert_eq!(rt.len(), 1);
}

/// Children made, a hundred at a time, and destroyed with their parent.
fn tree(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    for _ in 0..count / 100 {
        let parent = rt.add(Plain::default());
        for _ in 0..100 {
            rt.add_child_of(parent, Plain::default());
        }
        rt.destroy(parent);
        while !rt.deliver() {}
    }
    assert!(rt.is_empty());
}

/// An object's field, read by its handle.
fn index(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let sum = rt.add(Sum::default());
    for _ in 0..count {
        black_box(rt[black_box(sum)].total);
    }
}

/// An object's field, changed by its handle.
fn index_mut(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let sum = rt.add(Sum::default());
    for _ in 0..count {
        rt[black_box(sum)].total += 1;
    }
    assert_eq!(rt[sum].total, count as i64);
}

/// Connections made and ended again.
fn connect(count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let (source, sum) = (rt.add(Source::default()), rt.add(Sum::default()));
    for _ in 0..count {
        let connection = rt.connect(source, Source::value, sum, Sum::add);
        black_box(connection.disconnect());
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let work = arguments.next().unwrap_or_default();
    let count = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(1);
    match work.as_str() {
        "emit0" => emit(0, count),
        "emit1" => emit(1, count),
        "emit10" => emit(10, count),
        "emit100" => emit(100, count),
        "by_hand0" => by_hand(0, count),
        "by_hand1" => by_hand(1, count),
        "by_hand10" => by_hand(10, count),
        "by_hand100" => by_hand(100, count),
        "inside" => inside(count),
        "chain" => chain(count),
        "emit1_in" => emit1_in(count),
        "unheard" => unheard(count),
        "unheard_base" => unheard_base(count),
        "queued" => queued(count),
        "queued_by_hand" => queued_by_hand(count),
        "timers" => timers(count),
        "ticks" => ticks(count),
        "qtimers" => qtimers(count),
        "restarts" => restarts(count),
        "timers_by_hand" => timers_by_hand(count),
        "datagram1" => datagrams(1, count),
        "datagram11" => datagrams(11, count),
        "datagram_sent" => datagrams_sent(count),
        "echo_direct" => echo::echo(Way::Direct, count),
        "echo_socks5" => echo::echo(Way::Socks5, count),
        "echo_http" => echo::echo(Way::Http, count),
        "echo_peer" => echo_peer(count),
        "post" => post(count),
        "post_own" => post_own(count),
        "later" => later(count),
        "task_yield" => task_yield(count),
        "task_stream" => task_stream(count),
        "task_next" => task_next(count),
        "task_with" => task_with(count),
        "post_thread" => post_thread(count),
        "connect" => connect(count),
        "child" => child(count),
        "tree" => tree(count),
        "index" => index(count),
        "index_mut" => index_mut(count),
        "message_line" => messages::lines(64, count),
        "message_line_by_hand" => messages::lines_by_hand(64, count),
        "message_block" => messages::blocks(1024, count),
        "message_block_by_hand" => messages::blocks_by_hand(1024, count),
        "skip" => reading::skip(count),
        "fill_buf" => reading::fill_buf(count),
        "line_by_std" => reading::line_by_std(OpenMode::NOT_OPEN, count),
        "line_by_std_text" => reading::line_by_std(OpenMode::TEXT, count),
        "line" => reading::line(OpenMode::NOT_OPEN, count),
        "line_text" => reading::line(OpenMode::TEXT, count),
        "peek" => reading::peek(OpenMode::NOT_OPEN, count),
        "peek_text" => reading::peek(OpenMode::TEXT, count),
        "peek_all_text" => reading::peek_all(OpenMode::TEXT, count),
        // `cargo bench` runs every bench without arguments.
        _ => eprintln!("usage: instructions WORK COUNT; see benches/instructions.sh"),
    }
}
