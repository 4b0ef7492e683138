use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Tower {
    #[signal]
    destroyed: Signal<u32>,
}

fn main() {}
