//! Works that end connections, or the objects that have so many of them. The runtime is forgotten
//! afterwards: its end would take less when more has ended before.

use std::hint::black_box;

use slotwire::prelude::*;

use crate::classes::{Source, Sum};
use crate::connections::{Crowd, Known};
use crate::work::Work;

pub(crate) fn works() -> Vec<Work> {
    vec![
        Work::new("disconnect_by_handle", by_handle),
        Work::new("disconnect_by_handle_in_slot", by_handle_in_slot),
        Work::new("disconnect_slot", slot),
        Work::new("disconnect_signal_from", signal_from),
        Work::new("disconnect_receiver", receiver),
        Work::new("disconnect_signal", signal),
        Work::new("disconnect_all", all),
        Work::new("disconnect_and_connect", and_connect),
        Work::new("destroy_hearer", hearer),
        Work::new("destroy_sender", sender),
        Work::new("destroy_receiver_of_all", receiver_of_all).seldom(),
        Work::new("destroy_receiver_of_all_fn", receiver_of_all_fn).seldom(),
        Work::new("destroy_sender_to_all", sender_to_all).seldom(),
    ]
}

/// Connections out of the midst of a signal's.
fn by_handle(size: usize, count: usize) {
    let Crowd { rt, connections, .. } = Crowd::of(size);
    for connection in &connections[size / 4..][..count] {
        assert!(connection.disconnect());
    }
    std::mem::forget(rt);
}

/// The same in a method, after which it takes effect.
fn by_handle_in_slot(size: usize, count: usize) {
    let Crowd { mut rt, sum, connections, .. } = Crowd::of(size);
    for connection in &connections[size / 4..][..count] {
        rt.with(sum, |_, _| assert!(connection.disconnect()));
    }
    std::mem::forget(rt);
}

/// By the signal and the slot, out of the midst.
fn slot(size: usize, count: usize) {
    let Crowd { mut rt, source, sums, .. } = Crowd::of(size);
    for &sum in &sums[size / 4..][..count] {
        assert!(rt.disconnect(source, Source::value, sum, Sum::add));
    }
    std::mem::forget(rt);
}

fn signal_from(size: usize, count: usize) {
    let Crowd { mut rt, source, sums, .. } = Crowd::of(size);
    for &sum in &sums[size / 4..][..count] {
        assert!(rt.disconnect_signal_from(source, Source::value, sum));
    }
    std::mem::forget(rt);
}

fn receiver(size: usize, count: usize) {
    let Crowd { mut rt, source, sums, .. } = Crowd::of(size);
    for &sum in &sums[size / 4..][..count] {
        assert!(rt.disconnect_receiver(source, sum));
    }
    std::mem::forget(rt);
}

/// All connections of a signal, of which each leads to a receiver with many others.
fn signal(size: usize, count: usize) {
    let Known { mut rt, sources, .. } = Known::by_closure(size);
    for &source in &sources[size / 4..][..count] {
        assert!(rt.disconnect_signal(source, Source::value));
    }
    std::mem::forget(rt);
}

fn all(size: usize, count: usize) {
    let Known { mut rt, sources, .. } = Known::by_closure(size);
    for &source in &sources[size / 4..][..count] {
        assert!(rt.disconnect_all(source));
    }
    std::mem::forget(rt);
}

/// A connection out of the midst is replaced by one at the end.
fn and_connect(size: usize, count: usize) {
    let Crowd { mut rt, source, sum, connections, .. } = Crowd::of(size);
    for connection in &connections[size / 4..][..count] {
        assert!(connection.disconnect());
        black_box(rt.connect(source, Source::value, sum, Sum::add));
    }
    std::mem::forget(rt);
}

/// A receiver of a signal that has so many others.
fn hearer(size: usize, count: usize) {
    let Crowd { mut rt, sums, .. } = Crowd::of(size);
    for &sum in &sums[size / 4..][..count] {
        assert!(rt.destroy(sum));
    }
    std::mem::forget(rt);
}

/// A sender to a receiver that has so many others.
fn sender(size: usize, count: usize) {
    let Known { mut rt, sources, .. } = Known::by_closure(size);
    for &source in &sources[size / 4..][..count] {
        assert!(rt.destroy(source));
    }
    std::mem::forget(rt);
}

/// A receiver of all connections. One for each time.
fn receiver_of_all(size: usize, count: usize) {
    each(count, || {
        let Known { rt, sum, .. } = Known::by_slot(size);
        (rt, sum)
    });
}

/// The same with closures, which are dropped with it.
fn receiver_of_all_fn(size: usize, count: usize) {
    each(count, || {
        let Known { rt, sum, .. } = Known::by_closure(size);
        (rt, sum)
    });
}

/// The sender of all connections. One for each time.
fn sender_to_all(size: usize, count: usize) {
    each(count, || {
        let Crowd { rt, source, .. } = Crowd::of(size);
        (rt, source)
    });
}

fn each<T: QObject>(count: usize, make: impl Fn() -> (Runtime, Obj<T>)) {
    let mut all: Vec<_> = (0..3).map(|_| make()).collect();
    for (rt, object) in &mut all[..count] {
        assert!(rt.destroy(*object));
    }
    std::mem::forget(all);
}
