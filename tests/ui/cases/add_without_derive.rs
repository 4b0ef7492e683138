use slotwire::prelude::*;

struct Label {
    size: u32,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add(Label { size: 1 });
}
