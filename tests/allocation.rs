//! What objects, connections and emissions cost in memory.

mod people;

use std::collections::VecDeque;
use std::time::Duration;

use counting_allocator::{CountingAllocator, count};
use people::{deliver_all, run_posted, runtime};
use slotwire::prelude::*;
use slotwire::{MetaObject, QObject, VirtualClock};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Counts what it hears, and can repeat it.
#[derive(Default)]
struct Counter {
    heard: u64,
    counted: Signal<u64>,
    repeated: Signal<u64>,
}

static COUNTER: MetaObject = MetaObject::new("Counter");

impl QObject for Counter {
    fn static_meta_object() -> &'static MetaObject {
        &COUNTER
    }

    fn meta_object(&self) -> &'static MetaObject {
        &COUNTER
    }
}

impl Counter {
    fn counted(&self) -> &Signal<u64> {
        &self.counted
    }

    fn repeated(&self) -> &Signal<u64> {
        &self.repeated
    }

    fn hear(&mut self, value: u64) {
        self.heard += value;
    }

    fn repeat(&mut self, value: u64) {
        self.heard += value;
        self.repeated.emit(value);
    }
}

/// Emits a few times, and then asserts that doing so a hundred times more allocates nothing.
fn assert_steady(rt: &mut Runtime, emit: impl Fn(&mut Runtime)) {
    let warm = |rt: &mut Runtime, rounds| (0..rounds).for_each(|_| emit(rt));
    warm(rt, 3);
    assert_eq!(count(|| warm(rt, 100)).allocations, 0);
}

#[test]
fn emitting_to_slots_allocates_nothing() {
    for slots in [0, 1, 10] {
        let mut rt = runtime();
        let sender = rt.add(Counter::default());
        let receivers: Vec<_> = (0..slots).map(|_| rt.add(Counter::default())).collect();
        for &receiver in &receivers {
            rt.connect(sender, Counter::counted, receiver, Counter::hear);
        }
        assert_steady(&mut rt, |rt| rt.emit(sender, Counter::counted, 1));
        assert!(receivers.iter().all(|&receiver| rt[receiver].heard == 103));
    }
}

#[test]
fn emitting_in_a_slot_allocates_nothing() {
    for slots in [1, 10] {
        let mut rt = runtime();
        let sender = rt.add(Counter::default());
        let middle = rt.add(Counter::default());
        let receiver = rt.add(Counter::default());
        for _ in 0..slots {
            rt.connect(sender, Counter::counted, middle, Counter::repeat);
            rt.connect(middle, Counter::repeated, receiver, Counter::hear);
        }
        assert_steady(&mut rt, |rt| rt.emit(sender, Counter::counted, 1));
        assert_eq!(rt[receiver].heard, 103 * slots * slots);
    }
}

#[test]
fn emitting_outside_to_be_delivered_later_allocates_nothing() {
    let mut rt = runtime();
    let sender = rt.add(Counter::default());
    let receiver = rt.add(Counter::default());
    rt.connect(sender, Counter::counted, receiver, Counter::hear);
    assert_steady(&mut rt, |rt| {
        rt[sender].counted.emit(1);
        rt.deliver();
    });
    assert_eq!(rt[receiver].heard, 103);
}

#[test]
fn emitting_through_signals_and_free_closures_allocates_nothing() {
    let mut rt = runtime();
    let sender = rt.add(Counter::default());
    let receiver = rt.add(Counter::default());
    rt.connect_signal(sender, Counter::counted, sender, Counter::repeated);
    rt.connect_fn(sender, Counter::repeated, move |world, value| world[receiver].heard += value);
    assert_steady(&mut rt, |rt| rt.emit(sender, Counter::counted, 1));
    assert_eq!(rt[receiver].heard, 103);
}

#[test]
fn emitting_with_signals_blocked_or_to_those_who_left_allocates_nothing() {
    let mut rt = runtime();
    let sender = rt.add(Counter::default());
    let receiver = rt.add(Counter::default());
    rt.connect(sender, Counter::counted, receiver, Counter::hear);
    rt.block_signals(sender, true);
    assert_steady(&mut rt, |rt| rt.emit(sender, Counter::counted, 1));
    rt.block_signals(sender, false);
    rt.disconnect_all(sender);
    assert_steady(&mut rt, |rt| rt.emit(sender, Counter::counted, 1));
    assert_eq!(rt[receiver].heard, 0);
}

#[test]
fn closures_that_wait_allocate_nothing_however_much_they_capture() {
    let soon = Duration::from_millis(1);
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    let counter = rt.add(Counter::default());
    let (remote, large) = (rt.remote(), [1; 100]);
    let add_one = move |world: &mut World| world[counter].heard += 1;
    let add_all = move |world: &mut World| world[counter].heard += large.iter().sum::<u64>();
    assert_steady(&mut rt, |rt| {
        rt.post(add_one);
        rt.post(add_all);
        rt.later(counter, |counter, _| counter.hear(1));
        rt.later(counter, move |counter, _| counter.hear(large.iter().sum()));
        remote.post(add_one).unwrap();
        remote.post(add_all).unwrap();
        for delay in [Duration::ZERO, soon] {
            rt.single_shot_fn(delay, add_one);
            rt.single_shot_fn(delay, add_all);
        }
        clock.advance(soon);
        run_posted(rt);
    });
    assert_eq!(rt[counter].heard, 103 * 5 * 101);
}

#[test]
fn next_to_nothing_is_kept_of_a_burst_of_closures() {
    let mut rt = runtime();
    let counter = rt.add(Counter::default());
    let (remote, large) = (rt.remote(), [1; 100]);
    let add_all = move |world: &mut World| world[counter].heard += large.iter().sum::<u64>();
    let used = count(|| {
        for _ in 0..10_000 {
            rt.post(add_all);
            remote.post(add_all).unwrap();
        }
        while rt[counter].heard < 2 * 10_000 * 100 {
            run_posted(&mut rt);
        }
    });
    assert_at_most("closure of a burst", used.bytes, 2 * 10_000, 40);
}

/// Asserts that `bytes` for `number` things is at most `limit` for each, and prints what it is.
fn assert_at_most(what: &str, bytes: i64, number: i64, limit: i64) {
    println!("{what}: {} bytes each", bytes / number);
    assert!(bytes <= number * limit, "{what}: {} bytes each", bytes / number);
}

#[test]
fn an_object_costs_at_most_128_bytes_beside_itself() {
    for number in [1000, 1024] {
        let mut rt = runtime();
        let used = count(|| {
            for _ in 0..number {
                rt.add(Counter::default());
            }
        });
        let own = number * i64::try_from(size_of::<Counter>()).unwrap();
        let limit = if number == 1000 { 128 } else { 2 * 128 };
        assert_at_most(&format!("object of {number}"), used.bytes - own, number, limit);
    }
}

#[test]
fn a_connection_costs_64_bytes_and_the_slack_of_two_lists() {
    let mut rt = runtime();
    let sender = rt.add(Counter::default());
    let receiver = rt.add(Counter::default());
    rt.connect(sender, Counter::counted, receiver, Counter::hear);
    let used = count(|| {
        for _ in 0..1000 {
            rt.connect(sender, Counter::counted, receiver, Counter::hear);
        }
    });
    assert_at_most("connection of one signal", used.bytes, 1000, 70);
}

#[test]
fn the_first_connection_of_a_receiver_costs_at_most_100_bytes() {
    let mut rt = runtime();
    let sender = rt.add(Counter::default());
    let receivers: Vec<_> = (0..1000).map(|_| rt.add(Counter::default())).collect();
    let used = count(|| {
        for &receiver in &receivers {
            rt.connect(sender, Counter::counted, receiver, Counter::hear);
        }
    });
    assert_at_most("connection to a receiver each", used.bytes, 1000, 100);
}

#[test]
fn the_first_connection_of_a_signal_costs_at_most_400_bytes() {
    let mut rt = runtime();
    let senders: Vec<_> = (0..1000).map(|_| rt.add(Counter::default())).collect();
    let receiver = rt.add(Counter::default());
    for signal in [Counter::counted, Counter::repeated] {
        let used = count(|| {
            for &sender in &senders {
                rt.connect(sender, signal, receiver, Counter::hear);
            }
        });
        assert_at_most("connection of a signal each", used.bytes, 1000, 400);
    }
}

#[test]
fn connections_that_ended_are_forgotten_by_the_next_emission() {
    let mut rt = runtime();
    let sender = rt.add(Counter::default());
    let receivers: Vec<_> = (0..1000).map(|_| rt.add(Counter::default())).collect();
    for &receiver in &receivers {
        rt.connect(sender, Counter::counted, receiver, Counter::hear);
    }
    for receiver in receivers {
        rt.destroy(receiver);
    }
    let freed = count(|| {
        rt.emit(sender, Counter::counted, 1);
        rt.emit(sender, Counter::counted, 1);
    });
    assert!(freed.bytes < -32 * 1000, "{freed:?}");
}

#[test]
fn connecting_and_disconnecting_for_ever_needs_no_more_memory() {
    let mut rt = runtime();
    let sender = rt.add(Counter::default());
    let receiver = rt.add(Counter::default());
    let kinds = [ConnectionType::DIRECT, ConnectionType::QUEUED, ConnectionType::SINGLE_SHOT];
    let mut rounds = |rounds| {
        for _ in 0..rounds {
            for kind in kinds {
                let connection =
                    rt.connect_with(kind, sender, Counter::counted, receiver, Counter::hear);
                rt.emit(sender, Counter::counted, 1);
                run_posted(&mut rt);
                connection.disconnect();
            }
        }
    };
    rounds(100);
    let grown = count(|| rounds(1000)).bytes;
    assert!(grown < 1000, "{grown} bytes more");
}

#[test]
fn connecting_and_disconnecting_without_an_emission_needs_no_more_memory() {
    for others in [0, 1, 5] {
        let mut rt = runtime();
        let sender = rt.add(Counter::default());
        let receiver = rt.add(Counter::default());
        for _ in 0..others {
            rt.connect(sender, Counter::counted, receiver, Counter::hear);
        }
        let mut rounds = |rounds| {
            for _ in 0..rounds {
                rt.connect(sender, Counter::counted, receiver, Counter::hear).disconnect();
                let passing = rt.add(Counter::default());
                rt.connect(sender, Counter::counted, passing, Counter::hear);
                rt.destroy(passing);
            }
        };
        rounds(100);
        let used = count(|| rounds(1000));
        assert!(used.bytes < 1000, "{} bytes more, beside {others} others", used.bytes);
    }
}

/// Has two emissions wait at once, after which a signal keeps more than before.
fn emit_twice(rt: &mut Runtime, sender: Obj<Counter>) {
    rt.with(sender, |sender, _| {
        sender.counted.emit(1);
        sender.counted.emit(1);
    });
}

#[test]
fn receivers_that_come_and_go_are_forgotten_by_a_signal_that_had_two_emissions_waiting() {
    let mut rt = runtime();
    let sender = rt.add(Counter::default());
    for _ in 0..6 {
        let lasting = rt.add(Counter::default());
        rt.connect(sender, Counter::counted, lasting, Counter::hear);
    }
    emit_twice(&mut rt, sender);
    let used = count(|| {
        for _ in 0..2000 {
            let passing = rt.add(Counter::default());
            rt.connect(sender, Counter::counted, passing, Counter::hear);
            rt.destroy(passing);
        }
    });
    assert!(used.bytes < 2000, "{used:?}");
}

#[test]
fn receivers_that_answer_come_and_go_and_are_forgotten() {
    let mut rt = runtime();
    let sender = rt.add(Counter::default());
    emit_twice(&mut rt, sender);
    let mut receivers = VecDeque::new();
    let mut rounds = |rounds| {
        for _ in 0..rounds {
            let receiver = rt.add(Counter::default());
            rt.connect(sender, Counter::counted, receiver, Counter::repeat);
            rt.connect_fn(receiver, Counter::repeated, |_, _| ());
            receivers.push_back(receiver);
            if receivers.len() > 6 {
                receivers.pop_front().map(|receiver| rt.destroy(receiver));
            }
            emit_twice(&mut rt, sender);
        }
    };
    rounds(100);
    let used = count(|| rounds(1000));
    assert!(used.bytes < 2000, "{used:?}");
}

#[test]
fn connecting_grows_a_list_seldom() {
    let mut rt = runtime();
    let sender = rt.add(Counter::default());
    let receiver = rt.add(Counter::default());
    rt.connect(sender, Counter::counted, receiver, Counter::hear);
    emit_twice(&mut rt, sender);
    let used = count(|| {
        for _ in 0..10_000 {
            rt.connect(sender, Counter::counted, receiver, Counter::hear);
        }
    });
    assert!(used.allocations < 10_100, "{used:?}");
}

#[test]
fn a_signal_keeps_next_to_nothing_of_a_burst() {
    let mut rt = runtime();
    let receiver = rt.add(Counter::default());
    let senders: Vec<_> = (0..100).map(|_| rt.add(Counter::default())).collect();
    for &sender in &senders {
        rt.connect(sender, Counter::counted, receiver, Counter::hear);
    }
    let burst = |rt: &mut Runtime, sender| {
        rt.with(sender, |sender: &mut Counter, _| (0..1000).for_each(|n| sender.counted.emit(n)));
    };
    burst(&mut rt, senders[0]);
    let used = count(|| senders.iter().for_each(|&sender| burst(&mut rt, sender)));
    assert_at_most("burst of a signal", used.bytes, 100, 1000);
}

#[test]
fn a_connection_in_place_of_one_that_ended_allocates_as_much_as_the_first() {
    let mut rt = runtime();
    let sender = rt.add(Counter::default());
    let receiver = rt.add(Counter::default());
    let mut connect = || rt.connect(sender, Counter::counted, receiver, Counter::hear).disconnect();
    connect();
    let used = count(|| {
        connect();
    });
    assert_eq!(used.allocations, 1, "the connection itself, and no list");
}

#[test]
fn objects_that_come_and_go_need_no_more_memory() {
    let mut rt = runtime();
    let lasting = rt.add(Counter::default());
    let mut rounds = |rounds| {
        for _ in 0..rounds {
            let parent = rt.add(Counter::default());
            let child = rt.add_child_of(parent, Counter::default());
            rt.connect(lasting, Counter::counted, child, Counter::hear);
            rt.connect(child, Counter::counted, lasting, Counter::hear);
            rt.destroy(parent);
        }
    };
    rounds(100);
    let grown = count(|| rounds(1000)).bytes;
    assert!(grown < 1000, "{grown} bytes more");
}

#[test]
fn single_shots_that_are_cancelled_or_called_need_no_more_memory() {
    let (minute, soon) = (Duration::from_secs(60), Duration::from_millis(1));
    let clock = VirtualClock::new();
    let mut rt = Runtime::with_clock(clock.clone()).unwrap();
    let receiver = rt.add(Counter::default());
    let mut rounds = |rounds| {
        for _ in 0..rounds {
            for delay in [minute, Duration::ZERO] {
                assert!(rt.single_shot_fn(delay, |_| ()).cancel());
                assert!(rt.single_shot_fn_on(delay, receiver, |_, _| ()).cancel());
            }
            rt.single_shot_fn_on(soon, receiver, |counter, _| counter.heard += 1);
            clock.advance(soon);
            rt.process_events(Some(Duration::ZERO)).unwrap();
        }
    };
    rounds(1000);
    let grown = count(|| rounds(1000)).bytes;
    assert!(grown < 1000, "{grown} bytes more");
    assert_eq!(rt[receiver].heard, 2000);
}

#[test]
fn two_objects_that_answer_each_other_for_ever_need_no_more_memory() {
    let mut rt = runtime();
    let [first, second] = [(); 2].map(|()| rt.add(Counter::default()));
    for (from, to) in [(first, second), (second, first)] {
        rt.connect(from, Counter::repeated, to, Counter::repeat);
    }
    rt.emit(first, Counter::repeated, 1);
    rt.deliver();
    let grown = count(|| (0..10).for_each(|_| assert!(!rt.deliver()))).bytes;
    assert!(grown <= 0, "{grown} bytes more");
    rt.destroy(first);
    deliver_all(&mut rt);
}

#[test]
fn a_signal_that_is_renewed_again_and_again_needs_no_more_memory() {
    let mut rt = runtime();
    let (sender, receiver) = (rt.add(Counter::default()), rt.add(Counter::default()));
    let mut renew = |times: u32| {
        for _ in 0..times {
            rt[sender].counted = Signal::new();
            rt.connect(sender, Counter::counted, receiver, Counter::hear);
        }
    };
    renew(1000);
    let used = count(|| renew(10_000));
    assert!(used.bytes < 10_000, "{} bytes", used.bytes);
}

#[test]
fn waking_and_polling_a_task_allocates_nothing() {
    let mut rt = runtime();
    let counter = rt.add(Counter::default());
    let mut stream = rt.stream(counter, Counter::counted, 4);
    rt.spawn(async move |task| {
        while let Some(Ok(value)) = stream.next().await {
            task.with(|world| world[counter].heard += value);
        }
    });
    rt.spawn(async |task| {
        loop {
            task.yield_now().await;
        }
    });
    assert_steady(&mut rt, |rt| {
        rt.emit(counter, Counter::counted, 1);
        run_posted(rt);
    });
    assert_eq!(rt[counter].heard, 103);
}

#[test]
fn awaiting_a_signal_again_and_again_needs_no_more_memory() {
    let mut rt = runtime();
    let counter = rt.add(Counter::default());
    rt.spawn(async move |task| {
        while let Ok(value) = task.next(counter, Counter::counted).await {
            task.with(|world| world[counter].heard += value);
        }
    });
    run_posted(&mut rt);
    let mut rounds = |rounds| {
        for _ in 0..rounds {
            rt.emit(counter, Counter::counted, 1);
            run_posted(&mut rt);
        }
    };
    rounds(100);
    let used = count(|| rounds(1000));
    assert!(used.bytes < 1000, "{} bytes more", used.bytes);
    assert!(used.allocations <= 3000, "{} allocations", used.allocations);
}

#[test]
fn tasks_that_come_and_go_need_no_more_memory() {
    let mut rt = runtime();
    let owner = rt.add(Counter::default());
    let mut rounds = |rounds| {
        for _ in 0..rounds {
            rt.spawn_on(owner, async move |task| task.yield_now().await);
            let other = rt.spawn(async |task| task.sleep(Duration::from_secs(60)).await);
            run_posted(&mut rt);
            other.abort();
            run_posted(&mut rt);
        }
    };
    rounds(100);
    let used = count(|| rounds(1000));
    assert!(used.bytes < 1000, "{} bytes more", used.bytes);
}
