use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Door {
    #[signal]
    opened: Signal<()>,
}

#[derive(QObject, Default)]
struct Guard {
    keys: Vec<u32>,
}

#[slots]
impl Guard {
    #[slot]
    fn note(&mut self, key: u32) {
        self.keys.push(key);
    }
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let door = rt.add(Door::default());
    let guard = rt.add(Guard::default());
    rt.connect(door, Door::opened, guard, Guard::note);
}
