use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Socket {
    #[signal]
    text: Signal<&str>,
}

fn main() {}
