use slotwire::object::Anchor;
use slotwire::prelude::*;

#[derive(Default)]
struct Label;

#[derive(QObject, Default)]
#[qobject(enter = Self::open, leave = Self::close)]
struct Lamp {
    #[qobject(base)]
    label: Label,
}

impl Lamp {
    fn open(&mut self, _: &Anchor<'_>) {}

    fn close(&mut self) {}
}

fn main() {
    Runtime::new().unwrap().add(Lamp::default());
}
