//! What a delivery in the next turn costs: within one thread and from others.
//!
//! Run with `cargo bench --bench queue`. Compare `queued` with `queued_by_hand`, and `post` with
//! `channel` of as many producers: each time the same messages, and the consumer's loop running.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use slotwire::ConnectionType;
use slotwire::prelude::*;
use tokio::sync::mpsc;

fn main() {
    divan::main();
}

/// Messages in one sample.
const MESSAGES: u64 = 100_000;

/// Has a signal that others listen to.
#[derive(QObject, Default)]
struct Source {
    #[signal]
    value: Signal<u64>,
}

/// Adds up what it hears, and quits when it has heard enough.
#[derive(QObject, Default)]
struct Sum {
    total: u64,
    heard: u64,
}

#[slots]
impl Sum {
    #[slot]
    fn add(&mut self, value: u64) {
        self.total += value;
    }

    #[slot]
    fn add_until_all_came(&mut self, cx: &mut Context<Self>, value: u64) {
        self.total += value;
        self.heard += 1;
        if self.heard == MESSAGES {
            self.heard = 0;
            cx.quit();
        }
    }
}

/// Emissions through a queued connection, a hundred for each turn of the loop.
#[divan::bench(sample_count = 50)]
fn queued(bencher: Bencher<'_, '_>) {
    let mut rt = Runtime::new().expect("a poller");
    let (source, sum) = (rt.add(Source::default()), rt.add(Sum::default()));
    rt.connect_with(ConnectionType::QUEUED, source, Source::value, sum, Sum::add);
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        for _ in 0..MESSAGES / 100 {
            for value in 0..100 {
                rt.emit(source, Source::value, black_box(value));
            }
            rt.process_events(Some(Duration::ZERO)).expect("a turn");
        }
        rt[sum].total
    });
}

/// The same with a queue of closures that is swapped out and run.
#[divan::bench(sample_count = 50)]
fn queued_by_hand(bencher: Bencher<'_, '_>) {
    let total = Rc::new(Cell::new(0));
    let mut queue: VecDeque<Box<dyn FnOnce()>> = VecDeque::new();
    let mut running = VecDeque::new();
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        for _ in 0..MESSAGES / 100 {
            for value in 0..100 {
                let (total, value) = (total.clone(), black_box(value));
                queue.push_back(Box::new(move || total.set(total.get() + value)));
            }
            std::mem::swap(&mut queue, &mut running);
            for call in running.drain(..) {
                call();
            }
        }
        total.get()
    });
}

/// Runs `consume` while that many threads produce all messages between them.
fn produce<P: Fn(u64) + Send + 'static>(
    producers: u64,
    producer: impl Fn() -> P,
    consume: impl FnOnce(),
) {
    let threads: Vec<_> = (0..producers)
        .map(|_| {
            let send = producer();
            thread::spawn(move || {
                (0..MESSAGES / producers).for_each(|value| send(black_box(value)))
            })
        })
        .collect();
    consume();
    for thread in threads {
        thread.join().expect("a producer that does not panic");
    }
}

/// Calls of a slot that other threads post, while the loop runs in `exec`.
#[divan::bench(args = [1, 4], sample_count = 50)]
fn post(bencher: Bencher<'_, '_>, producers: u64) {
    let mut rt = Runtime::new().expect("a poller");
    let sum = rt.add(Sum::default());
    let remote = rt.remote();
    let producer = || {
        let remote = remote.clone();
        move |value| {
            remote.invoke(sum, Sum::add_until_all_came, value).expect("a runtime that is there");
        }
    };
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        produce(producers, producer, || {
            rt.exec().expect("a loop");
        });
    });
}

/// Numbers that go through a channel to a task on tokio's one-threaded runtime.
#[divan::bench(args = [1, 4], sample_count = 50)]
fn channel(bencher: Bencher<'_, '_>, producers: u64) {
    channel_of(bencher, producers, |value| value, |value| value);
}

/// The same with a closure in a box for each, which is what a post is.
#[divan::bench(args = [1, 4], sample_count = 50)]
fn channel_of_closures(bencher: Bencher<'_, '_>, producers: u64) {
    type Call = Box<dyn FnOnce() -> u64 + Send>;
    channel_of(bencher, producers, |value| Box::new(move || value) as Call, |call| call());
}

fn channel_of<M: Send + 'static>(
    bencher: Bencher<'_, '_>,
    producers: u64,
    wrap: fn(u64) -> M,
    unwrap: fn(M) -> u64,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut total = 0;
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let producer = || {
            let sender = sender.clone();
            move |value| sender.send(wrap(value)).unwrap_or_else(|_| panic!("a receiver"))
        };
        produce(producers, producer, || {
            runtime.block_on(async {
                for _ in 0..MESSAGES {
                    total += receiver.recv().await.map_or(0, unwrap);
                }
            });
        });
        total
    });
}
