//! What an emission costs beside a hand-written one, and what does not make it dearer.
//!
//! Run with `cargo bench --bench emission`. Compare within one run, since machines and their moods
//! differ: `signal` with `by_hand` of as many slots; `inside` with `signal` of one slot, of which
//! it makes two; and the two lines of `among_others` with each other, which must be the same.

use std::cell::Cell;
use std::rc::Rc;

use classes::{Relay, Source, Sum};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use slotwire::prelude::*;

mod classes;

fn main() {
    divan::main();
}

/// Emissions in one sample, so that the clock's own cost is lost in it.
const EMISSIONS: i32 = 1000;

fn runtime() -> Runtime {
    Runtime::new().expect("a poller")
}

/// Connects `source` to that many sums.
fn listen(rt: &mut Runtime, source: Obj<Source>, slots: usize) {
    for _ in 0..slots {
        let sum = rt.add(Sum::default());
        rt.connect(source, Source::value, sum, Sum::add);
    }
}

fn emissions(bencher: Bencher<'_, '_>, mut emit: impl FnMut(i32)) {
    bencher.counter(ItemsCount::new(EMISSIONS as u32)).bench_local(|| {
        for value in 0..EMISSIONS {
            emit(black_box(value));
        }
    });
}

#[divan::bench(args = [0, 1, 10, 100])]
fn signal(bencher: Bencher<'_, '_>, slots: usize) {
    let mut rt = runtime();
    let source = rt.add(Source::default());
    listen(&mut rt, source, slots);
    emissions(bencher, |value| rt.emit(source, Source::value, value));
}

#[divan::bench(args = [0, 1, 10, 100])]
fn by_hand(bencher: Bencher<'_, '_>, slots: usize) {
    let mut signal: Vec<Box<dyn FnMut(i32)>> = Vec::new();
    for _ in 0..slots {
        let total = Rc::new(Cell::new(0_i64));
        signal.push(Box::new(move |value| total.set(total.get() + i64::from(value))));
    }
    let mut signal = black_box(signal);
    emissions(bencher, |value| {
        for slot in &mut signal {
            slot(value);
        }
    });
}

/// An emission from outside whose one slot emits in turn.
#[divan::bench]
fn inside(bencher: Bencher<'_, '_>) {
    let mut rt = runtime();
    let (source, relay) = (rt.add(Source::default()), rt.add(Relay::default()));
    let sum = rt.add(Sum::default());
    rt.connect(source, Source::value, relay, Relay::relay);
    rt.connect(relay, Relay::relayed, sum, Sum::add);
    emissions(bencher, |value| rt.emit(source, Source::value, value));
}

/// An emission to one slot while that many other objects, each with a connection, exist.
#[divan::bench(args = [10, 100_000])]
fn among_others(bencher: Bencher<'_, '_>, others: usize) {
    let mut rt = runtime();
    let crowd = rt.add(Source::default());
    listen(&mut rt, crowd, others);
    let source = rt.add(Source::default());
    listen(&mut rt, source, 1);
    emissions(bencher, |value| rt.emit(source, Source::value, value));
}

#[divan::bench]
fn connect_and_disconnect(bencher: Bencher<'_, '_>) {
    let mut rt = runtime();
    let (source, sum) = (rt.add(Source::default()), rt.add(Sum::default()));
    bencher.bench_local(|| rt.connect(source, Source::value, sum, Sum::add).disconnect());
}

#[divan::bench]
fn create_and_destroy(bencher: Bencher<'_, '_>) {
    let mut rt = runtime();
    bencher.bench_local(|| {
        let sum = rt.add(Sum::default());
        rt.destroy(sum)
    });
}

#[divan::bench(sample_count = 20)]
fn destroy_a_parent_of_100_000(bencher: Bencher<'_, '_>) {
    const CHILDREN: u32 = 100_000;
    bencher
        .counter(ItemsCount::new(CHILDREN))
        .with_inputs(|| {
            let mut rt = runtime();
            let parent = rt.add(Sum::default());
            for _ in 0..CHILDREN {
                rt.add_child_of(parent, Sum::default());
            }
            (rt, parent)
        })
        .bench_local_values(|(mut rt, parent)| {
            rt.destroy(parent);
            while !rt.deliver() {}
            rt
        });
}
