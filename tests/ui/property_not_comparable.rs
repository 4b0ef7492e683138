use slotwire::prelude::*;

#[derive(Default)]
struct Font;

#[derive(QObject, Default)]
struct Label {
    #[property]
    font: Property<Font>,
}

fn main() {}
