use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Lamp {
    #[signal]
    lit: Signal<bool>,
    #[signal]
    seen: Signal<bool>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let lamp = rt.add(Lamp::default());
    rt.connect(lamp, Lamp::lit, lamp, Lamp::seen);
}
