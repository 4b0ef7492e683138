use slotwire::prelude::*;

#[derive(QObject)]
struct Line<'a> {
    text: &'a str,
}

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add(Line { text: "a" });
}
