//! The classes that emissions are measured with.

use slotwire::prelude::*;

/// Has a signal that others listen to.
#[derive(QObject, Default)]
pub(crate) struct Source {
    #[signal]
    pub(crate) value: Signal<i32>,
}

/// Adds up what it hears.
#[derive(QObject, Default)]
pub(crate) struct Sum {
    pub(crate) total: i64,
}

#[slots]
impl Sum {
    #[slot]
    pub(crate) fn add(&mut self, value: i32) {
        self.total += i64::from(value);
    }
}

/// Emits from inside its slot.
#[derive(QObject, Default)]
pub(crate) struct Relay {
    #[signal]
    pub(crate) relayed: Signal<i32>,
}

#[slots]
impl Relay {
    #[slot]
    pub(crate) fn relay(&mut self, value: i32) {
        self.relayed.emit(value);
    }
}
