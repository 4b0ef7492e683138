//! Works that make connections, beside so many of the same signal or of the same receiver. Each is
//! ended again by its handle.

use std::hint::black_box;

use slotwire::ConnectionType;
use slotwire::prelude::*;

use crate::classes::{Relay, Source, Sum};
use crate::work::Work;

pub(crate) fn works() -> Vec<Work> {
    vec![
        Work::new("connect", |size, count| {
            Crowd::of(size).repeat(count, |crowd| {
                crowd.rt.connect(crowd.source, Source::value, crowd.sum, Sum::add)
            });
        }),
        Work::new("connect_queued", |size, count| of_kind(ConnectionType::QUEUED, size, count)),
        Work::new("connect_single_shot", |size, count| {
            of_kind(ConnectionType::SINGLE_SHOT, size, count);
        }),
        Work::new("connect_unique", |size, count| of_kind(ConnectionType::UNIQUE, size, count)),
        Work::new("connect_unique_refused", unique_refused),
        Work::new("connect_fn", |size, count| {
            Crowd::of(size)
                .repeat(count, |crowd| crowd.rt.connect_fn(crowd.source, Source::value, |_, _| ()));
        }),
        Work::new("connect_fn_on", |size, count| {
            Crowd::of(size).repeat(count, |crowd| {
                crowd.rt.connect_fn_on(crowd.source, Source::value, crowd.sum, |_, _, _| ())
            });
        }),
        Work::new("connect_signal", |size, count| {
            Crowd::of(size).repeat(count, |crowd| {
                crowd.rt.connect_signal(crowd.source, Source::value, crowd.relay, Relay::relayed)
            });
        }),
        Work::new("connect_own", own),
        Work::new("connect_destroyed", |size, count| {
            Crowd::of(size)
                .repeat(count, |crowd| crowd.rt.connect_destroyed_fn(crowd.source, |_, _| ()));
        }),
        Work::new("connect_to_known", to_known),
        Work::new("connect_fn_to_known", fn_to_known),
        Work::new("is_connected", is_connected),
        Work::new("receivers", receivers),
    ]
}

/// A sender whose signal is connected to so many others.
pub(crate) struct Crowd {
    pub(crate) rt: Runtime,
    pub(crate) source: Obj<Source>,
    /// Not connected.
    pub(crate) sum: Obj<Sum>,
    relay: Obj<Relay>,
    /// The receivers, in the order of their connections.
    pub(crate) sums: Vec<Obj<Sum>>,
    pub(crate) connections: Vec<Connection>,
}

impl Crowd {
    pub(crate) fn of(size: usize) -> Self {
        let mut rt = Runtime::new().expect("a poller");
        let source = rt.add(Source::default());
        let (sum, relay) = (rt.add(Sum::default()), rt.add(Relay::default()));
        let sums: Vec<_> = (0..size).map(|_| rt.add(Sum::default())).collect();
        let connect = |&sum: &Obj<Sum>| rt.connect(source, Source::value, sum, Sum::add);
        let connections = sums.iter().map(connect).collect();
        Self { rt, source, sum, relay, sums, connections }
    }

    fn repeat(mut self, count: usize, mut connect: impl FnMut(&mut Self) -> Connection) {
        for _ in 0..count {
            let connection = connect(&mut self);
            assert!(connection.disconnect());
        }
    }
}

/// So many senders of which each is connected to one receiver.
pub(crate) struct Known {
    pub(crate) rt: Runtime,
    pub(crate) sources: Vec<Obj<Source>>,
    pub(crate) sum: Obj<Sum>,
}

impl Known {
    pub(crate) fn by_slot(size: usize) -> Self {
        Self::new(size, |rt, source, sum| rt.connect(source, Source::value, sum, Sum::add))
    }

    pub(crate) fn by_closure(size: usize) -> Self {
        Self::new(size, |rt, source, sum| {
            rt.connect_fn_on(source, Source::value, sum, |_, _, _| ())
        })
    }

    fn new(
        size: usize,
        connect: impl Fn(&mut Runtime, Obj<Source>, Obj<Sum>) -> Connection,
    ) -> Self {
        let mut rt = Runtime::new().expect("a poller");
        let sum = rt.add(Sum::default());
        let sources: Vec<_> = (0..size).map(|_| rt.add(Source::default())).collect();
        for &source in &sources {
            connect(&mut rt, source, sum);
        }
        Self { rt, sources, sum }
    }
}

fn of_kind(kind: ConnectionType, size: usize, count: usize) {
    Crowd::of(size).repeat(count, |crowd| {
        crowd.rt.connect_with(kind, crowd.source, Source::value, crowd.sum, Sum::add)
    });
}

/// A connection that exists already, and is not made a second time.
fn unique_refused(size: usize, count: usize) {
    let Crowd { mut rt, source, sums, .. } = Crowd::of(size);
    for _ in 0..count {
        let again = rt.connect_with(
            ConnectionType::UNIQUE,
            source,
            Source::value,
            sums[size - 1],
            Sum::add,
        );
        assert!(!again.is_connected());
    }
}

/// The sender connects its own signal, in a method.
fn own(size: usize, count: usize) {
    let Crowd { mut rt, source, sum, .. } = Crowd::of(size);
    rt.with(source, |source, cx| {
        for _ in 0..count {
            black_box(source.value.connect(cx, sum, Sum::add));
        }
    });
}

/// From another object to a receiver with so many connections.
fn to_known(size: usize, count: usize) {
    let Known { mut rt, sum, .. } = Known::by_slot(size);
    let source = rt.add(Source::default());
    for _ in 0..count {
        assert!(rt.connect(source, Source::value, sum, Sum::add).disconnect());
    }
}

/// The same with closures, which the receiver lists.
fn fn_to_known(size: usize, count: usize) {
    let Known { mut rt, sum, .. } = Known::by_closure(size);
    let source = rt.add(Source::default());
    for _ in 0..count {
        assert!(rt.connect_fn_on(source, Source::value, sum, |_, _, _| ()).disconnect());
    }
}

fn is_connected(size: usize, count: usize) {
    let Crowd { rt: _rt, connections, .. } = Crowd::of(size);
    for at in 0..count {
        assert!(connections[at * 2 % size].is_connected());
    }
}

/// The number of connections.
fn receivers(size: usize, count: usize) {
    let Crowd { rt, source, .. } = Crowd::of(size);
    for _ in 0..count {
        black_box(rt[source].value.receivers());
    }
}
