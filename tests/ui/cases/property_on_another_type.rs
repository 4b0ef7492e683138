use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Label {
    #[property]
    text: Option<String>,
}

fn main() {}
