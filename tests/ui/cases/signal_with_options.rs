use slotwire::prelude::*;

#[derive(QObject)]
struct Socket {
    #[signal(String)]
    text: Signal<String>,
}

fn main() {}
