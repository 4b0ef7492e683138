//! Works that emit, or stand between emissions and those who listen.

use std::hint::black_box;

use slotwire::ConnectionType;
use slotwire::prelude::*;

use crate::classes::{Relay, Source, Sum};
use crate::connections::{Crowd, Known};
use crate::work::Work;

pub(crate) fn works() -> Vec<Work> {
    vec![
        Work::new("emit_beside_signal", beside_signal),
        Work::new("emit_beside_objects", beside_objects),
        Work::new("emit_to_known", to_known),
        Work::new("emit_queued", queued),
        Work::new("block_signals", block_signals),
        Work::new("emit_blocked", blocked),
        Work::new("slot_of_emission", |size, count| slot_of_emission(false, size, count))
            .up_to_ten_thousand()
            .by_size(),
        Work::new("single_shot_of_emission", |size, count| slot_of_emission(true, size, count))
            .up_to_ten_thousand()
            .by_size(),
        Work::new("gone_of_emission", gone_of_emission).up_to_ten_thousand().by_size(),
    ]
}

/// Has a signal with many connections, and one with a single one.
#[derive(QObject, Default)]
struct Pair {
    #[signal]
    loud: Signal<i32>,
    #[signal]
    quiet: Signal<i32>,
}

/// Beside another signal of the object, which has so many connections.
fn beside_signal(size: usize, count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let (pair, sum) = (rt.add(Pair::default()), rt.add(Sum::default()));
    for _ in 0..size {
        rt.connect(pair, Pair::loud, sum, Sum::add);
    }
    rt.connect(pair, Pair::quiet, sum, Sum::add);
    for _ in 0..count {
        rt.emit(pair, Pair::quiet, 1);
    }
    assert_eq!(rt[sum].total, count as i64);
}

/// Beside so many connections of other objects.
fn beside_objects(size: usize, count: usize) {
    let Crowd { mut rt, sum, .. } = Crowd::of(size);
    let source = rt.add(Source::default());
    rt.connect(source, Source::value, sum, Sum::add);
    for _ in 0..count {
        rt.emit(source, Source::value, 1);
    }
}

/// To a receiver that has so many connections from others.
fn to_known(size: usize, count: usize) {
    let Known { mut rt, sources, .. } = Known::by_slot(size);
    for _ in 0..count {
        rt.emit(sources[size / 2], Source::value, 1);
    }
}

/// Beside so many queued calls. They are dropped in the end, and not made.
fn queued(size: usize, count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let (source, sum) = (rt.add(Source::default()), rt.add(Sum::default()));
    rt.connect_with(ConnectionType::QUEUED, source, Source::value, sum, Sum::add);
    for _ in 0..size + count {
        rt.emit(source, Source::value, 1);
    }
    std::mem::forget(rt);
}

/// The signals of an object with so many connections are blocked, and unblocked.
fn block_signals(size: usize, count: usize) {
    let Crowd { mut rt, source, .. } = Crowd::of(size);
    for _ in 0..count {
        black_box(rt.block_signals(source, true));
        black_box(rt.block_signals(source, false));
    }
}

fn blocked(size: usize, count: usize) {
    let Crowd { mut rt, source, .. } = Crowd::of(size);
    rt.block_signals(source, true);
    for _ in 0..count {
        rt.emit(source, Source::value, 1);
    }
}

/// So many slots of one emission. Each emits in turn, so that the emission goes on from slot to slot.
fn slot_of_emission(once: bool, size: usize, count: usize) {
    let kind = if once { ConnectionType::SINGLE_SHOT } else { ConnectionType::DIRECT };
    let mut rt = Runtime::new().expect("a poller");
    let (source, sum) = (rt.add(Source::default()), rt.add(Sum::default()));
    let relay = rt.add(Relay::default());
    rt.connect(relay, Relay::relayed, sum, Sum::add);
    for _ in 0..count {
        for _ in 0..size {
            rt.connect_with(kind, source, Source::value, relay, Relay::relay);
        }
        rt.emit(source, Source::value, 1);
        assert_eq!(std::mem::take(&mut rt[sum].total), size as i64);
        rt.disconnect_all(source);
    }
}

/// So many connections to receivers of which every other one is gone, and the rest emit in turn.
fn gone_of_emission(size: usize, count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let (source, sum) = (rt.add(Source::default()), rt.add(Sum::default()));
    let relay = rt.add(Relay::default());
    rt.connect(relay, Relay::relayed, sum, Sum::add);
    for _ in 0..count {
        let connections: Vec<_> =
            (0..size).map(|_| rt.connect(source, Source::value, relay, Relay::relay)).collect();
        let ended = connections.iter().step_by(2).filter(|connection| connection.disconnect());
        assert_eq!(ended.count(), size / 2);
        rt.emit(source, Source::value, 1);
        assert_eq!(std::mem::take(&mut rt[sum].total), size as i64 / 2);
        rt.disconnect_all(source);
    }
}
