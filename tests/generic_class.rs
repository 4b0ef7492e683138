//! Classes with type parameters.

use std::collections::VecDeque;
use std::fmt::Debug;

use slotwire::prelude::*;

/// A queue with a bound.
#[derive(QObject)]
struct Channel<T: 'static> {
    waiting: VecDeque<T>,
    #[init(2)]
    capacity: usize,
    /// Emitted with each value that was received.
    #[signal]
    received: Signal<T>,
    /// Emitted when the channel has become full.
    #[signal]
    full: Signal<()>,
}

impl<T: 'static> Channel<T> {
    fn send(&mut self, value: T) {
        self.waiting.push_back(value);
        if self.waiting.len() == self.capacity {
            self.full.emit(());
        }
    }
}

#[slots]
impl<T: 'static> Channel<T> {
    #[slot(self.full)]
    fn empty(&mut self) {
        while let Some(value) = self.waiting.pop_front() {
            self.received.emit(value);
        }
    }

    #[slot]
    fn push(&mut self, value: T) {
        self.send(value);
    }
}

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime needs no more than a poller")
}

#[test]
fn a_class_with_a_type_parameter_has_signals_and_slots_of_it() {
    let mut rt = runtime();
    let words = rt.add_with(Channel::<&'static str>::declared);
    let spy = rt.spy(words, Channel::received);
    rt.with(words, |words, _| words.send("a"));
    assert_eq!(spy.take(), [""; 0]);
    rt.with(words, |words, _| words.send("b"));
    assert_eq!(spy.take(), ["a", "b"]);
}
