use slotwire::object::Anchor;
use slotwire::prelude::*;

#[derive(QObject, Default)]
#[qobject(enter = Self::open, enter = Self::close)]
struct Lamp;

impl Lamp {
    pub fn open(&mut self, _: &Anchor<'_>) {}

    pub fn close(&mut self, _: &Anchor<'_>) {}
}

fn main() {
    Runtime::new().unwrap().add(Lamp);
}
