use slotwire::prelude::*;

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.spawn(async || println!("hello"));
}
