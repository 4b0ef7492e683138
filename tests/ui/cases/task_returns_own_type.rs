use slotwire::prelude::*;

struct Page(String);

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.spawn(async |_| Page("hello".to_owned()));
}
