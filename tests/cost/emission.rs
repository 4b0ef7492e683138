//! What an emission costs: a slot that is called takes as much work beside many others as beside
//! few, whatever becomes of the connections meanwhile.

use slotwire::ConnectionType;
use slotwire::prelude::*;

use super::callgrind;

/// The test, as the harness calls it.
const TEST: &str = "emission::an_emission_takes_as_much_work_as_it_has_slots";

/// How many slots are called, in three runs. The last difference is twice the first if the work is
/// linear, and four times the first if it grows with the square.
const SIZES: [usize; 3] = [500, 1000, 2000];

/// One emission to so many slots.
type Emission = fn(usize);

/// All of them, by the names that callgrind shows.
const EMISSIONS: [(&str, Emission); 4] = [
    ("to_slots_that_emit", to_slots_that_emit),
    ("once_to_slots_that_emit", once_to_slots_that_emit),
    ("to_slots_that_disconnect_the_next", to_slots_that_disconnect_the_next),
    ("to_slots_that_destroy_the_next", to_slots_that_destroy_the_next),
];

#[derive(QObject, Default)]
struct Bell {
    #[signal]
    rung: Signal<()>,
}

/// Rings in turn, and may do something to the connection or the receiver behind its own.
#[derive(QObject, Default)]
struct Neighbour {
    #[signal]
    rung: Signal<()>,
    connection: Option<Connection>,
    next: Option<Obj<Neighbour>>,
}

#[slots]
impl Neighbour {
    #[slot]
    fn ring(&mut self, cx: &mut Context<Self>) {
        if let Some(connection) = self.connection.take() {
            connection.disconnect();
        }
        if let Some(next) = self.next.take() {
            cx.destroy(next);
        }
        self.rung.emit(());
    }
}

/// Emits to so many neighbours, after `meet` was called with each of them and the next one's.
fn ring(
    size: usize,
    kind: ConnectionType,
    meet: impl Fn(&mut Neighbour, Obj<Neighbour>, Connection),
) {
    let mut rt = Runtime::new().unwrap();
    let bell = rt.add(Bell::default());
    let spy = rt.spy(bell, Bell::rung);
    let neighbours: Vec<_> = (0..size).map(|_| rt.add(Neighbour::default())).collect();
    let mut connections: Vec<_> = neighbours
        .iter()
        .map(|&neighbour| {
            rt.connect_fn(neighbour, Neighbour::rung, |_, ()| ());
            rt.connect_with(kind, bell, Bell::rung, neighbour, Neighbour::ring)
        })
        .collect();
    for (&neighbour, &next) in neighbours.iter().zip(&neighbours[1..]).rev() {
        meet(&mut rt[neighbour], next, connections.pop().unwrap());
    }
    rt.emit(bell, Bell::rung, ());
    assert_eq!(spy.len(), 1);
}

fn to_slots_that_emit(size: usize) {
    ring(size, ConnectionType::DIRECT, |_, _, _| ());
}

fn once_to_slots_that_emit(size: usize) {
    ring(size, ConnectionType::SINGLE_SHOT, |_, _, _| ());
}

fn to_slots_that_disconnect_the_next(size: usize) {
    ring(size, ConnectionType::DIRECT, |neighbour, _, next| neighbour.connection = Some(next));
}

fn to_slots_that_destroy_the_next(size: usize) {
    ring(size, ConnectionType::DIRECT, |neighbour, next, _| neighbour.next = Some(next));
}

#[test]
fn an_emission_takes_as_much_work_as_it_has_slots() {
    let work = |size| EMISSIONS.iter().for_each(|(_, emit)| emit(size));
    let Some(costs) = callgrind::count(TEST, SIZES, work) else { return };
    let mut too_much = Vec::new();
    for (name, _) in EMISSIONS {
        let growth = callgrind::growth(&costs, name);
        println!("{name}: growing by {growth:.2}");
        if growth > callgrind::MOST_GROWTH {
            too_much.push(name);
        }
    }
    assert!(too_much.is_empty(), "these do more than they have to: {too_much:?}");
}
