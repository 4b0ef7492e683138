use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Lamp {
    #[signal]
    lit: Signal<bool>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let lamp = rt.add(Lamp::default());
    lamp.lit().emit(true);
}
