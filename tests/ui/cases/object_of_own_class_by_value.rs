use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Bell {
    #[signal]
    rung: Signal<()>,
}

#[derive(QObject, Default)]
struct Door {
    bell: Bell,
}

fn main() {}
