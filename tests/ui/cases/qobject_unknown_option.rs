use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Socket {
    #[signal]
    ready_read: Signal<()>,
    #[signal]
    text: Signal<String>,
}

#[derive(QObject, Default)]
struct Client {
    #[qobject(extends)]
    socket: Socket,
}

fn main() {}
