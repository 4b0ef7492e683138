use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Socket {
    #[signal]
    text: String,
}

fn main() {}
