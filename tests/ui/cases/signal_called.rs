#![deny(unused_must_use)]

use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Door {
    #[signal]
    opened: Signal<()>,
}

impl Door {
    fn open(&mut self) {
        self.opened();
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let door = rt.add(Door::default());
    rt.with(door, |door, _| door.open());
}
