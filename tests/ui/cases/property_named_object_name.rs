use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Tower {
    #[property]
    object_name: Property<String>,
}

fn main() {}
