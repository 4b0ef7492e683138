use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Socket {
    #[signal]
    text: Signal<String, u32>,
}

fn main() {}
