use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Socket {
    #[signal]
    ready_read: Signal<()>,
    #[signal]
    text: Signal<String>,
}

#[derive(QObject, Default)]
struct Both {
    #[qobject(base)]
    first: Socket,
    #[qobject(base)]
    second: Socket,
}

fn main() {}
