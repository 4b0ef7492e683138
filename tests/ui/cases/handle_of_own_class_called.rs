use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Lamp {
    #[signal]
    glowing: Signal<bool>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let lamp = rt.add(Lamp::default());
    lamp.glowing().emit(true);
}
