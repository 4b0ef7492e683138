use slotwire::prelude::*;

#[derive(QObject)]
struct Meters(f64);

fn main() {
    let mut rt = Runtime::new().unwrap();
    rt.add(Meters(1.0));
}
