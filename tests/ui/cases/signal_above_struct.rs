use slotwire::prelude::*;

#[derive(QObject, Default)]
#[signal]
struct Client {
    #[signal]
    called: Signal<()>,
}

fn main() {}
