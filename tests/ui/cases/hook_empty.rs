use slotwire::prelude::*;

#[derive(QObject, Default)]
#[qobject()]
struct Lamp;

fn main() {
    Runtime::new().unwrap().add(Lamp);
}
