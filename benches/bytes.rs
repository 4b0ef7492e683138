//! What objects and connections take in memory, at 100,000 each.
//!
//! Run with `cargo bench --bench bytes`. It prints the bytes that the C library's heap holds for
//! one more of each: what is asked for, rounded as the GNU C library does. The capacity that lists
//! have to spare counts too.
//!
//! | row | what there is one more of |
//! |---|---|
//! | `object` | an object without fields |
//! | `first_connection` | a signal's first connection, to a receiver of its own |
//! | `connection` | a further connection of one signal, to the same receiver |

use counting_allocator::{CountingAllocator, count};
use slotwire::prelude::*;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const MANY: u32 = 100_000;

/// An object without fields.
#[derive(QObject, Default)]
struct Plain {}

/// Has a signal and a slot.
#[derive(QObject, Default)]
struct Counter {
    #[signal]
    counted: Signal<i32>,
    total: i64,
}

#[slots]
impl Counter {
    #[slot]
    fn add(&mut self, value: i32) {
        self.total += i64::from(value);
    }
}

fn main() {
    object();
    first_connection();
    connection();
}

fn object() {
    let mut rt = runtime();
    report("object", || (0..MANY).for_each(|_| _ = rt.add(Plain::default())));
}

fn first_connection() {
    let mut rt = runtime();
    let pairs: Vec<_> = (0..MANY).map(|_| pair(&mut rt)).collect();
    report("first_connection", || {
        for &(sender, receiver) in &pairs {
            rt.connect(sender, Counter::counted, receiver, Counter::add);
        }
    });
}

fn connection() {
    let mut rt = runtime();
    let (sender, receiver) = pair(&mut rt);
    rt.connect(sender, Counter::counted, receiver, Counter::add);
    report("connection", || {
        for _ in 0..MANY {
            rt.connect(sender, Counter::counted, receiver, Counter::add);
        }
    });
}

/// Adds a sender and a receiver.
fn pair(rt: &mut Runtime) -> (Obj<Counter>, Obj<Counter>) {
    (rt.add(Counter::default()), rt.add(Counter::default()))
}

fn runtime() -> Runtime {
    Runtime::new().expect("a poller")
}

/// Prints what each of the `MANY` that `make` makes takes.
fn report(row: &str, make: impl FnOnce()) {
    println!("{row} {:.1}", count(make).chunk_bytes as f64 / f64::from(MANY));
}
