use slotwire::prelude::*;

#[derive(Clone, Default)]
struct Font;

#[derive(QObject, Default)]
struct Label {
    #[property]
    font: Property<Font>,
}

fn main() {}
