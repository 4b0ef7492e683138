#![deny(unused_must_use)]

use slotwire::prelude::*;

#[derive(QObject, Default)]
struct Dial {
    #[property]
    value: Property<u32>,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    let dial = rt.add(Dial::default());
    rt[dial].value_changed();
}
