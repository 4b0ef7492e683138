use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Label {
    #[qobject(base)]
    text: String,
}

fn main() {}
