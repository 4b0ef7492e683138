use slotwire::prelude::*;

#[slots]
struct Reader {
    text: String,
}

fn main() {
    let _ = Reader { text: String::new() }.text;
}
