use slotwire::object::Anchor;
use slotwire::prelude::*;

#[derive(QObject, Default)]
#[qobject(enter = Self::open())]
struct Lamp;

impl Lamp {
    pub fn open(&mut self, _: &Anchor<'_>) {}
}

fn main() {
    Runtime::new().unwrap().add(Lamp);
}
