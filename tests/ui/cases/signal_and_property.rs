use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Label {
    #[signal]
    #[property]
    text: Signal<String>,
}

fn main() {}
