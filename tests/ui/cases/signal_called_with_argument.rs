use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Door {
    #[signal]
    opened: Signal<u32>,
}

impl Door {
    fn open(&mut self) {
        self.opened(7);
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let door = rt.add(Door::default());
    rt.with(door, |door, _| door.open());
}
