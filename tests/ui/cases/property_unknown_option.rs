use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Label {
    #[property(readonly)]
    text: Property<String>,
}

fn main() {}
